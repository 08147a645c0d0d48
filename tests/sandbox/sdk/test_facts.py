"""Single facts of the sheet that no other module meets: mistakes per resource, ids, odd cards, odd defaults."""

from __future__ import annotations

import re
from typing import Any

import pytest

from .conftest import Sdk, Served

DAY = 86_400


@pytest.mark.parametrize(
    ("resource", "params", "expected"),
    [
        ("customers", {"email": "nonsense"}, ("email_invalid", "email", "Invalid email address: nonsense")),
        (
            "customers",
            {"invoice_prefix": "ab!"},
            (None, None, "Invoice number prefix must be 1–12 uppercase letters or numbers."),  # noqa: RUF001
        ),
        (
            "promotion_codes",
            {"promotion": {"type": "coupon"}},
            (None, "promotion.coupon", "You must pass promotion.coupon when passing promotion"),
        ),
        (
            "promotion_codes",
            {"promotion": {"type": "coupon", "coupon": "nothing"}},
            ("resource_missing", "promotion[coupon]", "No such coupon: 'nothing'"),
        ),
        (
            "payment_methods",
            {"type": "card", "card": {"token": "pm_card_visa"}},
            (None, "token", "Invalid token id: pm_card_visa"),
        ),
        (
            "prices",
            {
                "currency": "usd",
                "product_data": {"name": "x"},
                "unit_amount": 5,
                "recurring": {"interval": "month", "usage_type": "metered"},
            },
            (None, None, "Starting with the `2025-03-31.basil` version, metered prices need"),
        ),
        ("invoices", {"customer": "cus_x", "days_until_due": 3}, ("resource_missing", "customer", "No such customer")),
        ("payouts", {"amount": 0, "currency": "usd"}, ("parameter_invalid_integer", "amount", "This value must be")),
        ("payouts", {"amount": 100, "currency": "xxx"}, (None, "currency", "Invalid currency: xxx. Stripe currently")),
        ("subscription_items", {"price": "x"}, ("parameter_missing", "subscription", "Missing required param: ")),
        ("webhook_endpoints", {"url": "nonsense", "enabled_events": ["*"]}, ("url_invalid", "url", "Not a valid URL")),
    ],
)
def test_mistakes(
    sdk: Sdk, resource: str, params: dict[str, Any], expected: tuple[str | None, str | None, str]
) -> None:
    """§2.3, §2.4: code, parameter and message, as clients match on them."""
    error = sdk.refused(getattr(sdk.v1, resource).create, params=params)
    code, param, message = expected
    assert (error.http_status, error.code) == (400, code)
    assert param is None or error.param == param
    assert error.user_message.startswith(message)


def test_charges_of_intents(sdk: Sdk) -> None:
    """§2.4: a captured charge, a hold of a payment intent, refunds of what cannot be refunded."""
    charge = sdk.pay().latest_charge
    error = sdk.refused(sdk.v1.charges.capture, charge)
    assert (error.code, error.user_message) == (
        "charge_already_captured",
        f"Charge {charge} has already been captured.",
    )
    held = sdk.pay(capture_method="manual")
    assert sdk.refused(sdk.v1.charges.capture, held.latest_charge).http_status == 400
    assert sdk.refused(sdk.v1.refunds.create, params={"charge": held.latest_charge}).http_status == 400
    failed = sdk.refused(sdk.pay, card="pm_card_visa_chargeDeclined").error
    error = sdk.refused(sdk.v1.refunds.create, params={"charge": failed.charge})
    assert error.user_message == (
        f"This PaymentIntent ({failed.payment_intent.id}) does not have a successful charge to refund."
    )


def test_no_dispute_and_no_refund(sdk: Sdk) -> None:
    """§2.2: the words below a charge."""
    charge = sdk.pay().latest_charge
    error = sdk.refused(sdk.client.raw_request, "get", f"/v1/charges/{charge}/dispute")
    assert (error.http_status, error.user_message) == (404, f"No dispute for charge: {charge}")
    error = sdk.refused(sdk.client.raw_request, "get", f"/v1/charges/{charge}/refunds/re_nothing")
    assert (error.http_status, error.param) == (404, "refund")


def test_pending_and_failing_refunds(sdk: Sdk, served: Served) -> None:
    """§14.5: one starts pending and succeeds later, one succeeds and fails later."""
    slow = sdk.v1.refunds.create(params={"payment_intent": sdk.pay(card="pm_card_pendingRefund").id})
    assert slow.status == "pending"
    wrong = sdk.v1.refunds.create(params={"payment_intent": sdk.pay(card="pm_card_refundFail").id})
    assert wrong.status == "succeeded"
    served.clock.advance(DAY)  # type: ignore[attr-defined]
    assert sdk.v1.refunds.retrieve(slow.id).status == "succeeded"
    failed = sdk.v1.refunds.retrieve(wrong.id)
    assert (failed.status, failed.failure_reason is not None) == ("failed", True)
    assert {"refund.updated", "refund.failed"} <= set(sdk.event_types())


def test_risk(sdk: Sdk) -> None:
    """§14.3: elevated risk succeeds and says so; a block is an outcome of its own."""
    charge = sdk.v1.charges.retrieve(sdk.pay(card="pm_card_riskLevelElevated").latest_charge)
    assert charge.outcome.risk_level == "elevated"
    blocked = sdk.refused(sdk.pay, card="pm_card_radarBlock").error.charge
    outcome = sdk.v1.charges.retrieve(blocked).outcome
    assert (outcome.type, outcome.risk_level) == ("blocked", "highest")


def test_error_on_requires_action(sdk: Sdk) -> None:
    """§15: 402 in place of waiting."""
    error = sdk.refused(sdk.pay, card="pm_card_threeDSecure2Required", error_on_requires_action=True)
    assert (error.http_status, error.code) == (402, "authentication_required")


def test_an_invoice_keeps_its_payment(sdk: Sdk) -> None:
    """§15: the intent of an invoice cannot be canceled directly."""
    invoice = sdk.invoice(sdk.customer(), 2000)
    params = {"expand": ["payments"]}
    intent = sdk.v1.invoices.retrieve(invoice.id, params=params).payments.data[0].payment.payment_intent
    assert sdk.refused(sdk.v1.payment_intents.cancel, intent).http_status == 400


@pytest.mark.parametrize(
    ("currency", "amount", "text"),
    [("usd", 1050, "$10.50"), ("eur", 999, "€9.99"), ("jpy", 500, "¥500"), ("gbp", 100, "£1.00")],
)
def test_how_lines_read(sdk: Sdk, currency: str, amount: int, text: str) -> None:
    """§18.1: zero-decimal currencies are printed without a fraction."""
    made = sdk.subscribe(sdk.customer(), sdk.price(amount, currency=currency))
    invoice = sdk.v1.invoices.retrieve(made.latest_invoice)
    assert invoice.total == amount
    assert invoice.lines.data[0].description == f"1 × Gold (at {text} / month)"  # noqa: RUF001


def test_a_once_coupon_is_gone(sdk: Sdk) -> None:
    """§12: after the first invoice, in the answer already; a forever one stays."""
    once = sdk.v1.coupons.create(params={"percent_off": 10})
    made = sdk.subscribe(sdk.customer(), sdk.price(), discounts=[{"coupon": once.id}])
    assert made.discounts == []
    assert sdk.v1.invoices.retrieve(made.latest_invoice).total == 900
    forever = sdk.v1.coupons.create(params={"percent_off": 10, "duration": "forever"})
    kept = sdk.subscribe(sdk.customer(), sdk.price(), discounts=[{"coupon": forever.id}])
    (discount,) = sdk.v1.subscriptions.retrieve(kept.id, params={"expand": ["discounts"]}).discounts
    assert (discount.id[:3], discount.source.type, discount.source.coupon) == ("di_", "coupon", forever.id)
    assert sdk.v1.subscriptions.update(kept.id, params={"discounts": ""}).discounts == []


def test_a_free_subscription(sdk: Sdk) -> None:
    """§19.1: with a coupon of 100 % no method is needed."""
    free = sdk.v1.coupons.create(params={"percent_off": 100, "duration": "forever"})
    made = sdk.subscribe(sdk.customer(None), sdk.price(), discounts=[{"coupon": free.id}])
    invoice = sdk.v1.invoices.retrieve(made.latest_invoice)
    assert (made.status, invoice.status, invoice.total, invoice.attempt_count) == ("active", "paid", 0, 0)


def test_cancel_at(sdk: Sdk) -> None:
    """§19.5: inside the period it shortens it and prorates; cleared by the empty text."""
    customer = sdk.customer()
    made = sdk.subscribe(customer, sdk.price())
    half = made.created + 15 * DAY
    marked = sdk.v1.subscriptions.update(made.id, params={"cancel_at": half})
    assert (marked.cancel_at, marked.cancel_at_period_end) == (half, False)
    assert marked["items"].data[0].current_period_end == half
    rows = sdk.v1.invoice_items.list(params={"customer": customer.id, "pending": True}).data
    assert [row.amount for row in rows] == [-500]
    assert sdk.v1.subscriptions.update(made.id, params={"cancel_at": ""}).cancel_at is None


def test_pending_items_ride_on_the_first_invoice(sdk: Sdk) -> None:
    """§18.2, §19.1: what waits, and what is added, is on the first invoice; also of a trial."""
    customer = sdk.customer()
    sdk.v1.invoice_items.create(params={"customer": customer.id, "amount": 300, "currency": "usd"})
    extra = sdk.price(200, interval=None, name="Setup")
    made = sdk.subscribe(customer, sdk.price(), trial_period_days=7, add_invoice_items=[{"price": extra.id}])
    invoice = sdk.v1.invoices.retrieve(made.latest_invoice)
    assert sorted(line.amount for line in invoice.lines.data) == [0, 200, 300]
    assert (invoice.total, invoice.status) == (500, "paid")


def test_another_currency_stays_pending(sdk: Sdk) -> None:
    """§18.1: an invoice takes the items of its own currency."""
    customer = sdk.customer()
    for currency in ("eur", "usd"):
        sdk.v1.invoice_items.create(params={"customer": customer.id, "amount": 500, "currency": currency})
    params = {"customer": customer.id, "pending_invoice_items_behavior": "include", "currency": "eur"}
    made = sdk.v1.invoices.create(params=params)
    assert (made.currency, made.total) == ("eur", 500)
    rows = sdk.v1.invoice_items.list(params={"customer": customer.id, "pending": True}).data
    assert [row.currency for row in rows] == ["usd"]


def test_ids(sdk: Sdk) -> None:
    """§6: prefixes, 14 or 24 characters, and the account's ten inside the longer ones."""
    account = sdk.raw("get", "/v1/account").id
    assert re.fullmatch(r"acct_1\w{15}", account)
    customer = sdk.customer()
    made = sdk.subscribe(customer, sdk.price())
    assert re.fullmatch(r"cus_[A-Za-z0-9]{14}", customer.id)
    assert re.fullmatch(r"si_[A-Za-z0-9]{14}", made["items"].data[0].id)
    paid = sdk.pay()
    for key, digit in [(made.id, "1"), (made.latest_invoice, "1"), (paid.id, "3"), (paid.latest_charge, "3")]:
        suffix = key.rpartition("_")[2]
        assert re.fullmatch(r"[A-Za-z0-9]{24}", suffix)
        assert (suffix[0], suffix[6:16]) == (digit, account[-10:])
    assert re.fullmatch(r"[A-Za-z0-9]{8}", sdk.v1.coupons.create(params={"percent_off": 5}).id)


def test_booleans_of_the_sdk(sdk: Sdk) -> None:
    """§1: Python's own spelling of booleans in a query is understood."""
    price = sdk.price()
    sdk.v1.prices.update(sdk.price().id, params={"active": False})
    assert [row.id for row in sdk.v1.prices.list(params={"active": True}).data] == [price.id]
    assert len(sdk.client.raw_request("get", "/v1/prices?active=False").data) > 0


def test_bank_debits(sdk: Sdk) -> None:
    """§14.6, §8.1: a debit needs a mandate, is processing or settled, and its charge is a `py_`."""
    params = {
        "amount": 2000,
        "currency": "usd",
        "payment_method": "pm_usBankAccount_success",
        "payment_method_types": ["us_bank_account"],
        "confirm": True,
        "mandate_data": {"customer_acceptance": {"type": "offline"}},
    }
    made = sdk.v1.payment_intents.create(params=params)
    found = sdk.v1.payment_intents.retrieve(made.id)
    assert found.status in ("processing", "succeeded")
    assert found.latest_charge.startswith("py_")
    assert "payment_intent.processing" in sdk.event_types()


def test_restrictions_of_promotion_codes(sdk: Sdk) -> None:
    """§12: only for the first transaction of a customer."""
    coupon = sdk.v1.coupons.create(params={"percent_off": 25})
    promotion = {"type": "coupon", "coupon": coupon.id}
    params = {"promotion": promotion, "restrictions": {"first_time_transaction": True}}
    code = sdk.v1.promotion_codes.create(params=params)
    customer, price = sdk.customer(), sdk.price()
    assert sdk.subscribe(customer, price, discounts=[{"promotion_code": code.id}]).status == "active"
    error = sdk.refused(sdk.subscribe, customer, price, discounts=[{"promotion_code": code.id}])
    assert error.http_status == 400
