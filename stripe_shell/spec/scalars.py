"""Converts numbers, booleans and times between Python values and form text."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stripe_shell.patterns import pattern

from .problems import ParamTree, ProblemKind

_INTEGER = pattern(r"-?[0-9]{1,100}")
_DECIMAL = pattern(r"-?([0-9]+(\.[0-9]*)?|\.[0-9]+)")
_NUMBER = pattern(r"-?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]{1,3})?")


def scalar_text(value: ParamTree) -> str:
    """Returns a scalar as form text."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _is_integer(value: ParamTree) -> bool:
    if isinstance(value, str):
        return _INTEGER.fullmatch(value) is not None
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: ParamTree) -> bool:
    return _NUMBER.fullmatch(value) is not None if isinstance(value, str) else _is_finite(value)


def _is_decimal(value: ParamTree) -> bool:
    return _DECIMAL.fullmatch(value) is not None if isinstance(value, str) else _is_finite(value)


def _is_finite(value: ParamTree) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, int) or value - value == 0  # false for nan and infinity


def _is_boolean(value: ParamTree) -> bool:
    return isinstance(value, bool) or value in ("true", "false")


#: Maps each kind of scalar other than text to a predicate for its values and the problem when that fails.
SCALARS: Mapping[str, tuple[Callable[[ParamTree], bool], ProblemKind]] = {
    "integer": (_is_integer, "not_integer"),
    "time": (_is_integer, "not_time"),
    "number": (_is_number, "not_number"),
    "decimal": (_is_decimal, "not_decimal"),
    "boolean": (_is_boolean, "not_boolean"),
}


def typed_scalar(value: ParamTree, kind: str) -> ParamTree:
    """Returns a valid scalar of type `kind` as a Python value: int, float or bool; decimals as text."""
    if kind in ("string", "decimal"):
        return scalar_text(value)
    if kind == "boolean":
        return value is True or value == "true"
    if not isinstance(value, str):
        return value
    return float(value) if kind == "number" and not _is_integer(value) else int(value)
