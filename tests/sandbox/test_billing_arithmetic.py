"""The arithmetic of billing: periods from the anchor, parts of periods, discounts, taxes, amounts."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction
from math import floor

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stripe_shell.sandbox.billing.calc.money import amount_of, half_up, interval_text, money_text
from stripe_shell.sandbox.billing.calc.periods import Cycle, Period, add_interval, anchor_of, date_text
from stripe_shell.sandbox.billing.calc.proration import credit, debit, part_left
from stripe_shell.sandbox.billing.calc.totals import AppliedTaxRate, Deduction, PricedLine, shares, taxes_of, totals

TIMES = st.integers(min_value=946_684_800, max_value=4_000_000_000)
INTERVALS = st.sampled_from(["day", "week", "month", "year"])


def at(text: str) -> int:
    """Epoch seconds of `2026-01-31` or `2026-01-31T10:30:00`, in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def days(cycle: Cycle, count: int) -> list[str]:
    """The days on which the first periods begin."""
    return [datetime.fromtimestamp(cycle.boundary(n), UTC).strftime("%Y-%m-%d") for n in range(count)]


# --- periods -----------------------------------------------------------------------------------------------------


def test_month_ends_are_counted_from_the_anchor() -> None:
    """Anchor Jan 31 → Feb 28 → Mar 31 → Apr 30, always from the anchor."""
    assert days(Cycle(at("2026-01-31"), "month"), 5) == [
        "2026-01-31",
        "2026-02-28",
        "2026-03-31",
        "2026-04-30",
        "2026-05-31",
    ]
    assert days(Cycle(at("2028-01-31"), "month"), 2)[1] == "2028-02-29"


def test_a_leap_day_comes_back_after_four_years() -> None:
    assert days(Cycle(at("2024-02-29"), "year"), 5) == [
        "2024-02-29",
        "2025-02-28",
        "2026-02-28",
        "2027-02-28",
        "2028-02-29",
    ]


def test_a_day_that_was_asked_for_outlives_short_months() -> None:
    """`billing_cycle_anchor_config[day_of_month]=31` means the last day."""
    assert days(Cycle(at("2026-04-30"), "month", 1, 31), 3) == ["2026-04-30", "2026-05-31", "2026-06-30"]


@given(TIMES, INTERVALS, st.integers(1, 12), TIMES)
def test_a_period_contains_its_time(anchor: int, interval: str, count: int, time: int) -> None:
    period = Cycle(anchor, interval, count).period_at(time)
    assert period.start <= time < period.end


@given(TIMES, INTERVALS, st.integers(1, 12), TIMES)
def test_periods_follow_each_other_without_gaps(anchor: int, interval: str, count: int, time: int) -> None:
    cycle = Cycle(anchor, interval, count)
    period = cycle.period_at(time)
    assert cycle.period_at(period.end).start == period.end
    assert cycle.period_at(period.start - 1).end == period.start


@given(TIMES, INTERVALS, st.integers(1, 12))
def test_the_anchor_begins_a_period(anchor: int, interval: str, count: int) -> None:
    assert Cycle(anchor, interval, count).period_at(anchor).start == anchor


@pytest.mark.parametrize(
    ("start", "interval", "count", "end"),
    [
        ("2026-01-15T08:00:00", "month", 1, "2026-02-15T08:00:00"),
        ("2026-11-30", "month", 3, "2027-02-28"),
        ("2026-03-01", "week", 2, "2026-03-15"),
        ("2026-03-01", "day", 10, "2026-03-11"),
        ("2024-02-29", "year", 1, "2025-02-28"),
    ],
)
def test_intervals_are_calendar_true(start: str, interval: str, count: int, end: str) -> None:
    assert add_interval(at(start), interval, count) == at(end)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"day_of_month": 31}, "2026-06-30T10:30:00"),
        ({"day_of_month": 1}, "2026-07-01T10:30:00"),
        ({"day_of_month": 15, "hour": 0, "minute": 0, "second": 0}, "2026-07-15T00:00:00"),
        ({"day_of_month": 15}, "2026-06-15T10:30:00"),
    ],
)
def test_anchor_config_finds_the_next_fitting_time(config: dict[str, int], expected: str) -> None:
    """Absent parts copy the time of creation; 31 is the last day."""
    assert anchor_of(config, at("2026-06-15T10:30:00"), "month") == at(expected)


def test_anchor_config_with_a_month() -> None:
    now = at("2026-06-15T10:30:00")
    assert anchor_of({"day_of_month": 1, "month": 3}, now, "year") == at("2027-03-01T10:30:00")
    assert anchor_of({"day_of_month": 20}, now, "year") == at("2026-06-20T10:30:00")


def test_dates_are_written_as_stripe_does() -> None:
    assert date_text(at("2027-03-05")) == "05 Mar 2027"


# --- proration ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "old", "new", "credited", "charged"),
    [
        (Fraction(1, 400), 1000 * 2, 1000 * 3, -5, 7),
        (Fraction(1, 400), 500 * 2, 1000 * 3, -3, 7),
        (Fraction(2, 3), 1000, 500, -667, 333),
        (Fraction(1, 2), 5, 9, -3, 4),
    ],
)
def test_prorations_are_rounded_down(part: Fraction, old: int, new: int, credited: int, charged: int) -> None:
    """Towards minus infinity: -2.5 → -3, +4.5 → 4, -666.67 → -667, +333.33 → 333."""
    assert (credit(old, part), debit(new, part)) == (credited, charged)


@given(st.integers(0, 10**9), TIMES, st.integers(1, 10**8), st.integers(0, 10**8))
def test_credit_and_debit_bound_each_other(amount: int, start: int, length: int, offset: int) -> None:
    """Giving back and charging the same amount for the same part differs by at most one, in Stripe's favour never."""
    part = part_left(Period(start, start + length), start + offset)
    assert 0 <= part <= 1
    assert -amount <= credit(amount, part) <= 0 <= debit(amount, part) <= amount
    assert -1 <= credit(amount, part) + debit(amount, part) <= 0


def test_the_part_that_is_left_counts_seconds() -> None:
    period = Period(0, 400)
    assert part_left(period, 399) == Fraction(1, 400)
    assert part_left(period, -5) == 1
    assert part_left(period, 500) == 0


# --- discounts ---------------------------------------------------------------------------------------------------


@given(st.integers(0, 10**7), st.lists(st.integers(0, 10**7), min_size=1, max_size=12))
def test_shares_add_up(total: int, weights: list[int]) -> None:
    parts = shares(total, weights)
    assert sum(parts) == (total if sum(weights) else 0)
    whole = sum(weights)
    least = [floor(Fraction(total * weight, whole)) if whole else 0 for weight in weights]
    assert all(part >= low for part, low in zip(parts, least, strict=True))
    if total <= whole:
        assert all(part <= weight for part, weight in zip(parts, weights, strict=True))
    last = max((index for index, weight in enumerate(weights) if weight), default=0)
    if whole and (total > whole or parts[last] < weights[last]):
        assert parts[:last] == least[:last], "the last one takes what remains, as long as it can"


def test_an_amount_off_is_shared_with_the_remainder_on_the_last_line() -> None:
    """500 over 1000 + 2000 → 166, 334."""
    done = totals([PricedLine(1000), PricedLine(2000)], [Deduction("di_1", amount=500)])
    assert [line.discounts for line in done.lines] == [(("di_1", 166),), (("di_1", 334),)]
    assert done.total == 2500


def test_an_amount_off_is_capped() -> None:
    """`amount_off` is capped at the discountable sum."""
    assert totals([PricedLine(300)], [Deduction("di_1", amount=500)]).total == 0


def test_percent_is_rounded_half_up_on_the_sum() -> None:
    done = totals([PricedLine(5), PricedLine(5)], [Deduction("di_1", Fraction(25))])
    assert done.discounts == (("di_1", 3),)


def test_discounts_stack_in_order() -> None:
    """Each on what the former left; first the lines' own, then the invoice's."""
    own = PricedLine(1000, deductions=(Deduction("di_own", Fraction(50)),))
    done = totals([own], [Deduction("di_a", Fraction(10)), Deduction("di_b", amount=50)])
    assert done.lines[0].discounts == (("di_own", 500), ("di_a", 50), ("di_b", 50))
    assert done.total == 400


def test_what_cannot_be_discounted_is_listed_with_nothing() -> None:
    """Every line lists every invoice-wide discount, 0 included; negative and non-discountable lines get none."""
    done = totals(
        [PricedLine(-500), PricedLine(1000, discountable=False), PricedLine(1000)], [Deduction("di_1", Fraction(10))]
    )
    assert [line.discounts for line in done.lines] == [(("di_1", 0),), (("di_1", 0),), (("di_1", 100),)]


def test_a_discount_on_products_touches_no_other() -> None:
    lines = [PricedLine(1000, product="prod_a"), PricedLine(1000, product="prod_b")]
    done = totals(lines, [Deduction("di_1", Fraction(10), products=frozenset({"prod_b"}))])
    assert [line.discounts[0][1] for line in done.lines] == [0, 100]


AMOUNTS = st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=6)
PERCENTS = st.fractions(min_value=Fraction(1, 100), max_value=100, max_denominator=100)
RATES = st.lists(st.tuples(PERCENTS, st.booleans()), max_size=3)


@given(AMOUNTS, st.lists(PERCENTS, max_size=3), RATES)
@example([7500, 7500, 1], [Fraction(1, 100)], [])
def test_totals_add_up(amounts: list[int], percents: list[Fraction], given_rates: list[tuple[Fraction, bool]]) -> None:
    """Total = subtotal - discounts + exclusive; the sums are those of the lines."""
    rates = tuple(AppliedTaxRate(f"txr_{n}", percent, inside) for n, (percent, inside) in enumerate(given_rates))
    offs = [Deduction(f"di_{n}", percent) for n, percent in enumerate(percents)]
    done = totals([PricedLine(amount, rates=rates) for amount in amounts], offs)
    discounted = sum(amount for _, amount in done.discounts)
    exclusive = sum(tax.amount for tax in done.taxes if not tax.inclusive)
    inclusive = sum(tax.amount for tax in done.taxes if tax.inclusive)
    assert done.subtotal == sum(amounts)
    assert done.total == done.subtotal - discounted + exclusive
    assert done.total_excluding_tax == done.total - exclusive - inclusive
    assert done.subtotal_excluding_tax == done.subtotal - inclusive
    assert discounted == sum(amount for line in done.lines for _, amount in line.discounts)
    for amount, line in zip(amounts, done.lines, strict=True):
        assert 0 <= sum(share for _, share in line.discounts) <= max(amount, 0)


# --- taxes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("net", "percent", "inclusive", "expected"),
    [
        (500, 25, False, 125),
        (500, 25, True, 100),
        (100_000, 10, True, 9091),
        (5000, 10, True, 455),
        (-1800, 5, False, -90),
    ],
)
def test_taxes_of_the_documentation(net: int, percent: int, inclusive: bool, expected: int) -> None:
    """25 % of 5.00 is 1.25 on top and 1.00 inside; 10 % inside 1000.00 and 50.00; -1800 at 5 % → -90."""
    assert taxes_of(net, [AppliedTaxRate("txr_1", Fraction(percent), inclusive)])[0].amount == expected


def test_inclusive_taxes_come_first() -> None:
    """Both on a line: inclusive first, exclusive on the net less the inclusive tax."""
    taxes = taxes_of(1100, [AppliedTaxRate("in", Fraction(10), True), AppliedTaxRate("out", Fraction(5))])
    assert [(tax.amount, tax.taxable) for tax in taxes] == [(100, 1000), (50, 1000)]


# --- amounts -----------------------------------------------------------------------------------------------------


def price(**members: object) -> dict[str, object]:
    return {"billing_scheme": "per_unit", "transform_quantity": None, **members}


TIERS = [
    {"up_to": 5, "unit_amount": 1000, "flat_amount": None},
    {"up_to": None, "unit_amount": 500, "flat_amount": 100},
]


@pytest.mark.parametrize(
    ("seen", "quantity", "expected"),
    [
        (price(unit_amount=1000, unit_amount_decimal="1000"), 3, 3000),
        (price(unit_amount=None, unit_amount_decimal="0.5"), 3, Fraction(3, 2)),
        (price(unit_amount=1000, transform_quantity={"divide_by": 10, "round": "up"}), 11, 2000),
        (price(unit_amount=1000, transform_quantity={"divide_by": 10, "round": "down"}), 19, 1000),
    ],
)
def test_amounts_of_prices(seen: dict[str, object], quantity: int, expected: Fraction) -> None:
    assert amount_of(seen, quantity) == expected


@pytest.mark.parametrize(
    ("mode", "quantity", "expected"),
    [("graduated", 3, 3000), ("graduated", 7, 5 * 1000 + 2 * 500 + 100), ("volume", 5, 5000), ("volume", 7, 3600)],
)
def test_amounts_of_tiers(mode: str, quantity: int, expected: int) -> None:
    assert amount_of(price(billing_scheme="tiered", tiers_mode=mode), quantity, TIERS) == expected


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [(1000, "usd", "$10.00"), (123456, "usd", "$1,234.56"), (500, "jpy", "¥500"), (Fraction(1, 2), "usd", "$0.005")],
)
def test_money_is_written_as_stripe_does(amount: int | Fraction, currency: str, text: str) -> None:
    """`(at $10.00 / month)`; zero-decimal currencies print without fraction."""
    assert money_text(amount, currency) == text


def test_intervals_are_written_as_stripe_does() -> None:
    assert interval_text({"interval": "month", "interval_count": 1}) == "month"
    assert interval_text({"interval": "month", "interval_count": 3}) == "3 months"


@given(st.fractions(min_value=-(10**6), max_value=10**6))
def test_half_goes_up(value: Fraction) -> None:
    assert abs(half_up(value) - value) <= Fraction(1, 2)
    assert half_up(Fraction(5, 2)) == 3
