"""2025-03-31.basil: the upcoming invoice is a preview that is created."""

from __future__ import annotations

from typing import Final

from stripe_shell.sandbox.objects import pages
from stripe_shell.sandbox.objects.context import Answer, Context
from stripe_shell.sandbox.versions.change import Json, VersionChange

_FLAT: Final = "subscription_"
_PAGING: Final = ("limit", "starting_after", "ending_before")
#: Parameters that begin with `subscription_` and are gone.
_GONE: Final = ("subscription_trial_from_plan",)


class UpcomingInvoice(VersionChange):
    """`GET /v1/invoices/upcoming` and its lines, with flat parameters; the invoice has no id (entries B9 and C8).

    Page: invoice-preview-api-deprecations. With a customer alone it is the invoice of the subscription that renews
    first.
    """

    version = "2025-03-31.basil"
    certainty = "A"
    successors = (
        ("upcoming invoice", "create_preview invoice"),
        ("upcoming_lines invoice", "create_preview invoice"),
    )
    names = (("subscription_details[items]", "subscription_items"),)

    def upgrade_request(self, ctx: Context, operation: str, params: Json) -> None:
        """Moves the parameters of the subscription into `subscription_details`."""
        details = {}
        for name in [name for name in params if name.startswith(_FLAT) and name != "subscription_details"]:
            value = params.pop(name)
            if name not in _GONE:
                details[name.removeprefix(_FLAT)] = value
        anchor = details.get("billing_cycle_anchor")
        if anchor is not None and not isinstance(anchor, dict):
            at = {"type": "timestamp", "timestamp": anchor}
            details["billing_cycle_anchor"] = {"type": anchor} if isinstance(anchor, str) else at
        for item in details.get("items") or ():
            if "plan" in item:
                item["price"] = item.pop("plan")
        if details:
            params["subscription_details"] = {**(params.get("subscription_details") or {}), **details}

    def answer(self, ctx: Context, operation: str, found: Answer) -> Answer:
        """Leaves the id out, or returns the lines alone."""
        if not isinstance(found, dict):
            return found
        found = {name: value for name, value in found.items() if name != "id"}
        found["lines"] = {**found["lines"], "url": "/v1/invoices/upcoming/lines"}
        if operation == "upcoming invoice":
            return found
        given: Json = {name: ctx.params[name] for name in _PAGING if name in ctx.params}
        return pages.page_of(ctx, found["lines"]["data"], given, "/v1/invoices/upcoming/lines")
