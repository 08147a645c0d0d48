"""Payment links: public URLs that open a Checkout Session."""

from __future__ import annotations

from typing import ClassVar

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing import checkout, quotes
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.private_fields import PaymentLinkPrivate
from stripe_shell.sandbox.objects.resource import Resource

_MOST_LINES = 20


class PaymentLink(Resource):
    """`/v1/payment_links`. Links are deactivated rather than deleted."""

    object = "payment_link"
    absent = ("name_collection",)
    unechoed = ("line_items", "shipping_options")
    defaults: ClassVar = {
        "after_completion": {"hosted_confirmation": {"custom_message": None}, "type": "hosted_confirmation"},
        "customer_creation": "if_required",
        "payment_method_collection": "always",
    }

    def validate_create(self, ctx: Context, params: Json) -> None:
        """Raises StripeError for more than twenty line items."""
        if len(params["line_items"]) > _MOST_LINES:
            raise errors.invalid(f"A payment link can have at most {_MOST_LINES} line items.", param="line_items")

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets line items, currency, URL and collection rules. Raises StripeError for bad lines."""
        rows = quotes.price_lines(ctx, params["line_items"], counted=True)
        recurring = any(row["price"]["type"] == "recurring" for row in rows)
        checkout.check_lines("subscription" if recurring else "payment", rows)
        if params.get("subscription_data") and not recurring:
            raise errors.invalid("`subscription_data` needs a recurring price.", param="subscription_data")
        obj["currency"] = rows[0]["price"]["currency"]
        if recurring:
            obj["customer_creation"] = "always"
        else:
            obj["payment_method_collection"] = params.get("payment_method_collection") or "if_required"
        obj["url"] = f"https://buy.stripe.com/test_{ctx.ids.text(22)}"
        self._show_lines(ctx, obj, rows)

    def on_update(self, ctx: Context, obj: Json, params: Json) -> None:
        """Sets the quantities of line items. Raises StripeError for an unknown line item."""
        if not params.get("line_items"):
            return
        lines = ctx.private(obj, PaymentLinkPrivate)["line_items"]["data"]
        rows = ctx.private(obj, PaymentLinkPrivate)["rows"]
        for index, given in enumerate(params["line_items"]):
            at = next((place for place, line in enumerate(lines) if line["id"] == given["id"]), None)
            if at is None:
                raise errors.missing("line item", given["id"], param=f"line_items[{index}][id]")
            rows[at]["quantity"] = given.get("quantity") or rows[at]["quantity"]
        self._show_lines(ctx, obj, rows)

    def _show_lines(self, ctx: Context, obj: Json, rows: list[Json]) -> None:
        hidden = ctx.private(obj, PaymentLinkPrivate)
        before = (hidden.get("line_items") or {}).get("data") or []
        made = quotes.line_items(
            ctx, rows, quotes.line_totals(ctx, rows, obj["currency"]), f"/v1/payment_links/{obj['id']}/line_items"
        )
        for old, new in zip(before, made["data"], strict=False):
            new["id"] = old["id"]
        if not any(row["price"]["type"] == "recurring" for row in rows):
            checkout.check_payable("Payment Link", sum(line["amount_total"] for line in made["data"]), obj["currency"])
        hidden |= {"rows": rows, "line_items": made}
