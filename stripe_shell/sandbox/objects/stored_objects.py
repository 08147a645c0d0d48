"""The stored objects of one account during one request: read, inserted, saved and deleted.

Reading returns the same dict for the same object, so that a change is visible to later calls; `save` stores it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any, Protocol, TypeVar, cast

from stripe_shell.sandbox.clock import Clock
from stripe_shell.sandbox.errors import StripeError
from stripe_shell.sandbox.storage.rows import IndexEntry, StoredRow
from stripe_shell.sandbox.storage.session import StoreSession

from .events import previous_attributes
from .identity_map import IdentityMap, ObjectKey, encode
from .listing import ListFilters

Json = dict[str, Any]

#: The TypedDict of a kind's private fields.
PrivateView = TypeVar("PrivateView")


class StoredKind(Protocol):
    """Says how the objects of a kind are stored; part of `ResourceProtocol`."""

    def key(self, obj: Mapping[str, Any]) -> str: ...
    def links(self, obj: Mapping[str, Any], private: Mapping[str, Any] | None) -> list[IndexEntry]: ...
    def indexed_members(self) -> tuple[str, ...]: ...
    def already_exists(self, key: str) -> StripeError: ...


class StoredKindLookup(Protocol):
    """Finds the facts of a kind of object; implemented by `ResourceRegistry`."""

    def resource(self, kind: str) -> StoredKind: ...


class StoredObjects:
    """The objects of an account, by its row number in the store, and what of them was read and changed so far."""

    def __init__(self, session: StoreSession, account_number: int, *, registry: StoredKindLookup, clock: Clock) -> None:
        self.session = session
        self.account_number = account_number
        self.registry = registry
        self.clock = clock
        self._seen = IdentityMap()

    # --- looking ---------------------------------------------------------------------------------------------

    def find(self, kind: str, key: Any) -> Json | None:
        """Returns a live object, or None when it is missing or deleted."""
        row = self.row(kind, str(key))
        return None if row is None or row.deleted else self._seen.parsed(row)

    def stored(self, obj: Mapping[str, Any]) -> Json | None:
        """Returns the last stored version of an object, without later changes to `obj`; None when it is not stored."""
        row = self.row(*self._object_key(obj))
        return None if row is None or row.deleted else json.loads(row.json)

    def row(self, kind: str, key: str) -> StoredRow | None:
        """Returns the stored row of an object, deleted or not; None when there is none."""
        row = self._seen.rows.get((kind, key))
        if row is not None:
            self.session.reads(self.account_number, kind, key)
        else:
            row = self.session.get(self.account_number, kind, key)
            if row is not None:
                self._seen.rows[kind, key] = row
        return row

    def all(self, kind: str, *, oldest_first: bool = False, **equal: Any) -> list[Json]:
        """Returns the live objects of a kind with these member values, newest first: `all("invoice", customer=c)`.

        Members in the resource's `indexed_members` use an index; without one, every object of the kind is read.
        """
        return list(self.iterate(kind, oldest_first=oldest_first, **equal))

    def iterate(self, kind: str, *, oldest_first: bool = False, **equal: Any) -> Iterator[Json]:
        """Yields what `all` returns; reads 100 rows at a time."""
        filters = ListFilters()
        indexed = self.registry.resource(kind).indexed_members()
        for name, value in equal.items():
            filters.add_link(name, value) if name in indexed else filters.add(name, value)
        after: tuple[int, int] | None = None
        while True:
            rows = self.session.page(
                self.account_number,
                kind,
                link=filters.link,
                where=filters.where,
                limit=100,
                after=after,
                oldest_first=oldest_first,
            )
            yield from map(self._seen.parsed, rows)
            if len(rows) < 100:
                return
            after = rows[-1].position

    def count(self, kind: str, **equal: str) -> int:
        """Returns the number of live objects of a kind, or of those with one value of an indexed member."""
        link = next(iter(equal.items()), None)
        return self.session.count(self.account_number, kind, link)

    def private(self, obj: Mapping[str, Any], view: type[PrivateView]) -> PrivateView:
        """Returns the object's private fields, a dict that `insert` and `save` store and responses never contain.

        `view` is the TypedDict of the kind, see private_fields.py.
        """
        return cast(PrivateView, self.private_json(obj))

    def private_json(self, obj: Mapping[str, Any]) -> Json:
        """Returns the dict of `private` without types, for names that are known at run time only."""
        place = self._object_key(obj)
        self.session.reads(self.account_number, *place)
        hidden = self._seen.private_read(place)
        return self._seen.private(place, self.row(*place)) if hidden is None else hidden

    def text(self, obj: Json) -> str:
        """Returns the JSON text of an object: the stored text if it was read or stored in this request."""
        return self._seen.text(obj)

    # --- changing --------------------------------------------------------------------------------------------

    def insert(self, obj: Json, key: str | None = None) -> None:
        """Stores a new object, under `key` if it has no id or shares it. Raises StripeError if the key exists."""
        if key is not None:
            self._seen.set_key(obj, key)
        kind, key = place = self._object_key(obj)
        text = self._seen.write(obj)
        links = self.registry.resource(kind).links(obj, self._seen.private_read(place))
        created = self._created(obj)
        try:
            row = self.session.insert(
                self.account_number,
                kind,
                key,
                created=created,
                json=text,
                links=links,
                hidden=self._seen.private_text(place),
            )
        except sqlite3.IntegrityError:
            raise self.registry.resource(kind).already_exists(key) from None
        self._seen.rows[place] = row
        self._seen.keep(place, obj)
        self._seen.set_key(obj, key)

    def save(self, obj: Json) -> Json:
        """Stores a changed object and returns the old values of what changed, as in `previous_attributes`.

        Raises LookupError when the object is not stored.
        """
        place = self._object_key(obj)
        row = self.row(*place)
        if row is None or row.deleted:
            raise LookupError(f"{place} cannot be saved: it is not stored")
        old = json.loads(row.json)
        changed = previous_attributes(old, obj)
        unread = self._seen.private_read(place) is None
        hidden = row.hidden if unread else self._seen.private_text(place)
        text = self._seen.write(obj)
        if changed or hidden != row.hidden:
            resource = self.registry.resource(place[0])
            old_links = resource.links(old, json.loads(row.hidden) if row.hidden else None)
            new_links = resource.links(obj, json.loads(hidden) if hidden else None)
            self._seen.rows[place] = self.session.update(
                self.account_number, row, json=text, old=old_links, new=new_links, hidden=hidden
            )
        self._seen.keep(place, obj)
        return changed

    def delete(self, obj: Json) -> Json:
        """Deletes an object and returns what remains: `{id, object, deleted}`.

        Raises LookupError when the object is not stored.
        """
        place = self._object_key(obj)
        row = self.row(*place)
        if row is None:
            raise LookupError(f"{place} cannot be deleted: it is not stored")
        remains = {"id": obj.get("id"), "object": place[0], "deleted": True}
        old_links = self.registry.resource(place[0]).links(
            json.loads(row.json), json.loads(row.hidden) if row.hidden else None
        )
        self.session.delete(self.account_number, row, encode(remains), old_links)
        self._seen.rows[place] = row._replace(deleted=1, json=encode(remains))
        self._seen.drop(place)
        return remains

    # --- inside ----------------------------------------------------------------------------------------------

    def _object_key(self, obj: Mapping[str, Any]) -> ObjectKey:
        kind = str(obj["object"])
        key = self._seen.key(obj)
        return kind, self.registry.resource(kind).key(obj) if key is None else key

    def _created(self, obj: Mapping[str, Any]) -> int:
        created = obj.get("created", obj.get("date"))
        return created if isinstance(created, int) else self.clock.now()
