"""Signals during a run: it stops in good order, tells what became of everything, and goes on when it is run again."""

from __future__ import annotations

import itertools
import os
import signal
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

import pytest

from stripe_shell.batch import signals
from stripe_shell.transports.sandbox import SandboxTransport
from stripe_shell.wire import Request, Response

from .support import Batch
from .test_resume import dies_at

EMAILS = [f"{letter}@b.co" for letter in "abcdefgh"]


@pytest.fixture(autouse=True)
def interrupts() -> None:
    """Ctrl-C is heard, also where the tests run in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def signals_in_write(
    monkeypatch: pytest.MonkeyPatch, number: int, *numbers: signal.Signals, before: bool = False
) -> None:
    """This process gets the signals during its write `number`, before or after it is carried out."""
    count = itertools.count(1)  # its steps are atomic, for the threads of several jobs
    send = SandboxTransport.send

    def disturbed(self: SandboxTransport, request: Request) -> Response:
        now = next(count) if request.writes else 0
        if now == number and before:
            for each in numbers:
                os.kill(os.getpid(), each)
        response = send(self, request)
        if now == number and not before:
            for each in numbers:
                os.kill(os.getpid(), each)
        return response

    monkeypatch.setattr(SandboxTransport, "send", disturbed)


@pytest.mark.parametrize("options", ["key=email", "key=email jobs=3"])
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=str
)
def test_a_signal_lets_rows_end_and_a_run_goes_on(
    batch: Batch, monkeypatch: pytest.MonkeyPatch, options: str, number: signal.Signals, code: int
) -> None:
    batch.options = options
    batch.move_to("here")
    batch.rows(EMAILS)
    handler = signal.getsignal(number)
    signals_in_write(monkeypatch, 3, number, before=True)
    result = batch.run()
    assert result.code == code
    assert signal.getsignal(number) == handler
    made = batch.made("customer")
    assert 0 < len(made) < len(EMAILS)
    assert batch.made("invoiceitem", "description") == made
    assert f"{len(made)} rows done · 0 skipped · 0 failed · 0 unknown · {len(EMAILS) - len(made)} not run" in result.err
    assert "run it again to go on with the rest" in result.err
    monkeypatch.undo()
    assert batch.run().code == 0
    assert batch.made("customer") == batch.made("invoiceitem", "description") == EMAILS


@pytest.mark.parametrize("number", [3, 4, 5])
@pytest.mark.parametrize("inner", ["", " jobs=2"])
@pytest.mark.parametrize("times", [1, 2])
def test_no_row_of_a_loop_in_a_loop_is_lost(
    batch: Batch, monkeypatch: pytest.MonkeyPatch, number: int, inner: str, times: int
) -> None:
    """A row that is under way ends with all rows of its inner loop, or counts as not done."""
    (batch.folder / "n.csv").write_text("n\n1\n2\n3\n", encoding="utf-8")
    each = "    /sandbox create customer email=${each.n}-${row.email} name=A\n"
    batch.script(f'  @foreach each in "n.csv" key=n{inner}\n{each}  @end\n')
    batch.rows(EMAILS[:3])
    signals_in_write(monkeypatch, number, *[signal.SIGTERM] * times)
    assert batch.run().code in {143, 5}
    monkeypatch.undo()
    assert batch.run().code == 0
    assert batch.made("customer") == sorted(f"{n}-{email}" for n in (1, 2, 3) for email in EMAILS[:3])


def test_a_second_signal_stops_waiting_and_tells_what_is_unknown(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    batch.rows(EMAILS)
    signals_in_write(monkeypatch, 3, signal.SIGINT, signal.SIGINT)
    result = batch.run()
    assert result.code == 5
    assert "UNKNOWN    create customer as customer in rows.csv:3 (email=b@b.co)" in result.err
    assert "ss1-" in result.err
    assert "1 row done · 0 skipped · 0 failed · 1 unknown · 6 not run" in result.err
    monkeypatch.undo()
    assert batch.run().code == 0
    assert batch.made("customer") == batch.made("invoiceitem", "description") == EMAILS


def test_the_wait_for_what_is_under_way_ends(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    batch.rows(EMAILS)
    send = SandboxTransport.send
    count = 0

    def silent(self: SandboxTransport, request: Request) -> Response:
        nonlocal count
        response = send(self, request)
        count += request.writes
        if count == 3:
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()  # until the alarm
        return response

    monkeypatch.setattr(SandboxTransport, "send", silent)
    assert batch.run("--grace", "1ms").code == 5
    monkeypatch.undo()
    assert batch.run().code == 0
    assert batch.made("customer") == EMAILS


def test_ctrl_c_before_a_run_begins_says_what_is_open(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    from stripe_shell.cli import run as run_command

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    batch.rows(EMAILS)
    assert batch.run_and_die(dies_at(2, "sent")) == 9
    monkeypatch.setattr(run_command, "prepare", interrupt)
    result = batch.run()
    assert result.code == 5
    assert "interrupted; 1 writes of an earlier process have no known outcome: start it again" in result.err
    monkeypatch.undo()
    assert batch.run().code == 0
    monkeypatch.setattr(run_command, "prepare", interrupt)
    assert batch.run().code == 130


def test_a_signal_that_is_ignored_stays_ignored(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    batch.rows(EMAILS[:2])
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        signals_in_write(monkeypatch, 1, signal.SIGHUP)
        assert batch.run().code == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_line_of_progress_is_told_on_request(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(signals, "_say", said.append)
    batch.rows(EMAILS[:4])
    signals_in_write(monkeypatch, 6, signal.SIGUSR1)
    assert batch.run().code == 0
    (line,) = said
    assert "b.stripe: 2 rows done · 0 skipped · 0 failed · 0 unknown · 0 not run · 4 writes" in line


def test_teardown_runs_and_reports_are_written_after_a_signal(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    import json

    batch.script(
        "  /sandbox create customer email=${row.email} name=A\n",
        "/sandbox create product name=Gold\n@as gold\n\n/sandbox update product id=${gold.id} name=Old\n@teardown\n\n",
    )
    batch.rows(EMAILS)
    signals_in_write(monkeypatch, 3, signal.SIGTERM)
    report = batch.folder / "r.json"
    assert batch.run("--report", f"json={report}").code == 143
    assert batch.made("product", "name") == ["Old"]
    assert len(json.loads(report.read_text())["entries"]) == 4


def load_script() -> Any:
    loader = SourceFileLoader("crash_batch", str(Path(__file__).parents[2] / "scripts" / "crash-batch"))
    spec = spec_from_loader("crash_batch", loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.mark.parametrize("seed", [1, 2])
def test_a_batch_that_is_stopped_at_random_makes_everything_once(seed: int) -> None:
    """The short form of scripts/crash-batch: over HTTP, with faults, stopped by four kinds of signals."""
    counts, starts, problems = load_script().run(rows=60, stops=4, jobs=4, seed=seed, pause=0.2, between=(5, 20))
    assert problems == []
    assert counts.total() == 4
    assert starts >= 2
