"""Random walks through billing: whatever is asked in whatever order, nothing breaks and the books balance."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from .conftest import NOW, Client, Json
from .shop import DAY, HOUR, Shop

STEPS = 45


@dataclass
class Walk:
    """One walk: what was made so far, and what may be done next."""

    shop: Shop
    random: random.Random
    prices: list[str] = field(default_factory=list)
    coupons: list[str] = field(default_factory=list)
    rates: list[str] = field(default_factory=list)
    customers: list[Json] = field(default_factory=list)
    now: int = NOW

    def prepare(self) -> None:
        """Prices of every interval, coupons of every kind, taxes, a good card, a bad one and none."""
        stripe = self.shop.stripe
        for interval in ("day", "week", "month", "year"):
            self.prices += [self.shop.price(amount, interval)["id"] for amount in (0, 37, 2999)]
        for more in ({"duration": "once"}, {"duration": "repeating", "duration_in_months": 2}, {"duration": "forever"}):
            self.coupons.append(stripe.post("/v1/coupons", {"percent_off": 33.3, **more})["id"])
        money = {"amount_off": 700, "currency": "usd", "duration": "forever"}
        self.coupons.append(stripe.post("/v1/coupons", money)["id"])
        for percentage, inclusive in ((7.5, False), (19, True)):
            params = {"display_name": "VAT", "percentage": percentage, "inclusive": inclusive}
            self.rates.append(stripe.post("/v1/tax_rates", params)["id"])
        balances = self.random.sample([-500, 0, 300], 3)
        cards = ("pm_card_visa", "pm_card_chargeCustomerFail", None)
        for card, balance in zip(cards, balances, strict=True):
            self.customers.append(self.shop.customer(card, balance=balance))

    def customer(self) -> str:
        """Any customer."""
        return str(self.random.choice(self.customers)["id"])

    def any(self, kind: str, **params: Any) -> Json | None:
        """Any object of a list."""
        found = self.shop.stripe.get(f"/v1/{kind}", {"limit": 100, "customer": self.customer(), **params})["data"]
        return self.random.choice(found) if found else None

    def try_(self, method: str, path: str, **params: Any) -> None:
        """Send it; a refusal is as good as an answer, but for one that says that the sandbox broke."""
        response = self.shop.stripe.send(method, path, params)
        assert response.status in (200, 400, 402, 404), response.body

    def subscribe(self) -> None:
        """A subscription with anything that may be said of it."""
        chance = self.random
        items = [{"price": price, "quantity": chance.choice([1, 3])} for price in chance.sample(self.prices, 2)]
        said: list[Json] = [
            {"trial_period_days": 7},
            {"discounts": [{"coupon": chance.choice(self.coupons)}]},
            {"default_tax_rates": [chance.choice(self.rates)]},
            {"collection_method": "send_invoice", "days_until_due": 5},
            {"payment_behavior": chance.choice(["default_incomplete", "error_if_incomplete"])},
            {"billing_mode": {"type": "classic"}},
            {"cancel_at": self.now + 40 * DAY},
            {"backdate_start_date": self.now - 40 * DAY},
            {"billing_cycle_anchor": self.now + HOUR},
            {"trial_settings": {"end_behavior": {"missing_payment_method": "pause"}}},
        ]
        params: Json = {"customer": self.customer(), "items": items[: chance.choice([1, 2])]}
        for more in chance.sample(said, chance.choice([0, 1, 2])):
            params |= more
        self.try_("POST", "/v1/subscriptions", **params)

    def change(self) -> None:
        """Any change of any subscription, or a preview of it."""
        chance, subscription = self.random, self.any("subscriptions")
        if subscription is None:
            return
        item = chance.choice(subscription["items"]["data"])["id"]
        params: Json = chance.choice(
            [
                {"items": [{"id": item, "price": chance.choice(self.prices)}]},
                {"items": [{"id": item, "quantity": chance.choice([0, 1, 9])}]},
                {"items": [{"price": chance.choice(self.prices)}]},
                {"items": [{"id": item, "deleted": True}]},
                {"cancel_at_period_end": chance.random() < 0.5},
                {"cancel_at": chance.choice(["", self.now + 10 * DAY])},
                {"trial_end": chance.choice(["now", self.now + 9 * DAY])},
                {"billing_cycle_anchor": "now"},
                {"discounts": chance.choice(["", [{"coupon": chance.choice(self.coupons)}]])},
                {"pause_collection": chance.choice(["", {"behavior": "void"}, {"behavior": "keep_as_draft"}])},
            ]
        )
        params["proration_behavior"] = chance.choice(["none", "always_invoice", "create_prorations"])
        params["payment_behavior"] = chance.choice(["pending_if_incomplete", "error_if_incomplete", "allow_incomplete"])
        if "items" in params and chance.random() < 0.5:
            details = {"items": params["items"]}
            preview = {"subscription": subscription["id"], "subscription_details": details}
            self.try_("POST", "/v1/invoices/create_preview", **preview)
        self.try_("POST", f"/v1/subscriptions/{subscription['id']}", **params)

    def end(self) -> None:
        """Cancel or resume."""
        subscription = self.any("subscriptions")
        if subscription is None:
            return
        path = f"/v1/subscriptions/{subscription['id']}"
        if subscription["status"] == "paused":
            self.try_("POST", f"{path}/resume")
        elif self.random.random() < 0.3:
            both = self.random.random() < 0.5
            self.try_("DELETE", path, prorate=both, invoice_now=self.random.random() < 0.5)

    def bill(self) -> None:
        """An item, an invoice, or something done to an invoice; a credit note on top."""
        chance = self.random
        amount = chance.choice([-900, 30, 1500])
        self.try_("POST", "/v1/invoiceitems", customer=self.customer(), amount=amount, currency="usd")
        if chance.random() < 0.3:
            how = {"pending_invoice_items_behavior": "include", "auto_advance": chance.random() < 0.5}
            self.try_("POST", "/v1/invoices", customer=self.customer(), **how)
        invoice = self.any("invoices")
        if invoice is None:
            return
        verb = chance.choice(["pay", "pay", "finalize", "void", "mark_uncollectible", "send"])
        params = {"paid_out_of_band": True} if verb == "pay" and chance.random() < 0.3 else {}
        self.try_("POST", f"/v1/invoices/{invoice['id']}/{verb}", **params)
        more = chance.choice([{}, {"credit_amount": 100}, {"refund_amount": 100}])
        self.try_("POST", "/v1/credit_notes", invoice=invoice["id"], amount=100, **more)

    def plan(self) -> None:
        """A schedule, released or canceled now and then."""
        chance = self.random
        phases = [{"items": [{"price": chance.choice(self.prices)}], "iterations": count} for count in (1, 2)]
        how = {
            "start_date": chance.choice(["now", self.now + 5 * DAY]),
            "end_behavior": chance.choice(["cancel", "release"]),
        }
        self.try_("POST", "/v1/subscription_schedules", customer=self.customer(), phases=phases, **how)
        schedule = self.any("subscription_schedules")
        if schedule is not None and chance.random() < 0.3:
            verb = chance.choice(["cancel", "release"])
            self.try_("POST", f"/v1/subscription_schedules/{schedule['id']}/{verb}")

    def wait(self) -> None:
        """Let time go by, on the clock or really."""
        seconds = self.random.choice([HOUR, DAY, 2 * DAY, 13 * DAY, 27 * DAY])
        self.now += seconds
        if self.shop.clock is None:
            self.shop.stripe.clock.advance(seconds)
            self.shop.stripe.get("/v1/customers")
            return
        path = f"/v1/test_helpers/test_clocks/{self.shop.clock['id']}"
        self.try_("POST", f"{path}/advance", frozen_time=self.now)
        after = self.shop.stripe.get(path)
        assert after["status"] == "ready"
        self.now = after["frozen_time"]


def check_invoice(invoice: Json) -> None:
    """The sums of an invoice agree with each other."""
    discounted = sum(entry["amount"] for entry in invoice["total_discount_amounts"])
    taxed = sum(tax["amount"] for tax in invoice["total_taxes"] if tax["tax_behavior"] == "exclusive")
    assert invoice["total"] == invoice["subtotal"] - discounted + taxed
    if not invoice["lines"]["has_more"]:
        assert invoice["subtotal"] == sum(line["amount"] for line in invoice["lines"]["data"])
    if invoice["status"] == "open":
        assert invoice["amount_due"] == invoice["amount_paid"] + invoice["amount_remaining"] > 0
        assert invoice["number"]
    if invoice["status"] == "paid":
        assert invoice["amount_remaining"] == 0
        assert invoice["status_transitions"]["paid_at"]


def check_books(shop: Shop, customer: Json) -> None:
    """The balance is the sum of its rows, and each row tells what it came to."""
    rows = shop.stripe.get(f"/v1/customers/{customer['id']}/balance_transactions", {"limit": 100})["data"]
    running = 0
    for row in rows[::-1]:
        running += row["amount"]
        assert row["ending_balance"] == running
    assert shop.stripe.get(f"/v1/customers/{customer['id']}")["balance"] == running
    numbers = [invoice["number"] for invoice in shop.invoices(customer) if invoice["number"]]
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize("seed", range(10))
def test_a_walk(stripe: Client, seed: int) -> None:
    """Half of the walks are on a test clock; invoices add up and ledgers balance at the end."""
    shop = Shop(stripe)
    if seed % 2:
        shop.clock = stripe.post("/v1/test_helpers/test_clocks", {"frozen_time": NOW})
    walk = Walk(shop, random.Random(seed))
    walk.prepare()
    steps: list[Callable[[], None]] = [walk.subscribe, walk.change, walk.change, walk.wait, walk.wait, walk.bill]
    for _ in range(STEPS):
        walk.random.choice([*steps, walk.end, walk.plan])()
    for customer in walk.customers:
        check_books(shop, customer)
        for invoice in shop.invoices(customer):
            check_invoice(invoice)
