"""Test clocks: time that stands still until it is moved, and everything that happens when it is."""

from __future__ import annotations

import pytest

from stripe_shell.sandbox.billing.calc import rules

from .conftest import NOW, Client, Json
from .shop import DAY, HOUR, Shop, at, descriptions


@pytest.fixture
def shop(stripe: Client) -> Shop:
    """A business whose customers live on a clock that stands at the end of January 2026."""
    made = Shop(stripe)
    made.stand("2026-01-31T12:00:00")
    return made


def to(shop: Shop, time: str, step: int = 40 * DAY) -> None:
    """Move the clock to a time, in steps that are short enough."""
    assert shop.clock is not None
    while (left := at(time) - clock(shop)["frozen_time"]) > 0:
        shop.advance(min(left, step))


def clock(shop: Shop) -> Json:
    """The clock as it is now."""
    assert shop.clock is not None
    return shop.stripe.get(f"/v1/test_helpers/test_clocks/{shop.clock['id']}")


# --- the clock itself ------------------------------------------------------------------------


def test_a_clock(shop: Shop) -> None:
    """`ready`, kept for thirty days of real time; created now although it stands elsewhere."""
    made = clock(shop)
    assert (made["status"], made["frozen_time"]) == ("ready", at("2026-01-31T12:00:00"))
    assert made["id"].startswith("clock_")
    assert (made["created"], made["deletes_after"]) == (NOW, NOW + 30 * DAY)
    assert shop.news() == ["test_helpers.test_clock.created"]


def test_advancing(shop: Shop) -> None:
    """Answers at once with `advancing`; ready when asked again; two events around what happens."""
    made = clock(shop)
    target = made["frozen_time"] + DAY
    shop.news()
    answer = shop.stripe.post(f"/v1/test_helpers/test_clocks/{made['id']}/advance", {"frozen_time": target})
    assert (answer["status"], answer["frozen_time"]) == ("advancing", made["frozen_time"])
    assert answer["status_details"] == {"advancing": {"target_frozen_time": target}}
    assert (clock(shop)["status"], clock(shop)["frozen_time"]) == ("ready", target)
    assert shop.news() == ["test_helpers.test_clock.advancing", "test_helpers.test_clock.ready"]


def test_how_far_it_moves(shop: Shop) -> None:
    """Only forward; two years without subscriptions, two intervals of the shortest with them."""
    path = f"/v1/test_helpers/test_clocks/{clock(shop)['id']}/advance"

    def refused(time: str) -> bool:
        return shop.stripe.send("POST", path, {"frozen_time": at(time)}).status == 400

    assert refused("2026-01-31T12:00:00")
    assert refused("2025-01-01")
    assert refused("2028-02-01")
    shop.subscribe(shop.customer(), shop.price())
    assert refused("2026-04-01")
    shop.stripe.post(path, {"frozen_time": at("2026-03-31")})


def test_everything_inherits_the_clock(shop: Shop) -> None:
    """What is made under the customer names the clock and carries its time."""
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price())
    name, start = clock(shop)["id"], at("2026-01-31T12:00:00")
    invoice = shop.invoice(made["latest_invoice"])
    item = shop.stripe.post("/v1/invoiceitems", {"customer": customer["id"], "amount": 500, "currency": "usd"})
    assert {customer["test_clock"], made["test_clock"], invoice["test_clock"], item["test_clock"]} == {name}
    assert customer["created"] == made["created"] == invoice["created"] == item["date"] == start
    listed = shop.stripe.get("/v1/subscriptions", {"test_clock": name})["data"]
    assert [row["id"] for row in listed] == [made["id"]]


def test_deleting_a_clock(shop: Shop) -> None:
    """Its customers go, their subscriptions are canceled."""
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price())
    gone = shop.stripe.delete(f"/v1/test_helpers/test_clocks/{clock(shop)['id']}")
    assert (gone["deleted"], gone["object"]) == (True, "test_helpers.test_clock")
    assert shop.stripe.get(f"/v1/customers/{customer['id']}")["deleted"] is True
    assert shop.subscription(made)["status"] == "canceled"
    assert shop.news()[-1] == "test_helpers.test_clock.deleted"


def test_a_clock_ends_by_itself(shop: Shop) -> None:
    """After thirty days of real time it is deleted."""
    path = f"/v1/test_helpers/test_clocks/{clock(shop)['id']}"
    shop.stripe.clock.advance(30 * DAY)
    assert shop.stripe.refused("GET", path)["status"] == 404


def test_a_customer_who_is_there_already(stripe: Client) -> None:
    """`customer` puts an existing customer on the clock for good."""
    shop = Shop(stripe)
    customer = shop.customer()
    made = stripe.post("/v1/test_helpers/test_clocks", {"frozen_time": NOW, "customer": customer["id"]})
    assert stripe.get(f"/v1/customers/{customer['id']}")["test_clock"] == made["id"]
    params = {"frozen_time": NOW, "customer": customer["id"]}
    assert stripe.refused("POST", "/v1/test_helpers/test_clocks", params)["status"] == 400


def test_a_clock_takes_few(shop: Shop) -> None:
    """Three customers, three subscriptions each."""
    customer, price = shop.customer(), shop.price()
    for _ in range(3):
        shop.subscribe(customer, price)
    params = {"customer": customer["id"], "items": [{"price": price["id"]}]}
    assert shop.stripe.refused("POST", "/v1/subscriptions", params)["param"] == "customer"
    for _ in range(2):
        shop.customer()
    params = {"test_clock": clock(shop)["id"]}
    assert shop.stripe.refused("POST", "/v1/customers", params)["param"] == "test_clock"


# --- renewals ------------------------------------------------------------


def test_a_renewal_is_a_draft_for_an_hour(shop: Shop) -> None:
    """Items roll at the boundary, before the invoice; it is a draft for one hour, then final and paid."""
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price())
    to(shop, "2026-02-28T12:00:00")
    renewed = shop.subscription(made)
    item = renewed["items"]["data"][0]
    assert (item["current_period_start"], item["current_period_end"]) == (
        at("2026-02-28T12:00:00"),
        at("2026-03-31T12:00:00"),
    )
    invoice = shop.invoice(renewed["latest_invoice"])
    assert (invoice["status"], invoice["billing_reason"], invoice["auto_advance"]) == (
        "draft",
        "subscription_cycle",
        True,
    )
    assert (invoice["period_start"], invoice["period_end"]) == (at("2026-01-31T12:00:00"), at("2026-02-28T12:00:00"))
    line = invoice["lines"]["data"][0]
    assert line["period"] == {"start": at("2026-02-28T12:00:00"), "end": at("2026-03-31T12:00:00")}
    shop.advance(HOUR)
    paid = shop.invoice(invoice["id"])
    assert (paid["status"], paid["attempt_count"]) == ("paid", 1)
    assert paid["status_transitions"]["paid_at"] == at("2026-02-28T13:00:00")


def test_the_events_of_a_renewal(shop: Shop) -> None:
    """`invoice.upcoming` days before, the subscription, the draft, an hour later the rest; caused by no request."""
    customer = shop.customer()
    shop.subscribe(customer, shop.price())
    shop.news()
    to(shop, "2026-02-28T13:00:00")
    assert shop.news() == [
        "test_helpers.test_clock.advancing",
        "invoice.upcoming",
        "customer.subscription.updated",
        "invoice.created",
        "invoice.finalized",
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice_payment.paid",
        "invoice.updated",
        "invoice.payment_succeeded",
        "invoice.paid",
        "test_helpers.test_clock.ready",
    ]
    event = shop.last_event("customer.subscription.updated")
    assert event["created"] == at("2026-02-28T12:00:00")
    assert event["request"] == {"id": None, "idempotency_key": None}
    assert set(event["data"]["previous_attributes"]) == {"items", "latest_invoice"}
    upcoming = shop.last_event("invoice.upcoming")["data"]["object"]
    assert (upcoming["total"], upcoming["status"], "id" in upcoming) == (1000, "draft", False)


def test_months_are_counted_from_the_anchor(shop: Shop) -> None:
    """Anchor Jan 31 → Feb 28 → Mar 31 → Apr 30."""
    customer = shop.customer()
    shop.subscribe(customer, shop.price())
    to(shop, "2026-05-01")
    starts = [invoice["lines"]["data"][0]["period"]["start"] for invoice in shop.invoices(customer)]
    assert starts == [at(f"{day}T12:00:00") for day in ("2026-04-30", "2026-03-31", "2026-02-28", "2026-01-31")]
    assert {invoice["status"] for invoice in shop.invoices(customer)} == {"paid"}


def test_prorations_ride_on_the_renewal(shop: Shop) -> None:
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price(2800))
    shop.advance(14 * DAY)
    item = made["items"]["data"][0]["id"]
    shop.update(made, items=[{"id": item, "price": shop.price(5600)["id"]}])
    to(shop, "2026-02-28T12:00:00")
    invoice = shop.invoices(customer)[0]
    assert [amount for _, amount in descriptions(invoice)] == [-1400, 2800, 5600]
    assert invoice["total"] == 7000


def test_items_of_other_intervals(shop: Shop) -> None:
    """Flexible billing: each item renews on its own periods."""
    customer = shop.customer()
    shop.subscribe(customer, shop.price(1000, "month"), shop.price(300, "week", "Weekly"))
    to(shop, "2026-02-28T14:00:00", 13 * DAY)
    totals = [invoice["total"] for invoice in shop.invoices(customer)]
    assert totals == [1300, 300, 300, 300, 1300]


def test_metered_prices_are_billed_afterwards(shop: Shop) -> None:
    """Usage is billed in arrears between the period's bounds."""
    meter = shop.stripe.post(
        "/v1/billing/meters",
        {"display_name": "Calls", "event_name": "calls", "default_aggregation": {"formula": "sum"}},
    )
    metered = shop.price(10, recurring={"usage_type": "metered", "meter": meter["id"]}, name="Calls")
    customer = shop.customer()
    made = shop.subscribe(customer, metered)
    assert made["status"] == "active"
    shop.advance(DAY)
    for value in (3, 4):
        shop.stripe.post(
            "/v1/billing/meter_events",
            {
                "event_name": "calls",
                "payload": {"stripe_customer_id": customer["id"], "value": value},
                "timestamp": at("2026-02-01T12:00:00"),
            },
        )
    to(shop, "2026-02-28T12:00:00")
    line = shop.invoices(customer)[0]["lines"]["data"][0]
    assert (line["quantity"], line["amount"]) == (7, 70)
    assert line["period"]["start"] == at("2026-01-31T12:00:00")


# --- trials ------------------------------------------------------------


def test_a_trial_ends_and_is_charged(shop: Shop) -> None:
    """Told of three days before; at the end active with a new period, the invoice a draft, an hour later paid."""
    made = shop.subscribe(shop.customer(), shop.price(), trial_period_days=14)
    shop.news()
    shop.advance(11 * DAY)
    assert "customer.subscription.trial_will_end" in shop.news()
    shop.advance(3 * DAY)
    after = shop.subscription(made)
    assert (after["status"], after["items"]["data"][0]["current_period_start"]) == ("active", made["trial_end"])
    news = shop.news()
    assert news.index("customer.subscription.updated") < news.index("invoice.created")
    shop.advance(HOUR)
    assert shop.invoice(after["latest_invoice"])["status"] == "paid"


@pytest.mark.parametrize(
    ("behavior", "status", "event"),
    [
        ("pause", "paused", "customer.subscription.paused"),
        ("cancel", "canceled", "customer.subscription.deleted"),
        ("create_invoice", "active", "invoice.created"),
    ],
)
def test_a_trial_ends_without_a_method(shop: Shop, behavior: str, status: str, event: str) -> None:
    settings = {"end_behavior": {"missing_payment_method": behavior}}
    made = shop.subscribe(shop.customer(None), shop.price(), trial_period_days=7, trial_settings=settings)
    shop.news()
    shop.advance(7 * DAY)
    assert shop.subscription(made)["status"] == status
    assert event in shop.news()


def test_an_incomplete_one_expires(shop: Shop) -> None:
    """After 23 hours `incomplete_expired`; its invoice is void."""
    made = shop.subscribe(shop.customer(), shop.price(), payment_behavior="default_incomplete")
    shop.advance(23 * HOUR - 1)
    assert shop.subscription(made)["status"] == "incomplete"
    shop.advance(1)
    assert shop.subscription(made)["status"] == "incomplete_expired"
    assert shop.invoice(made["latest_invoice"])["status"] == "void"


# --- failures ------------------------------------------------------------


def spoil(shop: Shop, customer: Json, card: str = "pm_card_chargeCustomerFail") -> None:
    """Let the customer's card decline from now on."""
    bad = shop.stripe.post(f"/v1/payment_methods/{card}/attach", {"customer": customer["id"]})
    shop.stripe.post(f"/v1/customers/{customer['id']}", {"invoice_settings": {"default_payment_method": bad["id"]}})


def test_a_failed_renewal(shop: Shop) -> None:
    """`past_due`; open, one attempt, the next one set; the customer is delinquent; paying makes all well."""
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price())
    spoil(shop, customer)
    to(shop, "2026-02-28T13:00:00")
    after = shop.subscription(made)
    invoice = shop.invoice(after["latest_invoice"])
    assert (after["status"], invoice["status"], invoice["attempt_count"]) == ("past_due", "open", 1)
    assert invoice["next_payment_attempt"] == at("2026-02-28T13:00:00") + rules.RETRY_AFTER_DAYS[0] * DAY
    assert shop.stripe.get(f"/v1/customers/{customer['id']}")["delinquent"] is True
    good = shop.stripe.post("/v1/payment_methods/pm_card_visa/attach", {"customer": customer["id"]})
    shop.stripe.post(f"/v1/invoices/{invoice['id']}/pay", {"payment_method": good["id"]})
    assert shop.subscription(made)["status"] == "active"
    assert shop.stripe.get(f"/v1/customers/{customer['id']}")["delinquent"] is False


def test_the_last_retry(shop: Shop) -> None:
    """Eight tries in two weeks; then canceled for `payment_failed`, the invoice stays open."""
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price())
    spoil(shop, customer)
    to(shop, "2026-03-20")
    gone = shop.subscription(made)
    invoice = shop.invoice(gone["latest_invoice"])
    assert (gone["status"], gone["cancellation_details"]["reason"]) == ("canceled", "payment_failed")
    assert (invoice["status"], invoice["attempt_count"], invoice["next_payment_attempt"]) == ("open", 8, None)
    assert gone["ended_at"] == at("2026-02-28T13:00:00") + sum(rules.RETRY_AFTER_DAYS) * DAY
    assert shop.news()[-2:] == ["customer.subscription.deleted", "test_helpers.test_clock.ready"]


def test_some_refusals_are_not_repeated(shop: Shop) -> None:
    """`authentication_required` and its like: counted, but no charge and no event until there is a new method."""
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price())
    spoil(shop, customer, "pm_card_authenticationRequired")
    to(shop, "2026-02-28T13:00:00")
    shop.news()
    shop.advance(2 * DAY)
    invoice = shop.invoice(shop.subscription(made)["latest_invoice"])
    assert invoice["attempt_count"] == 3
    assert "invoice.payment_failed" not in shop.news()
    good = shop.stripe.post("/v1/payment_methods/pm_card_visa/attach", {"customer": customer["id"]})
    shop.stripe.post(f"/v1/customers/{customer['id']}", {"invoice_settings": {"default_payment_method": good["id"]}})
    shop.advance(3 * DAY)
    assert shop.invoice(invoice["id"])["status"] == "paid"
    assert shop.subscription(made)["status"] == "active"


def test_what_waits_is_billed_between_periods(shop: Shop) -> None:
    """`pending_invoice_item_interval` bills what waits more often than the renewals."""
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price(9000, "year"), pending_invoice_item_interval={"interval": "month"})
    assert made["next_pending_invoice_item_invoice"] == at("2026-02-28T12:00:00")
    shop.stripe.post("/v1/invoiceitems", {"customer": customer["id"], "amount": 700, "currency": "usd"})
    to(shop, "2026-02-28T13:00:00")
    invoice = shop.invoices(customer)[0]
    assert (invoice["billing_reason"], invoice["total"], invoice["status"]) == (
        "automatic_pending_invoice_item_invoice",
        700,
        "paid",
    )
    assert shop.subscription(made)["next_pending_invoice_item_invoice"] == at("2026-03-28T12:00:00")


# --- real time ------------------------------------------------------------


def test_real_time_renews_as_well(stripe: Client) -> None:
    """Without a clock the sandbox's own time does the same, before the next request."""
    shop = Shop(stripe)
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price())
    stripe.clock.advance(at("2026-08-02T12:00:00") - NOW)
    assert shop.subscription(made)["items"]["data"][0]["current_period_start"] == at("2026-08-01T12:00:00")
    assert [(invoice["status"], invoice["created"]) for invoice in shop.invoices(customer)] == [
        ("paid", at("2026-08-01T12:00:00")),
        ("paid", at("2026-07-01T12:00:00")),
        ("paid", NOW),
    ]
