"""Stripe's own SDK as the client of a real server that runs in a thread; every test has an account of its own."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from stripe_shell.sandbox.app import Sandbox
from stripe_shell.sandbox.clock import Clock, FixedClock
from stripe_shell.sandbox.ids import RandomIds
from stripe_shell.sandbox.storage.store import Store
from stripe_shell.sandbox.webhooks.client import WebhookClient
from stripe_shell.sandbox.webhooks.deliveries import Deliveries
from stripe_shell.server.app import Application
from stripe_shell.server.background import BackgroundWorker
from stripe_shell.server.run import listen
from stripe_shell.spec.table import load_table
from tests.sandbox.conftest import NOW

try:
    import stripe
except ImportError:
    stripe = None

_keys = itertools.count()

Obj = Any


@dataclass
class Served:
    """A running server: where it listens, whose sandbox it is, and the time there."""

    address: str
    sandbox: Sandbox
    clock: Clock


@contextmanager
def serving(clock: Clock) -> Iterator[Served]:
    """A server in a thread of this process, with deliveries; a mistake of the sandbox itself fails the test here."""
    pytest.importorskip("stripe", reason="the SDK is in the extra `dev`")
    uvicorn = pytest.importorskip("uvicorn", reason="`serve` needs the extra `serve`")
    from stripe_shell.server.protocol import HttpProtocol

    mistakes: list[Exception] = []
    store = Store.open(None)
    sandbox = Sandbox(store, load_table(), clock, RandomIds(11), on_error=mistakes.append)
    webhooks = WebhookClient()
    deliveries = Deliveries(store, clock, webhooks.post, log_line=lambda _: None)
    background = BackgroundWorker(sandbox, deliveries, mistakes.append, webhooks.close)
    sandbox.on_events = background.notice
    listener = listen("127.0.0.1", 0)
    config = uvicorn.Config(
        Application(sandbox),
        http=HttpProtocol,
        ws="none",
        interface="asgi3",
        lifespan="off",
        log_config=None,
        proxy_headers=False,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: server.run(sockets=[listener]), daemon=True)
    background.start()
    thread.start()
    try:
        yield Served(f"http://127.0.0.1:{listener.getsockname()[1]}", sandbox, clock)
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        background.stop()
        store.close()
        listener.close()
    assert mistakes == []


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """One server for a module; its time stands still."""
    with serving(FixedClock(NOW)) as found:
        yield found


@dataclass
class Sdk:
    """The SDK's client, with words for what scenarios need most; all of it goes over HTTP."""

    address: str
    key: str

    def __post_init__(self) -> None:
        self.client = stripe.StripeClient(
            self.key, base_addresses={"api": self.address, "files": self.address}, max_network_retries=0
        )
        self.v1: Any = self.client.v1

    def refused(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """The exception of the SDK that a call must raise."""
        with pytest.raises(stripe.StripeError) as caught:
            call(*args, **kwargs)
        return caught.value

    def raw(self, method: str, path: str, **params: Any) -> Any:
        """A call that the SDK has no method for."""
        return self.client.deserialize(self.client.raw_request(method, path, **params), api_mode="V1")

    # --- what scenarios begin with ---------------------------------------------------------------------------

    def price(self, amount: int | None = 1000, interval: str | None = "month", name: str = "Gold", **more: Any) -> Obj:
        """A price with a product of its own; recurring unless `interval` is None."""
        params: Obj = {"currency": "usd", "product_data": {"name": name}, **more}
        if amount is not None:
            params["unit_amount"] = amount
        if "product" in params:
            del params["product_data"]
        if interval:
            params["recurring"] = {"interval": interval, **more.get("recurring", {})}
        return self.v1.prices.create(params=params)

    def customer(self, card: str | None = "pm_card_visa", **more: Any) -> Obj:
        """A customer with a card as default payment method, unless it is None."""
        params: Obj = {"email": "jane@example.com", "name": "Jane", **more}
        if card:
            params |= {"payment_method": card, "invoice_settings": {"default_payment_method": card}}
        return self.v1.customers.create(params=params)

    def subscribe(self, customer: Obj, *prices: Obj, **more: Any) -> Obj:
        """A subscription to these prices."""
        items = [{"price": price.id} for price in prices]
        return self.v1.subscriptions.create(params={"customer": customer.id, "items": items, **more})

    def pay(self, amount: int = 2000, card: str = "pm_card_visa", **more: Any) -> Obj:
        """A payment intent that is confirmed at once."""
        params: Obj = {
            "amount": amount,
            "currency": "usd",
            "payment_method": card,
            "payment_method_types": ["card"],
            "confirm": True,
        }
        return self.v1.payment_intents.create(params=params | more)

    def invoice(self, customer: Obj, *amounts: int, finalize: bool = True, **more: Any) -> Obj:
        """An invoice by hand with a line for each amount."""
        made = self.v1.invoices.create(params={"customer": customer.id, **more})
        for amount in amounts:
            params = {"customer": customer.id, "invoice": made.id, "amount": amount, "currency": "usd"}
            self.v1.invoice_items.create(params=params)
        return self.v1.invoices.finalize_invoice(made.id) if finalize else self.v1.invoices.retrieve(made.id)

    # --- time --------------------------------------------------------------------------------------------------

    def stand(self, seconds: int) -> Obj:
        """A test clock."""
        return self.v1.test_helpers.test_clocks.create(params={"frozen_time": seconds})

    def advance(self, clock: Obj, to: int) -> None:
        """Move a test clock, and wait until it is ready, as the documentation tells to."""
        moved = self.v1.test_helpers.test_clocks.advance(clock.id, params={"frozen_time": to})
        assert moved.status == "advancing"
        for _ in range(100):
            if self.v1.test_helpers.test_clocks.retrieve(clock.id).status == "ready":
                return
        raise AssertionError("the clock is not ready")

    # --- events ------------------------------------------------------------------------------------------------

    def events(self, **params: Any) -> list[Obj]:
        """All events, oldest first."""
        return list(self.v1.events.list(params={"limit": 100, **params}).auto_paging_iter())[::-1]

    def event_types(self, *begins: str) -> list[str]:
        """The types of all events, oldest first; only those that begin so, if any are given."""
        return [event.type for event in self.events() if not begins or event.type.startswith(begins)]


def new_key() -> str:
    """A key that nobody used before."""
    return f"sk_test_sdk{next(_keys)}"


@pytest.fixture
def sdk(served: Served) -> Sdk:
    """The SDK with an account of its own."""
    return Sdk(served.address, new_key())


@pytest.fixture
def another(served: Served) -> Callable[[], Sdk]:
    """The SDK with yet another account."""
    return lambda: Sdk(served.address, new_key())
