"""Formats values for people: money, dates, and ids with a brief of their objects where the session has seen them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from stripe_shell.escaping import visible
from stripe_shell.json_text import scalar_text
from stripe_shell.patterns import pattern
from stripe_shell.records import field, record
from stripe_shell.render.cards.computed import COMPUTED
from stripe_shell.render.cards.facts import LAYOUTS, Layout
from stripe_shell.render.cards.money import BY_CURRENCY, currency_of, is_amount, money_text
from stripe_shell.render.cards.times import date_text, is_time, moment_text, relative, short_date
from stripe_shell.render.formats.json import compact_json
from stripe_shell.render.shape import pick

JsonObject = Mapping[str, Any]

_ID = pattern(r"[a-z][a-z_]*_[A-Za-z0-9_]{2,}")
_STEPS = pattern(r"[^.\[\]]+")
#: Separators between the paths of a line.
SEPARATORS = frozenset("·→×/(")  # noqa: RUF001
#: Longer ids are shortened in a cell, in characters.
_LONG_ID = 20
#: The maximum nesting of briefs: an item contains its price, the price its product.
_DEEPEST = 3


@record
class Display:
    """The target of a card or list: width in terminal columns, colour, the current time in epoch seconds."""

    width: int = 80
    color: bool = False
    now: int = 0
    known: Mapping[str, JsonObject] = field(default_factory=dict)
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    full: bool = False


@record
class FactLine:
    """A line of a card, or a column: its label, and paths with the separators in front of them.

    `sparing`: it is omitted if its value is 0 or false.
    """

    label: str
    parts: tuple[tuple[str, str], ...]
    sparing: bool = False

    @property
    def path(self) -> str:
        """The only path, or the first one."""
        return self.parts[0][1]


@cache
def fact_line(text: str) -> FactLine:
    """Parses a line of the table of facts."""
    label, colon, rest = text.partition(": ")
    parts, separator = [], ""
    for word in (rest if colon else text).split():
        if word in SEPARATORS:
            separator = word
        else:
            parts.append((separator, word.removesuffix("?")))
            separator = ""
    name = label if colon else parts[0][1].rpartition(".")[2].lstrip("$").replace("_", " ")
    return FactLine(name, tuple(parts), sparing=text.endswith("?"))


def plain_line(path: str) -> FactLine:
    """Returns the line for one path, which need not have the form of those in the table of facts."""
    return FactLine(visible(path).replace("_", " "), (("", path),))


def layout_of(obj: JsonObject) -> Layout | None:
    """Returns the layout of an object, None for an unknown kind."""
    return LAYOUTS.get(str(obj.get("object")))


def chosen_lines(obj: JsonObject, display: Display) -> list[FactLine]:
    """Returns the lines or columns that the user has chosen for objects of this kind; empty if there are none."""
    return [plain_line(path) for path in display.fields.get(str(obj.get("object")), ())]


def line_text(obj: JsonObject, line: FactLine, display: Display, *, cell: bool = False, depth: int = 0) -> str:
    """Returns the text of a line or cell: of those of its parts that the object has; empty if it has none."""
    if line.sparing and not member(obj, line.path)[0]:
        return ""
    if len(line.parts) == 1:
        return part_text(obj, line.path, display, cell=cell, depth=depth)
    text = ""
    dates = any(separator == "→" for separator, _ in line.parts)
    for separator, path in line.parts:
        shown = part_text(obj, path, display, cell=cell or dates, depth=depth, date=dates)
        if shown and text:
            text += f"   ({shown})" if separator == "(" else f" {separator} {shown}" if separator else f"  {shown}"
        elif shown:
            text = shown
    return text


def part_text(
    obj: JsonObject, path: str, display: Display, *, cell: bool = False, depth: int = 0, date: bool = False
) -> str:
    """Returns the fact at a path of the object; `cell` shortens it, `date` omits the time of day."""
    if path in COMPUTED:
        return _computed_text(obj, path, display)
    value, name, currency = member(obj, path)
    if date and is_time(name, value):
        return date_text(value)
    return value_text(value, name, currency, display, cell=cell, depth=depth)


def _computed_text(obj: JsonObject, name: str, display: Display) -> str:
    """Returns a computed fact; empty if the response does not have the form that Stripe documents."""
    try:
        return visible(COMPUTED[name](obj, display.now))
    except (AttributeError, KeyError, TypeError, ValueError):
        return ""


def member(obj: Any, path: str) -> tuple[Any, str, str | None]:
    """Returns the value at a path, its name, and the currency that applies there."""
    if path in obj:
        value = obj[path]
        return value, path, None if value is None or isinstance(value, str) else currency_of(obj, path, None)
    currency: str | None = None
    value, name = obj, ""
    for match in _STEPS.finditer(path):
        name = match[0]
        currency = name if currency == "" else currency_of(value, name, currency)
        if name in BY_CURRENCY:
            currency = ""
        value = pick(value, name)
        if value is None:
            return pick(obj, path), name, currency
    return value, name, currency or None


def value_text(
    value: Any, name: str, currency: str | None, display: Display, *, cell: bool = False, depth: int = 0
) -> str:
    """Returns a value on one line; empty for null and for an empty value."""
    if value is None or value == "" or value == [] or value == {}:
        return ""
    if isinstance(value, str):
        return _text_or_reference(value, name, display, cell=cell, depth=depth)
    if isinstance(value, Mapping):
        return _object_text(value, display, cell=cell, depth=depth)
    if isinstance(value, list):
        return _list_text(value, display, cell=cell, depth=depth)
    if currency and is_amount(name, value):
        return money_text(value, currency)
    if is_time(name, value):
        if not cell:
            return moment_text(value)
        return relative(value, display.now) if name == "created" else short_date(value, display.now)
    return visible(scalar_text(value))


def _text_or_reference(value: str, name: str, display: Display, *, cell: bool, depth: int) -> str:
    known = display.known.get(value) if name != "id" and _ID.fullmatch(value) else None
    if known is not None:
        return reference_text(known, display, cell=cell, depth=depth)
    if name == "id" or not _ID.fullmatch(value):
        return visible(value)
    return "" if depth else _cell_id(visible(value), display, cell)


def _object_text(value: JsonObject, display: Display, *, cell: bool, depth: int) -> str:
    if value.keys() == {"value", "currency"} and isinstance(value["value"], int):
        return money_text(value["value"], str(value["currency"]))
    if isinstance(value.get("amount"), int) and isinstance(value.get("currency"), str) and "id" not in value:
        return money_text(value["amount"], value["currency"])
    if isinstance(value.get("id"), str):
        return reference_text(value, display, cell=cell, depth=depth)
    return visible(compact_json(value))


def _list_text(value: Sequence[Any], display: Display, *, cell: bool, depth: int) -> str:
    if all(not isinstance(item, Mapping | list) for item in value):
        return ", ".join(visible(item) if isinstance(item, str) else scalar_text(item) for item in value)
    texts = [value_text(item, "", None, display, cell=cell, depth=depth) for item in value]
    return ", ".join(text for text in texts if text)


def reference_text(obj: JsonObject, display: Display, *, cell: bool = False, depth: int = 0) -> str:
    """Returns the text of a referenced object: brief and id; in a cell title and short id; deeper the brief."""
    if depth:
        return title_of(obj, display, depth=depth) or brief_of(obj, display, depth=depth)
    layout = LAYOUTS.get(str(obj.get("object")))
    if cell and layout is not None and layout.cell:
        return line_text(obj, fact_line(layout.cell), display, depth=1)
    identifier = reference_id(obj)
    words = title_of(obj, display) if cell else brief_of(obj, display)
    return f"{words}  {short_id(identifier) if cell else identifier}" if words else _cell_id(identifier, display, cell)


def _cell_id(identifier: str, display: Display, cell: bool) -> str:
    return short_id(identifier, tail=8) if cell and not display.full and len(identifier) > _LONG_ID else identifier


def reference_id(obj: JsonObject) -> str:
    """Returns the id that represents an object: its own, or that of the object it concerns."""
    layout = LAYOUTS.get(str(obj.get("object")))
    return visible(str((layout and pick(obj, layout.id)) or obj.get("id") or ""))


def brief_of(obj: JsonObject, display: Display, *, depth: int = 0) -> str:
    """Returns a short text that distinguishes the object from others of its kind; empty if unknown."""
    layout = LAYOUTS.get(str(obj.get("object")))
    if layout is None or not layout.brief or depth >= _DEEPEST:
        return ""
    return line_text(obj, fact_line(layout.brief), display, depth=depth + 1)


def title_of(obj: JsonObject, display: Display, *, depth: int = 0) -> str:
    """Returns the name of the object; empty if it has none."""
    layout = LAYOUTS.get(str(obj.get("object")))
    paths = layout.title if layout else ()
    texts = (part_text(obj, path, display, depth=depth + 1) for path in paths)
    return next((text for text in texts if text), "")


def state_of(obj: JsonObject, display: Display) -> str:
    """Returns the state of the object in a word: its status, or `deleted`."""
    if obj.get("deleted") is True:
        return "deleted"
    layout = layout_of(obj)
    path = layout.state if layout else "status"
    state = part_text(obj, path, display) if path else ""
    return state if len(state) <= 40 else ""


def short_id(text: str, *, tail: int = 4) -> str:
    """Returns an id shortened to its kind and its end: `cus_…5442`; short ones unchanged."""
    head, underline, rest = text.rpartition("_")
    return f"{head}_…{rest[-tail:]}" if underline and len(rest) > tail + 4 else text


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yields every member that is not an object or a list with members, at any depth, with its path."""
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from leaves(inner, f"{path}[{index}]")
    else:
        yield path, value


def is_empty(value: Any) -> bool:
    """Whether a member is empty: null, an empty text, list or object."""
    return value is None or value == "" or value == [] or value == {}
