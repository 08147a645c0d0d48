"""The progress of a run: its line and its bar, when they are shown, what limits the speed, and `--notify`."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stripe_shell.batch.interruptions import Interruptions
from stripe_shell.batch.notify import Notifier, parse_command
from stripe_shell.batch.patience import PatienceSettings, PatientTransport
from stripe_shell.batch.pressure import Pressure
from stripe_shell.batch.progress import Progress
from stripe_shell.batch.ticker import Ticker
from stripe_shell.engine.outcome import RowResult, RowStatus, RunStep
from stripe_shell.engine.run.stopping import StopRequest
from stripe_shell.errors import UsageError
from stripe_shell.secrets import Secrets
from stripe_shell.wire import Request, Response
from tests.engine.support.world import World

from .support import Batch
from .test_signals import signals_in_write

EMAILS = [f"{letter}@b.co" for letter in "abcdefgh"]


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def ended(status: RowStatus, count: int = 1, *, recalled: bool = False) -> RunStep:
    """The steps of rows that ended."""
    item: Any = None
    writes = 0 if recalled else 2 * count
    return RunStep(item, World().scope, result=RowResult(0, status, writes=writes, count=count, recalled=recalled))


def progress_of(clock: Clock, total: int | None = 1000) -> Progress:
    progress = Progress("a.stripe", clock, total=total, pressure=Pressure(clock))
    progress.step(ended("done", 100, recalled=False))
    progress.step(ended("failed", 2))
    clock.now += 10
    return progress


def test_a_line_says_what_ended_how_fast_and_how_long_it_will_take() -> None:
    assert progress_of(Clock()).line() == (
        "a.stripe: 100 rows done · 0 skipped · 2 failed · 0 unknown · 0 not run · 204 writes · 898 left, 88 s"
        " · 20.4/s (latency) · 10 s"
    )


def test_a_bar_shows_the_share_of_the_rows() -> None:
    bar = progress_of(Clock()).bar()
    assert bar == "a.stripe ━━────────────────── 102/1,000 · 2 failed · 20.4/s (latency) · 88 s left"
    assert progress_of(Clock()).bar(plain=True).startswith("a.stripe ##------------------ 102/1,000")


def test_without_the_number_of_rows_there_is_no_bar() -> None:
    assert progress_of(Clock(), None).bar() == "a.stripe 102 rows · 2 failed · 20.4/s (latency)"


def test_rows_of_an_earlier_process_do_not_count_for_the_rate() -> None:
    clock = Clock()
    progress = Progress("a", clock, total=1000, pressure=Pressure(clock))
    for _ in range(900):
        progress.step(ended("done", recalled=True))
    clock.now += 10
    progress.step(ended("done", 10))
    assert progress.left == 90
    assert "90 s left" in progress.bar()


def test_the_rate_is_that_of_the_last_half_minute() -> None:
    clock = Clock()
    progress = Progress("a", clock, total=100_000, pressure=Pressure(clock))
    for second in range(100):
        progress.step(ended("done", 100 if second < 50 else 10))
        clock.now += 1
        progress.bar()
    assert "· 20.0/s" in progress.bar()


def test_what_limits_the_speed() -> None:
    clock = Clock()
    pressure = Pressure(clock)
    assert pressure.limit == "latency"
    for _ in range(20):
        pressure.note_request(0.3, 0.1)
    assert pressure.limit == "pace"
    pressure.note_refusal()
    assert pressure.limit == "Stripe"
    pressure.note_outage(1)
    assert pressure.limit == "network"
    pressure.note_outage(-1)
    clock.now += 6
    for _ in range(50):
        pressure.note_request(0.1, 0.1)
    assert pressure.limit == "latency"


# --- when it is shown --------------------------------------------------------------------------------------------


class Output:
    """Notes what is shown."""

    def __init__(self) -> None:
        self.drawn: list[str] = []
        self.written: list[str] = []

    def status(self, text: str) -> None:
        self.drawn.append(text)

    def message(self, text: str) -> None:
        self.written.append(text)

    def clear_status(self) -> None:
        self.drawn.append("")


def ticker_of(
    clock: Clock, output: Output, *, terminal: bool = False, on_wait: Callable[[], None] = lambda: None
) -> Any:
    progress = progress_of(clock)
    return progress, Ticker(progress, output, terminal=terminal, clock=clock, on_wait=on_wait)


def test_a_terminal_is_drawn_over_and_cleaned_in_the_end() -> None:
    clock, output = Clock(), Output()
    _, ticker = ticker_of(clock, output, terminal=True)
    with ticker:
        ticker.tick()
    assert output.drawn[0].startswith("a.stripe ━━")
    assert output.drawn[-1] == ""
    assert output.written == []


def test_elsewhere_a_line_is_written_every_ten_seconds_and_when_the_network_goes_and_comes() -> None:
    clock, output = Clock(), Output()
    progress, ticker = ticker_of(clock, output)
    for _ in range(21):
        ticker.tick()
        clock.now += 1
    assert len(output.written) == 2
    progress.pressure.note_outage(1)
    ticker.tick()
    ticker.tick()
    assert len(output.written) == 3
    assert "(network)" in output.written[-1]
    progress.pressure.note_outage(-1)
    ticker.tick()
    assert len(output.written) == 4


def test_a_wait_of_more_than_a_minute_is_told_once() -> None:
    clock, told = Clock(), []
    progress, ticker = ticker_of(clock, Output(), on_wait=lambda: told.append(clock.now))
    for _ in range(100):
        ticker.tick()
        clock.now += 1
    assert told == []  # it is slow, and waits for nobody
    progress.pressure.note_outage(1)
    for _ in range(200):
        ticker.tick()
        clock.now += 1
    assert len(told) == 1
    progress.step(ended("done"))
    for _ in range(62):
        ticker.tick()
        clock.now += 1
    assert len(told) == 2


# --- notify ------------------------------------------------------------------------------------------------------


def notifying(batch: Batch) -> tuple[str, Path]:
    """A command that writes its environment and its words to a file."""
    told = batch.folder / "told.jsonl"
    program = batch.folder / "tell.py"
    program.write_text(
        "import json, os, sys\n"
        f"with open({str(told)!r}, 'a') as file:\n"
        "    file.write(json.dumps([sys.argv[1:], dict(os.environ)]) + '\\n')\n"
    )
    return f"{sys.executable} {program} 'two words' $HOME", told


def told_by(path: Path) -> list[tuple[list[str], dict[str, str]]]:
    return [tuple(json.loads(line)) for line in path.read_text().splitlines()]  # type: ignore[misc]


def test_notify_runs_a_command_at_the_end_with_the_counts(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_API_KEY", "sk_test_51Abcdefghijklmnopqrstuv")
    command, path = notifying(batch)
    batch.rows(EMAILS[:3])
    assert batch.run("--notify", command).code == 0
    ((words, environ),) = told_by(path)
    assert words == ["two words", "$HOME"]  # no shell has read it
    facts = {name.removeprefix("STRIPE_SHELL_"): value for name, value in environ.items() if "STRIPE_SHELL" in name}
    assert {name: facts[name] for name in ("EVENT", "DONE", "FAILED", "UNKNOWN", "NOT_RUN", "WRITES", "CODE")} == {
        "EVENT": "end", "DONE": "3", "FAILED": "0", "UNKNOWN": "0", "NOT_RUN": "0", "WRITES": "6", "CODE": "0",
    }  # fmt: skip
    assert facts["RUN"].startswith(batch.folders[0].name.removeprefix("b-"))
    assert "STRIPE_API_KEY" not in environ


def test_notify_tells_a_stop(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    command, path = notifying(batch)
    batch.rows(EMAILS)
    signals_in_write(monkeypatch, 3, signal.SIGTERM, before=True)
    assert batch.run("--notify", command).code == 143
    ((_, environ),) = told_by(path)
    assert (environ["STRIPE_SHELL_EVENT"], environ["STRIPE_SHELL_CODE"]) == ("stop", "143")
    assert int(environ["STRIPE_SHELL_NOT_RUN"]) > 0


def test_a_program_that_does_not_exist_is_told_before_anything_is_sent(batch: Batch) -> None:
    batch.rows(EMAILS)
    result = batch.run("--notify", "no-such-program x")
    assert result.code == 1
    assert "--notify: there is no program `no-such-program`" in result.err
    assert not (batch.folder / "s.db").exists()
    with pytest.raises(UsageError, match="quotation"):
        parse_command("a 'b")


def test_a_program_that_cannot_be_started_stops_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    notifier = Notifier((str(tmp_path),), os.environ, Secrets, said.append)
    notifier.tell("end", {})
    notifier.wait()
    assert said == [f"--notify: {tmp_path} cannot be started: Permission denied"]


# --- interruptions ----------------------------------------------------------------------------------------------


class Reconnected:
    """A transport that counts how often its connections were opened anew."""

    def __init__(self) -> None:
        self.times = 0

    def send(self, request: Request) -> Response:
        return Response(200, {}, b"{}")

    def reconnect(self) -> None:
        self.times += 1


def test_connections_are_opened_anew_after_a_stop_and_after_sleep() -> None:
    clock, wall = Clock(), Clock()
    interruptions = Interruptions(clock, wall)
    inner = Reconnected()
    settings = PatienceSettings(600, StopRequest(), lambda words: None, clock, interruptions=interruptions)
    transport = PatientTransport("stripe", inner, settings)
    request = Request("GET", "/v1/customers")
    transport.send(request)
    assert inner.times == 0
    interruptions.note()
    transport.send(request)
    transport.send(request)
    assert inner.times == 1
    wall.now += 3600  # the machine slept, and its monotonic clock with it
    transport.send(request)
    transport.send(request)
    assert inner.times == 2


def test_a_process_that_goes_on_notes_it(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    noted: list[int] = []
    monkeypatch.setattr(Interruptions, "note", lambda self: noted.append(1))
    batch.rows(EMAILS[:2])
    signals_in_write(monkeypatch, 2, signal.SIGCONT)
    assert batch.run().code == 0
    assert noted == [1]
