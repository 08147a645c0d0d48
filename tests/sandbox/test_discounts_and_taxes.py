"""Discounts and taxes on invoices and subscriptions: how long they last, how they are shared, what is shown."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import NOW, Client, Json
from .shop import DAY, HOUR, Shop, at

END = at("2026-07-01T12:00:00")


@pytest.fixture
def shop(stripe: Client) -> Shop:
    """A business without anything yet."""
    return Shop(stripe)


@pytest.fixture
def customer(shop: Shop) -> Json:
    """A customer with a card."""
    return shop.customer()


def coupon(shop: Shop, **params: Any) -> Json:
    """A coupon; 10 % where nothing else is said."""
    if not {"percent_off", "amount_off"} & set(params):
        params["percent_off"] = 10
    return shop.stripe.post("/v1/coupons", params)


def redeemed(shop: Shop, made: Json) -> int:
    """How often a coupon was redeemed."""
    return int(shop.stripe.get(f"/v1/coupons/{made['id']}")["times_redeemed"])


def subscribe(shop: Shop, customer: Json, *coupons: Json, amount: int = 1000, **more: Any) -> Json:
    """A subscription with these coupons."""
    given = [{"coupon": entry["id"]} for entry in coupons]
    return shop.subscribe(customer, shop.price(amount), discounts=given, **more)


def rate(shop: Shop, percentage: float, *, inclusive: bool = False) -> Json:
    """A tax rate."""
    return shop.stripe.post("/v1/tax_rates", {"display_name": "VAT", "percentage": percentage, "inclusive": inclusive})


# --- how long --------------------------------------------------------------------------------------------------------


def test_once_is_gone_after_the_first_invoice(shop: Shop, customer: Json) -> None:
    """A coupon that is good `once` is already gone in the answer of a create without trial."""
    once = coupon(shop)
    made = subscribe(shop, customer, once)
    invoice = shop.invoice(made["latest_invoice"])
    assert (made["discounts"], invoice["total"]) == ([], 900)
    assert len(invoice["discounts"]) == 1
    assert redeemed(shop, once) == 1
    shop.stripe.clock.advance(END - NOW + HOUR)
    assert shop.invoices(customer)[0]["total"] == 1000


def test_once_waits_for_the_end_of_a_trial(shop: Shop, customer: Json) -> None:
    """On a trial it waits; the invoice of nothing shows it with amount 0."""
    made = subscribe(shop, customer, coupon(shop), trial_period_days=7)
    assert len(made["discounts"]) == 1
    first = shop.invoice(made["latest_invoice"])
    assert first["total_discount_amounts"] == [{"amount": 0, "discount": made["discounts"][0]}]
    shop.stripe.clock.advance(7 * DAY + HOUR)
    assert shop.invoices(customer)[0]["total"] == 900
    assert shop.subscription(made)["discounts"] == []


def test_forever(shop: Shop, customer: Json) -> None:
    made = subscribe(shop, customer, coupon(shop, duration="forever"))
    shop.stripe.clock.advance(END - NOW + HOUR)
    assert [invoice["total"] for invoice in shop.invoices(customer)] == [900, 900]
    assert shop.subscription(made)["discounts"] == made["discounts"]


def test_repeating_ends_after_calendar_months(shop: Shop, customer: Json) -> None:
    """`end` = start + n calendar months; an invoice billed exactly then is not discounted."""
    made = subscribe(shop, customer, coupon(shop, duration="repeating", duration_in_months=2))
    shown = shop.stripe.get(f"/v1/subscriptions/{made['id']}", {"expand": ["discounts"]})["discounts"][0]
    assert (shown["start"], shown["end"]) == (NOW, at("2026-08-01T12:00:00"))
    assert (shown["subscription"], shown["source"]["type"]) == (made["id"], "coupon")
    shop.stripe.clock.advance(at("2026-08-01T14:00:00") - NOW)
    assert [invoice["total"] for invoice in shop.invoices(customer)] == [1000, 900, 900]
    assert shop.subscription(made)["discounts"] == []


def test_a_yearly_invoice_in_the_window_is_discounted_in_full(shop: Shop, customer: Json) -> None:
    """A repeating coupon gives its full percentage to a yearly invoice that falls inside the window."""
    months = coupon(shop, duration="repeating", duration_in_months=3)
    made = shop.subscribe(customer, shop.price(12_000, "year"), discounts=[{"coupon": months["id"]}])
    assert shop.invoice(made["latest_invoice"])["total"] == 10_800


def test_the_end_counts_from_a_start_in_the_past(shop: Shop, customer: Json) -> None:
    start = at("2026-05-01T12:00:00")
    made = subscribe(
        shop, customer, coupon(shop, duration="repeating", duration_in_months=2), backdate_start_date=start
    )
    shown = shop.stripe.get(f"/v1/subscriptions/{made['id']}", {"expand": ["discounts"]})["discounts"][0]
    assert (shown["start"], shown["end"]) == (start, END)


# --- redemptions -----------------------------------------------------------------------------------------------------


def test_each_discount_is_a_redemption(shop: Shop, customer: Json) -> None:
    """Sending a coupon again that is carried keeps its discount, counts nothing, and works when it is used up."""
    ever = coupon(shop, duration="forever", max_redemptions=1)
    made = subscribe(shop, customer, ever)
    again = shop.update(made, discounts=[{"coupon": ever["id"]}])
    assert again["discounts"] == made["discounts"]
    assert redeemed(shop, ever) == 1
    error = shop.stripe.refused(
        "POST",
        "/v1/subscriptions",
        {
            "customer": customer["id"],
            "items": [{"price": shop.price()["id"]}],
            "discounts": [{"coupon": ever["id"]}],
        },
    )
    assert error["message"] == f"Coupon {ever['id']} is used up and cannot be applied."


def test_discounts_are_replaced_kept_and_cleared(shop: Shop, customer: Json) -> None:
    """An update replaces the list; leaving it out keeps; the empty text clears. No proration by itself."""
    first, second = coupon(shop, duration="forever"), coupon(shop, duration="forever", percent_off=20)
    made = subscribe(shop, customer, first)
    assert shop.update(made, metadata={"a": "1"})["discounts"] == made["discounts"]
    other = shop.update(made, discounts=[{"coupon": second["id"]}])["discounts"]
    assert len(other) == 1
    assert other != made["discounts"]
    assert shop.update(made, discounts="")["discounts"] == []
    assert shop.pending(customer) == []


def test_a_customers_discount_applies_where_there_is_none(shop: Shop) -> None:
    """Cleared discounts let that of the customer apply."""
    ever = coupon(shop, duration="forever", percent_off=50)
    customer = shop.customer(coupon=ever["id"])
    made = subscribe(shop, customer, coupon(shop, duration="forever"))
    assert shop.invoice(made["latest_invoice"])["total"] == 900
    shop.update(made, discounts="")
    shop.stripe.clock.advance(END - NOW + HOUR)
    assert shop.invoices(customer)[0]["total"] == 500


def test_a_coupon_twice_is_refused(shop: Shop, customer: Json) -> None:
    ever = coupon(shop, duration="forever")
    params = {"customer": customer["id"], "items": [{"price": shop.price()["id"]}]}
    given = [{"coupon": ever["id"]}, {"coupon": ever["id"]}]
    error = shop.stripe.refused("POST", "/v1/subscriptions", {**params, "discounts": given})
    assert error["param"] == "discounts[1]"
    assert redeemed(shop, ever) == 0


def test_promotion_codes(shop: Shop, customer: Json) -> None:
    """A code brings its coupon; codes for first transactions refuse customers who paid before."""
    ever = coupon(shop, duration="forever")
    code = shop.stripe.post(
        "/v1/promotion_codes",
        {
            "promotion": {"type": "coupon", "coupon": ever["id"]},
            "restrictions": {"first_time_transaction": True},
        },
    )
    given = [{"promotion_code": code["id"]}]
    made = shop.subscribe(customer, shop.price(), discounts=given)
    shown = shop.stripe.get(f"/v1/subscriptions/{made['id']}", {"expand": ["discounts"]})["discounts"][0]
    assert (shown["promotion_code"], shown["source"]["coupon"]) == (code["id"], ever["id"])
    params = {"customer": customer["id"], "items": [{"price": shop.price()["id"]}], "discounts": given}
    assert "prior transactions" in shop.stripe.refused("POST", "/v1/subscriptions", params)["message"]


def test_a_code_with_a_minimum(shop: Shop, customer: Json) -> None:
    code = shop.stripe.post(
        "/v1/promotion_codes",
        {
            "promotion": {"type": "coupon", "coupon": coupon(shop)["id"]},
            "restrictions": {"minimum_amount": 5000, "minimum_amount_currency": "usd"},
        },
    )
    given = [{"promotion_code": code["id"]}]
    params = {"customer": customer["id"], "items": [{"price": shop.price()["id"]}], "discounts": given}
    assert "$50.00" in shop.stripe.refused("POST", "/v1/subscriptions", params)["message"]
    assert shop.subscribe(customer, shop.price(6000), discounts=given)["status"] == "active"


# --- on the invoice --------------------------------------------------------------------------------------------------


def invoice_of(shop: Shop, customer: Json, *amounts: int, **more: Any) -> Json:
    """A draft with an item for each amount, the last one first."""
    made = shop.stripe.post("/v1/invoices", {"customer": customer["id"], **more})
    for amount in amounts:
        shop.stripe.post(
            "/v1/invoiceitems",
            {"customer": customer["id"], "amount": amount, "currency": "usd", "invoice": made["id"]},
        )
    return shop.invoice(made["id"])


def test_an_amount_off_on_the_lines(shop: Shop, customer: Json) -> None:
    """500 over 1000 and 2000 → 166 and 334; every line lists it, in `pretax_credit_amounts` as well."""
    off = coupon(shop, amount_off=500, currency="usd")
    made = invoice_of(shop, customer, 2000, 1000, discounts=[{"coupon": off["id"]}])
    (name,) = made["discounts"]
    assert [line["discount_amounts"] for line in made["lines"]["data"]] == [
        [{"amount": 166, "discount": name}],
        [{"amount": 334, "discount": name}],
    ]
    line = made["lines"]["data"][0]
    assert line["pretax_credit_amounts"] == [{"amount": 166, "discount": name, "type": "discount"}]
    assert line["discounts"] == []
    assert made["total_discount_amounts"] == [{"amount": 500, "discount": name}]
    assert (made["subtotal"], made["total"]) == (3000, 2500)


def test_stacked_discounts(shop: Shop, customer: Json) -> None:
    """In list order, each on what the former left."""
    tenth, money = coupon(shop), coupon(shop, amount_off=100, currency="usd")
    both = [{"coupon": tenth["id"]}, {"coupon": money["id"]}]
    assert invoice_of(shop, customer, 1000, discounts=both)["total"] == 800
    assert invoice_of(shop, customer, 1000, discounts=both[::-1])["total"] == 810


def test_discounts_of_an_item_and_of_products(shop: Shop, customer: Json) -> None:
    """An item's own discount comes first; `applies_to` leaves other products alone; negative items get nothing."""
    price = shop.price(1000, None, "Book")
    only = coupon(shop, percent_off=50, applies_to={"products": [price["product"]]})
    made = invoice_of(shop, customer, 1000, -200, discounts=[{"coupon": only["id"]}])
    entry = shop.stripe.post(
        "/v1/invoiceitems",
        {
            "customer": customer["id"],
            "pricing": {"price": price["id"]},
            "invoice": made["id"],
            "discounts": [{"coupon": coupon(shop)["id"]}],
        },
    )
    after = shop.invoice(made["id"])
    book, negative, plain = after["lines"]["data"]
    assert book["discounts"] == entry["discounts"]
    assert [share["amount"] for share in book["discount_amounts"]] == [100, 450]
    assert [share["amount"] for share in (*negative["discount_amounts"], *plain["discount_amounts"])] == [0, 0]
    assert after["total"] == 1000 - 200 + 450


def test_an_item_discount_of_a_subscription(shop: Shop, customer: Json) -> None:
    ever = coupon(shop, duration="forever", percent_off=25)
    made = shop.stripe.post(
        "/v1/subscriptions",
        {
            "customer": customer["id"],
            "items": [
                {"price": shop.price(1000)["id"], "discounts": [{"coupon": ever["id"]}]},
                {"price": shop.price(400, name="Extra")["id"]},
            ],
        },
    )
    assert len(made["items"]["data"][0]["discounts"]) == 1
    assert shop.invoice(made["latest_invoice"])["total"] == 750 + 400


# --- taxes -----------------------------------------------------------------------------------------------------------


def test_exclusive_tax(shop: Shop, customer: Json) -> None:
    """Tax on the net after discount, added; the entry as it is shown in the line and summed in the invoice."""
    vat = rate(shop, 25)
    made = invoice_of(shop, customer, 500, default_tax_rates=[vat["id"]])
    entry = {
        "amount": 125,
        "tax_behavior": "exclusive",
        "tax_rate_details": {"tax_rate": vat["id"]},
        "taxability_reason": "not_available",
        "taxable_amount": 500,
        "type": "tax_rate_details",
    }
    assert made["lines"]["data"][0]["taxes"] == [entry]
    assert made["total_taxes"] == [entry]
    assert (made["subtotal"], made["total"], made["total_excluding_tax"], made["subtotal_excluding_tax"]) == (
        500,
        625,
        500,
        500,
    )
    assert made["default_tax_rates"][0]["id"] == vat["id"]


def test_inclusive_tax_is_rounded_per_line(shop: Shop, customer: Json) -> None:
    """10 % inside 1000.00 and 50.00: 90.91 + 4.55 = 95.46."""
    vat = rate(shop, 10, inclusive=True)
    made = invoice_of(shop, customer, 100_000, 5000, default_tax_rates=[vat["id"]])
    assert made["total_taxes"][0]["amount"] == 9546
    assert (made["total"], made["total_excluding_tax"]) == (105_000, 105_000 - 9546)


def test_a_lines_own_rates_replace_the_defaults(shop: Shop, customer: Json) -> None:
    vat, own = rate(shop, 25), rate(shop, 5)
    made = invoice_of(shop, customer, default_tax_rates=[vat["id"]])
    params = {"customer": customer["id"], "amount": 1000, "currency": "usd", "invoice": made["id"]}
    shop.stripe.post("/v1/invoiceitems", {**params, "tax_rates": [own["id"]]})
    assert shop.invoice(made["id"])["total"] == 1050


@pytest.mark.parametrize("exempt", ["exempt", "reverse"])
def test_exempt_customers_pay_no_tax(shop: Shop, exempt: str) -> None:
    """No tax; an inclusive one is taken off the price: 100 → 90.91."""
    customer = shop.customer(tax_exempt=exempt)
    assert invoice_of(shop, customer, 500, default_tax_rates=[rate(shop, 25)["id"]])["total"] == 500
    inside = invoice_of(shop, customer, 10_000, default_tax_rates=[rate(shop, 10, inclusive=True)["id"]])
    assert inside["total"] == 9091


def test_prorations_are_taxed_on_their_own(shop: Shop, customer: Json) -> None:
    """Negative ones too: −1800 at 5 % → −90."""  # noqa: RUF002
    made = shop.subscribe(customer, shop.price(3600), default_tax_rates=[rate(shop, 5)["id"]])
    assert shop.invoice(made["latest_invoice"])["total"] == 3780
    shop.stripe.clock.advance((END - NOW) // 2)
    item = made["items"]["data"][0]["id"]
    params = {"items": [{"id": item, "price": shop.price(200)["id"]}], "proration_behavior": "always_invoice"}
    changed = shop.update(made, **params)
    invoice = shop.invoice(changed["latest_invoice"])
    assert [(line["amount"], line["taxes"][0]["amount"]) for line in invoice["lines"]["data"]] == [
        (-1800, -90),
        (100, 5),
    ]
    assert invoice["total"] == -1785


def test_automatic_tax_needs_a_location(shop: Shop, customer: Json) -> None:
    params = {"customer": customer["id"], "automatic_tax": {"enabled": True}}
    assert shop.stripe.refused("POST", "/v1/invoices", params)["code"] == "customer_tax_location_invalid"
    params["items"] = [{"price": shop.price()["id"]}]
    assert shop.stripe.refused("POST", "/v1/subscriptions", params)["code"] == "customer_tax_location_invalid"
    shop.stripe.post(f"/v1/customers/{customer['id']}", {"address": {"country": "US"}})
    assert shop.stripe.post("/v1/subscriptions", params)["automatic_tax"]["enabled"] is True
