"""Subscriptions that end, pause and go on: cancel now or later, pause collection, resume, and what is refused."""

from __future__ import annotations

import pytest

from .conftest import NOW, Client, Json
from .shop import DAY, HOUR, Shop, at

END = at("2026-07-01T12:00:00")


@pytest.fixture
def shop(stripe: Client) -> Shop:
    """A business without anything yet."""
    return Shop(stripe)


@pytest.fixture
def customer(shop: Shop) -> Json:
    """A customer with a card."""
    return shop.customer()


@pytest.fixture
def active(shop: Shop, customer: Json) -> Json:
    """A subscription that is paid for June 2026."""
    return shop.subscribe(customer, shop.price(1000))


def cancel(shop: Shop, subscription: Json, **params: object) -> Json:
    """Cancel at once."""
    return shop.stripe.delete(f"/v1/subscriptions/{subscription['id']}", params)


def later(shop: Shop, seconds: int) -> None:
    """Let real time go by."""
    shop.stripe.clock.advance(seconds)


# --- now -------------------------------------------------------------------------------------------------------------


def test_cancel_now(shop: Shop, active: Json, customer: Json) -> None:
    """The full object, both stamps now, the reason; one event; no proration, no invoice."""
    later(shop, 5 * DAY)
    shop.news()
    gone = cancel(shop, active, cancellation_details={"comment": "Too much", "feedback": "too_expensive"})
    assert (gone["id"], gone["status"]) == (active["id"], "canceled")
    assert gone["canceled_at"] == gone["ended_at"] == NOW + 5 * DAY
    assert gone["cancellation_details"] == {
        "comment": "Too much",
        "feedback": "too_expensive",
        "reason": "cancellation_requested",
    }
    assert gone["cancel_at_period_end"] is False
    assert shop.news() == ["customer.subscription.deleted"]
    assert shop.pending(customer) == []
    assert len(shop.invoices(customer)) == 1


def test_what_is_over_is_not_there(shop: Shop, active: Json) -> None:
    """Cancel twice, resume a canceled one: 404; it can still be retrieved; an update takes metadata alone."""
    cancel(shop, active)
    for method, path in (("DELETE", ""), ("POST", "/resume")):
        error = shop.stripe.refused(method, f"/v1/subscriptions/{active['id']}{path}")
        assert (error["status"], error["code"], error["param"]) == (404, "resource_missing", "id")
        assert error["message"] == f"No such subscription: '{active['id']}'"
    assert shop.subscription(active)["status"] == "canceled"
    assert shop.update(active, metadata={"a": "1"})["metadata"] == {"a": "1"}
    error = shop.stripe.refused("POST", f"/v1/subscriptions/{active['id']}", {"description": "x"})
    assert error["code"] == "invalid_canceled_subscription_fields"
    assert error["message"] == "A canceled subscription can only update its cancellation_details and metadata."


def test_prorate_gives_back_without_a_parent(shop: Shop, active: Json, customer: Json) -> None:
    """`prorate=true`: one credit item whose `parent` is null."""
    later(shop, 15 * DAY)
    cancel(shop, active, prorate=True)
    (credit,) = shop.pending(customer)
    assert (credit["amount"], credit["parent"], credit["proration"]) == (-500, None, True)


def test_a_last_invoice_of_a_credit(shop: Shop, active: Json, customer: Json) -> None:
    """`invoice_now=true` with a credit: a `subscription_cycle` draft, marked uncollectible seconds later."""
    later(shop, 15 * DAY)
    cancel(shop, active, prorate=True, invoice_now=True)
    last = shop.invoices(customer)[0]
    assert (last["billing_reason"], last["status"], last["total"]) == ("subscription_cycle", "draft", -500)
    assert last["auto_advance"] is False
    assert shop.pending(customer) == []


def test_a_last_invoice_of_nothing(shop: Shop, active: Json, customer: Json) -> None:
    """`invoice_now=true` with nothing to bill makes no invoice."""
    cancel(shop, active, invoice_now=True)
    assert len(shop.invoices(customer)) == 1


def test_drafts_do_not_advance_any_more(shop: Shop) -> None:
    """Open and draft invoices get `auto_advance: false`; pending items stay."""
    customer = shop.customer(None)
    made = shop.subscribe(customer, shop.price(), collection_method="send_invoice", days_until_due=30)
    shop.stripe.post("/v1/invoiceitems", {"customer": customer["id"], "amount": 700, "currency": "usd"})
    cancel(shop, made)
    invoice = shop.invoice(made["latest_invoice"])
    assert (invoice["status"], invoice["auto_advance"]) == ("draft", False)
    assert len(shop.pending(customer)) == 1


# --- at the end ------------------------------------------------------------------------------------------------------


def test_cancel_at_period_end(shop: Shop, active: Json, customer: Json) -> None:
    """`cancel_at` = period end, `canceled_at` = now, reason set; at the boundary only `ended_at` is new, no invoice."""
    later(shop, DAY)
    shop.news()
    ending = shop.update(active, cancel_at_period_end=True)
    assert (ending["status"], ending["cancel_at"], ending["canceled_at"]) == ("active", END, NOW + DAY)
    assert ending["cancel_at_period_end"] is True
    assert ending["cancellation_details"]["reason"] == "cancellation_requested"
    assert shop.news() == ["customer.subscription.updated"]
    later(shop, DAY)
    assert shop.update(ending, metadata={"a": "1"})["canceled_at"] == NOW + DAY
    later(shop, END - NOW)
    gone = shop.subscription(active)
    assert (gone["status"], gone["ended_at"], gone["canceled_at"]) == ("canceled", END, NOW + DAY)
    assert len(shop.invoices(customer)) == 1


def test_the_end_is_taken_back(shop: Shop, active: Json) -> None:
    """False clears all of it."""
    shop.update(active, cancel_at_period_end=True)
    back = shop.update(active, cancel_at_period_end=False)
    assert (back["cancel_at"], back["canceled_at"], back["cancel_at_period_end"]) == (None, None, False)
    assert back["cancellation_details"]["reason"] is None


def test_cancel_at_inside_the_period(shop: Shop, active: Json, customer: Json) -> None:
    """`cancel_at` inside the period shortens it and prorates; `""` clears; the flag stays false."""
    time = NOW + 15 * DAY
    cut = shop.update(active, cancel_at=time)
    assert (cut["cancel_at"], cut["cancel_at_period_end"]) == (time, False)
    assert cut["items"]["data"][0]["current_period_end"] == time
    assert [item["amount"] for item in shop.pending(customer)] == [-500]
    back = shop.update(active, cancel_at="")
    assert (back["cancel_at"], back["items"]["data"][0]["current_period_end"]) == (None, END)
    assert sum(item["amount"] for item in shop.pending(customer)) == 0


def test_cancel_at_without_proration(shop: Shop, active: Json, customer: Json) -> None:
    shop.update(active, cancel_at=NOW + 15 * DAY, proration_behavior="none")
    assert shop.pending(customer) == []
    later(shop, 15 * DAY)
    assert shop.subscription(active)["status"] == "canceled"


def test_cancel_at_in_a_later_period(shop: Shop, active: Json, customer: Json) -> None:
    """The period that contains `cancel_at` is shortened when it begins, and billed in part."""
    time = at("2026-07-16T00:00:00")
    shop.update(active, cancel_at=time)
    later(shop, END - NOW)
    item = shop.subscription(active)["items"]["data"][0]
    assert (item["current_period_start"], item["current_period_end"]) == (END, time)
    assert shop.invoices(customer)[0]["total"] == round(1000 * (time - END) / (31 * DAY))
    later(shop, time - END)
    assert shop.subscription(active)["status"] == "canceled"


@pytest.mark.parametrize(("word", "end"), [("min_period_end", "2026-07-01"), ("max_period_end", "2027-06-01")])
def test_the_words_of_cancel_at(shop: Shop, customer: Json, word: str, end: str) -> None:
    made = shop.subscribe(customer, shop.price(), shop.price(9000, "year", "Yearly"))
    assert shop.update(made, cancel_at=word)["cancel_at"] == at(f"{end}T12:00:00")


def test_both_ends_are_too_many(shop: Shop, active: Json) -> None:
    params = {"cancel_at": END, "cancel_at_period_end": True}
    error = shop.stripe.refused("POST", f"/v1/subscriptions/{active['id']}", params)
    assert error["message"] == "You may only specify one of these parameters: cancel_at, cancel_at_period_end."


# --- paused collection -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("behavior", "status"), [("keep_as_draft", "draft"), ("void", "void"), ("mark_uncollectible", "uncollectible")]
)
def test_paused_collection(shop: Shop, active: Json, customer: Json, behavior: str, status: str) -> None:
    """The status does not change, invoices are still made: kept as drafts, void or uncollectible."""
    paused = shop.update(active, pause_collection={"behavior": behavior})
    assert (paused["status"], paused["pause_collection"]) == ("active", {"behavior": behavior, "resumes_at": None})
    later(shop, END - NOW + 2 * HOUR)
    assert shop.subscription(active)["status"] == "active"
    assert shop.invoices(customer)[0]["status"] == status
    assert shop.update(active, pause_collection="")["pause_collection"] is None


def test_collection_comes_back_by_itself(shop: Shop, active: Json) -> None:
    shop.update(active, pause_collection={"behavior": "void", "resumes_at": NOW + DAY})
    later(shop, DAY)
    assert shop.subscription(active)["pause_collection"] is None


# --- paused and resumed ----------------------------------------------------------------------------------------------


@pytest.fixture
def paused(shop: Shop) -> Json:
    """A subscription whose trial ended without a payment method."""
    settings = {"end_behavior": {"missing_payment_method": "pause"}}
    made = shop.subscribe(shop.customer(None), shop.price(1000), trial_period_days=7, trial_settings=settings)
    later(shop, 7 * DAY)
    found = shop.subscription(made)
    assert found["status"] == "paused"
    return found


def test_pausing_makes_no_invoice(shop: Shop, paused: Json) -> None:
    """`paused`: no invoices, no periods; `trial_end` is refused until it is resumed."""
    assert "customer.subscription.paused" in shop.news()
    later(shop, 90 * DAY)
    assert len(shop.invoices({"id": paused["customer"]})) == 1
    error = shop.stripe.refused("POST", f"/v1/subscriptions/{paused['id']}", {"trial_end": "now"})
    assert (error["status"], "code" in error) == (400, False)


def test_resume(shop: Shop, paused: Json) -> None:
    """It stays paused, an invoice opens the cycle, `pending_update` waits; the payment resumes it."""
    good = shop.stripe.post("/v1/payment_methods/pm_card_visa/attach", {"customer": paused["customer"]})
    shop.news()
    waiting = shop.stripe.post(f"/v1/subscriptions/{paused['id']}/resume", {"billing_cycle_anchor": "now"})
    assert waiting["status"] == "paused"
    assert waiting["pending_update"]["expires_at"] == NOW + 7 * DAY + 23 * HOUR
    assert waiting["pending_setup_intent"].startswith("seti_")
    assert "customer.subscription.updated" in shop.news()
    invoice = shop.invoice(waiting["latest_invoice"])
    assert (invoice["status"], invoice["total"]) == ("open", 1000)
    shop.stripe.post(f"/v1/invoices/{invoice['id']}/pay", {"payment_method": good["id"]})
    back = shop.subscription(paused)
    assert (back["status"], back["pending_update"], back["billing_cycle_anchor"]) == ("active", None, NOW + 7 * DAY)
    assert back["items"]["data"][0]["current_period_end"] == at("2026-07-08T12:00:00")
    news = shop.news()
    assert "customer.subscription.resumed" in news
    assert "customer.subscription.pending_update_applied" in news


def test_resume_of_an_uncollectible_invoice(shop: Shop, paused: Json) -> None:
    """Marking the invoice uncollectible resumes as well; voiding it does not."""
    waiting = shop.stripe.post(f"/v1/subscriptions/{paused['id']}/resume")
    shop.stripe.post(f"/v1/invoices/{waiting['latest_invoice']}/void")
    assert shop.subscription(paused)["status"] == "paused"
    again = shop.stripe.post(f"/v1/subscriptions/{paused['id']}/resume")
    shop.stripe.post(f"/v1/invoices/{again['latest_invoice']}/mark_uncollectible")
    assert shop.subscription(paused)["status"] == "active"


def test_only_paused_ones_resume(shop: Shop, active: Json) -> None:
    error = shop.stripe.refused("POST", f"/v1/subscriptions/{active['id']}/resume")
    assert error["message"] == "You can only resume a subscription if it is `paused`."


def test_migrate_to_flexible_billing(shop: Shop, customer: Json) -> None:
    made = shop.subscribe(customer, shop.price(), billing_mode={"type": "classic"})
    assert made["billing_mode"]["type"] == "classic"
    path = f"/v1/subscriptions/{made['id']}/migrate"
    moved = shop.stripe.post(path, {"billing_mode": {"type": "flexible"}})
    assert moved["billing_mode"]["type"] == "flexible"
    assert shop.stripe.refused("POST", path, {"billing_mode": {"type": "flexible"}})["status"] == 400


def test_the_discount_is_deleted(shop: Shop, customer: Json) -> None:
    coupon = shop.stripe.post("/v1/coupons", {"percent_off": 10, "duration": "forever"})
    made = shop.subscribe(customer, shop.price(), discounts=[{"coupon": coupon["id"]}])
    gone = shop.stripe.delete(f"/v1/subscriptions/{made['id']}/discount")
    assert (gone["deleted"], gone["id"]) == (True, made["discounts"][0])
    assert shop.subscription(made)["discounts"] == []
    assert shop.stripe.refused("DELETE", f"/v1/subscriptions/{made['id']}/discount")["status"] == 404
