"""The run's interface to a journal: which steps took effect before, and the permission to send the next one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from stripe_shell.engine.foreach import LoopRow, ReadRows
from stripe_shell.engine.idempotency_keys import idempotency_key
from stripe_shell.engine.links import Link
from stripe_shell.engine.outcome import Outcome, RowResult, RowStatus
from stripe_shell.engine.run.row_lines import RowLines
from stripe_shell.lang.ast import Block
from stripe_shell.records import record
from stripe_shell.wire import Request, Response


@record
class RowsWritten:
    """The progress of a list into a file: pages and rows, the cursor of the next page, and `RowSink.position`.

    `file` identifies the file and its columns.
    """

    file: str
    cursor: Mapping[str, str]
    pages: int
    rows: int
    position: Mapping[str, Any]


@record
class StepPlace:
    """The position of a step in a run: its id, and the row that it belongs to (empty outside of loops).

    `row_key` are the keys of the row and of the rows around it. `row_id` is a digest that identifies the outermost row,
    `inner` what identifies a row of a loop in a loop below that.
    """

    step: str
    row_key: str = ""
    row_name: str = ""
    row_id: str = ""
    inner: str = ""


class StepLedger(Protocol):
    """The journal of one step. `key` is its idempotency key."""

    @property
    def key(self) -> str:
        """Returns the idempotency key of the step."""
        ...

    def recall(self, request: Request, link: Link) -> Response | None:
        """Returns the response of an earlier process of this run, as far as it was kept; None if there is none.

        Raises JournalDisagrees if another request took effect as this step, TransportError if what was not kept had to
        be read from Stripe and could not be.
        """
        ...

    def announce(self, request: Request, link: Link) -> Request:
        """Journals a write before it is sent; returns the request to send. Raises NotSent if that fails."""
        ...

    def settle(self, outcome: Outcome) -> None:
        """Journals the outcome of the request."""
        ...

    def rows_written(self, request: Request, file: str) -> RowsWritten | None:
        """Returns how far an earlier process of this run wrote the list to the file; None to begin anew."""
        ...

    def note_rows(self, request: Request, written: RowsWritten) -> bool:
        """Journals how far the list was written, if there is a journal; returns whether there is.

        Raises RunStopped if the run is to stop, as it can go on from here.
        """
        ...


class Ledger(Protocol):
    """The journal of a run. Thread-safe."""

    @property
    def run_id(self) -> str:
        """Returns the id of the run."""
        ...

    @property
    def spent(self) -> Mapping[str, int]:
        """Returns the writes of finished rows and their money, by unit."""
        ...

    @property
    def has_sent(self) -> bool:
        """Whether an earlier process of the run sent anything."""
        ...

    def step(self, place: StepPlace, block: Block) -> StepLedger:
        """Returns the journal of a step."""
        ...

    def finished(self, row: LoopRow, row_id: str, name: str) -> RowResult | None:
        """Returns the result of a row that an earlier process of this run finished, None for other rows."""
        ...

    def recall_row(self, row_id: str) -> RowStatus | None:
        """Returns the status of a finished row of which nothing more is to be told; None for other rows."""
        ...

    def sends(self, row_id: str) -> bool:
        """Whether a write of the row has been announced and not answered yet."""
        ...

    def keep_rows(self, loop: str, read: ReadRows, *, anew: bool = False) -> ReadRows:
        """Keeps the rows of a loop that became known in the run; returns how to read those that were kept first.

        `loop` is the id of the loop. `anew`: those that it has now are kept instead. Raises what `read` raises,
        and NotSent if the rows cannot be kept.
        """
        ...

    def note_file(self, partial: str) -> None:
        """Journals that a file is begun, so that the next process of the run removes what a killed one left of it."""
        ...

    def end_row(self, row: LoopRow, row_id: str, result: RowResult, lines: RowLines) -> None:
        """Journals that a row has ended, with its lines for the files of the loop. Called by the thread that ran it."""
        ...

    def recall_lines(self, row_id: str, lines: RowLines) -> None:
        """Adds the lines of a finished row to `lines`. Raises OSError."""
        ...


@record
class UnrecordedStep:
    """A step of a run without a journal."""

    key: str

    def recall(self, request: Request, link: Link) -> Response | None:
        """Returns None: nothing is kept."""
        return None

    def announce(self, request: Request, link: Link) -> Request:
        """Returns the request."""
        return request

    def settle(self, outcome: Outcome) -> None:
        """Does nothing."""

    def rows_written(self, request: Request, file: str) -> RowsWritten | None:
        """Returns None: nothing is kept."""
        return None

    def note_rows(self, request: Request, written: RowsWritten) -> bool:
        """Returns False: nothing is kept."""
        return False


@record
class NoLedger:
    """The ledger of a run without a journal: it only knows the id of the run."""

    run_id: str

    @property
    def spent(self) -> Mapping[str, int]:
        """Returns nothing: the run has just begun."""
        return {}

    @property
    def has_sent(self) -> bool:
        """Returns False: the run has just begun."""
        return False

    def step(self, place: StepPlace, block: Block) -> StepLedger:
        """Returns a step that is not journalled."""
        return UnrecordedStep(idempotency_key(self.run_id, place.step, place.row_key))

    def finished(self, row: LoopRow, row_id: str, name: str) -> RowResult | None:
        """Returns None: every row is new."""
        return None

    def recall_row(self, row_id: str) -> RowStatus | None:
        """Returns None: every row is new."""
        return None

    def sends(self, row_id: str) -> bool:
        """Returns True: without a journal a row that has started may have sent a write."""
        return True

    def keep_rows(self, loop: str, read: ReadRows, *, anew: bool = False) -> ReadRows:
        """Returns `read`: nothing is kept."""
        return read

    def note_file(self, partial: str) -> None:
        """Does nothing."""

    def end_row(self, row: LoopRow, row_id: str, result: RowResult, lines: RowLines) -> None:
        """Does nothing."""

    def recall_lines(self, row_id: str, lines: RowLines) -> None:
        """Does nothing: every row is new."""
