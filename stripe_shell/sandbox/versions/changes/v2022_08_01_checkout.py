"""2022-08-01: Checkout takes prices, and makes less beforehand."""

from __future__ import annotations

from typing import Final

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.versions.change import Json, VersionChange

_PRODUCT: Final = ("name", "description", "images")


class LineItemAmounts(VersionChange):
    """A Checkout Session takes items by `amount`, `currency` and `name` (entry M5).

    It also takes a coupon in `subscription_data` (M6) and `shipping_rates` (M7), and creates a customer by default
    (`customer_creation`, M2).
    """

    version = "2022-08-01"
    certainty = "A"
    operations = ("create checkout.session",)

    def upgrade_request(self, ctx: Context, operation: str, params: Json) -> None:
        """Makes prices, discounts and options of them."""
        for item in params.get("line_items") or ():
            _take_amount(item)
        data = params.get("subscription_data") or {}
        if "coupon" in data:
            params["discounts"] = [{"coupon": data.pop("coupon")}]
        if "shipping_rates" in params:
            params["shipping_options"] = [{"shipping_rate": rate} for rate in params.pop("shipping_rates")]
        if params.get("mode", "payment") == "payment" and not params.get("customer"):
            params.setdefault("customer_creation", "always")


class SessionShipping(VersionChange):
    """A Checkout Session has `shipping` and `shipping_rate` for today's `shipping_details` and `shipping_cost`.

    Entry M8.
    """

    version = "2022-08-01"
    certainty = "A"
    kinds = ("checkout.session",)

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Renames the members."""
        obj["shipping"] = obj.pop("shipping_details", None)
        obj["shipping_rate"] = (obj.pop("shipping_cost", None) or {}).get("shipping_rate")


def _take_amount(item: Json) -> None:
    """Mutates `item`: its amount and name become `price_data`."""
    if "amount" not in item:
        return
    data = {"currency": item.pop("currency", None), "unit_amount": item.pop("amount")}
    product = {name: item.pop(name) for name in _PRODUCT if name in item}
    item["price_data"] = {name: value for name, value in data.items() if value is not None}
    item["price_data"]["product_data"] = product
