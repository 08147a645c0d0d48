"""The operations that a later version removed, with the parameters that they had."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, Literal, cast

from stripe_shell.records import record
from stripe_shell.spec.model import Field, Operation, Shape
from stripe_shell.spec.table import Table


@record
class RemovedOperation:
    """An operation that exists in the versions before `gone`.

    `params` makes its parameters from the table of the version that is asked for.
    """

    gone: str
    operation: Operation
    params: Callable[[Table], Shape]


#: Members of `subscription_details` of a preview that were parameters of their own, with `subscription_` before them.
_FLAT: Final = (
    "billing_cycle_anchor",
    "cancel_at",
    "cancel_at_period_end",
    "cancel_now",
    "default_tax_rates",
    "items",
    "proration_behavior",
    "proration_date",
    "resume_at",
    "start_date",
    "trial_end",
)
_TIME: Final = Shape("time")
_STRING: Final = Shape("string", max_length=5000)


def _upcoming(table: Table) -> Shape:
    """Returns the parameters of `GET /v1/invoices/upcoming`: those of a preview, flat."""
    preview = table.operation("create_preview", "invoice")
    if preview is None:
        raise LookupError("the table lacks `create_preview invoice`")
    fields = {name: field for name, field in preview.params.fields.items() if name != "expand"}
    details = preview.params.fields["subscription_details"].shape
    for name in _FLAT:
        member = next((shape.fields[name] for shape in (details, *details.variants) if name in shape.fields), None)
        if member is not None:
            fields[f"subscription_{name}"] = Field(f"subscription_{name}", member.shape)
    fields["subscription_trial_from_plan"] = Field("subscription_trial_from_plan", Shape("boolean"))
    fields["expand"] = preview.params.fields["expand"]
    return Shape("object", fields=fields)


def _upcoming_lines(table: Table) -> Shape:
    fields = dict(_upcoming(table).fields)
    limits = {"ending_before": _STRING, "limit": Shape("integer"), "starting_after": _STRING}
    return Shape("object", fields=fields | {name: Field(name, shape) for name, shape in limits.items()})


def _usage_record(_: Table) -> Shape:
    fields = (
        Field("action", Shape("string", enum=("increment", "set"))),
        Field("expand", Shape("array", items=_STRING)),
        Field("quantity", Shape("integer"), required=True),
        Field("timestamp", Shape("union", variants=(Shape("string", enum=("now",)), _TIME))),
    )
    return Shape("object", fields={field.name: field for field in fields})


def _summaries(_: Table) -> Shape:
    members = {
        "ending_before": _STRING,
        "expand": Shape("array", items=_STRING),
        "limit": Shape("integer"),
        "starting_after": _STRING,
    }
    return Shape("object", fields={name: Field(name, shape) for name, shape in members.items()})


def _object(name: str, members: dict[str, Shape]) -> Shape:
    shapes = {"object": Shape("string", enum=(name,)), **members}
    return Shape("object", fields={each: Field(each, shape, required=True) for each, shape in shapes.items()})


def _page(row: Shape, url: str) -> Shape:
    shapes = {
        "data": Shape("array", items=row),
        "has_more": Shape("boolean"),
        "object": Shape("string", enum=("list",)),
        "url": Shape("string", pattern=url),
    }
    fields = {name: Field(name, shape, required=True) for name, shape in shapes.items()}
    return Shape("object", fields=fields, form="list")


#: `usage_record` and `usage_record_summary`, as 2025-02-24.acacia has them.
USAGE_RECORD: Final = _object(
    "usage_record",
    {
        "id": _STRING,
        "livemode": Shape("boolean"),
        "quantity": Shape("integer"),
        "subscription_item": _STRING,
        "timestamp": _TIME,
    },
)
USAGE_SUMMARY: Final = _object(
    "usage_record_summary",
    {
        "id": _STRING,
        "invoice": Shape("string", max_length=5000, nullable=True),
        "livemode": Shape("boolean"),
        "period": Shape(
            "object",
            fields={name: Field(name, Shape("time", nullable=True), required=True) for name in ("end", "start")},
        ),
        "subscription_item": _STRING,
        "total_usage": Shape("integer"),
    },
)


def _operation(name: str, route: str, response: Shape) -> Operation:
    """Returns an operation by its name (`upcoming invoice`) and route, without parameters."""
    action, entity = name.split(" ")
    method, path = route.split(" ")
    inside = "{subscription_item}" in path
    words = re.findall(r"[a-z]+", path.removeprefix("/v1").replace("{subscription_item}", "subscriptionitem"))
    return Operation(
        entity=entity,
        action=action,
        id=method.capitalize() + "".join(word.capitalize() for word in words),
        method=cast(Literal["GET", "POST"], method),
        path=path,
        path_params=("subscription_item",) if inside else (),
        params=Shape("any"),
        response=response,
        path_words={"subscription_item": "subscription_item"} if inside else {},
    )


_ITEM: Final = "/v1/subscription_items/{subscription_item}"
_GONE: Final = "2025-03-31.basil"

REMOVED: Final = (
    RemovedOperation(
        _GONE,
        _operation("upcoming invoice", "GET /v1/invoices/upcoming", Shape("reference", schema="invoice")),
        _upcoming,
    ),
    RemovedOperation(
        _GONE,
        _operation(
            "upcoming_lines invoice",
            "GET /v1/invoices/upcoming/lines",
            _page(Shape("reference", schema="line_item"), "^/v1/invoices/upcoming/lines"),
        ),
        _upcoming_lines,
    ),
    RemovedOperation(
        _GONE,
        _operation("create_usage_record subscription_item", f"POST {_ITEM}/usage_records", USAGE_RECORD),
        _usage_record,
    ),
    RemovedOperation(
        _GONE,
        _operation(
            "list_usage_record_summaries subscription_item",
            f"GET {_ITEM}/usage_record_summaries",
            _page(USAGE_SUMMARY, "^/v1/subscription_items"),
        ),
        _summaries,
    ),
)
