"""Sums and amounts in values: exact, against `fractions`, and inverse to how amounts are written."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stripe_shell.diagnostics import Diagnostic, SourceText, has_errors
from stripe_shell.engine.computing import compute, exact_number, round_to
from stripe_shell.engine.evaluate import evaluate_variable
from stripe_shell.engine.money import NoAmount, format_amount, parse_amount
from stripe_shell.engine.scope import FoundValue, Scope
from stripe_shell.lang.ast import Arithmetic, MoneyAmount, Value
from stripe_shell.lang.insertions import ROUNDINGS
from stripe_shell.lang.reading import Reading
from stripe_shell.lang.values import parse_value
from stripe_shell.spec.currencies import CURRENCIES, decimals
from stripe_shell.wire import parse_json

SCOPE = Scope(now=0, seed="s")

decimal_texts = st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**15), max_value=10**15).map(
    lambda number: f"{number:f}"
)
amounts = st.integers(-(10**15), 10**15)


def value(text: str) -> Value:
    reading = Reading(SourceText("x", text))
    parsed = parse_value(reading, 0, len(text))
    assert not has_errors(reading.problems), text
    return parsed


def computed(text: str, scope: Scope = SCOPE) -> object:
    """The value of `${…}`, or the diagnostic."""
    part = value(text).sole_insertion
    assert part is not None
    found = compute(part, scope)
    return found.value if isinstance(found, FoundValue) else found


@given(left=decimal_texts, right=decimal_texts, operator=st.sampled_from("+-*"))
def test_sums_differences_and_products_are_exact(left: str, right: str, operator: str) -> None:
    scope = SCOPE.with_variable("row", {"a": left, "b": parse_json(right)})
    expected = {"+": Fraction.__add__, "-": Fraction.__sub__, "*": Fraction.__mul__}[operator](
        Fraction(left), Fraction(right)
    )
    assert Fraction(str(computed(f"${{row.a {operator} row.b}}", scope))) == expected


@given(left=amounts, right=amounts.filter(bool), rounding=st.sampled_from(ROUNDINGS))
def test_a_rounded_quotient_is_the_nearest_whole_number(left: int, right: int, rounding: str) -> None:
    found = computed(f"${{{left} / {right} {rounding}}}")
    exact = Fraction(left, right)
    assert isinstance(found, int)
    assert abs(found - exact) <= (Fraction(1, 2) if rounding.startswith("half") else 1)
    if rounding == "down":
        assert abs(found) <= abs(exact)
    if rounding == "up":
        assert abs(found) >= abs(exact)


@given(st.fractions(), st.sampled_from(ROUNDINGS))
def test_rounding_is_that_of_the_decimal_module(number: Fraction, rounding: str) -> None:
    import decimal

    names = {"half-up": "ROUND_HALF_UP", "half-even": "ROUND_HALF_EVEN", "down": "ROUND_DOWN", "up": "ROUND_UP"}
    context = decimal.Context(prec=2000, rounding=names[rounding])
    halves = Fraction(round(number * 2), 2)  # Decimals that `decimal` holds without an end.
    exact = context.divide(decimal.Decimal(halves.numerator), decimal.Decimal(halves.denominator))
    assert round_to(halves, rounding) == int(exact.to_integral_value(context.rounding, context))  # type: ignore[arg-type]


@given(st.fractions())
def test_a_number_has_an_exact_text_or_none(number: Fraction) -> None:
    found = exact_number(number)
    rest = number.denominator
    while rest % 2 == 0 or rest % 5 == 0:
        rest //= 2 if rest % 2 == 0 else 5
    assert (found is None) == (rest != 1)
    assert found is None or Fraction(str(found)) == number


@given(amount=amounts, currency=st.sampled_from(CURRENCIES))
def test_an_amount_is_read_as_it_is_written(amount: int, currency: str) -> None:
    amount = amount // 100 * 100 if currency in {"isk", "ugx"} else amount
    text = format_amount(amount, currency).removesuffix(f" {currency}")
    assert parse_amount(text, currency) == amount
    assert parse_amount(text.replace(".", ","), currency.upper()) == amount


@given(whole=st.integers(0, 10**12), fraction=st.text("0123456789", max_size=5), currency=st.sampled_from(CURRENCIES))
def test_what_a_currency_cannot_hold_is_refused(whole: int, fraction: str, currency: str) -> None:
    text = f"{whole}.{fraction}" if fraction else str(whole)
    found = parse_amount(text, currency)
    exact = Fraction(text) * 10 ** decimals(currency)
    unit = 100 if currency in {"isk", "ugx"} else 1
    fits = exact.denominator == 1 and exact.numerator % unit == 0
    assert found == exact if fits else isinstance(found, NoAmount)


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("12.50", "usd", 1250), ("12,50", "eur", 1250), ("13", "jpy", 13), ("5.125", "kwd", 5125), ("0.01", "usd", 1),
        (" 7 ", "usd", 700), ("-12.5", "usd", -1250), ("12.500", "usd", 1250), ("5", "isk", 500), ("1.00", "jpy", 1),
        (12, "usd", 1200), (parse_json("12.5"), "usd", 1250),
    ],
)  # fmt: skip
def test_an_amount_in_the_smallest_unit(text: object, currency: str, amount: int) -> None:
    assert parse_amount(text, currency) == amount


@pytest.mark.parametrize(
    ("text", "currency", "why"),
    [
        ("12.505", "usd", "2 decimal places"), ("13.5", "jpy", "no decimal places"),
        ("5.50", "isk", "no decimal places"), ("1,234.50", "usd", "without separators"),
        ("1.234,50", "eur", "without separators"),
        ("$5", "usd", "not an amount"),
        ("", "usd", "not an amount"), ("1e3", "usd", "not an amount"), ("nan", "usd", "not an amount"),
        (True, "usd", "not an amount"), (None, "usd", "not an amount"), ("٣", "usd", "not an amount"),
        ("5", "dollar", "did you mean `usd`?"), ("5", "xyz", "not a currency"), (0.1, "usd", "not an amount"),
    ],
)  # fmt: skip
def test_what_is_no_amount_says_why(text: object, currency: str, why: str) -> None:
    found = parse_amount(text, currency)
    assert isinstance(found, NoAmount)
    assert why in found.reason


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${1 / 4}", "0.25"), ("${1 / 2 half-even}", "0"), ("${3 / 2 half-even}", "2"), ("${1 / 2 half-up}", "1"),
        ("${-1 / 2 half-up}", "-1"), ("${-3 / 2 down}", "-1"), ("${-3 / 2 up}", "-2"), ("${0.1 + 0.2}", "0.3"),
        ("${2 * 0.5}", "1"), ("${1.10 - 0.10}", "1"), ("${9007199254740993 + 1}", "9007199254740994"),
        ("${-0.5 - 0.5}", "-1"), ("${-0.25 + 0}", "-0.25"),
    ],
)  # fmt: skip
def test_written_numbers(text: str, expected: str) -> None:
    assert str(computed(text)) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("${1 / 3}", "has no end as a decimal"), ("${1 / 0}", "divides by zero"),
        ("${row.x + 1}", "`12,5`, not a number"),
        ("${row.n + 1}", "not a number"), ("${row.t + 1}", "not a number"), ("${row.gone + 1}", "has no field `gone`"),
        ("${row.x as usd}", ""), ("${row.y as usd}", "is no amount in usd"),
        ("${row.y as row.x}", "is not a currency"),
    ],
)  # fmt: skip
def test_what_cannot_be_computed_says_why(text: str, why: str) -> None:
    found = computed(text, SCOPE.with_variable("row", {"x": "12,5", "n": None, "t": True, "y": "1.005"}))
    assert isinstance(found, Diagnostic) if why else found == 1250
    assert not isinstance(found, Diagnostic) or why in found.message


def test_a_sum_inside_a_text_and_in_json() -> None:
    scope = SCOPE.with_variable("row", {"a": 1, "b": "2.50"})
    assert evaluate_variable(value("${row.a + row.b} in all"), scope).value == "3.5 in all"
    assert evaluate_variable(value('{"sum": "${row.a + 1}", "text": "x${row.b as usd}"}'), scope).value == {
        "sum": 2, "text": "x250"
    }  # fmt: skip


def test_defaults_that_are_references() -> None:
    scope = SCOPE.with_variable("b", {"id": "b1", "none": None})
    assert evaluate_variable(value("${a.id:-${b.id}}"), scope).value == "b1"
    assert evaluate_variable(value("${a.id:-${c.id:-${b.id}}}/x"), scope).value == "b1/x"
    assert evaluate_variable(value("${b.none:-${b.id}}"), scope).value == "b1"
    assert [each.code for each in evaluate_variable(value("${a.id:-${c.id}}"), scope).problems] == ["E301"]


def test_the_last_item() -> None:
    scope = SCOPE.with_variable("x", {"data": [{"id": 1}, {"id": 2}]})
    assert evaluate_variable(value("${x.data[-1].id}"), scope).value == 2
    assert evaluate_variable(value("${x.data[-2].id}"), scope).value == 1
    assert [each.code for each in evaluate_variable(value("${x.data[-3].id}"), scope).problems] == ["E302"]
    listed = SCOPE.with_capture("x", {"object": "list", "data": [{"id": 1}, {"id": 2}]})
    assert evaluate_variable(value("${x[-1].id}"), listed).value == 2
    assert evaluate_variable(value("${x[1].id}"), listed).value == 1


@pytest.mark.parametrize(
    "text",
    ["${a.b + c}", "${a - 1}", "${100 * a.b half-even}", "${a as usd}", "${row.x as row.y}", "${x.y[-1]:-${z}}",
     '${row."Created (UTC)"}', "${env:A / env:B up}", '"a ${b:-${c.d}} e"', '"${b:-\\u007d}"'],
)  # fmt: skip
def test_it_is_formatted_as_it_is_written(text: str) -> None:
    from stripe_shell.lang.spelling import format_value

    assert format_value(value(text)) == text
    assert value(format_value(value(text))) == value(text)


@pytest.mark.parametrize(
    "text", ["${a+b}", "${a + }", "${1}", "${a ^ b}", "${a + b c}", "${a + b + c}", "${1 as usd}", "${a as}"]
)
def test_what_is_no_sum_is_a_mistake(text: str) -> None:
    reading = Reading(SourceText("x", text))
    parse_value(reading, 0, len(text))
    assert [each.code for each in reading.problems] == ["E108"]


def test_parts_know_their_references() -> None:
    parsed = value("${a.b - c.d}")
    part = parsed.sole_insertion
    assert isinstance(part, Arithmetic)
    assert [each.raw for each in parsed.references] == ["a.b", "c.d"]
    money = value("${row.x as row.y}").sole_insertion
    assert isinstance(money, MoneyAmount)
    assert [each.span.text for each in value("${row.x as row.y}").references] == ["row.x", "row.y"]
