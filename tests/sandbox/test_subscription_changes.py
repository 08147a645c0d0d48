"""Changed subscriptions: items, prorations to the cent, the cycle, trials, and who pays for it when."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import NOW, Client, Json
from .shop import DAY, Shop, at, descriptions

MONTH = at("2026-07-01T12:00:00") - NOW


@pytest.fixture
def shop(stripe: Client) -> Shop:
    """A business without anything yet."""
    return Shop(stripe)


def item_of(subscription: Json) -> Json:
    """The only item of a subscription."""
    (item,) = subscription["items"]["data"]
    assert isinstance(item, dict)
    return item


def change(shop: Shop, subscription: Json, price: Json | None = None, **more: Any) -> Json:
    """Change the only item."""
    entry: Json = {"id": item_of(shop.subscription(subscription))["id"]}
    if price:
        entry["price"] = price["id"]
    if "quantity" in more:
        entry["quantity"] = more.pop("quantity")
    return shop.update(subscription, items=[entry], **more)


# --- prorations ------------------------------------------------------------------------------------------------------


def test_an_upgrade_waits_as_two_items(shop: Shop) -> None:
    """Credit and debit wait as items: whole configurations, rounded down, the credit listed first."""
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price(1000))
    shop.stripe.clock.advance(MONTH // 3)
    shop.news()
    changed = change(shop, made, shop.price(500))
    assert (changed["status"], changed["latest_invoice"]) == ("active", made["latest_invoice"])
    credit, debit = shop.pending(customer)
    assert (credit["amount"], debit["amount"]) == (-667, 333)
    assert credit["description"] == "Unused time on Gold after 11 Jun 2026"
    assert debit["description"] == "Remaining time on Gold after 11 Jun 2026"
    assert shop.news() == [
        "price.created",
        "plan.created",
        "invoiceitem.created",
        "invoiceitem.created",
        "customer.subscription.updated",
    ]


def test_the_items_of_a_proration(shop: Shop) -> None:
    """`proration`, not discountable, frozen, until the period ends; a credit points at the line that billed it."""
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price(1000))
    line = shop.invoice(made["latest_invoice"])["lines"]["data"][0]
    shop.stripe.clock.advance(MONTH // 2)
    change(shop, made, shop.price(2000))
    credit, debit = shop.pending(customer)
    for item in (credit, debit):
        assert (item["proration"], item["discountable"]) == (True, False)
        assert item["frozen_fields"] == ["pricing", "quantity", "discounts"]
        assert item["period"] == {"start": NOW + MONTH // 2, "end": NOW + MONTH}
        assert item["pricing"]["unit_amount_decimal"] is None
        assert item["parent"]["subscription_details"] == {
            "subscription": made["id"],
            "subscription_item": item_of(made)["id"],
        }
    assert credit["proration_details"]["credited_items"] == {
        "invoice_line_item_details": {"invoice": made["latest_invoice"], "invoice_line_items": [line["id"]]},
        "type": "invoice_line_items",
    }
    assert debit["proration_details"]["credited_items"] is None


def test_quantities_are_whole_configurations(shop: Shop) -> None:
    """2→3 at f = 1/400 gives −3 and +7: always whole configurations, never the difference."""  # noqa: RUF002
    customer = shop.customer()
    made = shop.stripe.post(
        "/v1/subscriptions",
        {"customer": customer["id"], "items": [{"price": shop.price(500)["id"], "quantity": 2}]},
    )
    shop.stripe.clock.advance(MONTH * 399 // 400)
    change(shop, made, shop.price(1000), quantity=3)
    assert [item["amount"] for item in shop.pending(customer)] == [-3, 7]
    assert shop.pending(customer)[1]["description"].startswith("Remaining time on 3 × Gold after ")  # noqa: RUF001


def test_a_new_price_has_quantity_one(shop: Shop) -> None:
    """Changing the price resets the quantity to 1 unless it is sent."""
    made = shop.subscribe(shop.customer(), shop.price())
    assert change(shop, made, quantity=5)["quantity"] == 5
    assert change(shop, made, shop.price(2000))["quantity"] == 1
    assert change(shop, made, shop.price(3000), quantity=4)["quantity"] == 4


def test_items_are_added_and_removed(shop: Shop) -> None:
    """Without `id` an item is added (debit only); `deleted` removes it (credit only); unchanged ones cost nothing."""
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price())
    shop.stripe.clock.advance(MONTH // 2)
    extra = shop.price(400, name="Extra")
    both = shop.update(made, items=[{"price": extra["id"]}])
    assert [item["price"]["unit_amount"] for item in both["items"]["data"]] == [1000, 400]
    assert both["plan"] is None
    (debit,) = shop.pending(customer)
    assert (debit["amount"], debit["description"]) == (200, "Remaining time on Extra after 16 Jun 2026")
    added = both["items"]["data"][1]
    assert (added["current_period_start"], added["current_period_end"]) == (NOW, NOW + MONTH)
    left = shop.update(made, items=[{"id": added["id"], "deleted": True}])
    assert len(left["items"]["data"]) == 1
    assert [item["amount"] for item in shop.pending(customer)] == [-200, 200]
    assert shop.stripe.refused("GET", f"/v1/subscription_items/{added['id']}")["status"] == 404


def test_none_prorates_nothing(shop: Shop) -> None:
    """`proration_behavior=none`; and a later credit gives back what was billed, not the new price."""
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price(1000))
    change(shop, made, shop.price(5000), proration_behavior="none")
    assert shop.pending(customer) == []
    shop.stripe.clock.advance(MONTH // 2)
    change(shop, made, shop.price(2000))
    assert [item["amount"] for item in shop.pending(customer)] == [-500, 1000]


def test_always_invoice_bills_now(shop: Shop) -> None:
    """An invoice of the swept items alone: `subscription_update`, from the subscription's start to now, charged."""
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price(1000))
    shop.stripe.clock.advance(MONTH // 2)
    price = shop.price(3000)
    shop.news()
    changed = change(shop, made, price, proration_behavior="always_invoice")
    invoice = shop.invoice(changed["latest_invoice"])
    assert (invoice["billing_reason"], invoice["status"], invoice["total"]) == ("subscription_update", "paid", 1000)
    assert (invoice["period_start"], invoice["period_end"]) == (NOW, NOW + MONTH // 2)
    assert descriptions(invoice) == [
        ("Unused time on Gold after 16 Jun 2026", -500),
        ("Remaining time on Gold after 16 Jun 2026", 1500),
    ]
    parent = invoice["lines"]["data"][0]["parent"]
    assert (parent["type"], parent["invoice_item_details"]) == ("subscription_item_details", None)
    details = parent["subscription_item_details"]
    assert (details["proration"], details["subscription_item"]) == (True, made["items"]["data"][0]["id"])
    assert details["invoice_item"].startswith("ii_")
    assert details["proration_details"]["credited_items"]["invoice"] == made["latest_invoice"]
    assert shop.pending(customer) == []
    news = shop.news()
    assert news[:4] == [
        "invoiceitem.created",
        "invoiceitem.created",
        "customer.subscription.updated",
        "invoice.created",
    ]


def test_a_downgrade_billed_now_is_credit(shop: Shop) -> None:
    """A negative total: paid with nothing due, the amount to the balance, one row `applied_to_invoice`."""
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price(3000))
    shop.stripe.clock.advance(MONTH // 3)
    changed = change(shop, made, shop.price(1000), proration_behavior="always_invoice")
    invoice = shop.invoice(changed["latest_invoice"])
    assert (invoice["total"], invoice["amount_due"], invoice["status"]) == (-1333, 0, "paid")
    assert (invoice["starting_balance"], invoice["ending_balance"]) == (0, -1333)
    owner = shop.stripe.get(f"/v1/customers/{customer['id']}")
    assert (owner["balance"], owner["currency"]) == (-1333, "usd")
    (row,) = shop.stripe.get(f"/v1/customers/{customer['id']}/balance_transactions")["data"]
    assert (row["amount"], row["type"], row["invoice"]) == (-1333, "applied_to_invoice", invoice["id"])


def test_a_tiny_amount_is_owed(shop: Shop) -> None:
    """Positive but below the minimum: paid without an attempt, the amount owed on the balance."""
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price(1000))
    shop.stripe.clock.advance(MONTH // 2)
    changed = change(shop, made, shop.price(1060), proration_behavior="always_invoice")
    invoice = shop.invoice(changed["latest_invoice"])
    assert (invoice["total"], invoice["amount_due"], invoice["status"]) == (30, 0, "paid")
    assert (invoice["attempted"], invoice["attempt_count"], invoice["ending_balance"]) == (True, 0, 30)
    assert shop.stripe.get(f"/v1/customers/{customer['id']}")["balance"] == 30
    rows = shop.stripe.get(f"/v1/customers/{customer['id']}/balance_transactions")["data"]
    assert [(row["type"], row["amount"]) for row in rows] == [("invoice_too_small", 30)]


def test_coupons_are_netted_into_prorations(shop: Shop) -> None:
    """The coupon is in the amount and in the text: `(with 10.0% off)`."""
    customer = shop.customer()
    coupon = shop.stripe.post("/v1/coupons", {"percent_off": 10, "duration": "forever"})
    made = shop.subscribe(customer, shop.price(1000), discounts=[{"coupon": coupon["id"]}])
    shop.stripe.clock.advance(MONTH // 2)
    change(shop, made, shop.price(2000))
    credit, debit = shop.pending(customer)
    assert (credit["amount"], debit["amount"]) == (-450, 900)
    assert credit["description"] == "Unused time on Gold (with 10.0% off) after 16 Jun 2026"
    assert debit["description"] == "Remaining time on Gold (with 10.0% off) after 16 Jun 2026"


def test_an_amount_off_is_shared_between_items(shop: Shop) -> None:
    """An `amount_off` over several items: flexible billing nets the item's share."""
    customer = shop.customer()
    coupon = shop.stripe.post("/v1/coupons", {"amount_off": 300, "currency": "usd", "duration": "forever"})
    extra = shop.price(2000, name="Extra")
    made = shop.subscribe(customer, shop.price(1000), extra, discounts=[{"coupon": coupon["id"]}])
    shop.stripe.clock.advance(MONTH // 2)
    shop.update(made, items=[{"id": made["items"]["data"][1]["id"], "deleted": True}])
    (credit,) = shop.pending(customer)
    assert credit["amount"] == -900


def test_the_proration_date_is_the_moment(shop: Shop) -> None:
    """The same `proration_date` in preview and update gives the same amounts; outside the period it is refused."""
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price(1000))
    price = shop.price(2000)
    moment = NOW + MONTH // 4
    shop.stripe.clock.advance(MONTH // 2)
    details = {
        "items": [{"id": item_of(made)["id"], "price": price["id"]}],
        "proration_behavior": "always_invoice",
        "proration_date": moment,
    }
    shown = shop.stripe.post(
        "/v1/invoices/create_preview",
        {"customer": customer["id"], "subscription": made["id"], "subscription_details": details},
    )
    change(shop, made, price, proration_date=moment)
    amounts = [item["amount"] for item in shop.pending(customer)]
    assert amounts == [-750, 1500]
    assert [line["amount"] for line in shown["lines"]["data"]] == amounts
    error = shop.stripe.refused(
        "POST", f"/v1/subscriptions/{made['id']}", {"proration_date": NOW - 5, "items": details["items"]}
    )
    assert error["param"] == "proration_date"


def test_metered_items_are_not_prorated(shop: Shop) -> None:
    customer = shop.customer()
    meter = shop.stripe.post(
        "/v1/billing/meters",
        {"display_name": "Calls", "event_name": "calls", "default_aggregation": {"formula": "sum"}},
    )
    metered = shop.price(10, recurring={"usage_type": "metered", "meter": meter["id"]}, name="Calls")
    made = shop.subscribe(customer, shop.price(1000))
    both = shop.update(made, items=[{"price": metered["id"]}])
    assert "quantity" not in both["items"]["data"][1]
    assert shop.pending(customer) == []


# --- events and silence ----------------------------------------------------------------------------------------------


def test_previous_attributes_of_an_update(shop: Shop) -> None:
    """The old values of what changed; silence for an update that changes nothing."""
    made = shop.subscribe(shop.customer(), shop.price(), metadata={"a": "1"})
    shop.update(made, metadata={"a": "2", "b": "3"}, description="Mine")
    changed = shop.last_event("customer.subscription.updated")["data"]["previous_attributes"]
    assert changed == {"description": None, "metadata": {"a": "1", "b": None}}
    shop.news()
    shop.update(made, metadata={"a": "2"}, description="Mine")
    assert shop.news() == []


def test_clearing_with_the_empty_text(shop: Shop) -> None:
    made = shop.subscribe(shop.customer(), shop.price(), metadata={"a": "1"}, description="Mine")
    cleared = shop.update(made, metadata="", description="", default_tax_rates="")
    assert (cleared["metadata"], cleared["description"], cleared["default_tax_rates"]) == ({}, None, [])


# --- the cycle -------------------------------------------------------------------------------------------------------


def test_another_interval_keeps_the_anchor(shop: Shop) -> None:
    """Flexible billing keeps the anchor and bills items on their own periods."""
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price(1000))
    shop.stripe.clock.advance(MONTH // 2)
    yearly = change(shop, made, shop.price(12_000, "year"))
    item = item_of(yearly)
    assert yearly["billing_cycle_anchor"] == NOW
    assert (item["current_period_start"], item["current_period_end"]) == (NOW, at("2027-06-01T12:00:00"))
    credit, debit = shop.pending(customer)
    left = at("2027-06-01T12:00:00") - (NOW + MONTH // 2)
    assert (credit["amount"], debit["amount"]) == (-500, round(12_000 * left / (365 * DAY)))


def test_another_interval_restarts_classic_billing(shop: Shop) -> None:
    """Classic billing moves the anchor to now and bills at once."""
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price(1000), billing_mode={"type": "classic"})
    shop.stripe.clock.advance(MONTH // 2)
    now = NOW + MONTH // 2
    yearly = change(shop, made, shop.price(12_000, "year"))
    assert yearly["billing_cycle_anchor"] == now
    invoice = shop.invoice(yearly["latest_invoice"])
    assert (invoice["total"], invoice["status"], invoice["billing_reason"]) == (11_500, "paid", "subscription_update")
    assert item_of(yearly)["current_period_end"] == at("2027-06-16T12:00:00")


def test_classic_items_come_equally_often(shop: Shop) -> None:
    error = shop.stripe.refused(
        "POST",
        "/v1/subscriptions",
        {
            "customer": shop.customer()["id"],
            "items": [{"price": shop.price()["id"]}, {"price": shop.price(9000, "year", "Yearly")["id"]}],
            "billing_mode": {"type": "classic"},
        },
    )
    assert "recurring.interval" in error["message"]


def test_a_new_anchor(shop: Shop) -> None:
    """`billing_cycle_anchor=now` gives back the old period and bills a whole new one."""
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price(1000))
    shop.stripe.clock.advance(MONTH // 2)
    changed = shop.update(made, billing_cycle_anchor="now", proration_behavior="always_invoice")
    assert changed["billing_cycle_anchor"] == NOW + MONTH // 2
    assert item_of(changed)["current_period_end"] == at("2026-07-16T12:00:00")
    assert shop.invoice(changed["latest_invoice"])["total"] == 500


# --- trials ----------------------------------------------------------------------------------------------------------


def test_a_trial_on_an_active_one(shop: Shop) -> None:
    """`trialing` from now, the full unused credit and a free trial line, paid, the negative total to the balance."""
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price(1000))
    shop.stripe.clock.advance(MONTH // 2)
    now = NOW + MONTH // 2
    changed = shop.update(made, trial_end=now + 10 * DAY)
    assert (changed["status"], changed["trial_start"], changed["billing_cycle_anchor"]) == (
        "trialing",
        now,
        now + 10 * DAY,
    )
    invoice = shop.invoice(changed["latest_invoice"])
    assert (invoice["billing_reason"], invoice["status"], invoice["total"]) == ("subscription_update", "paid", -500)
    assert [amount for _, amount in descriptions(invoice)] == [-500, 0]
    assert shop.stripe.get(f"/v1/customers/{customer['id']}")["balance"] == -500


def test_ending_a_trial_now(shop: Shop) -> None:
    """`trial_end=now`: charged, the anchor moves to now."""
    made = shop.subscribe(shop.customer(), shop.price(1000), trial_period_days=14)
    shop.stripe.clock.advance(3 * DAY)
    changed = shop.update(made, trial_end="now")
    assert (changed["status"], changed["billing_cycle_anchor"]) == ("active", NOW + 3 * DAY)
    invoice = shop.invoice(changed["latest_invoice"])
    assert (invoice["status"], invoice["total"]) == ("paid", 1000)


@pytest.mark.parametrize(("behavior", "status"), [("pause", "paused"), ("cancel", "canceled")])
def test_ending_a_trial_without_a_method(shop: Shop, behavior: str, status: str) -> None:
    """Without a method the trial's settings decide: refused, `paused` or `canceled`."""
    customer, price = shop.customer(None), shop.price()
    made = shop.subscribe(customer, price, trial_period_days=7)
    error = shop.stripe.refused("POST", f"/v1/subscriptions/{made['id']}", {"trial_end": "now"})
    assert (error["status"], error["code"]) == (400, "resource_missing")
    settings = {"end_behavior": {"missing_payment_method": behavior}}
    other = shop.subscribe(customer, price, trial_period_days=7, trial_settings=settings)
    shop.news()
    assert shop.update(other, trial_end="now")["status"] == status
    assert {"paused": "customer.subscription.paused", "canceled": "customer.subscription.deleted"}[
        status
    ] in shop.news()


def test_nothing_is_prorated_in_a_trial(shop: Shop) -> None:
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price(1000), trial_period_days=14)
    changed = change(shop, made, shop.price(9000))
    assert changed["status"] == "trialing"
    assert item_of(changed)["current_period_end"] == NOW + 14 * DAY
    assert shop.pending(customer) == []


# --- payment of a change ---------------------------------------------------------------------------------------------


def with_bad_card(shop: Shop) -> tuple[Json, Json]:
    """A subscription that was paid, whose customer's card declines from now on."""
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price(1000))
    bad = shop.stripe.post("/v1/payment_methods/pm_card_chargeCustomerFail/attach", {"customer": customer["id"]})
    shop.stripe.post(f"/v1/customers/{customer['id']}", {"invoice_settings": {"default_payment_method": bad["id"]}})
    shop.stripe.clock.advance(MONTH // 2)
    return customer, made


def test_a_failing_change_is_past_due(shop: Shop) -> None:
    """`allow_incomplete`: the update stands, the status is `past_due`; paying makes it active again."""
    customer, made = with_bad_card(shop)
    changed = change(shop, made, shop.price(3000), proration_behavior="always_invoice")
    assert (changed["status"], changed["plan"]["amount"]) == ("past_due", 3000)
    good = shop.stripe.post("/v1/payment_methods/pm_card_visa/attach", {"customer": customer["id"]})
    shop.stripe.post(f"/v1/invoices/{changed['latest_invoice']}/pay", {"payment_method": good["id"]})
    assert shop.subscription(made)["status"] == "active"


def test_error_if_incomplete_changes_nothing(shop: Shop) -> None:
    customer, made = with_bad_card(shop)
    error = shop.stripe.refused(
        "POST",
        f"/v1/subscriptions/{made['id']}",
        {
            "items": [{"id": item_of(made)["id"], "price": shop.price(3000)["id"]}],
            "proration_behavior": "always_invoice",
            "payment_behavior": "error_if_incomplete",
        },
    )
    assert (error["status"], error["code"]) == (402, "card_declined")
    assert shop.subscription(made) == made
    assert shop.pending(customer) == []


def test_pending_if_incomplete_waits(shop: Shop) -> None:
    """The update waits in `pending_update` for 23 hours; it is applied when the invoice is paid."""
    customer, made = with_bad_card(shop)
    price = shop.price(3000)
    parked = change(shop, made, price, proration_behavior="always_invoice", payment_behavior="pending_if_incomplete")
    assert (parked["status"], parked["plan"]["amount"]) == ("active", 1000)
    assert parked["pending_update"]["expires_at"] == NOW + MONTH // 2 + 23 * 3600
    assert parked["pending_update"]["subscription_items"][0]["price"]["id"] == price["id"]
    good = shop.stripe.post("/v1/payment_methods/pm_card_visa/attach", {"customer": customer["id"]})
    shop.news()
    shop.stripe.post(f"/v1/invoices/{parked['latest_invoice']}/pay", {"payment_method": good["id"]})
    applied = shop.subscription(made)
    assert (applied["plan"]["amount"], applied["pending_update"]) == (3000, None)
    assert "customer.subscription.pending_update_applied" in shop.news()


def test_a_pending_update_expires(shop: Shop) -> None:
    _, made = with_bad_card(shop)
    parked = change(
        shop, made, shop.price(3000), proration_behavior="always_invoice", payment_behavior="pending_if_incomplete"
    )
    shop.stripe.clock.advance(DAY)
    after = shop.subscription(made)
    assert (after["pending_update"], after["plan"]["amount"]) == (None, 1000)
    assert shop.invoice(parked["latest_invoice"])["status"] == "void"
    assert "customer.subscription.pending_update_expired" in shop.news()


def test_a_pending_update_ends_with_the_subscription(shop: Shop) -> None:
    """Paying its invoice after the cancellation leaves the subscription canceled, with its old price."""
    customer, made = with_bad_card(shop)
    parked = change(
        shop, made, shop.price(3000), proration_behavior="always_invoice", payment_behavior="pending_if_incomplete"
    )
    shop.stripe.delete(f"/v1/subscriptions/{made['id']}")
    good = shop.stripe.post("/v1/payment_methods/pm_card_visa/attach", {"customer": customer["id"]})
    shop.news()
    shop.stripe.post(f"/v1/invoices/{parked['latest_invoice']}/pay", {"payment_method": good["id"]})
    after = shop.subscription(made)
    assert (after["status"], after["pending_update"], after["plan"]["amount"]) == ("canceled", None, 1000)
    assert "customer.subscription.pending_update_applied" not in shop.news()


# --- subscription items ----------------------------------------------------------------------------------------------


def test_items_by_themselves(shop: Shop) -> None:
    """`/v1/subscription_items`: create, retrieve, update, delete, each an update of the subscription."""
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price())
    extra = shop.price(400, name="Extra")
    params = {"subscription": made["id"], "price": extra["id"], "quantity": 2, "metadata": {"a": "1"}}
    item = shop.stripe.post("/v1/subscription_items", params)
    assert (item["quantity"], item["subscription"], item["metadata"]) == (2, made["id"], {"a": "1"})
    again = shop.stripe.post(f"/v1/subscription_items/{item['id']}", {"quantity": 3, "proration_behavior": "none"})
    assert again["quantity"] == 3
    assert shop.stripe.get(f"/v1/subscription_items/{item['id']}") == again
    assert shop.subscription(made)["items"]["data"][1] == again
    gone = shop.stripe.delete(f"/v1/subscription_items/{item['id']}", {"proration_behavior": "none"})
    assert gone == {"id": item["id"], "object": "subscription_item", "deleted": True}
    assert len(shop.subscription(made)["items"]["data"]) == 1


def test_mistakes_with_items(shop: Shop) -> None:
    price = shop.price()
    made = shop.subscribe(shop.customer(), price)
    error = shop.stripe.refused("GET", "/v1/subscription_items")
    assert (error["code"], error["param"]) == ("parameter_missing", "subscription")
    assert error["message"] == "Missing required param: subscription."
    error = shop.stripe.refused("GET", "/v1/subscription_items/si_none")
    assert (error["status"], error["message"]) == (404, "Invalid subscription_item id: si_none")
    assert "code" not in error
    error = shop.stripe.refused("POST", f"/v1/subscriptions/{made['id']}", {"items": [{"price": price["id"]}]})
    assert error["param"] == "plan"
    assert error["message"].startswith(
        f"A new item with Price {price['id']} can't be added to this Subscription because"
    )
    euro = shop.price(currency="eur", name="Euro")
    error = shop.stripe.refused("POST", f"/v1/subscriptions/{made['id']}", {"items": [{"price": euro["id"]}]})
    assert error["message"] == (
        "The price specified only supports `eur`. This doesn't match the expected currency: `usd`."
    )
    only = {"items": [{"id": item_of(made)["id"], "deleted": True}]}
    assert "at least one" in shop.stripe.refused("POST", f"/v1/subscriptions/{made['id']}", only)["message"]
    shop.stripe.delete(f"/v1/subscriptions/{made['id']}")
    error = shop.stripe.refused("POST", "/v1/subscription_items", {"subscription": made["id"], "price": price["id"]})
    assert (error["status"], error["code"], error["param"]) == (404, "resource_missing", "subscription")


def test_an_incomplete_one_takes_few_changes(shop: Shop) -> None:
    made = shop.subscribe(shop.customer(), shop.price(), payment_behavior="default_incomplete")
    assert shop.update(made, metadata={"a": "1"}, description="Mine")["description"] == "Mine"
    error = shop.stripe.refused("POST", f"/v1/subscriptions/{made['id']}", {"cancel_at_period_end": True})
    assert error["status"] == 400
