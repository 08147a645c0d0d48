"""`expand`: ids become objects, bad paths are refused before anything happens."""

from __future__ import annotations

import pytest

from .conftest import Client, Json


@pytest.fixture
def price(stripe: Client) -> Json:
    product = stripe.post("/v1/products", {"name": "Shirt"})["id"]
    return stripe.post("/v1/prices", {"product": product, "currency": "usd", "unit_amount": 500})


def test_an_id_becomes_the_object(stripe: Client, price: Json) -> None:
    found = stripe.get(f"/v1/prices/{price['id']}", {"expand": ["product"]})
    assert found["product"]["name"] == "Shirt"
    assert {**found, "product": price["product"]} == price


def test_on_lists_with_data(stripe: Client, price: Json) -> None:
    page = stripe.get("/v1/prices", {"expand": ["data.product"]})
    assert page["data"][0]["product"]["object"] == "product"
    assert stripe.get("/v1/prices", {"expand": ["data"]})["data"] == [price]


def test_through_several_objects(stripe: Client, price: Json) -> None:
    stripe.post(f"/v1/products/{price['product']}", {"default_price": price["id"]})
    found = stripe.get(f"/v1/prices/{price['id']}", {"expand": ["product.default_price.product"]})
    assert found["product"]["default_price"]["product"]["id"] == price["product"]


def test_on_creation(stripe: Client) -> None:
    product = stripe.post("/v1/products", {"name": "x"})["id"]
    params = {"product": product, "currency": "usd", "unit_amount": 1, "expand": ["product"]}
    assert stripe.post("/v1/prices", params)["product"]["id"] == product


def test_members_that_only_expand_shows(stripe: Client) -> None:
    customer = stripe.post("/v1/customers")
    for name in ("sources", "subscriptions", "tax_ids", "cash_balance"):
        assert name not in customer
    stripe.post(f"/v1/customers/{customer['id']}/tax_ids", {"type": "eu_vat", "value": "DE123456789"})
    found = stripe.get(f"/v1/customers/{customer['id']}", {"expand": ["tax_ids", "subscriptions"]})
    assert [row["value"] for row in found["tax_ids"]["data"]] == ["DE123456789"]
    assert found["tax_ids"]["url"] == f"/v1/customers/{customer['id']}/tax_ids"
    assert found["subscriptions"] == {
        "object": "list",
        "data": [],
        "has_more": False,
        "total_count": 0,
        "url": f"/v1/customers/{customer['id']}/subscriptions",
    }


def test_embedded_objects_are_passed_through(stripe: Client) -> None:
    made = stripe.post("/v1/customers", {"address": {"city": "Bonn"}})
    found = stripe.get(
        f"/v1/customers/{made['id']}", {"expand": ["address", "invoice_settings.default_payment_method"]}
    )
    assert found == made


@pytest.mark.parametrize(
    ("path", "expand", "message"),
    [
        ("customers/{id}", "nope", "This property cannot be expanded (nope)."),
        ("customers/{id}", "email", "This property cannot be expanded (email)."),
        ("customers/{id}", "default_source.nope.x", "This property cannot be expanded (default_source.nope)."),
        (
            "customers",
            "default_source",
            "This property cannot be expanded (default_source)."
            " You may want to try expanding 'data.default_source' instead.",
        ),
        ("customers", "data.nope", "This property cannot be expanded (data.nope)."),
    ],
)
def test_bad_paths(stripe: Client, path: str, expand: str, message: str) -> None:
    customer = stripe.post("/v1/customers")
    error = stripe.refused("GET", f"/v1/{path.format(id=customer['id'])}", {"expand": [expand]})
    assert (error["status"], error["message"]) == (400, message)
    assert "code" not in error and "param" not in error


def test_four_levels_and_no_more(stripe: Client) -> None:
    four, five = "data.product.default_price.product", "data.product.default_price.product.default_price"
    assert stripe.get("/v1/prices", {"expand": [four]})["data"] == []
    assert five in stripe.refused("GET", "/v1/prices", {"expand": [five]})["message"]


def test_a_bad_path_on_creation_creates_nothing(stripe: Client) -> None:
    stripe.refused("POST", "/v1/customers", {"expand": ["nope"]})
    assert stripe.get("/v1/customers")["data"] == []


def test_deleted_objects_show_what_remains(stripe: Client) -> None:
    coupon = stripe.post("/v1/coupons", {"percent_off": 10})["id"]
    code = stripe.post("/v1/promotion_codes", {"promotion": {"type": "coupon", "coupon": coupon}})
    found = stripe.get(f"/v1/promotion_codes/{code['id']}", {"expand": ["promotion.coupon"]})
    assert found["promotion"]["coupon"]["percent_off"] == 10
    customer = stripe.post("/v1/customers")["id"]
    bound = stripe.post(
        "/v1/promotion_codes", {"promotion": {"type": "coupon", "coupon": coupon}, "customer": customer}
    )
    stripe.delete(f"/v1/customers/{customer}")
    shown = stripe.get(f"/v1/promotion_codes/{bound['id']}", {"expand": ["customer"]})["customer"]
    assert shown == {"id": customer, "object": "customer", "deleted": True}


def test_through_a_member_that_only_answers_have(stripe: Client) -> None:
    """The plan of a subscription is not described; a tap for a data warehouse expands what is below it."""
    customer = stripe.post("/v1/customers", {"payment_method": "pm_card_visa"})["id"]
    recurring = {"currency": "usd", "unit_amount": 500, "recurring": {"interval": "month"}}
    price = stripe.post("/v1/prices", {**recurring, "product_data": {"name": "Gold"}})["id"]
    stripe.post(
        "/v1/subscriptions",
        {"customer": customer, "items": [{"price": price}], "collection_method": "send_invoice", "days_until_due": 7},
    )
    (found,) = stripe.get("/v1/subscriptions", {"expand": ["data.plan.product"]})["data"]
    assert (found["plan"]["id"], found["plan"]["product"]["name"]) == (price, "Gold")


def test_the_dispute_of_a_charge(stripe: Client) -> None:
    """Not described, and read by Tryton's module of today and by clients of 2020."""
    pay = {"amount": 500, "currency": "usd", "payment_method_types": ["card"], "confirm": "true"}
    intent = stripe.post("/v1/payment_intents", {**pay, "payment_method": "pm_card_createDispute"})
    charge = stripe.get(f"/v1/charges/{intent['latest_charge']}", {"expand": ["dispute"]})
    assert (charge["dispute"]["charge"], charge["disputed"]) == (charge["id"], True)
    other = stripe.post("/v1/payment_intents", {**pay, "payment_method": "pm_card_visa"})
    assert stripe.get(f"/v1/charges/{other['latest_charge']}")["dispute"] is None
