"""The outcome of a block: its call, request, response, assertions and status; and the exit code of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from stripe_shell.diagnostics import Diagnostic
from stripe_shell.engine.assertions.compare import Assertion
from stripe_shell.engine.limits import Money
from stripe_shell.engine.resolve import BlockCall
from stripe_shell.engine.run.row_spool import RowSpool
from stripe_shell.engine.scope import Scope
from stripe_shell.lang.ast import Block, ScriptItem
from stripe_shell.records import field, record
from stripe_shell.wire import Request, Response

#: `changed`: another request took effect as this step in an earlier process of the run.
#: `invalid`: not sent, since the text or its references have errors. `failed`: the call failed or could not be sent.
#: `unexpected`: an assertion failed. `unknown`: a write that may or may not have been executed.
OutcomeStatus = Literal["passed", "invalid", "failed", "unexpected", "unknown", "changed", "skipped"]

#: Exit codes by status, the gravest first (language.md §8 and §11).
EXIT_CODES: Mapping[OutcomeStatus, int] = {
    "changed": 6,
    "unknown": 5,
    "failed": 3,
    "unexpected": 4,
    "invalid": 2,
    "passed": 0,
    "skipped": 0,
}


@record
class Outcome:
    """The outcome of a block.

    `body` is the response as JSON data with all pages joined, or None without a response. `written_to` is the file of
    an `@out`, `rows_written` the number of rows in it and `left_out` the members that it has no column for; `body`
    omits the rows of several pages unless the block
    asserts on them or saves them. `origin` describes where the credential came from, empty without one. `reason` says
    why the block was skipped. `recalled`: the request was sent by an earlier process of the same run. `stopped`: it
    was skipped because the run was stopped. `money` is what a write is about, None if nothing tells.
    `spool` has the rows of a list that only loops go through.
    """

    block: Block
    status: OutcomeStatus
    connection: str = ""
    call: BlockCall | None = None
    request: Request | None = None
    response: Response | None = None
    body: Any = None
    assertions: tuple[Assertion, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    saved_as: str | None = None
    written_to: str | None = None
    rows_written: int | None = None
    left_out: tuple[str, ...] = ()
    origin: str = ""
    address: str = ""
    reason: str = ""
    recalled: bool = False
    stopped: bool = False
    money: Money | None = None
    spool: RowSpool | None = None

    @property
    def name(self) -> str:
        """The operation's name, such as `create customer`, or the words as written if there is no call."""
        if self.call is not None:
            return self.call.operation.name
        words = [param.value.literal for param in self.block.words]
        return " ".join(word for word in words if word) or "block"

    @property
    def request_id(self) -> str | None:
        """The response's `Request-Id`, by which Stripe's support and dashboard find the request."""
        return self.response.header("Request-Id") if self.response else None

    @property
    def error(self) -> Mapping[str, Any]:
        """The `error` object of the response, or an empty mapping."""
        error = self.body.get("error") if isinstance(self.body, dict) else None
        return error if isinstance(error, dict) else {}

    @property
    def answered_well(self) -> bool:
        """Whether the call was a success, whatever the block expected of it."""
        return self.response is not None and self.response.ok

    @property
    def allowed(self) -> bool:
        """Whether the call failed as its `@may_fail` allows."""
        return (
            self.status == "passed"
            and any(each.name == "may_fail" for each in self.block.directives)
            and (self.response is not None and not self.response.ok)
        )

    @property
    def indeterminate(self) -> bool:
        """Whether a write was answered with 5xx and may have been executed."""
        response, request = self.response, self.request
        if response is None or request is None or not request.writes or response.status < 500:
            return False
        return (response.header("Stripe-Should-Retry") or "").lower() != "true"


#: `done`: every step passed or was skipped. `skipped`: a step was skipped, and nothing was written. `failed`: a step
#: failed. `unknown`: the outcome of a write is unknown. `not run`: the row was never reached, or was interrupted
#: between two steps.
RowStatus = Literal["done", "skipped", "failed", "unknown", "not run"]

#: Row statuses in the order of the summary.
ROW_STATUSES: tuple[RowStatus, ...] = ("done", "skipped", "failed", "unknown", "not run")


@record
class RowResult:
    """The result of one row, or of `count` rows that were never reached.

    `name` is the row in messages: `refunds.csv:1738 (charge=ch_1x)`. `values` are its columns. `outcome` is that of the
    step that decided the status, None if there is none; `ids` are the objects that its writes returned. `writes` counts
    the writes that were answered with success, `money` is what they were about, by currency. `seconds` is the time from
    the first step to the last. `recalled`: the row was finished by an earlier process of the same run.
    """

    loop: int
    status: RowStatus
    name: str = ""
    key: str = ""
    values: Mapping[str, Any] | None = None
    outcome: Outcome | None = None
    ids: tuple[str, ...] = ()
    writes: int = 0
    seconds: float = 0.0
    count: int = 1
    recalled: bool = False
    money: Mapping[str, int] = field(default_factory=dict)


@record
class UnsentWrite:
    """A write of a plan: its block and call, the request that it would send, and the money that it is about."""

    block: Block
    call: BlockCall
    request: Request
    money: Money | None


@record
class WrittenFile:
    """The file of a loop that was written: for which block, where, with how many rows, and without which members."""

    block: Block
    path: str
    rows: int
    left_out: tuple[str, ...] = ()


@record
class RunStep:
    """An item that has run: its outcome if it is a block, and the scope after it.

    `row` is the name of the row that a block ran for. `result` is set in the step of a loop that ends one of its rows,
    `file` in the step of a loop that has written one. `unsent` are the writes of a row of a loop that is planned as a
    whole.
    """

    item: ScriptItem
    scope: Scope
    outcome: Outcome | None = None
    row: str = ""
    result: RowResult | None = None
    unsent: tuple[UnsentWrite, ...] = ()
    file: WrittenFile | None = None


def exit_code(statuses: Iterable[OutcomeStatus]) -> int:
    """Returns the exit code of a run: that of the gravest failure, or 0."""
    seen = set(statuses)
    return next((code for status, code in EXIT_CODES.items() if status in seen), 0)
