"""Sends the request of a block, or recalls its response; receives all its pages, and evaluates what came of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from stripe_shell.engine.assertions.block import BlockAssertions, evaluate_assertions
from stripe_shell.engine.links import Link
from stripe_shell.engine.outcome import Outcome, OutcomeStatus
from stripe_shell.engine.paths import output_of
from stripe_shell.engine.run.ledger import StepLedger
from stripe_shell.engine.run.messages import explain_assertion, explain_error, explain_unanswered, explain_unstored
from stripe_shell.engine.run.outputs import OpenResult, speaks_of_rows
from stripe_shell.engine.run.paging import Exchange, read_body, with_cursor
from stripe_shell.engine.run.ranges import can_divide
from stripe_shell.engine.run.rows import CollectedPages, NotStored, RowOutput, collect
from stripe_shell.engine.scope import Scope
from stripe_shell.errors import OutcomeUnknown, RunStopped, TransportError
from stripe_shell.lang.ast import Pages
from stripe_shell.records import record, replace
from stripe_shell.wire import Request, Response


@record
class RunObserver:
    """Callbacks for what a run does, called in the thread that does it.

    `sending` is called with the outcome so far, which has a request and no response, before the request is sent;
    `received` with what came of it, also when nothing came. `page` is called with every page of a list; the run asks
    for no more pages when it answers False.
    """

    sending: Callable[[Outcome], None] = lambda outcome: None
    received: Callable[[Outcome], None] = lambda outcome: None
    page: Callable[[Outcome, CollectedPages], bool] = lambda outcome, pages: True


def recall_response(outcome: Outcome, link: Link, step: StepLedger, open_file: OpenResult) -> Outcome | None:
    """Returns the outcome with the response that the journal kept; None if the request must be sent.

    The file of an `@out` is written again for a write; a read is sent again. Raises NotSent if the file cannot be
    opened.
    """
    request, output = outcome.request, output_of(outcome.block)
    if request is None or (output is not None and not request.writes):
        return None
    response = step.recall(request, link)
    if response is None:
        return None
    outcome = replace(outcome, response=response, body=response.json(), recalled=True)
    file = open_file(outcome, request) if output is not None and response.ok else None
    return outcome if file is None else _write_again(outcome, Exchange(request, response), link, file)


def send_request(
    outcome: Outcome, link: Link, step: StepLedger, open_file: OpenResult, observer: RunObserver
) -> Outcome:
    """Sends the request and returns the outcome with its response; writes the rows to the file of `@out`.

    The outcome has diagnostics if there is no response, or if it could not be stored. Raises NotSent if the file
    cannot be opened.
    """
    request = outcome.request
    if request is None:
        return outcome
    file = open_file(outcome, request)
    stored = False
    try:
        request = step.announce(request, link)
        outcome = replace(outcome, request=request)
        observer.sending(outcome)
        first = request if file is None or file.written is None else with_cursor(request, file.written.cursor)
        if file is not None:
            file.begin()
        response = _send(link, first)
        outcome = replace(outcome, response=response)
        outcome = _receive(outcome, Exchange(first, response), link, file, observer)
        stored = outcome.written_to is not None
        return outcome
    except RunStopped as error:
        return replace(outcome, status="skipped", reason=str(error), stopped=True)
    except TransportError as error:
        status: OutcomeStatus = "unknown" if isinstance(error, OutcomeUnknown) else "failed"
        return replace(outcome, status=status, diagnostics=(explain_unanswered(error, outcome),))
    except NotStored as error:
        return replace(outcome, diagnostics=(explain_unstored(str(error), outcome),))
    finally:
        observer.received(outcome)
        if file is not None and not stored:
            file.abandon()


def evaluate_outcome(outcome: Outcome, block_assertions: BlockAssertions, scope: Scope) -> Outcome:
    """Returns the outcome with its status and assertions, evaluated by the block's `@fails`, `@match` and `@expect`."""
    ok = outcome.response is not None and outcome.response.ok
    if outcome.indeterminate:
        return replace(outcome, status="unknown", diagnostics=(explain_error(outcome),))
    if block_assertions.fails is None and not ok:
        return replace(outcome, status="failed", diagnostics=(explain_error(outcome),))
    assertions = evaluate_assertions(block_assertions, outcome, scope)
    found = tuple(explain_assertion(assertion) for assertion in assertions if not assertion.passed)
    return replace(outcome, status="unexpected" if found else "passed", assertions=assertions, diagnostics=found)


def _send(link: Link, request: Request) -> Response:
    """Sends the request. Raises OutcomeUnknown if a write is interrupted by Ctrl-C."""
    try:
        return link.transport.send(request)
    except KeyboardInterrupt:
        if request.writes:
            raise OutcomeUnknown("interrupted while the request was under way") from None
        raise


def _write_again(outcome: Outcome, exchange: Exchange, link: Link, file: RowOutput) -> Outcome:
    """Writes a recalled response to the file of its block."""
    stored = False
    try:
        file.begin()
        outcome = _receive(outcome, exchange, link, file, RunObserver())
        stored = True
        return outcome
    except NotStored as error:
        return replace(outcome, diagnostics=(explain_unstored(str(error), outcome),))
    finally:
        if not stored:
            file.abandon()


def _receive(
    outcome: Outcome, exchange: Exchange, link: Link, file: RowOutput | None, observer: RunObserver
) -> Outcome:
    """Returns the outcome with its body: all requested pages, also written to `file`."""
    count = outcome.call.pages if outcome.call else 1
    if not exchange.response.ok:
        return replace(outcome, body=read_body(exchange))
    spool = file.spool if file is not None else None
    keep_rows = file is None or count == 1 or (spool is None and speaks_of_rows(outcome.block))
    tell = partial(observer.page, outcome)
    collected = collect(
        link.transport, exchange, count, file, keep_rows=keep_rows, jobs=_jobs_of(outcome), on_page=tell
    )
    outcome = replace(outcome, body=collected.body, spool=spool)
    if file is None:
        return outcome
    file.close(collected.body)
    return replace(outcome, written_to=file.path, rows_written=collected.rows, left_out=file.sink.left_out())


def _jobs_of(outcome: Outcome) -> int:
    """Returns how many ranges of the block's list are read at once; 1 for a list that cannot be divided."""
    pages, call, request = outcome.block.argument(Pages), outcome.call, outcome.request
    divided = pages is not None and call is not None and request is not None and can_divide(call.operation, request)
    return pages.jobs if pages is not None and divided else 1
