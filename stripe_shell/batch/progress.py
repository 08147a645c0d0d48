"""The progress of a run: how many rows and blocks have ended, how fast, what limits it, and how long it will take."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable

from stripe_shell.batch.pressure import Pressure
from stripe_shell.batch.totals import rows_line
from stripe_shell.engine.outcome import OutcomeStatus, RowStatus, RunStep

#: Rates are those of the last seconds.
_WINDOW = 30.0
#: The columns of the bar itself.
_BAR = 20


class Progress:
    """Counts the steps of a run. `clock` returns monotonic seconds, `total` is the number of rows, None if unknown."""

    def __init__(
        self,
        name: str,
        clock: Callable[[], float],
        *,
        total: int | None = None,
        pressure: Pressure | None = None,
    ) -> None:
        self.rows: Counter[RowStatus] = Counter()
        self.writes = 0
        self.pressure = pressure or Pressure(clock)
        self._name = name
        self._clock = clock
        self._total = total
        self._began = clock()
        self._recalled = 0
        self._blocks: Counter[OutcomeStatus] = Counter()
        #: Time, rows and writes of this process, for each second of the window.
        self._samples: deque[tuple[float, int, int]] = deque([(self._began, 0, 0)])

    def go_on(self, writes: int) -> None:
        """Begins with the writes of earlier processes of the run; they do not count for its speed."""
        self.writes = writes
        self._samples = deque([(self._began, 0, writes)])

    def step(self, step: RunStep) -> None:
        """Counts a step."""
        if step.result is not None:
            self.rows[step.result.status] += step.result.count
            self.writes += step.result.writes
            self._recalled += step.result.count if step.result.recalled else 0
        elif step.outcome is not None and not step.row:
            self._blocks[step.outcome.status] += 1

    @property
    def ended(self) -> int:
        """Returns the rows that have ended."""
        return self.rows.total() - self.rows["not run"]

    @property
    def left(self) -> int:
        """Returns the rows that have not ended; 0 if their number is not known."""
        return max((self._total or 0) - self.ended, 0)

    def line(self) -> str:
        """Returns how far the run is, with all counts."""
        seconds = max(self._clock() - self._began, 0.001)
        parts = [f"{self._blocks.total():,} blocks"] if self._blocks else []
        if self.rows:
            parts.append(f"{rows_line(self.rows, self.writes)}{self._left_in_words()}")
        return f"{self._name}: {'; '.join(parts) or 'nothing has ended yet'} · {self._speed()} · {seconds:.0f} s"

    def bar(self, *, plain: bool = False) -> str:
        """Returns the line of a terminal: a bar if the number of rows is known; `plain`: in ASCII."""
        parts = [f"{self.ended:,} rows"]
        if self._total:
            filled = min(_BAR * self.ended // self._total, _BAR)
            full, empty = ("#", "-") if plain else ("━", "─")
            parts = [f"{full * filled}{empty * (_BAR - filled)} {self.ended:,}/{self._total:,}"]
        parts += [f"{self.rows[status]:,} {status}" for status in ("failed", "unknown") if self.rows[status]]
        parts.append(self._speed())
        remaining = self._remaining()
        parts += [f"{_in_words(remaining)} left"] if remaining is not None else []
        return f"{self._name} {' · '.join(parts)}"

    def _left_in_words(self) -> str:
        remaining = self._remaining()
        if not self._total:
            return ""
        return f" · {self.left:,} left" + (f", {_in_words(remaining)}" if remaining is not None else "")

    def _speed(self) -> str:
        """Returns the writes per second, and what limits them."""
        _, writes = self._rates()
        return f"{writes:.1f}/s ({self.pressure.limit})"

    def _remaining(self) -> float | None:
        """Returns the seconds that the rows which are left will take; None if that cannot be told."""
        rows, _ = self._rates()
        return self.left / rows if self._total and rows and self.pressure.limit != "network" else None

    def _rates(self) -> tuple[float, float]:
        """Returns rows and writes per second in the window, without rows of earlier processes."""
        now, rows = self._clock(), self.ended - self._recalled
        if self.pressure.limit == "network":
            self._samples.clear()  # the rate behind an outage is that of the time behind it
        if not self._samples:
            self._samples.append((now, rows, self.writes))
        if now - self._samples[-1][0] >= 1:
            self._samples.append((now, rows, self.writes))
            while len(self._samples) > 2 and now - self._samples[0][0] > _WINDOW:
                self._samples.popleft()
        since, rows_then, writes_then = self._samples[0]
        seconds = max(now - since, 0.001)
        return (rows - rows_then) / seconds, (self.writes - writes_then) / seconds


def _in_words(seconds: float) -> str:
    """Returns a time as `45 s`, `12 min` or `3 h 20 min`."""
    minutes = round(seconds / 60)
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
