"""Trial offers on subscription items: the price during the trial, how long it lasts, and the price after it.

Source: https://docs.stripe.com/api/product-catalog/trial-offer. Certainty C: the subscription stays `active` meanwhile,
an item may name no other price than its offer's, and a trial begun within a period ends with the first renewal after
its end.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing.calc.periods import add_interval
from stripe_shell.sandbox.objects.context import Context, Json

KIND = "product_catalog.trial_offer"


def with_price(ctx: Context, entry: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    """Returns an item's parameters with the price of its trial offer. Raises StripeError."""
    offer = _offer_of(ctx, entry, f"{where}[current_trial][trial_offer]")
    if offer is None:
        return entry
    if entry.get("price_data") or entry.get("price") not in (None, offer["price"]):
        raise errors.invalid(
            f"The price of an item in a trial must be that of its trial offer: `{offer['price']}`.",
            param=f"{where}[price]",
        )
    return {**entry, "price": offer["price"]}


def current_trial(ctx: Context, entry: Mapping[str, Any], start: int) -> Json | None:
    """Returns the member `current_trial` of an item whose trial starts at `start`; None without a trial offer."""
    offer = _offer_of(ctx, entry, "current_trial[trial_offer]")
    if offer is None:
        return None
    recurring = ctx.get("price", offer["price"])["recurring"]
    count = (recurring.get("interval_count") or 1) * offer["duration"]["relative"]["iterations"]
    end = add_interval(start, recurring["interval"], count)
    return {"end_date": end, "start_date": start, "trial_offer": offer["id"]}


def price_after(ctx: Context, item: Mapping[str, Any], now: int) -> Json | None:
    """Returns the price that an item goes over to when its trial is over by `now`; None for any other item."""
    trial = item.get("current_trial")
    if not trial or trial["end_date"] > now:
        return None
    offer = ctx.find(KIND, trial["trial_offer"])
    return ctx.find("price", offer["end_behavior"]["transition"]["price"]) if offer else None


def _offer_of(ctx: Context, entry: Mapping[str, Any], param: str) -> Json | None:
    given = entry.get("current_trial")
    if not given:
        return None
    offer = ctx.get(KIND, given["trial_offer"], param=param)
    if not offer["active"]:
        raise errors.invalid("The trial offer is inactive.", param=param)
    return offer
