"""Endpoints of a test: functions, called when the test says so, and URLs."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from queue import Queue
from typing import Any

import pytest

from stripe_shell.testing.isolated import IsolatedSandbox

stripe = pytest.importorskip("stripe", reason="the SDK is in the extra `dev`")


def test_a_function_is_called_when_the_test_delivers(box: IsolatedSandbox, post: Callable[..., Any]) -> None:
    called: list[tuple[str, int]] = []

    def receive(body: bytes, signature: str) -> None:
        event = stripe.Webhook.construct_event(body, signature, endpoint.secret)
        called.append((event.type, threading.get_ident()))

    endpoint = box.webhooks(receive)
    post("/v1/customers")
    assert called == []
    assert box.webhooks.deliver() == 1
    assert called == [("customer.created", threading.get_ident())]
    assert box.webhooks.deliver() == 0


def test_what_a_function_causes_is_delivered_too(box: IsolatedSandbox, post: Callable[..., Any]) -> None:
    types: list[str] = []

    def receive(body: bytes, signature: str) -> None:
        types.append(stripe.Webhook.construct_event(body, signature, endpoint.secret).type)
        if len(types) == 1:
            post("/v1/products", name="Welcome")

    endpoint = box.webhooks(receive)
    post("/v1/customers")
    assert box.webhooks.deliver() == 2
    assert types == ["customer.created", "product.created"]


def test_what_a_function_raises_is_raised_in_the_test(box: IsolatedSandbox, post: Callable[..., Any]) -> None:
    def receive(_body: bytes, _signature: str) -> None:
        raise KeyError("its own mistake")

    endpoint = box.webhooks(receive)
    post("/v1/customers")
    with pytest.raises(KeyError, match="its own mistake"):
        box.webhooks.deliver()
    assert [each.status for each in endpoint.delivered] == [500]


@pytest.mark.parametrize(("answer", "status"), [(None, 200), (204, 204), (500, 500)])
def test_what_a_function_returns_is_the_status(
    box: IsolatedSandbox, post: Callable[..., Any], answer: int | None, status: int
) -> None:
    endpoint = box.webhooks(lambda _body, _signature: answer)
    post("/v1/customers")
    box.webhooks.deliver()
    (delivered,) = endpoint.delivered
    assert (delivered.status, delivered.ok, delivered.type) == (status, status < 300, "customer.created")


def test_a_refused_event_comes_again_after_five_minutes(box: IsolatedSandbox, post: Callable[..., Any]) -> None:
    answers = [500, 200]
    endpoint = box.webhooks(lambda _body, _signature: answers.pop(0))
    post("/v1/customers")
    assert box.webhooks.deliver() == 1
    assert box.webhooks.deliver() == 0
    box.clock.advance("5 minutes")
    assert [each.status for each in endpoint.delivered] == [500, 200]


def test_a_signature_is_valid_after_a_year(box: IsolatedSandbox, post: Callable[..., Any]) -> None:
    types: list[str] = []

    def receive(body: bytes, signature: str) -> None:
        types.append(stripe.Webhook.construct_event(body, signature, endpoint.secret).type)

    endpoint = box.webhooks(receive)
    box.clock.advance("1 year")
    post("/v1/customers")
    box.webhooks.deliver()
    assert types == ["customer.created"]


def test_an_endpoint_for_some_types(box: IsolatedSandbox, post: Callable[..., Any]) -> None:
    endpoint = box.webhooks(lambda _body, _signature: None, events=["product.created"])
    post("/v1/customers")
    post("/v1/products", name="Gold")
    box.webhooks.deliver()
    assert [each.type for each in endpoint.delivered] == ["product.created"]


def test_an_endpoint_that_stripe_refuses(box: IsolatedSandbox) -> None:
    with pytest.raises(ValueError, match="version"):
        box.webhooks(lambda _body, _signature: None, version="1999-01-01")


@pytest.fixture
def listener() -> Iterator[tuple[str, Queue[bytes]]]:
    """A server on this machine, and the bodies that were sent to it."""
    received: Queue[bytes] = Queue()

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.put(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", received
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_url_gets_its_events_by_itself(
    box: IsolatedSandbox, post: Callable[..., Any], listener: tuple[str, Queue[bytes]]
) -> None:
    url, received = listener
    called = box.webhooks(lambda _body, _signature: None)
    box.webhooks(url)
    post("/v1/customers")
    assert b'"customer.created"' in received.get(timeout=30)
    # The function's endpoint is not called in the background.
    assert called.delivered == []
    assert box.webhooks.deliver() == 1
