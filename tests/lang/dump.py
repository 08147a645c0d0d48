"""A syntax tree as indented text, without its spans."""

from __future__ import annotations

from stripe_shell.lang.ast import Arithmetic, MoneyAmount, Part, Reference, Text, Value


def dump(node: object) -> str:
    """One line for each node and field."""
    return "\n".join(_lines(node)) + "\n"


def _lines(node: object) -> list[str]:
    if isinstance(node, Value):
        return [f"{node.style} {' '.join(_part(part) for part in node.parts)}".rstrip()]
    lines = [type(node).__name__]
    for name in getattr(type(node), "__match_args__", ()):
        if "span" not in name and name != "source":
            lines += [f"  {line}" for line in _field(name, getattr(node, name))]
    return lines


def _field(name: str, value: object) -> list[str]:
    if isinstance(value, tuple) and any(hasattr(type(item), "__match_args__") for item in value):
        return [f"{name}:", *(f"  {line}" for item in value for line in _lines(item))]
    if hasattr(type(value), "__match_args__"):
        first, *rest = _lines(value)
        return [f"{name}: {first}", *rest]
    return [f"{name}: {value!r}"]


def _part(part: Part) -> str:
    if isinstance(part, Text):
        return repr(part.text)
    if isinstance(part, Arithmetic):
        rounding = f" {part.rounding}" if part.rounding else ""
        return f"<{_side(part.left)} {part.operator} {_side(part.right)}{rounding}>"
    if isinstance(part, MoneyAmount):
        return f"<{_part(part.amount)} in {_side(part.currency)}>"
    default = "" if part.default is None else f" default={_side(part.default)}"
    return f"<{part.raw}: {part.namespace or ''}{':' if part.namespace else ''}{part.name} {list(part.path)}{default}>"


def _side(side: Reference | str) -> str:
    return repr(side) if isinstance(side, str) else _part(side)
