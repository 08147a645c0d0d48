"""Sections 1-3 of the fact sheet, seen by the SDK: keys, versions, errors, idempotency."""

from __future__ import annotations

import pytest

from .conftest import Sdk, Served, new_key, stripe


def test_success_is_200_with_headers(sdk: Sdk) -> None:
    """§1: success is 200 also for creates; Request-Id, Stripe-Version, and an echo of the idempotency key."""
    made = sdk.v1.customers.create(params={"name": "Ann"}, options={"idempotency_key": "k1"})
    answer = made.last_response
    assert answer.code == 200
    assert answer.headers["request-id"].startswith("req_")
    assert answer.headers["stripe-version"] == "2026-10-28.endive"
    assert answer.headers["idempotency-key"] == "k1"


def test_keys(served: Served) -> None:
    """§1: no proper key is 401, with the last four characters shown; each key is an account of its own."""
    bad = Sdk(served.address, "sk_nonsense_1234")
    error = bad.refused(bad.v1.customers.list)
    assert isinstance(error, stripe.AuthenticationError)
    assert error.http_status == 401
    assert error.user_message.startswith("Invalid API Key provided: ")
    assert error.user_message.endswith("1234")
    mine, yours = Sdk(served.address, new_key()), Sdk(served.address, new_key())
    customer = mine.v1.customers.create()
    assert yours.refused(yours.v1.customers.retrieve, customer.id).code == "resource_missing"


def test_versions(sdk: Sdk) -> None:
    """§1: a malformed version is a 400 without code; the SDK's own newer one is taken."""
    error = sdk.refused(sdk.v1.customers.list, options={"stripe_version": "yesterday"})
    assert (error.http_status, error.code) == (400, None)
    assert error.user_message == "Invalid Stripe API version: yesterday"
    assert sdk.v1.customers.list().data == []


def test_unknown_urls(sdk: Sdk) -> None:
    """§1: an unknown path, or a wrong method on a known one, is 404 and never 405."""
    for method, path in [("get", "/v1/nonsense"), ("delete", "/v1/customers")]:
        error = sdk.refused(sdk.client.raw_request, method, path)
        assert error.http_status == 404
        assert error.user_message.startswith(f"Unrecognized request URL ({method.upper()}: {path}).")


def test_the_envelope(sdk: Sdk) -> None:
    """§2.1: code brings doc_url; a missing id in the path is 404, in a parameter 400."""
    error = sdk.refused(sdk.v1.customers.retrieve, "cus_nothing")
    assert isinstance(error, stripe.InvalidRequestError)
    assert (error.http_status, error.code, error.param) == (404, "resource_missing", "id")
    assert error.user_message == "No such customer: 'cus_nothing'"
    assert error.error.doc_url == "https://stripe.com/docs/error-codes/resource-missing"
    params = {"amount": 1000, "currency": "usd", "customer": "cus_nothing"}
    error = sdk.refused(sdk.v1.payment_intents.create, params=params)
    assert (error.http_status, error.code, error.param) == (400, "resource_missing", "customer")


@pytest.mark.parametrize(
    ("resource", "word", "param"),
    [
        ("charges", "charge", "id"),
        ("products", "product", "id"),
        ("subscriptions", "subscription", "id"),
        ("balance_transactions", "balance transaction", "id"),
        ("prices", "price", "price"),
        ("payment_methods", "PaymentMethod", "payment_method"),
        ("payment_intents", "payment_intent", "intent"),
        ("setup_intents", "setupintent", "intent"),
        ("coupons", "coupon", "coupon"),
        ("promotion_codes", "promotion code", "promotion_code"),
        ("tax_rates", "tax rate", "tax_rate"),
        ("payouts", "payout", "payout"),
        ("invoices", "invoice", "invoice"),
    ],
)
def test_no_such(sdk: Sdk, resource: str, word: str, param: str) -> None:
    """§2.2: the word and the parameter differ per resource."""
    error = sdk.refused(getattr(sdk.v1, resource).retrieve, "x_nothing")
    assert (error.http_status, error.code, error.param) == (404, "resource_missing", param)
    assert error.user_message == f"No such {word}: 'x_nothing'"


def test_no_such_oddities(sdk: Sdk) -> None:
    """§2.2: invoice items, subscription items, and a subscription's unknown customer, which alone is 404."""
    error = sdk.refused(sdk.v1.invoice_items.retrieve, "ii_nothing")
    assert error.user_message == "No such Invoice Item: 'ii_nothing'(livemode=false)"
    error = sdk.refused(sdk.v1.subscription_items.retrieve, "si_nothing")
    assert (error.http_status, error.code, error.param) == (404, None, None)
    assert error.user_message == "Invalid subscription_item id: si_nothing"
    params = {"customer": "cus_nothing", "items": [{"price": sdk.price().id}]}
    assert sdk.refused(sdk.v1.subscriptions.create, params=params).http_status == 404
    error = sdk.refused(sdk.v1.customers.list, params={"starting_after": "cus_nothing"})
    assert (error.http_status, error.param, error.user_message) == (
        400,
        "starting_after",
        "No such customer: 'cus_nothing'",
    )


def test_generic_mistakes(sdk: Sdk) -> None:
    """§2.3: unknown, missing and empty parameters, bad integers, enums, objects, currencies and times."""
    intents = sdk.v1.payment_intents
    for params, code, param, message in [
        ({"nope": 1}, "parameter_unknown", "nope", "Received unknown parameter: nope"),
        ({"currency": "usd"}, "parameter_missing", "amount", "Missing required param: amount."),
        ({"amount": "ten", "currency": "usd"}, "parameter_invalid_integer", "amount", "Invalid integer: ten"),
        (
            {"amount": 1000, "currency": "usd", "capture_method": "never"},
            None,
            "capture_method",
            "Invalid capture_method: must be one of ",
        ),
    ]:
        error = sdk.refused(intents.create, params=params)
        assert (error.http_status, error.code, error.param) == (400, code, param)
        assert error.user_message.startswith(message)
    error = sdk.refused(sdk.v1.customers.create, params={"foo": 1, "bar": 2})
    assert error.user_message == "Received unknown parameters: foo, bar"
    error = sdk.refused(sdk.v1.customers.create, params={"invoice_settings": {"nope": "x"}})
    assert error.param == "invoice_settings[nope]"
    error = sdk.refused(sdk.v1.customers.create, params={"invoice_settings": "x"})
    assert error.user_message == "Invalid object"
    error = sdk.refused(sdk.v1.customers.list, params={"starting_after": "a", "ending_before": "b"})
    assert error.http_status == 400


def test_idempotency(sdk: Sdk) -> None:
    """§3: a replay is marked and writes nothing; other parameters are refused; the event carries the key."""
    options = {"idempotency_key": "order-1"}
    first = sdk.v1.customers.create(params={"name": "Ann"}, options=options)
    again = sdk.v1.customers.create(params={"name": "Ann"}, options=options)
    assert again.id == first.id
    assert again.last_response.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.last_response.headers
    error = sdk.refused(sdk.v1.customers.create, params={"name": "Bob"}, options=options)
    assert isinstance(error, stripe.IdempotencyError)
    assert error.user_message.startswith("Keys for idempotent requests can only be used with the same parameters")
    (event,) = sdk.events()
    assert (event.type, event.request.idempotency_key) == ("customer.created", "order-1")


def test_idempotency_keeps_declines_but_no_mistakes(sdk: Sdk) -> None:
    """§3: a 402 is replayed, a validation error leaves the key free."""
    declined = [
        sdk.refused(
            sdk.v1.payment_intents.create,
            params={
                "amount": 1000,
                "currency": "usd",
                "payment_method": "pm_card_visa_chargeDeclined",
                "payment_method_types": ["card"],
                "confirm": True,
            },
            options={"idempotency_key": "decline"},
        )
        for _ in range(2)
    ]
    assert [type(error) for error in declined] == [stripe.CardError] * 2
    assert declined[0].error.charge == declined[1].error.charge
    assert len(sdk.v1.charges.list().data) == 1
    sdk.refused(sdk.v1.customers.create, params={"nope": "x"}, options={"idempotency_key": "free"})
    assert sdk.v1.customers.create(params={"name": "x"}, options={"idempotency_key": "free"}).name == "x"
