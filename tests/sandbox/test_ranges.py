"""Values judged by their format: numbers, times, currencies, URLs and emails, at every depth."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest

from stripe_shell.sandbox.billing.calc.proration import credit, debit
from stripe_shell.spec.currencies import is_currency
from stripe_shell.spec.model import Operation, Shape
from stripe_shell.spec.table import load_table

from .conftest import Client, Json
from .shop import Shop

MILLISECONDS = 1_799_312_647_000
LATE = "Invalid timestamp: can be no more than five years in the future."


def refused(stripe: Client, path: str, params: Json) -> tuple[object, object]:
    error = stripe.refused("POST", path, params)
    assert error["status"] == 400
    return error["message"], error.get("param")


@pytest.mark.parametrize("number", [0, -1, -5])
@pytest.mark.parametrize(
    ("path", "name", "others"),
    [
        (
            "/v1/prices",
            "transform_quantity[divide_by]",
            {"currency": "usd", "unit_amount": 5, "product_data": {"name": "x"}, "transform_quantity": {"round": "up"}},
        ),
        ("/v1/coupons", "max_redemptions", {"percent_off": 10}),
        ("/v1/coupons", "duration_in_months", {"percent_off": 10, "duration": "repeating"}),
    ],
)
def test_a_count_is_positive(stripe: Client, path: str, name: str, others: Json, number: int) -> None:
    params: Json = {**others}
    if "[" in name:
        outer, _, inner = name.rstrip("]").partition("[")
        params[outer] = {**params[outer], inner: number}
    else:
        params[name] = number
    assert refused(stripe, path, params) == ("This value must be greater than or equal to 1.", name)


@pytest.mark.parametrize("time", [MILLISECONDS, 253_402_300_800, 2**63 - 1])
def test_milliseconds_are_no_time(stripe: Client, time: int) -> None:
    shop = Shop(stripe)
    customer, price = shop.customer(), shop.price()
    params: Json = {"customer": customer["id"], "items": [{"price": price["id"]}]}
    for name in ("cancel_at", "trial_end", "backdate_start_date"):
        assert refused(stripe, "/v1/subscriptions", {**params, name: time}) == (LATE, name)
    phases = [{"items": [{"price": price["id"]}], "end_date": time}]
    schedule: Json = {"customer": customer["id"], "phases": phases}
    assert refused(stripe, "/v1/subscription_schedules", {**schedule, "start_date": "now"}) == (
        LATE,
        "phases[0][end_date]",
    )
    subscription = shop.subscribe(customer, price)
    assert refused(stripe, f"/v1/subscriptions/{subscription['id']}", {"cancel_at": time}) == (LATE, "cancel_at")
    assert stripe.get(f"/v1/subscriptions/{subscription['id']}")["cancel_at"] is None


def _currency_names(shape: Shape) -> Iterator[tuple[str, ...]]:
    for name, field in shape.fields.items():
        if is_currency(name, field.shape):
            yield (name,)
        inner = field.shape.items if field.shape.kind == "array" else field.shape
        if inner is not None and inner.fields:
            yield from ((name, *rest) for rest in _currency_names(inner))


def _currency_params() -> list[tuple[Operation, tuple[str, ...]]]:
    table = load_table()
    operations = [table.operation(action, name) for name in table.entities() for action in table.actions(name)]
    return [(found, path) for found in operations if found is not None for path in _currency_names(found.params)]


def test_currencies_are_lower_case_wherever_the_table_has_one() -> None:
    from stripe_shell.sandbox.request.formats import normalize

    params = _currency_params()
    assert len(params) > 130
    for operation, path in params:
        for spelled in ("USD", "usd", "Usd"):
            tree: object = spelled
            wanted: object = "usd"
            shape = operation.params
            arrays = []
            for name in path:
                arrays.append(shape.fields[name].shape.kind == "array")
                shape = shape.fields[name].shape.items or shape.fields[name].shape
            for name, is_array in zip(reversed(path), reversed(arrays), strict=True):
                tree, wanted = ({name: [tree]}, {name: [wanted]}) if is_array else ({name: tree}, {name: wanted})
            assert isinstance(tree, dict)
            assert normalize(tree, operation) == wanted, (operation.id, path)


@pytest.mark.parametrize("text", ["nope", "a@example.com ", "a b@example.com"])
def test_an_email_has_a_name_and_a_host(stripe: Client, text: str) -> None:
    message = f"Invalid email address: {text}"
    assert refused(stripe, "/v1/payment_intents", {"amount": 100, "currency": "usd", "receipt_email": text}) == (
        message,
        "receipt_email",
    )
    method = {"type": "card", "card": {"token": "tok_visa"}, "billing_details": {"email": text}}
    assert refused(stripe, "/v1/payment_methods", method) == (message, "billing_details[email]")
    assert refused(stripe, "/v1/accounts", {"type": "custom", "email": text}) == (message, "email")


@pytest.mark.parametrize("text", ["nope", "undefined/settings", "https://", "javascript:alert(1)"])
def test_an_url_has_a_scheme_and_a_host(stripe: Client, text: str) -> None:
    customer = stripe.post("/v1/customers", {})
    wrong = ("Not a valid URL", "return_url")
    assert refused(stripe, "/v1/billing_portal/sessions", {"customer": customer["id"], "return_url": text}) == wrong
    intent = {"amount": 100, "currency": "usd", "confirm": True, "payment_method": "pm_card_visa", "return_url": text}
    assert refused(stripe, "/v1/payment_intents", intent) == wrong


def test_an_app_may_have_its_own_scheme_to_return_to(stripe: Client) -> None:
    intent = {"amount": 100, "currency": "usd", "confirm": True, "payment_method": "pm_card_visa"}
    assert stripe.post("/v1/payment_intents", {**intent, "return_url": "shop://paid"})["status"] == "succeeded"


@pytest.mark.parametrize(
    ("currency", "wrong", "right"), [("ugx", 380_050, 380_000), ("isk", 5_050, 5_000), ("kwd", 5_123, 5_120)]
)
def test_amounts_that_cannot_be_paid_exactly(stripe: Client, currency: str, wrong: int, right: int) -> None:
    intent: Json = {"currency": currency, "payment_method": "pm_card_visa", "confirm": True}
    intent["payment_method_types"] = ["card"]
    message, param = refused(stripe, "/v1/payment_intents", {**intent, "amount": wrong})
    assert str(message).startswith("Invalid amount.") and param == "amount"
    paid = stripe.post("/v1/payment_intents", {**intent, "amount": right})
    assert paid["status"] == "succeeded"
    message, param = refused(stripe, "/v1/refunds", {"payment_intent": paid["id"], "amount": wrong - right})
    assert str(message).startswith("Invalid amount.") and param == "amount"


def test_an_invoice_above_the_largest_charge_becomes_debt(stripe: Client) -> None:
    shop = Shop(stripe)
    customer = shop.customer()
    for amount, paid in ((99_999_999, 99_999_999), (100_000_000, 0)):
        invoice = stripe.post("/v1/invoices", {"customer": customer["id"]})
        item = {"customer": customer["id"], "invoice": invoice["id"], "amount": amount, "currency": "usd"}
        stripe.post("/v1/invoiceitems", item)
        assert stripe.post(f"/v1/invoices/{invoice['id']}/pay", {})["amount_paid"] == paid
    assert stripe.get(f"/v1/customers/{customer['id']}")["balance"] == 100_000_000
    rows = stripe.get(f"/v1/customers/{customer['id']}/balance_transactions")["data"]
    assert rows[0]["type"] == "invoice_too_large"


def test_one_customer_has_one_currency(stripe: Client) -> None:
    shop = Shop(stripe)
    customer, euro, dollar = shop.customer(), shop.price(currency="eur"), shop.price()
    first = shop.subscribe(customer, euro)
    again: Json = {"customer": customer["id"], "items": [{"price": dollar["id"]}]}
    phases = [{"items": [{"price": dollar["id"]}], "duration": {"interval": "month"}}]
    session: Json = {"mode": "subscription", "customer": customer["id"], "success_url": "https://example.com"}
    for path, params in (
        ("/v1/subscriptions", again),
        ("/v1/subscriptions", {**again, "trial_period_days": 7}),
        ("/v1/subscription_schedules", {"customer": customer["id"], "start_date": "now", "phases": phases}),
        ("/v1/checkout/sessions", {**session, "line_items": [{"price": dollar["id"], "quantity": 1}]}),
    ):
        message, _ = refused(stripe, path, params)
        assert str(message).startswith("You cannot combine currencies on a single customer.")
        assert str(message).endswith("with currency eur.")
    stripe.send("DELETE", f"/v1/subscriptions/{first['id']}")
    assert shop.subscribe(customer, dollar)["currency"] == "usd"
    assert stripe.get(f"/v1/customers/{customer['id']}")["currency"] == "usd"


def _nearest(value: Fraction) -> int:
    """The rule by decimal arithmetic: to the nearest cent, a tie towards minus infinity."""
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    rounding = ROUND_HALF_DOWN if exact >= 0 else ROUND_HALF_UP
    return int(exact.quantize(Decimal(1), rounding))


def test_prorations_are_rounded_to_the_nearest_cent() -> None:
    assert credit(5, Fraction(1, 2)) == -3
    assert debit(9, Fraction(1, 2)) == 4
    assert credit(8500, Fraction(2_590_587, 2_592_000)) == -8495
    assert debit(25_000, Fraction(31_535_999, 31_536_000)) == 25_000
    draw = random.Random(7)
    for _ in range(10_000):
        amount = draw.randrange(1, 10_000_000) * draw.randrange(1, 20)
        whole = 86_400 * draw.choice((1, 7, 28, 29, 30, 31, 90, 365, 366))
        part = Fraction(draw.randrange(whole + 1), whole)
        assert (credit(amount, part), debit(amount, part)) == (_nearest(-amount * part), _nearest(amount * part))
