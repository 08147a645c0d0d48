"""The events of a test: what is waited for, and what is said when it does not come."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from stripe_shell.testing.events import EventTimeout
from stripe_shell.testing.isolated import IsolatedSandbox


def test_waiting_returns_each_event_once(box: IsolatedSandbox, post: Callable[..., Any]) -> None:
    first, second = post("/v1/customers", name="a"), post("/v1/customers", name="b")
    found = [box.events.wait("customer.created")["data"]["object"]["id"] for _ in range(2)]
    assert found == [first["id"], second["id"]]
    with pytest.raises(EventTimeout):
        box.events.wait("customer.created", timeout=0)


def test_waiting_for_one_of_several(box: IsolatedSandbox, post: Callable[..., Any]) -> None:
    post("/v1/customers", name="a")
    wanted = post("/v1/customers", name="b")
    found = box.events.wait("customer.created", where=lambda customer: customer["name"] == "b")
    assert found["data"]["object"]["id"] == wanted["id"]


def test_an_event_of_another_thread_wakes_the_wait(box: IsolatedSandbox, post: Callable[..., Any]) -> None:
    looked = threading.Event()

    def create() -> None:
        looked.wait()
        post("/v1/customers", name="the last")

    def is_the_last(customer: Any) -> bool:
        looked.set()  # `wait` has looked, and found another one
        return bool(customer["name"] == "the last")

    post("/v1/customers", name="the first")
    thread = threading.Thread(target=create)
    thread.start()
    assert box.events.wait("customer.created", timeout=60, where=is_the_last)["type"] == "customer.created"
    thread.join()


def test_an_event_that_does_not_come_says_which_did(box: IsolatedSandbox, post: Callable[..., Any]) -> None:
    with pytest.raises(EventTimeout, match=r"no invoice\.paid within 0 s; there is no event yet"):
        box.events.wait("invoice.paid", timeout=0)
    post("/v1/customers")
    with pytest.raises(EventTimeout, match=r"there are customer\.created$"):
        box.events.wait("invoice.paid", timeout=0)


def test_the_events_of_a_test_are_its_own(box: IsolatedSandbox, post: Callable[..., Any]) -> None:
    assert (len(box.events), box.events.types) == (0, [])
    post("/v1/products", name="Gold")
    assert [event["type"] for event in box.events] == box.events.types == ["product.created"]
    assert box.events.all("product.created") == list(box.events)
