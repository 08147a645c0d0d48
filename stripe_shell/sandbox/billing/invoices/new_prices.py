"""New prices: built from checked parameters, with amounts, tiers and lookup key."""

from __future__ import annotations

from decimal import Decimal

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing.calc.plan_view import plan_view
from stripe_shell.sandbox.currencies import check_currency_keys
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.private_fields import PricePrivate

#: The longest `interval_count` by interval: three years.
_LONGEST = {"day": 1095, "week": 156, "month": 36, "year": 3}


def build(ctx: Context, params: Json) -> Json:
    """Returns the price for the parameters, not stored. Raises StripeError for invalid amounts or recurrence."""
    _check_amount(params)
    _check_recurring(params)
    price = ctx.new("price")
    ctx.resource("price").echo(price, params)
    _set_amounts(price, params)
    price["type"] = "recurring" if params.get("recurring") else "one_time"
    price["recurring"] = _recurring(params) if params.get("recurring") else None
    _keep_hidden(ctx, price, params)
    if params.get("lookup_key"):
        take_lookup_key(ctx, price, params)
    return price


def tell_created(ctx: Context, price: Json) -> None:
    """Emits `price.created`, and `plan.created` for a recurring price."""
    ctx.emit("price.created", price)
    if price["type"] == "recurring":
        ctx.emit("plan.created", plan_view(price))


def _keep_hidden(ctx: Context, price: Json, params: Json) -> None:
    if params.get("aggregate_usage"):
        ctx.private(price, PricePrivate)["aggregate_usage"] = params["aggregate_usage"]
    if params.get("tiers"):
        ctx.private(price, PricePrivate)["tiers"] = [_tier(tier) for tier in params["tiers"]]
    if params.get("currency_options"):
        ctx.private(price, PricePrivate)["currency_options"] = options_of(params["currency_options"])


def take_lookup_key(ctx: Context, price: Json, params: Json) -> None:
    """Mutates `price`: sets a unique lookup key; `transfer_lookup_key` removes it from the price that has it."""
    key = params["lookup_key"]
    for holder in ctx.all("price", lookup_key=key):
        if holder["id"] == price["id"]:
            continue
        if not params.get("transfer_lookup_key"):
            raise errors.invalid(f"A price (`{holder['id']}`) already uses that lookup key.", param="lookup_key")
        holder["lookup_key"] = None
        ctx.emit("price.updated", holder, ctx.save(holder))
    price["lookup_key"] = key


def _check_amount(params: Json) -> None:
    given = [name for name in ("unit_amount", "unit_amount_decimal", "custom_unit_amount") if name in params]
    if len(given) > 1:
        raise errors.exclusive(*given[:2])
    tiered = params.get("billing_scheme") == "tiered" or bool(params.get("tiers"))
    if not given and not tiered:
        raise errors.invalid("Prices require an `unit_amount` or `unit_amount_decimal` parameter to be set.")
    if tiered and not params.get("recurring"):
        raise errors.invalid("Prices with `type=one_time` are not supported with tiered billing.", param="interval")
    if tiered and not params.get("tiers_mode"):
        raise errors.missing_parameter("tiers_mode")
    if tiered and not params.get("tiers"):
        raise errors.missing_parameter("tiers")
    if params.get("tiers"):
        if params.get("billing_scheme") == "per_unit":
            raise errors.invalid("You cannot pass `tiers` when `billing_scheme` is `per_unit`.", param="tiers")
        # `transform_quantity` cannot be combined with tiers, `unit_amount` is for prices without (api/prices/create);
        # the texts are not known.
        other = next(
            (name for name in ("transform_quantity", "unit_amount", "unit_amount_decimal") if params.get(name)), None
        )
        if other is not None:
            raise errors.invalid(f"You cannot pass `{other}` when `billing_scheme` is `tiered`.", param=other)
        _check_tiers(params["tiers"])


def _check_tiers(tiers: list[Json], param: str = "tiers") -> None:
    """Raises StripeError for tiers without an amount, with two of a kind, or whose limits do not rise to `inf`.

    The texts of the first two are recorded (terraform-provider-stripe#45, #10), those of the limits assumed.
    """
    amounts_of = ("unit_amount", "unit_amount_decimal", "flat_amount", "flat_amount_decimal")
    below = 0
    for index, tier in enumerate(tiers):
        where, up_to = f"{param}[{index}]", tier.get("up_to")
        for name in ("unit_amount", "flat_amount"):
            if tier.get(name) is not None and tier.get(f"{name}_decimal") is not None:
                raise errors.invalid(
                    f"You may only specify one of these parameters: {name}, {name}_decimal.", param=f"{where}[{name}]"
                )
        if all(tier.get(name) is None for name in amounts_of):
            raise errors.invalid("An entry in the tiers array is missing an amount.", param=where)
        last = index == len(tiers) - 1
        if (up_to == "inf") is not last:
            raise errors.invalid("The last tier, and only this one, must have `up_to=inf`.", param=f"{where}[up_to]")
        if not last and int(up_to or 0) <= below:
            raise errors.invalid("The `up_to` of each tier must be greater than that before.", param=f"{where}[up_to]")
        below = below if last else int(up_to or 0)


def _check_recurring(params: Json) -> None:
    recurring = params.get("recurring")
    if not recurring:
        return
    if recurring.get("usage_type") == "metered" and not (recurring.get("meter") or params.get("aggregate_usage")):
        raise errors.invalid(
            "Starting with the `2025-03-31.basil` version, metered prices need a meter: set `recurring[meter]`.",
            param="recurring[meter]",
        )
    count = recurring.get("interval_count", 1)
    if count < 1:
        raise errors.below_minimum("recurring[interval_count]", 1)
    if count > _LONGEST[recurring["interval"]]:
        raise errors.invalid(
            f"The interval must not be longer than three years ({_LONGEST[recurring['interval']]} "
            f"{recurring['interval']}s).",
            param="recurring[interval_count]",
        )


def _set_amounts(price: Json, params: Json) -> None:
    if params.get("custom_unit_amount"):
        custom = params["custom_unit_amount"]
        price["custom_unit_amount"] = {name: custom.get(name) for name in ("maximum", "minimum", "preset")}
        price["unit_amount"] = price["unit_amount_decimal"] = None
    elif not params.get("tiers"):
        price["unit_amount"], price["unit_amount_decimal"] = amounts(params)
    if params.get("tiers"):
        price["billing_scheme"] = "tiered"


def amounts(params: Json, name: str = "unit_amount") -> tuple[int | None, str | None]:
    """Returns an amount as an integer, None if it is fractional, and as decimal text. Raises StripeError below zero."""
    if params.get(name) is not None:
        whole = int(params[name])
        if whole < 0:
            raise errors.invalid("Invalid non-negative integer", param=name, code="parameter_invalid_integer")
        return whole, str(whole)
    text = params.get(f"{name}_decimal")
    if text is None:
        return None, None
    value = Decimal(text)
    plain = format(value.normalize(), "f")
    return (int(value) if value == value.to_integral_value() else None), plain


def _recurring(params: Json) -> Json:
    recurring = params["recurring"]
    return {
        "interval": recurring["interval"],
        "interval_count": recurring.get("interval_count", 1),
        "meter": recurring.get("meter"),
        "trial_period_days": int(params["trial_period_days"]) if params.get("trial_period_days") else None,
        "usage_type": recurring.get("usage_type", "licensed"),
    }


def _tier(tier: Json) -> Json:
    flat, flat_decimal = amounts(tier, "flat_amount")
    unit, unit_decimal = amounts(tier)
    up_to = tier.get("up_to")
    return {
        "flat_amount": flat,
        "flat_amount_decimal": flat_decimal,
        "unit_amount": unit,
        "unit_amount_decimal": unit_decimal,
        "up_to": None if up_to == "inf" else up_to,
    }


def options_of(options: Json) -> Json:
    """Returns `currency_options` as stored: the amounts or the tiers of each currency. Raises StripeError."""
    check_currency_keys(options, "currency_options")
    for currency, option in options.items():
        _check_tiers(option.get("tiers") or [], f"currency_options[{currency}][tiers]")
    return {currency: _option(option) for currency, option in options.items()}


def _option(option: Json) -> Json:
    whole, decimal = amounts(option)
    return {
        "custom_unit_amount": option.get("custom_unit_amount"),
        "tax_behavior": option.get("tax_behavior", "unspecified"),
        **({"tiers": [_tier(tier) for tier in option["tiers"]]} if option.get("tiers") else {}),
        "unit_amount": whole,
        "unit_amount_decimal": decimal,
    }
