"""What became of a block: the call, the exchange, what was checked, and one word for how it ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from stripe_shell.diagnostics import Diagnostic
from stripe_shell.engine.assertions.compare import Assertion
from stripe_shell.engine.resolve import BlockCall
from stripe_shell.engine.scope import Scope
from stripe_shell.lang.ast import Block, ScriptItem
from stripe_shell.records import record
from stripe_shell.wire import Request, Response

#: `invalid`: nothing was sent, the text or its references are wrong. `failed`: the call failed, or was not sent.
#: `unexpected`: an expectation failed. `unknown`: a write whose outcome nobody knows.
OutcomeStatus = Literal["passed", "invalid", "failed", "unexpected", "unknown", "skipped"]

#: Exit codes by status, in the order in which one outranks another (language.md §8 and §11).
EXIT_CODES: Mapping[OutcomeStatus, int] = {
    "unknown": 5,
    "failed": 3,
    "unexpected": 4,
    "invalid": 2,
    "passed": 0,
    "skipped": 0,
}


@record
class Outcome:
    """How a block ended.

    `body` is the response as JSON data, pages put together; None when there was no answer. `written_to` is the file of
    an `@out`, `rows_written` how many rows went there; those of several pages are not kept in `body` unless the block
    says something about them. `origin` is where the credential came from, in words, empty where there is none.
    `reason` says why it was skipped.
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
    origin: str = ""
    reason: str = ""

    @property
    def name(self) -> str:
        """`create customer`, or what was written where a call could not be made of it."""
        if self.call is not None:
            return self.call.operation.name
        words = [param.value.literal for param in self.block.words]
        return " ".join(word for word in words if word) or "block"

    @property
    def request_id(self) -> str | None:
        """Stripe's name for the request, for its support and its dashboard."""
        return self.response.header("Request-Id") if self.response else None

    @property
    def error(self) -> Mapping[str, Any]:
        """The error that Stripe answered; empty when there is none."""
        error = self.body.get("error") if isinstance(self.body, dict) else None
        return error if isinstance(error, dict) else {}

    @property
    def answered_well(self) -> bool:
        """Whether the call was a success, whatever the block expected of it."""
        return self.response is not None and self.response.ok

    @property
    def indeterminate(self) -> bool:
        """Whether a write was answered 5xx without the word that nothing was carried out."""
        response, request = self.response, self.request
        if response is None or request is None or not request.writes or response.status < 500:
            return False
        return (response.header("Stripe-Should-Retry") or "").lower() != "true"


@record
class RunStep:
    """One item that has run: its outcome if it was a block, and the scope of what comes next."""

    item: ScriptItem
    scope: Scope
    outcome: Outcome | None = None


def exit_code(statuses: Iterable[OutcomeStatus]) -> int:
    """The exit code of a run: of its failures the gravest decides, 0 when there is none."""
    seen = set(statuses)
    return next((code for status, code in EXIT_CODES.items() if status in seen), 0)
