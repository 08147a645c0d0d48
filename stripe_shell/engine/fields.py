"""The fields of `@out`: paths into the objects of a response, and into the row of the loop around the block."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from stripe_shell.lang.ast import Output
from stripe_shell.lang.paths import parse_path

#: What the columns of a row begin with in `fields=`, whatever the loop calls its row.
ROW = "row"

#: The steps of a path; none stands for the whole object.
FieldSteps = tuple[str | int, ...]


def field_steps(name: str) -> FieldSteps:
    """Returns the steps of a field; none for one that is no path."""
    path = parse_path(name)
    return path.steps if path is not None else ()


def field_names(output: Output) -> tuple[str, ...]:
    """Returns the names of the columns of an `@out`: its fields without the quotes around parts of them."""
    return tuple([name.replace('"', "") for name in output.fields])


def is_of_row(name: str) -> bool:
    """Whether a field is a column of the row."""
    steps = field_steps(name)
    return steps[:1] == (ROW,) and len(steps) > 1


def row_columns(output: Output) -> list[FieldSteps]:
    """Returns the paths of the columns of the row among the fields of an `@out`."""
    return [field_steps(name)[1:] for name in output.fields if is_of_row(name)]


def picked(row: dict[str, Any], paths: Set[FieldSteps]) -> dict[str, Any]:
    """Returns the members of a row on these paths; a list is kept as a whole, and a member whose name has dots."""
    whole = {".".join(map(str, path)) for path in paths}
    found: dict[str, Any] = {}
    for name, value in row.items():
        inner = {path[1:] for path in paths if path and str(path[0]) == name}
        if name in whole or (inner and not isinstance(value, dict)):
            found[name] = value
        elif inner:
            found[name] = picked(value, inner)
    return found
