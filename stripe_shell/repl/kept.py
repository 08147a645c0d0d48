"""Keeps the blocks that passed, for `@save`, and takes those out again whose writes @undo or @rollback took back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from stripe_shell.records import field, record

if TYPE_CHECKING:
    from stripe_shell.engine.outcome import Outcome
    from stripe_shell.lang.ast import ScriptItem


@record
class SentWrite:
    """A write that was answered: its connection, `POST /v1/customers`, and the id of its answer (empty without one)."""

    connection: str
    title: str
    id: str


@record(frozen=False)
class KeptItem:
    """An item that passed: the connections that it was sent to, those of its writes that stand, and when it ran."""

    item: ScriptItem
    connections: frozenset[str]
    writes: list[SentWrite]
    at: float


@record(frozen=False)
class KeptItems:
    """The items that passed, in order.

    `_snapshots` has, by connection and name, how many items had passed when the session took a snapshot there.
    """

    _kept: list[KeptItem] = field(default_factory=list)
    _snapshots: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def items(self) -> Sequence[ScriptItem]:
        """The items as they are saved."""
        return [each.item for each in self._kept]

    def add(self, item: ScriptItem, outcomes: Sequence[Outcome], at: float) -> None:
        """Adds an item with the outcomes of its calls, which was run at `at` (epoch seconds)."""
        sent = [outcome for outcome in outcomes if outcome.response is not None]
        writes = [_write(outcome) for outcome in sent if outcome.request and outcome.request.writes]
        self._kept.append(KeptItem(item, frozenset(outcome.connection for outcome in sent), writes, at))

    def mark(self, connection: str, name: str) -> None:
        """Remembers what had passed when the snapshot of this name was taken."""
        self._snapshots[connection, name] = len(self._kept)

    def take_back(self, connection: str, undone: Mapping[str, Any]) -> int:
        """Takes the write out that `@undo` took back, and its item with its last write. Returns how many items went."""
        changed = {name for _, _, name in undone["objects"]}
        for index in range(len(self._kept) - 1, -1, -1):
            kept = self._kept[index]
            for write in reversed(kept.writes):
                if (
                    write.connection == connection
                    and write.title == undone["title"]
                    and (not write.id or write.id in changed)
                ):
                    kept.writes.remove(write)
                    return 0 if kept.writes else self._remove([index, *self._readers_of(index)])
        return 0

    def _readers_of(self, index: int) -> Sequence[int]:
        """Returns the later items that only read, and refer to a name that the item gives."""
        from stripe_shell.lang.ast import Reference
        from stripe_shell.lang.visit import names_given, nodes_in

        names = {name for name, _ in names_given([self._kept[index].item], "response")}
        return [
            number
            for number, kept in enumerate(self._kept)
            if number > index and not kept.writes and any(each.name in names for each in nodes_in(kept.item, Reference))
        ]

    def roll_back(self, connection: str, snapshot: Mapping[str, Any]) -> int:
        """Takes the items out that were sent to the connection after a snapshot. Returns how many went."""
        mark = self._snapshots.get((connection, snapshot["name"]))
        gone = [
            index
            for index, kept in enumerate(self._kept)
            if connection in kept.connections and (kept.at >= snapshot["taken"] if mark is None else index >= mark)
        ]
        return self._remove(gone)

    def _remove(self, indexes: Sequence[int]) -> int:
        """Removes items, and moves the marks of snapshots that were taken after them."""
        for index in sorted(indexes, reverse=True):
            del self._kept[index]
            for key, mark in self._snapshots.items():
                self._snapshots[key] = mark - (mark > index)
        return len(indexes)


def _write(outcome: Outcome) -> SentWrite:
    request, body = outcome.request, outcome.body
    title = f"{request.method} {request.path}" if request else ""
    identifier = body.get("id") if isinstance(body, dict) else None
    return SentWrite(outcome.connection, title, identifier if isinstance(identifier, str) else "")
