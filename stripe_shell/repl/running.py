"""Runs what was submitted: commands and blocks in order, each result shown. Ctrl-C ends the wait, never the session."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stripe_shell.diagnostics import Diagnostic, Source, has_errors
from stripe_shell.engine.failures import explain_unanswered
from stripe_shell.engine.hiding import secrets_of_program
from stripe_shell.engine.outcome import Outcome, Step
from stripe_shell.engine.program import load_program
from stripe_shell.engine.resolve import resolve
from stripe_shell.errors import NoAnswer, OutcomeUnknown, ShellError, TransportError
from stripe_shell.lang.ast import Block, Comment, Directive, Item
from stripe_shell.lang.directives import COMMANDS
from stripe_shell.records import replace
from stripe_shell.render.summary import summary_line
from stripe_shell.repl.commands import open_script, run_command
from stripe_shell.repl.confirm import confirmed
from stripe_shell.repl.session import Session
from stripe_shell.repl.waiting import Task
from stripe_shell.wire import Request

Steps = list[Step]


def run_text(session: Session, source: Source, *, prompt: bool = True) -> bool:
    """Run a text; nothing of it when any of it is no text of the language. False when it asks to leave.

    Problems and failures are shown; what stands behind the first one is not run. Raises ShellError for a command that
    cannot be carried out.
    """
    program = load_program(source, prompt=prompt)
    session.screen.hide(secrets_of_program(program, session.scope))
    session.screen.diagnose(program.diagnostics)
    if prompt and not (program.items and all(map(_is_command, program.items))):
        session.typed = source.text
    if has_errors(program.diagnostics):
        return True
    for part in _parts(program.items):
        if isinstance(part, Directive):
            if part.name == "quit":
                return False
            if part.name == "run":
                return run_text(session, open_script(part), prompt=False)
            run_command(session, part)
        elif not run_items(session, part):
            break
    return True


def _parts(items: Sequence[Item]) -> Iterator[Directive | list[Item]]:
    """Commands, and what stands between them."""
    between: list[Item] = []
    for item in items:
        if isinstance(item, Directive) and _is_command(item):
            if between:
                yield between
            between = []
            yield item
        elif not isinstance(item, Comment):
            between.append(item)
    if between:
        yield between


def _is_command(item: Item) -> bool:
    return isinstance(item, Directive) and item.name in COMMANDS


def run_items(session: Session, items: Sequence[Item]) -> bool:
    """Check all of them, then run one after the other, until one does not pass. Whether all have passed."""
    found = session.engine.check(items, session.scope)
    session.screen.diagnose([each for each in found if each.code != "W203" or session.once("W203")])
    if has_errors(found):
        return False
    for number, item in enumerate(items, start=1):
        if not _run_item(session, item, found):
            rest = len(items) - number
            if rest:
                session.screen.say(f"{rest} more {'was' if rest == 1 else 'were'} not run")
            return False
    return True


def _run_item(session: Session, item: Item, shown: Sequence[Diagnostic]) -> bool:
    run_id = session.begin()
    requests = list(session.engine.preview((item,), session.scope, run_id=run_id))
    if not confirmed(session, item):
        session.screen.say("nothing was sent")
        return False
    steps = _wait(session, item, requests, run_id)
    if steps is None:
        return False
    for step in steps:
        session.advance(step.scope)
        if step.outcome is not None:
            session.last = step.outcome
            _show(session, step.outcome, shown)
        if step.outcome is None or step.outcome.status == "passed":
            session.kept.append(_kept(step))
    return all(step.outcome is None or step.outcome.status in {"passed", "skipped"} for step in steps)


def _kept(step: Step) -> Item:
    """What ran, as a script of its own would say it: the connection by its name."""
    if isinstance(step.item, Block) and step.outcome is not None:
        return replace(step.item, connection=step.outcome.connection)
    return step.item


# --- while it is under way ------------------------------------------------------------------------------


def _wait(session: Session, item: Item, requests: Sequence[Request], run_id: str) -> Steps | None:
    """The steps of the item; None when Ctrl-C came first."""
    engine, scope = session.engine, session.scope
    if not requests:
        return list(engine.run((item,), scope, run_id=run_id))
    task = Task(lambda: list(engine.run((item,), scope, run_id=run_id)))
    try:
        return task.run()
    except KeyboardInterrupt:
        if not task.abandon(lambda late: session.around.late(lambda: _report_late(session, late, run_id))):
            return task.wait()
    _say_abandoned(session, item, requests, run_id)
    return None


def _say_abandoned(session: Session, item: Item, requests: Sequence[Request], run_id: str) -> None:
    request = next((request for request in requests if request.writes), requests[0])
    key = f" (idempotency key {request.idempotency_key})" if request.idempotency_key else ""
    session.unanswered[run_id] = f"{request.method} {request.path}{key}"
    error: TransportError = NoAnswer("you stopped waiting; a read changes nothing")
    if request.writes:
        error = OutcomeUnknown("you stopped waiting; an answer that still comes is shown")
    if isinstance(item, Block):
        call = resolve(item, session.engine.table, session.scope).call
        outcome = Outcome(item, "unknown", call=call, request=request)
        session.screen.diagnose([explain_unanswered(error, outcome)])
    else:
        session.screen.say(str(error))


def _report_late(session: Session, task: Task[Steps], run_id: str) -> None:
    """An answer has come that nobody waited for: say so. The scope has gone on without it."""
    asked = session.unanswered.pop(run_id, "")
    try:
        steps = task.wait()
    except ShellError as error:
        session.screen.say(f"late answer to {asked}: {error}")
        return
    for step in steps:
        if step.outcome is not None:
            _learn(session, step.outcome)
            session.screen.say(f"late answer: {summary_line(step.outcome)}")
            session.screen.diagnose([d for d in step.outcome.diagnostics if d.severity == "error"])


# --- afterwards -----------------------------------------------------------------------------------------


def _show(session: Session, outcome: Outcome, shown: Sequence[Diagnostic]) -> None:
    """The result, one line that sums it up, and what is wrong, unless the check has said it already."""
    answered = outcome.response is not None and outcome.response.ok
    if answered and outcome.body is not None and outcome.written_to is None:
        session.screen.render(outcome.body, session.format)
    session.screen.say(summary_line(outcome))
    session.screen.diagnose([found for found in outcome.diagnostics if found not in shown])
    _learn(session, outcome)
    _note_generic(session, outcome)


def _learn(session: Session, outcome: Outcome) -> None:
    connection = session.connections.get(outcome.connection)
    if connection is not None and outcome.body is not None:
        account = outcome.call.account if outcome.call else None
        place = session.place(connection.name, account)
        if place is not None:
            session.known.learn(place, outcome.body)


def _note_generic(session: Session, outcome: Outcome) -> None:
    """W204, once for each entity: the sandbox keeps such objects, and knows nothing of their behaviour."""
    response, call = outcome.response, outcome.call
    if response is None or call is None or response.header("Stripe-Shell-Modelled") != "generic":
        return
    entity = call.operation.entity
    if session.once(f"generic {entity}"):
        message = f"the sandbox keeps `{entity}` objects, but does not know their behaviour"
        session.screen.diagnose([Diagnostic("W204", message, severity="note")])
