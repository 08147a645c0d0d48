"""Expands submitted short forms, such as an id, to blocks of the language, and shows the result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stripe_shell.diagnostics import SourceText
from stripe_shell.errors import UsageError
from stripe_shell.repl.abandon import waited
from stripe_shell.repl.short_ways import ShortWay, entity_of_id, retrieve_call, short_way, smallest_unit

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession

#: The number of newest events that are searched for a request.
_EVENTS = 100


def expand(session: ReplSession, source: SourceText) -> SourceText:
    """Returns the text to run: the expansion of a short form, any other text unchanged.

    Raises UsageError for an id whose object cannot be retrieved. Sends only reads, for the currency of an amount.
    """
    found = short_way(source.text, session.engine.table)
    if found is None:
        return source
    text = _with_amount(session, found)
    for line in text.split("\n\n") if text else ():
        session.console.message(f"→ {line}")
    for request in found.requests:
        _show_request(session, request)
    return SourceText(source.name, text)


def fetch(session: ReplSession, text: str) -> Any:
    """Runs a block that reads and returns its response body, without showing it. Raises UsageError on failure."""
    from stripe_shell.engine.load import load_program

    items = load_program(SourceText("<prompt>", text), prompt=True).items
    session.set_clock()
    session.begin_progress()
    engine = session.engine.observed(session.progress.observer())
    for step in waited(session, engine.run(items, session.scope, run_id=session.begin_run())):
        outcome = step.outcome
        if outcome is not None and outcome.status == "passed":
            return outcome.body
        if outcome is not None:
            session.console.diagnostics(outcome.diagnostics)
    raise UsageError(f"`{text}` failed; nothing else was sent")


def _with_amount(session: ReplSession, found: ShortWay) -> str:
    if not found.currency_of:
        return found.text
    header = found.text.partition(" ")[0]
    call = retrieve_call(found.currency_of, session.engine.table) or ""
    body = fetch(session, f"{header} {call}" if header.startswith("/") else call)
    currency = str(body.get("currency") or "")
    return found.text.replace("{amount}", str(smallest_unit(found.amount, currency)))


def _show_request(session: ReplSession, name: str) -> None:
    """Shows the newest events that a request caused, since Stripe's API has no log of requests."""
    events = fetch(session, f"list events limit={_EVENTS}")["data"]
    caused = [event for event in events if (event.get("request") or {}).get("id") == name]
    for event in reversed(caused):
        body = event["data"]["object"]
        kind = entity_of_id(str(body.get("id", "")), session.engine.table) or body.get("object", "")
        session.console.result(f"{event['type']:<36}  {kind} {body.get('id', '')}  {event['id']}")
    if not caused:
        mode = "test/" if session.connection.mode == "test" else ""
        log = (
            f"; its log: https://dashboard.stripe.com/{mode}logs/{name}" if session.connection.kind != "sandbox" else ""
        )
        session.console.message(f"{name} caused none of the newest {len(events)} events{log}")
