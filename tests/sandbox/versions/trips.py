"""Round trips: a request in an older version, and what must be in its answer; the shop that requests name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from hypothesis import strategies as st

from stripe_shell.spec.shapes import shape_at
from stripe_shell.spec.table import load_table
from stripe_shell.spec.versions.table import table_at
from tests.sandbox.conftest import Json, open_client
from tests.sandbox.shop import Shop

from .older import Older, older
from .test_every_change import values

TABLE = load_table()
URLS = {"success_url": "https://x.test", "cancel_url": "https://x.test"}
CENTS = st.integers(50, 9_999)


class Trip(NamedTuple):
    """A request, what to look at in its answer, and what must be there."""

    method: str
    path: str
    params: Json
    look: Callable[[Json], Any]
    said: Any


class Life:
    """A shop, with what requests name, and a client of the version before a change."""

    def __init__(self) -> None:
        self.stripe = open_client()
        self.shop = Shop(self.stripe)
        self.customer = self.shop.customer()["id"]
        self.price, self.single = self.shop.price(1000)["id"], self.shop.price(700, interval=None)["id"]
        self.coupon = self.stripe.post("/v1/coupons", {"percent_off": 25, "duration": "forever"})["id"]
        self.code = self.stripe.post("/v1/promotion_codes", {"promotion": {"type": "coupon", "coupon": self.coupon}})[
            "id"
        ]
        self.account = self.stripe.post("/v1/accounts", {"type": "custom", "country": "US"})["id"]
        self.client: Older = older(self.stripe, TABLE.version)
        self.draw: Callable[[Any], Any] = lambda strategy: strategy

    def word(self, operation: str, *path: str) -> Any:
        """A value of a parameter, drawn from the table of the client's version."""
        found = table_at(TABLE, self.client.version).operation(*operation.split(" "))
        assert found is not None
        shape = shape_at(found.params, path)
        assert shape is not None, path
        return self.draw(values(shape))

    def subscribe(self, **more: Any) -> Json:
        """A subscription of a new customer."""
        return self.shop.subscribe(self.shop.customer(), {"id": self.price}, **more)

    def card(self) -> str:
        """A card issued to a new cardholder."""
        address = {"line1": "1 Main St", "city": "X", "state": "CA", "postal_code": "94111", "country": "US"}
        holder = {"name": "Jenny Rosen", "type": "individual", "billing": {"address": address}}
        key = self.stripe.post("/v1/issuing/cardholders", holder)["id"]
        card = {"cardholder": key, "currency": "usd", "type": "virtual", "status": "active"}
        return str(self.stripe.post("/v1/issuing/cards", card)["id"])


def session(life: Life, mode: str, **more: Any) -> Json:
    price = life.price if mode == "subscription" else life.single
    return {"mode": mode, "line_items": [{"price": price, "quantity": life.draw(st.integers(1, 9))}], **URLS, **more}


def subscription(life: Life, **more: Any) -> Json:
    items = [{"price": life.price, "quantity": life.draw(st.integers(1, 5))}]
    return {"customer": life.customer, "items": items, **more}


def intent(life: Life, **more: Any) -> Json:
    return {"amount": life.draw(CENTS), "currency": "usd", **more}


def text(life: Life) -> str:
    return str(life.draw(st.text("abc xyz", min_size=1, max_size=10).filter(str.strip))).strip()


def method(life: Life, **more: Any) -> Trip:
    """The update of a payment method, with its metadata."""
    key = life.stripe.post("/v1/payment_methods/pm_card_visa/attach", {"customer": life.customer})["id"]
    said = {"a": text(life)}
    given = {"metadata": said, **more}
    return Trip("POST", f"/v1/payment_methods/{key}", given, lambda made: made["metadata"], said)


def sessions(given: Json, look: Callable[[Json], Any], said: Any) -> Trip:
    return Trip("POST", "/v1/checkout/sessions", given, look, said)


def subscriptions(given: Json, look: Callable[[Json], Any], said: Any) -> Trip:
    return Trip("POST", "/v1/subscriptions", given, look, said)


def intents(given: Json, look: Callable[[Json], Any], said: Any) -> Trip:
    return Trip("POST", "/v1/payment_intents", given, look, said)
