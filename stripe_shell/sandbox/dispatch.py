"""Dispatch: calls the method that the route of an operation names, or the generic one for its role."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from stripe_shell.spec.model import Operation, Shape
from stripe_shell.spec.table import Table

from .objects import pages
from .objects.context import Answer, Context, Json
from .objects.declarations import Transition
from .objects.kinds import concrete_shapes, expandable_kinds
from .objects.registry import ResourceRegistry
from .objects.resource import Resource
from .request.call import Role, Route
from .request.formats import check_texts

#: The `status` after an action without a method, by the action's verb: the first one in the object's enum.
OUTCOMES: Final[Mapping[str, tuple[str, ...]]] = {
    "accept": ("accepted",),
    "activate": ("active",),
    "approve": ("approved", "closed"),
    "archive": ("archived", "inactive"),
    "cancel": ("canceled",),
    "capture": ("closed", "succeeded"),
    "close": ("closed",),
    "complete": ("complete", "completed"),
    "deactivate": ("inactive",),
    "decline": ("declined", "closed"),
    "disable": ("disabled",),
    "disconnect": ("disconnected",),
    "enable": ("enabled",),
    "expire": ("expired",),
    "fail": ("failed",),
    "finalize": ("open",),
    "post": ("posted",),
    "reactivate": ("active",),
    "reject": ("rejected",),
    "release": ("released",),
    "return": ("returned",),
    "reverse": ("reversed",),
    "submit": ("submitted",),
    "succeed": ("succeeded",),
    "unarchive": ("active",),
    "verify": ("verified",),
    "void": ("void", "voided"),
}

#: The boolean member that an action sets, and its value, by the action's verb.
FLAGS: Final[Mapping[str, tuple[str, bool]]] = {
    "activate": ("active", True),
    "archive": ("active", False),
    "close": ("closed", True),
    "deactivate": ("active", False),
    "reactivate": ("active", True),
}

#: An empty page, the response of operations that return a document.
EMPTY_PDF: Final = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)


def handle(ctx: Context, registry: ResourceRegistry) -> Answer:
    """Runs the context's operation and returns the result. Sets `ctx.generic`. Raises StripeError."""
    role, own = ctx.route.role, ctx.route.own
    method: Callable[..., Answer] | None = ctx.route.method
    resource = registry.resource(ctx.route.kind)
    ctx.generic = not is_modelled(resource, ctx.operation, ctx.route)
    check_parents(ctx, own)
    if ctx.writable:
        _follow_clock(ctx, {**ctx.params, **ctx.path})
    if own is None:
        _check_texts(ctx)
        return _without_object(ctx, resource, role) if method is None else method(ctx, ctx.params)
    key = ctx.path[own]
    if role == "retrieve" and method is None and resource.shows_deleted:
        row = ctx.row(resource.kind, key)
        if row is not None and row.deleted:
            return {"id": key, "object": resource.kind, "deleted": True}
    obj = _own_object(ctx, resource, key)
    _check_texts(ctx)
    if ctx.writable:
        _follow_clock(ctx, obj)
    if method is not None:
        return method(ctx, obj, ctx.params)
    return _with_object(ctx, resource, role, obj)


def _check_texts(ctx: Context) -> None:
    if ctx.operation.method == "POST":
        check_texts(ctx.params, ctx.operation)


def is_modelled(resource: Resource, operation: Operation, route: Route) -> bool:
    """Whether the kind's file in `resources/` covers the operation: by a method or transition, or as a basic call."""
    if not resource.modelled:
        return False
    stated = route.method is not None or operation.action in resource.transitions
    return stated or route.role != "action"


def _follow_clock(ctx: Context, obj: Mapping[str, Any]) -> None:
    """Sets the context's time to the test clock of the object, or of the customer, subscription or invoice it names."""
    if obj.get("test_clock"):
        ctx.follow_test_clock(obj)
        return
    for kind in ("customer", "subscription", "invoice"):
        key = obj.get(kind)
        owner = ctx.find(kind, key) if isinstance(key, str) and key else None
        if owner is not None and owner.get("test_clock"):
            ctx.follow_test_clock(owner)
            return


def check_parents(ctx: Context, own: str | None) -> None:
    """Raises StripeError (404) when a parent's id in the path does not exist."""
    operation = ctx.operation
    for name, value in ctx.path.items():
        kind = operation.path_words.get(name)
        if name != own and kind is not None and ctx.table.schema_of_object(kind) is not None:
            above_ledger = kind == "customer" and "payment_methods" not in operation.path
            ctx.get(kind, value, param=name if above_ledger else None, status=404)


def _own_object(ctx: Context, resource: Resource, key: str) -> Json:
    obj = ctx.get(resource.kind, key, param=resource.named_in_path(ctx.operation), status=404)
    for name, value in ctx.path.items():
        if name == ctx.operation.object_param:
            continue
        member = pages.parent_member(resource.shape, ctx.operation, name)
        if member is not None and _id(obj.get(member)) not in (value, None):
            raise resource.missing(key, status=404)
    return obj


def _id(value: Any) -> Any:
    return value.get("id") if isinstance(value, dict) else value


def _without_object(ctx: Context, resource: Resource, role: Role) -> Answer:
    if role == "list":
        return _list(ctx, resource)
    if role == "search":
        return resource.search_page(ctx, ctx.params)
    if role == "create":
        return resource.create(ctx, ctx.params)
    if role == "find":
        return _find_by_members(ctx, resource)
    if role == "delete":
        return _delete_single(ctx, resource)
    single, stored = _single_object(ctx, resource)
    if role == "single_update":
        if not stored:
            ctx.insert(single, next(iter(ctx.path.values()), ""))
        return resource.update(ctx, single, ctx.params)
    return resource.retrieve(ctx, single, ctx.params)


def _list(ctx: Context, resource: Resource) -> Answer:
    inside = _embedded_list(ctx)
    if inside is not None:
        return pages.page_of(ctx, inside, ctx.params)
    kinds = _kinds_listed(ctx)
    if kinds:
        return pages.mixed_page([ctx.resource(kind) for kind in kinds], ctx, ctx.params)
    return resource.list_page(ctx, ctx.params)


def _kinds_listed(ctx: Context) -> list[str]:
    """Returns the kinds in a list of mixed kinds, narrowed by the parameter `object`; empty for other lists."""
    entity = ctx.table.entity(ctx.operation.entity)
    row = ctx.operation.response.row
    if row is None or entity is None or entity.object:
        return []
    kinds = expandable_kinds(ctx.table, row)
    return [kind for kind in kinds if ctx.params.get("object") in (None, "", kind)] if ctx.path else kinds


def _embedded_list(ctx: Context) -> list[Json] | None:
    """Returns the rows of a list that is stored inside its parent, such as an invoice's lines; None for other lists."""
    name = ctx.operation.path.rpartition("/")[2]
    for placeholder, key in ctx.path.items():
        kind = ctx.operation.path_words.get(placeholder)
        parent = ctx.find(kind, key) if kind else None
        inside = parent.get(name) if parent else None
        if isinstance(inside, dict) and isinstance(inside.get("data"), list):
            return list(inside["data"])
    return None


def _find_by_members(ctx: Context, resource: Resource) -> Answer:
    """Returns the one object that matches the parameters; a preview is built from the parameters and not stored."""
    if ctx.operation.action == "preview":
        obj = resource.new(ctx)
        resource.echo(obj, ctx.params)
        return obj
    filters = pages.filters_of(resource, ctx, ctx.params)
    rows = ctx.session.page(ctx.account_number, resource.kind, link=filters.link, where=filters.where, limit=1)
    if not rows:
        raise resource.missing(str(next(iter(ctx.params.values()), "")), status=404)
    return ctx.get(resource.kind, rows[0].id)


def _single_object(ctx: Context, resource: Resource) -> tuple[Json, bool]:
    """Returns the singleton of the account or of the parent in the path, and whether it is stored."""
    key = next(iter(ctx.path.values()), "")
    found = resource.load(ctx, key)
    if found is not None:
        return found, True
    single = resource.new(ctx)
    for name, value in ctx.path.items():
        member = pages.parent_member(resource.shape, ctx.operation, name)
        if member is not None:
            single[member] = value
    if "id" in single and resource.schema:
        raise resource.missing(key, status=404)
    resource.check_required(ctx, single, ctx.params)
    return single, False


def _delete_single(ctx: Context, resource: Resource) -> Answer:
    single, stored = _single_object(ctx, resource)
    if not stored:
        raise resource.missing(next(iter(ctx.path.values()), ""), status=404)
    return resource.delete(ctx, single, ctx.params)


def _with_object(ctx: Context, resource: Resource, role: Role, obj: Json) -> Answer:
    if role == "retrieve":
        return resource.retrieve(ctx, obj, ctx.params)
    if role == "update":
        return resource.update(ctx, obj, ctx.params)
    if role == "delete" and _answers_deleted(ctx.table, ctx.operation.response):
        return resource.delete(ctx, obj, ctx.params)
    if ctx.operation.response.kind in ("string", "file"):
        return EMPTY_PDF
    return _generic_action(ctx, resource, obj)


def _answers_deleted(table: Table, shape: Shape) -> bool:
    return not expandable_kinds(table, shape) or any(
        "deleted" in inner.fields for inner in concrete_shapes(table, shape)
    )


def _generic_action(ctx: Context, resource: Resource, obj: Json) -> Answer:
    """Runs an action that has no method: copies the parameters onto the object and sets the status of the verb."""
    name = ctx.operation.action
    resource.check_references(ctx, ctx.params)
    resource.echo(obj, ctx.params)
    transition = resource.transitions.get(name) or _guess_status(resource, obj, name)
    if transition is not None:
        return resource.transition(ctx, obj, name, transition)
    verb = name.partition("_")[0]
    flag = FLAGS.get(verb)
    if flag is not None and flag[0] in obj:
        obj[flag[0]] = flag[1]
    changed = ctx.save(obj)
    if changed:
        resource.announce(ctx, "updated", obj, changed)
    return obj


def _guess_status(resource: Resource, obj: Json, name: str) -> Transition | None:
    status = resource.shape.fields.get("status")
    verb = name.partition("_")[0]
    if status is None:
        return None
    outcome = next((value for value in OUTCOMES.get(verb, ()) if value in status.shape.enum), None)
    if outcome is None:
        return None
    stamp = f"{outcome}_at"
    return Transition(outcome, stamp=stamp if stamp in obj else None)
