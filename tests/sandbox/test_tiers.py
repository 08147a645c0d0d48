"""Tiered prices: what is refused, and the lines of an invoice, one for the units and one for the flat fee of a tier."""

from __future__ import annotations

import pytest

from .conftest import NOW, Client, Json
from .shop import DAY, Shop

GRADUATED: Json = {
    "currency": "usd",
    "billing_scheme": "tiered",
    "tiers_mode": "graduated",
    "recurring": {"interval": "month"},
    "product_data": {"name": "Usage"},
}
X = "\u00d7"


def _lines(stripe: Client, invoice: str) -> list[tuple[int, int, str]]:
    lines = stripe.get(f"/v1/invoices/{invoice}/lines")["data"]
    return [(line["amount"], line["quantity"], line["description"]) for line in lines]


def _subscribe(stripe: Client, tiers: list[Json], quantity: int, **price: object) -> str:
    made = stripe.post("/v1/prices", {**GRADUATED, "tiers": tiers, **price})
    items = [{"price": made["id"], "quantity": quantity}]
    subscription = stripe.post("/v1/subscriptions", {"customer": Shop(stripe).customer()["id"], "items": items})
    return str(subscription["latest_invoice"])


def test_usage_over_two_tiers(stripe: Client) -> None:
    """As in a recorded invoice: 1000 units, the flat fee of their tier, 31 units of the next one."""
    meter = stripe.post(
        "/v1/billing/meters",
        {"display_name": "Credits", "event_name": "credits", "default_aggregation": {"formula": "sum"}},
    )
    tiers = [
        {"up_to": 1000, "unit_amount": 0, "flat_amount": 900},
        {"up_to": "inf", "unit_amount_decimal": "3.6"},
    ]
    recurring = {"interval": "month", "usage_type": "metered", "meter": meter["id"]}
    product = {"name": "Usage", "unit_label": "credit"}
    price = stripe.post("/v1/prices", {**GRADUATED, "tiers": tiers, "recurring": recurring, "product_data": product})
    owner = Shop(stripe).customer()["id"]
    subscription = stripe.post("/v1/subscriptions", {"customer": owner, "items": [{"price": price["id"]}]})
    payload = {"stripe_customer_id": owner, "value": "1031"}
    stripe.post("/v1/billing/meter_events", {"event_name": "credits", "payload": payload, "timestamp": NOW})
    stripe.clock.advance(31 * DAY)
    invoice = stripe.get("/v1/invoices", {"subscription": subscription["id"]})["data"][0]
    assert invoice["total"] == 1012
    assert _lines(stripe, invoice["id"]) == [
        (0, 1000, f"1000 credit {X} Usage (Tier 1 at $0.00 / month)"),
        (900, 0, "Usage (Tier 1 at $9.00 / month)"),
        (112, 31, f"31 credit {X} Usage (Tier 2 at $0.036 / month)"),
    ]
    units = [line["pricing"]["unit_amount_decimal"] for line in invoice["lines"]["data"]]
    assert units == ["0", None, "3.6"]


def test_a_flat_fee_of_zero_is_a_line(stripe: Client) -> None:
    """A flat amount that is given is shown; one that is not given has no line."""
    tiers = [
        {"up_to": 5, "unit_amount": 100, "flat_amount": 0},
        {"up_to": 10, "unit_amount": 50},
        {"up_to": "inf", "unit_amount": 10, "flat_amount": 200},
    ]
    assert _lines(stripe, _subscribe(stripe, tiers, 12)) == [
        (500, 5, f"5 {X} Usage (Tier 1 at $1.00 / month)"),
        (0, 0, "Usage (Tier 1 at $0.00 / month)"),
        (250, 5, f"5 {X} Usage (Tier 2 at $0.50 / month)"),
        (20, 2, f"2 {X} Usage (Tier 3 at $0.10 / month)"),
        (200, 0, "Usage (Tier 3 at $2.00 / month)"),
    ]


def test_all_units_at_the_tier_of_the_volume(stripe: Client) -> None:
    """One tier charges all units, and its flat fee alone."""
    tiers = [
        {"up_to": 5, "unit_amount": 100, "flat_amount": 900},
        {"up_to": "inf", "unit_amount": 80, "flat_amount": 50},
    ]
    assert _lines(stripe, _subscribe(stripe, tiers, 7, tiers_mode="volume")) == [
        (560, 7, f"7 {X} Usage (Tier 2 at $0.80 / month)"),
        (50, 0, "Usage (Tier 2 at $0.50 / month)"),
    ]


def test_a_change_prorates_all_tiers(stripe: Client) -> None:
    """The credit for the rest of the period is that of units and flat fees together."""
    tiers = [{"up_to": 5, "unit_amount": 100, "flat_amount": 900}, {"up_to": "inf", "unit_amount": 80}]
    _subscribe(stripe, tiers, 7)
    subscription = stripe.get("/v1/subscriptions")["data"][0]
    item = {"id": subscription["items"]["data"][0]["id"], "quantity": 8}
    params = {"items": [item], "proration_date": NOW + 15 * DAY}
    stripe.clock.advance(15 * DAY)
    stripe.post(f"/v1/subscriptions/{subscription['id']}", params)
    assert sorted(item["amount"] for item in stripe.get("/v1/invoiceitems")["data"]) == [-780, 820]


def test_the_price_of_a_package_says_its_size(stripe: Client) -> None:
    """`per 60 units` in the text of a line (recorded)."""
    price = Shop(stripe).price(8, transform_quantity={"divide_by": 60, "round": "up"})
    items = [{"price": price["id"], "quantity": 900}]
    made = stripe.post("/v1/subscriptions", {"customer": Shop(stripe).customer()["id"], "items": items})
    assert _lines(stripe, made["latest_invoice"])[0][2] == f"900 {X} Gold (at $0.08 per 60 units / month)"


@pytest.mark.parametrize(
    ("tiers", "param"),
    [
        ([{"up_to": 10}, {"up_to": "inf", "unit_amount": 5}], "tiers[0]"),
        ([{"up_to": "inf", "unit_amount": 5, "unit_amount_decimal": "5.5"}], "tiers[0][unit_amount]"),
        ([{"up_to": "inf", "flat_amount": 5, "flat_amount_decimal": "5.5"}], "tiers[0][flat_amount]"),
        ([{"up_to": 10, "unit_amount": 5}], "tiers[0][up_to]"),
        ([{"up_to": "inf", "unit_amount": 5}, {"up_to": 10, "unit_amount": 4}], "tiers[0][up_to]"),
        ([{"up_to": 0, "unit_amount": 5}, {"up_to": "inf", "unit_amount": 4}], "tiers[0][up_to]"),
        (
            [{"up_to": 9, "unit_amount": 5}, {"up_to": 9, "unit_amount": 5}, {"up_to": "inf", "unit_amount": 4}],
            "tiers[1][up_to]",
        ),
    ],
)
def test_tiers_that_are_refused(stripe: Client, tiers: list[Json], param: str) -> None:
    """By prices, by plans, and in another currency of a price."""
    assert stripe.refused("POST", "/v1/prices", {**GRADUATED, "tiers": tiers})["param"] == param
    plan = {"currency": "usd", "interval": "month", "billing_scheme": "tiered", "tiers_mode": "graduated"}
    refused = stripe.refused("POST", "/v1/plans", {**plan, "product": {"name": "Usage"}, "tiers": tiers})
    assert refused["param"] == param
    other = {"eur": {"tiers": tiers}}
    good = [{"up_to": "inf", "unit_amount": 5}]
    refused = stripe.refused("POST", "/v1/prices", {**GRADUATED, "tiers": good, "currency_options": other})
    assert refused["param"] == f"currency_options[eur][{param.partition('[')[0]}][{param.partition('[')[2]}"


def test_tiers_of_another_currency(stripe: Client) -> None:
    """A customer who pays in it is billed by its own tiers."""
    options = {"eur": {"tiers": [{"up_to": "inf", "unit_amount": 7, "flat_amount": 100}]}}
    tiers = [{"up_to": "inf", "unit_amount": 5}]
    price = stripe.post("/v1/prices", {**GRADUATED, "tiers": tiers, "currency_options": options})
    items = [{"price": price["id"], "quantity": 10}]
    owner = Shop(stripe).customer()["id"]
    made = stripe.post("/v1/subscriptions", {"customer": owner, "items": items, "currency": "eur"})
    assert [line[0] for line in _lines(stripe, made["latest_invoice"])] == [70, 100]
    shown = stripe.get(f"/v1/prices/{price['id']}", {"expand": ["currency_options"]})["currency_options"]
    assert shown["eur"]["tiers"][0]["unit_amount"] == 7


def test_tiers_of_a_price_per_unit(stripe: Client) -> None:
    """They are refused."""
    params = {**GRADUATED, "billing_scheme": "per_unit", "tiers": [{"up_to": "inf", "unit_amount": 5}]}
    assert stripe.refused("POST", "/v1/prices", params)["param"] == "tiers"
