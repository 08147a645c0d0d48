"""The `expand` parameter: checks its paths, and replaces ids in a response by the objects they name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from stripe_shell.spec.model import Operation, Shape
from stripe_shell.spec.table import Table

from . import errors
from .errors import StripeError
from .objects.context import Context
from .objects.kinds import concrete_shapes, expandable_kinds
from .objects.registry import ResourceRegistry

#: The maximum number of segments of a path, including `data`.
DEEPEST = 4

#: Members that answers have and the description lacks: an object, or the id of one.
_UNDESCRIBED: Final[Mapping[tuple[str, str], Shape]] = {
    ("charge", "dispute"): Shape("reference", schema="dispute", expandable=True),
    ("subscription", "plan"): Shape("reference", schema="plan"),
}

#: Paths as nested dicts: `{"data": {"customer": {}}}`.
ExpandTree = dict[str, "ExpandTree"]


def check_paths(table: Table, registry: ResourceRegistry, operation: Operation, paths: Iterable[str]) -> None:
    """Raises StripeError for the first path that the operation's response cannot expand."""
    for path in paths:
        segments = path.split(".")
        if operation.response.is_list and segments[0] not in ("data", "total_count"):
            raise errors.cannot_expand(path, f" You may want to try expanding 'data.{path}' instead.")
        if len(segments) > DEEPEST:
            raise StripeError(
                f"You cannot expand more than {DEEPEST} levels of a property. Property: {path}",
                code="property_expansion_max_depth",
                validation=True,
            )
        if path != "total_count":
            _check_path(table, registry, operation.response, segments)


def expand_tree(paths: Iterable[str]) -> ExpandTree:
    """Returns the paths merged into one tree."""
    root: ExpandTree = {}
    for path in paths:
        node = root
        for segment in path.split("."):
            node = node.setdefault(segment, {})
    return root


def expand(ctx: Context, value: Any, tree: ExpandTree, shape: Shape) -> None:
    """Mutates `value`: replaces the ids that the tree names by objects; an id that is not found is kept."""
    if isinstance(value, list):
        for item in value:
            expand(ctx, item, tree, shape.items or shape)
    elif isinstance(value, dict):
        for name, inner in tree.items():
            found = expand_member(ctx, value, name, shape, ctx.table)
            if inner and found is not None:
                expand(ctx, value.get(name), inner, found)


def expand_member(ctx: Context, value: dict[str, Any], name: str, shape: Shape, table: Table) -> Shape | None:
    """Mutates `value`: replaces the ids of one member by objects; returns the member's shape, None without one.

    `table` is the one that knows the shapes, which differs from the context's in an older version of the API.
    """
    kind = value.get("object")
    inner = member_shape(table, shape, name, kind if isinstance(kind, str) else None)
    if inner is None:
        return None
    if name not in value and isinstance(kind, str) and kind != "list":
        member = ctx.resource(kind).expand_member(ctx, value, name)
        if member is not None:
            value[name] = member
    else:
        value[name] = _object_of(ctx, value.get(name), inner, table)
    return inner


def _check_path(table: Table, registry: ResourceRegistry, shape: Shape, segments: list[str]) -> None:
    for count, segment in enumerate(segments, 1):
        inner = member_shape(table, shape, segment)
        if inner is None or not (_may_expand(table, inner) or _is_declared(table, registry, shape, segment)):
            raise errors.cannot_expand(".".join(segments[:count]))
        shape = inner


def _is_declared(table: Table, registry: ResourceRegistry, shape: Shape, name: str) -> bool:
    """Whether a resource declares the member as expand-only, though it holds no object (an issuing card's `number`)."""
    return any(name in registry.resource(kind).expand_only for kind in expandable_kinds(table, shape))


def _may_expand(table: Table, shape: Shape) -> bool:
    if shape.expandable:
        return True
    return any(inner.kind in ("object", "map", "any") or inner.expandable for inner in concrete_shapes(table, shape))


def member_shape(table: Table, shape: Shape, name: str, kind: str | None = None) -> Shape | None:
    """Returns the shape of a member, preferring the variant whose `object` is `kind`; None for an unknown member."""
    found: Shape | None = None
    for inner in concrete_shapes(table, shape):
        field = inner.fields.get(name)
        if field is None:
            found = found or _undescribed(inner, name)
            if inner.kind == "map" and inner.items is not None:
                found = found or inner.items
            continue
        own = inner.fields.get("object")
        if kind is None or (own is not None and kind in own.shape.enum):
            return field.shape
        found = found or field.shape
    return found


def _undescribed(shape: Shape, name: str) -> Shape | None:
    kind = shape.fields.get("object")
    return _UNDESCRIBED.get((kind.shape.enum[0], name)) if kind is not None and kind.shape.enum else None


def _object_of(ctx: Context, value: Any, shape: Shape, table: Table) -> Any:
    if isinstance(value, list):
        return [_object_of(ctx, item, shape.items or shape, table) for item in value]
    if not isinstance(value, str) or not shape.expandable:
        return value
    found: Mapping[str, Any] | None = ctx.presented(expandable_kinds(table, shape), value)
    return value if found is None else dict(found)
