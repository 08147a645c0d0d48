"""Waits for a run at the prompt. Ctrl-C ends the wait and reports what is unknown and what has arrived."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from stripe_shell.diagnostics import cells
from stripe_shell.engine.outcome import Outcome, RunStep
from stripe_shell.engine.run.interpreter import scope_after
from stripe_shell.engine.run.messages import explain_unanswered
from stripe_shell.errors import NoAnswer, OutcomeUnknown, UsageError
from stripe_shell.lang.ast import Block, ScriptItem
from stripe_shell.records import record, replace
from stripe_shell.repl.progress import WAYS_OUT
from stripe_shell.repl.showing import show_outcome
from stripe_shell.repl.waiting import BackgroundStream, StreamEnd

if TYPE_CHECKING:
    from stripe_shell.connections import Connection
    from stripe_shell.engine.run.rows import CollectedPages
    from stripe_shell.repl.session import ReplSession
    from stripe_shell.wire import Request

#: How an item ended; `abandoned`: Ctrl-C came before its answer did.
RunEnding = Literal["passed", "failed", "abandoned"]


@record
class AbandonedRun:
    """A run that Ctrl-C abandoned: the outcomes under way, and whether the rows of its list were shown."""

    run_id: str
    under_way: tuple[Outcome, ...]
    shown: bool = False


def wait_for(
    session: ReplSession,
    item: ScriptItem,
    steps: Generator[RunStep, None, None],
    run_id: str,
    take: Callable[[Iterable[RunStep]], RunEnding],
) -> RunEnding:
    """Runs the steps in a thread and hands them to `take`. After Ctrl-C it sends nothing more.

    Reports later responses when they arrive.
    """
    stream = BackgroundStream(steps, on_tick=lambda: show_progress(session))
    try:
        with session.environment.keep_keys():
            return take(stream)
    except KeyboardInterrupt:
        progress = session.progress
        under_way, listed = tuple(progress.stop()), progress.listed
        shown = listed is not None and isinstance(item, Block) and listed[1].keep_rows
        run = AbandonedRun(run_id, under_way, shown)
        stream.abandon(lambda late: session.environment.late(lambda: _report_late(session, late, run)))
        if listed is not None and isinstance(item, Block):
            _keep_rows(session, *listed)
        else:
            _report_abandoned(session, item, run)
        return "abandoned"
    finally:
        session.console.clear_status()


def waited(session: ReplSession, steps: Generator[RunStep, None, None]) -> Iterator[RunStep]:
    """Yields the steps of a run that only reads, which go on in a thread. Raises UsageError after Ctrl-C."""
    stream = BackgroundStream(steps, on_tick=lambda: show_progress(session))
    try:
        with session.environment.keep_keys():
            yield from stream
    except KeyboardInterrupt:
        session.progress.stop()
        stream.abandon(lambda _: None)
        raise UsageError("you stopped waiting; a read changes nothing") from None
    finally:
        session.console.clear_status()


def show_progress(session: ReplSession) -> None:
    """Shows the waiting line on the terminal, after half a second."""
    line = session.progress.line(many=session.many)
    width = session.console.message_width
    if line and width is not None:
        session.waited = True
        room = width - 1 - sum(map(cells, line))
        ending = next((words for words in WAYS_OUT if len(words) <= room), "")
        session.console.status(f"{line}{ending}")


def _report_abandoned(session: ReplSession, item: ScriptItem, run: AbandonedRun) -> None:
    """Reports every write under way with its idempotency key."""
    asked = [_asked(outcome.request) for outcome in run.under_way if outcome.request]
    if asked:
        session.unanswered[run.run_id] = "; ".join(asked)
    for outcome in run.under_way:
        _report_unanswered(session, item, outcome)
    if not isinstance(item, Block):
        session.console.message("you stopped waiting; no more rows are sent")
    elif not asked and not session.progress.answered:
        session.console.message("you stopped it before anything was sent")


def _report_unanswered(session: ReplSession, item: ScriptItem, outcome: Outcome) -> None:
    if outcome.request is not None and outcome.request.writes:
        unknown = replace(outcome, status="unknown")
        session.unknown.append(unknown)
        error = OutcomeUnknown("you stopped waiting; an answer that still comes is shown")
        session.console.diagnostics([explain_unanswered(error, unknown)])
    elif isinstance(item, Block):
        lost = NoAnswer("you stopped waiting; a read changes nothing")
        session.console.diagnostics([explain_unanswered(lost, outcome)])


def _keep_rows(session: ReplSession, outcome: Outcome, pages: CollectedPages) -> None:
    """Shows the rows of a list that have arrived, and keeps them as `last`."""
    count, number = pages.rows, pages.pages
    come = f"{count:,} {'row' if count == 1 else 'rows'} of {number:,} {'page' if number == 1 else 'pages'}"
    if not pages.keep_rows:
        session.console.message(f"you stopped waiting: {come} have come, and stay in the file; there are more")
        return
    kept = replace(outcome, status="passed", body={**pages.body, "has_more": True})
    session.take(RunStep(outcome.block, scope_after(kept, session.scope), kept))
    show_outcome(session, kept)
    learn_ids(session, kept)
    session.console.message(f"you stopped waiting: {come} have come and are kept as `last`; there are more")


def _asked(request: Request) -> str:
    key = f" (idempotency key {request.idempotency_key})" if request.idempotency_key else ""
    return f"{request.method} {request.path}{key}"


def _report_late(session: ReplSession, late: RunStep | StreamEnd, run: AbandonedRun) -> None:
    """Shows a response that arrived after Ctrl-C, without changing the scope."""
    if isinstance(late, StreamEnd):
        asked = session.unanswered.pop(run.run_id, "")
        if late.error is not None:
            session.console.message(f"late answer to {asked}: {late.error}")
        return
    outcome = late.outcome
    if outcome is None or run.shown or not _is_awaited(outcome, run):
        return
    if outcome.status != "unknown":
        session.unknown = [known for known in session.unknown if known.request != outcome.request]
    learn_ids(session, outcome)
    session.printer.late(outcome)


def _is_awaited(outcome: Outcome, run: AbandonedRun) -> bool:
    """Whether the outcome was under way, or is that of a write whose answer came while the wait ended."""
    if outcome.request in [known.request for known in run.under_way]:
        return True
    return outcome.response is not None and outcome.request is not None and outcome.request.writes


def learn_ids(session: ReplSession, outcome: Outcome) -> None:
    """Adds the ids of a response to those that completion offers."""
    connection = session.connections.get(outcome.connection)
    if connection is not None and outcome.body is not None:
        _learn_account(session, connection, outcome)
        account = outcome.call.account if outcome.call else None
        place = session.id_scope(connection.name, account)
        if place is not None:
            session.known.learn(place, outcome.body)


def _learn_account(session: ReplSession, connection: Connection, outcome: Outcome) -> None:
    """Keeps id and name of the connection's own account, for the prompt."""
    request, body = outcome.request, outcome.body
    if request is not None and request.path == "/v1/account" and isinstance(body, dict) and not outcome.error:
        session.accounts[connection.name, connection.mode] = (str(body.get("id") or ""), account_name(body))


def account_name(body: Mapping[str, Any]) -> str:
    """Returns the name of an account object: that of its dashboard or its business; empty if it has none."""
    settings = body.get("settings") or {}
    shown = (settings.get("dashboard") or {}).get("display_name") or (body.get("business_profile") or {}).get("name")
    return " ".join(str(shown or body.get("email") or "").split())
