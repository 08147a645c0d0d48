"""Resolves a name typed in a block to a path parameter or a parameter of an operation."""

from __future__ import annotations

from collections.abc import Iterator

from stripe_shell.diagnostics import close_words
from stripe_shell.records import record

from .model import Operation

ParamPath = tuple[str, ...]


@record
class NameResolution:
    """The meaning of a name as typed.

    Exactly one applies: `path_param` is the URL placeholder that it fills; `path` is the parameter that it sets;
    `unknown` is true and `close` lists similar known names, best first.
    """

    path_param: str | None = None
    path: ParamPath | None = None
    close: tuple[str, ...] = ()

    @property
    def unknown(self) -> bool:
        """Whether the operation has no such name."""
        return self.path_param is None and self.path is None


def resolve_name(operation: Operation, typed: ParamPath) -> NameResolution:
    """Resolves the key `typed` (`("customer_id",)`, `("items", "0", "price")`) for `operation`.

    Only the first segment decides, in this order: a parameter of exactly that name; `<entity>_id`, `id` and the
    entity's name for the object in the path; `X_id` for `X`; the language's aliases. `validate` checks whether a nested
    field exists.
    """
    head, rest = typed[0], typed[1:]
    if head in operation.params.fields:
        return NameResolution(path=typed)
    if not rest and (placeholder := _path_param(operation, head)):
        return NameResolution(path_param=placeholder)
    if head.endswith("_id") and head[:-3] in operation.params.fields:
        return NameResolution(path=(head[:-3], *rest))
    if not rest and head in operation.aliases:
        return NameResolution(path=operation.aliases[head])
    return NameResolution(close=close_words(head, known_names(operation)))


def _path_param(operation: Operation, name: str) -> str | None:
    """Returns the placeholder that `name` fills, or None."""
    return next((placeholder for known, placeholder in _path_names(operation) if known == name), None)


def _path_names(operation: Operation) -> Iterator[tuple[str, str]]:
    """Yields every accepted name with its placeholder; the first match counts.

    A placeholder is accepted under its own name and under the kind of object that it identifies, both also with `_id`;
    the entity's own object also under the entity's name and `id`.
    """
    own = operation.object_param
    for placeholder in operation.path_params:
        yield placeholder, placeholder
    if own:
        yield from _spellings(operation.entity.rpartition(".")[2], own)
        yield "id", own
    for placeholder, word in operation.path_words.items():
        yield from _spellings(word, placeholder)
        yield from _spellings(placeholder, placeholder)
    if own:
        yield from _spellings(operation.entity.replace(".", "_"), own)
    elif len(operation.path_params) == 1:
        yield "id", operation.path_params[0]


def _spellings(word: str, placeholder: str) -> Iterator[tuple[str, str]]:
    yield f"{word}_id", placeholder
    yield word, placeholder


def known_names(operation: Operation) -> tuple[str, ...]:
    """Returns every top-level name that a block of this operation accepts, including the documented spellings."""
    placeholders = (documented_name(operation, name) for name in operation.path_params)
    return tuple(dict.fromkeys((*placeholders, *operation.params.fields, *operation.aliases)))


def documented_name(operation: Operation, placeholder: str) -> str:
    """Returns the language's preferred name of a path parameter: `customer_id` for `{customer}`."""
    taken = operation.params.fields
    names = [name for name, filled in _path_names(operation) if filled == placeholder and name.endswith("_id")]
    names.sort(key=lambda name: name == placeholder)  # `subscription_id` rather than `subscription_exposed_id`
    return next((name for name in names if name not in taken), placeholder)
