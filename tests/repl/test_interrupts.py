"""Signals at the prompt: Ctrl-C costs neither the session nor a line, whenever it comes; SIGTERM and SIGHUP end it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event
from types import FrameType
from typing import Any, Literal

import pytest
from prompt_toolkit.application import Application

from stripe_shell.repl.interrupts import Interrupts
from stripe_shell.repl.prompt import Prompt
from stripe_shell.repl.waiting import BackgroundStream
from stripe_shell.wire import Request, Response, decode_form
from tests.repl.driver import ENTER, Driver, Moment, drive, prompt_is
from tests.repl.fakes import Answer, echo, respond
from tests.repl.remote import at_prompt
from tests.repl.terminal import CTRL_C, shell

#: What the prompt does in a turn: it opens, shows a line, has got it with Enter, runs it, waits for an
#: answer, and goes on to the next.
Phase = Literal["opening", "shown", "entered", "running", "waiting", "between", "over"]

#: The function whose call begins a phase, or whose return does.
_CALLED: dict[object, Phase] = {
    Prompt._greet.__code__: "between",
    Interrupts.reading.__code__: "opening",
    Interrupts._note_shown.__code__: "shown",
    Application.exit.__code__: "entered",
    Interrupts.running.__code__: "running",
    BackgroundStream.__iter__.__code__: "waiting",
}
_RETURNED: dict[object, Phase] = {
    Interrupts.running.__code__: "between",
    Prompt._report_unanswered.__code__: "over",
}

#: The turns in which modules are imported, so that later ones are alike.
_WARM = 4

#: Called with the phase, the number of its turn, and how many functions it has called or left.
AtCall = Callable[[Phase, int, int], object]


class Turns:
    """Follows the turns of a prompt, and calls a function at every call and return in them."""

    def __init__(self, at_call: AtCall) -> None:
        self.phase: Phase = "over"
        self.turn = self.calls = 0
        self._at_call = at_call

    def follow(self) -> None:
        """Begins to follow, or goes on after an exception from `at_call`, which has ended it."""
        sys.setprofile(self._profile)

    def is_shown(self, turn: int) -> Callable[[Moment], bool]:
        """The prompt of this turn is shown, and empty."""

        def shown(moment: Moment) -> bool:
            self.follow()
            self._begin("shown")
            return prompt_is(turn)(moment)

        return shown

    def _profile(self, frame: FrameType, event: str, _argument: Any) -> None:
        if event not in {"call", "return"}:
            return
        phase = (_CALLED if event == "call" else _RETURNED).get(frame.f_code, self.phase)
        if phase != self.phase:
            self._begin(phase)
        elif phase != "over":
            self.calls += 1
            self._at_call(phase, self.turn, self.calls)

    def _begin(self, phase: Phase) -> None:
        self.turn += phase == "entered"
        self.phase, self.calls = phase, 0


def struck(home: Path, line: str, turns: int, at_call: AtCall, answer: Answer = echo) -> Driver:
    """Enters a line in each of so many prompts, `{}` in it being the number of the prompt, and then leaves."""
    followed = Turns(at_call)
    followed.follow()
    try:
        steps = [(followed.is_shown(turn), line.format(turn) + ENTER) for turn in range(1, turns + 1)]
        return drive(home, *steps, answer=answer)
    finally:
        sys.setprofile(None)


def interrupt() -> None:
    signal.raise_signal(signal.SIGINT)


def test_before_a_prompt_is_shown_ctrl_c_does_nothing(tmp_path: Path) -> None:
    """It comes at every call between a line and the next prompt, and at others in each prompt that opens."""

    def at_call(phase: Phase, turn: int, calls: int) -> None:
        if phase == "between" or (phase == "opening" and calls % 97 == turn):
            interrupt()

    driver = struck(tmp_path, "@let x{} = 1", 12, at_call)
    assert driver.code == 0
    assert [name for name in driver.session.scope.variables if name[0] == "x"] == [f"x{turn}" for turn in range(1, 13)]
    assert "interrupted" not in driver.console.text


def test_behind_enter_ctrl_c_has_the_line_not_run(tmp_path: Path) -> None:
    """It comes once in each turn, each time a few calls later."""

    def at_call(phase: Phase, turn: int, calls: int) -> None:
        if phase == "entered" and calls == 1 + (turn - 1) * 149 and turn <= 40:
            interrupt()

    driver = struck(tmp_path, "@let x{} = 1", 40, at_call)
    assert driver.code == 0
    assert [name for name in driver.session.scope.variables if name[0] == "x"] == []
    assert driver.console.text.count("interrupted") == 40


@pytest.mark.parametrize(("struck_in", "stride"), [("running", 61), ("waiting", 13)])
def test_while_a_line_runs_ctrl_c_interrupts_it_alone(tmp_path: Path, struck_in: Phase, stride: int) -> None:
    """It comes twice in a turn, each time a few calls later; of a write that was sent something is always shown."""

    def at_call(phase: Phase, turn: int, calls: int) -> None:
        first = stride * (turn - _WARM)
        if phase == struck_in and turn > _WARM and calls in {first, first + 7}:
            interrupt()

    def answer(request: Request) -> Response:
        return respond({"id": f"cus_{decode_form(request.body.decode())['name']}", "object": "customer"})

    driver = struck(tmp_path, "create customer email=a@b.co name=N{}.", 30, at_call, answer)
    assert driver.code == 0
    assert ("interrupted" if struck_in == "running" else "late answer: ok") in driver.console.text
    for request in driver.transport.sent:
        name = decode_form(request.body.decode())["name"]
        assert f"cus_{name}" in driver.console.text or f"{request.idempotency_key}" in driver.console.text


def test_a_second_ctrl_c_does_not_cut_off_what_the_first_one_reports() -> None:
    reported = []

    def work() -> None:
        try:
            interrupt()
        except KeyboardInterrupt:
            interrupt()
            with suppress(ValueError):
                int("x")
            try:
                int("x")
            except ValueError:
                interrupt()
            reported.append("unknown")
        interrupt()
        reported.append("went on")

    interrupts = Interrupts()
    with interrupts.handled(), pytest.raises(KeyboardInterrupt):
        interrupts.running(work)
    assert reported == ["unknown"]


@pytest.mark.parametrize("phase", ["between", "opening", "shown", "entered", "running"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_ends_the_session_ends_it_in_order(tmp_path: Path, phase: Phase, number: int) -> None:
    def at_call(now: Phase, turn: int, calls: int) -> None:
        if (now, turn, calls) == (phase, 2, 5):
            signal.raise_signal(number)

    driver = struck(tmp_path, "@let x{} = 1", 9, at_call)
    assert driver.code == 128 + number
    assert [name for name in driver.session.scope.variables if name[0] == "x"][2:] == []


def test_the_signal_that_ends_the_session_says_what_is_unknown(tmp_path: Path) -> None:
    def answer(request: Request) -> Response:
        asked.append(request)
        os.kill(os.getpid(), signal.SIGTERM)
        assert ended.wait(20)
        return echo(request)

    asked: list[Request] = []
    ended = Event()
    try:
        driver = drive(tmp_path, f"create customer email=a@b.co name=Ann{ENTER}", answer=answer)
    finally:
        ended.set()
    assert driver.code == 128 + signal.SIGTERM
    assert f"{asked[0].idempotency_key}" in driver.console.text
    assert "no answer yet to POST /v1/customers" in driver.console.text


# --- in a real terminal ---------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize(
    "typed", ["", "create cust", f"/sandbox{ENTER}action: create", f"@watch 1s list customers{ENTER}"]
)
def test_the_terminal_is_restored(tmp_path: Path, typed: str, number: int) -> None:
    terminal = shell(tmp_path)
    try:
        terminal.wait("sandbox>")
        terminal.type(typed)
        terminal.wait("Ctrl-C ends" if "@watch" in typed else typed.rpartition(ENTER)[2])
        os.kill(terminal.child.pid, number)
        assert terminal.wait_end() == 128 + number
        assert "Traceback" not in terminal.text
        assert terminal.restored
    finally:
        terminal.close()


def test_ctrl_c_is_the_pager_s_own(tmp_path: Path) -> None:
    caught = "n=0; trap 'n=$((n+1)); echo CAUGHT $n; [ $n = 2 ] && exit' INT; echo PAGING; while :; do sleep 1; done"
    terminal = shell(tmp_path, lines=12, environment={"PAGER": f"cat >/dev/null; {caught}"})
    try:
        terminal.wait("sandbox>")
        terminal.enter("create customer email=a@b.co name=Ann")
        terminal.wait("✓ create customer")
        terminal.enter("@open")
        terminal.wait("PAGING")
        for number in (1, 2):
            terminal.type(CTRL_C)
            terminal.wait(f"CAUGHT {number}")
        terminal.wait(at_prompt)
        assert "interrupted" not in terminal.text
    finally:
        terminal.close()


def test_ctrl_c_ends_a_command_of_the_system_alone(tmp_path: Path) -> None:
    program = "import signal\nsignal.signal(2, signal.SIG_DFL)\nprint('WAITS', flush=True)\nsignal.pause()\n"
    (tmp_path / "waits.py").write_text(program)
    terminal = shell(tmp_path, columns=120)
    try:
        terminal.wait("sandbox>")
        terminal.enter(f"list customers | {sys.executable} waits.py")
        terminal.wait("WAITS")
        terminal.type(CTRL_C)
        terminal.wait("ended with code")
        terminal.wait(at_prompt)
    finally:
        terminal.close()
