"""`@live 10m`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.errors import UsageError
from stripe_shell.repl.commands import PromptCommand
from stripe_shell.suggest.answers import suggest_window

if TYPE_CHECKING:
    from stripe_shell.connections import Connection
    from stripe_shell.repl.session import ReplSession

#: The longest time, in minutes.
_LONGEST = 60


def _live(session: ReplSession, argument: str) -> None:
    """Let creates and updates through without a question for so long; `@live off` ends it."""
    connection = session.connection
    place = (connection.name, session.scope.settings.account)
    if argument == "off":
        session.live_until.pop(place, None)
        session.console.message("every live write is confirmed again")
        return
    seconds = _seconds(argument)
    if connection.mode not in {"live", "unknown"}:
        raise UsageError(f"/{connection.name} is not live: nothing is asked there")
    if not _is_confirmed(session, connection, argument):
        session.console.message("every live write is still confirmed")
        return
    session.live_until[place] = session.environment.clock() + seconds
    session.console.message(
        f"creates and updates on /{connection.name} are sent without a question for {argument}; "
        "deletions, refunds, payouts and cancellations are confirmed as before"
    )


def _seconds(argument: str) -> float:
    from stripe_shell.durations import parse_duration

    found = parse_duration(argument, {"s", "m", "h"})
    if not found or found > _LONGEST * 60_000:
        raise UsageError(f"how long? e.g. `@live 10m`, at most {_LONGEST}m; `@live off` ends it")
    return found / 1000


def _is_confirmed(session: ReplSession, connection: Connection, argument: str) -> bool:
    from stripe_shell.repl.confirm import ask
    from stripe_shell.repl.question import question_for_account

    words = f"creates and updates are sent without a question for {argument}."
    question = question_for_account(session, connection, words)
    return ask(session, question, lambda: session.console.message("nothing is sent by this itself"))


COMMAND = PromptCommand(_live, "10m | off", completes=suggest_window)
