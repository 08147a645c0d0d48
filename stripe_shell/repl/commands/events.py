"""`@events`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.errors import UsageError
from stripe_shell.records import replace
from stripe_shell.repl.commands import PromptCommand

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession


def _events(session: ReplSession, _: str) -> None:
    """The events that the last call has caused; outside the sandbox they are fetched."""
    from stripe_shell.repl.caused_events import find_events
    from stripe_shell.repl.results import ShownResult
    from stripe_shell.repl.showing import show_result

    outcome = session.last
    if outcome is None or outcome.response is None or not outcome.request_id:
        raise UsageError("there is no call yet whose events could be looked for")
    events = find_events(session, outcome)
    if not events:
        session.console.message(f"{outcome.name} {outcome.request_id} caused none of the newest events")
        return
    body = {"object": "list", "data": events, "has_more": False}
    result = ShownResult(replace(outcome, call=None), body, session.id_scope(outcome.connection))
    session.results.keep(result)
    if not session.results.held:
        show_result(session, result)


COMMAND = PromptCommand(_events)
