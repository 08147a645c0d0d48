"""A small business in a sandbox: products, prices and customers by one word each, and a clock that can be moved."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .conftest import Client, Json

DAY = 86_400
HOUR = 3_600


def at(text: str) -> int:
    """Epoch seconds of `2026-01-31` or `2026-01-31T10:30:00`, in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@dataclass
class Shop:
    """Makes what tests of billing need; everything goes through requests."""

    stripe: Client
    clock: Json | None = None
    seen: int = 0
    _products: dict[str, Json] = field(default_factory=dict)

    def price(self, amount: int = 1000, interval: str | None = "month", name: str = "Gold", **more: Any) -> Json:
        """A price; recurring unless `interval` is None. Prices of the same name share their product."""
        if name not in self._products:
            self._products[name] = self.stripe.post("/v1/products", {"name": name})
        params = {"product": self._products[name]["id"], "currency": "usd", "unit_amount": amount, **more}
        if interval:
            params["recurring"] = {"interval": interval, **more.get("recurring", {})}
        return self.stripe.post("/v1/prices", params)

    def customer(self, card: str | None = "pm_card_visa", **more: Any) -> Json:
        """A customer, with a card as default payment method unless it is None; on the clock when there is one."""
        params: Json = {"email": "jane@example.com", "name": "Jane", **more}
        if card:
            params |= {"payment_method": card, "invoice_settings": {"default_payment_method": card}}
        if self.clock:
            params["test_clock"] = self.clock["id"]
        return self.stripe.post("/v1/customers", params)

    def subscribe(self, customer: Json, *prices: Json, **more: Any) -> Json:
        """A subscription to these prices, one of each."""
        items = [{"price": price["id"]} for price in prices]
        return self.stripe.post("/v1/subscriptions", {"customer": customer["id"], "items": items, **more})

    def subscription(self, subscription: Json) -> Json:
        """The subscription as it is now."""
        return self.stripe.get(f"/v1/subscriptions/{subscription['id']}")

    def update(self, subscription: Json, **params: Any) -> Json:
        """Update a subscription."""
        return self.stripe.post(f"/v1/subscriptions/{subscription['id']}", params)

    def invoice(self, key: str | None, **params: Any) -> Json:
        """The invoice as it is now."""
        return self.stripe.get(f"/v1/invoices/{key}", params)

    def invoices(self, customer: Json) -> list[Json]:
        """All invoices of a customer, newest first."""
        found: list[Json] = self.stripe.get("/v1/invoices", {"customer": customer["id"], "limit": 100})["data"]
        return found

    def pending(self, customer: Json) -> list[Json]:
        """The customer's invoice items that wait, newest first."""
        params = {"customer": customer["id"], "pending": True, "limit": 100}
        found: list[Json] = self.stripe.get("/v1/invoiceitems", params)["data"]
        return found

    def stand(self, time: str) -> Json:
        """Make the test clock on which customers will live."""
        self.clock = self.stripe.post("/v1/test_helpers/test_clocks", {"frozen_time": at(time)})
        return self.clock

    def advance(self, seconds: int) -> None:
        """Move the test clock on."""
        assert self.clock is not None
        path = f"/v1/test_helpers/test_clocks/{self.clock['id']}"
        time = self.stripe.get(path)["frozen_time"] + seconds
        self.stripe.post(f"{path}/advance", {"frozen_time": time})

    def news(self) -> list[str]:
        """The types of the events since the last call, oldest first."""
        events = self.stripe.event_types()
        fresh, self.seen = events[self.seen :], len(events)
        return fresh

    def last_event(self, kind: str) -> Json:
        """The newest event of a type."""
        found: Json = self.stripe.get("/v1/events", {"type": kind, "limit": 1})["data"][0]
        return found


def descriptions(invoice: Json) -> list[tuple[str, int]]:
    """What each line says and comes to."""
    return [(line["description"], line["amount"]) for line in invoice["lines"]["data"]]
