"""The progress of a run: how many rows and blocks have ended, and how fast."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from stripe_shell.batch.totals import rows_line
from stripe_shell.engine.outcome import OutcomeStatus, RowStatus, RunStep


class Progress:
    """Counts the steps of a run. `clock` returns monotonic seconds."""

    def __init__(self, name: str, clock: Callable[[], float]) -> None:
        self._name = name
        self._clock = clock
        self._began = clock()
        self._rows: Counter[RowStatus] = Counter()
        self._blocks: Counter[OutcomeStatus] = Counter()
        self._writes = 0

    def step(self, step: RunStep) -> None:
        """Counts a step."""
        if step.result is not None:
            self._rows[step.result.status] += step.result.count
            self._writes += step.result.writes
        elif step.outcome is not None and not step.row:
            self._blocks[step.outcome.status] += 1

    def line(self) -> str:
        """Returns how far the run is."""
        seconds = max(self._clock() - self._began, 0.001)
        parts = [f"{self._blocks.total():,} blocks"] if self._blocks else []
        parts += [f"{rows_line(self._rows, self._writes)} · {self._writes / seconds:.1f}/s"] if self._rows else []
        return f"{self._name}: {'; '.join(parts) or 'nothing has ended yet'} · {seconds:.0f} s"
