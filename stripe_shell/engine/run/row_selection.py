"""The rows that a run is limited to (`--rows`): the first ones, a range, or single keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from stripe_shell.engine.foreach import LoopRow
from stripe_shell.engine.outcome import RowStatus
from stripe_shell.patterns import pattern
from stripe_shell.records import record

_RANGE = pattern(r"(?:(\d+)-)?(\d+)")


@record
class RowSelection:
    """Rows by their position from 1 (`first` to `last`), or by their `keys`."""

    first: int = 1
    last: int = 0
    keys: frozenset[str] = frozenset()

    def takes(self, position: int, key: str) -> bool:
        """Whether a row is among the selected ones."""
        return key in self.keys if self.keys else self.first <= position <= self.last


def parse_rows(text: str) -> RowSelection | None:
    """Returns the selection of `10` (the first ten), `101-200`, or `KEY,KEY`; None for other texts.

    A comma makes a list of keys: `10,` is the row with the key `10`.
    """
    match = _RANGE.fullmatch(text)
    if match is not None:
        first, last = int(match[1] or 1), int(match[2])
        return RowSelection(first, last) if 1 <= first <= last else None
    keys = frozenset(key.strip() for key in text.split(",") if key.strip())
    return RowSelection(keys=keys) if keys else None


class SelectedRows:
    """An iterator over the rows of a loop that shall run; `left_out` counts those that are not selected.

    `recall` returns the status of a row that an earlier process of the run finished, and of which nothing more is to be
    told: such rows are only counted, in `recalled`. `finished` returns whether a row is finished: it passes then,
    whatever is selected.
    """

    def __init__(
        self,
        rows: Iterator[LoopRow],
        selection: RowSelection | None = None,
        *,
        finished: Callable[[LoopRow], bool] = lambda row: False,
        recall: Callable[[LoopRow], RowStatus | None] = lambda row: None,
    ) -> None:
        self.left_out = 0
        self.recalled: Counter[RowStatus] = Counter()
        self._rows = enumerate(rows, start=1)
        self._selection = selection
        self._finished = finished
        self._recall = recall

    def __iter__(self) -> Iterator[LoopRow]:
        return self

    def __next__(self) -> LoopRow:
        for position, row in self._rows:
            status = self._recall(row)
            if status is not None:
                self.recalled[status] += 1
            elif self._selection is None or self._selection.takes(position, row.key) or self._finished(row):
                return row
            else:
                self.left_out += 1
        raise StopIteration
