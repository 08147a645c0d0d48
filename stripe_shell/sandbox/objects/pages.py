"""Pages of stored objects: cursors and filters of list operations, sub-lists inside objects, pages of plain lists."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from stripe_shell.records import replace
from stripe_shell.sandbox.errors import StripeError
from stripe_shell.sandbox.storage.rows import SqlCondition, StoredRow
from stripe_shell.spec.model import Operation, Shape
from stripe_shell.spec.table import Table

from .context import Context, Json, ResourceProtocol
from .kinds import expandable_kinds
from .listing import PAGING, ListFilters, ListPage, clamp_limit

Position = tuple[int, int]

#: Sub-lists that contain a `total_count`.
_COUNTED = frozenset({"external_accounts", "refunds", "reversals", "sources", "subscriptions", "tax_ids"})

#: A sub-list has ten objects at most; one more tells that there are more.
_MOST_READ = 11


def list_page(resource: ResourceProtocol, ctx: Context, params: Json) -> ListPage:
    """Returns the page of one kind of object for a list operation."""
    return mixed_page([resource], ctx, params)


def mixed_page(resources: Sequence[ResourceProtocol], ctx: Context, params: Json) -> ListPage:
    """Returns the page of a list with several kinds of object, such as a customer's sources."""
    narrowed = [filters_of(resource, ctx, params, narrowed_by_path(resource, ctx)) for resource in resources]
    after, before = cursors(resources, ctx, params)
    limit = clamp_limit(params.get("limit"))
    rows: list[StoredRow] = []
    for resource, filters in zip(resources, narrowed, strict=True):
        rows += (
            []
            if filters.nothing
            else ctx.session.page(
                ctx.account_number,
                resource.kind,
                link=filters.link,
                where=filters.where,
                limit=limit + 1,
                after=after,
                before=before,
                oldest_first=resource.oldest_first,
            )
        )
    if len(resources) > 1:
        rows.sort(key=lambda row: row.position, reverse=True)
    has_more = len(rows) > limit
    rows = rows[-limit:] if before is not None else rows[:limit]
    page = _page(ctx, rows, has_more, limit)
    return replace(page, total=_total(resources, narrowed, ctx)) if "total_count" in params.get("include", ()) else page


def _total(resources: Sequence[ResourceProtocol], narrowed: Sequence[ListFilters], ctx: Context) -> int:
    """Returns how many objects the list has on all pages."""
    return sum(
        0 if filters.nothing else ctx.session.count(ctx.account_number, resource.kind, filters.link, filters.where)
        for resource, filters in zip(resources, narrowed, strict=True)
    )


def page_of(ctx: Context, objects: Sequence[Mapping[str, Any]], params: Json, url: str | None = None) -> ListPage:
    """Returns a page of objects in memory, in the given order: those inside another object."""
    ids = [str(obj.get("id")) for obj in objects]
    start, end = 0, len(objects)
    limit = clamp_limit(params.get("limit"))
    if params.get("starting_after"):
        start = _index(ids, params["starting_after"], "starting_after") + 1
    if params.get("ending_before"):
        end = _index(ids, params["ending_before"], "ending_before")
        start = max(start, end - limit)
        has_more = start > 0
    else:
        end = min(len(objects), start + limit)
        has_more = end < len(objects)
    texts = [json.dumps(obj, separators=(",", ":")) for obj in objects[start:end]]
    total = len(objects) if "total_count" in params.get("include", ()) else None
    return ListPage(texts, has_more, url or ctx.request.path, total, form=_form(ctx.operation))


#: No object on a test clock other than the sandbox's own, which is looked up only where an object is on one.
_OFF_CLOCKS = (
    "(json_extract(o.json, '$.test_clock') IS NULL OR json_extract(o.json, '$.test_clock') IN"
    " (SELECT id FROM objects WHERE account = ? AND object = 'test_helpers.test_clock' AND deleted = 0"
    " AND json_extract(json, '$.name') = ?))"
)

#: The name of the test clock that the sandbox makes for customers without one.
OWN_CLOCK = "@clock"


def list_object(url: str, rows: list[Json]) -> Json:
    """Returns an embedded list object of a few rows."""
    return {"object": "list", "data": rows, "has_more": False, "total_count": len(rows), "url": url}


def filters_of(
    resource: ResourceProtocol, ctx: Context, params: Json, filters: ListFilters | None = None
) -> ListFilters:
    """Converts list parameters to filters. Raises StripeError for an id that does not exist.

    Stripe's lists leave out objects on a test clock unless the clock, or an object on it, is given; those on the
    sandbox's own clock stay.
    """
    filters = filters or ListFilters()
    if "test_clock" in resource.shape.fields and not ctx.path and not _names_owner(params):
        filters.where.append(SqlCondition(_OFF_CLOCKS, (ctx.account_number, OWN_CLOCK)))
    for name, value in params.items():
        own = resource.param_filter(name)
        if own is not None:
            own(ctx, value, filters)
        elif name not in PAGING and value not in ("", None):
            _add_filter(resource, ctx, filters, name, value)
    return filters


def _names_owner(params: Json) -> bool:
    """Whether the list is filtered by a test clock or by an object that can be on one."""
    return any(params.get(name) for name in ("test_clock", "customer", "subscription"))


def narrowed_by_path(resource: ResourceProtocol, ctx: Context) -> ListFilters:
    """Returns the filters for a list below another object: what belongs to that object."""
    filters = ListFilters()
    for name, value in ctx.path.items():
        member = parent_member(resource.shape, ctx.operation, name)
        filters.add_link(member or "parent", value) if _has_index(resource, member) else filters.add(str(member), value)
    return filters


def cursors(
    resources: Sequence[ResourceProtocol], ctx: Context, params: Json
) -> tuple[Position | None, Position | None]:
    """Returns the positions of `starting_after` (or v2's `page`) and `ending_before`. Raises StripeError."""
    after = _position(resources, ctx, params.get("starting_after"), "starting_after")
    before = _position(resources, ctx, params.get("ending_before"), "ending_before")
    if after is not None and before is not None:
        raise StripeError(
            "Received both starting_after and ending_before parameters. Please pass in only one.", validation=True
        )
    if ctx.operation.version == "v2":
        after = _position(resources, ctx, params.get("page"), "page")
    return after, before


def parent_member(shape: Shape, operation: Operation, placeholder: str) -> str | None:
    """Returns the member that holds the parent's id; None when the object has none."""
    word = operation.path_words.get(placeholder, placeholder).rpartition(".")[2]
    for name in (placeholder, word, word.rpartition("_")[2]):
        if name != "id" and name in shape.fields:
            return name
    return None


def list_filters(table: Table, kind: str) -> frozenset[str]:
    """Returns the filter parameters of the list operation of a kind."""
    operation = table.operation("list", kind)
    return frozenset(operation.params.fields) - PAGING if operation else frozenset()


def can_be_made(table: Table, kind: str) -> bool:
    """Whether the API can create objects of this kind."""
    return "create" in table.actions(kind)


def member(resource: ResourceProtocol, ctx: Context, obj: Json, name: str) -> Any:
    """Returns the value of an expand-only member: a private field, or the sub-list of what belongs to the object."""
    hidden = ctx.private_json(obj)
    if name in hidden:
        return json.loads(json.dumps(hidden[name]))
    field = resource.shape.fields.get(name)
    if field is None or not field.shape.is_list or field.shape.row is None:
        return None
    kinds = expandable_kinds(ctx.table, field.shape.row)
    return sub_list(resource, ctx, obj, name, kinds)


def sub_list(resource: ResourceProtocol, ctx: Context, obj: Json, name: str, kinds: Sequence[str]) -> Json:
    """Returns the newest ten objects of these kinds that belong to `obj`, as a list object."""
    found = {kind: _belonging(resource, ctx, obj, kind) for kind in kinds}
    rows = [row for each in found.values() for row in each]
    rows.sort(key=lambda row: row.position, reverse=True)
    data = [json.loads(row.json) for row in rows[:10]]
    url = f"{_address(resource, ctx, obj)}/{name}"
    made: Json = {"object": "list", "data": data, "has_more": len(rows) > 10, "url": url}
    if name in _COUNTED:
        made["total_count"] = sum(_count(resource, ctx, obj, kind, len(each)) for kind, each in found.items())
    return made


def _count(resource: ResourceProtocol, ctx: Context, obj: Json, kind: str, read: int) -> int:
    """Returns how many objects of a kind belong to `obj`; `read` is how many of them were read."""
    if read < _MOST_READ:
        return read
    filters = _ownership_filters(resource, ctx, obj, kind)
    return ctx.session.count(ctx.account_number, kind, filters.link, filters.where)


def _belonging(resource: ResourceProtocol, ctx: Context, obj: Json, kind: str) -> list[StoredRow]:
    filters = _ownership_filters(resource, ctx, obj, kind)
    return ctx.session.page(ctx.account_number, kind, link=filters.link, where=filters.where, limit=_MOST_READ)


def _ownership_filters(resource: ResourceProtocol, ctx: Context, obj: Json, kind: str) -> ListFilters:
    """Returns the filters for the objects of a kind that belong to `obj`."""
    inner = ctx.resource(kind)
    tail = resource.kind.rpartition(".")[2]
    filters = ListFilters()
    if tail in inner.indexed_members():
        filters.add_link(tail, str(obj["id"]))
    elif tail in inner.shape.fields:
        filters.add(tail, obj["id"])
    else:
        filters.add_link("parent", str(obj["id"]))
    inner.narrow_inside(filters)
    return filters


def _address(resource: ResourceProtocol, ctx: Context, obj: Json) -> str:
    operation = ctx.table.operation("retrieve", resource.kind)
    if operation is None or not operation.object_param:
        return f"/v1/{resource.kind}s/{obj.get('id')}"
    return operation.path.replace(f"{{{operation.object_param}}}", str(obj.get("id")))


def _add_filter(resource: ResourceProtocol, ctx: Context, filters: ListFilters, name: str, value: Any) -> None:
    path = resource.filters.get(name, name)
    field = resource.shape.fields.get(path.partition(".")[0])
    if field is None:
        return
    if field.shape.expandable and isinstance(value, str):
        kinds = expandable_kinds(ctx.table, field.shape)
        if kinds and can_be_made(ctx.table, kinds[0]) and all(ctx.find(kind, value) is None for kind in kinds):
            raise ctx.resource(kinds[0]).missing(value, param=name, status=400)
    if path in resource.indexed_members() and isinstance(value, str):
        filters.add_link(path, value)
    else:
        filters.add(path, value)


def _has_index(resource: ResourceProtocol, member: str | None) -> bool:
    return member is None or member in resource.indexed_members()


def _position(resources: Sequence[ResourceProtocol], ctx: Context, key: Any, param: str) -> Position | None:
    if not key:
        return None
    found = (ctx.row(resource.kind, str(key)) for resource in resources)
    row = next((row for row in found if row is not None), None)
    if row is None:
        raise resources[0].missing(str(key), param=param, status=400)
    return row.position


def _page(ctx: Context, rows: list[StoredRow], has_more: bool, limit: int) -> ListPage:
    form = _form(ctx.operation)
    following = None
    if form == "v2_list" and has_more:
        following = f"{ctx.request.path}?page={rows[-1].id}&limit={limit}"
    return ListPage(shown_texts(ctx, rows), has_more, ctx.request.path, form=form, next_page=following)


def shown_texts(ctx: Context, rows: Sequence[StoredRow]) -> list[str]:
    """Returns the rows' JSON texts as in responses: the stored text, or that of the resource's `present`."""
    behaviours = {kind: ctx.resource(kind) for kind in {row.object for row in rows}}
    if not any(resource.presents for resource in behaviours.values()):
        return [row.json for row in rows]
    return [_shown_text(behaviours[row.object], ctx, row) for row in rows]


def _shown_text(resource: ResourceProtocol, ctx: Context, row: StoredRow) -> str:
    if not resource.presents:
        return row.json
    text = resource.present_text(ctx, row.json)
    return text if text is not None else json.dumps(resource.present(ctx, json.loads(row.json)), separators=(",", ":"))


def _form(operation: Operation) -> str:
    return operation.response.form or "list"


def _index(ids: Sequence[str], key: str, param: str) -> int:
    if key not in ids:
        raise StripeError(f"No such object: '{key}'", code="resource_missing", param=param, validation=True)
    return ids.index(key)
