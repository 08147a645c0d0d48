"""The pace of a connection: room for a second's worth, then one turn after the other."""

from __future__ import annotations

import pytest

from stripe_shell.transports.pace import Throttle


class Time:
    """Time that passes by sleeping alone."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize(("rate", "requests", "seconds"), [(25, 25, 0), (25, 75, 2), (0.5, 3, 4), (100, 1100, 10)])
def test_so_many_requests_take_so_long(rate: float, requests: int, seconds: float) -> None:
    time = Time()
    pace = Throttle(rate, time.clock)
    for _ in range(requests):
        pace.wait(time.sleep)
    assert time.now == pytest.approx(seconds)


def test_turns_taken_at_the_same_moment_are_spread() -> None:
    waits: list[float] = []
    pace = Throttle(2, lambda: 0.0)
    for _ in range(6):
        pace.wait(waits.append)
    assert waits == [0.5, 1.0, 1.5, 2.0]


def test_a_pause_saves_up_no_more_than_a_second() -> None:
    time = Time()
    pace = Throttle(10, time.clock)
    time.now = 3600.0
    for _ in range(20):
        pace.wait(time.sleep)
    assert time.now == pytest.approx(3601.0)
