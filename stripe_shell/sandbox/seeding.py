"""Seeding: complete objects as given, checked against their schemas before any is stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from stripe_shell.spec.model import Shape
from stripe_shell.spec.table import Table

from .objects.context import Context, Json
from .objects.kinds import concrete_shapes

#: The largest integer that a column of the file holds.
_LARGEST: Final = 2**63 - 1

_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "decimal": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "time": (int,),
    "number": (int, float),
}


def checked_objects(table: Table, given: Iterable[Any]) -> list[Json]:
    """Returns the objects to seed. Raises ValueError, with the place, for what is no object of Stripe's.

    Missing members are fine, and those that the schema lacks: documentation shows less, or an older form.
    """
    objects = []
    for index, obj in enumerate(given):
        if not isinstance(obj, dict) or not isinstance(obj.get("object"), str):
            raise ValueError(f"objects[{index}] is no JSON object with its `object`")
        schema = table.schema_of_object(obj["object"])
        if schema is None:
            raise ValueError(f"objects[{index}]: there is no kind of object `{obj['object']}`")
        try:
            wrong = next(_departures(table, table.schema(schema), obj, f"objects[{index}]"), None)
        except RecursionError:
            raise ValueError(f"objects[{index}] is nested too deeply") from None
        if wrong is not None:
            raise ValueError(wrong)
        objects.append(dict(obj))
    return objects


def store_object(ctx: Context, members: Json) -> None:
    """Stores an object without events, and replaces one with its id. Raises ValueError for an id that was deleted."""
    resource = ctx.resource(members["object"])
    obj = resource.new(ctx, members)
    row = ctx.row(resource.kind, resource.key(obj))
    resource.on_seed(ctx, obj)
    if row is None:
        ctx.insert(obj)
    elif row.deleted:
        raise ValueError(f"{row.id} was deleted; reset before you seed it again")
    else:
        ctx.save(obj)


def _departures(table: Table, shape: Shape, value: Any, path: str) -> Iterator[str]:
    """Yields the places at which a value has another type than its shape; null is right everywhere."""
    if value is None or (shape.expandable and isinstance(value, str)):
        return
    if shape.kind == "array":
        if not isinstance(value, list):
            yield f"{path} is no list"
            return
        for index, item in enumerate(value):
            yield from _departures(table, shape.items or Shape("any"), item, f"{path}[{index}]")
        return
    variants = [list(_solid_departures(table, inner, value, path)) for inner in concrete_shapes(table, shape)]
    yield from min(variants, key=len, default=[])


def _solid_departures(table: Table, shape: Shape, value: Any, path: str) -> Iterator[str]:
    if shape.kind in _TYPES:
        right = isinstance(value, _TYPES[shape.kind]) and (shape.kind == "boolean" or not isinstance(value, bool))
        if not right:
            yield f"{path} is no {shape.kind}"
        elif isinstance(value, int) and abs(value) > _LARGEST:
            yield f"{path} is too large"
    elif shape.kind in ("object", "map"):
        if not isinstance(value, dict):
            yield f"{path} is no JSON object"
            return
        for name, inner in value.items():
            field = shape.fields.get(name)
            member = field.shape if field is not None else shape.items
            if member is not None:
                yield from _departures(table, member, inner, f"{path}.{name}")
