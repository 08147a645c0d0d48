"""Writes an example block of an operation: its required and documented parameters with plausible values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from .currencies import is_currency
from .id_prefixes import ID_PREFIXES
from .model import Operation, Shape
from .names import documented_name, resolve_name
from .shapes import shape_at
from .validate import fits, required_names

_NAMED: Final[Mapping[str, str]] = {
    "amount": "2000",
    "country": "US",
    "day": "1",
    "description": "Pro plan",
    "email": "ann@example.com",
    "interval": "month",
    "limit": "3",
    "month": "1",
    "name": "Ann Lee",
    "payment_method": "pm_card_visa",
    "phone": "+15555550100",
    "query": 'email:"ann@example.com"',
    "source": "tok_visa",
    "unit_amount": "2000",
    "year": "2030",
}
_SCALARS: Final[Mapping[str, str]] = {
    "integer": "1",
    "number": "1",
    "boolean": "true",
    "decimal": "1.5",
    "time": "now",
    "file": "photo.png",
}
_FORMS: Final[Mapping[str, str]] = {"date-time": "2026-01-01T00:00:00Z", "int64": "1"}
#: What Stripe asks for although the table requires no single parameter of the call.
_ONE_OF: Final[Mapping[str, Mapping[str, str]]] = {
    "create checkout.session": {
        "mode": "payment",
        "success_url": "https://example.com/thanks",
        "line_items[0].quantity": "1",
        "line_items[0].price_data.currency": "usd",
        "line_items[0].price_data.unit_amount": "2000",
        "line_items[0].price_data.product_data.name": "T-shirt",
    },
    "create price": {"unit_amount": "2000", "recurring.interval": "month", "product_data.name": "Pro plan"},
    "create coupon": {"percent_off": "10"},
    "create payment_method": {"type": "card", "card.token": "tok_visa"},
}
_CURSORS: Final = frozenset({"starting_after", "ending_before"})
_ID_DIGITS: Final = "NffrFeUfNV2Hib"


def example_block(operation: Operation) -> str:
    """Returns a block that calls the operation on the sandbox; ids in it are made up, a file in it is `photo.png`."""
    lines = ["/sandbox", f"action: {operation.action}", f"entity: {operation.entity}"]
    for placeholder in operation.path_params:
        lines.append(f"{documented_name(operation, placeholder)}: {_id_of(operation.path_words[placeholder])}")
    written: dict[str, str] = {}
    for path in _wanted(operation):
        written.update(_member(path, operation))
    written.update(_ONE_OF.get(operation.name, {}))
    if operation.action == "update" and not written and "metadata" in operation.params.fields:
        written["metadata.order"] = "6735"
    lines += [f"{name}: {value}" for name, value in written.items()]
    return "\n".join(lines)


def _wanted(operation: Operation) -> Iterator[tuple[str, ...]]:
    """Yields the paths of documented parameters but cursors of lists, then those of the other required ones."""
    for name in operation.documented_params:
        found = resolve_name(operation, (name,))
        if found.path_param is None and found.path and name not in _CURSORS:
            yield tuple(found.path)
    for name in required_names(operation):
        yield tuple(name.split("."))


def _member(path: tuple[str, ...], operation: Operation) -> Iterator[tuple[str, str]]:
    """Yields the lines for one parameter, and for the required ones beside it in the objects on its way."""
    shape = shape_at(operation.params, path)
    if shape is not None:
        yield from _values(_written(path), path[-1], shape)
    for depth in range(1, len(path)):
        above = shape_at(operation.params, path[:depth])
        for name, field in above.fields.items() if above is not None else ():
            if field.required and name != path[depth]:
                yield from _values(_written((*path[:depth], name)), name, field.shape)


def _values(at: str, name: str, shape: Shape) -> Iterator[tuple[str, str]]:
    """Yields the names and values of a small valid value of the shape at `at`."""
    if shape.kind == "union" and not is_currency(name, shape):
        yield from _values(at, name, shape.variants[0])
    elif shape.kind == "array" and shape.items:
        yield from _values(f"{at}[0]", name.removesuffix("s"), shape.items)
    elif shape.kind == "map" and shape.items:
        yield from _values(f"{at}.order", "order", shape.items)
    elif shape.kind == "object":
        for each in shape.required or list(shape.fields)[:1]:  # an object without members cannot be written in a form
            yield from _values(f"{at}.{each}", each, shape.fields[each].shape)
    else:
        yield at, _scalar(name, shape)


def _scalar(name: str, shape: Shape) -> str:
    named = "usd" if is_currency(name, shape) else _NAMED.get(name)
    if shape.enum:
        return named if named in shape.enum else next(filter(None, shape.enum))
    if named is not None and fits(named, shape):
        return named
    if shape.kind in _SCALARS:
        low = shape.minimum or 0
        return str(low) if low > 1 else _SCALARS[shape.kind]
    return _text(name, shape)


def _text(name: str, shape: Shape) -> str:
    if shape.form is not None and shape.form in _FORMS:
        return _FORMS[shape.form]
    if name in ID_PREFIXES or name in {"customer", "price", "product", "subscription", "invoice", "charge"}:
        return _id_of(name)
    if name == "url" or name.endswith("_url"):
        return "https://example.com/"
    return "example"[: shape.max_length]


def _id_of(kind: str) -> str:
    """Returns a made-up id of a kind: `cus_…` for a customer."""
    return f"{ID_PREFIXES.get(kind, kind.rpartition('.')[2])}_{_ID_DIGITS}"


def _written(path: tuple[str, ...]) -> str:
    """Returns a path as the language writes it: `items[0].price`."""
    return "".join(f"[{step}]" if step.isdecimal() else f".{step}" for step in path).removeprefix(".")
