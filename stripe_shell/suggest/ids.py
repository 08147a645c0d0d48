"""Completion of ids: the kind of object that a parameter refers to, and the ids of that kind seen in this session."""

from __future__ import annotations

from collections.abc import Iterator

from stripe_shell.spec.model import Operation, Shape
from stripe_shell.suggest.known import IdIndex
from stripe_shell.suggest.suggestion import Suggestion, SuggestionSources

ParamPath = tuple[str, ...]

_MOST = 50
#: The first segment of the path of a URL parameter; the second one is its placeholder in the URL.
URL = "/"

#: Parameters that name an object by its role.
_ROLES = {"on_behalf_of": "account", "destination": "account"}
_CURSORS = frozenset({"starting_after", "ending_before"})


def noun_of(sources: SuggestionSources, operation: Operation, path: ParamPath, shape: Shape) -> str | None:
    """Returns the kind of object whose id the parameter takes (`customer`), or None."""
    if path[:1] == (URL,):
        return operation.path_words.get(path[1], operation.entity)
    name = next((segment for segment in reversed(path) if not segment.isdecimal()), "")
    if name in _CURSORS:
        return operation.entity
    if not _is_text(shape):
        return None
    return _ROLES.get(name) or next(_nouns(sources, name), None)


def _is_text(shape: Shape) -> bool:
    if shape.kind == "array":
        return shape.items is not None and _is_text(shape.items)
    if shape.kind == "union":
        return any(_is_text(variant) for variant in shape.variants)
    return shape.kind == "string" and not shape.enum and shape.form is None


def _nouns(sources: SuggestionSources, name: str) -> Iterator[str]:
    """Yields the kinds of object that the name ends with: for `default_payment_method`, `payment_method`."""
    words = name.removesuffix("_id").split("_")
    for start in range(len(words)):
        word = "_".join(words[start:])
        if sources.table.canonical(word) or _is_known(sources, word):
            yield sources.table.canonical(word) or word


def _is_known(sources: SuggestionSources, word: str) -> bool:
    return sources.place is not None and any(
        kind.rpartition(".")[2] == word for kind in sources.known.kinds(sources.place)
    )


def suggest_ids(sources: SuggestionSources, noun: str, typed: str, start: int) -> list[Suggestion]:
    """Suggests ids of the kind that are valid for the block's connection and account, newest first."""
    found: list[Suggestion] = []
    for kind, ids in _collections(sources, noun):
        for name in ids.find(typed, _MOST - len(found)):
            meta = " · ".join(part for part in (kind, ids.label(name)) if part)
            found.append(Suggestion(name, start, name, meta, "id"))
    return found


def _collections(sources: SuggestionSources, noun: str) -> Iterator[tuple[str, IdIndex]]:
    if sources.place is None:
        return
    word = noun.rpartition(".")[2]
    for kind in sources.known.kinds(sources.place):
        if kind in {noun, noun.replace(".", "_"), word} or kind.rpartition(".")[2] == word:
            yield kind, sources.known.ids(sources.place, kind)
