"""Following the pages of a list: Stripe's cursors, search pages and v2 page URLs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from stripe_shell.errors import NoAnswer, OutcomeUnknown
from stripe_shell.records import record, replace
from stripe_shell.spec.model import Operation
from stripe_shell.wire import Request, Response, Transport, decode_form, encode_form


def is_list(body: Any) -> bool:
    """Whether a response body is a page of a list, of a search, or of v2."""
    return isinstance(body, dict) and isinstance(body.get("data"), list) and "id" not in body


def can_page(operation: Operation) -> bool:
    """Whether the operation answers lists."""
    return operation.method == "GET" and (
        operation.action in {"list", "search"} or "starting_after" in operation.params.fields
    )


@record
class Exchange:
    """A request and what came back."""

    request: Request
    response: Response


def follow_pages(transport: Transport, first: Exchange) -> Iterator[Exchange]:
    """The first page, then those that follow, for as long as there are more and each is a success.

    Raises what `transport.send` raises, ValueError where a page is no JSON, and NoAnswer where a page says that there
    is more but not how to get it, which would go on for ever.
    """
    exchange = first
    while True:
        yield exchange
        following = next_page(exchange)
        if following is None:
            return
        if following == exchange.request:
            raise NoAnswer("the list says that there is more, but not how to get it")
        exchange = Exchange(following, transport.send(following))


def next_page(exchange: Exchange) -> Request | None:
    """The request of the page after this one, None when there is none."""
    request = exchange.request
    body: Any = exchange.response.json() if exchange.response.ok else None
    if not is_list(body):
        return None
    if isinstance(body.get("next_page_url"), str):
        from urllib.parse import urlsplit

        parts = urlsplit(body["next_page_url"])
        return replace(request, path=parts.path, query=parts.query)
    if body.get("object") == "search_result":
        return _with(request, page=body["next_page"]) if body.get("has_more") and body.get("next_page") else None
    rows = body["data"]
    if not body.get("has_more") or not rows:
        return None
    parameters = decode_form(request.query)
    if "ending_before" in parameters:
        return _with(request, ending_before=_id_of(rows[0]))
    return _with(request, starting_after=_id_of(rows[-1]))


def _id_of(row: Any) -> str:
    """What Stripe takes as a cursor; empty where a row has none, which `follow_pages` will not follow."""
    return str(row.get("id", "")) if isinstance(row, dict) else ""


def _with(request: Request, **cursor: str) -> Request:
    """The request with another cursor; the same one where there is none."""
    if not all(cursor.values()):
        return request
    return replace(request, query=encode_form({**decode_form(request.query), **cursor}))


def read_body(exchange: Exchange) -> Any:
    """The body as JSON data, None when it is none and the status is no success.

    Raises OutcomeUnknown when a write succeeded and its answer cannot be read, NoAnswer for a read.
    """
    try:
        return exchange.response.json()
    except ValueError:
        if not exchange.response.ok:
            return None
        message = f"{exchange.response.status} came back, but its body is no JSON"
        raise (OutcomeUnknown(message) if exchange.request.writes else NoAnswer(message)) from None
