"""Searches the events of an account for writes whose outcome is unknown, by their idempotency keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from stripe_shell.batch.open_writes import UnansweredWrite
from stripe_shell.engine.links import Link
from stripe_shell.engine.run.paging import Exchange, follow_pages, is_list
from stripe_shell.errors import NoAnswer
from stripe_shell.records import record
from stripe_shell.spec.table import Table
from stripe_shell.wire import Request, encode_form

#: Stripe keeps events for so many seconds.
EVENTS_KEPT = 30 * 24 * 3600
#: Events are searched from so many seconds before a write was first sent, to so many after the last entry.
_BEFORE, _AFTER = 300, 3600


@record
class FoundWrite:
    """A write that was executed: `found_by` says how that is known, `body` is the object that it returned or changed.

    `refused`: an event says that a payment in it failed, so that the response may have been an error.
    """

    body: dict[str, Any]
    found_by: str
    request_id: str = ""
    refused: bool = False


def search_events(link: Link, writes: Sequence[UnansweredWrite], until: float, table: Table) -> dict[str, FoundWrite]:
    """Returns the writes of one account that left an event, by their places. Raises TransportError.

    `until` is the latest time at which one of them may have been executed, in epoch seconds.
    """
    by_place: dict[str, list[dict[str, Any]]] = {}
    by_key = {write.key: write for write in writes if write.key}
    keyless = [write for write in writes if not write.key]
    times = {"gte": int(min(write.first_sent for write in writes) - _BEFORE), "lte": int(until + _AFTER)}
    for event in list_all(link, "/v1/events", {"created": times, "limit": 100}, writes[0].headers):
        cause = by_key.get(str((event.get("request") or {}).get("idempotency_key")))
        for write in [cause] if cause else [each for each in keyless if _tells_deletion(event, each, table)]:
            by_place.setdefault(write.place, []).append(event)
    return {
        write.place: _found(by_place[write.place], kind_of(write, table)) for write in writes if write.place in by_place
    }


def list_all(link: Link, path: str, params: dict[str, Any], headers: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Yields every object of a list. Raises TransportError, NoAnswer for an error response."""
    request = Request("GET", path, encode_form(params), headers=headers)
    for page in follow_pages(link.transport, Exchange(request, link.transport.send(request))):
        if not (page.exchange.response.ok and is_list(page.body)):
            raise NoAnswer(f"GET {path} answered {page.exchange.response.status}")
        yield from page.body["data"]


def kind_of(write: UnansweredWrite, table: Table) -> str:
    """Returns the value of `object` in the response to a write; empty if the table does not know the request."""
    matched = table.match(write.request.method, write.request.path)
    return (matched[0].response.schema or "").removeprefix("deleted_") if matched else ""


def _tells_deletion(event: dict[str, Any], write: UnansweredWrite, table: Table) -> bool:
    """Whether an event tells that the object of a deletion, which has no key, is gone since the deletion was sent."""
    made = event["data"]["object"]
    told = event["type"].endswith((".deleted", ".canceled"))
    return bool(told and made.get("id") == write.path_id(table) and event["created"] >= int(write.first_sent))


def _found(events: Iterable[dict[str, Any]], kind: str) -> FoundWrite:
    """Returns the write behind its events, which are newest first: the latest object of the kind that it returns."""
    known = list(events)
    fitting = [event for event in known if event["data"]["object"].get("object") == kind]
    event = fitting[0] if fitting else known[-1]
    body = event["data"]["object"] if fitting else {}
    refused = any(each["type"].endswith("failed") for each in known)
    request = event.get("request") or {}
    return FoundWrite(body, f"event {event['id']} ({event['type']})", str(request.get("id") or ""), refused)
