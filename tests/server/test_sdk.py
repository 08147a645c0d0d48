"""Stripe's official library for Python as a client of the server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .conftest import Client

stripe: Any = pytest.importorskip("stripe", reason="the official library is not installed")


@pytest.fixture
def official(address: str) -> Iterator[Any]:
    """A client of the official library with a key of its own, which does not send anything anywhere else."""
    key = Client(address).key
    yield stripe.StripeClient(key, base_addresses={"api": address, "files": address}, max_network_retries=0)


def test_customers(official: Any) -> None:
    made = official.v1.customers.create({"email": "jenny@example.com", "metadata": {"a": "1"}})
    assert official.v1.customers.retrieve(made.id).email == "jenny@example.com"
    assert official.v1.customers.update(made.id, {"name": "Jenny"}).name == "Jenny"
    assert [each.id for each in official.v1.customers.list({"email": "jenny@example.com"}).auto_paging_iter()] == [
        made.id
    ]
    assert official.v1.customers.delete(made.id).deleted is True
    assert made.last_response.request_id.startswith("req_")


def test_pages_are_walked(official: Any) -> None:
    made = [official.v1.products.create({"name": str(number)}).id for number in range(7)]
    walked = [each.id for each in official.v1.products.list({"limit": 3}).auto_paging_iter()]
    assert walked == made[::-1]


def test_a_payment(official: Any) -> None:
    intent = official.v1.payment_intents.create(
        {
            "amount": 2000,
            "currency": "usd",
            "payment_method": "pm_card_visa",
            "payment_method_types": ["card"],
            "confirm": True,
            "expand": ["latest_charge"],
        }
    )
    assert (intent.status, intent.latest_charge.amount, intent.latest_charge.paid) == ("succeeded", 2000, True)


def test_a_declined_card_is_a_card_error(official: Any) -> None:
    with pytest.raises(stripe.CardError) as refused:
        official.v1.payment_intents.create(
            {
                "amount": 2000,
                "currency": "usd",
                "payment_method": "pm_card_chargeDeclined",
                "payment_method_types": ["card"],
                "confirm": True,
            }
        )
    assert (refused.value.code, refused.value.http_status) == ("card_declined", 402)


def test_a_subscription(official: Any) -> None:
    customer = official.v1.customers.create(
        {"payment_method": "pm_card_visa", "invoice_settings": {"default_payment_method": "pm_card_visa"}}
    )
    price = official.v1.prices.create(
        {"currency": "usd", "unit_amount": 1000, "recurring": {"interval": "month"}, "product_data": {"name": "Gold"}}
    )
    made = official.v1.subscriptions.create(
        {"customer": customer.id, "items": [{"price": price.id}], "expand": ["latest_invoice"]}
    )
    assert (made.status, made.latest_invoice.status, made.latest_invoice.total) == ("active", "paid", 1000)


def test_errors_have_their_classes(official: Any) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        official.v1.customers.retrieve("cus_nobody")
    with pytest.raises(stripe.InvalidRequestError, match="Received unknown parameter: nonsense"):
        official.v1.customers.create({"nonsense": 1})
    key = {"idempotency_key": "one"}
    official.v1.customers.create({"name": "Ann"}, options=key)
    with pytest.raises(stripe.IdempotencyError):
        official.v1.customers.create({"name": "Bob"}, options=key)


def test_a_wrong_key_is_an_authentication_error(address: str) -> None:
    client = stripe.StripeClient("sk_live_1234567890", base_addresses={"api": address}, max_network_retries=0)
    with pytest.raises(stripe.AuthenticationError, match="live key"):
        client.v1.customers.list()


def test_a_connected_account(official: Any) -> None:
    account = official.v1.accounts.create({})
    on_it = {"stripe_account": account.id}
    made = official.v1.customers.create({"name": "theirs"}, options=on_it)
    assert official.v1.customers.retrieve(made.id, options=on_it).name == "theirs"
    with pytest.raises(stripe.InvalidRequestError):
        official.v1.customers.retrieve(made.id)
    with pytest.raises(stripe.PermissionError):
        official.v1.customers.list(options={"stripe_account": "acct_nobody"})


def test_a_file(official: Any, tmp_path: Any) -> None:
    path = tmp_path / "receipt.pdf"
    path.write_bytes(b"%PDF-1.4")
    with path.open("rb") as upload:
        made = official.v1.files.create({"purpose": "dispute_evidence", "file": upload})
    assert (made.filename, made.type, made.size) == ("receipt.pdf", "pdf", 8)
    link = official.v1.file_links.create({"file": made.id})
    assert link.url.startswith("https://files.stripe.com/links/")


def test_api_v2(official: Any) -> None:
    official.v1.billing.meters.create(
        {"display_name": "calls", "event_name": "sdk_calls", "default_aggregation": {"formula": "sum"}}
    )
    customer = official.v1.customers.create()
    event = official.v2.billing.meter_events.create(
        {"event_name": "sdk_calls", "payload": {"stripe_customer_id": customer.id, "value": "25"}}
    )
    assert (event.event_name, event.payload["value"]) == ("sdk_calls", "25")


def test_raw_requests(official: Any) -> None:
    answer = official.raw_request("get", "/v1/balance")
    assert answer.data["object"] == "balance"
