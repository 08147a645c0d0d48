"""Longer ways through the sandbox where several facts meet, and amounts that are easy to get wrong."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Sdk
from .test_clocks import DAY, HOUR, at, invoices

#: 1 June 2026: a month of 30 days.
JUNE = "2026-06-01"


def on_june(sdk: Sdk, *prices: Any, **more: Any) -> tuple[Any, Any, Any]:
    """A clock on 1 June, a customer there, a subscription to these prices."""
    clock = sdk.stand(at(JUNE))
    customer = sdk.customer(test_clock=clock.id)
    return clock, customer, sdk.subscribe(customer, *prices, **more)


def pending(sdk: Sdk, customer: Any) -> list[int]:
    """What waits, sorted."""
    rows = sdk.v1.invoice_items.list(params={"customer": customer.id, "pending": True, "limit": 100}).data
    return sorted(row.amount for row in rows)


@pytest.mark.parametrize(
    ("seconds", "old", "new", "expected"),
    [
        (10 * DAY, 1000, 500, [-667, 333]),  # -666.67 and 333.33
        (15 * DAY, 1005, 2009, [-503, 1004]),  # -502.5 and 1004.5
        (30 * DAY - 1, 1000, 3000, [0, 0]),  # next to nothing on both sides
        (0, 1000, 3000, [-1000, 3000]),
    ],
)
def test_roundings(sdk: Sdk, seconds: int, old: int, new: int, expected: list[int]) -> None:
    """§19.4: each line is rounded to the nearest cent, a tie down, by itself; a line of nothing is written."""
    clock, customer, made = on_june(sdk, sdk.price(old))
    if seconds:
        sdk.advance(clock, at(JUNE) + seconds)
    items = [{"id": made["items"].data[0].id, "price": sdk.price(new, name="New").id}]
    sdk.v1.subscriptions.update(made.id, params={"items": items})
    assert pending(sdk, customer) == expected


def test_whole_configurations(sdk: Sdk) -> None:
    """§19.4: from 2 to 3 at 1/400 of the period left is -3 and +7, as it was observed."""
    clock, customer, made = on_june(sdk, sdk.price(1000))
    item = made["items"].data[0].id
    update = sdk.v1.subscriptions.update
    update(made.id, params={"items": [{"id": item, "quantity": 2}], "proration_behavior": "none"})
    sdk.advance(clock, at(JUNE) + 30 * DAY * 399 // 400)
    update(made.id, params={"items": [{"id": item, "quantity": 3}]})
    assert pending(sdk, customer) == [-3, 7]  # -2.5 for the one that was billed, 7.5 for the three


def test_tax_on_prorations(sdk: Sdk) -> None:
    """§13, §19.4: prorations are taxed on their own: 5 % of 1500 less 5 % of 500."""
    rate = sdk.v1.tax_rates.create(params={"display_name": "VAT", "percentage": 5, "inclusive": False})
    clock, _, made = on_june(sdk, sdk.price(1000), default_tax_rates=[rate.id])
    assert sdk.v1.invoices.retrieve(made.latest_invoice).total == 1050
    sdk.advance(clock, at(JUNE) + 15 * DAY)
    params = {
        "items": [{"id": made["items"].data[0].id, "price": sdk.price(3000, name="New").id}],
        "proration_behavior": "always_invoice",
    }
    invoice = sdk.v1.invoices.retrieve(sdk.v1.subscriptions.update(made.id, params=params).latest_invoice)
    taxes = sorted(line.taxes[0].amount for line in invoice.lines.data)
    assert (taxes, invoice.subtotal, invoice.total) == ([-25, 75], 1000, 1050)


def test_tax_and_discount_at_every_renewal(sdk: Sdk) -> None:
    """§12, §13: 999 less 10 % is 899 (99.9 is 100), 20 % on it is 180 (179.8)."""
    rate = sdk.v1.tax_rates.create(params={"display_name": "VAT", "percentage": 20, "inclusive": False})
    coupon = sdk.v1.coupons.create(params={"percent_off": 10, "duration": "forever"})
    clock, customer, _ = on_june(sdk, sdk.price(999), default_tax_rates=[rate.id], discounts=[{"coupon": coupon.id}])
    sdk.advance(clock, at("2026-07-01") + 2 * HOUR)
    assert invoices(sdk, customer) == [("paid", 1079), ("paid", 1079)]


def test_credit_is_used_at_the_renewal(sdk: Sdk) -> None:
    """§10.1, §19.4: half a month of a downgrade, billed now as credit, lowers the next invoice."""
    clock, customer, made = on_june(sdk, sdk.price(3000))
    sdk.advance(clock, at(JUNE) + 15 * DAY)
    params = {
        "items": [{"id": made["items"].data[0].id, "price": sdk.price(1000, name="New").id}],
        "proration_behavior": "always_invoice",
    }
    sdk.v1.subscriptions.update(made.id, params=params)
    assert sdk.v1.customers.retrieve(customer.id).balance == -1000
    sdk.advance(clock, at("2026-07-01") + 2 * HOUR)
    assert invoices(sdk, customer) == [("paid", 3000), ("paid", 0), ("paid", 0)]
    sdk.advance(clock, at("2026-08-01") + 2 * HOUR)
    assert invoices(sdk, customer)[-1] == ("paid", 1000)


def test_mixed_intervals_bill_by_themselves(sdk: Sdk) -> None:
    """§19.3: flexible billing: an item of a year beside one of a month; each on its own period."""
    clock, customer, made = on_june(sdk, sdk.price(1000), sdk.price(9000, "year", name="Year"))
    ends = {row.price.unit_amount: row.current_period_end for row in made["items"].data}
    assert ends == {1000: at("2026-07-01"), 9000: at("2027-06-01")}
    sdk.advance(clock, at("2026-07-01") + 2 * HOUR)
    assert invoices(sdk, customer) == [("paid", 10_000), ("paid", 1000)]


def test_every_other_week(sdk: Sdk) -> None:
    """§19.2: interval counts are kept."""
    price = sdk.price(700, recurring={"interval": "week", "interval_count": 2})
    clock, customer, made = on_june(sdk, price)
    assert made["items"].data[0].current_period_end == at(JUNE) + 14 * DAY
    sdk.advance(clock, at(JUNE) + 28 * DAY)
    sdk.advance(clock, at(JUNE) + 28 * DAY + 2 * HOUR)
    assert invoices(sdk, customer) == [("paid", 700)] * 3


def test_a_leap_day(sdk: Sdk) -> None:
    """§19.2: a year from 29 February ends on the 28th; after four on the 29th again."""
    clock = sdk.stand(at("2024-02-29"))
    customer = sdk.customer(test_clock=clock.id)
    made = sdk.subscribe(customer, sdk.price(5000, "year"))
    ends = [made["items"].data[0].current_period_end]
    for year in (2025, 2026, 2027):
        sdk.advance(clock, at(f"{year}-02-28") + 2 * HOUR)
        ends.append(sdk.v1.subscriptions.retrieve(made.id)["items"].data[0].current_period_end)
    assert ends == [at("2025-02-28"), at("2026-02-28"), at("2027-02-28"), at("2028-02-29")]


def test_3ds_at_a_renewal(sdk: Sdk) -> None:
    """§19.6, §8.1: off session it cannot be authenticated: past_due; paid by another card it goes on."""
    clock, customer, made = on_june(sdk, sdk.price(1000))
    card = sdk.v1.payment_methods.attach("pm_card_authenticationRequired", params={"customer": customer.id})
    sdk.v1.subscriptions.update(made.id, params={"default_payment_method": card.id})
    sdk.advance(clock, at("2026-07-01") + 2 * HOUR)
    late = sdk.v1.subscriptions.retrieve(made.id)
    assert (late.status, invoices(sdk, customer)[-1]) == ("past_due", ("open", 1000))
    good = customer.invoice_settings.default_payment_method
    sdk.v1.invoices.pay(late.latest_invoice, params={"payment_method": good})
    assert sdk.v1.subscriptions.retrieve(made.id).status == "active"


def test_refund_of_a_subscription(sdk: Sdk) -> None:
    """§17.2, §18: an invoice's payment is refunded through its intent; the invoice stays paid."""
    made = sdk.subscribe(sdk.customer(), sdk.price(1000))
    invoice = sdk.v1.invoices.retrieve(made.latest_invoice, params={"expand": ["payments"]})
    intent = invoice.payments.data[0].payment.payment_intent
    refund = sdk.v1.refunds.create(params={"payment_intent": intent, "amount": 400})
    assert (refund.status, sdk.v1.invoices.retrieve(invoice.id).status) == ("succeeded", "paid")
    assert sdk.v1.charges.retrieve(refund.charge).amount_refunded == 400


def test_the_money_adds_up(sdk: Sdk) -> None:
    """§17.4: available and pending are the sum of all nets, whatever happened."""
    sdk.pay(4321)
    sdk.pay(9000, card="pm_card_bypassPending")
    sdk.pay(card="pm_card_createDispute")
    sdk.refused(sdk.pay, card="pm_card_visa_chargeDeclined")
    sdk.v1.refunds.create(params={"payment_intent": sdk.pay(1234).id, "amount": 234})
    sdk.v1.payouts.create(params={"amount": 100, "currency": "usd"})
    rows = list(sdk.v1.balance_transactions.list(params={"limit": 3}).auto_paging_iter())
    assert all(row.net == row.amount - row.fee for row in rows)
    balance = sdk.v1.balance.retrieve()
    total = sum(part.amount for part in [*balance.available, *balance.pending])
    assert total == sum(row.net for row in rows)
