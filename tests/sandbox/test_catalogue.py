"""What is sold and for how much: products, prices, plans, coupons, promotion codes, tax rates; and the balance."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import NOW, Client, Json

DAY = 86_400


@pytest.fixture
def product(stripe: Client) -> str:
    made: str = stripe.post("/v1/products", {"name": "Shirt"})["id"]
    return made


# --- products --------------------------------------------------------------------------------------------------


def test_a_fresh_product(stripe: Client) -> None:
    made = stripe.post("/v1/products", {"name": "Shirt"})
    expected = {
        "active": True,
        "default_price": None,
        "description": None,
        "images": [],
        "marketing_features": [],
        "metadata": {},
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "type": "service",
        "unit_label": None,
        "url": None,
        "created": NOW,
        "updated": NOW,
    }
    assert made | expected == made


def test_a_product_with_a_default_price(stripe: Client) -> None:
    made = stripe.post("/v1/products", {"name": "x", "default_price_data": {"currency": "usd", "unit_amount": 5}})
    price = stripe.get(f"/v1/prices/{made['default_price']}")
    assert (price["product"], price["unit_amount"]) == (made["id"], 5)
    created, priced = stripe.events()
    assert (created["type"], priced["type"]) == ("product.created", "price.created")
    assert created["data"]["object"]["default_price"] == price["id"]


def test_own_ids_and_updates(stripe: Client) -> None:
    stripe.post("/v1/products", {"id": "shirt", "name": "Shirt", "images": ["https://example.com/a.png"]})
    assert stripe.refused("POST", "/v1/products", {"id": "shirt", "name": "x"})["code"] == "resource_already_exists"
    stripe.clock.advance(5)
    changed = stripe.post("/v1/products/shirt", {"images": "", "url": "https://x.y"})
    assert (changed["images"], changed["url"], changed["updated"]) == ([], "https://x.y", NOW + 5)
    assert stripe.refused("POST", "/v1/products/shirt", {"default_price": "price_x"})["param"] == "default_price"


def test_products_with_prices_stay(stripe: Client, product: str) -> None:
    price = stripe.post("/v1/prices", {"product": product, "currency": "usd", "unit_amount": 1})["id"]
    assert stripe.post(f"/v1/products/{product}", {"default_price": price})["default_price"] == price
    error = stripe.refused("DELETE", f"/v1/products/{product}")
    assert error["message"] == "This product cannot be deleted because it has one or more user-created prices."
    bare = stripe.post("/v1/products", {"name": "x"})["id"]
    assert stripe.delete(f"/v1/products/{bare}") == {"id": bare, "object": "product", "deleted": True}
    assert stripe.refused("GET", f"/v1/products/{bare}")["status"] == 404
    assert stripe.events()[-1]["data"]["object"]["active"] is False


def test_products_by_ids(stripe: Client) -> None:
    made = [stripe.post("/v1/products", {"name": str(number)})["id"] for number in range(3)]
    page = stripe.get("/v1/products", {"ids": made[:2]})
    assert [row["id"] for row in page["data"]] == made[1::-1]


# --- prices ----------------------------------------------------------------------------------------------------


def test_a_fresh_price(stripe: Client, product: str) -> None:
    params = {"product": product, "currency": "USD", "unit_amount": 1500, "recurring": {"interval": "month"}}
    made = stripe.post("/v1/prices", params)
    expected = {
        "active": True,
        "billing_scheme": "per_unit",
        "currency": "usd",
        "custom_unit_amount": None,
        "lookup_key": None,
        "nickname": None,
        "recurring": {
            "interval": "month",
            "interval_count": 1,
            "meter": None,
            "trial_period_days": None,
            "usage_type": "licensed",
        },
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring",
        "unit_amount": 1500,
        "unit_amount_decimal": "1500",
    }
    assert made | expected == made
    assert "tiers" not in made and "currency_options" not in made
    assert stripe.event_types()[-2:] == ["price.created", "plan.created"]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"unit_amount": 1, "product": ""},
            "You must specify either `product` or `product_data` when creating a price.",
        ),
        (
            {"unit_amount": 1, "product_data": {"name": "x"}},
            "You may only specify one of these parameters: product, product_data.",
        ),
        ({}, "Prices require an `unit_amount` or `unit_amount_decimal` parameter to be set."),
        (
            {"billing_scheme": "tiered", "tiers": [{"up_to": "inf", "unit_amount": 1}], "tiers_mode": "volume"},
            "Prices with `type=one_time` are not supported with tiered billing.",
        ),
        ({"unit_amount": 1, "recurring": {"interval": "year", "interval_count": 4}}, "three years"),
        ({"unit_amount": 1, "recurring": {"interval": "month", "usage_type": "metered"}}, "2025-03-31.basil"),
        ({"unit_amount": 1, "currency_options": {"EUR": {"unit_amount": 1}}}, "Use `eur` instead of `EUR`."),
        ({"unit_amount": 1, "currency_options": {"xyz": {"unit_amount": 1}}}, "Invalid currency: xyz."),
    ],
)
def test_what_makes_no_price(stripe: Client, product: str, params: Json, message: str) -> None:
    error = stripe.refused("POST", "/v1/prices", {"product": product, "currency": "usd", **params})
    assert error["status"] == 400
    assert message in error["message"]
    assert stripe.get("/v1/prices")["data"] == []


@pytest.mark.parametrize(
    ("text", "whole", "decimal"), [("12.5", None, "12.5"), ("100", 100, "100"), ("0.10", None, "0.1"), ("5.0", 5, "5")]
)
def test_decimal_amounts(stripe: Client, product: str, text: str, whole: int | None, decimal: str) -> None:
    made = stripe.post("/v1/prices", {"product": product, "currency": "usd", "unit_amount_decimal": text})
    assert (made["unit_amount"], made["unit_amount_decimal"]) == (whole, decimal)


def test_tiers_and_currency_options(stripe: Client, product: str) -> None:
    made = stripe.post(
        "/v1/prices",
        {
            "product": product,
            "currency": "usd",
            "recurring": {"interval": "month"},
            "billing_scheme": "tiered",
            "tiers_mode": "graduated",
            "tiers": [
                {"up_to": 10, "unit_amount": 100},
                {"up_to": "inf", "flat_amount": 5, "unit_amount_decimal": "2.5"},
            ],
            "expand": ["tiers"],
        },
    )
    assert made["unit_amount"] is None
    assert made["tiers"][1] == {
        "flat_amount": 5,
        "flat_amount_decimal": "5",
        "unit_amount": None,
        "unit_amount_decimal": "2.5",
        "up_to": None,
    }
    plain = {"product": product, "currency": "usd", "unit_amount": 100}
    both = stripe.post("/v1/prices", {**plain, "currency_options": {"eur": {"unit_amount": 90}}})
    shown = stripe.get(f"/v1/prices/{both['id']}", {"expand": ["currency_options"]})["currency_options"]
    assert {currency: option["unit_amount"] for currency, option in shown.items()} == {"usd": 100, "eur": 90}


def test_custom_amounts(stripe: Client, product: str) -> None:
    params = {"product": product, "currency": "usd", "custom_unit_amount": {"enabled": True, "minimum": 100}}
    made = stripe.post("/v1/prices", params)
    assert made["custom_unit_amount"] == {"maximum": None, "minimum": 100, "preset": None}
    assert made["unit_amount"] is None


def test_lookup_keys(stripe: Client, product: str) -> None:
    plain = {"product": product, "currency": "usd", "unit_amount": 1, "lookup_key": "std"}
    holder = stripe.post("/v1/prices", plain)
    stripe.post(f"/v1/prices/{holder['id']}", {"active": False})
    error = stripe.refused("POST", "/v1/prices", plain)
    assert error["message"] == f"A price (`{holder['id']}`) already uses that lookup key."
    taker = stripe.post("/v1/prices", {**plain, "transfer_lookup_key": True})
    assert stripe.get(f"/v1/prices/{holder['id']}")["lookup_key"] is None
    assert [row["id"] for row in stripe.get("/v1/prices", {"lookup_keys": ["std"]})["data"]] == [taker["id"]]
    moved, created = stripe.events()[-2:]
    assert (moved["type"], moved["data"]["previous_attributes"]) == ("price.updated", {"lookup_key": "std"})
    assert created["type"] == "price.created"


def test_what_of_a_price_can_change(stripe: Client, product: str) -> None:
    made = stripe.post("/v1/prices", {"product": product, "currency": "usd", "unit_amount": 1})
    path = f"/v1/prices/{made['id']}"
    assert stripe.post(path, {"tax_behavior": "exclusive", "nickname": "n"})["nickname"] == "n"
    assert stripe.refused("POST", path, {"tax_behavior": "inclusive"})["param"] == "tax_behavior"
    assert stripe.refused("POST", path, {"unit_amount": 2})["code"] == "parameter_unknown"


def test_a_price_with_its_product(stripe: Client) -> None:
    made = stripe.post("/v1/prices", {"currency": "usd", "unit_amount": 1, "product_data": {"name": "Hat"}})
    assert stripe.get(f"/v1/products/{made['product']}")["name"] == "Hat"


# --- plans -----------------------------------------------------------------------------------------------------


def test_plans_are_prices(stripe: Client) -> None:
    params = {"currency": "usd", "interval": "month", "amount": 2000, "product": {"name": "Gold"}}
    plan = stripe.post("/v1/plans", params)
    price = stripe.get(f"/v1/prices/{plan['id']}")
    assert (price["unit_amount"], price["recurring"]["interval"]) == (plan["amount"], "month") == (2000, "month")
    stripe.post("/v1/prices", {"currency": "usd", "unit_amount": 1, "product": plan["product"]})
    assert [row["id"] for row in stripe.get("/v1/plans")["data"]] == [plan["id"]]
    assert stripe.post(f"/v1/plans/{plan['id']}", {"nickname": "n"})["nickname"] == "n"
    assert stripe.get(f"/v1/prices/{plan['id']}")["nickname"] == "n"
    assert stripe.delete(f"/v1/plans/{plan['id']}") == {"id": plan["id"], "object": "plan", "deleted": True}
    assert stripe.refused("GET", f"/v1/prices/{plan['id']}")["status"] == 404
    assert {"plan.created", "plan.updated", "plan.deleted"} <= set(stripe.event_types())
    assert stripe.refused("POST", "/v1/plans", {"currency": "usd", "interval": "day"})["param"] == "product"


# --- coupons and promotion codes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "code", "message", "param"),
    [
        ({}, "parameter_missing", "Must provide percent_off or amount_off.", None),
        (
            {"percent_off": 1, "amount_off": 1},
            None,
            "Received both percent_off and amount_off parameters. Please pass in only one.",
            None,
        ),
        ({"amount_off": 1}, None, "You must pass currency when passing amount_off", "currency"),
        (
            {"percent_off": 1, "duration": "repeating"},
            None,
            "The duration_in_months param must be set when",
            "duration",
        ),
        (
            {"percent_off": 0},
            None,
            "This value must be greater than or equal to 0.01 (it currently is '0.0').",
            "percent_off",
        ),
        (
            {"percent_off": 1, "currency_options": {"eur": {"amount_off": 1}}},
            None,
            "You may only specify one of these parameters: currency_options, percent_off.",
            "currency_options",
        ),
        ({"percent_off": 1, "redeem_by": NOW}, None, "The parameter `redeem_by` expects a unix timestamp", "redeem_by"),
    ],
)
def test_what_makes_no_coupon(stripe: Client, params: Json, code: str | None, message: str, param: str | None) -> None:
    error = stripe.refused("POST", "/v1/coupons", params)
    assert (error["status"], error.get("code"), error.get("param")) == (400, code, param)
    assert message in error["message"]


def test_a_coupon(stripe: Client, product: str) -> None:
    made = stripe.post("/v1/coupons", {"percent_off": 12.5, "applies_to": {"products": [product]}})
    assert (made["duration"], made["percent_off"], made["valid"], made["times_redeemed"]) == ("once", 12.5, True, 0)
    assert len(made["id"]) == 8
    assert "applies_to" not in made
    shown = stripe.get(f"/v1/coupons/{made['id']}", {"expand": ["applies_to"]})
    assert shown["applies_to"] == {"products": [product]}
    assert stripe.post(f"/v1/coupons/{made['id']}", {"name": "n"})["name"] == "n"
    assert stripe.refused("POST", f"/v1/coupons/{made['id']}", {"percent_off": 1})["code"] == "parameter_unknown"


def test_a_coupon_ends(stripe: Client) -> None:
    made = stripe.post("/v1/coupons", {"percent_off": 10, "redeem_by": NOW + DAY, "max_redemptions": 5})
    stripe.clock.advance(DAY)
    assert stripe.get(f"/v1/coupons/{made['id']}")["valid"] is False
    assert stripe.get("/v1/coupons")["data"][0]["valid"] is False
    error = stripe.refused("POST", "/v1/customers", {"coupon": made["id"]})
    assert error["message"] == f"Coupon {made['id']} is expired and cannot be applied."
    once = stripe.post("/v1/coupons", {"percent_off": 10, "max_redemptions": 1})["id"]
    stripe.post("/v1/customers", {"coupon": once})
    assert stripe.get(f"/v1/coupons/{once}")["valid"] is False
    error = stripe.refused("POST", "/v1/customers", {"coupon": once})
    assert error["message"] == f"Coupon {once} is used up and cannot be applied."


def test_promotion_codes(stripe: Client) -> None:
    coupon = stripe.post("/v1/coupons", {"percent_off": 10, "redeem_by": NOW + 9 * DAY})["id"]
    promotion = {"promotion": {"type": "coupon", "coupon": coupon}}
    made = stripe.post("/v1/promotion_codes", {**promotion, "code": "Summer"})
    assert made["promotion"] == {"coupon": coupon, "type": "coupon"}
    assert (made["active"], made["expires_at"], made["code"]) == (True, NOW + 9 * DAY, "Summer")
    minted = stripe.post("/v1/promotion_codes", promotion)["code"]
    assert len(minted) == 8 and minted == minted.upper()
    error = stripe.refused("POST", "/v1/promotion_codes", {**promotion, "code": "SUMMER"})
    assert error["message"] == "An active promotion code with `code: SUMMER` already exists."
    assert [row["id"] for row in stripe.get("/v1/promotion_codes", {"code": "summer"})["data"]] == [made["id"]]
    assert len(stripe.get("/v1/promotion_codes", {"coupon": coupon})["data"]) == 2
    stripe.post(f"/v1/promotion_codes/{made['id']}", {"active": False})
    stripe.post("/v1/promotion_codes", {**promotion, "code": "summer"})
    stripe.delete(f"/v1/coupons/{coupon}")
    assert not any(row["active"] for row in stripe.get("/v1/promotion_codes")["data"])


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"promotion": {"type": "coupon"}}, "promotion.coupon"),
        ({"promotion": {"type": "coupon", "coupon": "x"}}, "promotion[coupon]"),
        ({"code": "a b"}, "code"),
        ({"expires_at": NOW + 6 * 366 * DAY}, "expires_at"),
        ({"expires_at": NOW}, "expires_at"),
        ({"nope": 1}, "nope"),
    ],
)
def test_what_makes_no_promotion_code(stripe: Client, params: Json, param: str) -> None:
    coupon = stripe.post("/v1/coupons", {"percent_off": 10})["id"]
    error = stripe.refused("POST", "/v1/promotion_codes", {"promotion": {"type": "coupon", "coupon": coupon}, **params})
    assert (error["status"], error["param"]) == (400, param)


def test_promotion_codes_as_they_were_made_before(stripe: Client) -> None:
    coupon = stripe.post("/v1/coupons", {"percent_off": 10})["id"]
    assert stripe.post("/v1/promotion_codes", {"coupon": coupon})["promotion"]["coupon"] == coupon


# --- tax rates, balance, accounts, webhooks --------------------------------------------------------------------------


def test_tax_rates(stripe: Client) -> None:
    made = stripe.post("/v1/tax_rates", {"display_name": "VAT", "inclusive": False, "percentage": "19.25"})
    expected: dict[str, Any] = {
        "percentage": 19.25,
        "effective_percentage": 19.25,
        "rate_type": "percentage",
        "flat_amount": None,
        "jurisdiction_level": None,
        "active": True,
    }
    assert made | expected == made
    path = f"/v1/tax_rates/{made['id']}"
    assert stripe.refused("POST", path, {"percentage": 7})["code"] == "parameter_unknown"
    assert stripe.post(path, {"active": False})["active"] is False
    assert stripe.get("/v1/tax_rates", {"active": True})["data"] == []
    bad = {"display_name": "VAT", "inclusive": False, "percentage": "1.23456"}
    assert stripe.refused("POST", "/v1/tax_rates", bad)["param"] == "percentage"


def test_accounts(stripe: Client) -> None:
    own = stripe.get("/v1/account")
    assert (own["id"], own["charges_enabled"]) == (stripe.sandbox.account, True)
    made = stripe.post("/v1/accounts")
    assert (made["charges_enabled"], made["payouts_enabled"], made["details_submitted"]) == (False, False, False)
    assert made["requirements"]["currently_due"]
    path = f"/v1/accounts/{made['id']}"
    asked = stripe.post(path, {"capabilities": {"transfers": {"requested": True}}})
    assert asked["capabilities"] == {"transfers": "inactive"}
    capability = stripe.get(f"{path}/capabilities/transfers")
    assert (capability["account"], capability["requested"], capability["status"]) == (made["id"], True, "inactive")
    assert len(stripe.get(f"{path}/capabilities")["data"]) == 1
    assert [row["id"] for row in stripe.get("/v1/accounts")["data"]] == [made["id"]]
    assert stripe.delete(path)["deleted"] is True
    assert "account.application.deauthorized" in stripe.event_types()


def test_the_secret_of_a_webhook_endpoint_is_shown_once(stripe: Client) -> None:
    params = {"url": "https://example.com/hook", "enabled_events": ["*"]}
    made = stripe.post("/v1/webhook_endpoints", params)
    assert made["secret"].startswith("whsec_")
    assert "secret" not in stripe.get(f"/v1/webhook_endpoints/{made['id']}")
    changed = stripe.post(f"/v1/webhook_endpoints/{made['id']}", {"disabled": True})
    assert changed["status"] == "disabled"
    error = stripe.refused("POST", "/v1/webhook_endpoints", {**params, "url": "nowhere"})
    assert (error["code"], error["param"]) == ("url_invalid", "url")
