"""New subscriptions: what a create answers, what it charges, and how lists show it."""

from __future__ import annotations

from typing import Any

import pytest

from stripe_shell.spec.table import Table

from .conformity import departures
from .conftest import NOW, Client, Json
from .shop import DAY, Shop, at, descriptions


@pytest.fixture
def shop(stripe: Client) -> Shop:
    """A business without anything yet."""
    return Shop(stripe)


def refused(shop: Shop, customer: Json, *prices: Json, **more: Any) -> Json:
    """The error of a create that must fail."""
    items = more.pop("items", [{"price": price["id"]} for price in prices])
    return shop.stripe.refused("POST", "/v1/subscriptions", {"customer": customer["id"], "items": items, **more})


# --- the documented command ----------------------------------------------------------------------------------------


def test_a_trial_without_a_method(shop: Shop) -> None:
    """A trial answers `trialing`, a paid invoice of nothing, and mints a setup intent when there is no method."""
    customer, price = shop.customer(None), shop.price()
    shop.news()
    made = shop.subscribe(customer, price, trial_period_days=14)
    assert made["status"] == "trialing"
    assert (made["trial_start"], made["trial_end"]) == (NOW, NOW + 14 * DAY)
    assert made["billing_cycle_anchor"] == NOW + 14 * DAY
    assert made["pending_setup_intent"].startswith("seti_")
    invoice = shop.invoice(made["latest_invoice"])
    assert (invoice["status"], invoice["total"], invoice["attempted"], invoice["attempt_count"]) == ("paid", 0, True, 0)
    assert descriptions(invoice) == [("Free trial for 1 × Gold", 0)]  # noqa: RUF001
    assert invoice["lines"]["data"][0]["period"] == {"start": NOW, "end": NOW + 14 * DAY}
    assert [name for name in shop.news() if not name.startswith("setup")] == [
        "invoice.created",
        "invoice.finalized",
        "invoice.paid",
        "invoice.payment_succeeded",
        "customer.subscription.created",
    ]


def test_lists_by_customer_and_status(shop: Shop) -> None:
    """Without `status` all but the canceled; `all` everything; `ended` what is over."""
    customer, price = shop.customer(), shop.price()
    trial = shop.subscribe(customer, price, trial_period_days=14)
    active = shop.subscribe(customer, price)
    gone = shop.subscribe(customer, price)
    other = shop.subscribe(shop.customer(), price)
    shop.stripe.delete(f"/v1/subscriptions/{gone['id']}")

    def listed(**params: Any) -> list[str]:
        return [row["id"] for row in shop.stripe.get("/v1/subscriptions", params)["data"]]

    assert listed(customer=customer["id"], status="trialing") == [trial["id"]]
    assert listed(customer=customer["id"]) == [active["id"], trial["id"]]
    assert listed() == [other["id"], active["id"], trial["id"]]
    assert listed(customer=customer["id"], status="all") == [gone["id"], active["id"], trial["id"]]
    assert listed(customer=customer["id"], status="ended") == [gone["id"]]
    assert listed(customer=customer["id"], status="canceled") == [gone["id"]]
    assert listed(price=price["id"], customer=other["customer"]) == [other["id"]]
    assert listed(price=shop.price(name="Else")["id"]) == []
    assert listed(current_period_end={"lt": NOW + 20 * DAY}) == [trial["id"]]


def test_a_bad_status_is_refused_with_ten_values(shop: Shop) -> None:
    """The enum message has ten values: eight statuses plus `all` and `ended`."""
    error = shop.stripe.refused("GET", "/v1/subscriptions", {"status": "gone"})
    assert error["message"].startswith("Invalid status: must be one of ")
    assert error["message"].count(",") == 9
    assert (error["param"], "code" in error) == ("status", False)


def test_the_shape_on_the_wire(shop: Shop, table: Table) -> None:
    """Defaults, legacy echoes, periods on items alone, and the full price inside items."""
    price = shop.price()
    made = shop.subscribe(shop.customer(), price)
    operation = table.operation("create", "subscription")
    assert operation is not None
    assert list(departures(table, operation.response, made)) == []
    assert made["billing_mode"] == {
        "flexible": {"proration_discounts": "included"},
        "type": "flexible",
        "updated_at": NOW,
    }
    assert made["cancellation_details"] == {"comment": None, "feedback": None, "reason": None}
    assert made["payment_settings"]["save_default_payment_method"] == "off"
    assert made["trial_settings"] == {"end_behavior": {"missing_payment_method": "create_invoice"}}
    assert made["automatic_tax"] == {"disabled_reason": None, "enabled": False, "liability": None}
    assert made["default_tax_rates"] == made["discounts"] == []
    assert "current_period_end" not in made
    assert made["plan"]["id"] == price["id"]
    assert made["quantity"] == 1
    assert made["items"]["url"] == f"/v1/subscription_items?subscription={made['id']}"
    assert made["items"]["total_count"] == 1
    item = made["items"]["data"][0]
    assert item["price"] == price
    assert (item["current_period_start"], item["current_period_end"]) == (NOW, at("2026-07-01T12:00:00"))
    assert item["id"].startswith("si_")
    assert len(item["id"]) == 17


def test_the_invoice_has_the_promised_shape(shop: Shop, table: Table) -> None:
    invoice = shop.invoice(shop.subscribe(shop.customer(), shop.price())["latest_invoice"], expand=["payments"])
    operation = table.operation("retrieve", "invoice")
    assert operation is not None
    assert list(departures(table, operation.response, invoice)) == []
    for gone in ("payment_intent", "charge", "paid", "subscription", "tax"):
        assert gone not in invoice


# --- paid or not -----------------------------------------------------------------------------------------------------


def test_a_paid_create(shop: Shop) -> None:
    """With a usable method: `active`, invoice `subscription_create` paid with one attempt; the events in order."""
    customer, price = shop.customer(), shop.price()
    shop.news()
    made = shop.subscribe(customer, price)
    assert (made["status"], made["default_payment_method"]) == ("active", None)
    invoice = shop.invoice(made["latest_invoice"])
    assert (invoice["status"], invoice["billing_reason"], invoice["attempt_count"]) == (
        "paid",
        "subscription_create",
        1,
    )
    assert (invoice["amount_due"], invoice["amount_paid"], invoice["amount_remaining"]) == (1000, 1000, 0)
    assert (invoice["period_start"], invoice["period_end"]) == (NOW, NOW)
    assert invoice["auto_advance"] is False
    assert descriptions(invoice) == [("1 × Gold (at $10.00 / month)", 1000)]  # noqa: RUF001
    assert shop.news() == [
        "invoice.created",
        "invoice.finalized",
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice_payment.paid",
        "invoice.updated",
        "invoice.payment_succeeded",
        "invoice.paid",
        "customer.subscription.created",
    ]
    event = shop.last_event("customer.subscription.created")
    assert event["data"]["object"]["latest_invoice"] == made["latest_invoice"]
    assert "previous_attributes" not in event["data"]


def test_a_declined_create_is_incomplete(shop: Shop) -> None:
    """A failing charge under the default behaviour: `incomplete`, the invoice open, the subscription told first."""
    customer, price = shop.customer("pm_card_chargeCustomerFail"), shop.price()
    shop.news()
    made = shop.subscribe(customer, price)
    assert made["status"] == "incomplete"
    invoice = shop.invoice(made["latest_invoice"])
    assert (invoice["status"], invoice["attempt_count"], invoice["next_payment_attempt"]) == ("open", 1, None)
    assert shop.news() == [
        "customer.subscription.created",
        "invoice.created",
        "invoice.finalized",
        "payment_intent.created",
        "charge.failed",
        "payment_intent.payment_failed",
        "invoice.payment_failed",
        "invoice.updated",
    ]


def test_an_incomplete_one_is_paid(shop: Shop) -> None:
    """Paying in time makes it active: invoice events, then `customer.subscription.updated`."""
    customer = shop.customer("pm_card_chargeCustomerFail")
    made = shop.subscribe(customer, shop.price())
    good = shop.stripe.post("/v1/payment_methods/pm_card_visa/attach", {"customer": customer["id"]})
    shop.news()
    paid = shop.stripe.post(f"/v1/invoices/{made['latest_invoice']}/pay", {"payment_method": good["id"]})
    assert paid["status"] == "paid"
    assert shop.subscription(made)["status"] == "active"
    news = shop.news()
    assert news.index("invoice.paid") < news.index("customer.subscription.updated")
    changed = shop.last_event("customer.subscription.updated")["data"]["previous_attributes"]
    assert changed == {"status": "incomplete"}


@pytest.mark.parametrize("card", ["pm_card_visa", None])
def test_default_incomplete_waits_for_the_client(shop: Shop, card: str | None) -> None:
    """`default_incomplete`, with or without a method: `incomplete`, invoice open, its intent not confirmed."""
    params = {"payment_behavior": "default_incomplete", "expand": ["latest_invoice.confirmation_secret"]}
    made = shop.subscribe(shop.customer(card), shop.price(), **params)
    invoice = made["latest_invoice"]
    assert (made["status"], invoice["status"], invoice["attempted"]) == ("incomplete", "open", False)
    intent = invoice["confirmation_secret"]["client_secret"].partition("_secret")[0]
    status = shop.stripe.get(f"/v1/payment_intents/{intent}")["status"]
    assert status == ("requires_confirmation" if card else "requires_payment_method")
    shop.stripe.post(f"/v1/payment_intents/{intent}/confirm", {"payment_method": "pm_card_visa"})
    assert shop.subscription(made)["status"] == "active"
    assert shop.invoice(invoice["id"])["status"] == "paid"


def test_without_a_method_the_create_is_refused(shop: Shop) -> None:
    """No method anywhere under the default or `error_if_incomplete`: 400 `resource_missing`; nothing is stored."""
    customer, price = shop.customer(None), shop.price()
    for behavior in ({}, {"payment_behavior": "error_if_incomplete"}):
        error = refused(shop, customer, price, **behavior)
        assert (error["status"], error["code"], "param" in error) == (400, "resource_missing", False)
        assert error["message"].startswith("This customer has no attached payment source or default payment method.")
    assert shop.stripe.get("/v1/subscriptions", {"status": "all"})["data"] == []
    assert shop.invoices(customer) == []


def test_3d_secure(shop: Shop) -> None:
    """3DS: `incomplete` with an intent that requires action by default; 402 under `error_if_incomplete`."""
    customer, price = shop.customer("pm_card_authenticationRequired"), shop.price()
    made = shop.subscribe(customer, price)
    invoice = shop.invoice(made["latest_invoice"])
    assert (made["status"], invoice["attempt_count"], invoice["attempted"]) == ("incomplete", 0, True)
    assert "invoice.payment_action_required" in shop.news()
    error = refused(shop, customer, price, payment_behavior="error_if_incomplete")
    assert (error["status"], error["type"]) == (402, "card_error")
    assert error["code"] == "subscription_payment_intent_requires_action"
    assert error["message"].startswith("Payment for this subscription requires additional user action, but ")
    assert len(shop.stripe.get("/v1/subscriptions", {"status": "all"})["data"]) == 1


def test_a_decline_under_error_if_incomplete_stores_nothing(shop: Shop) -> None:
    customer, price = shop.customer("pm_card_chargeCustomerFail"), shop.price()
    error = refused(shop, customer, price, payment_behavior="error_if_incomplete")
    assert (error["status"], error["code"], error["decline_code"]) == (402, "card_declined", "generic_decline")
    assert shop.stripe.get("/v1/charges")["data"] == []


def test_nothing_to_pay_needs_no_method(shop: Shop) -> None:
    """A free price or a coupon of 100 %: `active`, invoice of nothing paid."""
    customer = shop.customer(None)
    assert shop.subscribe(customer, shop.price(0))["status"] == "active"
    coupon = shop.stripe.post("/v1/coupons", {"percent_off": 100, "duration": "forever"})
    made = shop.subscribe(customer, shop.price(), discounts=[{"coupon": coupon["id"]}])
    assert made["status"] == "active"
    assert shop.invoice(made["latest_invoice"])["status"] == "paid"


def test_sent_invoices_stay_drafts(shop: Shop) -> None:
    """`send_invoice`: active at once, a draft that advances, a due date from `days_until_due`."""
    made = shop.subscribe(shop.customer(None), shop.price(), collection_method="send_invoice", days_until_due=30)
    invoice = shop.invoice(made["latest_invoice"])
    assert (made["status"], made["days_until_due"], invoice["status"]) == ("active", 30, "draft")
    assert (invoice["auto_advance"], invoice["number"], invoice["next_payment_attempt"]) == (True, None, None)
    assert invoice["automatically_finalizes_at"] == NOW + 3601
    assert invoice["due_date"] == NOW + 30 * DAY


def test_the_method_that_paid_is_kept_when_asked(shop: Shop) -> None:
    """The customer's default is used but not written, unless `save_default_payment_method` says so."""
    customer = shop.customer()
    settings = {"save_default_payment_method": "on_subscription"}
    made = shop.subscribe(customer, shop.price(), payment_settings=settings)
    assert made["default_payment_method"] == customer["invoice_settings"]["default_payment_method"]
    assert shop.subscribe(customer, shop.price())["default_payment_method"] is None


# --- trials, anchors, the past ---------------------------------------------------------------------------------------


def test_a_trial_bills_what_waits(shop: Shop) -> None:
    """Trial with pending items or `add_invoice_items`: the first invoice bills them now, after the newest first."""
    customer, setup = shop.customer(), shop.price(500, None, "Setup")
    shop.stripe.post("/v1/invoiceitems", {"customer": customer["id"], "amount": 700, "currency": "usd"})
    made = shop.subscribe(
        customer, shop.price(), trial_period_days=7, add_invoice_items=[{"price": setup["id"], "quantity": 2}]
    )
    invoice = shop.invoice(made["latest_invoice"])
    assert (made["status"], invoice["status"], invoice["total"]) == ("trialing", "paid", 1700)
    assert [amount for _, amount in descriptions(invoice)] == [1000, 700, 0]


def test_trial_end_now_is_no_trial(shop: Shop) -> None:
    assert shop.subscribe(shop.customer(), shop.price(), trial_end="now")["status"] == "active"


def test_trial_from_plan(shop: Shop) -> None:
    """`recurring[trial_period_days]` drives `trial_from_plan`."""
    price = shop.price(recurring={"trial_period_days": 10})
    assert shop.subscribe(shop.customer(), price)["status"] == "active"
    made = shop.subscribe(shop.customer(), price, trial_from_plan=True)
    assert made["trial_end"] == NOW + 10 * DAY


def test_a_short_trial_is_told_of_at_once(shop: Shop) -> None:
    """A trial of three days or less: `customer.subscription.trial_will_end` at once."""
    customer, price = shop.customer(), shop.price()
    shop.news()
    shop.subscribe(customer, price, trial_period_days=4)
    assert "customer.subscription.trial_will_end" not in shop.news()
    shop.subscribe(customer, price, trial_period_days=3)
    assert shop.news()[-1] == "customer.subscription.trial_will_end"


def test_an_anchor_in_the_future(shop: Shop) -> None:
    """A prorated first invoice until the anchor; none with `proration_behavior=none`."""
    customer, price = shop.customer(), shop.price(3000)
    anchor = at("2026-06-11T12:00:00")
    made = shop.subscribe(customer, price, billing_cycle_anchor=anchor)
    item = made["items"]["data"][0]
    assert (item["current_period_start"], item["current_period_end"]) == (NOW, anchor)
    assert shop.invoice(made["latest_invoice"])["total"] == round(3000 * 10 / 31)
    free = shop.subscribe(customer, price, billing_cycle_anchor=anchor, proration_behavior="none")
    assert (free["status"], free["latest_invoice"]) == ("active", None)


def test_an_anchor_by_its_parts(shop: Shop) -> None:
    """`billing_cycle_anchor_config`: absent parts copy the time of creation, 31 is the last day."""
    made = shop.subscribe(shop.customer(), shop.price(), billing_cycle_anchor_config={"day_of_month": 31})
    assert made["billing_cycle_anchor"] == at("2026-06-30T12:00:00")
    assert made["billing_cycle_anchor_config"]["day_of_month"] == 31


def test_a_start_in_the_past(shop: Shop) -> None:
    """`backdate_start_date`: the first invoice bills from then, one line for each period."""
    start = at("2026-04-15T12:00:00")
    made = shop.subscribe(shop.customer(), shop.price(), backdate_start_date=start)
    invoice = shop.invoice(made["latest_invoice"])
    assert (made["start_date"], made["billing_cycle_anchor"], made["created"]) == (start, start, NOW)
    assert [line["amount"] for line in invoice["lines"]["data"]] == [1000, 1000]
    assert invoice["lines"]["data"][0]["period"] == {
        "start": at("2026-05-15T12:00:00"),
        "end": at("2026-06-15T12:00:00"),
    }


def test_several_items(shop: Shop) -> None:
    """Several items: no single plan or quantity; lines newest item first; metered items have no quantity."""
    made = shop.stripe.post(
        "/v1/subscriptions",
        {
            "customer": shop.customer()["id"],
            "items": [{"price": shop.price()["id"], "quantity": 3}, {"price": shop.price(200, name="Extra")["id"]}],
        },
    )
    assert (made["plan"], made["quantity"]) == (None, None)
    assert [item["quantity"] for item in made["items"]["data"]] == [3, 1]
    assert [amount for _, amount in descriptions(shop.invoice(made["latest_invoice"]))] == [200, 3000]
    listed = shop.stripe.get("/v1/subscription_items", {"subscription": made["id"]})
    assert [row["id"] for row in listed["data"]] == [item["id"] for item in made["items"]["data"]]
    assert listed["url"] == f"/v1/subscription_items?subscription={made['id']}"


def test_inline_prices(shop: Shop) -> None:
    product = shop.stripe.post("/v1/products", {"name": "Silver"})
    data = {"currency": "usd", "product": product["id"], "unit_amount": 700, "recurring": {"interval": "week"}}
    made = shop.stripe.post("/v1/subscriptions", {"customer": shop.customer()["id"], "items": [{"price_data": data}]})
    assert made["items"]["data"][0]["price"]["unit_amount"] == 700
    assert descriptions(shop.invoice(made["latest_invoice"])) == [("1 × Silver (at $7.00 / week)", 700)]  # noqa: RUF001


def test_metadata_is_a_snapshot_on_the_invoice(shop: Shop) -> None:
    """Metadata is not inherited but for the snapshot in `parent.subscription_details`."""
    made = shop.subscribe(shop.customer(), shop.price(), metadata={"order": "7"})
    shop.update(made, metadata={"order": "8"})
    details = shop.invoice(made["latest_invoice"])["parent"]["subscription_details"]
    assert details == {"metadata": {"order": "7"}, "subscription": made["id"]}


def test_subscriptions_below_the_customer(shop: Shop) -> None:
    """`customers.subscriptions` is expand-only; the nested path lists and creates."""
    customer, price = shop.customer(), shop.price()
    made = shop.stripe.post(f"/v1/customers/{customer['id']}/subscriptions", {"items": [{"price": price["id"]}]})
    gone = shop.subscribe(customer, price)
    shop.stripe.delete(f"/v1/subscriptions/{gone['id']}")
    assert made["customer"] == customer["id"]
    assert "subscriptions" not in shop.stripe.get(f"/v1/customers/{customer['id']}")
    shown = shop.stripe.get(f"/v1/customers/{customer['id']}", {"expand": ["subscriptions"]})
    assert [row["id"] for row in shown["subscriptions"]["data"]] == [made["id"]]
    listed = shop.stripe.get(f"/v1/customers/{customer['id']}/subscriptions")
    assert [row["id"] for row in listed["data"]] == [made["id"]]


def test_deleting_the_customer_cancels(shop: Shop) -> None:
    customer = shop.customer()
    made = shop.subscribe(customer, shop.price())
    shop.stripe.delete(f"/v1/customers/{customer['id']}")
    assert shop.subscription(made)["status"] == "canceled"


# --- mistakes ----------------------------------------------------------------------------------------------------


def test_an_unknown_customer_is_404(shop: Shop) -> None:
    """The odd one out: an unknown `customer` answers 404."""
    error = refused(shop, {"id": "cus_none"}, shop.price())
    assert (error["status"], error["code"], error["param"]) == (404, "resource_missing", "customer")
    assert error["message"] == "No such customer: 'cus_none'"


@pytest.mark.parametrize(
    ("params", "message", "param"),
    [
        (
            {"payment_behavior": "pending_if_incomplete"},
            "Setting `payment_behavior` to `pending_if_incomplete` has no effect when creating a subscription.",
            "payment_behavior",
        ),
        (
            {"trial_from_plan": True, "trial_period_days": 3},
            "You cannot set `trial_end` or `trial_period_days` when `trial_from_plan=true`.",
            None,
        ),
        ({"days_until_due": 3}, "You can only specify 'days_until_due' if collection method is 'send_invoice'.", None),
        (
            {"collection_method": "send_invoice"},
            "If collection method is 'send_invoice', you must specify 'days_until_due'.",
            None,
        ),
        (
            {"trial_end": NOW - 5},
            "The parameter `trial_end` expects a unix timestamp representing a date and time in the future. You "
            f"specified the value `{NOW - 5}` which is in the past.",
            "trial_end",
        ),
    ],
)
def test_refused_terms(shop: Shop, params: Json, message: str, param: str | None) -> None:
    error = refused(shop, shop.customer(), shop.price(), **params)
    assert (error["status"], error["message"], error.get("param")) == (400, message, param)


def test_refused_items(shop: Shop) -> None:
    customer, price, euro = shop.customer(), shop.price(), shop.price(currency="eur", name="Euro")
    once = shop.price(100, None)
    error = refused(shop, customer, price, price)
    assert error["param"] == "plan"
    assert error["message"] == (
        f"Cannot create a Subscription with multiple Subscription Items with the same Price: {price['id']}"
    )
    error = refused(shop, customer, price, euro)
    assert error["message"].startswith("This `price` has `currency=eur`, but other items use `currency=usd`.")
    assert error["param"] == "items[0][price]"
    error = refused(shop, customer, once)
    assert "only accepts prices with `type=recurring`" in error["message"]
    assert error["param"] == "items[0][price]"
    error = refused(shop, customer, items=[{"price": "price_none"}])
    assert (error["status"], error["param"], error["message"]) == (
        400,
        "items[0][price]",
        "No such price: 'price_none'",
    )
    shop.stripe.post(f"/v1/prices/{price['id']}", {"active": False})
    assert "inactive" in refused(shop, customer, price)["message"]


def test_another_customers_method_is_refused(shop: Shop) -> None:
    other = shop.customer()["invoice_settings"]["default_payment_method"]
    error = refused(shop, shop.customer(), shop.price(), default_payment_method=other)
    assert (error["code"], error["param"]) == ("resource_missing", "default_payment_method")


def test_the_same_request_twice_makes_one(shop: Shop) -> None:
    params = {"customer": shop.customer()["id"], "items": [{"price": shop.price()["id"]}]}
    first = shop.stripe.post("/v1/subscriptions", params, key="k")
    assert shop.stripe.post("/v1/subscriptions", params, key="k") == first
    assert len(shop.stripe.get("/v1/subscriptions")["data"]) == 1
