"""Signals during a run: the first one asks it to stop, a second one stops waiting, SIGUSR1 asks how far it is."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType, TracebackType

from stripe_shell.engine.run.stopping import StopRequest

#: The signals that stop a run, and their names in messages.
STOPPING = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM", signal.SIGHUP: "SIGHUP"}
#: The signals that ask for a line of progress; SIGINFO is Ctrl-T where it exists.
_ASKING = [each for each in (signal.SIGUSR1, getattr(signal, "SIGINFO", None)) if each is not None]


class StopWaiting(KeyboardInterrupt):
    """Raised in the main thread when requests under way are not waited for any longer."""


class RunSignals:
    """A context in which signals stop a run in good order.

    `grace` is how long a stopped run waits for what is under way, in seconds. `progress` returns a line that says how
    far the run is. `on_continue` is called when the process goes on after SIGTSTP or SIGSTOP. `received` is the first
    signal that stopped the run, 0 without one. A signal that is ignored, as under `nohup`, stays ignored. Does nothing
    outside of the main thread.
    """

    def __init__(
        self,
        stop: StopRequest,
        grace: float,
        progress: Callable[[], str],
        on_continue: Callable[[], None] = lambda: None,
    ) -> None:
        self.received = 0
        self._stop = stop
        self._grace = grace
        self._progress = progress
        self._on_continue = on_continue
        self._before: dict[int, object] = {}

    @property
    def exit_code(self) -> int:
        """Returns the exit code of a run that a signal stopped, 0 without one."""
        return 128 + self.received if self.received else 0

    def __enter__(self) -> RunSignals:
        if threading.current_thread() is threading.main_thread():
            for number in STOPPING:
                if signal.getsignal(number) != signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._stop_run)
            for number in _ASKING:
                self._before[number] = signal.signal(number, self._tell_progress)
            self._before[signal.SIGCONT] = signal.signal(signal.SIGCONT, lambda *_: self._on_continue())
            self._before[signal.SIGALRM] = signal.signal(signal.SIGALRM, self._stop_waiting)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before:
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        self._before.clear()

    def _stop_run(self, number: int, _frame: FrameType | None) -> None:
        if self.received:
            self._stop_waiting(number, _frame)
        self.received = number
        name = STOPPING[signal.Signals(number)]
        self._stop.request(name)
        _say(f"{name}: no new row is begun; what is under way is waited for, at most {self._grace:g} s")
        # A timer of 0 would be none.
        signal.setitimer(signal.ITIMER_REAL, max(self._grace, 0.001))

    def _stop_waiting(self, _number: int, _frame: FrameType | None) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        self._stop.request("stopped waiting", immediate=True)
        raise StopWaiting

    def _tell_progress(self, _number: int, _frame: FrameType | None) -> None:
        _say(self._progress())


def _say(text: str) -> None:
    """Writes a line to standard error; the stream itself may be in the middle of a write when a signal arrives."""
    with suppress(OSError):
        os.write(2, f"{text}\n".encode(errors="replace"))
