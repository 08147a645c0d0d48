"""Section 20: schedules, quotes and meters."""

from __future__ import annotations

from typing import Any

from tests.sandbox.conftest import NOW

from .conftest import Sdk
from .test_clocks import HOUR, at

DAY = 86_400


def phase(price: Any, **more: Any) -> dict[str, Any]:
    """A phase of one price."""
    return {"items": [{"price": price.id}], **more}


def test_two_phases(sdk: Sdk) -> None:
    """§20: one month of the first price, then the second; released at the end."""
    clock = sdk.stand(at("2026-01-01"))
    customer = sdk.customer(test_clock=clock.id)
    first, second = sdk.price(1000), sdk.price(2500, name="Dear")
    month = {"interval": "month", "interval_count": 1}
    phases = [phase(first, duration=month), phase(second, duration=month)]
    made = sdk.v1.subscription_schedules.create(
        params={"customer": customer.id, "start_date": at("2026-01-01"), "phases": phases}
    )
    assert (made.status, made.end_behavior, made.current_phase.start_date) == (
        "active",
        "release",
        at("2026-01-01"),
    )
    assert [(part.start_date, part.end_date) for part in made.phases] == [
        (at("2026-01-01"), at("2026-02-01")),
        (at("2026-02-01"), at("2026-03-01")),
    ]
    subscription = sdk.v1.subscriptions.retrieve(made.subscription)
    assert (subscription.schedule, sdk.v1.invoices.retrieve(subscription.latest_invoice).status) == (made.id, "draft")
    sdk.advance(clock, at("2026-02-01") + HOUR + 60)
    assert sdk.v1.subscriptions.retrieve(subscription.id)["items"].data[0].price.id == second.id
    rows = sdk.v1.invoices.list(params={"customer": customer.id}).data
    assert [(row.status, row.total) for row in rows][::-1] == [("paid", 1000), ("paid", 2500)]
    sdk.advance(clock, at("2026-03-01") + HOUR + 60)
    assert sdk.v1.subscription_schedules.retrieve(made.id).status in ("released", "completed")
    assert sdk.v1.subscriptions.retrieve(subscription.id).status == "active"


def test_not_started_released_and_canceled(sdk: Sdk) -> None:
    """§20, §23: not yet begun it has no subscription; released it lets go; canceled it ends the subscription."""
    customer, price = sdk.customer(), sdk.price()
    params = {"customer": customer.id, "start_date": NOW + 30 * DAY, "phases": [phase(price)]}
    ahead = sdk.v1.subscription_schedules.create(params=params)
    assert (ahead.status, ahead.subscription, ahead.current_phase) == ("not_started", None, None)
    assert sdk.v1.subscription_schedules.cancel(ahead.id).status == "canceled"
    running = sdk.subscribe(customer, price)
    held = sdk.v1.subscription_schedules.create(params={"from_subscription": running.id})
    assert (held.status, held.subscription) == ("active", running.id)
    freed = sdk.v1.subscription_schedules.release(held.id)
    assert (freed.status, freed.subscription, freed.released_subscription) == ("released", None, running.id)
    again = sdk.v1.subscription_schedules.create(params={"from_subscription": running.id})
    sdk.v1.subscription_schedules.cancel(again.id)
    assert sdk.v1.subscriptions.retrieve(running.id).status == "canceled"
    assert sdk.event_types("subscription_schedule")[:2] == [
        "subscription_schedule.created",
        "subscription_schedule.canceled",
    ]


def test_an_updated_schedule(sdk: Sdk) -> None:
    """§20: an update repeats all current and future phases."""
    price, other = sdk.price(), sdk.price(500, name="Other")
    params = {"customer": sdk.customer().id, "start_date": NOW + 30 * DAY, "phases": [phase(price)]}
    made = sdk.v1.subscription_schedules.create(params=params)
    start = made.phases[0].start_date
    phases = [phase(other, start_date=start, duration={"interval": "month", "interval_count": 2})]
    changed = sdk.v1.subscription_schedules.update(made.id, params={"phases": phases, "end_behavior": "cancel"})
    assert [part["items"][0].price for part in changed.phases] == [other.id]
    assert changed.end_behavior == "cancel"


def test_a_quote(sdk: Sdk) -> None:
    """§20: draft, open with a number, accepted with a subscription; then it cannot be canceled."""
    customer, price = sdk.customer(), sdk.price()
    made = sdk.v1.quotes.create(params={"customer": customer.id, "line_items": [{"price": price.id, "quantity": 2}]})
    assert (made.status, made.number, made.amount_total) == ("draft", None, 2000)
    assert sdk.refused(sdk.v1.quotes.accept, made.id).http_status == 400
    opened = sdk.v1.quotes.finalize_quote(made.id)
    assert (opened.status, opened.expires_at) == ("open", NOW + 30 * DAY)
    assert opened.number
    accepted = sdk.v1.quotes.accept(made.id)
    assert accepted.status == "accepted"
    subscription = sdk.v1.subscriptions.retrieve(accepted.subscription)
    assert subscription["items"].data[0].quantity == 2
    assert sdk.refused(sdk.v1.quotes.cancel, made.id).http_status == 400
    assert sdk.event_types("quote") == ["quote.created", "quote.finalized", "quote.accepted"]


def test_a_canceled_quote(sdk: Sdk) -> None:
    """§20: it cannot be accepted; a revision starts from another one."""
    params = {"customer": sdk.customer().id, "line_items": [{"price": sdk.price(interval=None).id}]}
    made = sdk.v1.quotes.finalize_quote(sdk.v1.quotes.create(params=params).id)
    revised = sdk.v1.quotes.create(params={"from_quote": {"quote": made.id, "is_revision": True}})
    assert (revised.from_quote.quote, revised.from_quote.is_revision, revised.amount_total) == (made.id, True, 1000)
    assert sdk.v1.quotes.cancel(made.id).status == "canceled"
    assert sdk.refused(sdk.v1.quotes.accept, made.id).http_status == 400
    assert [line.amount_total for line in sdk.v1.quotes.line_items.list(revised.id).data] == [1000]


def test_an_accepted_one_time_quote_is_a_draft(sdk: Sdk) -> None:
    """§20: without recurring lines an invoice comes of it."""
    params = {"customer": sdk.customer().id, "line_items": [{"price": sdk.price(700, interval=None).id}]}
    made = sdk.v1.quotes.finalize_quote(sdk.v1.quotes.create(params=params).id)
    invoice = sdk.v1.invoices.retrieve(sdk.v1.quotes.accept(made.id).invoice)
    assert (invoice.status, invoice.total) == ("draft", 700)


def test_meters(sdk: Sdk) -> None:
    """§20: defaults; unique among the active ones; sums between bounds; an adjustment takes an event away."""
    params = {"display_name": "Calls", "event_name": "calls", "default_aggregation": {"formula": "sum"}}
    meters = sdk.v1.billing.meters
    made = meters.create(params=params)
    assert (made.status, made.customer_mapping.event_payload_key, made.value_settings.event_payload_key) == (
        "active",
        "stripe_customer_id",
        "value",
    )
    error = sdk.refused(meters.create, params=params)
    assert (error.http_status, error.error.type) == (400, "invalid_request_error")
    customer = sdk.customer()
    for number, value in enumerate(("5", "7")):
        payload = {"stripe_customer_id": customer.id, "value": value}
        params = {"event_name": "calls", "payload": payload, "identifier": f"e{number}", "timestamp": NOW}
        sdk.v1.billing.meter_events.create(params=params)
    start = NOW - NOW % 60
    bounds = {"customer": customer.id, "start_time": start, "end_time": start + 60}
    assert [row.aggregated_value for row in meters.event_summaries.list(made.id, params=bounds).data] == [12]
    sdk.v1.billing.meter_event_adjustments.create(
        params={"event_name": "calls", "type": "cancel", "cancel": {"identifier": "e0"}}
    )
    assert [row.aggregated_value for row in meters.event_summaries.list(made.id, params=bounds).data] == [7]
    assert (
        sdk.refused(meters.event_summaries.list, made.id, params=bounds | {"end_time": start + 61}).http_status == 400
    )
    assert meters.deactivate(made.id).status == "inactive"
    assert meters.reactivate(made.id).status == "active"


def test_refused_meter_events(sdk: Sdk) -> None:
    """§20: no such name; at most five minutes ahead and 35 days back."""
    params = {"display_name": "Calls", "event_name": "calls", "default_aggregation": {"formula": "count"}}
    sdk.v1.billing.meters.create(params=params)
    payload = {"stripe_customer_id": sdk.customer().id, "value": "1"}
    for more in ({"timestamp": NOW + 301}, {"timestamp": NOW - 36 * DAY}):
        params = {"event_name": "calls", "payload": payload, **more}
        assert sdk.refused(sdk.v1.billing.meter_events.create, params=params).http_status == 400
