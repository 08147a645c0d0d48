"""A request to stop a run, which signals and failures make and rows and waits heed."""

from __future__ import annotations

from threading import Event


class StopRequest:
    """Whether a run shall stop, and how soon. Thread-safe.

    `reason` says why in words. A request to stop lets rows that have started end; an immediate one lets only the
    requests end that have been sent.
    """

    def __init__(self) -> None:
        self.reason = ""
        self._rows = Event()
        self._steps = Event()

    @property
    def requested(self) -> bool:
        """Whether no new row and no new block outside of loops may start."""
        return self._rows.is_set()

    @property
    def immediate(self) -> bool:
        """Whether no new step may start."""
        return self._steps.is_set()

    def request(self, reason: str, *, immediate: bool = False) -> None:
        """Asks the run to stop; the first reason counts."""
        self.reason = self.reason or reason
        if immediate:
            self._steps.set()
        self._rows.set()

    def wait(self, seconds: float, *, immediate: bool = False) -> bool:
        """Waits so long, or until a stop (an immediate one) is requested; returns whether one is."""
        return (self._steps if immediate else self._rows).wait(seconds)
