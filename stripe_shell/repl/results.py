"""Keeps the results of a session: those that commands work on, objects by id, and chosen fields."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from stripe_shell.records import field, record
from stripe_shell.render.shape import rows_of
from stripe_shell.suggest.known import IdScope

if TYPE_CHECKING:
    from stripe_shell.engine.outcome import Outcome
    from stripe_shell.wire import Request

#: How many objects of one place are remembered; the oldest goes first.
MOST_OBJECTS = 5_000

#: How many rows of one answer are remembered as objects.
_MOST_ROWS = 1_000


@record(frozen=False)
class SeenObjects:
    """The newest state of objects by id, kept apart by place: connection, mode and account."""

    most: int = MOST_OBJECTS
    _places: dict[IdScope, dict[str, Mapping[str, Any]]] = field(default_factory=dict)

    def of(self, place: IdScope) -> Mapping[str, Mapping[str, Any]]:
        """Returns the objects of a place by id."""
        return self._places.get(place, {})

    def add(self, place: IdScope, body: Any) -> None:
        """Remembers an object, or the rows of a list."""
        rows = body.get("data") if isinstance(body, dict) and "id" not in body else [body]
        objects = self._places.setdefault(place, {})
        for row in islice(rows if isinstance(rows, list) else (), _MOST_ROWS):
            if isinstance(row, dict) and isinstance(row.get("id"), str) and isinstance(row.get("object"), str):
                objects.pop(row["id"], None)
                objects[row["id"]] = row
        while len(objects) > self.most:
            del objects[next(iter(objects))]


@record(frozen=False)
class ShownResult:
    """The last success: its outcome, and its body with all pages that were fetched since.

    `before` is the object as it was known before the call, None if it was not. `shown` counts the rows that stand on
    the screen, `following` is the request of the next page. `opened` is what `@open` showed last. `fresh`: nothing else
    was submitted since, so that Enter on an empty line is the next page.
    """

    outcome: Outcome
    body: Any
    place: IdScope | None = None
    before: Mapping[str, Any] | None = None
    shown: int = 0
    following: Request | None = None
    opened: Any = None
    fresh: bool = True


@record(frozen=False)
class Results:
    """The results of a session and how they are shown.

    `last` is the last success, `listed` the last one that is a list: its rows have numbers until another list is shown.
    `answers` are the bodies of the last two successes, the newest last. `fields` are the members that were chosen for
    objects by kind. `held` keeps results from being shown, because commands behind the block show something of them.
    `pager` is `auto`, `on` or `off`.
    """

    seen: SeenObjects = field(default_factory=SeenObjects)
    last: ShownResult | None = None
    listed: ShownResult | None = None
    answers: list[Any] = field(default_factory=list)
    fields: dict[str, tuple[str, ...]] = field(default_factory=dict)
    held: bool = False
    pager: str = "auto"

    def keep(self, result: ShownResult) -> None:
        """Makes a success the one that commands work on."""
        self.last = result
        if rows_of(result.body) is not None:
            self.listed = result
        self.answers = [*self.answers[-1:], result.body]
