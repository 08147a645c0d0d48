"""The ids seen in this session, by account and kind of object, newest first; searched in half a millisecond."""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections.abc import Iterator
from itertools import islice
from typing import Any

from stripe_shell.records import field, record

#: The most ids kept of one kind; the oldest is dropped first.
MOST_IDS = 20_000

#: The most matches that are sorted, and the number of newest ids searched if there are more.
_FEW = 1_000

_LABELS = ("email", "name", "nickname", "description", "status")
_AFTER_ALL = "\U0010ffff"


@record
class IdScope:
    """Where an id is valid: the connection's name, its mode, and the account that a call names, if any.

    An id is suggested only in its own scope.
    """

    connection: str
    mode: str
    account: str | None = None


@record(frozen=False)
class IdIndex:
    """The ids of one kind of object: sorted for searching, numbered by age."""

    most: int = MOST_IDS
    _sorted: list[str] = field(default_factory=list)
    _ages: dict[str, int] = field(default_factory=dict)
    _labels: dict[str, str] = field(default_factory=dict)
    _names: list[str] = field(default_factory=list)
    _lines: str = ""
    _count: int = 0

    def __len__(self) -> int:
        return len(self._ages)

    def add(self, identifier: str, label: str = "") -> None:
        """Adds the id as the newest one; `label` describes the object to people."""
        if self._ages.pop(identifier, None) is None:
            insort(self._sorted, identifier)
        self._lines = ""
        self._count += 1
        self._ages[identifier] = self._count
        if label:
            self._labels[identifier] = label
        if len(self._ages) > self.most:
            self.forget(next(iter(self._ages)))

    def forget(self, identifier: str) -> None:
        """Removes an id that was deleted or is too old."""
        if self._ages.pop(identifier, None) is not None:
            self._lines = ""
            del self._sorted[bisect_left(self._sorted, identifier)]
            self._labels.pop(identifier, None)

    def label(self, identifier: str) -> str:
        """Returns the label of the object, or an empty string."""
        return self._labels.get(identifier, "")

    def find(self, start: str, limit: int) -> list[str]:
        """Returns the newest `limit` ids that begin with `start`, else those that contain it or whose label does."""
        return self._beginning(start, limit) or list(islice(self._containing(start.lower()), limit))

    def _beginning(self, start: str, limit: int) -> list[str]:
        """Returns matches among the newest ids, filled up with others, so that the search time is bounded."""
        low = bisect_left(self._sorted, start)
        high = bisect_left(self._sorted, start + _AFTER_ALL)
        if high - low <= _FEW:
            return heapq.nlargest(limit, self._sorted[low:high], key=self._ages.__getitem__)
        newest = (name for name in islice(reversed(self._ages), _FEW) if name.startswith(start))
        return list(dict.fromkeys([*islice(newest, limit), *self._sorted[low : low + limit]]))[:limit]

    def _containing(self, part: str) -> Iterator[str]:
        """Yields ids that contain `part`. Searches one joined text, which is far faster than searching each id."""
        if not self._ages:
            return
        if not self._lines:
            rows = (f"{name.lower()} {self.label(name).lower()}\n" for name in reversed(self._ages))
            self._names, self._lines = list(reversed(self._ages)), "".join(rows)
        at, row, counted = self._lines.find(part), 0, 0
        while at >= 0:
            row += self._lines.count("\n", counted, at)
            yield self._names[row]
            counted = at
            end_of_row = self._lines.find("\n", at)
            at = self._lines.find(part, end_of_row) if end_of_row >= 0 else -1


@record(frozen=False)
class KnownIds:
    """Ids collected from responses, separate for each scope."""

    most: int = MOST_IDS
    _ids: dict[tuple[IdScope, str], IdIndex] = field(default_factory=dict)

    def learn(self, place: IdScope, body: Any) -> None:
        """Adds every object with an `id` in a response, nested ones too; removes those that were deleted.

        A list is read from its end, since its first row is the newest.
        """
        pending, found = [body], []
        while pending:
            node = pending.pop()
            if isinstance(node, dict):
                if isinstance(node.get("id"), str) and isinstance(node.get("object"), str):
                    found.append(node)
                pending += [item for item in reversed(node.values()) if isinstance(item, dict | list)]
            elif isinstance(node, list):
                pending += [item for item in reversed(node) if isinstance(item, dict | list)]
        for node in reversed(found):
            self._take(place, node)

    def forget_place(self, place: IdScope) -> None:
        """Forgets all ids of a place, after a change that may have removed any of them."""
        self._ids = {key: ids for key, ids in self._ids.items() if key[0] != place}

    def ids(self, place: IdScope, kind: str) -> IdIndex:
        """Returns the ids of objects whose `object` is `kind`."""
        return self._ids.get((place, kind)) or IdIndex()

    def kinds(self, place: IdScope) -> list[str]:
        """Returns the kinds of object with known ids in this scope."""
        return [kind for where, kind in self._ids if where == place]

    def __len__(self) -> int:
        return sum(map(len, self._ids.values()))

    def _take(self, place: IdScope, node: dict[str, Any]) -> None:
        ids = self._ids.setdefault((place, node["object"]), IdIndex(self.most))
        if node.get("deleted") is True:
            ids.forget(node["id"])
        else:
            ids.add(node["id"], _label_of(node))


def _label_of(node: dict[str, Any]) -> str:
    """Returns a label for the object: its e-mail, name, amount or status."""
    texts = (node.get(name) for name in _LABELS)
    label = next((text for text in texts if isinstance(text, str) and text), "")
    amount = next((node[name] for name in ("unit_amount", "amount", "total") if isinstance(node.get(name), int)), None)
    money = f"{amount} {node.get('currency') or ''}".rstrip() if amount is not None else ""
    return " ".join(" · ".join(part for part in (label, money) if part).split())[:60]
