"""What is suggested, and what suggestions are drawn from besides the table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Literal, Protocol

from stripe_shell.lang.cursor import CursorContext
from stripe_shell.records import field, record
from stripe_shell.spec.model import Operation
from stripe_shell.spec.table import Table
from stripe_shell.suggest.known import IdScope, KnownIds

SuggestionKind = Literal[
    "connection", "action", "entity", "field", "id", "value", "reference", "directive", "command", "path", "operator"
]  # fmt: skip


@record
class Suggestion:
    """One way to go on: `text` takes the place of what stands from offset `start` up to the cursor.

    `display` is its name in the menu, `meta` what stands beside it there (a type, a meaning).
    """

    text: str
    start: int
    display: str
    meta: str
    kind: SuggestionKind
    required: bool = False


class CommandWord(Protocol):
    """A command of the prompt, as far as the menu shows it."""

    @property
    def usage(self) -> str:
        """What may stand behind its name."""
        ...

    @property
    def meaning(self) -> str:
        """What it does."""
        ...

    @property
    def completes(self) -> Callable[[CursorContext, SuggestionSources], Iterable[Suggestion]] | None:
        """What completes its argument."""
        ...


@record
class SuggestionSources:
    """What there is to suggest besides Stripe's own words; all of it is in memory.

    `connections` maps names to a few words about them, `commands` those of the prompt to what they take and do, `names`
    what references may begin with to what they stand for. `environment` are the names of its variables. `document` says
    whether the source document's required parameters count beside Stripe's. `place` is where the block being written
    goes: only ids that are valid there are offered.
    """

    table: Table
    known: KnownIds = field(default_factory=KnownIds)
    place: IdScope | None = None
    connections: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, Any] = field(default_factory=dict)
    environment: Collection[str] = ()
    commands: Mapping[str, CommandWord] = field(default_factory=dict)
    document: bool = True


def operation_of(context: CursorContext, table: Table) -> Operation | None:
    """The call that the block being written makes, as far as it is known."""
    if not context.action or not context.entity:
        return None
    return table.operation(context.action.strip(), context.entity.strip())
