"""The limit of failures in a loop: too many rows that failed, or ten in a row that failed alike, stop the run."""

from __future__ import annotations

from _thread import allocate_lock
from collections.abc import Mapping
from typing import TYPE_CHECKING

from stripe_shell.engine.outcome import RowResult, RowStatus

if TYPE_CHECKING:
    from stripe_shell.engine.run.stopping import StopRequest

#: So many rows in a row that fail alike stop a loop without a limit of its own.
ALIKE = 10
#: A limit in per cent counts from so many rows on.
_FEWEST = 50


class ErrorLimit:
    """Counts the failed rows of a loop, as they end. Thread-safe.

    `text` is the argument of `max_errors=`: a number, or a share such as `2%`; None stops after ten rows in a row that
    failed alike.
    """

    def __init__(self, text: str | None, stop: StopRequest) -> None:
        self._share = text is not None and text.endswith("%")
        self._most = None if text is None else float(text.removesuffix("%"))
        self._stop = stop
        self._lock = allocate_lock()
        self._rows = self._failed = self._alike = 0
        self._last: object = None

    def note(self, result: RowResult, passed: Mapping[RowStatus, int]) -> None:
        """Counts a row that has ended; asks the run to stop if that is one failure too many.

        `passed` are the rows before it that an earlier process of the run finished: failures around them are not in a
        row.
        """
        with self._lock:
            self._rows += 1 + sum(passed.values())
            if passed.get("done"):
                self._alike, self._last = 0, None
            if result.status == "failed":
                self._failed += 1
                self._compare(result)
            elif result.status == "done":
                self._alike, self._last = 0, None
            reason = self._reason()
        if reason:
            self._stop.request(reason)

    def _compare(self, result: RowResult) -> None:
        """Counts failures in a row that are alike; one that the journal tells again says nothing about the next row."""
        cause = _cause(result)
        if result.outcome is None or not result.outcome.recalled:
            self._alike = self._alike + 1 if cause == self._last else 1
            self._last = cause

    def _reason(self) -> str:
        if self._most is None:
            return f"{ALIKE} rows in a row failed alike" if self._alike >= ALIKE else ""
        if not self._share:
            return f"{self._failed} rows failed" if self._failed > self._most else ""
        exceeded = self._rows >= _FEWEST and 100 * self._failed > self._most * self._rows
        return f"{self._failed} of {self._rows} rows failed, more than {self._most:g} %" if exceeded else ""


def _cause(result: RowResult) -> object:
    """Returns what rows that fail alike have in common: the place, the status, and the code of the error."""
    outcome = result.outcome
    if outcome is None:
        return None
    status = outcome.response.status if outcome.response else None
    codes = tuple(each.code for each in outcome.diagnostics if each.severity == "error")
    return outcome.block.span.start, status, outcome.error.get("code"), outcome.error.get("type"), codes
