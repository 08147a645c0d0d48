"""Renders every member of a response as an indented tree, empty ones named at the end; compares two responses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import Any

from stripe_shell.escaping import visible
from stripe_shell.json_text import scalar_text
from stripe_shell.render.cards.money import BY_CURRENCY, currency_of, is_amount, money_text
from stripe_shell.render.cards.times import is_time, moment_text
from stripe_shell.render.cards.values import Display, is_empty, leaves
from stripe_shell.render.cells import BOLD, CYAN, DIM, pad, paint, text_width
from stripe_shell.render.fold import fold_line

_NARROWEST = 20


def tree_lines(value: Any, display: Display) -> Iterator[str]:
    """Yields every member of a value, nested ones indented; texts are not cut, empty members are named at the end."""
    yield from _members(value, display, "", None)
    empty = [visible(path) for path, leaf in leaves(value) if path and is_empty(leaf)]
    if empty:
        room = max(display.width - 7, _NARROWEST)
        for number, part in enumerate(wrap(", ".join(empty), room, break_long_words=False, break_on_hyphens=False)):
            yield paint(f"{'' if number else 'empty':<7}{part}", DIM, display.color)


def _members(value: Any, display: Display, indent: str, currency: str | None) -> Iterator[str]:
    """Yields the members of a value; an empty `currency` means that their names are currencies."""
    if not isinstance(value, Mapping | list):
        yield f"{indent}{leaf_text(value, '', currency)}"
        return
    pairs = list(_told_members(value, currency))
    width = max(
        (text_width(visible(name)) for name, item, _ in pairs if not isinstance(item, Mapping | list)), default=0
    )
    for name, item, inner in pairs:
        label = paint(visible(name), BOLD, display.color)
        if isinstance(item, Mapping | list):
            yield f"{indent}{label}"
            yield from _members(item, display, f"{indent}  ", "" if name in BY_CURRENCY else inner)
        else:
            before = f"{indent}{pad('', width)}  "
            first, *rest = _folded(leaf_text(item, name, inner), before, display)
            shown = paint(first, CYAN, display.color) if name == "id" else first
            yield f"{indent}{label}{pad('', width - text_width(visible(name)))}  {shown}"
            yield from rest


def _folded(text: str, before: str, display: Display) -> list[str]:
    """Returns a text as rows for the columns behind `before`; the second and later rows begin with blanks.

    A word that is wider than a row is left to the terminal, so that a copied URL is whole.
    """
    indent = min(len(before), max(display.width - _NARROWEST, 4))
    first, *rest = fold_line(" " * len(before) + text, display.width, indent)
    return [first[len(before) :], *rest]


def _told_members(value: Any, currency: str | None) -> Iterator[tuple[str, Any, str | None]]:
    """Yields name, value and currency of the members that are not empty at any depth."""
    named = value.items() if isinstance(value, Mapping) else ((f"[{index}]", item) for index, item in enumerate(value))
    for name, item in named:
        if not all(is_empty(leaf) for _, leaf in leaves(item)):
            yield str(name), item, str(name) if currency == "" else currency_of(value, str(name), currency)


def leaf_text(value: Any, name: str, currency: str | None) -> str:
    """Returns a value formatted, followed by it as sent: `20.00 USD (2000)`, `28 Nov 2026 15:08 (1795414998)`."""
    if isinstance(value, str):
        return visible(value)
    if currency and (is_amount(name, value) or (name == currency and isinstance(value, int))):
        return f"{money_text(value, currency)} ({value})"
    if is_time(name, value):
        return f"{moment_text(value)} ({value})"
    return scalar_text(value)


def changes(before: Any, after: Any) -> list[tuple[str, str, str]]:
    """Returns path, text before and text after of every member that differs, in the order of `after`."""
    old, new = dict(leaves(before)), dict(leaves(after))
    money = after if isinstance(after, Mapping) else {}
    found = []
    for path in dict.fromkeys([*new, *old]):
        left, right = old.get(path), new.get(path)
        same = left == right and type(left) is type(right)
        if same or (is_empty(left) and is_empty(right)) or _is_branch(path, old) or _is_branch(path, new):
            continue
        found.append((visible(path), _side(left, path, money), _side(right, path, money)))
    return found


def _is_branch(path: str, others: Mapping[str, Any]) -> bool:
    """Whether a path that is empty on one side has members on the other, which are listed separately."""
    return path not in others and any(other.startswith((f"{path}.", f"{path}[")) for other in others)


def _side(value: Any, path: str, obj: Mapping[str, Any]) -> str:
    name = path.rpartition(".")[2]
    if is_empty(value):
        return "(none)"
    if is_amount(name, value) and (currency := currency_of(obj, name, None)):
        return money_text(value, currency)
    if is_time(name, value):
        return moment_text(value)
    return visible(value) if isinstance(value, str) else scalar_text(value)


def change_lines(changed: list[tuple[str, str, str]], display: Display, *, most: int | None = None) -> Iterator[str]:
    """Yields `name  Ann → Anne` for each change, at most `most`."""
    shown = changed if most is None or len(changed) <= most + 1 else changed[:most]
    width = max((text_width(path) for path, _, _ in shown), default=0)
    for path, before, after in shown:
        yield from _change_rows(path, before, after, width, display)
    if len(shown) < len(changed):
        yield paint(f"  + {len(changed) - len(shown)} more changes      @diff  all of them", DIM, display.color)


def _change_rows(path: str, before: str, after: str, width: int, display: Display) -> Iterator[str]:
    """Yields a change on one row if it fits, else the value after it below the value before."""
    label = paint(pad(path, width), BOLD, display.color)
    if width + 7 + text_width(before) + text_width(after) <= display.width:
        yield f"  {label}  {paint(before, DIM, display.color)} → {after}"
        return
    narrow = display.width - width - 4 < _NARROWEST
    indent, head = (" " * 4, " " * 4) if narrow else (" " * (width + 4), f"  {label}  ")
    if narrow:
        yield f"  {paint(path, BOLD, display.color)}"
    first, *rest = _folded(before, indent, display)
    yield f"{head}{paint(first, DIM, display.color)}"
    yield from (paint(row, DIM, display.color) for row in rest)
    first, *rest = _folded(after, f"{indent}→ ", display)
    yield f"{indent}→ {first}"
    yield from rest
