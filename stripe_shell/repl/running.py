"""Runs submitted input: commands and blocks in order, showing each result. Ctrl-C ends the wait, not the session."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from stripe_shell.diagnostics import Diagnostic, SourceText, has_errors
from stripe_shell.engine.links import connection_of
from stripe_shell.engine.load import Program, load_program
from stripe_shell.engine.masking import secrets_of_program
from stripe_shell.engine.outcome import Outcome, RunStep
from stripe_shell.engine.resolver import Resolver
from stripe_shell.engine.run.flow import is_teardown
from stripe_shell.engine.scope import plain_text
from stripe_shell.lang.ast import Block, Comment, Directive, Loop, ScriptItem, Value
from stripe_shell.lang.commands import COMMANDS
from stripe_shell.lang.visit import blocks_in
from stripe_shell.records import replace
from stripe_shell.repl.abandon import RunEnding, learn_ids, wait_for
from stripe_shell.repl.commands import commands
from stripe_shell.repl.confirm import confirmed
from stripe_shell.repl.destination import introduce
from stripe_shell.repl.expand import expand
from stripe_shell.repl.paging import show_more, wants_more
from stripe_shell.repl.paste import take_pasted
from stripe_shell.repl.row_words import with_id_of_row
from stripe_shell.repl.session import ReplSession
from stripe_shell.repl.session_log import log_typed
from stripe_shell.repl.short_ways import is_prose
from stripe_shell.repl.showing import show_step
from stripe_shell.repl.trailing import run_trailing, split_trailing


def run_text(session: ReplSession, source: SourceText) -> bool:
    """Runs the submitted text, unless any of it fails to parse. Returns False if the session is to end.

    Shows problems and failures, and stops after the first. An empty text right after a list shows its next page. Raises
    ShellError for a command that cannot be executed.
    """
    if not source.text.strip():
        if wants_more(session):
            show_more(session)
        return True
    log_typed(session.console, f"{session.connection.name}>", source.text)
    if take_pasted(session, source.text):
        return True
    head, behind = split_trailing(source.text)
    if behind and not is_prose(head, session.engine.table):
        return run_trailing(session, head, behind, lambda text: run_text(session, SourceText(source.name, text)))
    if session.results.last is not None:
        session.results.last.fresh = False
    program = load_program(expand(session, with_id_of_row(session, source)), prompt=True)
    if not (program.items and all(map(_is_command, program.items))):
        session.typed = source.text
    if not is_sound(session, program):
        return True
    for part in _parts(program.items):
        passed = run_items(session, part) if isinstance(part, list) else _run_command(session, part)
        if not passed or session.leaving:
            break
    else:
        session.passed = True
    return not session.leaving


def _run_command(session: ReplSession, directive: Directive) -> bool:
    """Runs a command; returns whether the input after it may run. Raises UsageError if it cannot be executed."""
    argument = plain_text(directive.argument).strip() if isinstance(directive.argument, Value) else ""
    return commands()[directive.name].run(session, argument) is not False


def is_sound(session: ReplSession, program: Program) -> bool:
    """Whether the text parses; shows its diagnostics with secrets masked."""
    session.console.mask(secrets_of_program(program, session.scope))
    _correct(session, program.diagnostics)
    session.printer.diagnose(program.diagnostics)
    return not has_errors(program.diagnostics)


def _parts(items: Sequence[ScriptItem]) -> Iterator[Directive | list[ScriptItem]]:
    """Yields the commands, and the items between them as lists."""
    between: list[ScriptItem] = []
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


def _is_command(item: ScriptItem) -> bool:
    return isinstance(item, Directive) and item.name in COMMANDS


def run_items(session: ReplSession, items: Sequence[ScriptItem]) -> bool:
    """Checks all items, then runs them in order until one does not pass. Returns whether all have passed.

    `@teardown` blocks run at the end, after failures too, but not after Ctrl-C.
    """
    session.set_clock()
    resolver = session.engine.resolver()
    found = session.engine.check(items, session.scope, resolver)
    _correct(session, found)
    session.printer.checked(found)
    if has_errors(found):
        return False
    if session.rehearsing:
        session.rehearsing = False
        if not _rehearsed(session, items, resolver):
            return False
    _introduce_connections(session, items)
    wanted = [item for item in items if not is_teardown(item) and not isinstance(item, Comment)]
    session.begin_progress(many=len(wanted) > 1 or any(isinstance(item, Loop) for item in wanted))
    ending = _run_in_order(session, wanted, resolver)
    if ending != "abandoned":
        last = [_run_item(session, item, resolver) for item in items if is_teardown(item)]
        ending = next((each for each in (ending, *last) if each != "passed"), "passed")
    _report_tally(session)
    return ending == "passed"


def _report_tally(session: ReplSession) -> None:
    """Says how the blocks ended whose results were not shown."""
    session.printer.repeated()
    counts = session.tally.take()
    if counts:
        session.console.message(counts)


def _rehearsed(session: ReplSession, items: Sequence[ScriptItem], resolver: Resolver) -> bool:
    """`rehearse.rehearsed`, imported with the first `@try`."""
    from stripe_shell.repl.rehearse import rehearsed

    return rehearsed(session, items, resolver)


def _correct(session: ReplSession, found: Sequence[Diagnostic]) -> None:
    """Has the line that was typed stand in the next prompt, if its diagnostics stand under it.

    It stands there corrected, or as it was with the words that Tab may put in the place of the first wrong one.
    """
    line = session.console.typed_line
    if line is None or not has_errors(found):
        return
    from stripe_shell.render.fold import choices, corrected, is_on

    if not is_on(line, found):
        return
    right = corrected(line.text, found)
    if right is not None:
        (session.draft, session.draft_place), session.draft_corrected = right, True
    elif open_ := next((each for each in map(choices, found) if each is not None), None):
        session.draft, session.draft_place, session.draft_choices = line.text, open_[1], open_


def _introduce_connections(session: ReplSession, items: Sequence[ScriptItem]) -> None:
    """Says where keys come from that are used for the first time."""
    for block in blocks_in(items):
        connection = session.connection_of(connection_of(block, session.scope, session.connections))
        if connection is not None and connection.kind != "sandbox":
            introduce(session, connection)


def _run_in_order(session: ReplSession, items: Sequence[ScriptItem], resolver: Resolver) -> RunEnding:
    for number, item in enumerate(items, start=1):
        ending = _run_item(session, item, resolver, first=number == 1)
        if ending != "passed":
            rest = len(items) - number
            if rest:
                session.console.message(f"{rest} more {'was' if rest == 1 else 'were'} not run")
            return ending
    return "passed"


def _run_item(session: ReplSession, item: ScriptItem, resolver: Resolver, *, first: bool = False) -> RunEnding:
    """Runs one item. `first` keeps the time set by the check, so that the call of the check is sent."""
    if not first:
        session.set_clock()
    run_id = session.begin_run()
    sends = any(session.engine.preview((item,), session.scope, run_id=run_id, resolver=resolver))
    if not confirmed(session, item, resolver):
        session.console.message("nothing was sent")
        return "failed"
    engine = session.engine.observed(session.progress.observer())
    steps = engine.run((item,), session.scope, run_id=run_id, resolver=resolver)
    if sends:
        return wait_for(session, item, steps, run_id, lambda stream: show_steps(session, item, stream))
    return show_steps(session, item, steps)


def show_steps(session: ReplSession, item: ScriptItem, steps: Iterable[RunStep]) -> RunEnding:
    """Shows each step as it arrives, and continues in its scope."""
    outcomes: list[Outcome] = []
    for step in steps:
        session.take(step)
        if step.outcome is not None:
            outcomes.append(step.outcome)
            show_step(session, step)
            learn_ids(session, step.outcome)
            if step.outcome.status == "unknown" and step.outcome.request:
                session.unknown.append(step.outcome)
    if not all(outcome.status in {"passed", "skipped"} for outcome in outcomes):
        return "failed"
    if not outcomes or any(outcome.status == "passed" for outcome in outcomes):
        # Name the connection, as the saved script may run with another default.
        own = isinstance(item, Block) and outcomes
        saved = replace(item, connection=outcomes[0].connection) if own else item
        session.kept.add(saved, outcomes, session.scope.now)
    return "passed"
