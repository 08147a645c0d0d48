"""Sections 10 to 13: customers and their balance, products and prices, coupons and promotion codes, taxes."""

from __future__ import annotations

import pytest

from .conftest import Sdk

DAY = 86_400


def totals(invoice: object) -> tuple[int, int, int]:
    """Subtotal, total and what is due."""
    return invoice.subtotal, invoice.total, invoice.amount_due  # type: ignore[attr-defined]


# --- customers -----------------------------------------------------------------------------------------------------


def test_a_fresh_customer(sdk: Sdk) -> None:
    """§10: every key is there; sub-lists are absent; ids have 14 characters."""
    made = sdk.v1.customers.create()
    shown = made.to_dict()
    for name in [
        "address",
        "currency",
        "default_source",
        "description",
        "discount",
        "email",
        "name",
        "phone",
        "shipping",
        "test_clock",
    ]:
        assert shown[name] is None
    assert (made.balance, made.delinquent, made.tax_exempt, made.next_invoice_sequence) == (0, False, "none", 1)
    assert shown["preferred_locales"] == []
    assert len(made.invoice_prefix) == 8
    assert made.invoice_settings.to_dict() == dict.fromkeys(
        ("custom_fields", "default_payment_method", "footer", "rendering_options")
    )
    assert not {"sources", "subscriptions", "tax_ids"} & set(shown)
    assert len(made.id) == len("cus_") + 14


def test_a_deleted_customer(sdk: Sdk) -> None:
    """§10, §23: DELETE and a later GET answer the same with 200; as a parameter the id is missing."""
    customer = sdk.customer()
    subscription = sdk.subscribe(customer, sdk.price())
    gone = {"id": customer.id, "object": "customer", "deleted": True}
    assert sdk.v1.customers.delete(customer.id).to_dict() == gone
    assert sdk.v1.customers.retrieve(customer.id).to_dict() == gone
    params = {"amount": 1000, "currency": "usd", "customer": customer.id}
    error = sdk.refused(sdk.v1.payment_intents.create, params=params)
    assert (error.http_status, error.code, error.param) == (400, "resource_missing", "customer")
    assert sdk.v1.subscriptions.retrieve(subscription.id).status == "canceled"


def test_address_and_shipping(sdk: Sdk) -> None:
    """§10: an address is null or has six keys; an empty shipping changes nothing."""
    params = {"address": {"city": "Vienna"}, "shipping": {"name": "Ann", "address": {"line1": "Ring 1"}}}
    made = sdk.v1.customers.create(params=params)
    assert sorted(made.address.to_dict()) == ["city", "country", "line1", "line2", "postal_code", "state"]
    assert (made.address.city, made.address.line1) == ("Vienna", None)
    assert made.shipping.address.line1 == "Ring 1"


def test_the_balance_ledger(sdk: Sdk) -> None:
    """§10.1: rows by hand; the next invoice that finalizes uses the credit, in one row."""
    customer = sdk.customer()
    row = sdk.v1.customers.balance_transactions.create(customer.id, params={"amount": -700, "currency": "usd"})
    assert (row.type, row.amount, row.ending_balance) == ("adjustment", -700, -700)
    assert sdk.v1.customers.retrieve(customer.id).currency == "usd"
    invoice = sdk.invoice(customer, 2000)
    assert totals(invoice) == (2000, 2000, 1300)
    assert (invoice.starting_balance, invoice.ending_balance) == (-700, 0)
    rows = sdk.v1.customers.balance_transactions.list(customer.id).data
    assert [(row.type, row.amount, row.ending_balance) for row in rows] == [
        ("applied_to_invoice", 700, 0),
        ("adjustment", -700, -700),
    ]
    sdk.v1.invoices.void_invoice(invoice.id)
    assert sdk.v1.customers.retrieve(customer.id).balance == -700
    newest = sdk.v1.customers.balance_transactions.list(customer.id, params={"limit": 1}).data[0]
    assert newest.type == "unapplied_from_invoice"


def test_owed_balance_and_negative_totals(sdk: Sdk) -> None:
    """§10.1: a positive balance is a debt on the next invoice; a negative total becomes credit."""
    customer = sdk.customer(balance=500)
    invoice = sdk.invoice(customer, 2000)
    assert (totals(invoice), invoice.ending_balance) == ((2000, 2000, 2500), 0)
    invoice = sdk.invoice(customer, -334)
    assert (totals(invoice), invoice.status) == ((-334, -334, 0), "paid")
    assert sdk.v1.customers.retrieve(customer.id).balance == -334


def test_too_little_to_charge_is_owed(sdk: Sdk) -> None:
    """§10.1: below the minimum charge nothing is charged; the customer owes it."""
    customer = sdk.customer()
    invoice = sdk.invoice(customer, 20)
    assert (invoice.status, invoice.amount_due, invoice.attempted, invoice.attempt_count) == ("paid", 0, True, 0)
    assert sdk.v1.customers.retrieve(customer.id).balance == 20


@pytest.mark.parametrize(
    ("value", "status"), [("000000000", "verified"), ("111111111", "unverified"), ("222222222", "pending")]
)
def test_tax_ids(sdk: Sdk, value: str, status: str) -> None:
    """§10: test values settle the verification (https://docs.stripe.com/billing/customer/tax-ids)."""
    customer = sdk.v1.customers.create()
    made = sdk.v1.customers.tax_ids.create(customer.id, params={"type": "no_vat", "value": value})
    found = sdk.v1.customers.tax_ids.retrieve(customer.id, made.id)
    assert (made.id[:4], found.country, found.verification.status) == ("txi_", "NO", status)
    assert sdk.v1.customers.tax_ids.delete(customer.id, made.id).deleted is True
    assert [kind for kind in sdk.event_types("customer.tax_id") if not kind.endswith("updated")] == [
        "customer.tax_id.created",
        "customer.tax_id.deleted",
    ]


def test_bad_tax_id(sdk: Sdk) -> None:
    """§10: the format is checked when it is created."""
    customer = sdk.v1.customers.create()
    params = {"type": "eu_vat", "value": "nonsense"}
    assert sdk.refused(sdk.v1.customers.tax_ids.create, customer.id, params=params).code == "tax_id_invalid"


# --- catalogue -----------------------------------------------------------------------------------------------------


def test_products(sdk: Sdk) -> None:
    """§11: defaults; a product with prices cannot be deleted; one without is gone with 404."""
    made = sdk.v1.products.create(params={"name": "Gold", "default_price_data": {"currency": "usd", "unit_amount": 5}})
    assert (made.active, made.images, made.type) == (True, [], "service")
    assert sdk.v1.prices.retrieve(made.default_price).unit_amount == 5
    error = sdk.refused(sdk.v1.products.delete, made.id)
    assert error.user_message == "This product cannot be deleted because it has one or more user-created prices."
    bare = sdk.v1.products.create(params={"name": "Bare"})
    assert sdk.v1.products.delete(bare.id).deleted is True
    assert sdk.refused(sdk.v1.products.retrieve, bare.id).http_status == 404


def test_prices(sdk: Sdk) -> None:
    """§11: defaults, what is frozen, tiers only when expanded, no DELETE."""
    made = sdk.price(None, unit_amount_decimal="12.5", interval=None)
    assert (made.type, made.recurring, made.unit_amount, str(made.unit_amount_decimal)) == (
        "one_time",
        None,
        None,
        "12.5",
    )
    monthly = sdk.price()
    assert monthly.recurring.to_dict() == {
        "interval": "month",
        "interval_count": 1,
        "meter": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }
    assert sdk.refused(sdk.v1.prices.update, monthly.id, params={"unit_amount": 5}).code == "parameter_unknown"
    assert sdk.refused(sdk.client.raw_request, "delete", f"/v1/prices/{monthly.id}").http_status == 404
    tiers = [{"up_to": 10, "unit_amount": 100}, {"up_to": "inf", "unit_amount": 50}]
    tiered = sdk.price(None, billing_scheme="tiered", tiers_mode="volume", tiers=tiers)
    assert "tiers" not in tiered
    shown = sdk.v1.prices.retrieve(tiered.id, params={"expand": ["tiers"]})
    assert [(tier.up_to, tier.unit_amount) for tier in shown.tiers] == [(10, 100), (None, 50)]


def test_mistakes_with_prices(sdk: Sdk) -> None:
    """§2.4: product or product_data, an amount, a free lookup key."""
    for params, message in [
        (
            {"currency": "usd", "unit_amount": 5},
            "You must specify either `product` or `product_data` when creating a price.",
        ),
        (
            {"currency": "usd", "product_data": {"name": "x"}},
            "Prices require an `unit_amount` or `unit_amount_decimal` parameter to be set.",
        ),
    ]:
        assert sdk.refused(sdk.v1.prices.create, params=params).user_message == message
    holder = sdk.price(lookup_key="k")
    error = sdk.refused(sdk.price, lookup_key="k")
    assert (error.user_message, error.param) == (f"A price (`{holder.id}`) already uses that lookup key.", "lookup_key")
    taker = sdk.price(lookup_key="k", transfer_lookup_key=True)
    assert (taker.lookup_key, sdk.v1.prices.retrieve(holder.id).lookup_key) == ("k", None)


def test_plans_are_prices(sdk: Sdk) -> None:
    """§11: one object, two views; plans can be deleted."""
    price = sdk.price()
    plan = sdk.v1.plans.retrieve(price.id)
    assert (plan.object, plan.amount, plan.interval) == ("plan", 1000, "month")
    made = sdk.v1.plans.create(
        params={"currency": "usd", "interval": "year", "amount": 900, "product": {"name": "Old"}}
    )
    assert sdk.v1.prices.retrieve(made.id).unit_amount == 900
    assert sdk.v1.plans.delete(made.id).deleted is True


# --- discounts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "code", "param", "message"),
    [
        ({}, "parameter_missing", None, "Must provide percent_off or amount_off."),
        (
            {"percent_off": 10, "amount_off": 5, "currency": "usd"},
            None,
            None,
            "Received both percent_off and amount_off parameters. Please pass in only one.",
        ),
        ({"amount_off": 5}, None, "currency", "You must pass currency when passing amount_off"),
        (
            {"percent_off": 10, "duration": "repeating"},
            None,
            "duration",
            "The duration_in_months param must be set when ",
        ),
        (
            {"percent_off": 0},
            None,
            "percent_off",
            "This value must be greater than or equal to 0.01 (it currently is '0.0').",
        ),
    ],
)
def test_mistakes_with_coupons(sdk: Sdk, params: dict[str, object], code: str, param: str, message: str) -> None:
    """§2.4: exactly one way of taking off, each with what it needs."""
    error = sdk.refused(sdk.v1.coupons.create, params=params)
    assert (error.http_status, error.code, error.param) == (400, code, param)
    assert error.user_message.startswith(message)


def test_coupons(sdk: Sdk) -> None:
    """§12: `once` by default; used up is not valid; gone is 404; an id is taken once."""
    made = sdk.v1.coupons.create(params={"id": "TEN", "percent_off": 10, "max_redemptions": 1})
    assert (made.duration, made.valid, made.times_redeemed) == ("once", True, 0)
    error = sdk.refused(sdk.v1.coupons.create, params={"id": "TEN", "percent_off": 5})
    assert (error.code, error.user_message) == ("resource_already_exists", "Coupon already exists.")
    sdk.subscribe(sdk.customer(), sdk.price(), discounts=[{"coupon": "TEN"}])
    used = sdk.v1.coupons.retrieve("TEN")
    assert (used.valid, used.times_redeemed) == (False, 1)
    params = {"customer": sdk.customer().id, "items": [{"price": sdk.price().id}], "discounts": [{"coupon": "TEN"}]}
    assert "is used up and cannot be applied" in sdk.refused(sdk.v1.subscriptions.create, params=params).user_message
    sdk.v1.coupons.delete("TEN")
    assert sdk.refused(sdk.v1.coupons.retrieve, "TEN").http_status == 404


def test_shares_of_an_amount_off(sdk: Sdk) -> None:
    """§12: 500 over 1000 and 2000 is 166 and 334: floored, the remainder to the last line."""
    coupon = sdk.v1.coupons.create(params={"amount_off": 500, "currency": "usd"})
    invoice = sdk.invoice(sdk.customer(), 2000, 1000, discounts=[{"coupon": coupon.id}])
    shares = [(line.amount, line.discount_amounts[0].amount) for line in invoice.lines.data]
    assert shares == [(1000, 166), (2000, 334)]
    assert totals(invoice) == (3000, 2500, 2500)
    assert invoice.total_discount_amounts[0].amount == 500


def test_percent_off_stacks_in_order(sdk: Sdk) -> None:
    """§12: each discount works on what the former left; percents are rounded half up."""
    half, third = (sdk.v1.coupons.create(params={"percent_off": off, "duration": "forever"}) for off in (50, 33))
    made = sdk.subscribe(sdk.customer(), sdk.price(999), discounts=[{"coupon": half.id}, {"coupon": third.id}])
    invoice = sdk.v1.invoices.retrieve(made.latest_invoice)
    # 50 % of 999 are 499.5, so 500; 33 % of the 499 that are left are 164.67, so 165
    assert [row.amount for row in invoice.total_discount_amounts] == [500, 165]
    assert invoice.total == 334


def test_promotion_codes(sdk: Sdk) -> None:
    """§12: the coupon stands inside `promotion`; codes are unique among the active ones, whatever their case."""
    coupon = sdk.v1.coupons.create(params={"percent_off": 25})
    promotion = {"type": "coupon", "coupon": coupon.id}
    made = sdk.v1.promotion_codes.create(params={"promotion": promotion, "code": "SPRING"})
    assert (made.promotion.coupon, made.active) == (coupon.id, True)
    error = sdk.refused(sdk.v1.promotion_codes.create, params={"promotion": promotion, "code": "spring"})
    assert error.user_message == "An active promotion code with `code: spring` already exists."
    subscription = sdk.subscribe(sdk.customer(), sdk.price(), discounts=[{"promotion_code": made.id}])
    assert sdk.v1.invoices.retrieve(subscription.latest_invoice).total == 750
    assert sdk.v1.promotion_codes.retrieve(made.id).times_redeemed == 1


# --- taxes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("inclusive", "tax", "total"), [(False, 125, 625), (True, 100, 500)])
def test_a_quarter_of_five(sdk: Sdk, inclusive: bool, tax: int, total: int) -> None:
    """§13: 25 % on 5.00 is 1.25 on top, or 1.00 inside (https://docs.stripe.com/billing/taxes/tax-rates)."""
    params = {"display_name": "VAT", "percentage": 25, "inclusive": inclusive}
    rate = sdk.v1.tax_rates.create(params=params)
    invoice = sdk.invoice(sdk.customer(), 500, default_tax_rates=[rate.id])
    assert (invoice.total, invoice.total_excluding_tax) == (total, total - tax)
    (entry,) = invoice.total_taxes
    assert (entry.amount, entry.tax_behavior) == (tax, "inclusive" if inclusive else "exclusive")
    assert entry.tax_rate_details.tax_rate == rate.id


def test_tax_is_rounded_per_line(sdk: Sdk) -> None:
    """§13: 10 % inside 1000.00 and 50.00 is 90.91 + 4.55 = 95.46."""
    rate = sdk.v1.tax_rates.create(params={"display_name": "GST", "percentage": 10, "inclusive": True})
    invoice = sdk.invoice(sdk.customer(), 100_000, 5_000, default_tax_rates=[rate.id])
    assert sorted(line.taxes[0].amount for line in invoice.lines.data) == [455, 9091]
    assert invoice.total_taxes[0].amount == 9546


def test_exempt_customers(sdk: Sdk) -> None:
    """§13: inclusive tax is taken off the price: 100 becomes 90.91."""
    rate = sdk.v1.tax_rates.create(params={"display_name": "GST", "percentage": 10, "inclusive": True})
    invoice = sdk.invoice(sdk.customer(tax_exempt="exempt"), 10_000, default_tax_rates=[rate.id])
    assert invoice.total == 9091


def test_tax_after_discount(sdk: Sdk) -> None:
    """§13: exclusive tax is on the net after the discount."""
    rate = sdk.v1.tax_rates.create(params={"display_name": "VAT", "percentage": 20, "inclusive": False})
    coupon = sdk.v1.coupons.create(params={"percent_off": 50})
    invoice = sdk.invoice(sdk.customer(), 1000, default_tax_rates=[rate.id], discounts=[{"coupon": coupon.id}])
    assert (invoice.subtotal, invoice.total, invoice.total_taxes[0].amount) == (1000, 600, 100)
