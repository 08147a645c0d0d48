"""`@resend`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.errors import UsageError
from stripe_shell.repl.commands import PromptCommand

if TYPE_CHECKING:
    from collections.abc import Generator

    from stripe_shell.engine.outcome import Outcome, RunStep
    from stripe_shell.repl.session import ReplSession


def _resend(session: ReplSession, argument: str) -> bool:
    """Send what ended with "outcome unknown" again: the same bytes under the same idempotency key."""
    if argument:
        raise UsageError("`@resend` takes no argument: it sends what ended with an unknown outcome")
    if not session.unknown:
        raise UsageError("there is nothing to send again: no write has an unknown outcome")
    unknown, session.unknown = session.unknown, []
    passed = True
    for number, outcome in enumerate(unknown):
        if not passed:
            session.unknown += unknown[number:]
            break
        passed = _resend_one(session, outcome)
    return passed


def _resend_one(session: ReplSession, outcome: Outcome) -> bool:
    from stripe_shell.repl.abandon import wait_for
    from stripe_shell.repl.running import show_steps

    request = outcome.request
    if request is None or request.idempotency_key is None:
        session.console.message(f"{outcome.name}: it has no idempotency key, so it might take effect twice; look first")
        session.unknown.append(outcome)
        return False
    key = request.idempotency_key
    session.console.message(f"sending {request.method} {request.path} again with the idempotency key {key}")
    session.begin_progress()
    steps = _steps(session, outcome)
    ending = wait_for(
        session, outcome.block, steps, session.begin_run(), lambda stream: show_steps(session, outcome.block, stream)
    )
    return ending == "passed"


def _steps(session: ReplSession, outcome: Outcome) -> Generator[RunStep, None, None]:
    from stripe_shell.engine.outcome import RunStep

    engine = session.engine.observed(session.progress.observer())
    again, scope = engine.resend(outcome, session.scope)
    yield RunStep(outcome.block, scope, again)


COMMAND = PromptCommand(_resend)
