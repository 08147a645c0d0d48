"""Suggestions from words with meanings, and from paths: those that fit what has been typed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stripe_shell.lang.cursor import CursorContext
from stripe_shell.suggest.matching import closest_first
from stripe_shell.suggest.responses import PathName
from stripe_shell.suggest.suggestion import Suggestion, SuggestionKind


def choose(
    context: CursorContext,
    words: Mapping[str, str],
    kind: SuggestionKind,
    ending: str = "",
    *,
    loose: bool = True,
) -> list[Suggestion]:
    """Returns those of some words with meanings that fit; `ending` is written behind a word that is chosen."""
    names = closest_first(context.prefix, words, str, loose=loose)
    return [Suggestion(name + ending, context.start, name.rstrip(), words[name], kind) for name in names]


def choose_paths(context: CursorContext, paths: Iterable[PathName], ending: str = "") -> list[Suggestion]:
    """Returns those of some paths that fit."""
    found = closest_first(context.prefix, list(paths), lambda path: path.text)
    return [Suggestion(path.text + ending, context.start, path.text, path.meta, "path") for path in found]
