"""The pace of a connection: no burst, no second with more than the limit, in all and for each operation."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from stripe_shell.transports.pace import Pace
from stripe_shell.wire import Response


class Time:
    """Time that passes by sleeping alone."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def most_in_a_second(times: Sequence[float]) -> int:
    """The most requests in any second, counted in a window that slides from request to request."""
    return max(sum(start <= each < start + 1 for each in times) for start in times)


def sent(pace: Pace, time: Time, operations: Sequence[str]) -> list[float]:
    """When the requests are sent, one after the other."""
    times = []
    for operation in operations:
        pace.wait(time.sleep, operation)
        times.append(time.now)
    return times


@pytest.mark.parametrize(("rate", "requests"), [(25, 100), (100, 500), (2, 9)])
def test_in_no_second_there_are_more_than_the_limit(rate: float, requests: int) -> None:
    time = Time()
    times = sent(Pace(rate, None, time.clock), time, [""] * requests)
    assert most_in_a_second(times) <= rate
    assert times[-1] == pytest.approx((requests - 1) / rate, rel=0.03)


def test_an_operation_has_a_limit_of_its_own() -> None:
    time = Time()
    times = sent(Pace(100, 25, time.clock), time, ["POST /v1/customers"] * 60)
    assert most_in_a_second(times) <= 25
    time = Time()
    operations = ["a", "b", "c", "d"] * 50
    times = sent(Pace(100, 25, time.clock), time, operations)
    assert most_in_a_second(times) <= 100
    assert most_in_a_second(times[::4]) <= 25
    assert times[-1] == pytest.approx(2, rel=0.05)


def test_a_pause_saves_nothing_up() -> None:
    time = Time()
    pace = Pace(10, None, time.clock)
    time.now = 3600.0
    assert most_in_a_second(sent(pace, time, [""] * 30)) <= 10


def test_threads_share_the_limit() -> None:
    lock, time, times = threading.Lock(), Time(), []
    pace = Pace(50, None, time.clock)

    def sleep(seconds: float) -> None:
        with lock:
            time.now += max(seconds / 8, 0.001)

    def work() -> None:
        for _ in range(20):
            pace.wait(sleep, "")
            with lock:
                times.append(time.now)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(times) == 160
    assert max(times) >= 160 / 50


def test_without_a_limit_nothing_waits() -> None:
    time = Time()
    assert sent(Pace(None, None, time.clock), time, ["a"] * 100)[-1] == 0


def refusal(reason: str = "", body: bytes = b"{}") -> Response:
    return Response(429, {"Stripe-Rate-Limited-Reason": reason} if reason else {}, body)


@pytest.mark.parametrize(
    ("answer", "in_all", "of_operation"),
    [
        (refusal(), 2, 1),
        (refusal("global-rate"), 2, 1),
        (refusal("endpoint-rate"), 1, 2),
        (refusal("resource-specific"), 1, 1),
        (refusal(body=b'{"error": {"code": "lock_timeout"}}'), 1, 1),
    ],
)
def test_a_refusal_halves_the_rate_that_it_is_about(answer: Response, in_all: int, of_operation: int) -> None:
    time = Time()
    pace = Pace(100, 25, time.clock)
    pace.wait(time.sleep, "a")
    pace.heed(answer, "a")
    began = time.now = 10.0
    sent(pace, time, ["b", "c"])
    assert time.now - began == pytest.approx(in_all / 100, rel=0.03)
    began = time.now = 20.0
    sent(pace, time, ["a", "a"])
    assert time.now - began == pytest.approx(max(of_operation / 25, in_all / 100), rel=0.03)


def test_the_rate_recovers_step_by_step() -> None:
    time = Time()
    pace = Pace(100, None, time.clock)
    for _ in range(10):
        pace.heed(refusal())
    slow = sent(pace, time, [""] * 3)
    assert slow[2] - slow[1] == pytest.approx(32 / 100, rel=0.03)
    for _ in range(60):
        pace.heed(Response(200, {}, b"{}"))
    time.now = 100.0
    fast = sent(pace, time, [""] * 3)
    assert fast[2] - fast[1] == pytest.approx(1 / 100, rel=0.03)
