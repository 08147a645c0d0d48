"""Matches candidates with the typed text, the closest first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")

#: How close a candidate is; smaller is closer.
Closeness = tuple[int, int, int]

#: A hit inside a word counts from so many letters on: with fewer, nearly everything has one.
INSIDE_FROM = 3

_SEPARATORS = "_.-[ "
_INSIDE, _NOTE, _LETTERS = 2, 3, 4


def closeness(typed: str, candidate: str, note: str = "") -> Closeness | None:
    """Returns how closely the candidate matches, or None if it does not; ignores letter case.

    Best are candidates that begin with `typed`, then those with a word that does, those that contain it (from three
    letters on), those whose note has a word that begins with it (likewise), and those that have its letters in order.
    """
    typed, written, candidate = typed.casefold(), candidate, candidate.casefold()
    if candidate.startswith(typed):
        return 0, 0, 0
    at = candidate.find(typed)
    word = at
    while word > 0 and not _starts_word(written, word):
        word = candidate.find(typed, word + 1)
    if word > 0:
        return 1, 0, 0
    if len(typed) >= INSIDE_FROM and at > 0:
        return _INSIDE, at, 0
    if note and len(typed) >= INSIDE_FROM and f" {typed}" in f" {note.casefold()}":
        return _NOTE, 0, 0
    return _letters(typed, candidate)


def closest_first(
    typed: str,
    items: Iterable[T],
    text: Callable[[T], str],
    *,
    note: Callable[[T], str] = lambda _: "",
    loose: bool = True,
) -> list[T]:
    """Returns the items whose text matches, the closest first; equally close ones keep their order.

    Items that only have the letters in order are omitted if others match better, and always unless `loose`.
    """
    found = [(near, item) for item in items if (near := closeness(typed, text(item), note(item))) is not None]
    found.sort(key=lambda pair: pair[0])
    better = [item for near, item in found if near[0] < _LETTERS]
    return better if better or not loose else [item for _, item in found]


def _starts_word(text: str, at: int) -> bool:
    """Whether a word begins at the offset, as in `charge_id` and `chargeDeclined`."""
    before = text[at - 1 : at]
    return before in _SEPARATORS or (before.islower() and text[at : at + 1].isupper())


def _letters(typed: str, candidate: str) -> Closeness | None:
    """Returns the closeness of the letters in order: at least two, the first one at the start of a word."""
    if len(typed) < 2:
        return None
    best: Closeness | None = None
    for start in _word_starts(candidate):
        end = _reach(typed, candidate, start)
        if end is not None and (best is None or end - start < best[1]):
            best = _LETTERS, end - start, start
    return best


def _word_starts(candidate: str) -> list[int]:
    return [at for at in range(len(candidate)) if at == 0 or candidate[at - 1] in _SEPARATORS]


def _reach(typed: str, candidate: str, start: int) -> int | None:
    """Returns the end of the letters of `typed` with the first one at `start`; None if they do not follow."""
    if not candidate.startswith(typed[0], start):
        return None
    at = start
    for letter in typed[1:]:
        at = candidate.find(letter, at + 1)
        if at < 0:
            return None
    return at
