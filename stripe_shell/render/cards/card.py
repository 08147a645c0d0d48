"""Renders an object as a card of about ten lines with its most important facts; `@open` shows the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stripe_shell.escaping import visible
from stripe_shell.render.cards.computed import COMPUTED
from stripe_shell.render.cards.money import is_amount
from stripe_shell.render.cards.states import painted_state, sign, state_style
from stripe_shell.render.cards.times import is_time
from stripe_shell.render.cards.values import (
    Display,
    FactLine,
    JsonObject,
    brief_of,
    chosen_lines,
    fact_line,
    is_empty,
    layout_of,
    leaves,
    line_text,
    member,
    plain_line,
    reference_id,
    short_id,
    state_of,
    value_text,
)
from stripe_shell.render.cells import BOLD, CYAN, DIM, cut, pad, paint, text_width

#: The most lines between the head of a card and its last line, and those for a list or a nested object.
_MOST_LINES, _MOST_NESTED = 9, 3

#: The widest head in columns; the state is at its right end.
_WIDEST_HEAD = 78
#: The columns that an id has at least, before the state gives way to it.
_LEAST_ID = 12
#: The columns that the text before an id has at least, before the id gives way to it.
_LEAST_TEXT = 8

_NAMES = ("name", "display_name", "title", "email", "nickname", "number", "description")
#: Members that the head shows, or that carry no information.
_HEAD = frozenset({"id", "object", "livemode"})


def card_lines(obj: JsonObject, display: Display, *, counted: bool = True) -> Iterator[str]:
    """Yields the lines of a card: head, the most important facts, and with `counted` how many other members it has."""
    yield head_line(obj, display)
    shown = list(_shown_lines(obj, display))
    rows = [row for _, found in shown for row in found]
    width = max((text_width(label) for label, _, _ in rows), default=0) + 2
    for label, text, identifier in rows:
        room = 1_000_000 if display.full else max(display.width - width - 2, 1)
        yield f"  {paint(pad(label, width), BOLD, display.color)}{_fitted(text, identifier, room, display)}".rstrip(" ")
    if counted:
        yield from _last_line(obj, [line for line, _ in shown], display)


def head_line(obj: JsonObject, display: Display, *, with_state: bool = True) -> str:
    """Returns `● subscription  sub_…   active`; the state can be left out, and is where there is no room for it."""
    state = state_of(obj, display)
    bullet = paint(sign(state), state_style(state), display.color)
    kind, identifier = visible(str(obj.get("object") or "object")), visible(str(obj.get("id") or ""))
    if text_width(kind) + text_width(state) + 6 + _LEAST_ID > display.width:
        state, kind = "", cut(kind, max(display.width - 4 - _LEAST_ID, 1))
    room = min(display.width, _WIDEST_HEAD) - text_width(kind) - (text_width(state) + 6 if state else 4)
    shown = cut(identifier, max(room, 1))
    gap = " " * max(room - text_width(shown), 0) if state else ""
    line = f"{bullet} {paint(kind, BOLD, display.color)}  {paint(shown, CYAN, display.color)}"
    return f"{line}{gap}  {painted_state(state, display.color)}".rstrip(" ") if with_state else line


def _shown_lines(obj: JsonObject, display: Display) -> Iterator[tuple[FactLine, list[tuple[str, str, str]]]]:
    """Yields the lines that fit, each with its rows: label (on the first row only), text and id."""
    left = _MOST_LINES
    for line in _lines_of(obj, display):
        found = list(_values(obj, line, display))[:left]
        if found:
            rows = [(label if not at or label != line.label else "", *rest) for at, (label, *rest) in enumerate(found)]
            yield line, rows  # type: ignore[misc]
        left -= len(found)


def _lines_of(obj: JsonObject, display: Display) -> list[FactLine]:
    layout = layout_of(obj)
    facts = [fact_line(text) for text in layout.card] if layout else [plain_line(name) for name in generic_fields(obj)]
    return chosen_lines(obj, display) or facts


def generic_fields(obj: JsonObject) -> list[str]:
    """Returns the members of an object of an unknown kind by importance: names, amounts, times, then the others."""
    there = [name for name, value in obj.items() if not is_empty(value) and name not in _HEAD and name != "status"]
    named = [name for name in _NAMES if name in there]
    amounts = [name for name in there if is_amount(name, obj[name])]
    times = [name for name in there if is_time(name, obj[name])]
    simple = [name for name in there if not isinstance(obj[name], Mapping | list)]
    return list(dict.fromkeys([*named, *amounts, *times, *simple, *there]))


def _values(obj: JsonObject, line: FactLine, display: Display) -> Iterator[tuple[str, str, str]]:
    """Yields the rows of a line: one, one for each item of a list, or a nested object as an indented tree."""
    if len(line.parts) == 1 and line.path not in COMPUTED:
        value, name, currency = member(obj, line.path)
        if isinstance(value, Mapping) and value.get("object") == "list":
            value = value.get("data")
        if isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
            yield from _items(line.label, value, display)
            return
        if isinstance(value, Mapping) and not isinstance(value.get("id"), str) and _has_members(value):
            yield from _tree(line.label, value, name, currency, display)
            return
        other = _reference(line.label, value, display) if line.path != "id" else []
        yield from other or _plain(obj, line, display)
        return
    yield from _plain(obj, line, display)


def _plain(obj: JsonObject, line: FactLine, display: Display) -> list[tuple[str, str, str]]:
    text = line_text(obj, line, display)
    return [(line.label, text, "")] if text else []


def _reference(label: str, value: Any, display: Display) -> list[tuple[str, str, str]]:
    """Returns the line for another object, given as an object or as an id; an empty list for other values."""
    known = value if isinstance(value, Mapping) else display.known.get(value) if isinstance(value, str) else None
    if known is None or not isinstance(known.get("id"), str):
        return []
    return [(label, brief_of(known, display), reference_id(known))]


def _items(label: str, items: list[Any], display: Display) -> Iterator[tuple[str, str, str]]:
    for item in items[:_MOST_NESTED]:
        found = _reference(label, item, display) if isinstance(item, Mapping) else []
        yield from found or [(label, value_text(item, "", None, display), "")]
    if len(items) > _MOST_NESTED:
        yield label, f"… {len(items) - _MOST_NESTED} more", ""


def _has_members(value: JsonObject) -> bool:
    """Whether an object has members to be shown below one another, and is not an amount with its currency."""
    return not (isinstance(value.get("currency"), str) and value.keys() <= {"amount", "value", "currency"})


def _tree(
    label: str, value: JsonObject, name: str, currency: str | None, display: Display
) -> Iterator[tuple[str, str, str]]:
    """Yields a nested object: its label, and its members indented below it."""
    shown = [
        (inner, text)
        for inner, item in value.items()
        if (text := value_text(item, inner, _currency(value, inner, currency), display))
    ]
    if shown:
        yield label, "", ""
    for inner, text in shown[:_MOST_NESTED]:
        yield f"  {visible(inner)}", text, ""
    if len(shown) > _MOST_NESTED:
        yield f"  … {len(shown) - _MOST_NESTED} more", "", ""


def _currency(obj: JsonObject, name: str, outer: str | None) -> str | None:
    """Returns the currency of a member of a nested object."""
    return member(obj, name)[2] or outer if name in obj else outer


def _fitted(text: str, identifier: str, room: int, display: Display) -> str:
    """Returns text and id in the room: the id is shortened first, then the text is cut, then the id left out."""
    if not identifier:
        return cut(text, room)
    if not text:
        return paint(cut(identifier, room), CYAN, display.color)
    if text_width(text) + 2 + len(identifier) > room:
        identifier = short_id(identifier, tail=8)
    left = room - len(identifier) - 2
    return f"{cut(text, left)}  {paint(identifier, CYAN, display.color)}" if left >= _LEAST_TEXT else cut(text, room)


def _last_line(obj: JsonObject, lines: list[FactLine], display: Display) -> Iterator[str]:
    """Yields `+ 41 more, 38 empty   @open everything · …`; nothing where the lines of the card show everything."""
    paths = [path for line in lines for _, path in line.parts if path not in COMPUTED]
    covered = (*paths, *_HEAD, "status")
    rest = [value for path, value in leaves(obj) if not any(_is_below(path, each) for each in covered)]
    empty = sum(map(is_empty, rest))
    more = len(rest) - empty
    if not rest:
        return
    counts = ", ".join(text for text in (f"{more} more" * bool(more), f"{empty} empty" * bool(empty)) if text)
    inner = next((f"@open {visible(path)}{mark}" for path in paths if (mark := _way_in(obj, path)) is not None), "")
    line = f"  + {counts}"
    for number, way in enumerate(filter(None, ["@open  everything", inner, "@format json"])):
        longer = f"{line}{' · ' if number else '      '}{way}"
        line = longer if text_width(longer) <= display.width else line
    yield paint(cut(line, display.width), DIM, display.color)


def _way_in(obj: JsonObject, path: str) -> str | None:
    """Returns what `@open` needs behind the path of a nested object: nothing, or `[0]` for a list; None for a value."""
    value = member(obj, path)[0]
    if isinstance(value, list):
        return "[0]" if any(isinstance(item, Mapping) for item in value) else None
    return "" if isinstance(value, Mapping) and "object" in value else None


def _is_below(path: str, outer: str) -> bool:
    return path == outer or path.startswith((f"{outer}.", f"{outer}["))
