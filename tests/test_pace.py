"""The pace of a connection: no burst, no second with more than the limit, in all and for each operation."""

from __future__ import annotations

import heapq
import random
import threading
from collections import deque
from collections.abc import Sequence

import pytest

from stripe_shell.pace import Pace
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
    for _ in range(30):
        pace.heed(Response(200, {}, b"{}"))
    time.now = 100.0
    fast = sent(pace, time, [""] * 3)
    assert fast[2] - fast[1] == pytest.approx(1 / 100, rel=0.03)


def test_what_is_sent_late_counts_when_it_is_sent() -> None:
    time = Time()
    pace = Pace(10, None, time.clock)
    turns = [pace.wait(time.sleep) for _ in range(10)]
    pace.heed(Response(200, {}, b"{}", elapsed=(time.now - 0.5) * 1000), "", turns[0])
    assert 1.5 <= pace.wait(time.sleep) < 1.55, "the first of ten was sent at 0.5"


def test_what_is_under_way_for_longer_than_usual_may_have_arrived_late() -> None:
    time = Time()
    pace = Pace(10, None, time.clock)
    for _ in range(5):
        pace.heed(Response(200, {}, b"{}", elapsed=100))
    turns = [pace.wait(time.sleep) for _ in range(10)]
    pace.heed(Response(200, {}, b"{}", elapsed=(time.now - turns[0]) * 1000), "", turns[0])
    assert pace.wait(time.sleep) == pytest.approx(1.012 + 0.02)


def test_of_several_that_are_refused_together_the_first_counts() -> None:
    time = Time()
    pace = Pace(100, None, time.clock)
    turns = [pace.wait(time.sleep) for _ in range(5)]
    for turn in turns:
        pace.heed(refusal(), "", turn)
    times = sent(pace, time, [""] * 4)
    assert times[3] - times[2] == pytest.approx(2 / 100, rel=0.03)
    pace.heed(refusal(), "", times[-1] + 1)
    times = sent(pace, time, [""] * 4)
    assert times[3] - times[2] == pytest.approx(4 / 100, rel=0.03)


@pytest.mark.parametrize("rate", [100, 25])
def test_turns_that_are_taken_late_are_made_up_for(rate: int) -> None:
    time = Time()
    pace = Pace(rate, None, time.clock)
    times = sent(pace, Oversleeping(time), [""] * (12 * rate + 1))
    assert times[-1] == pytest.approx(12 * 1.025, abs=0.05)
    assert most_in_a_second(times) <= rate


class Oversleeping(Time):
    """Time of which every sleep takes two milliseconds too many, and the fiftieth one 100."""

    def __init__(self, time: Time) -> None:
        self.time = time
        self.sleeps = 0

    @property  # type: ignore[misc]
    def now(self) -> float:  # type: ignore[override]
        return self.time.now

    def sleep(self, seconds: float) -> None:
        self.sleeps += 1
        self.time.sleep(seconds + (0.1 if self.sleeps == 50 else 0.002))


@pytest.mark.parametrize(
    ("rate", "latency", "jobs"), [(100, 0.1, 17), (25, 0.1, 6), (100, 5.0, 32), (25, 0.001, 3), (None, 0.1, 1)]
)
def test_as_many_rows_run_at_once_as_the_rate_and_the_latency_are_worth(
    rate: float | None, latency: float, jobs: int
) -> None:
    pace = Pace(rate, None, Time().clock)
    for _ in range(5):
        pace.heed(Response(200, {}, b"{}", latency * 1000))
    assert pace.jobs(None) == jobs
    assert pace.jobs(8) == 8


@pytest.mark.parametrize("reason", ["global-concurrency", "endpoint-concurrency"])
def test_too_many_at_once_means_fewer_rows_at_once(reason: str) -> None:
    time = Time()
    pace = Pace(100, 25, time.clock)
    pace.heed(refusal(reason), "a")
    assert pace.jobs(8) == 4
    began = time.now = 10.0
    sent(pace, time, ["a", "b", "c"])
    assert time.now - began == pytest.approx(2 / 100, rel=0.03), "the rate stays"
    for _ in range(25):
        pace.heed(Response(200, {}, b"{}"), "a")
    assert pace.jobs(8) == 8
    for turn in range(9):
        pace.heed(refusal(reason), "a", time.now + turn)
        time.now += 10
    assert pace.jobs(8) == 1


# --- a server with limits ---------------------------------------------------------------------------------------------


class Server:
    """A server that counts in a window that slides: at most `limit` admitted in any second, for each operation too."""

    def __init__(self, limit: int, operation_limit: int) -> None:
        self.limits = {"": limit}
        self.operation_limit = operation_limit
        self.admitted: dict[str, deque[float]] = {"": deque()}
        self.refused = 0

    def answer(self, operation: str, now: float) -> Response:
        for name, reason in (("", "global-rate"), (operation, "endpoint-rate")):
            window = self.admitted.setdefault(name, deque())
            while window and window[0] <= now - 1:
                window.popleft()
            if len(window) >= self.limits.get(name, self.operation_limit):
                self.refused += 1
                return Response(429, {"Stripe-Rate-Limited-Reason": reason}, b"{}", 100)
        for name in ("", operation):
            self.admitted[name].append(now)
        return Response(200, {}, b"{}", 100)


class Simulation:
    """Rows of some requests each, run with `jobs=auto` against a server 100 ms away; a request arrives a bit late."""

    def __init__(self, operations: Sequence[str], rows: int, seed: int) -> None:
        self.time, self.server, self.draw = Time(), Server(100, 25), random.Random(seed)
        self.pace = Pace(100, 25, self.time.clock)
        self.operations, self.left = operations, rows
        self.events: list[tuple[float, int, int, float | None]] = []
        self.count = self.running = 0

    def run(self) -> float:
        """Returns the seconds that all rows took."""
        while True:
            while self.left and self.running < self.pace.jobs(None):
                self.left, self.running = self.left - 1, self.running + 1
                self.plan(self.time.now, 0, None)
            if not self.events:
                return self.time.now
            now, _, step, turn = heapq.heappop(self.events)
            self.time.now = max(self.time.now, now)
            self.go_on(step, turn)

    def plan(self, when: float, step: int, turn: float | None) -> None:
        self.count += 1
        heapq.heappush(self.events, (when, self.count, step, turn))

    def go_on(self, step: int, turn: float | None) -> None:
        """Takes the turn of a step, or sees its answer if the turn was taken."""
        now, operation = self.time.now, self.operations[step]
        if turn is None:
            _, delay = self.pace.take(operation)
            late = 0.1 + self.draw.uniform(0, 0.008) if not delay else 0
            self.plan(now + delay + late, step, None if delay else now)
            return
        answer = self.server.answer(operation, now - 0.1)
        self.pace.heed(answer, operation, turn)
        if answer.status == 429:
            self.plan(now + 0.5, step, None)
        elif step + 1 < len(self.operations):
            self.plan(now, step + 1, None)
        else:
            self.running -= 1


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("operations", "rows", "least"), [("ab", 2000, 80.0), ("abcd", 1000, 40.0)])
def test_the_limits_of_a_server_are_used_and_kept(operations: str, rows: int, least: float, seed: int) -> None:
    simulation = Simulation(operations, rows, seed)
    assert simulation.run() <= 1.05 * least
    assert simulation.server.refused <= 0.005 * rows * len(operations)
