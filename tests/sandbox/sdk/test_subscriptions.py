"""Section 19: subscriptions are made, changed, prorated, paused and canceled."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import NOW

from .conftest import Sdk, stripe

DAY = 86_400


def first_invoice(sdk: Sdk, subscription: Any) -> Any:
    """The newest invoice of a subscription."""
    return sdk.v1.invoices.retrieve(subscription.latest_invoice)


def pending(sdk: Sdk, customer: Any) -> list[int]:
    """The amounts that wait for the next invoice, oldest first."""
    rows = sdk.v1.invoice_items.list(params={"customer": customer.id, "pending": True, "limit": 100}).data
    return [row.amount for row in rows][::-1]


def half_way(sdk: Sdk, **more: Any) -> tuple[Any, Any, Any]:
    """A customer with a subscription to 1000 a month from 1 June, on a clock that stands in the middle of the month."""
    clock = sdk.stand(1_780_272_000)  # 1 June 2026, 00:00
    customer = sdk.customer(test_clock=clock.id)
    made = sdk.subscribe(customer, sdk.price(1000), **more)
    sdk.advance(clock, 1_780_272_000 + 15 * DAY)
    return customer, sdk.v1.subscriptions.retrieve(made.id), clock


# --- created -------------------------------------------------------------------------------------------------------


def test_paid_at_once(sdk: Sdk) -> None:
    """§19.1: active, the first invoice paid in one attempt; the period stands on the items."""
    made = sdk.subscribe(sdk.customer(), sdk.price())
    invoice = first_invoice(sdk, made)
    assert (made.status, made.billing_mode.type, made.default_payment_method) == ("active", "flexible", None)
    assert (invoice.status, invoice.billing_reason, invoice.attempt_count) == ("paid", "subscription_create", 1)
    item = made["items"].data[0]
    assert (item.current_period_start, item.current_period_end) == (NOW, NOW + 30 * DAY)
    assert (item.quantity, item.price.object) == (1, "price")
    assert "current_period_end" not in made
    (line,) = invoice.lines.data
    assert line.description == "1 × Gold (at $10.00 / month)"  # noqa: RUF001
    assert line.parent.type == "subscription_item_details"


def test_a_trial(sdk: Sdk) -> None:
    """§19.1, §23: trialing, a paid invoice of nothing; without a method a setup intent is minted."""
    made = sdk.subscribe(sdk.customer(None), sdk.price(), trial_period_days=14)
    assert (made.status, made.trial_end) == ("trialing", NOW + 14 * DAY)
    assert made.pending_setup_intent.startswith("seti_")
    invoice = first_invoice(sdk, made)
    assert (invoice.status, invoice.total, invoice.lines.data[0].description) == (
        "paid",
        0,
        "Free trial for 1 × Gold",  # noqa: RUF001
    )
    assert sdk.subscribe(sdk.customer(), sdk.price(), trial_period_days=14).pending_setup_intent is None


def test_without_a_method(sdk: Sdk) -> None:
    """§19.1: refused by default; incomplete when asked for; active when there is nothing to pay."""
    customer, price = sdk.customer(None), sdk.price()
    error = sdk.refused(sdk.subscribe, customer, price)
    assert (error.http_status, error.code) == (400, "resource_missing")
    assert error.user_message.startswith("This customer has no attached payment source or default payment method.")
    waiting = sdk.subscribe(customer, price, payment_behavior="default_incomplete")
    assert (waiting.status, first_invoice(sdk, waiting).status) == ("incomplete", "open")
    assert sdk.subscribe(customer, sdk.price(0)).status == "active"


def test_a_failing_card(sdk: Sdk) -> None:
    """§19.1: incomplete by default, or 402 and nothing stored; paid in time it is active."""
    customer, price = sdk.customer("pm_card_chargeCustomerFail"), sdk.price()
    made = sdk.subscribe(customer, price)
    assert (made.status, first_invoice(sdk, made).status) == ("incomplete", "open")
    error = sdk.refused(sdk.subscribe, customer, price, payment_behavior="error_if_incomplete")
    assert isinstance(error, stripe.CardError)
    assert len(sdk.v1.subscriptions.list(params={"status": "all"}).data) == 1
    good = sdk.v1.payment_methods.attach("pm_card_visa", params={"customer": customer.id})
    sdk.v1.invoices.pay(made.latest_invoice, params={"payment_method": good.id})
    assert sdk.v1.subscriptions.retrieve(made.id).status == "active"


def test_three_d_secure(sdk: Sdk) -> None:
    """§19.1: incomplete with an intent that wants action, or 402 with a code of its own."""
    customer, price = sdk.customer("pm_card_authenticationRequired"), sdk.price()
    made = sdk.subscribe(customer, price)
    assert made.status == "incomplete"
    deep = {"expand": ["latest_invoice.payments.data.payment.payment_intent"]}
    assert "more than 4 levels" in sdk.refused(sdk.v1.subscriptions.retrieve, made.id, params=deep).user_message
    params = {"expand": ["payments.data.payment.payment_intent"]}
    invoice = sdk.v1.invoices.retrieve(made.latest_invoice, params=params)
    assert invoice.payments.data[0].payment.payment_intent.status == "requires_action"
    error = sdk.refused(sdk.subscribe, customer, price, payment_behavior="error_if_incomplete")
    assert (error.http_status, error.code) == (402, "subscription_payment_intent_requires_action")


def test_sent_invoices(sdk: Sdk) -> None:
    """§19.1, §23: active at once with a draft; it needs a term."""
    customer, price = sdk.customer(None), sdk.price()
    error = sdk.refused(sdk.subscribe, customer, price, collection_method="send_invoice")
    assert "you must specify 'days_until_due'" in error.user_message
    made = sdk.subscribe(customer, price, collection_method="send_invoice", days_until_due=30)
    invoice = first_invoice(sdk, made)
    assert (made.status, invoice.status, invoice.auto_advance) == ("active", "draft", True)


def test_an_anchor_ahead(sdk: Sdk) -> None:
    """§19.1: the first invoice is prorated until the anchor, to the nearest cent; none with `none`."""
    customer, price = sdk.customer(), sdk.price(1000)
    made = sdk.subscribe(customer, price, billing_cycle_anchor=NOW + 10 * DAY)
    assert made["items"].data[0].current_period_end == NOW + 10 * DAY
    assert first_invoice(sdk, made).total == round(1000 * 10 / 31)  # the month before 11 June has 31 days
    free = sdk.subscribe(customer, price, billing_cycle_anchor=NOW + 10 * DAY, proration_behavior="none")
    assert free.status == "active"
    assert free.latest_invoice is None or first_invoice(sdk, free).total == 0


@pytest.mark.parametrize(("tiers_mode", "total"), [("volume", 15 * 50), ("graduated", 10 * 100 + 5 * 50)])
def test_tiers(sdk: Sdk, tiers_mode: str, total: int) -> None:
    """§11: 15 of something: all at the reached tier, or each at its own."""
    tiers = [{"up_to": 10, "unit_amount": 100}, {"up_to": "inf", "unit_amount": 50}]
    price = sdk.price(None, billing_scheme="tiered", tiers_mode=tiers_mode, tiers=tiers)
    params = {"customer": sdk.customer().id, "items": [{"price": price.id, "quantity": 15}]}
    assert first_invoice(sdk, sdk.v1.subscriptions.create(params=params)).total == total


def test_mistakes(sdk: Sdk) -> None:
    """§2.4: the same price twice, mixed currencies, behaviours that make no sense."""
    customer, price = sdk.customer(), sdk.price()
    error = sdk.refused(sdk.subscribe, customer, price, price)
    assert (error.param, error.user_message) == (
        "plan",
        f"Cannot create a Subscription with multiple Subscription Items with the same Price: {price.id}",
    )
    euro = sdk.price(currency="eur")
    assert "other items use" in sdk.refused(sdk.subscribe, customer, price, euro).user_message
    error = sdk.refused(sdk.subscribe, customer, price, payment_behavior="pending_if_incomplete")
    assert error.param == "payment_behavior"
    error = sdk.refused(sdk.v1.subscriptions.list, params={"status": "gone"})
    assert error.user_message.count(",") == 9


# --- changed -------------------------------------------------------------------------------------------------------


def test_an_upgrade_half_way(sdk: Sdk) -> None:
    """§19.4: half of 1000 back, half of 3001 more, each floored; they wait as two items, credit first."""
    customer, made, _ = half_way(sdk)
    dear = sdk.price(3001, name="Dear")
    params = {"items": [{"id": made["items"].data[0].id, "price": dear.id}]}
    changed = sdk.v1.subscriptions.update(made.id, params=params)
    assert changed["items"].data[0].current_period_end == made["items"].data[0].current_period_end
    assert pending(sdk, customer) in ([-500, 1500], [1500, -500])
    rows = sdk.v1.invoice_items.list(params={"customer": customer.id, "pending": True}).data
    texts = {row.amount: row.description for row in rows}
    assert texts == {
        -500: "Unused time on Gold after 16 Jun 2026",
        1500: "Remaining time on Dear after 16 Jun 2026",
    }
    assert all(row.proration and not row.discountable for row in rows)


def test_always_invoice(sdk: Sdk) -> None:
    """§19.3, §19.4: the same change billed now: 1500 less 500 is charged."""
    _, made, _ = half_way(sdk)
    params = {
        "items": [{"id": made["items"].data[0].id, "price": sdk.price(3000, name="Dear").id}],
        "proration_behavior": "always_invoice",
    }
    invoice = first_invoice(sdk, sdk.v1.subscriptions.update(made.id, params=params))
    assert (invoice.billing_reason, invoice.status, invoice.total) == ("subscription_update", "paid", 1000)
    assert [line.amount for line in invoice.lines.data] in ([-500, 1500], [1500, -500])


def test_a_downgrade_billed_now_is_credit(sdk: Sdk) -> None:
    """§19.4: a negative invoice goes to the balance."""
    customer, made, _ = half_way(sdk)
    params = {
        "items": [{"id": made["items"].data[0].id, "price": sdk.price(500, name="Cheap").id}],
        "proration_behavior": "always_invoice",
    }
    assert first_invoice(sdk, sdk.v1.subscriptions.update(made.id, params=params)).total == -250
    assert sdk.v1.customers.retrieve(customer.id).balance == -250


def test_quantities_and_items(sdk: Sdk) -> None:
    """§19.3, §19.4, §23: whole configurations; a new price has quantity 1; no id adds, deleted removes."""
    customer, made, _ = half_way(sdk)
    item = made["items"].data[0].id
    update = sdk.v1.subscriptions.update
    update(made.id, params={"items": [{"id": item, "quantity": 3}]})
    assert sorted(pending(sdk, customer)) == [-500, 1500]
    changed = update(made.id, params={"items": [{"id": item, "price": sdk.price(700, name="Other").id}]})
    assert changed["items"].data[0].quantity == 1
    extra = sdk.price(200, name="Extra")
    added = update(made.id, params={"items": [{"price": extra.id}], "proration_behavior": "none"})
    assert [row.price.id for row in added["items"].data][-1] == extra.id
    gone = update(made.id, params={"items": [{"id": item, "deleted": True}], "proration_behavior": "none"})
    assert [row.price.id for row in gone["items"].data] == [extra.id]
    error = sdk.refused(update, made.id, params={"items": [{"price": extra.id}]})
    assert error.param == "plan"


def test_netted_coupons(sdk: Sdk) -> None:
    """§19.4: a coupon of the subscription is netted into the amounts and named in the text."""
    coupon = sdk.v1.coupons.create(params={"percent_off": 10, "duration": "forever"})
    customer, made, _ = half_way(sdk, discounts=[{"coupon": coupon.id}])
    params = {"items": [{"id": made["items"].data[0].id, "price": sdk.price(3000, name="Dear").id}]}
    sdk.v1.subscriptions.update(made.id, params=params)
    assert sorted(pending(sdk, customer)) == [-450, 1350]
    rows = sdk.v1.invoice_items.list(params={"customer": customer.id, "pending": True}).data
    assert "Unused time on Gold (with 10.0% off) after 16 Jun 2026" in [row.description for row in rows]


def test_a_failing_change(sdk: Sdk) -> None:
    """§19.3: past_due, parked, or refused, as the behaviour says."""
    customer, made, _ = half_way(sdk)
    bad = sdk.v1.payment_methods.attach("pm_card_chargeCustomerFail", params={"customer": customer.id})
    update = sdk.v1.subscriptions.update
    update(made.id, params={"default_payment_method": bad.id})
    items = [{"id": made["items"].data[0].id, "price": sdk.price(9000, name="Dear").id}]
    change = {"items": items, "proration_behavior": "always_invoice"}
    error = sdk.refused(update, made.id, params=change | {"payment_behavior": "error_if_incomplete"})
    assert error.http_status == 402
    kept = sdk.v1.subscriptions.retrieve(made.id)
    assert (kept["items"].data[0].price.unit_amount, kept.status) == (1000, "active")
    parked = update(made.id, params=change | {"payment_behavior": "pending_if_incomplete"})
    assert (parked["items"].data[0].price.unit_amount, parked.status) == (1000, "active")
    assert parked.pending_update.subscription_items[0].price.unit_amount == 9000


def test_a_failing_change_that_stands(sdk: Sdk) -> None:
    """§19.3: by default the update stands, and the subscription is past_due."""
    customer, made, _ = half_way(sdk)
    bad = sdk.v1.payment_methods.attach("pm_card_chargeCustomerFail", params={"customer": customer.id})
    params = {
        "items": [{"id": made["items"].data[0].id, "price": sdk.price(9000, name="Dear").id}],
        "proration_behavior": "always_invoice",
        "default_payment_method": bad.id,
    }
    changed = sdk.v1.subscriptions.update(made.id, params=params)
    assert (changed.status, changed["items"].data[0].price.unit_amount) == ("past_due", 9000)


def test_trials_on_an_active_one(sdk: Sdk) -> None:
    """§19.3: the unused time is credited in full, the anchor is the trial's end."""
    customer, made, clock = half_way(sdk)
    now = sdk.v1.test_helpers.test_clocks.retrieve(clock.id).frozen_time
    trial = sdk.v1.subscriptions.update(made.id, params={"trial_end": now + 7 * DAY})
    assert (trial.status, trial.trial_start, trial.billing_cycle_anchor) == ("trialing", now, now + 7 * DAY)
    assert first_invoice(sdk, trial).total == -500
    assert sdk.v1.customers.retrieve(customer.id).balance == -500
    ended = sdk.v1.subscriptions.update(made.id, params={"trial_end": "now"})
    assert (ended.status, ended.billing_cycle_anchor) == ("active", now)
    assert (first_invoice(sdk, ended).total, first_invoice(sdk, ended).amount_due) == (1000, 500)


def test_clearing(sdk: Sdk) -> None:
    """§1: the empty text clears."""
    customer = sdk.customer()
    made = sdk.subscribe(customer, sdk.price())
    card = customer.invoice_settings.default_payment_method
    update = sdk.v1.subscriptions.update
    assert update(made.id, params={"default_payment_method": card}).default_payment_method == card
    assert update(made.id, params={"default_payment_method": ""}).default_payment_method is None


def test_previous_attributes(sdk: Sdk) -> None:
    """§8: old values of what changed, nothing else."""
    made = sdk.subscribe(sdk.customer(), sdk.price())
    sdk.v1.subscriptions.update(made.id, params={"metadata": {"k": "v"}})
    (event,) = sdk.events(type="customer.subscription.updated")
    assert event.data.previous_attributes.to_dict() == {"metadata": {"k": None}}


# --- ended, paused -------------------------------------------------------------------------------------------------


def test_cancel_now(sdk: Sdk) -> None:
    """§19.5, §23: no proration, no invoice; afterwards it is not there for a second time."""
    customer = sdk.customer()
    made = sdk.subscribe(customer, sdk.price())
    gone = sdk.v1.subscriptions.cancel(made.id)
    assert (gone.status, gone.canceled_at, gone.ended_at) == ("canceled", NOW, NOW)
    assert gone.cancellation_details.reason == "cancellation_requested"
    error = sdk.refused(sdk.v1.subscriptions.cancel, made.id)
    assert (error.http_status, error.user_message) == (404, f"No such subscription: '{made.id}'")
    error = sdk.refused(sdk.v1.subscriptions.update, made.id, params={"proration_behavior": "none"})
    assert error.http_status == 400
    assert sdk.v1.subscriptions.list(params={"customer": customer.id}).data == []
    for status in ("all", "canceled", "ended"):
        assert len(sdk.v1.subscriptions.list(params={"customer": customer.id, "status": status}).data) == 1


def test_cancel_with_proration_and_invoice(sdk: Sdk) -> None:
    """§19.5: the unused half is credited by a final invoice."""
    customer, made, _ = half_way(sdk)
    gone = sdk.v1.subscriptions.cancel(made.id, params={"prorate": True, "invoice_now": True})
    invoice = first_invoice(sdk, gone)
    assert (invoice.total, [line.amount for line in invoice.lines.data]) == (-500, [-500])
    assert pending(sdk, customer) == []


def test_cancel_at_the_end_of_the_period(sdk: Sdk) -> None:
    """§19.5: stamped now, false clears; it ends at the boundary without a renewal."""
    customer, made, clock = half_way(sdk)
    end = made["items"].data[0].current_period_end
    update = sdk.v1.subscriptions.update
    marked = update(made.id, params={"cancel_at_period_end": True})
    assert (marked.status, marked.cancel_at, marked.cancellation_details.reason) == (
        "active",
        end,
        "cancellation_requested",
    )
    cleared = update(made.id, params={"cancel_at_period_end": False})
    assert (cleared.cancel_at, cleared.canceled_at) == (None, None)
    update(made.id, params={"cancel_at_period_end": True})
    sdk.advance(clock, end + 2 * 3600)
    gone = sdk.v1.subscriptions.retrieve(made.id)
    assert (gone.status, gone.ended_at) == ("canceled", end)
    assert len(sdk.v1.invoices.list(params={"customer": customer.id}).data) == 1


def test_paused_collection(sdk: Sdk) -> None:
    """§19.5: the status stays; invoices are made and voided."""
    customer, made, clock = half_way(sdk)
    paused = sdk.v1.subscriptions.update(made.id, params={"pause_collection": {"behavior": "void"}})
    assert (paused.status, paused.pause_collection.behavior) == ("active", "void")
    sdk.advance(clock, made["items"].data[0].current_period_end + 2 * 3600)
    invoices = sdk.v1.invoices.list(params={"customer": customer.id}).data
    assert [row.status for row in invoices] == ["void", "paid"]
    assert sdk.v1.subscriptions.update(made.id, params={"pause_collection": ""}).pause_collection is None


def test_resume_what_is_not_paused(sdk: Sdk) -> None:
    """§2.4."""
    made = sdk.subscribe(sdk.customer(), sdk.price())
    error = sdk.refused(sdk.v1.subscriptions.resume, made.id)
    assert error.user_message == "You can only resume a subscription if it is `paused`."


def test_items_by_themselves(sdk: Sdk) -> None:
    """§19.3, §2.2: the items' own paths change the subscription."""
    made = sdk.subscribe(sdk.customer(), sdk.price())
    extra = sdk.price(500, name="Extra")
    items = sdk.v1.subscription_items
    item = items.create(params={"subscription": made.id, "price": extra.id, "quantity": 2})
    assert (item.quantity, item.subscription) == (2, made.id)
    assert items.update(item.id, params={"quantity": 5}).quantity == 5
    assert items.delete(item.id).deleted is True
    assert len(sdk.v1.subscriptions.retrieve(made.id)["items"].data) == 1
