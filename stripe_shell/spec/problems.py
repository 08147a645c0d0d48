"""What can be wrong with a parameter, as data; the wording is left to who shows it."""

from __future__ import annotations

from typing import Any, Literal

from stripe_shell.records import record

from .shapes import dotted

Path = tuple[str, ...]
#: A parameter tree: text, numbers, booleans and None at the leaves, lists and dicts with text keys above them.
Tree = Any

ProblemKind = Literal[
    "unknown",  # no such parameter; `suggestion` and `elsewhere` say what was meant
    "missing",  # a required parameter is not there
    "empty",  # the empty text where a value cannot be unset
    "not_string",
    "not_integer",
    "not_number",
    "not_decimal",
    "not_boolean",
    "not_time",
    "not_object",
    "not_array",
    "enum",  # none of `allowed`
    "too_long",  # longer than `limit` characters
    "out_of_range",  # `limit` is the bound that was passed
    "too_many",  # more than `limit` keys of metadata
    "bad_key",  # a key of metadata longer than `limit` characters, or with a bracket in it
]


@record
class Problem:
    """One thing that is wrong with a parameter tree, at `path` (names, map keys and array indices as text).

    `expected` is the label of the shape there. `suggestion` is the name, value or dotted path that was probably
    meant; `elsewhere` lists the dotted paths at which the operation has a parameter of that very name.
    """

    path: Path
    kind: ProblemKind
    value: Tree = None
    expected: str = ""
    allowed: tuple[str, ...] = ()
    suggestion: str | None = None
    elsewhere: tuple[str, ...] = ()
    limit: int | None = None

    @property
    def name(self) -> str:
        """The path as the language writes it."""
        return dotted(self.path)
