"""One life with the official Python library of any age: `sdk_life.py ADDRESS`, the library on the path.

Prints a line per step, `ok STEP` or `failed STEP: what`; run by scripts/sdk-ages for each age.
"""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from typing import Any

import stripe

BASIL = "2025-03-31"
received: Queue[tuple[bytes, str]] = Queue()


class Hook(BaseHTTPRequestHandler):
    """Receives webhooks."""

    def do_POST(self) -> None:
        """Keep what is delivered."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        received.put((body, self.headers["Stripe-Signature"]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Life:
    """What the steps leave for each other."""

    def __init__(self) -> None:
        self.old = str(stripe.api_version)[:10] < BASIL
        self.secret = ""
        self.customer: Any = None
        self.price: Any = None
        self.dear: Any = None
        self.subscription: Any = None
        self.invoice: Any = None
        self.intent = ""

    def webhook_endpoint(self) -> None:
        server = HTTPServer(("127.0.0.1", 0), Hook)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        made = stripe.WebhookEndpoint.create(
            url=f"http://127.0.0.1:{server.server_port}/hook",
            enabled_events=["customer.subscription.updated", "invoice.paid"],
            api_version=stripe.api_version,
        )
        self.secret = made.secret
        assert made.api_version == stripe.api_version

    def customer_and_card(self) -> None:
        self.customer = stripe.Customer.create(email="jenny@example.com", name="Jenny")
        method = stripe.PaymentMethod.attach("pm_card_visa", customer=self.customer.id)
        listed = stripe.PaymentMethod.list(customer=self.customer.id, type="card")
        assert [row.id for row in listed.auto_paging_iter()] == [method.id]
        assert listed.data[0].card.last4 == "4242"

    def prices(self) -> None:
        product = stripe.Product.create(name="Gold")
        common = {"product": product.id, "currency": "usd", "recurring": {"interval": "month"}}
        self.price = stripe.Price.create(unit_amount=1000, **common)
        self.dear = stripe.Price.create(unit_amount=3000, **common)

    def subscription_that_needs_confirmation(self) -> None:
        path = "latest_invoice.payment_intent" if self.old else "latest_invoice.confirmation_secret"
        made = stripe.Subscription.create(
            customer=self.customer.id,
            items=[{"price": self.price.id}],
            payment_behavior="default_incomplete",
            payment_settings={"save_default_payment_method": "on_subscription"},
            expand=[path],
        )
        assert made.status == "incomplete"
        if self.old:
            intent = made.latest_invoice.payment_intent
            assert intent.client_secret.startswith(intent.id)
            assert made.current_period_end > made.current_period_start
            self.intent = intent.id
        else:
            self.intent = made.latest_invoice.confirmation_secret.client_secret.split("_secret_")[0]
            assert made["items"]["data"][0].current_period_end > made.created
        confirmed = stripe.PaymentIntent.confirm(
            self.intent, payment_method="pm_card_visa", return_url="https://example.com/back"
        )
        assert confirmed.status == "succeeded"
        self.subscription = stripe.Subscription.retrieve(made.id)
        assert self.subscription.status == "active"

    def invoice_paid(self) -> None:
        key = self.subscription.latest_invoice
        if self.old:
            self.invoice = stripe.Invoice.retrieve(key, expand=["charge", "subscription", "lines.data.price.product"])
            assert self.invoice.paid
            assert self.invoice.payment_intent == self.intent
            assert self.invoice.charge.amount == 1000
            assert self.invoice.subscription.id == self.subscription.id
            line = self.invoice.lines.data[0]
            assert (line.type, line.price.product.name, line.plan.amount) == ("subscription", "Gold", 1000)
            assert stripe.PaymentIntent.retrieve(self.intent).invoice == key
        else:
            self.invoice = stripe.Invoice.retrieve(key, expand=["payments"])
            assert self.invoice.status == "paid"
            assert self.invoice.payments.data[0].payment.payment_intent == self.intent
            assert self.invoice.parent.subscription_details.subscription == self.subscription.id
            assert self.invoice.lines.data[0].pricing.price_details.price == self.price.id

    def upcoming_invoice(self) -> None:
        item = {"id": self.subscription["items"]["data"][0].id, "price": self.dear.id}
        if self.old:
            assert stripe.Invoice.upcoming(customer=self.customer.id).total == 1000
            shown = stripe.Invoice.upcoming(
                subscription=self.subscription.id,
                subscription_items=[item],
                subscription_proration_behavior="none",
            )
            assert getattr(shown, "id", None) is None
        else:
            shown = stripe.Invoice.create_preview(
                subscription=self.subscription.id,
                subscription_details={"items": [item], "proration_behavior": "none"},
            )
        assert shown.total == 3000

    def coupon(self) -> None:
        coupon = stripe.Coupon.create(percent_off=25, duration="once")
        given: Any = {"coupon": coupon.id} if self.old else {"discounts": [{"coupon": coupon.id}]}
        changed = stripe.Subscription.modify(self.subscription.id, expand=["discounts"], **given)
        if self.old:
            assert changed.discount.coupon.percent_off == 25
            assert stripe.Subscription.modify(self.subscription.id, coupon="").discount is None
        else:
            assert changed.discounts[0].id.startswith("di_")
            assert stripe.Subscription.modify(self.subscription.id, discounts="").discounts == []
        code = (
            {"coupon": coupon.id}
            if str(stripe.api_version)[:10] < "2025-09-30"
            else {"promotion": {"type": "coupon", "coupon": coupon.id}}
        )
        assert stripe.PromotionCode.create(**code).active

    def proration(self) -> None:
        item = self.subscription["items"]["data"][0].id
        stripe.Subscription.modify(
            self.subscription.id, items=[{"id": item, "price": self.dear.id}], proration_behavior="create_prorations"
        )
        rows = stripe.InvoiceItem.list(customer=self.customer.id).data
        assert len(rows) == 2
        assert all(row.proration for row in rows)
        if self.old:
            assert {row.price.id for row in rows} == {self.price.id, self.dear.id}
            assert {row.subscription for row in rows} == {self.subscription.id}
        else:
            assert {row.pricing.price_details.price for row in rows} == {self.price.id, self.dear.id}

    def refund_and_credit_note(self) -> None:
        given: Any = {"charge": self.invoice.charge.id} if self.old else {"payment_intent": self.intent}
        refund = stripe.Refund.create(amount=300, **given)
        assert refund.status == "succeeded"
        named: Any = {"refund": refund.id} if self.old else {"refunds": [{"refund": refund.id, "amount_refunded": 300}]}
        note = stripe.CreditNote.create(invoice=self.invoice.id, amount=300, **named)
        assert (note.refund if self.old else note.refunds[0].refund) == refund.id
        assert note.total == 300

    def checkout(self) -> None:
        price = {"currency": "usd", "unit_amount": 500, "product_data": {"name": "Tea"}}
        made = stripe.checkout.Session.create(
            mode="payment",
            line_items=[{"price_data": price, "quantity": 2}],
            success_url="https://example.com/done",
            cancel_url="https://example.com/back",
        )
        assert made.amount_total == 1000
        expected = "hosted" if str(stripe.api_version)[:10] < "2026-03-25" else "hosted_page"
        assert made.ui_mode == expected

    def webhook(self) -> None:
        seen = {}
        while len(seen) < 2:
            body, signature = received.get(timeout=10)
            event = stripe.Webhook.construct_event(body, signature, self.secret)
            assert event.api_version == stripe.api_version, event.api_version
            seen[event.type] = event.data.object
        changed, invoice = seen["customer.subscription.updated"], seen["invoice.paid"]
        assert (invoice.paid if self.old else invoice.status == "paid") is True
        assert ("current_period_end" in changed) is self.old

    def events(self) -> None:
        event = stripe.Event.list(type="customer.created", limit=1).data[0]
        assert event.data.object.id == self.customer.id


STEPS = (
    "webhook_endpoint",
    "customer_and_card",
    "prices",
    "subscription_that_needs_confirmation",
    "invoice_paid",
    "upcoming_invoice",
    "coupon",
    "proration",
    "refund_and_credit_note",
    "checkout",
    "webhook",
    "events",
)


def main() -> int:
    """Live; exit code 1 when a step failed."""
    number = getattr(stripe, "VERSION", None) or stripe.version.VERSION
    stripe.api_key, stripe.api_base = f"sk_test_{number.replace('.', '')}", sys.argv[1]
    stripe.max_network_retries = 0
    print(f"stripe {number}, version {stripe.api_version}")
    life, wrong = Life(), 0
    for name in STEPS:
        step: Callable[[], None] = getattr(life, name)
        try:
            step()
        except Exception as error:  # noqa: BLE001 - each step is told
            wrong += 1
            place = traceback.extract_tb(error.__traceback__)[1]
            print(f"failed {name}: {type(error).__name__}: {error} (line {place.lineno}: {place.line})")
        else:
            print(f"ok {name}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
