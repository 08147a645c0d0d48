"""Repeats a block that reads, and draws its result anew each time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from stripe_shell.diagnostics import SourceText, has_errors
from stripe_shell.engine.load import load_program
from stripe_shell.errors import UsageError
from stripe_shell.lang.ast import Block
from stripe_shell.repl.expand import expand
from stripe_shell.repl.showing import show_outcome

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession

#: Puts the cursor in the corner above, and clears the screen.
_CLEAR = "\x1b[H\x1b[2J"


def watch(session: ReplSession, seconds: float, text: str) -> bool:
    """Runs the block every so many seconds until Ctrl-C, or until it fails; whether what follows may run.

    Its responses are not saved under a name, and it is not kept for `@save`. Raises UsageError for a block that writes.
    """
    block = _block(session, text)
    if block is None:
        return False
    resolver = session.engine.resolver()
    operation = resolver.operation(block)
    if operation is not None and operation.writes:
        raise UsageError(f"@watch repeats reads alone; `{operation.name}` writes")
    found = session.engine.check((block,), session.scope, resolver)
    session.printer.checked(found)
    if has_errors(found):
        return False
    name = operation.name if operation else "block"
    try:
        while _draw(session, block, f"every {seconds:g} s · {name} · {{time}} · Ctrl-C ends"):
            session.engine.sleep(seconds)
    except KeyboardInterrupt:
        session.console.message("")
        return True
    return False


def _block(session: ReplSession, text: str) -> Block | None:
    if not text:
        if session.last is None:
            raise UsageError("there is no block yet to watch: @watch 5s list payment_intents limit=5")
        return session.last.block
    from stripe_shell.repl.running import is_sound

    program = load_program(expand(session, SourceText("<prompt>", text)), prompt=True)
    if not is_sound(session, program):
        return None
    blocks = [item for item in program.items if isinstance(item, Block)]
    if len(blocks) != 1 or len(program.items) != 1:
        raise UsageError("@watch repeats one block")
    return blocks[0]


def _draw(session: ReplSession, block: Block, title: str) -> bool:
    """Runs the block once and shows it; whether it passed."""
    session.set_clock()
    time = datetime.fromtimestamp(session.environment.clock(), UTC)
    outcomes = [
        step.outcome
        for step in session.engine.run((block,), session.scope, run_id=session.begin_run())
        if step.outcome is not None
    ]
    if session.console.terminal:
        session.console.result(_CLEAR)
    session.console.message(title.replace("{time}", f"{time:%H:%M:%S} UTC"))
    for outcome in outcomes:
        show_outcome(session, outcome)
    return all(outcome.status in {"passed", "skipped"} for outcome in outcomes)
