"""The run's interface to a journal: which steps took effect before, and the permission to send the next one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from stripe_shell.engine.foreach import LoopRow
from stripe_shell.engine.idempotency_keys import idempotency_key
from stripe_shell.engine.links import Link
from stripe_shell.engine.outcome import Outcome, RowResult
from stripe_shell.lang.ast import Block
from stripe_shell.records import record
from stripe_shell.wire import Request, Response


@record
class StepPlace:
    """The position of a step in a run: its id, and the loop and row that it belongs to (empty outside of loops)."""

    step: str
    loop: str = ""
    row_key: str = ""
    row_name: str = ""


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

    def announce(self, request: Request, link: Link) -> None:
        """Journals a write before it is sent. Raises NotSent if it cannot be journalled."""
        ...

    def settle(self, outcome: Outcome) -> None:
        """Journals the outcome of the request."""
        ...


class Ledger(Protocol):
    """The journal of a run. Thread-safe."""

    def step(self, place: StepPlace, block: Block) -> StepLedger:
        """Returns the journal of a step."""
        ...

    def finished(self, loop: str, row: LoopRow, row_key: str) -> RowResult | None:
        """Returns the result of a row that an earlier process of this run finished, None for other rows."""
        ...

    def end_row(self, loop: str, row: LoopRow, row_key: str, outcomes: Sequence[Outcome], result: RowResult) -> None:
        """Journals that a row has ended. Called by the thread that ran it."""
        ...


@record
class UnrecordedStep:
    """A step of a run without a journal."""

    key: str

    def recall(self, request: Request, link: Link) -> Response | None:
        """Returns None: nothing is kept."""
        return None

    def announce(self, request: Request, link: Link) -> None:
        """Does nothing."""

    def settle(self, outcome: Outcome) -> None:
        """Does nothing."""


@record
class NoLedger:
    """The ledger of a run without a journal: it only knows the id of the run."""

    run_id: str

    def step(self, place: StepPlace, block: Block) -> StepLedger:
        """Returns a step that is not journalled."""
        return UnrecordedStep(idempotency_key(self.run_id, place.step, place.row_key))

    def finished(self, loop: str, row: LoopRow, row_key: str) -> RowResult | None:
        """Returns None: every row is new."""
        return None

    def end_row(self, loop: str, row: LoopRow, row_key: str, outcomes: Sequence[Outcome], result: RowResult) -> None:
        """Does nothing."""
