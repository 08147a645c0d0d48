"""Shows the progress of a run while it goes on: a line that is drawn over on a terminal, else a line now and then."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Protocol

from stripe_shell.batch.progress import Progress

#: A terminal is drawn so often, in seconds; elsewhere a line is written so often.
REDRAWN, WRITTEN = 0.25, 10.0
#: A wait of more than so many seconds is told.
LONG_WAIT = 60.0


class ProgressOutput(Protocol):
    """Where progress is shown."""

    def status(self, text: str) -> None:
        """Shows a line in place of the previous one."""
        ...

    def message(self, text: str) -> None:
        """Writes a line."""
        ...

    def clear_status(self) -> None:
        """Erases the line that was shown."""
        ...


class Ticker:
    """A context in which a thread shows the progress of a run.

    `terminal`: the bar is drawn over; otherwise a line is written every ten seconds, and whenever the network goes or
    comes back. `plain`: in ASCII. `on_wait` is called once when nothing has ended for a minute because of the network
    or of Stripe. `clock` returns monotonic seconds.
    """

    def __init__(
        self,
        progress: Progress,
        output: ProgressOutput,
        *,
        terminal: bool,
        clock: Callable[[], float],
        plain: bool = False,
        on_wait: Callable[[], None] = lambda: None,
    ) -> None:
        self._progress = progress
        self._output = output
        self._terminal = terminal
        self._plain = plain
        self._on_wait = on_wait
        self._clock = clock
        self._written = self._moved = clock()
        self._seen: object = None
        self._away = self._told = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._show, name="progress", daemon=True)

    def __enter__(self) -> Ticker:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join(1)
        if self._terminal:
            self._output.clear_status()

    def _show(self) -> None:
        while not self._ended.wait(REDRAWN):
            self.tick()

    def tick(self) -> None:
        """Shows the progress, if it is time to."""
        now, away = self._clock(), self._progress.pressure.limit == "network"
        if self._terminal:
            self._output.status(self._progress.bar(plain=self._plain))
        elif now - self._written >= WRITTEN or away != self._away:
            self._written = now
            self._output.message(self._progress.line())
        self._away = away
        self._note_wait(now)

    def _note_wait(self, now: float) -> None:
        """Calls `on_wait` once in each wait for the network or for Stripe that is longer than a minute."""
        seen = (self._progress.ended, self._progress.writes)
        waits = self._progress.pressure.limit in {"network", "Stripe"}
        if seen != self._seen or not waits:
            self._seen, self._moved, self._told = seen, now, False
        elif now - self._moved > LONG_WAIT and not self._told:
            self._told = True
            self._on_wait()
