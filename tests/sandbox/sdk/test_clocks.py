"""Sections 9, 19.2 and 19.6: months on a test clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from .conftest import Sdk

DAY, HOUR = 86_400, 3_600


def at(text: str) -> int:
    """Epoch seconds of a time in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def day(seconds: int) -> str:
    """The date of epoch seconds in UTC."""
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def started(sdk: Sdk, when: str, card: str | None = "pm_card_visa", **more: Any) -> tuple[Any, Any, Any]:
    """A clock that stands there, a customer on it, and a subscription to 1000 a month."""
    clock = sdk.stand(at(when))
    customer = sdk.customer(card, test_clock=clock.id)
    return clock, customer, sdk.subscribe(customer, sdk.price(1000), **more)


def invoices(sdk: Sdk, customer: Any) -> list[tuple[str, int]]:
    """Status and what was due of each invoice, oldest first."""
    rows = sdk.v1.invoices.list(params={"customer": customer.id, "limit": 100}).data
    return [(row.status, row.amount_due) for row in rows][::-1]


def test_a_clock(sdk: Sdk) -> None:
    """§9: its shape, only forward, gone with its customers."""
    clock = sdk.stand(at("2020-01-01"))
    assert (clock.id[:6], clock.status, clock.frozen_time) == ("clock_", "ready", at("2020-01-01"))
    assert clock.deletes_after == clock.created + 30 * DAY
    customer = sdk.customer(test_clock=clock.id)
    made = sdk.subscribe(customer, sdk.price())
    assert (made.test_clock, made.created) == (clock.id, at("2020-01-01"))
    advance = sdk.v1.test_helpers.test_clocks.advance
    error = sdk.refused(advance, clock.id, params={"frozen_time": at("2019-12-31")})
    assert (error.http_status, error.param) == (400, "frozen_time")
    assert sdk.refused(advance, clock.id, params={"frozen_time": at("2020-04-01")}).http_status == 400
    assert sdk.v1.test_helpers.test_clocks.delete(clock.id).deleted is True
    assert "deleted" in sdk.v1.customers.retrieve(customer.id)
    assert [kind.rpartition(".")[2] for kind in sdk.event_types("test_helpers")] == ["created", "deleted"]


def test_a_renewal(sdk: Sdk) -> None:
    """§9, §19.2: at the boundary a draft, an hour later paid; the items roll first; nobody asked for the events."""
    clock, customer, made = started(sdk, "2026-01-15")
    sdk.advance(clock, at("2026-02-15") + 60)
    invoice = sdk.v1.invoices.list(params={"customer": customer.id, "limit": 1}).data[0]
    assert (invoice.status, invoice.billing_reason, invoice.created) == (
        "draft",
        "subscription_cycle",
        at("2026-02-15"),
    )
    assert (invoice.period_start, invoice.period_end) == (at("2026-01-15"), at("2026-02-15"))
    assert invoice.lines.data[0].period.to_dict() == {"start": at("2026-02-15"), "end": at("2026-03-15")}
    item = sdk.v1.subscriptions.retrieve(made.id)["items"].data[0]
    assert (item.current_period_start, item.current_period_end) == (at("2026-02-15"), at("2026-03-15"))
    sdk.advance(clock, at("2026-02-15") + HOUR + 60)
    paid = sdk.v1.invoices.retrieve(invoice.id)
    assert (paid.status, paid.amount_paid, paid.attempt_count) == ("paid", 1000, 1)
    created = [event for event in sdk.events(type="invoice.created") if event.data.object.id == invoice.id]
    assert [event.request.id for event in created] == [None]
    kinds = sdk.event_types("customer.subscription.updated", "invoice.created", "invoice.finalized", "invoice.paid")
    assert kinds[-4:] == ["customer.subscription.updated", "invoice.created", "invoice.finalized", "invoice.paid"]


def test_a_year(sdk: Sdk) -> None:
    """§9: two intervals at a time, twelve renewals, every one of them paid."""
    clock, customer, made = started(sdk, "2025-03-10")
    for month in ("2025-05", "2025-07", "2025-09", "2025-11", "2026-01", "2026-03"):
        sdk.advance(clock, at(f"{month}-10"))
    sdk.advance(clock, at("2026-03-10") + HOUR + 60)
    assert invoices(sdk, customer) == [("paid", 1000)] * 13
    found = sdk.v1.subscriptions.retrieve(made.id)
    assert day(found["items"].data[0].current_period_end) == "2026-04-10"
    assert found.status == "active"


def test_the_end_of_the_month(sdk: Sdk) -> None:
    """§19.2: always counted from the anchor: Jan 31, Feb 28, Mar 31, Apr 30."""
    clock, _, made = started(sdk, "2026-01-31")
    ends = [day(made["items"].data[0].current_period_end)]
    for when in ("2026-02-28", "2026-03-31"):
        sdk.advance(clock, at(when) + 60)
        ends.append(day(sdk.v1.subscriptions.retrieve(made.id)["items"].data[0].current_period_end))
    assert ends == ["2026-02-28", "2026-03-31", "2026-04-30"]


def test_a_trial_ends(sdk: Sdk) -> None:
    """§9, §19.3: told three days before, then charged after the hour of the draft; trial days are 86,400 s each."""
    clock, customer, made = started(sdk, "2026-03-20", trial_period_days=14)
    assert made.trial_end == at("2026-03-20") + 14 * DAY
    sdk.advance(clock, made.trial_end - 3 * DAY + 60)
    assert sdk.event_types("customer.subscription")[-1] == "customer.subscription.trial_will_end"
    sdk.advance(clock, made.trial_end + HOUR + 60)
    assert sdk.v1.subscriptions.retrieve(made.id).status == "active"
    assert invoices(sdk, customer) == [("paid", 0), ("paid", 1000)]


@pytest.mark.parametrize(("behavior", "status"), [("pause", "paused"), ("cancel", "canceled")])
def test_a_trial_ends_without_a_method(sdk: Sdk, behavior: str, status: str) -> None:
    """§19.3, §8.1: what `trial_settings` say."""
    settings = {"end_behavior": {"missing_payment_method": behavior}}
    clock, customer, made = started(sdk, "2026-03-20", None, trial_period_days=7, trial_settings=settings)
    sdk.advance(clock, made.trial_end + 2 * HOUR)
    assert sdk.v1.subscriptions.retrieve(made.id).status == status
    assert invoices(sdk, customer) == [("paid", 0)]
    last = "customer.subscription.paused" if behavior == "pause" else "customer.subscription.deleted"
    assert last in sdk.event_types()


def test_a_paused_one_is_resumed(sdk: Sdk) -> None:
    """§19.5: with a method, resuming bills at once and makes it active."""
    settings = {"end_behavior": {"missing_payment_method": "pause"}}
    clock, customer, made = started(sdk, "2026-03-20", None, trial_period_days=7, trial_settings=settings)
    sdk.advance(clock, made.trial_end + 2 * HOUR)
    card = sdk.v1.payment_methods.attach("pm_card_visa", params={"customer": customer.id})
    params = {"invoice_settings": {"default_payment_method": card.id}}
    sdk.v1.customers.update(customer.id, params=params)
    resumed = sdk.v1.subscriptions.resume(made.id, params={"billing_cycle_anchor": "now"})
    invoice = sdk.v1.invoices.retrieve(resumed.latest_invoice)
    if invoice.status != "paid":
        assert (resumed.status, invoice.status) == ("paused", "open")
        sdk.v1.invoices.pay(invoice.id)
    assert sdk.v1.subscriptions.retrieve(made.id).status == "active"
    assert "customer.subscription.resumed" in sdk.event_types()


def failing(sdk: Sdk) -> tuple[Any, Any, Any]:
    """A subscription whose first renewal failed."""
    clock, customer, made = started(sdk, "2026-01-15")
    bad = sdk.v1.payment_methods.attach("pm_card_chargeCustomerFail", params={"customer": customer.id})
    sdk.v1.subscriptions.update(made.id, params={"default_payment_method": bad.id})
    sdk.advance(clock, at("2026-02-15") + HOUR + 60)
    return clock, customer, made


def test_a_failed_renewal_that_is_paid(sdk: Sdk) -> None:
    """§19.6, §10: past_due and delinquent, with a next attempt; paying makes it active."""
    _, customer, made = failing(sdk)
    late = sdk.v1.subscriptions.retrieve(made.id)
    invoice = sdk.v1.invoices.retrieve(late.latest_invoice)
    assert (late.status, invoice.status, invoice.attempt_count) == ("past_due", "open", 1)
    assert invoice.next_payment_attempt > at("2026-02-15")
    assert sdk.v1.customers.retrieve(customer.id).delinquent is True
    good = customer.invoice_settings.default_payment_method
    sdk.v1.invoices.pay(invoice.id, params={"payment_method": good})
    assert sdk.v1.subscriptions.retrieve(made.id).status == "active"
    assert sdk.v1.customers.retrieve(customer.id).delinquent is False


def test_dunning_to_the_end(sdk: Sdk) -> None:
    """§19.6, §26.6: attempts go on for two weeks or so, then it is canceled; the invoice stays open."""
    clock, _, made = failing(sdk)
    for when in ("2026-03-01", "2026-03-15"):
        sdk.advance(clock, at(when))
    gone = sdk.v1.subscriptions.retrieve(made.id)
    invoices = sdk.v1.invoices.list(params={"subscription": made.id}).data
    renewal = next(row for row in invoices if row.billing_reason == "subscription_cycle")
    assert (gone.status, gone.cancellation_details.reason) == ("canceled", "payment_failed")
    assert (renewal.status, renewal.next_payment_attempt) == ("open", None)
    assert renewal.attempt_count > 1
    assert sdk.event_types("invoice.payment_failed") == ["invoice.payment_failed"] * renewal.attempt_count
    assert sdk.event_types("customer.subscription")[-1] == "customer.subscription.deleted"


def test_an_incomplete_one_expires(sdk: Sdk) -> None:
    """§19.1: after 23 hours; its invoice is voided."""
    clock, customer, made = started(sdk, "2026-01-15", "pm_card_chargeCustomerFail")
    assert made.status == "incomplete"
    sdk.advance(clock, at("2026-01-15") + 23 * HOUR + 60)
    assert sdk.v1.subscriptions.retrieve(made.id).status == "incomplete_expired"
    assert invoices(sdk, customer) == [("void", 1000)]


def test_pending_prorations_ride_on_the_renewal(sdk: Sdk) -> None:
    """§18.1, §19.4: a change in the middle of February waits for March: 3000 + 1500 less 500."""
    clock, customer, made = started(sdk, "2026-02-01")
    sdk.advance(clock, at("2026-02-15"))
    items = [{"id": made["items"].data[0].id, "price": sdk.price(3000, name="Dear").id}]
    sdk.v1.subscriptions.update(made.id, params={"items": items})
    sdk.advance(clock, at("2026-03-01") + HOUR + 60)
    assert invoices(sdk, customer) == [("paid", 1000), ("paid", 3000 + 1500 - 500)]


def test_a_sent_invoice_falls_due(sdk: Sdk) -> None:
    """§19.6: past_due after the due date."""
    clock, _, made = started(sdk, "2026-01-15", None, collection_method="send_invoice", days_until_due=7)
    sdk.advance(clock, at("2026-01-15") + 2 * HOUR)
    assert sdk.v1.invoices.retrieve(made.latest_invoice).status == "open"
    sdk.advance(clock, at("2026-01-23") + 2 * HOUR)
    assert sdk.v1.subscriptions.retrieve(made.id).status == "past_due"


def test_a_repeating_coupon(sdk: Sdk) -> None:
    """§12: two calendar months, then the full price."""
    coupon = sdk.v1.coupons.create(params={"percent_off": 50, "duration": "repeating", "duration_in_months": 2})
    clock, customer, _ = started(sdk, "2026-01-15", discounts=[{"coupon": coupon.id}])
    for when in ("2026-03-15", "2026-04-15T02:00:00"):
        sdk.advance(clock, at(when))
    assert invoices(sdk, customer) == [("paid", 500), ("paid", 500), ("paid", 1000), ("paid", 1000)]


def test_usage_is_billed_in_arrears(sdk: Sdk) -> None:
    """§20: what was metered in February is on the invoice of March."""
    meter = sdk.v1.billing.meters.create(
        params={"display_name": "Calls", "event_name": "calls", "default_aggregation": {"formula": "sum"}}
    )
    price = sdk.price(7, recurring={"usage_type": "metered", "meter": meter.id})
    clock = sdk.stand(at("2026-06-01"))
    customer = sdk.customer(test_clock=clock.id)
    made = sdk.subscribe(customer, price)
    assert (made.status, "quantity" not in made["items"].data[0] or made["items"].data[0].quantity is None) == (
        "active",
        True,
    )
    sdk.advance(clock, at("2026-06-10"))
    for value in ("30", "12"):
        payload = {"stripe_customer_id": customer.id, "value": value}
        sdk.v1.billing.meter_events.create(
            params={"event_name": "calls", "payload": payload, "timestamp": at("2026-06-01") + HOUR}
        )
    sdk.advance(clock, at("2026-07-01") + HOUR + 60)
    assert invoices(sdk, customer)[-1] == ("paid", 42 * 7)
