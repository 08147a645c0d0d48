"""2025-03-31.basil: invoices, their lines and items tell in `parent` what made them."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.objects.private_fields import InvoiceItemPrivate
from stripe_shell.sandbox.versions.change import Json, VersionChange


class InvoiceParent(VersionChange):
    """An invoice has `subscription`, `subscription_details` and `quote` for today's `parent` (entry B2).

    Page: adds-new-parent-field-to-invoicing-objects.
    """

    version = "2025-03-31.basil"
    certainty = "A"
    kinds = ("invoice",)

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Moves the members up."""
        parent = obj.pop("parent", None) or {}
        details = parent.get("subscription_details")
        obj["subscription"] = details["subscription"] if details else None
        obj["subscription_details"] = {"metadata": (details or {}).get("metadata")}
        obj["quote"] = (parent.get("quote_details") or {}).get("quote")
        if details and details.get("subscription_proration_date"):
            obj["subscription_proration_date"] = details["subscription_proration_date"]


class InvoiceItemParent(VersionChange):
    """An invoice item has `subscription`, `subscription_item` and its price for today's `parent` and `pricing`.

    Entry B3, page: invoice-pricing-configurations. The price and the plan are whole objects. The unit amount of an item
    without a price is certainty C.
    """

    version = "2025-03-31.basil"
    certainty = "A"
    kinds = ("invoiceitem",)

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Moves the members up, and looks the price up."""
        details = (obj.pop("parent", None) or {}).get("subscription_details") or {}
        obj["subscription"] = details.get("subscription") or ctx.private(obj, InvoiceItemPrivate).get("subscription")
        if details.get("subscription_item"):
            obj["subscription_item"] = details["subscription_item"]
        pricing = obj.pop("pricing", None)
        obj["price"], obj["plan"] = price_and_plan(ctx, pricing)
        text = (pricing or {}).get("unit_amount_decimal")
        if text is None and pricing is None and obj.get("quantity"):
            text = f"{obj['amount'] / obj['quantity']:.12g}"
        obj["unit_amount_decimal"] = text
        obj["unit_amount"] = int(text) if text is not None and text.lstrip("-").isdecimal() else None


class InvoiceLineParent(VersionChange):
    """A line has `type`, what it bills and its price for today's `parent` and `pricing` (entry B4)."""

    version = "2025-03-31.basil"
    certainty = "A"
    kinds = ("line_item",)

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Moves the members up, and looks the price up."""
        parent = obj.pop("parent", None) or {}
        item = parent.get("subscription_item_details")
        details = item or parent.get("invoice_item_details") or {}
        obj["type"] = "subscription" if item and not item.get("invoice_item") else "invoiceitem"
        for name in ("invoice_item", "subscription_item"):
            if details.get(name):
                obj[name] = details[name]
        obj["proration"] = bool(details.get("proration"))
        obj["proration_details"] = details.get("proration_details") or {"credited_items": None}
        obj["price"], obj["plan"] = price_and_plan(ctx, obj.pop("pricing", None))


class ItemPriceParameters(VersionChange):
    """Invoice items and lines take `price` and `unit_amount` for today's `pricing` and `unit_amount_decimal`."""

    version = "2025-03-31.basil"
    certainty = "A"
    operations = (
        "create invoice_item",
        "update invoice_item",
        "add_lines invoice",
        "update_lines invoice",
        "update invoice.line_item",
    )
    names = (("pricing[price]", "price"),)

    def upgrade_request(self, ctx: Context, operation: str, params: Json) -> None:
        """Renames the parameters."""
        for entry in params.get("lines") or () if operation.endswith("_lines invoice") else (params,):
            if "price" in entry:
                entry["pricing"] = {"price": entry.pop("price")}
            if "unit_amount" in entry:
                entry["unit_amount_decimal"] = str(entry.pop("unit_amount"))


def price_and_plan(ctx: Context, pricing: Json | None) -> tuple[Json | None, Json | None]:
    """Returns the price that a `pricing` names, and its plan if it recurs; None for each that does not exist."""
    key = ((pricing or {}).get("price_details") or {}).get("price")
    key = key["id"] if isinstance(key, dict) else key
    price = ctx.presented(["price"], key) if key else None
    if price is None or "deleted" in price:
        return None, None
    return price, ctx.presented(["plan"], price["id"]) if price["recurring"] else None
