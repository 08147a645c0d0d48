"""Subscription schedules: phases in a row, what each makes of the subscription, and how they end."""

from __future__ import annotations

from typing import Any

import pytest

from stripe_shell.spec.table import Table

from .conformity import departures
from .conftest import Client, Json
from .shop import DAY, HOUR, Shop, at

START = at("2026-01-31T12:00:00")


@pytest.fixture
def shop(stripe: Client) -> Shop:
    """A business whose customers live on a clock that stands at the end of January 2026."""
    made = Shop(stripe)
    made.stand("2026-01-31T12:00:00")
    return made


def schedule(shop: Shop, customer: Json, *phases: Json, **more: Any) -> Json:
    """A schedule that starts now."""
    params = {"customer": customer["id"], "start_date": "now", "phases": list(phases), **more}
    return shop.stripe.post("/v1/subscription_schedules", params)


def phase(price: Json, quantity: int = 1, months: int = 1, **more: Any) -> Json:
    """A phase of so many months."""
    return {
        "items": [{"price": price["id"], "quantity": quantity}],
        "duration": {"interval": "month", "interval_count": months},
        **more,
    }


def now(shop: Shop, made: Json) -> Json:
    """The schedule as it is now."""
    return shop.stripe.get(f"/v1/subscription_schedules/{made['id']}")


def to(shop: Shop, time: str) -> None:
    """Move the clock to a time."""
    assert shop.clock is not None
    clock = shop.stripe.get(f"/v1/test_helpers/test_clocks/{shop.clock['id']}")
    shop.advance(at(time) - clock["frozen_time"])


def test_starting_now(shop: Shop, table: Table) -> None:
    """The subscription is made, its first invoice a draft for an hour, without asking for a method."""
    customer = shop.customer(None)
    shop.news()
    made = schedule(shop, customer, phase(shop.price(), 2, metadata={"a": "1"}), phase(shop.price(2000)))
    assert (made["status"], made["end_behavior"]) == ("active", "release")
    assert made["current_phase"] == {"start_date": START, "end_date": at("2026-02-28T12:00:00")}
    assert [entry["end_date"] for entry in made["phases"]] == [at("2026-02-28T12:00:00"), at("2026-03-31T12:00:00")]
    subscription = shop.subscription({"id": made["subscription"]})
    assert (subscription["status"], subscription["quantity"], subscription["schedule"]) == ("active", 2, made["id"])
    assert (subscription["metadata"], subscription["cancel_at"]) == ({"a": "1"}, None)
    assert shop.invoice(subscription["latest_invoice"])["status"] == "draft"
    news = shop.news()
    assert news.index("subscription_schedule.created") < news.index("customer.subscription.created")
    operation = table.operation("create", "subscription_schedule")
    assert operation is not None
    assert list(departures(table, operation.response, made)) == []


def test_phases_follow_each_other(shop: Shop) -> None:
    """Entering a phase sets its attributes; metadata merges; in the last phase of `cancel` the end shows."""
    customer = shop.customer()
    made = schedule(
        shop,
        customer,
        phase(shop.price(), metadata={"a": "1"}),
        phase(shop.price(3000), 2, metadata={"b": "2"}),
        end_behavior="cancel",
    )
    subscription = {"id": made["subscription"]}
    to(shop, "2026-02-28T13:00:00")
    after = shop.subscription(subscription)
    assert (after["plan"]["amount"], after["quantity"]) == (3000, 2)
    assert after["metadata"] == {"a": "1", "b": "2"}
    assert after["cancel_at"] == at("2026-03-31T12:00:00")
    assert now(shop, made)["current_phase"]["start_date"] == at("2026-02-28T12:00:00")
    assert [invoice["total"] for invoice in shop.invoices(customer)] == [6000, 1000]
    shop.news()
    to(shop, "2026-03-31T12:00:00")
    assert shop.subscription(subscription)["status"] == "canceled"
    over = now(shop, made)
    assert (over["status"], over["completed_at"], over["current_phase"]) == (
        "completed",
        at("2026-03-31T12:00:00"),
        None,
    )
    news = shop.news()
    assert news.index("subscription_schedule.expiring") < news.index("subscription_schedule.completed")
    assert "customer.subscription.deleted" in news


def test_release_at_the_end(shop: Shop) -> None:
    """By default the subscription goes on alone."""
    customer = shop.customer()
    made = schedule(shop, customer, phase(shop.price()))
    to(shop, "2026-02-28T13:00:00")
    over = now(shop, made)
    assert (over["status"], over["released_subscription"]) == ("completed", made["subscription"])
    alone = shop.subscription({"id": made["subscription"]})
    assert (alone["status"], alone["schedule"]) == ("active", None)
    assert shop.invoices(customer)[0]["status"] == "paid"


def test_a_change_inside_a_period_is_prorated(shop: Shop) -> None:
    """The phase's own `proration_behavior` rules the switch; create_prorations by default."""
    for behavior in ({}, {"proration_behavior": "none"}):
        customer = shop.customer()
        first = {"items": [{"price": shop.price(1000)["id"]}], "end_date": START + 14 * DAY}
        made = schedule(shop, customer, first, phase(shop.price(2000), **behavior))
        assert shop.subscription({"id": made["subscription"]})["status"] == "active"
    shop.advance(14 * DAY)
    customers = shop.stripe.get("/v1/customers", {"test_clock": (shop.clock or {})["id"]})["data"]
    amounts = [[item["amount"] for item in shop.pending(customer)] for customer in customers[::-1]]
    assert amounts == [[-500, 1000], []]


def test_starting_later(shop: Shop) -> None:
    """`not_started` until its time comes."""
    customer = shop.customer()
    made = schedule(shop, customer, phase(shop.price()), start_date=at("2026-02-10"))
    assert (made["status"], made["subscription"], made["current_phase"]) == ("not_started", None, None)
    listed = shop.stripe.get("/v1/subscription_schedules", {"customer": customer["id"], "scheduled": True})
    assert [row["id"] for row in listed["data"]] == [made["id"]]
    to(shop, "2026-02-10T01:00:00")
    begun = now(shop, made)
    assert begun["status"] == "active"
    assert shop.subscription({"id": begun["subscription"]})["start_date"] == at("2026-02-10")
    assert shop.invoices(customer)[0]["status"] == "paid"


def test_iterations_are_taken(shop: Shop) -> None:
    """The legacy `iterations`: n times the price's interval."""
    entry = {"items": [{"price": shop.price()["id"]}], "iterations": 3}
    made = schedule(shop, shop.customer(), entry)
    assert made["phases"][0]["end_date"] == at("2026-04-30T12:00:00")


def test_from_a_subscription(shop: Shop) -> None:
    """One phase: what the subscription is now; nothing else may be said."""
    made = shop.subscribe(shop.customer(), shop.price())
    params = {"from_subscription": made["id"]}
    planned = shop.stripe.post("/v1/subscription_schedules", params)
    assert (planned["status"], planned["subscription"]) == ("active", made["id"])
    assert planned["phases"][0]["items"][0]["price"] == made["items"]["data"][0]["price"]["id"]
    assert planned["phases"][0]["end_date"] == made["items"]["data"][0]["current_period_end"]
    assert shop.subscription(made)["schedule"] == planned["id"]
    assert shop.stripe.refused("POST", "/v1/subscription_schedules", params)["status"] == 400
    other = shop.subscribe(shop.customer(), shop.price())
    both = {"from_subscription": other["id"], "phases": [phase(shop.price())]}
    assert shop.stripe.refused("POST", "/v1/subscription_schedules", both)["param"] == "from_subscription"


def test_replanning(shop: Shop) -> None:
    """An update repeats every current and future phase; a change of the current one takes effect now."""
    price = shop.price()
    made = schedule(shop, shop.customer(), phase(price))
    current = {"items": [{"price": price["id"], "quantity": 4}], "start_date": START, "end_date": START + 28 * DAY}
    params = {"phases": [current, phase(shop.price(500), 1, 2)], "proration_behavior": "none"}
    shop.news()
    planned = shop.stripe.post(f"/v1/subscription_schedules/{made['id']}", params)
    assert [entry["end_date"] for entry in planned["phases"]] == [START + 28 * DAY, at("2026-04-28T12:00:00")]
    assert shop.subscription({"id": made["subscription"]})["quantity"] == 4
    assert "subscription_schedule.updated" in shop.news()


def test_release(shop: Shop) -> None:
    made = schedule(shop, shop.customer(), phase(shop.price()))
    freed = shop.stripe.post(f"/v1/subscription_schedules/{made['id']}/release")
    assert (freed["status"], freed["released_subscription"], freed["subscription"]) == (
        "released",
        made["subscription"],
        None,
    )
    assert freed["released_at"] == START
    assert shop.subscription({"id": made["subscription"]})["schedule"] is None
    assert "subscription_schedule.released" in shop.news()
    for verb in ("release", "cancel"):
        assert shop.stripe.refused("POST", f"/v1/subscription_schedules/{made['id']}/{verb}")["status"] == 400


def test_cancel(shop: Shop) -> None:
    """The subscription goes too, with proration and a last invoice unless told otherwise."""
    customer = shop.customer()
    made = schedule(shop, customer, phase(shop.price()))
    shop.advance(14 * DAY)
    gone = shop.stripe.post(f"/v1/subscription_schedules/{made['id']}/cancel")
    assert (gone["status"], gone["canceled_at"]) == ("canceled", START + 14 * DAY)
    assert shop.subscription({"id": made["subscription"]})["status"] == "canceled"
    assert shop.invoices(customer)[0]["total"] == -500
    assert "subscription_schedule.canceled" in shop.news()
    plain = schedule(shop, shop.customer(), phase(shop.price()))
    params = {"prorate": False, "invoice_now": False}
    shop.stripe.post(f"/v1/subscription_schedules/{plain['id']}/cancel", params)
    assert shop.pending({"id": plain["customer"]}) == []


def test_a_trial_phase(shop: Shop) -> None:
    made = schedule(shop, shop.customer(), phase(shop.price(), trial=True), phase(shop.price()))
    assert shop.subscription({"id": made["subscription"]})["status"] == "trialing"
    to(shop, "2026-02-28T13:00:00")
    assert shop.subscription({"id": made["subscription"]})["status"] == "active"


def test_a_schedule_is_aborted(shop: Shop) -> None:
    """`subscription_schedule.aborted`: the subscription was canceled by non-payment."""
    customer = shop.customer("pm_card_chargeCustomerFail")
    made = schedule(shop, customer, phase(shop.price(), 1, 6))
    shop.advance(HOUR)
    shop.advance(15 * DAY)
    assert now(shop, made)["status"] == "canceled"
    assert "subscription_schedule.aborted" in shop.news()


@pytest.mark.parametrize(
    ("phases", "param"),
    [
        ([], "phases"),
        ([{"items": []}], "phases[0][items]"),
        ([{"items": [{"price": "price_none"}]}], "phases[0][items][0][price]"),
    ],
)
def test_mistakes(shop: Shop, phases: list[Json], param: str) -> None:
    params = {"customer": shop.customer()["id"], "start_date": "now", "phases": phases}
    assert shop.stripe.refused("POST", "/v1/subscription_schedules", params)["param"] == param
