"""The clock of a test: durations, order, and what falls due on the way."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stripe_shell.sandbox.billing.calc.periods import add_months
from stripe_shell.testing.isolated import IsolatedSandbox


def day(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).date().isoformat()


@pytest.mark.parametrize(
    ("by", "months", "seconds"),
    [
        ("1 month", 1, 0),
        ("2 weeks 3 days", 0, 17 * 86_400),
        ("1 year, 1 hour", 12, 3_600),
        ("+90 minutes", 0, 5_400),
        ("30seconds", 0, 30),
        (timedelta(days=2), 0, 172_800),
    ],
)
def test_durations(box: IsolatedSandbox, by: str | timedelta, months: int, seconds: int) -> None:
    before = box.clock.now()
    expected = add_months(before, months) + seconds
    # The seconds of the test itself pass too.
    assert 0 <= box.clock.advance(by) - expected <= 60
    assert box.clock.now() >= expected


@pytest.mark.parametrize("by", ["", "soon", "1 fortnight", "1 month ago", "-1 day", "0 days", "1.5 days", timedelta(0)])
def test_what_is_no_duration_moves_nothing(box: IsolatedSandbox, by: str | timedelta) -> None:
    before = box.clock.now()
    with pytest.raises(ValueError, match=r"duration|forward"):
        box.clock.advance(by)
    assert box.clock.now() - before < 60


def test_a_moment_in_the_past_is_refused(box: IsolatedSandbox) -> None:
    with pytest.raises(ValueError, match="forward only"):
        box.clock.advance_to(box.clock.now() - 1)


def test_a_moment_without_a_zone_is_utc(box: IsolatedSandbox) -> None:
    there = datetime.fromtimestamp(box.clock.now() + 86_400, UTC).replace(microsecond=0)
    assert box.clock.advance_to(there.replace(tzinfo=None)) == int(there.timestamp())


def test_each_renewal_happens_at_its_own_time(box: IsolatedSandbox, subscribe: Callable[..., Any]) -> None:
    start = subscribe()["start_date"]
    box.clock.advance("3 months 2 hours")
    invoices = [event["data"]["object"] for event in box.events.all("invoice.created")]
    assert [day(invoice["created"]) for invoice in invoices] == [day(add_months(start, each)) for each in range(4)]
    assert len(box.events.all("invoice.paid")) == 4


def test_what_is_made_after_a_move_is_made_then(box: IsolatedSandbox, post: Callable[..., Any]) -> None:
    target = box.clock.advance("10 days")
    assert 0 <= post("/v1/customers")["created"] - target <= 60


def test_test_clocks_move_as_far(box: IsolatedSandbox, post: Callable[..., Any]) -> None:
    now = box.clock.now()
    clock = post("/v1/test_helpers/test_clocks", frozen_time=str(now))
    box.clock.advance("1 month")
    with box.sandbox.context() as ctx:
        assert ctx.find("test_helpers.test_clock", clock["id"])["frozen_time"] == add_months(now, 1)


def test_events_are_in_the_order_of_their_time(box: IsolatedSandbox, subscribe: Callable[..., Any]) -> None:
    subscribe(trial_period_days="14")
    subscribe()
    box.clock.advance("2 months")
    times = [event["created"] for event in box.events]
    assert times == sorted(times)
    types = " ".join(box.events.types)
    assert re.search(r"trial_will_end.*invoice\.paid", types)
