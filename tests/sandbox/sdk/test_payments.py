"""Sections 14 to 17: methods and test cards, payment and setup intents, charges, refunds, disputes, the balance."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Sdk, Served, stripe


def intent(sdk: Sdk, **more: Any) -> Any:
    """A payment intent for cards that is not confirmed."""
    params = {"amount": 2000, "currency": "usd", "payment_method_types": ["card"], **more}
    return sdk.v1.payment_intents.create(params=params)


# --- methods -------------------------------------------------------------------------------------------------------


def test_a_card(sdk: Sdk) -> None:
    """§14: its shape; the check of the CVC passes from attach on."""
    made = sdk.v1.payment_methods.create(params={"type": "card", "card": {"token": "tok_visa"}})
    assert (made.card.brand, made.card.last4, made.card.funding) == ("visa", "4242", "credit")
    assert (made.allow_redisplay, made.customer, made.card.checks.cvc_check) == ("unspecified", None, "unchecked")
    assert len(made.billing_details.address.to_dict()) == 6
    customer = sdk.v1.customers.create()
    attached = sdk.v1.payment_methods.attach(made.id, params={"customer": customer.id})
    assert (attached.customer, attached.card.checks.cvc_check) == (customer.id, "pass")
    assert [row.id for row in sdk.v1.customers.payment_methods.list(customer.id).data] == [made.id]


def test_names_mint_methods(sdk: Sdk) -> None:
    """§14: `pm_card_visa` is a new method each time, all with one fingerprint."""
    made = [
        sdk.v1.payment_methods.attach("pm_card_visa", params={"customer": sdk.v1.customers.create().id})
        for _ in range(2)
    ]
    assert made[0].id != made[1].id
    assert made[0].card.fingerprint == made[1].card.fingerprint


def test_attach_and_detach(sdk: Sdk) -> None:
    """§14: attached twice to the same customer is no change; detached, a method cannot be used again."""
    customer = sdk.v1.customers.create()
    method = sdk.v1.payment_methods.attach("pm_card_visa", params={"customer": customer.id})
    assert sdk.v1.payment_methods.attach(method.id, params={"customer": customer.id}).id == method.id
    assert sdk.event_types("payment_method") == ["payment_method.attached"]
    assert sdk.v1.payment_methods.detach(method.id).customer is None
    detached = sdk.events(type="payment_method.detached")[0]
    assert detached.data.previous_attributes.to_dict() == {"customer": customer.id}
    error = sdk.refused(sdk.v1.payment_methods.attach, method.id, params={"customer": customer.id})
    assert "was previously used without being attached to a Customer or was detached" in error.user_message
    error = sdk.refused(sdk.v1.payment_methods.attach, "pm_card_chargeDeclined", params={"customer": customer.id})
    assert (error.http_status, error.code, error.error.decline_code) == (402, "card_declined", "generic_decline")


@pytest.mark.parametrize(
    ("card", "code", "decline", "message"),
    [
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline", "Your card was declined."),
        (
            "pm_card_visa_chargeDeclinedInsufficientFunds",
            "card_declined",
            "insufficient_funds",
            "Your card has insufficient funds.",
        ),
        ("pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card", "Your card was declined."),
        ("pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card", "Your card was declined."),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card", "Your card has expired."),
        (
            "pm_card_chargeDeclinedIncorrectCvc",
            "incorrect_cvc",
            "incorrect_cvc",
            "Your card's security code is incorrect.",
        ),
        (
            "pm_card_chargeDeclinedProcessingError",
            "processing_error",
            "processing_error",
            "An error occurred while processing your card. Try again in a little bit.",
        ),
        ("pm_card_radarBlock", "card_declined", "fraudulent", "Your card was declined."),
    ],
)
def test_cards_that_fail(sdk: Sdk, card: str, code: str, decline: str | None, message: str) -> None:
    """§14.2, §2.5: a decline keeps the failed charge and an intent that can be tried again."""
    error = sdk.refused(sdk.pay, card=card)
    assert isinstance(error, stripe.CardError)
    assert (error.http_status, error.code, error.error.decline_code) == (402, code, decline)
    assert error.user_message == message
    kept = sdk.v1.payment_intents.retrieve(error.error.payment_intent.id)
    assert (kept.status, kept.payment_method, kept.latest_charge) == (
        "requires_payment_method",
        None,
        error.error.charge,
    )
    assert (kept.last_payment_error.code, kept.last_payment_error.payment_method.object) == (code, "payment_method")
    charge = sdk.v1.charges.retrieve(error.error.charge)
    assert (charge.status, charge.paid, charge.failure_code) == ("failed", False, code)


@pytest.mark.parametrize(
    ("card", "brand", "country", "last4"),
    [
        ("pm_card_mastercard", "mastercard", "US", "4444"),
        ("pm_card_amex", "amex", "US", "0005"),
        ("pm_card_discover", "discover", "US", "1117"),
        ("pm_card_jcb", "jcb", "JP", "0505"),
        ("pm_card_at", "visa", "AT", "0008"),
        ("pm_card_de", "visa", "DE", "0016"),
    ],
)
def test_cards_that_succeed(sdk: Sdk, card: str, brand: str, country: str, last4: str) -> None:
    """§14.1: brands and countries."""
    charge = sdk.v1.charges.retrieve(sdk.pay(card=card).latest_charge)
    shown = charge.payment_method_details.card
    assert (shown.brand, shown.country, shown.last4) == (brand, country, last4)


# --- payment intents -----------------------------------------------------------------------------------------------


def test_states(sdk: Sdk) -> None:
    """§15: without a method, with one, confirmed."""
    made = sdk.v1.payment_intents.create(params={"amount": 2000, "currency": "usd"})
    assert (made.status, made.capture_method, made.confirmation_method) == (
        "requires_payment_method",
        "automatic_async",
        "automatic",
    )
    assert made.automatic_payment_methods.enabled is True
    assert made.client_secret.startswith(f"{made.id}_secret_")
    assert intent(sdk, payment_method="pm_card_visa").status == "requires_confirmation"
    paid = sdk.pay()
    assert (paid.status, paid.amount_received, paid.latest_charge[:3]) == ("succeeded", 2000, "ch_")
    assert "charges" not in paid


def test_refused_amounts(sdk: Sdk) -> None:
    """§2.4: below the minimum, and nothing at all."""
    create = sdk.v1.payment_intents.create
    error = sdk.refused(create, params={"amount": 49, "currency": "usd"})
    assert (error.code, error.param) == ("amount_too_small", "amount")
    assert error.user_message.startswith("Amount must be at least $0.50 usd")
    error = sdk.refused(create, params={"amount": 0, "currency": "usd"})
    assert (error.code, error.param) == ("parameter_invalid_integer", "amount")


def test_confirm_needs_a_method_and_a_way_back(sdk: Sdk) -> None:
    """§2.4: no method; automatic methods without `return_url`."""
    error = sdk.refused(sdk.v1.payment_intents.confirm, intent(sdk).id)
    assert error.code == "payment_intent_unexpected_state"
    assert error.user_message.startswith("You cannot confirm this PaymentIntent because it's missing a payment method.")
    assert error.error.payment_intent.status == "requires_payment_method"
    made = sdk.v1.payment_intents.create(params={"amount": 2000, "currency": "usd"})
    confirm = sdk.v1.payment_intents.confirm
    error = sdk.refused(confirm, made.id, params={"payment_method": "pm_card_visa"})
    assert error.user_message.startswith("This PaymentIntent is configured to accept payment methods enabled in your")
    assert sdk.v1.payment_intents.retrieve(made.id).payment_method is None
    params = {"payment_method": "pm_card_visa", "return_url": "https://example.com/back"}
    assert confirm(made.id, params=params).status == "succeeded"


def test_three_d_secure(sdk: Sdk, served: Served) -> None:
    """§15: on session it waits for the customer, without a charge; off session the bank declines it."""
    made = sdk.pay(card="pm_card_threeDSecure2Required")
    assert (made.status, made.next_action.type, made.latest_charge) == ("requires_action", "use_stripe_sdk", None)
    assert made.payment_method is not None
    served.sandbox.authenticate(made.id, account=served.sandbox.account_of_key(sdk.key))
    assert sdk.v1.payment_intents.retrieve(made.id).status == "succeeded"
    failed = sdk.pay(card="pm_card_threeDSecure2Required")
    served.sandbox.authenticate(failed.id, passed=False, account=served.sandbox.account_of_key(sdk.key))
    failed = sdk.v1.payment_intents.retrieve(failed.id)
    assert (failed.status, failed.last_payment_error.code) == (
        "requires_payment_method",
        "payment_intent_authentication_failure",
    )
    before = len(sdk.v1.charges.list().data)
    error = sdk.refused(sdk.pay, card="pm_card_authenticationRequired", off_session=True)
    assert (error.code, error.user_message) == (
        "authentication_required",
        "Your card was declined. This transaction requires authentication.",
    )
    assert len(sdk.v1.charges.list().data) == before + 1


def test_manual_capture(sdk: Sdk) -> None:
    """§15: hold, capture a part, the rest is released; too much and twice are refused."""
    held = sdk.pay(capture_method="manual")
    assert (held.status, held.amount_capturable, held.amount_received) == ("requires_capture", 2000, 0)
    capture = sdk.v1.payment_intents.capture
    assert sdk.refused(capture, held.id, params={"amount_to_capture": 2001}).code == "amount_too_large"
    done = capture(held.id, params={"amount_to_capture": 1500})
    assert (done.status, done.amount_received, done.amount_capturable) == ("succeeded", 1500, 0)
    charge = sdk.v1.charges.retrieve(done.latest_charge)
    assert (charge.amount, charge.amount_captured, charge.captured) == (2000, 1500, True)
    assert sdk.v1.balance_transactions.retrieve(charge.balance_transaction).amount == 1500
    error = sdk.refused(capture, held.id)
    assert error.code == "payment_intent_unexpected_state"


def test_a_hold_ends_by_itself(sdk: Sdk, served: Served) -> None:
    """§15: a card's hold lasts 604,800 seconds, then the intent is canceled."""
    held = sdk.pay(capture_method="manual")
    charge = sdk.v1.charges.retrieve(held.latest_charge)
    assert charge.payment_method_details.card.capture_before == charge.created + 604_800
    served.clock.advance(604_801)  # type: ignore[attr-defined]
    assert sdk.v1.payment_intents.retrieve(held.id).status == "canceled"


def test_cancel_and_update(sdk: Sdk) -> None:
    """§15: from the early states and a hold, with a reason; the amount only in the early states."""
    made = sdk.v1.payment_intents.update(intent(sdk).id, params={"amount": 3000})
    assert made.amount == 3000
    gone = sdk.v1.payment_intents.cancel(made.id, params={"cancellation_reason": "abandoned"})
    assert (gone.status, gone.cancellation_reason) == ("canceled", "abandoned")
    paid = sdk.pay()
    assert sdk.refused(sdk.v1.payment_intents.cancel, paid.id).code == "payment_intent_unexpected_state"
    error = sdk.refused(sdk.v1.payment_intents.update, paid.id, params={"amount": 1})
    assert (error.code, error.param) == ("payment_intent_unexpected_state", "amount")
    held = sdk.pay(capture_method="manual")
    assert sdk.v1.payment_intents.cancel(held.id).status == "canceled"


def test_whose_method(sdk: Sdk) -> None:
    """§2.4: a customer's method needs that customer; setup_future_usage attaches on success."""
    customer = sdk.customer()
    method = customer.invoice_settings.default_payment_method
    error = sdk.refused(sdk.v1.payment_intents.confirm, intent(sdk).id, params={"payment_method": method})
    assert (error.code, error.param) == ("parameter_missing", "source")
    other = intent(sdk, customer=sdk.v1.customers.create().id)
    error = sdk.refused(sdk.v1.payment_intents.confirm, other.id, params={"payment_method": method})
    assert (error.code, error.param) == (None, "payment_method")
    assert "does not belong to the Customer you supplied" in error.user_message
    fresh = sdk.v1.customers.create()
    paid = sdk.pay(customer=fresh.id, setup_future_usage="off_session")
    assert sdk.v1.payment_methods.retrieve(paid.payment_method).customer == fresh.id


# --- setup intents -------------------------------------------------------------------------------------------------


def test_setup_intents(sdk: Sdk) -> None:
    """§16: off session always; success attaches first; a decline keeps last_setup_error."""
    customer = sdk.v1.customers.create()
    params = {"customer": customer.id, "payment_method_types": ["card"], "payment_method": "pm_card_visa"}
    done = sdk.v1.setup_intents.create(params=params | {"confirm": True, "usage": "on_session"})
    assert (done.status, done.usage, done.latest_attempt[:7]) == ("succeeded", "off_session", "setatt_")
    assert sdk.v1.payment_methods.retrieve(done.payment_method).customer == customer.id
    assert sdk.event_types("setup_intent", "payment_method") == [
        "setup_intent.created",
        "payment_method.attached",
        "setup_intent.succeeded",
    ]
    params = {"payment_method_types": ["card"], "payment_method": "pm_card_chargeDeclinedExpiredCard", "confirm": True}
    error = sdk.refused(sdk.v1.setup_intents.create, params=params)
    assert (error.http_status, error.code, error.error.decline_code) == (402, "expired_card", "expired_card")
    kept = error.error.setup_intent
    assert (kept.status, kept.payment_method, kept.last_setup_error.code) == (
        "requires_payment_method",
        None,
        "expired_card",
    )
    attempts = sdk.v1.setup_attempts.list(params={"setup_intent": done.id})
    assert [row.status for row in attempts.data] == ["succeeded"]


def test_setup_intents_end(sdk: Sdk) -> None:
    """§2.4, §16: cancel once; what is done cannot be canceled."""
    made = sdk.v1.setup_intents.create(params={"payment_method_types": ["card"]})
    assert sdk.refused(sdk.v1.setup_intents.confirm, made.id).code == "setup_intent_unexpected_state"
    assert sdk.v1.setup_intents.cancel(made.id).status == "canceled"
    assert "it is already canceled" in sdk.refused(sdk.v1.setup_intents.cancel, made.id).user_message
    three_d_secure = {"payment_method_types": ["card"], "payment_method": "pm_card_authenticationRequired"}
    assert sdk.v1.setup_intents.create(params=three_d_secure | {"confirm": True}).status == "requires_action"


# --- charges, refunds, disputes ------------------------------------------------------------------------------------


def test_a_charge_and_its_fee(sdk: Sdk) -> None:
    """§17.1, §17.4: outcome, and 2.9 % + 30 on the balance: 2000 leaves 1912."""
    charge = sdk.v1.charges.retrieve(sdk.pay().latest_charge, params={"expand": ["balance_transaction"]})
    assert (charge.status, charge.paid, charge.captured, charge.disputed) == ("succeeded", True, True, False)
    assert (charge.outcome.type, charge.outcome.risk_level) == ("authorized", "normal")
    row = charge.balance_transaction
    assert (row.amount, row.fee, row.net, row.type, row.status) == (2000, 88, 1912, "charge", "pending")
    assert row.available_on % 86_400 == 0
    (detail,) = row.fee_details
    assert (detail.amount, detail.type, detail.description) == (88, "stripe_fee", "Stripe processing fees")


def test_refunds(sdk: Sdk) -> None:
    """§17.2: partial refunds add up, the last flips `refunded`; then nothing is left; fees are not returned."""
    paid = sdk.pay()
    charge = paid.latest_charge
    create = sdk.v1.refunds.create
    error = sdk.refused(create, params={"charge": charge, "amount": 4000})
    assert (error.user_message, error.param) == (
        "Refund amount ($40.00) is greater than charge amount ($20.00)",
        "amount",
    )
    first = create(params={"payment_intent": paid.id, "amount": 500})
    assert (first.status, first.charge, first.payment_intent, first.reason) == ("succeeded", charge, paid.id, None)
    assert sdk.v1.charges.retrieve(charge).refunded is False
    assert create(params={"charge": charge}).amount == 1500
    done = sdk.v1.charges.retrieve(charge)
    assert (done.refunded, done.amount_refunded) == (True, 2000)
    error = sdk.refused(create, params={"charge": charge})
    assert (error.code, error.user_message) == (
        "charge_already_refunded",
        f"Charge {charge} has already been refunded.",
    )
    row = sdk.v1.balance_transactions.retrieve(first.balance_transaction)
    assert (row.amount, row.fee, row.net, row.type) == (-500, 0, -500, "refund")


def test_refund_gates(sdk: Sdk) -> None:
    """§2.4: neither charge nor intent; a dispute; a cancelation; a reason that only Stripe gives."""
    error = sdk.refused(sdk.v1.refunds.create, params={})
    assert error.user_message == (
        "One of the following params should be provided for this request: payment_intent or charge."
    )
    disputed = sdk.pay(card="pm_card_createDispute")
    assert sdk.refused(sdk.v1.refunds.create, params={"payment_intent": disputed.id}).code == "charge_disputed"
    paid = sdk.pay()
    params = {"payment_intent": paid.id, "reason": "expired_uncaptured_charge"}
    assert sdk.refused(sdk.v1.refunds.create, params=params).param == "reason"
    refund = sdk.v1.refunds.create(params={"payment_intent": paid.id})
    error = sdk.refused(sdk.v1.refunds.cancel, refund.id)
    assert error.user_message == "Canceling this refund is unsupported."


def test_a_dispute_is_won(sdk: Sdk) -> None:
    """§17.3: born in the payment; amount and 1500 are withdrawn; evidence wins the amount back, not the fee."""
    paid = sdk.pay(card="pm_card_createDispute")
    dispute = sdk.v1.disputes.list(params={"payment_intent": paid.id}).data[0]
    assert (dispute.id[:3], dispute.status, dispute.reason, dispute.amount) == (
        "du_",
        "needs_response",
        "fraudulent",
        2000,
    )
    (row,) = dispute.balance_transactions
    assert (row.amount, row.fee, row.net, row.reporting_category) == (-2000, 1500, -3500, "dispute")
    params = {"evidence": {"uncategorized_text": "winning_evidence"}}
    sdk.v1.disputes.update(dispute.id, params=params)
    won = sdk.v1.disputes.retrieve(dispute.id)
    assert won.status == "won"
    assert [(row.amount, row.fee) for row in won.balance_transactions][-1] == (2000, 0)
    kinds = sdk.event_types("charge.dispute")
    assert kinds[:2] == ["charge.dispute.created", "charge.dispute.funds_withdrawn"]
    assert {"charge.dispute.funds_reinstated", "charge.dispute.closed"} <= set(kinds)


def test_a_dispute_is_closed_and_an_inquiry_is_refunded(sdk: Sdk) -> None:
    """§17.3: closing loses at once; an inquiry withdraws nothing and does not block refunds."""
    sdk.pay(card="pm_card_createDispute")
    dispute = sdk.v1.disputes.list().data[0]
    assert sdk.v1.disputes.close(dispute.id).status == "lost"
    assert sdk.refused(sdk.v1.disputes.close, dispute.id).user_message == "This dispute is already closed"
    paid = sdk.pay(card="pm_card_createDisputeInquiry")
    inquiry = sdk.v1.disputes.list(params={"payment_intent": paid.id}).data[0]
    assert (inquiry.status, inquiry.balance_transactions) == ("warning_needs_response", [])
    assert sdk.v1.refunds.create(params={"payment_intent": paid.id}).status == "succeeded"


def test_balance_and_payouts(sdk: Sdk) -> None:
    """§17.4: bypassPending is available at once; a payout draws on it, and not on more than there is."""
    sdk.pay(card="pm_card_bypassPending")
    sdk.pay(5000)
    balance = sdk.v1.balance.retrieve()
    assert [(part.amount, part.currency) for part in balance.available] == [(1912, "usd")]
    assert [part.amount for part in balance.pending] == [5000 - 175]
    error = sdk.refused(sdk.v1.payouts.create, params={"amount": 5000, "currency": "usd"})
    assert error.code == "balance_insufficient"
    payout = sdk.v1.payouts.create(params={"amount": 1000, "currency": "usd"})
    assert (payout.status, payout.method, payout.automatic) == ("pending", "standard", False)
    assert sdk.v1.balance.retrieve().available[0].amount == 912
    assert sdk.v1.payouts.cancel(payout.id).status == "canceled"
    assert sdk.v1.balance.retrieve().available[0].amount == 1912
    kinds = [row.type for row in sdk.v1.balance_transactions.list().data]
    assert kinds == ["payout_cancel", "payout", "charge", "charge"]


def test_direct_charges_are_legacy(sdk: Sdk) -> None:
    """§2.4: neither source nor customer."""
    error = sdk.refused(sdk.client.raw_request, "post", "/v1/charges", amount=1000, currency="usd")
    assert (error.code, error.user_message) == ("parameter_missing", "Must provide source or customer.")
