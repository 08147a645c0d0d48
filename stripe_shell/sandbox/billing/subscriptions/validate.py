"""Validates the parameters of a subscription: items, times, trial, collection method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stripe_shell.records import record
from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing.calc import rules
from stripe_shell.sandbox.billing.calc.periods import DAY, Cycle, anchor_of
from stripe_shell.sandbox.billing.invoices import prices
from stripe_shell.sandbox.billing.invoices.lines import rates_json
from stripe_shell.sandbox.currencies import check_step
from stripe_shell.sandbox.objects.context import Context, Json

from . import trial_offers


def take_anchor(params: Json) -> None:
    """Converts `billing_cycle_anchor` from a word or a time to the object of the table. Mutates `params`.

    Versions before 2026-09-30.endive accept only a word or a time.
    """
    given = params.get("billing_cycle_anchor")
    if given in ("now", "unchanged"):
        params["billing_cycle_anchor"] = {"type": given}
    elif str(given).isdecimal():
        params["billing_cycle_anchor"] = {"type": "timestamp", "timestamp": given}


def read_anchor(params: Json) -> None:
    """Converts the object `billing_cycle_anchor` to the word or time that it contains. Mutates `params`."""
    given = params.get("billing_cycle_anchor")
    if isinstance(given, Mapping):
        params["billing_cycle_anchor"] = given.get("timestamp") if given["type"] == "timestamp" else given["type"]


def take_plans(entries: Any) -> None:
    """Renames the `plan` of every entry to `price`. Mutates `entries`.

    A plan is the price of the same id.
    """
    for entry in entries.values() if isinstance(entries, dict) else entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and "plan" in entry:
            entry.setdefault("price", entry.pop("plan"))


@record
class RequestedItem:
    """A requested item: its price, and the request's parameters for it (`params`)."""

    price: Json
    params: Mapping[str, Any]


@record
class SubscriptionTimes:
    """The start, the end of the trial (None without one) and the billing cycle anchor, in epoch seconds."""

    start: int
    trial_end: int | None
    anchor: int


def check_clock(ctx: Context, customer: Json) -> None:
    """Raises StripeError if a customer on a test clock has no room for another subscription or schedule."""
    if not customer.get("test_clock"):
        return
    alive = sum(sub["status"] not in rules.OVER for sub in ctx.iterate("subscription", customer=customer["id"]))
    waiting = ctx.iterate("subscription_schedule", customer=customer["id"])
    alive += sum(schedule["status"] == "not_started" for schedule in waiting)
    if alive >= rules.MAX_ON_CLOCK:
        raise errors.invalid(
            f"A customer on a test clock can have at most {rules.MAX_ON_CLOCK} subscriptions.", param="customer"
        )


def requested_items(
    ctx: Context, requested: Sequence[Mapping[str, Any]], *, active: bool = True
) -> list[RequestedItem]:
    """Returns the items of a new subscription; `active` refuses inactive prices. Raises StripeError."""
    if not requested:
        raise errors.missing_parameter("items")
    if len(requested) > rules.MAX_ITEMS:
        raise errors.invalid(
            f"A subscription can have at most {rules.MAX_ITEMS} items; you passed {len(requested)}.", param="items"
        )
    found = []
    for index, entry in enumerate(requested):
        where = f"items[{index}]"
        entry = trial_offers.with_price(ctx, entry, where)  # noqa: PLW2901
        price = prices.price_from(ctx, entry, where, recurring=True, active=active)
        if price is None:
            raise errors.missing_parameter(f"{where}[price]")
        found.append(RequestedItem(price, with_rates(ctx, entry, where)))
    _refuse_duplicate_prices(found)
    return found


def with_rates(ctx: Context, params: Mapping[str, Any], where: str) -> Json:
    """Returns an item's parameters with whole tax rates in place of their ids. Raises StripeError."""
    quantity = params.get("quantity")
    if quantity is not None and quantity < 0:
        raise errors.below_minimum(f"{where}[quantity]", 0)
    said = dict(params)
    if "tax_rates" in params:
        said["tax_rates"] = rates_json(ctx, params["tax_rates"] or (), f"{where}[tax_rates]")
    return said


def currency_of(ctx: Context, requested: Sequence[RequestedItem], explicit: str | None) -> str:
    """Returns the currency that all prices have in common. Raises StripeError if there is none."""
    currency = (explicit or requested[0].price["currency"]).lower()
    for entry in requested:
        if prices.in_currency(ctx, entry.price, currency) is not None:
            continue
        other = next(
            (
                index
                for index, item in enumerate(requested)
                if prices.in_currency(ctx, item.price, currency) is not None
            ),
            0,
        )
        raise errors.invalid(
            f"This `price` has `currency={entry.price['currency']}`, but other items use `currency={currency}`. "
            "All prices of a subscription must have the same currency.",
            param=f"items[{other}][price]",
        )
    return currency


def check_steps(requested: Sequence[RequestedItem], currency: str) -> None:
    """Raises StripeError for a unit amount that no payment can have (a third decimal in KWD)."""
    for index, entry in enumerate(requested):
        amount = entry.price.get("unit_amount")
        if amount and not prices.is_metered(entry.price) and entry.price["currency"] == currency:
            check_step(amount, currency, f"items[{index}][price]")


def check_intervals(requested: Sequence[Json], billing_mode: str) -> None:
    """Raises StripeError for prices of different intervals in classic billing mode."""
    intervals = {(price["recurring"]["interval"], price["recurring"]["interval_count"]) for price in requested}
    if billing_mode == "classic" and len(intervals) > 1:
        raise errors.invalid(
            "All prices on a subscription must have the same `recurring.interval` and `recurring.interval_count`. "
            "If you meant to update an existing subscription item instead of creating a new one, make sure to include "
            "the subscription item ID in your request.",
            param="items",
        )


def check_collection(params: Mapping[str, Any], method: str, days: int | None) -> None:
    """Raises StripeError if `send_invoice` lacks `days_until_due`, or another method has it."""
    if method == "send_invoice" and days is None:
        raise errors.invalid("If collection method is 'send_invoice', you must specify 'days_until_due'.")
    if method != "send_invoice" and params.get("days_until_due") is not None:
        raise errors.invalid("You can only specify 'days_until_due' if collection method is 'send_invoice'.")


def check_trial(params: Mapping[str, Any]) -> None:
    """Raises StripeError for trial parameters that conflict, or are out of range."""
    if params.get("trial_from_plan") and ("trial_end" in params or "trial_period_days" in params):
        raise errors.invalid("You cannot set `trial_end` or `trial_period_days` when `trial_from_plan=true`.")
    if params.get("trial_end") is not None and params.get("trial_period_days") is not None:
        raise errors.exclusive("trial_end", "trial_period_days")
    days = params.get("trial_period_days")
    if days is not None and days < 0:
        raise errors.below_minimum("trial_period_days", 0)
    if days is not None and days > rules.MAX_TRIAL_DAYS:
        raise errors.invalid(
            f"The maximum number of trial period days is {rules.MAX_TRIAL_DAYS} (2 years).", param="trial_period_days"
        )


def check_location(customer: Mapping[str, Any], automatic_tax: Any) -> None:
    """Raises StripeError for automatic tax if the customer's country is unknown."""
    if (automatic_tax or {}).get("enabled") and not (customer.get("address") or {}).get("country"):
        raise errors.invalid(
            "The customer's location isn't recognized. Set a valid customer address in order to automatically "
            "calculate tax.",
            code="customer_tax_location_invalid",
            param="automatic_tax",
        )


def subscription_times(
    ctx: Context, params: Mapping[str, Any], requested: Sequence[RequestedItem]
) -> SubscriptionTimes:
    """Returns when a new subscription starts, ends its trial, and is billed. Raises StripeError."""
    now = ctx.now()
    start = params.get("backdate_start_date") or now
    if start > now:
        raise errors.invalid("`backdate_start_date` must be in the past.", param="backdate_start_date")
    trial_end = _trial_end(params, requested, now)
    first = trial_end or start
    anchor = _anchor(params, requested, first, now)
    return SubscriptionTimes(start, trial_end, anchor)


def check_trial_end(value: int, now: int) -> None:
    """Raises StripeError unless a trial ends in the future, within two years."""
    if value <= now:
        raise errors.in_the_past("trial_end", value)
    if value > now + (rules.MAX_TRIAL_DAYS + 1) * DAY:
        raise errors.invalid("Invalid timestamp: can be no more than two years in the future.", param="trial_end")


def _trial_end(params: Mapping[str, Any], requested: Sequence[RequestedItem], now: int) -> int | None:
    given = params.get("trial_end")
    if given == "now":
        return None
    if given is not None:
        check_trial_end(given, now)
        return int(given)
    days = params.get("trial_period_days")
    if days is None and params.get("trial_from_plan"):
        days = max((entry.price["recurring"].get("trial_period_days") or 0 for entry in requested), default=0)
    return now + days * DAY if days else None


def _anchor(params: Mapping[str, Any], requested: Sequence[RequestedItem], first: int, now: int) -> int:
    config, given = params.get("billing_cycle_anchor_config"), params.get("billing_cycle_anchor")
    if config and given is not None:
        raise errors.exclusive("billing_cycle_anchor", "billing_cycle_anchor_config")
    if config:
        return _configured(config, requested, max(first, now))
    if given is None:
        classic = (params.get("billing_mode") or {}).get("type") == "classic"
        return now if classic and first < now else first
    if given <= now:
        raise errors.in_the_past("billing_cycle_anchor", given)
    latest = min(_cycle(entry.price, max(first, now)).boundary(1) for entry in requested)
    if given > latest:
        raise errors.invalid(
            f"`billing_cycle_anchor` cannot be later than next natural billing date ({latest}) for plan",
            param="billing_cycle_anchor",
        )
    return int(given)


def _configured(config: Mapping[str, Any], requested: Sequence[RequestedItem], first: int) -> int:
    intervals = {entry.price["recurring"]["interval"] for entry in requested}
    if intervals & {"day", "week"}:
        raise errors.invalid(
            "`billing_cycle_anchor_config` can only be used with prices of monthly or yearly intervals.",
            param="billing_cycle_anchor_config",
        )
    limits = {"day_of_month": (1, 31), "month": (1, 12), "hour": (0, 23), "minute": (0, 59), "second": (0, 59)}
    for name, (least, most) in limits.items():
        value = config.get(name)
        if value is not None and not least <= value <= most:
            raise errors.invalid(
                f"This value must be between {least} and {most}.", param=f"billing_cycle_anchor_config[{name}]"
            )
    return anchor_of(config, first, "month" if "month" in intervals else "year")


def _cycle(price: Json, anchor: int) -> Cycle:
    return Cycle(anchor, price["recurring"]["interval"], price["recurring"].get("interval_count") or 1)


def _refuse_duplicate_prices(items: Sequence[RequestedItem]) -> None:
    names = [entry.price["id"] for entry in items]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise errors.invalid(
                f"Cannot create a Subscription with multiple Subscription Items with the same Price: {name}",
                param="plan",
            )
