"""Records `objects.json`, what the golden cards and lists show: `python -m tests.render.record_objects`.

The sandbox answers with a clock and ids of its own, so that the file changes with the sandbox alone.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from stripe_shell.sandbox.app import Sandbox
from stripe_shell.sandbox.clock import FixedClock
from stripe_shell.sandbox.ids import RandomIds
from stripe_shell.wire import Request, encode_form

FILE = Path(__file__).with_name("objects.json")

#: 28 November 2026, 12:00 UTC.
NOW = 1_795_867_200
LONG = "A very long description that no terminal has room for, " * 20
HOSTILE = "two\u202e\x1b]0;owned\x07"

Json = dict[str, Any]


class Recorder:
    """Sends to a sandbox and keeps the answers by name."""

    def __init__(self) -> None:
        self.clock = FixedClock(NOW - 40 * 86_400)
        self.sandbox = Sandbox(clock=self.clock, ids=RandomIds(11))
        self.kept: dict[str, Any] = {}

    def send(self, method: str, path: str, /, **params: Any) -> Any:
        """Answers the body; raises ValueError for a failure other than a decline."""
        self.clock.advance(977)
        text = encode_form(params)
        query, body = (text, b"") if method == "GET" else ("", text.encode())
        response = self.sandbox.send(Request(method, path, query=query, body=body, headers={}))
        if not response.ok and response.status != 402:
            raise ValueError(f"{method} {path}: {response.body.decode()}")
        return response.json()

    def create(self, name: str, path: str, /, **params: Any) -> Any:
        """Creates an object and keeps it."""
        self.kept[name] = self.send("POST", f"/v1/{path}", **params)
        return self.kept[name]


def record_objects() -> Json:
    """Returns the objects by name, and below `lists` a list of each kind."""
    shop = Recorder()
    card_only = {"enabled": "true", "allow_redirects": "never"}
    address = {"city": "Zürich", "country": "CH", "line1": "Bahnhofstrasse 1", "postal_code": "8001"}
    ann = shop.create("customer", "customers", name="Ann Lee", email="ann@example.com", address=address,
                      metadata={"order.id": "6735", "tier": "gold"})  # fmt: skip
    shop.create(
        "customer-wide", "customers", name="山田 太郎 🎉", email="taro@example.co.jp", description="日本語の説明" * 30
    )
    shop.create(
        "customer-rtl", "customers", name="שלום עולם", email="shalom@example.co.il", description="مرحبا بالعالم"
    )
    shop.create("customer-hostile", "customers", name=HOSTILE, email="eve@example.com", description=LONG)
    shop.create("customer-null", "customers")
    product = shop.create("product", "products", name="Pro plan", description=LONG)
    price = shop.create("price", "prices", product=product["id"], unit_amount=2000, currency="usd",
                        recurring={"interval": "month"}, nickname="Pro monthly")  # fmt: skip
    shop.create("price-jpy", "prices", product=product["id"], unit_amount=500_000, currency="jpy")
    shop.create("price-kwd", "prices", product=product["id"], unit_amount=5125, currency="kwd",
                recurring={"interval": "week", "interval_count": 2})  # fmt: skip
    shop.create("price-fraction", "prices", product=product["id"], unit_amount_decimal="0.5", currency="usd",
                recurring={"interval": "month", "usage_type": "licensed"})  # fmt: skip
    method = shop.send("POST", "/v1/payment_methods/pm_card_visa/attach", customer=ann["id"])
    shop.send("POST", f"/v1/customers/{ann['id']}", invoice_settings={"default_payment_method": method["id"]})
    shop.kept["payment_method"] = method
    coupon = shop.create(
        "coupon", "coupons", percent_off=25, duration="repeating", duration_in_months=3, name="Welcome"
    )
    shop.create("coupon-amount", "coupons", amount_off=500, currency="eur", duration="once")
    shop.create("promotion_code", "promotion_codes", promotion={"type": "coupon", "coupon": coupon["id"]}, code="HELLO")
    shop.create("tax_rate", "tax_rates", display_name="VAT", percentage=8.1, inclusive=True, country="CH")
    shop.create("shipping_rate", "shipping_rates", display_name="Post", type="fixed_amount",
                fixed_amount={"amount": 700, "currency": "chf"})  # fmt: skip
    subscription = shop.create("subscription", "subscriptions", customer=ann["id"], items=[{"price": price["id"]}])
    shop.create("subscription-trial", "subscriptions", customer=ann["id"], trial_period_days=60,
                items=[{"price": price["id"], "quantity": 3},
                       {"price": shop.kept["price-fraction"]["id"]}])  # fmt: skip
    shop.kept["subscription_item"] = subscription["items"]["data"][0]
    shop.kept["invoice"] = shop.send("GET", f"/v1/invoices/{subscription['latest_invoice']}")
    shop.kept["line_item"] = shop.kept["invoice"]["lines"]["data"][0]
    shop.create("invoiceitem", "invoiceitems", customer=ann["id"], amount=1234, currency="usd", description="Set-up")
    shop.create("invoice-draft", "invoices", customer=ann["id"], collection_method="send_invoice", days_until_due=30,
                pending_invoice_items_behavior="include")  # fmt: skip
    shop.create("credit_note", "credit_notes", invoice=shop.kept["invoice"]["id"], amount=500, credit_amount=500,
                reason="product_unsatisfactory")  # fmt: skip
    intent = shop.create("payment_intent", "payment_intents", amount=123_456, currency="usd", customer=ann["id"],
                         payment_method=method["id"], confirm="true", description="Order 6735",
                         automatic_payment_methods=card_only)  # fmt: skip
    shop.create("payment_intent-open", "payment_intents", amount=5000, currency="jpy")
    shop.kept["error"] = shop.send("POST", "/v1/payment_intents", amount=2000, currency="usd", confirm="true",
                                   payment_method="pm_card_chargeDeclined",
                                   automatic_payment_methods=card_only)  # fmt: skip
    shop.kept["charge"] = shop.send("GET", f"/v1/charges/{intent['latest_charge']}")
    shop.create("refund", "refunds", charge=intent["latest_charge"], amount=2000, reason="requested_by_customer")
    transaction = shop.kept["charge"]["balance_transaction"]
    shop.kept["balance_transaction"] = shop.send("GET", f"/v1/balance_transactions/{transaction}")
    shop.create("setup_intent", "setup_intents", customer=ann["id"], payment_method=method["id"], usage="off_session")
    shop.create("checkout.session", "checkout/sessions", mode="payment", success_url="https://example.com/done",
                customer=ann["id"], line_items=[{"price": shop.kept["price-jpy"]["id"], "quantity": 2}])  # fmt: skip
    shop.create("payment_link", "payment_links", line_items=[{"price": shop.kept["price-jpy"]["id"], "quantity": 1}])
    shop.create("quote", "quotes", customer=ann["id"], line_items=[{"price": price["id"]}])
    shop.create("subscription_schedule", "subscription_schedules", from_subscription=subscription["id"])
    shop.create("webhook_endpoint", "webhook_endpoints", url="https://example.com/hook",
                enabled_events=["invoice.paid", "customer.created"])  # fmt: skip
    shop.create("test_helpers.test_clock", "test_helpers/test_clocks", frozen_time=NOW, name="Next year")
    shop.create("customer_balance_transaction", f"customers/{ann['id']}/balance_transactions", amount=-750,
                currency="usd", description="Goodwill")  # fmt: skip
    shop.create("tax_id", f"customers/{ann['id']}/tax_ids", type="eu_vat", value="DE123456789")
    shop.create("billing.meter", "billing/meters", display_name="Calls", event_name="calls",
                default_aggregation={"formula": "sum"})  # fmt: skip
    shop.create(
        "billing_portal.session", "billing_portal/sessions", customer=ann["id"], return_url="https://example.com"
    )
    shop.create("account", "accounts", type="express", country="US", email="shop@example.com")
    shop.create("dispute", "payment_intents", amount=4200, currency="usd", payment_method="pm_card_createDispute",
                confirm="true", automatic_payment_methods=card_only)  # fmt: skip
    shop.kept["dispute"] = shop.send("GET", "/v1/disputes", limit=1)["data"][0]
    shop.create("payment_intent-settled", "payment_intents", amount=50_000, currency="usd", confirm="true",
                payment_method="pm_card_bypassPending",
                automatic_payment_methods=card_only)  # fmt: skip
    shop.create("payout", "payouts", amount=1000, currency="usd")
    shop.kept["balance"] = shop.send("GET", "/v1/balance")
    shop.kept["event"] = shop.send("GET", "/v1/events", limit=1, type="customer.updated")["data"][0]
    lists = {path: shop.send("GET", f"/v1/{path}", limit=5) for path in LISTS}
    lists[f"customers/{ann['id']}/balance_transactions"] = shop.send(
        "GET", f"/v1/customers/{ann['id']}/balance_transactions"
    )
    lists["lines"] = shop.kept["invoice"]["lines"]
    shop.kept["lists"] = {
        name.rpartition("/")[2] if "customers/" in name else name: body for name, body in lists.items()
    }
    return shop.kept


LISTS = (
    "accounts", "balance_transactions", "billing/meters", "charges", "checkout/sessions", "coupons", "credit_notes",
    "customers", "disputes", "events", "invoiceitems", "invoices", "payment_intents", "payment_links", "payouts",
    "prices", "products", "promotion_codes", "quotes", "refunds", "setup_intents", "shipping_rates",
    "subscription_schedules", "subscriptions", "tax_rates", "test_helpers/test_clocks", "webhook_endpoints",
)  # fmt: skip


if __name__ == "__main__":
    FILE.write_text(json.dumps(record_objects(), indent=1, ensure_ascii=True) + "\n")
