"""The events that a call has caused: known at once in the sandbox, elsewhere when they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stripe_shell.errors import TransportError
from stripe_shell.records import replace

if TYPE_CHECKING:
    from stripe_shell.engine.outcome import Outcome
    from stripe_shell.repl.session import ReplSession
    from stripe_shell.wire import Request

#: How many of the newest events are looked at: first, and where all of those belong to the call.
_FEW, _MANY = 20, 100


def caused_events(session: ReplSession, outcome: Outcome) -> list[Any]:
    """Returns the events of a write in a sandbox of this process, the newest first; none for any other call."""
    connection = session.connections.get(outcome.connection)
    request = outcome.request
    if connection is None or connection.kind != "sandbox" or request is None or not request.writes:
        return []
    if not outcome.request_id or not request.path.startswith("/v1/") or outcome.response is None:
        return []
    for count in (_FEW, _MANY):
        try:
            body = connection.send(events_request(request, count)).json()
        except (TransportError, ValueError):
            return []
        events = events_of(outcome, body)
        if len(events) < count:
            break
    return events


def events_of(outcome: Outcome, body: Any) -> list[Any]:
    """Returns the events of a list that a call has caused."""
    rows = body.get("data") if isinstance(body, dict) else None
    return [row for row in rows or () if (row.get("request") or {}).get("id") == outcome.request_id]


def events_request(request: Request, count: int = _MANY) -> Request:
    """Returns the request for the newest events of the account that a request was sent to."""
    headers = {name: value for name, value in request.headers.items() if name != "Content-Type"}
    return replace(
        request,
        method="GET",
        path="/v1/events",
        query=f"limit={count}",
        body=b"",
        headers=headers,
        idempotency_key=None,
    )


def event_types(events: list[Any], outcome: Outcome) -> list[str]:
    """Returns the types of events that are given the newest first: those of the call's own object, then the others."""
    own = outcome.body.get("id") if isinstance(outcome.body, dict) else None
    types = [(event["data"]["object"].get("id") != own, str(event.get("type"))) for event in reversed(events)]
    return [name for _, name in sorted(types, key=lambda pair: pair[0])]


def event_words(types: list[str], room: int) -> str:
    """Returns `customer.subscription.created, invoice.paid, +4 events`: the first ones that there is room for."""
    names = list(dict.fromkeys(types))
    words = ""
    for count in range(1, len(names) + 1):
        rest = len(types) - sum(types.count(name) for name in names[:count])
        longer = ", ".join([*names[:count], *[f"+{rest} event{'s' if rest > 1 else ''}"] * bool(rest)])
        if words and len(longer) > room:
            break
        words = longer
    return words
