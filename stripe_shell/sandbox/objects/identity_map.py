"""The objects of one request: one dict per object, and its text as it was stored last."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from stripe_shell.sandbox.storage.store import Row

#: Where an object lies: its kind and its key (the id, but for singletons and objects that live below another).
Place = tuple[str, str]

encode: Final = json.JSONEncoder(separators=(",", ":")).encode


class IdentityMap:
    """The rows that a request has read, with one dict per object however often it is asked for."""

    def __init__(self) -> None:
        self.rows: dict[Place, Row] = {}
        self._objects: dict[Place, dict[str, Any]] = {}
        self._hidden: dict[Place, dict[str, Any]] = {}
        self._texts: dict[int, tuple[dict[str, Any], str]] = {}
        self._keys: dict[int, str] = {}

    def parsed(self, row: Row) -> dict[str, Any]:
        """The object of a row: the dict that was given out before, whatever has been changed in it since."""
        place = row.object, row.id
        known = self._objects.get(place)
        if known is None:
            self.rows[place] = row
            known = self._objects[place] = json.loads(row.json)
            self._texts[id(known)] = known, row.json
            self._keys[id(known)] = row.id
        return known

    def keep(self, place: Place, obj: dict[str, Any]) -> None:
        """Make this dict the object of a place."""
        self._objects[place] = obj

    def drop(self, place: Place) -> None:
        """Forget the object of a place, not its row."""
        self._objects.pop(place, None)

    def key(self, obj: Mapping[str, Any]) -> str | None:
        """The key under which an object is stored, where that is known."""
        return self._keys.get(id(obj))

    def set_key(self, obj: dict[str, Any], key: str) -> None:
        """State the key under which an object is stored."""
        self._keys[id(obj)] = key

    def text(self, obj: dict[str, Any]) -> str:
        """The JSON text of an object: as it was stored last, when it was stored in this request."""
        known = self._texts.get(id(obj))
        return known[1] if known is not None and known[0] is obj else encode(obj)

    def write(self, obj: dict[str, Any]) -> str:
        """The JSON text of an object as it is now, which `text` answers from here on."""
        text = encode(obj)
        self._texts[id(obj)] = obj, text
        return text

    def hidden(self, place: Place, row: Row | None) -> dict[str, Any]:
        """The private members of the object at a place, read from its row the first time."""
        if place not in self._hidden:
            self._hidden[place] = json.loads(row.hidden) if row is not None and row.hidden else {}
        return self._hidden[place]

    def hidden_read(self, place: Place) -> dict[str, Any] | None:
        """The private members of the object at a place; None where nobody has asked for them."""
        return self._hidden.get(place)

    def hidden_text(self, place: Place) -> str | None:
        """The private members of the object at a place as JSON text; None where there are none."""
        hidden = self._hidden.get(place)
        return encode(hidden) if hidden else None
