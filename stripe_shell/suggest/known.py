"""The ids seen in this session, by account and kind of object, with labels; searched in half a millisecond."""

from __future__ import annotations

import heapq
import unicodedata
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from threading import Lock
from typing import Any

from stripe_shell.escaping import label
from stripe_shell.records import field, record
from stripe_shell.spec.currencies import decimals
from stripe_shell.suggest.matching import INSIDE_FROM

#: The most ids kept of one kind; the oldest is dropped first.
MOST_IDS = 20_000

#: The most metadata keys kept of one place.
_MOST_KEYS = 500

#: The most matches that are sorted, and the number of newest ids searched if there are more.
_FEW = 1_000

#: As many new ids are inserted one by one; sorting is faster for more.
_FEW_NEW = 20

_NAMES = ("name", "business_name", "nickname", "display_name", "number", "code", "description")
_STATES = ("status", "type", "url", "id_number")
_MORE = ("email", "receipt_email")
_AMOUNTS = ("unit_amount", "amount", "total", "amount_total", "amount_due")
_LABEL_WIDTH = 60
_NESTED = (dict, list)
_AFTER_ALL = "\U0010ffff"


@record
class IdScope:
    """Where an id is valid: the connection's name, its mode, and the account that a call names, if any.

    An id is suggested only in its own scope.
    """

    connection: str
    mode: str
    account: str | None = None


@record
class KnownId:
    """An id with its label, and the epoch seconds of its creation (None where the object does not tell)."""

    id: str
    label: str = ""
    created: int | None = None


@record(frozen=False)
class IdIndex:
    """The ids of one kind of object: sorted for searching, numbered by age.

    `_rows` has the searched text of each id: the id and its label, folded, with a blank before every word. `_text`
    joins them, newest first; ids added since it was joined are in `_recent`, which is searched row by row.
    """

    most: int = MOST_IDS
    _sorted: list[str] = field(default_factory=list)
    _ages: dict[str, int] = field(default_factory=dict)
    _known: dict[str, KnownId] = field(default_factory=dict)
    _rows: dict[str, str] = field(default_factory=dict)
    _recent: dict[str, None] = field(default_factory=dict)
    _names: list[str] = field(default_factory=list)
    _text: str = ""
    _count: int = 0

    def __len__(self) -> int:
        return len(self._ages)

    def take(self, nodes: Iterable[Mapping[str, Any]]) -> None:
        """Adds the ids of objects, the newest last; forgets those of deleted ones."""
        new: list[str] = []
        for node in nodes:
            if node.get("deleted") is True:
                self._insert(new)
                new = []
                self.forget(node["id"])
            else:
                created = node.get("created")
                self._put(node["id"], label_of(node), created if isinstance(created, int) else None, new)
        self._insert(new)
        self.join()

    def add(self, identifier: str, label: str = "", created: int | None = None) -> None:
        """Adds the id as the newest one; `label` describes the object to people."""
        new: list[str] = []
        self._put(identifier, label, created, new)
        self._insert(new)

    def _put(self, identifier: str, label: str, created: int | None, new: list[str]) -> None:
        """Keeps the id as the newest one, and appends it to `new` if it was not known."""
        if self._ages.pop(identifier, None) is None:
            new.append(identifier)
        self._count += 1
        self._ages[identifier] = self._count
        if label or identifier not in self._known:
            self._known[identifier] = KnownId(identifier, label, created)
            self._rows[identifier] = f" {identifier.casefold()} {fold(label)}\n"
        self._recent.pop(identifier, None)
        self._recent[identifier] = None

    def _insert(self, new: list[str]) -> None:
        """Inserts ids that were not known, all in one pass, and forgets the oldest where there are too many."""
        if len(new) > _FEW_NEW:
            self._sorted += new
            self._sorted.sort()
        else:
            for identifier in new:
                insort(self._sorted, identifier)
        while len(self._ages) > self.most:
            self.forget(next(iter(self._ages)))

    def forget(self, identifier: str) -> None:
        """Removes an id that was deleted or is too old."""
        if self._ages.pop(identifier, None) is not None:
            del self._sorted[bisect_left(self._sorted, identifier)]
            del self._known[identifier], self._rows[identifier]
            self._recent.pop(identifier, None)

    def find(self, typed: str, limit: int) -> list[KnownId]:
        """Returns the newest `limit` ids that begin with what was typed; when none does, those whose label fits.

        Words of a label that begin with it come before those that have it inside, which count from three letters on. Of
        several words all must be there.
        """
        names = self._beginning(typed, limit) or list(islice(self._labelled(fold(typed)), limit))
        return [self._known[name] for name in names]

    def _beginning(self, start: str, limit: int) -> list[str]:
        """Returns matches among the newest ids, filled up with others, so that the search time is bounded."""
        low = bisect_left(self._sorted, start)
        high = bisect_left(self._sorted, start + _AFTER_ALL)
        if high - low <= _FEW:
            return heapq.nlargest(limit, self._sorted[low:high], key=self._ages.__getitem__)
        newest = (name for name in islice(reversed(self._ages), _FEW) if name.startswith(start))
        return list(dict.fromkeys([*islice(newest, limit), *self._sorted[low : low + limit]]))[:limit]

    def _labelled(self, typed: str) -> Iterator[str]:
        words = typed.split()
        if not words:
            return
        self.join()
        probe = min(words, key=self._text.count) if len(words) > 1 else words[0]
        seen: set[str] = set()
        for part in (f" {probe}", *([probe] if len(probe) >= INSIDE_FROM else [])):
            for name in self._containing(part):
                if name not in seen and all(word in self._rows[name] for word in words):
                    seen.add(name)
                    yield name

    def join(self) -> None:
        """Joins the rows anew if many ids have been added: before the next key rather than under it."""
        if len(self._recent) > _FEW or not self._text:
            self._names = list(reversed(self._ages))
            self._text = "".join(map(self._rows.__getitem__, self._names))
            self._recent.clear()

    def _containing(self, part: str) -> Iterator[str]:
        """Yields ids whose row contains `part`. Searches one joined text, far faster than searching each row."""
        for name in reversed(list(self._recent)):
            if part in self._rows[name]:
                yield name
        at, row, counted = self._text.find(part), 0, 0
        while at >= 0:
            row += self._text.count("\n", counted, at)
            name = self._names[row]
            if name in self._ages and name not in self._recent:
                yield name
            counted = at
            end_of_row = self._text.find("\n", at)
            at = self._text.find(part, end_of_row) if end_of_row >= 0 else -1


@record(frozen=False)
class KnownIds:
    """Ids and metadata keys collected from responses, separate for each scope. Thread-safe."""

    most: int = MOST_IDS
    _ids: dict[tuple[IdScope, str], IdIndex] = field(default_factory=dict)
    _keys: dict[IdScope, dict[str, None]] = field(default_factory=dict)
    _lock: Any = field(default_factory=Lock)

    def learn(self, place: IdScope, body: Any) -> None:
        """Adds every object with an `id` in a response, nested ones too; removes those that were deleted.

        A list is read from its end, since its first row is the newest.
        """
        found: dict[str, list[dict[str, Any]]] = {}
        for node in reversed(_objects_in(body)):
            found.setdefault(node["object"], []).append(node)
        with self._lock:
            for kind, nodes in found.items():
                if (place, kind) not in self._ids:
                    self._ids[place, kind] = IdIndex(self.most)
                self._ids[place, kind].take(nodes)
            self._take_keys(place, (node.get("metadata") for nodes in found.values() for node in nodes))

    def forget_place(self, place: IdScope) -> None:
        """Forgets all ids of a place, after a change that may have removed any of them."""
        with self._lock:
            self._ids = {key: ids for key, ids in self._ids.items() if key[0] != place}

    def find(self, place: IdScope, kind: str, typed: str, limit: int) -> list[KnownId]:
        """Returns the ids of objects whose `object` is `kind` that fit what was typed, the newest first."""
        with self._lock:
            index = self._ids.get((place, kind))
            return index.find(typed, limit) if index else []

    def kinds(self, place: IdScope) -> list[str]:
        """Returns the kinds of object with known ids in this scope."""
        return [kind for where, kind in list(self._ids) if where == place]

    def count(self, place: IdScope, kind: str) -> int:
        """Returns the number of known ids of objects of one kind."""
        found = self._ids.get((place, kind))
        return len(found) if found is not None else 0

    def total(self, place: IdScope) -> int:
        """Returns how many ids of all kinds are known there."""
        return sum(len(ids) for (where, _), ids in list(self._ids.items()) if where == place)

    def metadata_keys(self, place: IdScope) -> tuple[str, ...]:
        """Returns the keys of metadata that responses had there, the newest first."""
        return tuple(reversed(list(self._keys.get(place, ()))))

    def __len__(self) -> int:
        return sum(map(len, self._ids.values()))

    def _take_keys(self, place: IdScope, found: Iterable[Any]) -> None:
        """Adds the keys of metadata, the newest last."""
        keys = self._keys.get(place, {})
        for metadata in found:
            if metadata and isinstance(metadata, Mapping):
                for key in metadata:
                    keys.pop(key, None)
                    keys[key] = None
        while len(keys) > _MOST_KEYS:
            del keys[next(iter(keys))]
        if keys:
            self._keys[place] = keys


def _objects_in(body: Any) -> list[dict[str, Any]]:
    """Returns every object with an `id` in JSON data, the outer ones first."""
    pending, found = [body], []
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            if isinstance(node.get("id"), str) and isinstance(node.get("object"), str):
                found.append(node)
            inner: Iterable[Any] = node.values()
        else:
            inner = node if isinstance(node, list) else ()
        nested = [item for item in inner if item and isinstance(item, _NESTED)]
        nested.reverse()
        pending += nested
    return found


def fold(text: str) -> str:
    """Returns a text in the form in which it is searched: without case, in composed characters."""
    text = text.replace(" · ", " ")
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()


def label_of(node: Mapping[str, Any]) -> str:
    """Returns a label for the object: its name, e-mail, amount and card, else its status."""
    parts = [_first_text(node, _NAMES), _first_text(node, _MORE), _money(node)]
    card = node.get("card")
    if isinstance(card, Mapping):
        parts.append(" ".join(str(card[name]) for name in ("brand", "last4") if card.get(name)))
    elif node.get("last4"):
        parts.append(f"{node.get('brand') or node.get('bank_name') or ''} {node['last4']}".strip())
    if "items" in node:
        parts.append(_price_of(node))
    found = [" ".join(part.split()) for part in parts if part]
    words = " · ".join(found) or " ".join(_first_text(node, _STATES).split())
    return label(words[:_LABEL_WIDTH])


def _price_of(node: Mapping[str, Any]) -> str:
    """Returns the label of what a subscription is for: its first price."""
    items = node.get("items")
    rows = items.get("data") if isinstance(items, Mapping) else None
    price = rows[0].get("price") if isinstance(rows, list) and rows and isinstance(rows[0], Mapping) else None
    return label_of(price) if isinstance(price, Mapping) else ""


def _first_text(node: Mapping[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        text = node.get(name)
        if text and isinstance(text, str):
            return text
    return ""


def _money(node: Mapping[str, Any]) -> str:
    """Returns the amount in the currency's own words: `20.00 USD`, for a price `20.00 USD / month`."""
    currency = node.get("currency")
    if not isinstance(currency, str):
        return ""
    amount = next((node[name] for name in _AMOUNTS if isinstance(node.get(name), int)), None)
    if amount is None:
        return ""
    places = decimals(currency.lower())
    recurring = node.get("recurring")
    every = f" / {recurring['interval']}" if isinstance(recurring, Mapping) and recurring.get("interval") else ""
    return f"{amount / 10**places:,.{places}f} {currency.upper()}{every}"
