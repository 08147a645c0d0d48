"""Prices for billing: looked up or created inline, in the invoice's currency, with the product's name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing.calc.money import (
    TierPart,
    amount_of,
    half_up,
    interval_text,
    money_text,
    tier_parts,
    unit_amount,
)
from stripe_shell.sandbox.billing.calc.periods import Cycle
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.private_fields import PricePrivate

from . import new_prices


class ChosenPrice(str):
    """The id of a price that an object has already: a quote's, a session's, a phase's.

    Only what a request names must be active; prices that were made for one object (`price_data`) never are.
    """

    __slots__ = ()


def price_from(
    ctx: Context, params: Mapping[str, Any], where: str, *, recurring: bool, active: bool = True
) -> Json | None:
    """Returns the price that `price` or `price_data` specify, None without either. Raises StripeError.

    `where` is the path in front of the parameter: `items[0]`, or empty. `recurring` is the required type; with `active`
    an inactive price is an error.
    """
    given = params.get("pricing") or {}
    name = params.get("price") or given.get("price")
    param = _below(where, "price")
    if name and params.get("price_data"):
        raise errors.exclusive(param, _below(where, "price_data"))
    if params.get("price_data"):
        return inline_price(ctx, params["price_data"], where)
    if not name:
        return None
    price = ctx.get("price", name, param=param)
    check_price(price, param, recurring=recurring, active=active and not isinstance(name, ChosenPrice))
    return price


def check_price(price: Json, param: str, *, recurring: bool, active: bool = True) -> None:
    """Raises StripeError for a price of the wrong type and, with `active`, for an inactive one."""
    wanted = "recurring" if recurring else "one_time"
    if price["type"] != wanted:
        raise errors.invalid(
            f"The price specified is set to `type={price['type']}` but this field only accepts prices with "
            f"`type={wanted}`.",
            param=param,
        )
    if active and not price["active"]:
        raise errors.invalid("The price specified is inactive. This field only accepts active prices.", param=param)


def inline_price(ctx: Context, data: Mapping[str, Any], where: str = "") -> Json:
    """Stores a price for one use (inactive), and its product if `product_data` is given. Raises StripeError."""
    params = dict(data)
    product = params.pop("product_data", None)
    if product:
        created: Any = ctx.resource("product").create(ctx, dict(product))
        params["product"] = created["id"]
    if not params.get("product"):
        raise errors.missing_parameter(_below(where, "price_data[product]"))
    ctx.get("product", params["product"], param=_below(where, "price_data[product]"))
    price = new_prices.build(ctx, params)
    price["active"] = False
    ctx.insert(price)
    new_prices.tell_created(ctx, price)
    return price


def create_one_off_price(
    ctx: Context, amount: Fraction | int, currency: str, name: str, product: str | None = None
) -> Json:
    """Stores a one-off price for an amount, and a product with this name unless `product` is given."""
    data: Json = {"currency": currency, "unit_amount_decimal": decimal_text(Fraction(amount))}
    if amount < 0:
        data["unit_amount_decimal"] = "0"
    data |= {"product": product} if product else {"product_data": {"name": name}}
    price = inline_price(ctx, data)
    if amount < 0:
        price |= {"unit_amount": int(amount), "unit_amount_decimal": decimal_text(Fraction(amount))}
        ctx.save(price)
    return price


def in_currency(ctx: Context, price: Json, currency: str) -> Json | None:
    """Returns the price in a currency, or None if it has no amount in it."""
    if price["currency"] == currency:
        return price
    option = ctx.private(price, PricePrivate).get("currency_options", {}).get(currency)
    return None if option is None else {**price, **option, "currency": currency}


def exact_amount(ctx: Context, price: Json, quantity: int | Fraction, currency: str) -> Fraction:
    """Returns the price of a quantity in the smallest currency unit, before rounding."""
    seen, tiers = _priced(ctx, price, currency)
    return amount_of(seen, quantity, tiers)


def parts_by_tier(ctx: Context, price: Json, quantity: int | Fraction, currency: str) -> list[TierPart]:
    """Returns what each tier of a price charges for a quantity; an empty list for a price without tiers."""
    seen, tiers = _priced(ctx, price, currency)
    return tier_parts(seen, quantity, tiers) if seen["billing_scheme"] == "tiered" else []


def _priced(ctx: Context, price: Json, currency: str) -> tuple[Json, Sequence[Json]]:
    """Returns the price in a currency, and its tiers."""
    stored = ctx.find("price", price["id"])
    seen = in_currency(ctx, stored or price, currency) or price
    tiers = ctx.private(stored, PricePrivate).get("tiers", ()) if stored else ()
    return seen, seen.get("tiers") or tiers


def amount(ctx: Context, price: Json, quantity: int | Fraction, currency: str) -> int:
    """Returns the price of a quantity in the smallest currency unit, rounded half up."""
    return half_up(exact_amount(ctx, price, quantity, currency))


def is_metered(price: Mapping[str, Any]) -> bool:
    """Whether a price bills metered usage in arrears."""
    return (price.get("recurring") or {}).get("usage_type") == "metered"


def cycle_of(subscription: Mapping[str, Any], price: Mapping[str, Any]) -> Cycle:
    """Returns the billing cycle of one price of a subscription."""
    recurring = price["recurring"]
    config = subscription.get("billing_cycle_anchor_config") or {}
    return Cycle(
        subscription["billing_cycle_anchor"],
        recurring["interval"],
        recurring.get("interval_count") or 1,
        config.get("day_of_month"),
    )


def product_name(ctx: Context, price: Mapping[str, Any]) -> str:
    """Returns the name of a price's product, or the price's nickname if there is none."""
    stored = product_of(ctx, price)
    return str(stored["name"]) if stored else str(price.get("nickname") or "Product")


def product_of(ctx: Context, price: Mapping[str, Any]) -> Json | None:
    """Returns the product of a price, or None for one that was deleted."""
    product = price.get("product")
    return ctx.find("product", product) if isinstance(product, str) else None


def price_text(ctx: Context, price: Json, currency: str) -> str:
    """Returns the price in a line description: `at $10.00 / month`, `at $0.08 per 60 units / month` (recorded)."""
    seen = in_currency(ctx, price, currency) or price
    packed = (price.get("transform_quantity") or {}).get("divide_by")
    per = f" per {packed} units" if packed else ""
    return f"at {money_text(unit_amount(seen) or 0, currency)}{per} / {interval_text(price['recurring'])}"


def tier_text(price: Json, part: TierPart, currency: str) -> str:
    """Returns the price of a tier in a line description: `Tier 2 at $0.036 / month`; a flat fee's is its amount."""
    amount = part.amount if part.unit is None else part.unit
    return f"Tier {part.number} at {money_text(amount, currency)} / {interval_text(price['recurring'])}"


def _below(where: str, name: str) -> str:
    if not where:
        return name
    head, bracket, rest = name.partition("[")
    return f"{where}[{head}]{bracket}{rest}"


def decimal_text(value: Fraction) -> str:
    """Formats an amount as `unit_amount_decimal` does: without trailing zeros."""
    if value.denominator == 1:
        return str(value.numerator)
    return f"{float(value):.12f}".rstrip("0").rstrip(".")
