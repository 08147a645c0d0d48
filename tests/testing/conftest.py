"""Sandboxes for tests, as the fixtures of the plugin make them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

pytest.importorskip("uvicorn", reason="`serve` needs the extra `serve`")

from stripe_shell.testing.isolated import IsolatedSandbox
from stripe_shell.testing.server import TestServer, run_server
from stripe_shell.wire import Request

Post = Callable[..., Any]


@pytest.fixture(scope="module")
def server() -> Iterator[TestServer]:
    """The server of a module."""
    with run_server() as running:
        yield running


@pytest.fixture
def box(server: TestServer) -> Iterator[IsolatedSandbox]:
    """A sandbox of the test."""
    sandbox = IsolatedSandbox(server)
    yield sandbox
    sandbox.close()


@pytest.fixture
def post(box: IsolatedSandbox) -> Post:
    """Sends a write to the test's sandbox and returns the body of the answer, which must be a success."""

    def send(path: str, **params: str) -> Any:
        names = {name.replace("__", "[") + ("]" if "__" in name else ""): value for name, value in params.items()}
        response = box.sandbox.send(Request("POST", path, "", urlencode(names).encode(), {}, None))
        assert response.ok, response.body
        return json.loads(response.body)

    return send


@pytest.fixture
def subscribe(post: Post) -> Callable[..., Any]:
    """Makes a customer who pays by card, with a subscription of 10 usd a month."""

    def create(method: str = "pm_card_visa", **params: str) -> Any:
        customer = post("/v1/customers", payment_method=method, invoice_settings__default_payment_method=method)
        product = post("/v1/products", name="Gold")
        price = post(
            "/v1/prices", currency="usd", unit_amount="1000", recurring__interval="month", product=product["id"]
        )
        body = {"customer": customer["id"], "items[0][price]": price["id"], **params}
        return post("/v1/subscriptions", **body)

    return create
