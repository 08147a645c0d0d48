"""Tax transactions: recorded from calculations, reversed in full, by line and by a flat amount."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from stripe_shell.sandbox.billing.tax.reversals import TaxedAmount, share

from .conftest import NOW, Client, Json
from .test_tax_calculations import calculate

RECORD, REVERSE = "/v1/tax/transactions/create_from_calculation", "/v1/tax/transactions/create_reversal"


@pytest.fixture
def sale(stripe: Client) -> Json:
    """Lines of 1000 + 190 and of 1190 with 190 inside, shipping 500 + 95: 2975 in all."""
    registration = {"country": "DE", "active_from": NOW - 1, "country_options": {"de": {"type": "standard"}}}
    stripe.post("/v1/tax/registrations", registration)
    made = calculate(stripe, shipping_cost={"amount": 500})["id"]
    return stripe.post(RECORD, {"calculation": made, "reference": "order 1", "metadata": {"a": "b"}})


def reverse(stripe: Client, sale: Json, name: str, **more: Any) -> Json:
    return stripe.post(REVERSE, {"original_transaction": sale["id"], "reference": name, **more})


def refused(stripe: Client, sale: Json, **more: Any) -> tuple[str | None, str]:
    params = {"original_transaction": sale["id"], "reference": "refused", "mode": "partial", **more}
    error = stripe.refused("POST", REVERSE, params)
    return error.get("param"), error["message"]


def amounts(transaction: Json) -> list[tuple[int, int]]:
    rows = [
        *transaction["line_items"]["data"],
        *([transaction["shipping_cost"]] if transaction["shipping_cost"] else []),
    ]
    return [(row["amount"], row["amount_tax"]) for row in rows]


def test_a_calculation_is_recorded(stripe: Client, sale: Json) -> None:
    assert sale["id"].startswith("tax_1")
    assert (sale["type"], sale["reversal"], sale["reference"], sale["metadata"]) == (
        "transaction",
        None,
        "order 1",
        {"a": "b"},
    )
    assert (sale["posted_at"], sale["tax_date"], sale["customer_details"]["address"]["country"]) == (NOW, NOW, "DE")
    assert amounts(sale) == [(1000, 190), (1190, 190), (500, 95)]
    assert stripe.get(f"/v1/tax/transactions/{sale['id']}") == sale
    listed = stripe.get(f"/v1/tax/transactions/{sale['id']}/line_items", {"limit": 1})
    assert (listed["data"], listed["has_more"]) == (sale["line_items"]["data"][:1], True)


def test_a_reference_is_used_once(stripe: Client, sale: Json) -> None:
    again = {"calculation": calculate(stripe)["id"], "reference": "order 1"}
    assert stripe.refused("POST", RECORD, again)["param"] == "reference"
    assert refused(stripe, sale, mode="full", reference="order 1")[0] == "reference"


def test_a_calculation_expires(stripe: Client) -> None:
    made = calculate(stripe)["id"]
    stripe.clock.advance(90 * 86_400)
    assert stripe.refused("POST", RECORD, {"calculation": made, "reference": "late"})["param"] == "calculation"


def test_the_time_of_posting(stripe: Client) -> None:
    made = calculate(stripe)["id"]
    for at in (NOW - 1, NOW + 1):
        error = stripe.refused("POST", RECORD, {"calculation": made, "reference": "a", "posted_at": at})
        assert error["param"] == "posted_at"


def test_a_full_reversal(stripe: Client, sale: Json) -> None:
    made = reverse(stripe, sale, "refund 1", mode="full")
    assert (made["type"], made["reversal"]) == ("reversal", {"original_transaction": sale["id"]})
    assert amounts(made) == [(-1000, -190), (-1190, -190), (-500, -95)]
    lines = zip(sale["line_items"]["data"], made["line_items"]["data"], strict=True)
    assert all(row["reversal"] == {"original_line_item": line["id"]} for line, row in lines)
    message = f"You can't reverse transaction '{sale['id']}' because it has been fully reversed."
    assert refused(stripe, sale, mode="full") == ("original_transaction", message)


def test_a_reversal_of_lines_leaves_the_rest(stripe: Client, sale: Json) -> None:
    line = sale["line_items"]["data"][0]["id"]
    given = {"amount": -400, "amount_tax": -76, "original_line_item": line, "reference": "L1 back", "quantity": 1}
    made = reverse(stripe, sale, "refund 1", mode="partial", line_items=[given])
    assert (amounts(made), made["line_items"]["data"][0]["reference"]) == ([(-400, -76)], "L1 back")
    assert refused(stripe, sale, line_items=[{**given, "amount": -601}])[0] == "line_items[0][amount]"
    assert refused(stripe, sale, line_items=[{**given, "amount": 1}])[0] == "line_items[0][amount]"
    assert refused(stripe, sale, line_items=[{**given, "original_line_item": "tax_li_x"}])[0] == (
        "line_items[0][original_line_item]"
    )
    assert refused(stripe, sale)[0] == "line_items"
    assert amounts(reverse(stripe, sale, "refund 2", mode="full")) == [(-600, -114), (-1190, -190), (-500, -95)]


def test_a_flat_amount_is_shared_out(stripe: Client, sale: Json) -> None:
    made = reverse(stripe, sale, "refund 1", mode="partial", flat_amount=-1000)
    assert amounts(made) == [(-336, -64), (-400, -64), (-168, -32)]
    assert refused(stripe, sale, flat_amount=-1976)[0] == "flat_amount"
    rest = reverse(stripe, sale, "refund 2", mode="partial", flat_amount=-1975)
    assert amounts(rest) == [(-664, -126), (-790, -126), (-332, -63)]


def test_a_reversal_is_undone_by_a_reversal(stripe: Client, sale: Json) -> None:
    first = reverse(stripe, sale, "refund 1", mode="partial", flat_amount=-1000)
    assert refused(stripe, first, flat_amount=-1)[0] == "mode"
    undone = reverse(stripe, first, "refund 1 undone", mode="full")
    assert amounts(undone) == [(336, 64), (400, 64), (168, 32)]
    assert amounts(reverse(stripe, sale, "refund 2", mode="full")) == [(-1000, -190), (-1190, -190), (-500, -95)]


@pytest.mark.parametrize("total", [1, 2, 7, 100, 331, 332])
def test_shares_are_right_to_the_unit(total: int) -> None:
    """The shares sum up to the total, none is a unit or more from its exact value, and no tax is above its line's."""
    left = {
        "a": TaxedAmount(100, 19, False),
        "b": TaxedAmount(100, 7, True),
        "c": TaxedAmount(33, 3, False),
        "d": TaxedAmount(77, 0, False),
    }
    whole = sum(part.total for part in left.values())
    found = share(total, left)
    assert sum(part.total for part in found.values()) == total
    assert all(abs(part.total - Fraction(total * left[key].total, whole)) < 1 for key, part in found.items())
    assert all(0 <= part.tax <= left[key].tax for key, part in found.items())
