"""Validation problems as data; callers word the messages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from stripe_shell.records import field, record

from .shapes import dotted

ParamPath = tuple[str, ...]
#: A parameter tree: strings, numbers, booleans and None as leaves, lists and dicts with string keys above them.
ParamTree = Any

ProblemKind = Literal[
    "unknown",  # no such parameter; `suggestion` and `elsewhere` are possible intentions
    "missing",  # a required parameter is missing
    "empty",  # an empty string where the value cannot be unset
    "not_string",
    "not_integer",
    "not_number",
    "not_decimal",
    "not_boolean",
    "not_time",
    "not_object",
    "not_array",
    "enum",  # not one of `allowed`
    "too_long",  # longer than `limit` characters
    "out_of_range",  # `limit` is the bound that was exceeded
    "too_many",  # more than `limit` metadata keys
    "currency",  # a text that is no currency code
    "new_currency",  # a currency code that the list does not have
    "bad_key",  # a metadata key longer than `limit` characters, or with a bracket
]


@record
class Problem:
    """One problem of a parameter tree, at `path` (names, map keys and array indices as text).

    `expected` is the label of the expected type. `meant` is the value or dotted path that was meant, where that is
    certain; `known` are the names or values among which a similar one is looked for. `elsewhere` lists the dotted paths
    at which the operation has a parameter of the same name.
    """

    path: ParamPath
    kind: ProblemKind
    value: ParamTree = None
    expected: str = ""
    allowed: tuple[str, ...] = ()
    meant: str | None = None
    elsewhere: tuple[str, ...] = ()
    limit: int | None = None
    known: Iterable[str] = field(default=(), compare=False, repr=False)

    @property
    def suggestion(self) -> str | None:
        """The name, value or dotted path that was probably meant; found when asked for, as the search is slow."""
        return next(iter(self.suggestions), None)

    @property
    def suggestions(self) -> tuple[str, ...]:
        """The names or values that were probably meant, the most similar first; several if they are equally similar."""
        if self.meant is not None or not self.known:
            return (self.meant,) if self.meant is not None else ()
        from .close_names import close_names

        return close_names(self.path[-1] if self.kind == "unknown" else str(self.value), self.known)

    @property
    def name(self) -> str:
        """Returns the path as written in the language."""
        return dotted(self.path)
