"""Texts made of stored objects, such as their forms in older versions, kept until something they depend on changes."""

from __future__ import annotations

import math
import threading
from collections.abc import Hashable, Iterable
from typing import Final, NamedTuple

#: What a text depends on, or a commit changes: an object (account number, kind, id), an entry of the index (account
#: number, `kind.member`, value), or all objects of a kind (account number, kind).
Dependency = tuple[Hashable, ...]

#: For a commit: it may change everything. For a text: it depends on more than objects, such as the time.
ANYTHING: Final[Dependency] = ()

#: The most bytes that are kept: the texts, those that they were made of, and about as much as the rest of each takes.
_MOST: Final = 16_000_000
_EACH, _EACH_DEPENDENCY = 700, 500

#: Texts are found by so many of their first characters, which have the id, and compared as a whole: hashing all of a
#: long text takes longer than reading it from the file.
_HEAD: Final = 64

#: Where a text is kept: what was made of it, and its first characters.
_Place = tuple[Hashable, str]


class Reads:
    """The record of what was read to make a text: its dependencies, and when it holds, in epoch seconds."""

    __slots__ = ("dependencies", "end", "start")

    def __init__(self) -> None:
        self.dependencies: set[Dependency] = set()
        self.start, self.end = -math.inf, math.inf

    def time(self, now: int, asked: int) -> None:
        """Records that it was asked at `now` whether a time has come."""
        if asked <= now:
            self.start = max(self.start, asked)
        else:
            self.end = min(self.end, asked)


class _Kept(NamedTuple):
    text: str
    made: str
    reads: Reads

    @property
    def size(self) -> int:
        """About how many bytes it takes; the texts are ASCII."""
        return len(self.text) + len(self.made) + _EACH + _EACH_DEPENDENCY * len(self.reads.dependencies)


class KeptTexts:
    """Texts by what they were made of; the oldest make room. Thread-safe.

    `form` says what was made of a text, such as an API version and an account; `reads` is what was read for it beside
    the text that it was made of. `since` is the number of changes at a time before that was read.
    """

    def __init__(self) -> None:
        self.changes = 0
        self._kept: dict[_Place, _Kept] = {}
        self._dependents: dict[Dependency, set[_Place]] = {}
        self._size = 0
        self._lock = threading.Lock()

    @property
    def has_dependents(self) -> bool:
        """Whether a text is kept that depends on objects."""
        return bool(self._dependents)

    def get(self, form: Hashable, text: str, now: int) -> str | None:
        """Returns what was made of a text; None if that is not kept, or holds at another time."""
        kept = self._kept.get((form, text[:_HEAD]))
        if kept is None or kept.text != text or not kept.reads.start <= now < kept.reads.end:
            return None
        return kept.made

    def keep(self, form: Hashable, text: str, made: str, reads: Reads, since: int) -> None:
        """Keeps what was made of a text, unless it may depend on what changed since."""
        if ANYTHING in reads.dependencies:
            return
        with self._lock:
            if reads.dependencies and since != self.changes:
                return
            place = form, text[:_HEAD]
            self._drop(place)
            self._kept[place] = _Kept(text, made, reads)
            self._size += self._kept[place].size
            for dependency in reads.dependencies:
                self._dependents.setdefault(dependency, set()).add(place)
            while self._size > _MOST:
                self._drop(next(iter(self._kept)))

    def forget(self, changed: Iterable[Dependency]) -> None:
        """Drops the texts that depend on what a commit changed."""
        with self._lock:
            self.changes += 1
            if not self._dependents:
                return
            found = set(changed)
            for dependency in list(self._dependents) if ANYTHING in found else found & self._dependents.keys():
                for place in list(self._dependents.get(dependency, ())):
                    self._drop(place)

    def clear(self) -> None:
        """Drops every text."""
        with self._lock:
            self._kept.clear()
            self._dependents.clear()
            self._size = 0

    def _drop(self, place: _Place) -> None:
        kept = self._kept.pop(place, None)
        if kept is None:
            return
        self._size -= kept.size
        for dependency in kept.reads.dependencies:
            places = self._dependents[dependency]
            places.discard(place)
            if not places:
                del self._dependents[dependency]


class KeptAt(NamedTuple):
    """Kept texts as a transaction may use them that begins afterwards; see `Store.kept`."""

    texts: KeptTexts
    since: int

    def get(self, form: Hashable, text: str, now: int) -> str | None:
        """Returns what was made of a text; None if that is not kept, or holds at another time."""
        return self.texts.get(form, text, now)

    def keep(self, form: Hashable, text: str, made: str, reads: Reads) -> None:
        """Keeps what was made of a text."""
        self.texts.keep(form, text, made, reads, self.since)
