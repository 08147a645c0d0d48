"""Lists that are read by several requests at once: the same rows in the same order, whatever their times."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stripe_shell.engine.run.paging import Exchange, follow_pages
from stripe_shell.engine.run.ranges import can_divide, follow_ranges
from stripe_shell.errors import NoAnswer
from stripe_shell.spec.table import load_table
from stripe_shell.wire import Request, Response, decode_form


class Lists:
    """Answers lists as Stripe does: newest first, by cursor, within a range of `created`."""

    def __init__(self, times: Sequence[int], *, fails_at: int = 0, together: int = 1) -> None:
        """Answers the request `fails_at` with a failure, and those behind the first once `together` threads ask."""
        self.rows = [{"id": f"x_{n}", "created": time} for n, time in enumerate(sorted(times, reverse=True))]
        self.asked: list[str] = []
        self.threads: set[int] = set()
        self._fails_at = fails_at
        self._meeting = threading.Barrier(together)
        self._lock = threading.Lock()

    def send(self, request: Request) -> Response:
        query = decode_form(request.query)
        with self._lock:
            self.asked.append(request.query)
            comes_first = threading.get_ident() not in self.threads and len(self.asked) > 1
            self.threads.add(threading.get_ident())
            if len(self.asked) == self._fails_at:
                raise NoAnswer("silence")
        if comes_first and self._meeting.parties > 1:
            self._meeting.wait(timeout=60)
        found = self.rows
        if "starting_after" in query:
            found = found[1 + [row["id"] for row in found].index(query["starting_after"]) :]
        created = query.get("created", {})
        lower, upper = int(created.get("gte", 0)), int(created.get("lt", 10**12))
        found = [row for row in found if lower <= int(row["created"]) < upper]
        limit = int(query["limit"])
        body = {"object": "list", "data": found[:limit], "has_more": len(found) > limit, "url": "/v1/x"}
        return Response(200, {}, json.dumps(body).encode())


def read(lists: Lists, jobs: int, query: str = "limit=3") -> list[str]:
    request = Request("GET", "/v1/charges", query)
    first = Exchange(request, lists.send(request))
    pages = follow_ranges(lists, first, jobs) if jobs else follow_pages(lists, first)
    return [row["id"] for page in pages for row in page.body["data"]]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 400) | st.integers(0, 3), max_size=90), st.integers(2, 5))
def test_it_is_the_same_list(times: list[int], jobs: int) -> None:
    lists = Lists(times)
    assert read(lists, jobs) == [row["id"] for row in lists.rows]


@pytest.mark.parametrize("gap", [10, 10_000, 10_000_000])
def test_a_gap_is_not_the_end(gap: int) -> None:
    lists = Lists([*range(100), *range(100 + gap, 200 + gap)])
    assert read(lists, 3) == [row["id"] for row in lists.rows]
    assert len(lists.asked) < 150


def test_a_range_of_its_own_stays() -> None:
    lists = Lists(range(0, 900, 3))
    query = "limit=3&created[gte]=300&created[lt]=600"
    assert read(lists, 4, query) == read(lists, 0, query)
    assert len(read(lists, 4, query)) == 100


def test_several_threads_read_it() -> None:
    lists = Lists(range(2_000), together=4)
    assert len(read(lists, 4)) == 2_000
    assert len(lists.threads) == 5  # and the one that asks for the first page


def test_each_page_tells_where_a_plain_list_goes_on() -> None:
    lists = Lists(range(300))
    request = Request("GET", "/v1/charges", "limit=3")
    for page in follow_ranges(lists, Exchange(request, lists.send(request)), 3):
        if page.following is not None:
            query = decode_form(page.following.query)
            assert query == {"limit": "3", "starting_after": page.body["data"][-1]["id"]}


def test_a_failure_is_the_failure_of_the_list() -> None:
    with pytest.raises(NoAnswer):
        read(Lists(range(2_000), fails_at=30), 4)


@pytest.mark.parametrize(
    ("name", "query", "divided"),
    [
        ("list charge", "limit=100", True),
        ("list charge", "created=5", False),
        ("list charge", "ending_before=x", False),
        ("search charge", "query=a", False),
        ("list customer.payment_method", "", False),
    ],
)
def test_what_can_be_divided(name: str, query: str, divided: bool) -> None:
    operation = next(each for each in load_table().operations() if each.name == name)
    assert can_divide(operation, Request("GET", operation.path, query)) is divided
