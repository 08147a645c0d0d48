"""Smaller rules of several objects, found by trying further examples of what is checked elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import NOW, Client
from .shop import Shop

TIERED: dict[str, Any] = {
    "currency": "usd",
    "product_data": {"name": "x"},
    "recurring": {"interval": "month"},
    "tiers_mode": "graduated",
    "billing_scheme": "tiered",
    "tiers": [{"up_to": "inf", "unit_amount": 1}],
}


@pytest.mark.parametrize(
    ("path", "params", "param"),
    [
        ("/v1/prices", {**TIERED, "unit_amount": 5}, "unit_amount"),
        ("/v1/prices", {**TIERED, "unit_amount_decimal": "5"}, "unit_amount_decimal"),
        ("/v1/prices", {**TIERED, "transform_quantity": {"divide_by": 2, "round": "up"}}, "transform_quantity"),
        ("/v1/invoices", {"collection_method": "send_invoice", "days_until_due": -1}, "days_until_due"),
        (
            "/v1/shipping_rates",
            {"display_name": "s", "type": "fixed_amount", "fixed_amount": {"amount": -5, "currency": "usd"}},
            "fixed_amount[amount]",
        ),
        ("/v1/invoiceitems", {"amount": 1, "currency": "usd", "period": {"start": NOW, "end": NOW - 1}}, "period[end]"),
        ("/v1/test_helpers/test_clocks", {"frozen_time": -1}, "frozen_time"),
    ],
)
def test_numbers_that_are_refused(stripe: Client, path: str, params: dict[str, Any], param: str) -> None:
    owner = {"customer": Shop(stripe).customer()["id"]} if path.startswith("/v1/invoice") else {}
    assert stripe.refused("POST", path, {**params, **owner})["param"] == param


def test_countries_are_kept_in_upper_case(stripe: Client) -> None:
    assert stripe.post("/v1/customers", {"address": {"country": "de"}})["address"]["country"] == "DE"
    assert stripe.post("/v1/accounts", {"type": "custom", "country": "de"})["country"] == "DE"
    bank = {"country": "us", "currency": "usd", "account_number": "000123456789", "routing_number": "110000000"}
    assert stripe.post("/v1/tokens", {"bank_account": bank})["bank_account"]["country"] == "US"
    details = {"address": {"country": "de"}, "address_source": "billing"}
    params = {"currency": "eur", "line_items": [{"amount": 1}], "customer_details": details}
    assert stripe.post("/v1/tax/calculations", params)["tax_breakdown"][0]["tax_rate_details"]["country"] == "DE"


def test_nothing_is_set_up_off_session(stripe: Client) -> None:
    params = {
        "amount": 1000,
        "currency": "usd",
        "payment_method": "pm_card_visa",
        "payment_method_types": ["card"],
        "confirm": True,
        "off_session": True,
        "setup_future_usage": "off_session",
    }
    error = stripe.refused("POST", "/v1/payment_intents", params)
    assert error["message"].startswith("You cannot confirm with the `off_session` parameter when `setup_future_usage`")
    assert stripe.post("/v1/payment_intents", {**params, "off_session": False})["status"] == "succeeded"


def test_what_only_the_server_knows(stripe: Client) -> None:
    owner = stripe.post("/v1/customers")["id"]
    session = stripe.post("/v1/customer_sessions", {"customer": owner, "components": {"buy_button": {"enabled": True}}})
    assert (session["client_secret"][:12], session["expires_at"]) == ("cuss_secret_", NOW + 1800)
    assert stripe.post("/v1/payment_method_domains", {"domain_name": "a.com"})["enabled"] is True
    holder = {"type": "customer", "customer": owner}
    linked = stripe.post("/v1/financial_connections/sessions", {"account_holder": holder, "permissions": ["balances"]})
    assert linked["client_secret"].startswith("fcsess_client_secret_")


def test_credit_grants(stripe: Client) -> None:
    """Effective at once, with a priority; ended or voided once."""
    params = {
        "amount": {"type": "monetary", "monetary": {"currency": "USD", "value": 500}},
        "applicability_config": {"scope": {"price_type": "metered"}},
        "category": "paid",
        "customer": stripe.post("/v1/customers")["id"],
    }
    grant = stripe.post("/v1/billing/credit_grants", params)
    assert (grant["effective_at"], grant["priority"], grant["expires_at"]) == (NOW, 50, None)
    error = stripe.refused("POST", "/v1/billing/credit_grants", {**params, "expires_at": NOW})
    assert error["param"] == "expires_at"
    path = f"/v1/billing/credit_grants/{grant['id']}"
    assert stripe.post(f"{path}/expire")["expires_at"] == NOW
    assert stripe.refused("POST", f"{path}/void")["message"] == "This credit grant is already expired."
    other = stripe.post("/v1/billing/credit_grants", params)["id"]
    assert stripe.post(f"/v1/billing/credit_grants/{other}/void")["voided_at"] == NOW
    types = stripe.event_types()
    assert (types[-1], types.count("billing.credit_grant.created")) == ("billing.credit_grant.updated", 2)
