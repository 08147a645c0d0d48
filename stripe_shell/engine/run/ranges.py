"""Reads a long list by several requests at once: each follows the pages of one range of `created`."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from stripe_shell.engine.run.paging import Exchange, Page, follow_pages, is_list, with_cursor
from stripe_shell.records import record, replace
from stripe_shell.spec.model import Operation
from stripe_shell.wire import Request, Transport, decode_form, encode_form

if TYPE_CHECKING:
    from concurrent.futures import Future

    from stripe_shell.engine.run.row_pool import RowPool

#: A range is made for so many pages, by how many objects were created in the time of those before it.
_PAGES = 8
#: So many pages of a range are read ahead; what is behind them is read when it is its turn.
_MOST_PAGES = 16


@record
class _Range:
    """The pages of a range that were read ahead, the request for what is behind them, and its lower end."""

    pages: tuple[Page, ...]
    rest: Request | None
    lower: int


def can_divide(operation: Operation, request: Request) -> bool:
    """Whether a list can be divided by `created`: newest first, with a parameter for the range."""
    created = operation.params.fields.get("created")
    query = decode_form(request.query)
    plain = not isinstance(query.get("created", {}), str) and "ending_before" not in query
    return operation.version == "v1" and operation.action == "list" and created is not None and plain


def follow_ranges(transport: Transport, first: Exchange, jobs: int) -> Iterator[Page]:
    """Yields the pages that `follow_pages` yields, divided otherwise, reading up to `jobs` ranges at once.

    Raises what `follow_pages` raises.
    """
    page = next(follow_pages(transport, first))
    yield page
    if page.following is None:
        return
    if _span(page) is None:
        yield from follow_pages(transport, Exchange(page.following, transport.send(page.following)))
        return
    from stripe_shell.engine.run.row_pool import RowPool

    pool: RowPool[_Range] = RowPool(lambda: jobs)
    try:
        yield from _Ranges(transport, first.request, page, jobs, pool).pages()
    finally:
        pool.close()


class _Ranges:
    """The ranges of a list that are under way, newest first."""

    def __init__(self, transport: Transport, request: Request, page: Page, jobs: int, pool: RowPool[_Range]) -> None:
        self._transport = transport
        self._request = request
        self._jobs = jobs
        self._pool = pool
        self._window = (_span(page) or 1) * _PAGES
        self._under_way: deque[Future[_Range]] = deque()
        self._cursor = str(page.body["data"][-1]["id"])
        self._upper = int(page.body["data"][-1]["created"])
        self._schedule(with_cursor(request, {"starting_after": self._cursor}), self._upper)

    def pages(self) -> Iterator[Page]:
        """Yields the pages of all ranges in order."""
        while self._under_way:
            while len(self._under_way) < self._jobs and self._upper >= 0:
                self._schedule(_between(self._request, lt=self._upper), self._upper)
            found = self._under_way.popleft().result()
            count = 0
            for page in self._all_of(found):
                count += 1
                if not page.exchange.response.ok or not is_list(page.body):
                    yield page
                    return
                if page.body["data"]:
                    yield self._with_cursor(page)
            if count <= 1 and not self._is_more(found.lower):
                return
            self._adapt(count)

    def _all_of(self, found: _Range) -> Iterator[Page]:
        yield from found.pages
        if found.rest is not None:
            yield from follow_pages(self._transport, Exchange(found.rest, self._transport.send(found.rest)))

    def _with_cursor(self, page: Page) -> Page:
        """Returns the page with the request for the next one as a list that is not divided has it."""
        self._cursor = str(page.body["data"][-1]["id"])
        return replace(page, following=with_cursor(self._request, {"starting_after": self._cursor}))

    def _schedule(self, request: Request, upper: int) -> None:
        lower = max(upper - self._window, 0)
        self._upper = lower if lower > 0 else -1
        task = partial(_read_ahead, self._transport, _between(request, gte=lower), lower)
        self._under_way.append(self._pool.submit(task))

    def _adapt(self, count: int) -> None:
        """Makes the ranges to come shorter or longer, so that each has about as many pages."""
        if count > 2 * _PAGES:
            self._window = max(self._window // 2, 1)
        elif count < _PAGES // 2:
            self._window *= 2

    def _is_more(self, lower: int) -> bool:
        """Whether the list has objects from before a time."""
        if lower <= 0:
            return False
        request = _between(with_cursor(self._request, {"limit": "1"}), lt=lower)
        body: Any = self._transport.send(request).json()
        return not is_list(body) or bool(body["data"])


def _read_ahead(transport: Transport, request: Request, lower: int) -> _Range:
    pages: list[Page] = []
    for page in follow_pages(transport, Exchange(request, transport.send(request))):
        pages.append(page)
        if len(pages) == _MOST_PAGES:
            return _Range(tuple(pages), page.following, lower)
    return _Range(tuple(pages), None, lower)


def _between(request: Request, **ends: int) -> Request:
    """Returns the request for the part of a list within a range; a narrower end of its own stays."""
    query = decode_form(request.query)
    created = dict(query.get("created") or {})
    for name, end in ends.items():
        own = created.get(name)
        narrower = max if name == "gte" else min
        created[name] = str(narrower(int(own), end) if own is not None and str(own).isdecimal() else end)
    return replace(request, query=encode_form({**query, "created": created}))


def _span(page: Page) -> int | None:
    """Returns the seconds between the first and the last object of a page, at least one; None without times."""
    rows = page.body["data"]
    first, last = (row.get("created") if isinstance(row, dict) else None for row in (rows[0], rows[-1]))
    return max(first - last, 1) if isinstance(first, int) and isinstance(last, int) else None
