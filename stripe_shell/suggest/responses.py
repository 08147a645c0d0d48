"""Completion of paths into responses: for `@expect`, for `expand`, and below a reference."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stripe_shell.patterns import pattern
from stripe_shell.records import record
from stripe_shell.spec.model import Operation, Shape
from stripe_shell.spec.shapes import response_field, response_names, type_label
from stripe_shell.spec.table import Table

_STEP = pattern(r"[^.\[\]]+")
_SHOWN_VALUES = 3
_DEEPEST_EXPANSION = 4


@record
class PathName:
    """A path up to the next name, and a description of the value there."""

    text: str
    meta: str


def response_paths(table: Table, shape: Shape, typed: str) -> Iterator[PathName]:
    """Yields the paths one name longer than `typed`: `items.data[0].` and its fields."""
    base = typed[: max(typed.rfind("."), 0)]
    above = response_field(table, shape, _steps(base))
    if above is None:
        return
    lead = f"{base}." if base else ""
    for name in response_names(table, above):
        inner = response_field(table, above, (name,))
        if inner is None:
            continue
        yield PathName(lead + name, type_label(inner, _SHOWN_VALUES))
        if inner.kind == "array":
            yield from (PathName(f"{lead}{name}{mark}", "every row" if "*" in mark else "") for mark in ("[0]", "[*]"))


def expandable_paths(table: Table, operation: Operation, typed: str) -> Iterator[PathName]:
    """Yields the paths that `expand` accepts, one name longer than `typed`; those of lists begin with `data.`."""
    base = typed[: max(typed.rfind("."), 0)]
    if operation.response.is_list and not base:
        yield PathName("data.", "the rows")
        return
    steps = base.split(".") if base else []
    depth = len([step for step in steps if step != "data"])
    above = response_field(table, operation.response, _through_rows(table, operation.response, steps))
    if above is None or depth >= _DEEPEST_EXPANSION:
        return
    lead = f"{base}." if base else ""
    for name in response_names(table, above):
        inner = response_field(table, above, (name,))
        if inner is None:
            continue
        if inner.expandable or (inner.kind == "array" and inner.items is not None and inner.items.expandable):
            yield PathName(lead + name, type_label(inner, _SHOWN_VALUES))
        elif inner.is_list:
            yield PathName(f"{lead}{name}.data.", type_label(inner, _SHOWN_VALUES))


def _through_rows(table: Table, shape: Shape, steps: list[str]) -> tuple[str, ...]:
    """Returns the steps with an index after every array."""
    path: tuple[str, ...] = ()
    for step in steps:
        path = (*path, step)
        inner = response_field(table, shape, path)
        if inner is not None and inner.kind == "array":
            path = (*path, "0")
    return path


def reference_paths(value: Any, typed: str) -> Iterator[PathName]:
    """Yields the fields of a saved response, one name longer than `typed` (`customer.`, `list.data[0].`)."""
    base = typed[: max(typed.rfind("."), 0)]
    for step in _steps(base)[1:]:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return
    if isinstance(value, dict):
        for name, inner in value.items():
            yield PathName(f"{base}.{name}", _preview(inner))
            if isinstance(inner, list) and inner:
                yield PathName(f"{base}.{name}[0]", _preview(inner[0]))


def _preview(value: Any) -> str:
    """Returns a short description of a value."""
    if isinstance(value, dict):
        return str(value.get("id") or value.get("object") or "object")
    if isinstance(value, list):
        return f"list of {len(value)}"
    text = "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"


def _steps(path: str) -> tuple[str, ...]:
    return tuple(_STEP.findall(path))
