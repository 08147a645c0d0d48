"""Completion of ids: the kind of object that a parameter refers to, and the ids of that kind seen in this session."""

from __future__ import annotations

from collections.abc import Iterator

from stripe_shell.spec.model import Operation, Shape
from stripe_shell.suggest.ages import age
from stripe_shell.suggest.known import KnownId
from stripe_shell.suggest.suggestion import Suggestion, SuggestionSources

ParamPath = tuple[str, ...]

_MOST = 50
#: The first segment of the path of a URL parameter; the second one is its placeholder in the URL.
URL = "/"

#: Parameters that name an object by its role.
_ROLES = {"on_behalf_of": "account", "destination": "account"}
#: What else may stand where an object of this kind is named.
_ALSO = {"source": ("card", "bank_account"), "external_account": ("card", "bank_account")}
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
    """Suggests ids of the kind that are valid for the block's connection and account, newest first; by label too."""
    if sources.place is None:
        return []
    sources.fetch(noun)
    found: list[Suggestion] = []
    for kind in _kinds(sources, noun):
        for known in sources.known.find(sources.place, kind, typed, _MOST - len(found)):
            other = kind.rpartition(".")[2] if kind.rpartition(".")[2] != noun.rpartition(".")[2] else ""
            notes = (other, known.label, _age(sources, known))
            found.append(Suggestion(known.id, start, known.id, " · ".join(note for note in notes if note), "id"))
    return found


def _age(sources: SuggestionSources, known: KnownId) -> str:
    if known.created is None or sources.now is None:
        return ""
    return age(sources.now - known.created)


def _kinds(sources: SuggestionSources, noun: str) -> list[str]:
    """The kinds of object that go by the noun, as far as ids of them are known."""
    word = noun.rpartition(".")[2]
    names = {noun, noun.replace(".", "_"), word, *_ALSO.get(word, ())}
    kinds = sources.known.kinds(sources.place) if sources.place else []
    return [kind for kind in kinds if kind in names or kind.rpartition(".")[2] == word]
