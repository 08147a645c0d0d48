"""Suggestions, and their sources besides the table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Literal, Protocol

from stripe_shell.lang.cursor import CursorContext
from stripe_shell.records import field, record
from stripe_shell.spec.model import Operation
from stripe_shell.spec.table import Table
from stripe_shell.suggest.known import IdScope, KnownIds

SuggestionKind = Literal[
    "connection", "action", "entity", "field", "id", "value", "reference", "directive", "command", "path", "operator",
    "file",
]  # fmt: skip


@record
class Suggestion:
    """A suggestion: `text` replaces the text from offset `start` to the cursor.

    `display` is its name in the menu, `meta` the note beside it (a type, a meaning).
    """

    text: str
    start: int
    display: str
    meta: str
    kind: SuggestionKind
    required: bool = False


class CommandWord(Protocol):
    """A prompt command as the menu shows it."""

    @property
    def usage(self) -> str:
        """The argument, as shown after its name."""
        ...

    @property
    def meaning(self) -> str:
        """A description of the command."""
        ...

    @property
    def completes(self) -> Callable[[CursorContext, SuggestionSources], Iterable[Suggestion]] | None:
        """The function that completes its argument."""
        ...


@record
class SuggestionSources:
    """The sources of suggestions besides the table; all are in memory.

    `connections` maps connection names to descriptions, `commands` names to prompt commands, `names` the first words of
    references to their values. `environment` are the names of environment variables. `document`: the source document's
    required parameters count besides Stripe's. `place` is where the current block goes: only ids valid there are
    suggested. `now` is the time in epoch seconds, for the ages of objects; `date_of` returns the date of a text such as
    `now+14d`. `fetch` is called with each kind of object whose ids are asked for, to fetch them in the background.
    `blocks` returns the names of the blocks that @name keeps, `snapshots` those of the sandbox's snapshots with their
    descriptions.
    """

    table: Table
    known: KnownIds = field(default_factory=KnownIds)
    place: IdScope | None = None
    connections: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, Any] = field(default_factory=dict)
    environment: Collection[str] = ()
    commands: Mapping[str, CommandWord] = field(default_factory=dict)
    document: bool = True
    now: float | None = None
    date_of: Callable[[str], str] = lambda _: ""
    fetch: Callable[[str], None] = lambda _: None
    blocks: Callable[[], Sequence[str]] = lambda: ()
    snapshots: Callable[[], Mapping[str, str]] = dict


def operation_of(context: CursorContext, table: Table) -> Operation | None:
    """Returns the operation of the current block, or None if it is not yet known."""
    if not context.action or not context.entity:
        return None
    return table.operation(context.action.strip(), context.entity.strip())
