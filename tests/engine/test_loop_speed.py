"""How many rows of a loop run at once, and how many requests it sends in a second."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from stripe_shell.cli import main
from stripe_shell.engine.run.loop_speed import LoopSpeed, PacedTransport
from stripe_shell.pace import Pace
from stripe_shell.records import replace
from stripe_shell.wire import Request, Response
from tests.engine.support.world import FakeLinks, FakeTransport, World, answer


class Gauge(FakeTransport):
    """Answers once as many requests as wanted have been under way at the same time; knows the most of them."""

    def __init__(self, wanted: int) -> None:
        super().__init__()
        self.wanted, self.under_way, self.most = wanted, 0, 0
        self.changed = threading.Condition()

    def send(self, request: Request) -> Response:
        with self.changed:
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            self.changed.notify_all()
            assert self.changed.wait_for(lambda: self.most >= self.wanted, timeout=20)
            self.under_way -= 1
        return answer({"id": "obj_1", "object": "thing"})


class PacedLinks(FakeLinks):
    """Links over one transport, whose connections have a pace."""

    def __init__(self, transport: FakeTransport, pace: Pace | None) -> None:
        super().__init__(transport)
        self.links = {name: replace(link, find_pace=lambda: pace) for name, link in self.links.items()}


def most_at_once(folder: Path, pace: Pace | None, options: str, wanted: int, jobs: int | None = None) -> int:
    """The most rows that run at once in a loop of 20 rows."""
    (folder / "rows.csv").write_text("email\n" + "".join(f"{number}@b.co\n" for number in range(20)))
    gauge = Gauge(wanted)
    world = World()
    world.engine = replace(world.engine, links=PacedLinks(gauge, pace), jobs=jobs)
    text = f'@foreach row in "rows.csv" key=email{options}\n/test create customer email=${{row.email}} name=A\n@end\n'
    assert world.run(text, name=str(folder / "loop.stripe")).exit_code == 0
    return gauge.most


def answered(pace: Pace, *answers: Response) -> Pace:
    for each in answers:
        pace.heed(each)
    return pace


SLOW = Response(200, {}, b"{}", elapsed=1000)
TOO_MANY = Response(429, {"Stripe-Rate-Limited-Reason": "global-concurrency"}, b"{}", elapsed=1000)


@pytest.mark.parametrize("options", ["", " jobs=auto"])
def test_without_a_number_the_rate_and_the_latency_decide(tmp_path: Path, options: str) -> None:
    assert most_at_once(tmp_path, answered(Pace(2), SLOW), options, wanted=5) == 5
    assert most_at_once(tmp_path, None, options, wanted=1) == 1


def test_the_number_of_the_loop_holds_and_that_of_the_command_outranks_it(tmp_path: Path) -> None:
    assert most_at_once(tmp_path, answered(Pace(100), SLOW), " jobs=3", wanted=3) == 3
    assert most_at_once(tmp_path, None, " jobs=2", wanted=4, jobs=4) == 4
    assert most_at_once(tmp_path, answered(Pace(100), SLOW), " jobs=4", wanted=1, jobs=1) == 1


def test_a_connection_with_too_many_requests_under_way_gets_fewer(tmp_path: Path) -> None:
    assert most_at_once(tmp_path, answered(Pace(1000), SLOW, TOO_MANY), " jobs=4", wanted=2) == 2


def test_loops_without_a_pace_run_one_by_one() -> None:
    assert LoopSpeed(None, ()).one_by_one
    assert LoopSpeed(1, (Pace(25),)).one_by_one
    assert not LoopSpeed(None, (Pace(25),)).one_by_one
    assert not LoopSpeed(2, ()).one_by_one


def test_the_fastest_connection_of_a_loop_decides() -> None:
    fast, slow = answered(Pace(10), SLOW), answered(Pace(1), SLOW)
    assert LoopSpeed(None, (slow, fast)).jobs() == fast.jobs(None) == 17


def test_every_request_of_a_loop_waits_for_its_turn() -> None:
    now, waited = [0.0], []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        now[0] += seconds

    paces = (Pace(10, clock=lambda: now[0]), Pace(2, clock=lambda: now[0]))
    transport = PacedTransport(FakeTransport(), paces, sleep)
    for _ in range(5):
        transport.send(Request("GET", "/v1/customers"))
    assert now[0] == pytest.approx(2, rel=0.03), "the slower of the two paces holds"


def times_of(folder: Path, options: str, blocks: str) -> Sequence[float]:
    """When the requests of a loop of ten rows were sent, in seconds of the system's clock."""
    from time import monotonic

    (folder / "rows.csv").write_text("email\n" + "".join(f"{number}@b.co\n" for number in range(10)))
    times: list[float] = []

    def note(request: Request) -> Response:
        times.append(monotonic())
        return answer({"id": "obj_1", "object": "thing"})

    world = World([note] * 40)
    text = f'@foreach row in "rows.csv" key=email{options}\n{blocks}@end\n'
    assert world.run(text, name=str(folder / "loop.stripe")).exit_code == 0
    return times


@pytest.mark.parametrize("jobs", ["", " jobs=4"])
def test_a_loop_with_a_rate_sends_no_more_requests_in_a_second(tmp_path: Path, jobs: str) -> None:
    blocks = "/test create customer email=${row.email} name=A\n\n/test get customer id=cus_1\n"
    times = times_of(tmp_path, f" rate=100/s{jobs}", blocks)
    assert len(times) == 20
    assert times[-1] - times[0] >= 0.19


@pytest.mark.parametrize("number", ["0", "-1", "many", "1.5"])
def test_a_wrong_number_of_jobs_is_refused(number: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.stripe").write_text("/sandbox create customer email=a@b.co name=A\n")
    assert main(["run", str(tmp_path / "a.stripe"), "--memory", f"--jobs={number}"]) == 1
    assert "--jobs is how many rows run at once, such as 4" in capsys.readouterr().err
