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
    from stripe_shell.repl.asking import ask
    from stripe_shell.repl.caused_events import events_of, events_request
    from stripe_shell.repl.results import ShownResult
    from stripe_shell.repl.showing import show_outcome, show_result

    outcome = session.last
    if outcome is None or outcome.request is None or not outcome.request_id:
        raise UsageError("there is no call yet whose events could be looked for")
    answer = ask(session, outcome, events_request(outcome.request))
    if not answer.answered_well:
        show_outcome(session, answer)
        return
    events = events_of(outcome, answer.body)
    if not events:
        session.console.message(f"{outcome.name} {outcome.request_id} caused none of the newest events")
        return
    body = {"object": "list", "data": events, "has_more": False}
    result = ShownResult(replace(outcome, call=None), body, session.id_scope(outcome.connection))
    session.results.keep(result)
    if not session.results.held:
        show_result(session, result)


COMMAND = PromptCommand(_events)
