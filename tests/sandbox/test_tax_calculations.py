"""Tax calculations, and objects whose required values only the server knows: keys, sessions, features."""

from __future__ import annotations

from typing import Any

from .conftest import NOW, Client, Json

GERMAN = {"address": {"country": "DE", "postal_code": "10115"}, "address_source": "billing"}


def calculate(stripe: Client, **more: Any) -> Json:
    lines = [{"amount": 1000, "reference": "a"}, {"amount": 1190, "tax_behavior": "inclusive", "quantity": 2}]
    return stripe.post(
        "/v1/tax/calculations",
        {"currency": "eur", "line_items": lines, "customer_details": GERMAN, **more},
    )


def test_nothing_is_collected_without_a_registration(stripe: Client) -> None:
    made = calculate(stripe)
    assert (made["amount_total"], made["tax_amount_exclusive"], made["tax_amount_inclusive"]) == (2190, 0, 0)
    assert made["tax_breakdown"][0]["taxability_reason"] == "not_collecting"
    assert (made["customer_details"]["taxability_override"], made["expires_at"]) == ("none", NOW + 90 * 86_400)
    assert [row["reference"] for row in made["line_items"]["data"]] == ["a", "L2"]


def test_a_registration_and_shipping(stripe: Client) -> None:
    registration = {"country": "DE", "active_from": NOW - 1, "country_options": {"de": {"type": "standard"}}}
    stripe.post("/v1/tax/registrations", registration)
    made = calculate(stripe, shipping_cost={"amount": 500})
    first, second = made["line_items"]["data"]
    assert (first["amount_tax"], second["amount_tax"], made["shipping_cost"]["amount_tax"]) == (190, 190, 95)
    assert (made["amount_total"], made["tax_amount_exclusive"], made["tax_amount_inclusive"]) == (2975, 285, 190)
    exclusive, inclusive = made["tax_breakdown"]
    assert (exclusive["taxable_amount"], inclusive["taxable_amount"]) == (1500, 1000)
    assert exclusive["tax_rate_details"]["percentage_decimal"] == "19"
    assert first["tax_breakdown"][0]["jurisdiction"]["level"] == "country"
    listed = stripe.get(f"/v1/tax/calculations/{made['id']}/line_items")["data"]
    assert [row["id"] for row in listed] == [first["id"], second["id"]]
    exempt = calculate(stripe, customer_details={**GERMAN, "taxability_override": "customer_exempt"})
    assert (exempt["tax_amount_exclusive"], exempt["tax_breakdown"][0]["taxability_reason"]) == (0, "customer_exempt")


def test_a_state_of_the_us(stripe: Client) -> None:
    options = {"us": {"state": "CA", "type": "state_sales_tax"}}
    stripe.post("/v1/tax/registrations", {"country": "US", "active_from": "now", "country_options": options})
    for state, tax in (("CA", 73), ("NY", 0)):
        details = {"address": {"country": "US", "state": state, "postal_code": "94111"}, "address_source": "shipping"}
        made = calculate(stripe, customer_details=details, currency="usd", line_items=[{"amount": 1000}])
        assert made["tax_amount_exclusive"] == tax


def test_the_address_of_the_customer(stripe: Client) -> None:
    owner = stripe.post("/v1/customers", {"address": {"country": "FR"}})["id"]
    made = stripe.post("/v1/tax/calculations", {"currency": "eur", "line_items": [{"amount": 100}], "customer": owner})
    assert made["customer_details"]["address"]["country"] == "FR"
    assert made["customer_details"]["address_source"] == "billing"
    error = stripe.refused("POST", "/v1/tax/calculations", {"currency": "eur", "line_items": [{"amount": 100}]})
    assert error["param"] == "customer_details"


def test_what_locates_a_customer(stripe: Client) -> None:
    """A postal code in the US, that or a province in Canada, elsewhere the country."""
    for address, enough in (
        ({"country": "US", "state": "CA"}, False),
        ({"country": "US", "postal_code": "94111"}, True),
        ({"country": "CA"}, False),
        ({"country": "CA", "state": "BC"}, True),
        ({"country": "JP"}, True),
    ):
        params = {"currency": "usd", "line_items": [{"amount": 1000}]}
        details = {"address": address, "address_source": "billing"}
        answer = stripe.send("POST", "/v1/tax/calculations", {**params, "customer_details": details})
        assert (answer.status == 200) is enough, address
        assert enough or answer.json()["error"]["code"] == "customer_tax_location_invalid"


def test_a_business_in_another_country_of_the_eu_owes_the_tax(stripe: Client) -> None:
    registration = {"country": "DE", "active_from": "now", "country_options": {"de": {"type": "standard"}}}
    stripe.post("/v1/tax/registrations", registration)
    business = {**GERMAN, "tax_ids": [{"type": "eu_vat", "value": "DE123456789"}]}
    for seller, tax in (("DE", 190), ("US", 190), ("FR", 0)):
        stripe.sandbox.set_traits({"country": seller})
        made = calculate(stripe, customer_details=business)
        assert made["tax_amount_exclusive"] == tax, seller
    assert made["tax_breakdown"][0]["taxability_reason"] == "reverse_charge"


def test_lines_have_references_of_their_own(stripe: Client) -> None:
    lines = [{"amount": 1, "reference": "a"}, {"amount": 1}, {"amount": 1}, {"amount": 1, "reference": "a"}]
    params = {"currency": "eur", "line_items": lines, "customer_details": GERMAN}
    assert stripe.refused("POST", "/v1/tax/calculations", params)["param"] == "line_items[3][reference]"


def test_ephemeral_keys(stripe: Client) -> None:
    owner = stripe.post("/v1/customers")["id"]
    key = stripe.post("/v1/ephemeral_keys", {"customer": owner}, headers={"Stripe-Version": "2026-09-30.endive"})
    assert key["secret"].startswith("ek_test_")
    assert (key["expires"], key["associated_objects"]) == (NOW + 3600, [{"id": owner, "type": "customer"}])
    assert stripe.refused("POST", "/v1/ephemeral_keys")["code"] == "parameter_missing"


def test_account_sessions(stripe: Client) -> None:
    account = stripe.post("/v1/accounts", {"type": "express"})["id"]
    made = stripe.post(
        "/v1/account_sessions", {"account": account, "components": {"account_onboarding": {"enabled": True}}}
    )
    assert (made["account"], made["expires_at"]) == (account, NOW + 3600)
    assert made["client_secret"].startswith("accs_secret__")
    assert made["components"]["account_onboarding"]["enabled"] is True


def test_features_of_products(stripe: Client) -> None:
    feature = stripe.post("/v1/entitlements/features", {"name": "Fast", "lookup_key": "fast"})
    product = stripe.post("/v1/products", {"name": "Gold"})["id"]
    made = stripe.post(f"/v1/products/{product}/features", {"entitlement_feature": feature["id"]})
    assert made["entitlement_feature"] == feature
    error = stripe.refused("POST", f"/v1/products/{product}/features", {"entitlement_feature": "feat_x"})
    assert error["code"] == "resource_missing"


def test_an_object_that_must_be_named(stripe: Client) -> None:
    error = stripe.refused("GET", "/v1/billing/credit_balance_summary", {"filter": {"type": "applicability_scope"}})
    assert (error["code"], error["param"]) == ("parameter_missing", "customer")
