"""Pagination of lists: Stripe's cursors, search pages and v2 page URLs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stripe_shell.errors import NoAnswer, OutcomeUnknown
from stripe_shell.lang.ast import Block, Pages
from stripe_shell.records import record, replace
from stripe_shell.spec.model import Operation
from stripe_shell.wire import Request, Response, Transport, decode_form, encode_form, parse_json


def is_list(body: Any) -> bool:
    """Whether a response body is a page of a list, a search, or a v2 list."""
    return isinstance(body, dict) and isinstance(body.get("data"), list) and "id" not in body


def can_page(operation: Operation) -> bool:
    """Whether the operation returns lists."""
    return operation.method == "GET" and (
        operation.action in {"list", "search"} or "starting_after" in operation.params.fields
    )


def has_pages(block: Block) -> bool:
    """Whether the block asks for several pages of a list."""
    return block.argument(Pages) is not None or any(param.value.literal == "all" for param in block.params)


@record
class Exchange:
    """A request and its response."""

    request: Request
    response: Response


@record
class Page:
    """A page of a list, or whatever else was answered: the exchange and its body as JSON data.

    `plain`: no number in it has a fraction or an exponent. `following` is the request for the next page, None if this
    is the last one.
    """

    exchange: Exchange
    body: Any
    plain: bool
    following: Request | None


def follow_pages(transport: Transport, first: Exchange) -> Iterator[Page]:
    """Yields the first page and those after it, until the last page or the first error response.

    Raises what `transport.send` and `read_body` raise, and NoAnswer for a page that announces more without a cursor to
    them.
    """
    exchange = first
    while True:
        page = _read_page(exchange)
        yield page
        if page.following is None:
            return
        if page.following == exchange.request:
            raise NoAnswer("the list says that there is more, but not how to get it")
        exchange = Exchange(page.following, transport.send(page.following))


def _read_page(exchange: Exchange) -> Page:
    fractions: list[str] = []
    body = read_body(exchange, fractions)
    return Page(exchange, body, not fractions, next_page(exchange.request, body) if exchange.response.ok else None)


#: The parameters that say where a page begins.
_CURSORS = ("starting_after", "ending_before", "page")


def cursor_of(request: Request) -> dict[str, str]:
    """Returns the parameters of a request for a page that say where it begins."""
    parameters = decode_form(request.query)
    return {name: str(parameters[name]) for name in _CURSORS if name in parameters}


def with_cursor(request: Request, cursor: Mapping[str, str]) -> Request:
    """Returns the request for the page of a list that begins at a cursor."""
    return replace(request, query=encode_form({**decode_form(request.query), **cursor}))


def next_page(request: Request, body: Any) -> Request | None:
    """Returns the request for the page after the one that `body` is, or None after the last one."""
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
    """Returns the id that is the cursor of a row, or an empty string."""
    return str(row.get("id", "")) if isinstance(row, dict) else ""


def _with(request: Request, **cursor: str) -> Request:
    """Returns the request with the cursor set; unchanged if the cursor is empty."""
    if not all(cursor.values()):
        return request
    return with_cursor(request, cursor)


def read_body(exchange: Exchange, fractions: list[str] | None = None) -> Any:
    """Returns the body as JSON data, or None for an error response that is not JSON.

    Appends the numbers with a fraction or an exponent to `fractions`. Raises OutcomeUnknown for a successful write with
    an unreadable body, NoAnswer for a read.
    """
    try:
        response = exchange.response
        return response.json() if fractions is None else parse_json(response.body, fractions)
    except ValueError:
        if not exchange.response.ok:
            return None
        message = f"{exchange.response.status} came back, but its body is no JSON"
        raise (OutcomeUnknown(message) if exchange.request.writes else NoAnswer(message)) from None
