"""The identity map of one request: one dict per object, and the JSON text last stored for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from stripe_shell.sandbox.storage.rows import StoredRow

#: An object's kind and key: its id, except for singletons and objects stored under their parent's id.
ObjectKey = tuple[str, str]

encode: Final = json.JSONEncoder(separators=(",", ":")).encode


class IdentityMap:
    """The rows that a request has read, and one dict per object however often it is read."""

    def __init__(self) -> None:
        self.rows: dict[ObjectKey, StoredRow] = {}
        self._objects: dict[ObjectKey, dict[str, Any]] = {}
        self._hidden: dict[ObjectKey, dict[str, Any]] = {}
        self._texts: dict[int, tuple[dict[str, Any], str]] = {}
        self._keys: dict[int, str] = {}

    def parsed(self, row: StoredRow) -> dict[str, Any]:
        """Returns the object of a row: the dict returned before, with its changes, or the parsed JSON text."""
        place = row.object, row.id
        known = self._objects.get(place)
        if known is None:
            self.rows[place] = row
            known = self._objects[place] = json.loads(row.json)
            self._texts[id(known)] = known, row.json
            self._keys[id(known)] = row.id
        return known

    def keep(self, place: ObjectKey, obj: dict[str, Any]) -> None:
        """Makes this dict the object at a place."""
        self._objects[place] = obj

    def drop(self, place: ObjectKey) -> None:
        """Removes the object at a place and keeps its row."""
        self._objects.pop(place, None)

    def key(self, obj: Mapping[str, Any]) -> str | None:
        """Returns the key under which an object is stored; None when it is unknown."""
        return self._keys.get(id(obj))

    def set_key(self, obj: dict[str, Any], key: str) -> None:
        """Sets the key under which an object is stored."""
        self._keys[id(obj)] = key

    def text(self, obj: dict[str, Any]) -> str:
        """Returns the JSON text of an object: the stored text if it was read or stored in this request."""
        known = self._texts.get(id(obj))
        return known[1] if known is not None and known[0] is obj else encode(obj)

    def write(self, obj: dict[str, Any]) -> str:
        """Returns the JSON text of an object as it is now, and makes it the result of `text`."""
        text = encode(obj)
        self._texts[id(obj)] = obj, text
        return text

    def private(self, place: ObjectKey, row: StoredRow | None) -> dict[str, Any]:
        """Returns the private fields of the object at a place; parses them from its row the first time."""
        if place not in self._hidden:
            self._hidden[place] = json.loads(row.hidden) if row is not None and row.hidden else {}
        return self._hidden[place]

    def private_read(self, place: ObjectKey) -> dict[str, Any] | None:
        """Returns the private fields of the object at a place; None when they have not been read."""
        return self._hidden.get(place)

    def private_text(self, place: ObjectKey) -> str | None:
        """Returns the private fields of the object at a place as JSON text; None when there are none."""
        hidden = self._hidden.get(place)
        return encode(hidden) if hidden else None
