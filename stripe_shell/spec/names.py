"""What a name that someone typed means to an operation: a path parameter, a parameter, or nothing."""

from __future__ import annotations

from collections.abc import Iterator

from stripe_shell.diagnostics import close_words
from stripe_shell.records import record

from .model import Operation

Path = tuple[str, ...]


@record
class NameResolution:
    """The meaning of a name as typed.

    Exactly one holds: `path_param` is the placeholder in the URL that it fills; `path` is the parameter that it sets;
    `unknown` is true and `close` lists known names like it, best first.
    """

    path_param: str | None = None
    path: Path | None = None
    close: tuple[str, ...] = ()

    @property
    def unknown(self) -> bool:
        """Whether the operation knows no such name."""
        return self.path_param is None and self.path is None


def resolve_name(operation: Operation, typed: Path) -> NameResolution:
    """What the key `typed` (`("customer_id",)`, `("items", "0", "price")`) means to `operation`.

    The first segment alone decides: what the operation knows by that very name wins, then `<entity>_id`, `id` and the
    entity's own name for the object in the path, then `X_id` for `X`, then the other names of the language. Whether a
    parameter has the nested field is for `validate` to say.
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
    """The placeholder that `name` fills."""
    return next((placeholder for known, placeholder in _path_names(operation) if known == name), None)


def _path_names(operation: Operation) -> Iterator[tuple[str, str]]:
    """Every name of every placeholder with the placeholder; the first one that matches counts.

    A placeholder is known by its own name and by the kind of object that it names, both also with `_id`; the entity's
    own object by the entity's name and by `id` as well.
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
    """Every top-level name that may be written in a block of this operation, documented spellings included."""
    placeholders = (documented_name(operation, name) for name in operation.path_params)
    return tuple(dict.fromkeys((*placeholders, *operation.params.fields, *operation.aliases)))


def documented_name(operation: Operation, placeholder: str) -> str:
    """How the language prefers to call a path parameter: `customer_id` for `{customer}`."""
    taken = operation.params.fields
    names = (name for name, filled in _path_names(operation) if filled == placeholder and name.endswith("_id"))
    return next((name for name in names if name not in taken), placeholder)
