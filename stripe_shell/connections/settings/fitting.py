"""Fits settings to the type hints of a record without pydantic, whose import takes longer than all else at the start.

What does not fit plainly is left to pydantic, which says why.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")

#: Integers up to this are exact as floats.
_EXACT = 2**53


def fit(model: type[T], data: Mapping[str, Any], names: Container[str]) -> T | None:
    """Returns `data` as a `model` of which it sets only fields in `names`; None unless all of it fits.

    Accepts no more than pydantic does in strict mode, with the same result.
    """
    hints = get_type_hints(model)
    if not all(name in names and _fits(value, hints[name]) for name, value in data.items()):
        return None
    return model(**{name: float(value) if hints[name] is float else value for name, value in data.items()})


def _fits(value: Any, hint: Any) -> bool:
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return True
    if hint in (str, int, bool, NoneType):
        return type(value) is hint
    if hint is float:
        return type(value) is float or (type(value) is int and abs(value) <= _EXACT)
    if origin is Literal:
        return type(value) is str and value in arguments
    if origin in (Union, UnionType):
        return any(_fits(value, each) for each in arguments if each is not float)
    if origin is dict:
        key, inner = arguments
        return type(value) is dict and all(_fits(name, key) and _fits(each, inner) for name, each in value.items())
    return False
