"""Rules that are judged by the value that is given, and at the moment that Stripe judges them."""

from __future__ import annotations

import pytest

from .conftest import Client, Json
from .shop import DAY, Shop

PAY: Json = {"amount": 2000, "currency": "usd", "payment_method_types": ["card"]}


def _session(stripe: Client, amount: int = 1000, **more: object) -> Json:
    data = {"currency": "usd", "unit_amount": amount, "product_data": {"name": "x"}}
    params = {"mode": "payment", "success_url": "https://example.com/ok"}
    return {**params, "line_items": [{"price_data": data, "quantity": 1}], **more}


# --- options that change nothing ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["off_session", "error_on_requires_action"])
def test_an_option_that_is_off_needs_no_confirmation(stripe: Client, name: str) -> None:
    """`false` is the same as nothing; `true` needs `confirm`."""
    assert stripe.post("/v1/payment_intents", {**PAY, name: False})["status"] == "requires_payment_method"
    assert stripe.refused("POST", "/v1/payment_intents", {**PAY, name: True})["param"] == name


@pytest.mark.parametrize(("kind", "title"), [("payment_intents", "PaymentIntent"), ("setup_intents", "SetupIntent")])
def test_a_client_secret_is_compared(stripe: Client, kind: str, title: str) -> None:
    """On reading and on confirming; the right one passes."""
    params = {"payment_method_types": ["card"], "payment_method": "pm_card_visa"}
    made = stripe.post(f"/v1/{kind}", params if kind == "setup_intents" else PAY | params)
    path, wrong = f"/v1/{kind}/{made['id']}", {"client_secret": f"{made['id']}_secret_x"}
    for method, where in (("GET", path), ("POST", f"{path}/confirm")):
        error = stripe.refused(method, where, wrong)
        assert (error["status"], error["param"]) == (400, "client_secret")
        assert f"does not match any associated {title}" in error["message"]
    right = {"client_secret": made["client_secret"]}
    assert stripe.get(path, right)["id"] == made["id"]
    assert stripe.post(f"{path}/confirm", right)["status"] == "succeeded"


# --- confirmation --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["authenticationRequired", "threeDSecure2Required"])
def test_manual_confirmation_comes_after_the_authentication(stripe: Client, name: str) -> None:
    """The intent waits for a second confirmation, which charges the card that was authenticated."""
    params = {**PAY, "confirmation_method": "manual", "confirm": True, "payment_method": f"pm_card_{name}"}
    intent = stripe.post("/v1/payment_intents", params)
    stripe.sandbox.authenticate(intent["id"])
    waiting = stripe.get(f"/v1/payment_intents/{intent['id']}")
    assert (waiting["status"], waiting["next_action"]) == ("requires_confirmation", None)
    assert waiting["latest_charge"] is None
    assert stripe.post(f"/v1/payment_intents/{intent['id']}/confirm")["status"] == "succeeded"


def test_another_card_is_authenticated_again(stripe: Client) -> None:
    """The authentication holds for its card alone."""
    card = "pm_card_authenticationRequired"
    params = {**PAY, "confirmation_method": "manual", "confirm": True, "payment_method": card}
    intent = stripe.post("/v1/payment_intents", params)
    stripe.sandbox.authenticate(intent["id"])
    again = stripe.post(f"/v1/payment_intents/{intent['id']}/confirm", {"payment_method": card})
    assert again["status"] == "requires_action"


def test_a_method_that_was_set_up_can_be_attached(stripe: Client) -> None:
    """A setup without a customer does not use it up; a payment without one does."""
    owner = stripe.post("/v1/customers")["id"]
    params = {"payment_method_types": ["card"], "payment_method": "pm_card_visa", "confirm": True}
    method = stripe.post("/v1/setup_intents", params)["payment_method"]
    assert stripe.post(f"/v1/payment_methods/{method}/attach", {"customer": owner})["customer"] == owner
    spent = stripe.post("/v1/payment_intents", PAY | params)["payment_method"]
    error = stripe.refused("POST", f"/v1/payment_methods/{spent}/attach", {"customer": owner})
    assert "may not be used again" in error["message"]


# --- Checkout ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("currency", "amount"), [("usd", 49), ("jpy", 49), ("gbp", 29), ("huf", 17499)])
def test_a_session_below_the_minimum(stripe: Client, currency: str, amount: int) -> None:
    """Refused when it is created, at the total: several small lines together are enough."""
    data = {"currency": currency, "unit_amount": amount, "product_data": {"name": "x"}}
    params = _session(stripe, line_items=[{"price_data": data, "quantity": 1}])
    assert stripe.refused("POST", "/v1/checkout/sessions", params)["code"] == "amount_too_small"
    params["line_items"][0]["quantity"] = 2
    assert stripe.post("/v1/checkout/sessions", params)["amount_total"] == 2 * amount


def test_a_discount_can_lower_a_session_below_the_minimum(stripe: Client) -> None:
    """The total after the discount counts; a total of 0 needs no payment."""
    for percent, refused in ((96, True), (90, False), (100, False)):
        coupon = stripe.post("/v1/coupons", {"percent_off": percent, "duration": "once"})["id"]
        params = _session(stripe, discounts=[{"coupon": coupon}])
        answer = stripe.send("POST", "/v1/checkout/sessions", params)
        assert (answer.status == 400) is refused, percent


def test_a_line_needs_a_quantity(stripe: Client) -> None:
    """The parameter is named, of a second line too."""
    params = _session(stripe)
    params["line_items"] = [params["line_items"][0], {"price_data": params["line_items"][0]["price_data"]}]
    error = stripe.refused("POST", "/v1/checkout/sessions", params)
    assert error["param"] == "line_items[1][quantity]"
    assert error["message"] == "Quantity is required. Add `quantity` to `line_items[1]`"


def test_a_promotion_code_needs_its_minimum(stripe: Client) -> None:
    """Counted before the discount."""
    coupon = stripe.post("/v1/coupons", {"percent_off": 10, "duration": "once"})["id"]
    restrictions = {"minimum_amount": 1500, "minimum_amount_currency": "usd"}
    promotion = {"type": "coupon", "coupon": coupon}
    code = stripe.post("/v1/promotion_codes", {"promotion": promotion, "restrictions": restrictions})["id"]
    discounts = [{"promotion_code": code}]
    error = stripe.refused("POST", "/v1/checkout/sessions", _session(stripe, discounts=discounts))
    assert "minimum amount" in error["message"]
    session = stripe.post("/v1/checkout/sessions", _session(stripe, 1500, discounts=discounts))
    assert session["amount_total"] == 1350


def test_a_coupon_needs_something_to_apply_to(stripe: Client) -> None:
    """One that is limited to other products is refused."""
    products = [stripe.post("/v1/products", {"name": name})["id"] for name in ("sold", "other")]
    price = stripe.post("/v1/prices", {"product": products[0], "currency": "usd", "unit_amount": 1000})["id"]
    lines = [{"price": price, "quantity": 1}]
    for product, total in zip(products, (500, None), strict=True):
        coupon = {"percent_off": 50, "duration": "once", "applies_to": {"products": [product]}}
        discounts = [{"coupon": stripe.post("/v1/coupons", coupon)["id"]}]
        answer = stripe.send("POST", "/v1/checkout/sessions", _session(stripe, line_items=lines, discounts=discounts))
        if total:
            assert answer.json()["amount_total"] == total
        else:
            assert answer.json()["error"]["code"] == "coupon_applies_to_nothing"


def test_a_coupon_needs_the_currency(stripe: Client) -> None:
    """An amount off in euros takes nothing off dollars: it is refused, by sessions and by subscriptions."""
    shop = Shop(stripe)
    coupon = {"amount_off": 100, "currency": "eur", "duration": "once"}
    discounts = [{"coupon": stripe.post("/v1/coupons", coupon)["id"]}]
    both = {**coupon, "currency_options": {"usd": {"amount_off": 120}}}
    for path, params in (
        ("/v1/checkout/sessions", _session(stripe)),
        ("/v1/subscriptions", {"customer": shop.customer()["id"], "items": [{"price": shop.price()["id"]}]}),
    ):
        error = stripe.refused("POST", path, {**params, "discounts": discounts})
        assert (error["status"], "eur" in error["message"]) == (400, True)
        other = [{"coupon": stripe.post("/v1/coupons", both)["id"]}]
        assert stripe.post(path, {**params, "discounts": other})["id"]


@pytest.mark.parametrize("quantity", [0, -1])
def test_a_line_is_of_something(stripe: Client, quantity: int) -> None:
    """A quantity of 0 is refused by sessions and links."""
    price = Shop(stripe).price(500, None)["id"]
    lines = [{"price": price, "quantity": quantity}]
    for path, params in (("/v1/checkout/sessions", _session(stripe)), ("/v1/payment_links", {})):
        error = stripe.refused("POST", path, {**params, "line_items": lines})
        assert (error["param"], error["code"]) == ("line_items[0][quantity]", "parameter_invalid_integer")


def test_a_minimum_amount_has_a_currency(stripe: Client) -> None:
    """A promotion code names it."""
    coupon = stripe.post("/v1/coupons", {"percent_off": 10, "duration": "once"})["id"]
    params = {"promotion": {"type": "coupon", "coupon": coupon}, "restrictions": {"minimum_amount": 100}}
    error = stripe.refused("POST", "/v1/promotion_codes", params)
    assert error["param"] == "restrictions[minimum_amount_currency]"


def test_eight_pictures(stripe: Client) -> None:
    """The ninth is refused, at once and by an update."""
    images = [f"https://a.example/{at}.png" for at in range(9)]
    assert stripe.refused("POST", "/v1/products", {"name": "x", "images": images})["param"] == "images"
    made = stripe.post("/v1/products", {"name": "x", "images": images[:8]})["id"]
    assert stripe.refused("POST", f"/v1/products/{made}", {"images": images})["param"] == "images"


def test_a_session_takes_one_discount(stripe: Client) -> None:
    """Two are refused, and none of them is redeemed."""
    coupons = [stripe.post("/v1/coupons", {"percent_off": 5, "duration": "once"})["id"] for _ in range(2)]
    params = _session(stripe, discounts=[{"coupon": coupon} for coupon in coupons])
    assert stripe.refused("POST", "/v1/checkout/sessions", params)["param"] == "discounts"
    assert stripe.get(f"/v1/coupons/{coupons[0]}")["times_redeemed"] == 0


# --- billing -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("quantity", [1, 2])
def test_a_subscription_is_not_charged_more_than_a_card_can_be(stripe: Client, quantity: int) -> None:
    """What is above the largest charge goes to the customer's balance, as for one-off invoices."""
    shop = Shop(stripe)
    owner, price = shop.customer()["id"], shop.price(99_999_999)["id"]
    made = stripe.post(
        "/v1/subscriptions",
        {"customer": owner, "items": [{"price": price, "quantity": quantity}], "expand": ["latest_invoice"]},
    )
    paid = made["latest_invoice"]["amount_paid"]
    assert (made["status"], paid) == ("active", 99_999_999 if quantity == 1 else 0)
    rows = stripe.get(f"/v1/customers/{owner}/balance_transactions")["data"]
    assert [row["type"] for row in rows] == (["invoice_too_large"] if quantity == 2 else [])
    assert all(charge["amount"] <= 99_999_999 for charge in stripe.get("/v1/charges")["data"])


def test_canceling_now_takes_the_later_end_back(stripe: Client) -> None:
    """DELETE clears `cancel_at` and `cancel_at_period_end`; at the period's end they stay."""
    shop = Shop(stripe)
    ended = []
    for now in (True, False):
        made = shop.subscribe(shop.customer(), shop.price())
        shop.update(made, cancel_at_period_end=True)
        if now:
            stripe.send("DELETE", f"/v1/subscriptions/{made['id']}")
        ended.append(made)
    stripe.clock.advance(32 * DAY)
    shown = [stripe.get(f"/v1/subscriptions/{made['id']}") for made in ended]
    assert [found["status"] for found in shown] == ["canceled", "canceled"]
    assert [found["cancel_at_period_end"] for found in shown] == [False, True]
    assert [found["cancel_at"] is None for found in shown] == [True, False]


def test_the_discount_of_a_line_is_in_the_subtotal(stripe: Client) -> None:
    """That of the invoice is not; both lower the total."""
    shop = Shop(stripe)
    coupons = [stripe.post("/v1/coupons", {"amount_off": off, "currency": "usd"})["id"] for off in (100, 50)]
    owner = shop.customer()["id"]
    invoice = stripe.post("/v1/invoices", {"customer": owner, "discounts": [{"coupon": coupons[1]}]})["id"]
    item = {"customer": owner, "invoice": invoice, "amount": 1000, "currency": "usd"}
    stripe.post("/v1/invoiceitems", {**item, "discounts": [{"coupon": coupons[0]}]})
    shown = stripe.get(f"/v1/invoices/{invoice}")
    assert (shown["subtotal"], shown["subtotal_excluding_tax"], shown["total"]) == (900, 900, 850)
    assert shown["lines"]["data"][0]["amount"] == 1000


def test_a_payment_link_below_the_minimum(stripe: Client) -> None:
    """At create, and when quantities change; a recurring price may be below, as in subscriptions."""
    product = {"product_data": {"name": "a"}, "currency": "usd"}

    def line(amount: int, **more: object) -> dict[str, object]:
        price = stripe.post("/v1/prices", {**product, "unit_amount": amount, **more})["id"]
        return {"price": price, "quantity": 1}

    error = stripe.refused("POST", "/v1/payment_links", {"line_items": [line(49)]})
    assert (error["code"], error["message"]) == (
        "amount_too_small",
        "The Payment Link's total amount must convert to at least 50 cents. $0.49 is below that.",
    )
    assert stripe.post("/v1/payment_links", {"line_items": [line(49), line(1)]})["currency"] == "usd"
    assert stripe.post("/v1/payment_links", {"line_items": [line(10, recurring={"interval": "month"})]})["active"]
