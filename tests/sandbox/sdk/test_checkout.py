"""Sections 21 and 25: Checkout, payment links, the portal; what the command-line tool does beyond the description."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import NOW

from .conftest import Sdk

BACK = "https://example.com/done?session={CHECKOUT_SESSION_ID}"


def session(sdk: Sdk, price: Any, mode: str = "payment", **more: Any) -> Any:
    """A Checkout Session for two of a price."""
    params = {"mode": mode, "success_url": BACK, "line_items": [{"price": price.id, "quantity": 2}], **more}
    return sdk.v1.checkout.sessions.create(params=params)


def complete(sdk: Sdk, made: Any, method: str = "pm_card_visa") -> Any:
    """The customer pays, in the way of the command-line tool's fixtures (section 25)."""
    sdk.raw("post", f"/v1/payment_pages/{made.id}/confirm", payment_method=method, expected_amount=made.amount_total)
    return sdk.v1.checkout.sessions.retrieve(made.id)


def test_a_new_session(sdk: Sdk) -> None:
    """§21: open for 24 hours, no payment intent yet, line items only when expanded."""
    made = session(sdk, sdk.price(1500, interval=None))
    assert (made.id[:8], made.status, made.payment_status, made.payment_intent) == ("cs_test_", "open", "unpaid", None)
    assert (made.expires_at, made.amount_subtotal, made.amount_total) == (NOW + 86_400, 3000, 3000)
    assert made.url
    assert [line.quantity for line in sdk.v1.checkout.sessions.line_items.list(made.id).data] == [2]


def test_a_paid_session(sdk: Sdk) -> None:
    """§21, §25: the payment intent is made when the customer pays."""
    done = complete(sdk, session(sdk, sdk.price(1500, interval=None), client_reference_id="order-1"))
    assert (done.status, done.payment_status, done.url, done.client_reference_id) == (
        "complete",
        "paid",
        None,
        "order-1",
    )
    assert sdk.v1.payment_intents.retrieve(done.payment_intent).amount_received == 3000
    assert sdk.event_types("charge", "payment_intent", "checkout") == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]


def test_a_subscription_session(sdk: Sdk) -> None:
    """§21: customer, subscription and invoice come at completion."""
    done = complete(sdk, session(sdk, sdk.price(), "subscription", subscription_data={"metadata": {"k": "v"}}))
    subscription = sdk.v1.subscriptions.retrieve(done.subscription)
    assert (subscription.status, subscription.metadata.k) == ("active", "v")
    assert subscription["items"].data[0].quantity == 2
    assert sdk.v1.invoices.retrieve(done.invoice).total == 2000
    assert subscription.customer == done.customer


def test_expired_sessions(sdk: Sdk) -> None:
    """§21: only open ones expire; a complete one cannot."""
    made = session(sdk, sdk.price(interval=None))
    gone = sdk.v1.checkout.sessions.expire(made.id)
    assert (gone.status, gone.url) == ("expired", None)
    assert sdk.refused(sdk.v1.checkout.sessions.expire, made.id).http_status == 400
    assert sdk.event_types("checkout") == ["checkout.session.expired"]


@pytest.mark.parametrize(
    ("interval", "mode", "message"),
    [
        (
            None,
            "subscription",
            "You must provide at least one recurring price in `subscription` mode when using prices.",
        ),
        ("month", "payment", "You specified `payment` mode but passed a recurring price."),
    ],
)
def test_modes_and_prices(sdk: Sdk, interval: str | None, mode: str, message: str) -> None:
    """§2.4: what the mode cannot sell."""
    error = sdk.refused(session, sdk, sdk.price(interval=interval), mode)
    assert error.http_status == 400
    assert error.user_message.startswith(message)


def test_a_setup_session(sdk: Sdk) -> None:
    """§21: no line items, a setup intent at completion."""
    params = {"mode": "setup", "success_url": BACK, "currency": "usd", "customer": sdk.customer().id}
    made = sdk.v1.checkout.sessions.create(params=params)
    assert (made.status, made.payment_status) == ("open", "no_payment_required")


def test_payment_links(sdk: Sdk) -> None:
    """§21: a url, switched off, never deleted."""
    params = {"line_items": [{"price": sdk.price(interval=None).id, "quantity": 1}]}
    made = sdk.v1.payment_links.create(params=params)
    assert (made.id[:6], made.active, made.url.startswith("https://buy.stripe.com/test_")) == ("plink_", True, True)
    assert sdk.v1.payment_links.update(made.id, params={"active": False}).active is False
    assert sdk.refused(sdk.client.raw_request, "delete", f"/v1/payment_links/{made.id}").http_status == 404


def test_the_portal(sdk: Sdk) -> None:
    """§21: a session of a customer has a url; §25: it works without a saved configuration."""
    made = sdk.v1.billing_portal.sessions.create(params={"customer": sdk.customer().id})
    assert made.url.startswith("https://billing.stripe.com/p/session/test_")
    params = {"features": {"invoice_history": {"enabled": True}}}
    configuration = sdk.v1.billing_portal.configurations.create(params=params)
    assert configuration.id.startswith("bpc_")
    assert configuration.features.invoice_history.enabled is True


def test_legacy_parameters(sdk: Sdk) -> None:
    """§25: `coupon` on customers and promotion codes, as the command-line tool's fixtures send it."""
    first, second = (sdk.v1.coupons.create(params={"percent_off": off}) for off in (10, 20))
    customer = sdk.raw("post", "/v1/customers", coupon=first.id)
    assert customer.discount.source.coupon == first.id
    sdk.raw("post", f"/v1/customers/{customer.id}", coupon=second.id)
    sdk.raw("post", f"/v1/customers/{customer.id}", coupon="")
    assert sdk.v1.customers.retrieve(customer.id).discount is None
    assert sdk.event_types("customer.discount") == [
        "customer.discount.created",
        "customer.discount.updated",
        "customer.discount.deleted",
    ]
    assert sdk.raw("post", "/v1/promotion_codes", coupon=first.id).promotion.coupon == first.id


def test_sources_and_cash(sdk: Sdk) -> None:
    """§25: a card source from a token; a cash balance that is funded."""
    customer = sdk.v1.customers.create(params={"source": "tok_visa"})
    assert customer.default_source.startswith("card_")
    card = sdk.raw("post", f"/v1/customers/{customer.id}/sources", source="tok_visa")
    assert card.object == "card"
    funded = sdk.v1.test_helpers.customers.fund_cash_balance(customer.id, params={"amount": 500, "currency": "usd"})
    assert (funded.type, funded.net_amount) == ("funded", 500)
    assert "customer_cash_balance_transaction.created" in sdk.event_types()
