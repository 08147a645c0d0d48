"""Section 8: what events show, and webhooks as the SDK verifies them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue

import pytest

from stripe_shell.sandbox.clock import SystemClock

from .conftest import Sdk, Served, new_key, serving, stripe

Hook = tuple[bytes, str]


def test_an_event(sdk: Sdk) -> None:
    """§8: the object as of the change, who asked, in which version."""
    made = sdk.v1.customers.create(params={"name": "Ann"})
    sdk.v1.customers.update(made.id, params={"name": "Bob"})
    created, updated = sdk.events()
    assert (created.type, created.data.object.name) == ("customer.created", "Ann")
    assert created.api_version == "2026-10-28.endive"
    assert created.request.id == made.last_response.headers["request-id"]
    assert (created.request.idempotency_key is None) or isinstance(created.request.idempotency_key, str)
    assert "previous_attributes" not in created.data
    assert (updated.data.object.name, updated.data.previous_attributes.to_dict()) == ("Bob", {"name": "Ann"})
    assert sdk.v1.events.retrieve(created.id).data.object.name == "Ann"


def test_a_deletion_shows_the_last_object(sdk: Sdk) -> None:
    """§8: the full last object without `deleted`; a product shows `active: false`, a coupon `valid: false`."""
    customer = sdk.v1.customers.create(params={"name": "Ann"})
    sdk.v1.customers.delete(customer.id)
    shown = sdk.events(type="customer.deleted")[0].data.object
    assert (shown.name, "deleted" in shown) == ("Ann", False)
    product = sdk.v1.products.create(params={"name": "Gold"})
    sdk.v1.products.delete(product.id)
    assert sdk.events(type="product.deleted")[0].data.object.active is False
    coupon = sdk.v1.coupons.create(params={"percent_off": 10})
    sdk.v1.coupons.delete(coupon.id)
    assert sdk.events(type="coupon.deleted")[0].data.object.valid is False


def test_events_are_filtered(sdk: Sdk) -> None:
    """§4: by type with a star, or by up to twenty types, not by both."""
    sdk.v1.customers.create()
    sdk.price()
    assert {event.type for event in sdk.events(type="price.*")} == {"price.created"}
    assert {event.type for event in sdk.events(types=["customer.created", "product.created"])} == {
        "customer.created",
        "product.created",
    }
    params = {"type": "customer.created", "types": ["product.created"]}
    assert sdk.refused(sdk.v1.events.list, params=params).http_status == 400


def test_the_order_of_a_payment(sdk: Sdk) -> None:
    """§8.1: confirm, decline, 3DS, capture, refund."""
    sdk.pay()
    assert sdk.event_types()[-3:] == ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]
    sdk.refused(sdk.pay, card="pm_card_visa_chargeDeclined")
    assert sdk.event_types()[-2:] == ["charge.failed", "payment_intent.payment_failed"]
    sdk.pay(card="pm_card_threeDSecure2Required")
    assert sdk.event_types()[-2:] == ["payment_intent.created", "payment_intent.requires_action"]
    held = sdk.pay(capture_method="manual")
    assert sdk.event_types()[-2:] == ["charge.succeeded", "payment_intent.amount_capturable_updated"]
    sdk.v1.payment_intents.capture(held.id)
    assert sdk.event_types("charge.captured", "payment_intent.succeeded")[-2:] == [
        "charge.captured",
        "payment_intent.succeeded",
    ]
    sdk.v1.refunds.create(params={"payment_intent": held.id})
    assert [kind for kind in sdk.event_types()[-3:] if kind != "charge.refund.updated"][-2:] == [
        "refund.created",
        "charge.refunded",
    ]


def test_the_order_of_a_subscription(sdk: Sdk) -> None:
    """§8.1: the invoice chain, with `customer.subscription.created` somewhere in it; cancel is one event."""
    customer, price = sdk.customer(), sdk.price()
    before = len(sdk.events())
    made = sdk.subscribe(customer, price)
    news = sdk.event_types()[before:]
    order = [
        "invoice.created",
        "invoice.finalized",
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice.payment_succeeded",
        "invoice.paid",
    ]
    places = [news.index(kind) for kind in order[:2]]
    assert places == sorted(places)
    assert set(order) <= set(news)
    assert news.count("customer.subscription.created") == 1
    before = len(sdk.events())
    sdk.v1.subscriptions.cancel(made.id)
    assert sdk.event_types()[before:] == ["customer.subscription.deleted"]


@pytest.fixture(scope="module")
def present() -> Iterator[Served]:
    """A server whose time is now: the SDK refuses signatures that are older than five minutes."""
    with serving(SystemClock()) as found:
        yield found


@pytest.fixture
def hooks() -> Iterator[tuple[str, Queue[Hook]]]:
    """An address that takes webhooks, and what it got: raw bodies with their signatures."""
    got: Queue[Hook] = Queue()

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.put((body, self.headers["Stripe-Signature"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Endpoint)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", got
    server.shutdown()
    server.server_close()


def test_webhooks_are_verified_by_the_sdk(present: Served, hooks: tuple[str, Queue[Hook]]) -> None:
    """§8: `Webhook.construct_event` takes the delivery, and refuses it when one byte or the secret differs."""
    sdk = Sdk(present.address, new_key())
    url, got = hooks
    endpoint = sdk.v1.webhook_endpoints.create(params={"url": url, "enabled_events": ["customer.created"]})
    assert endpoint.secret.startswith("whsec_")
    assert "secret" not in sdk.v1.webhook_endpoints.retrieve(endpoint.id)
    sdk.v1.products.create(params={"name": "not asked for"})
    made = sdk.v1.customers.create(params={"name": "Änn"})
    body, signature = got.get(timeout=20)
    event = stripe.Webhook.construct_event(body, signature, endpoint.secret)
    assert (event.type, event.data.object.id, event.data.object.name) == ("customer.created", made.id, "Änn")
    assert sdk.client.construct_event(body, signature, endpoint.secret).id == event.id
    for broken, secret in [(body.replace(b"n", b"m", 1), endpoint.secret), (body, "whsec_other")]:
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(broken, signature, secret)
    stored = sdk.v1.events.retrieve(event.id)
    assert stored.data.object.to_dict() == json.loads(body)["data"]["object"]
    assert b'\n  "' in body


def test_a_switched_off_endpoint_gets_nothing(present: Served, hooks: tuple[str, Queue[Hook]]) -> None:
    """§8: a disabled endpoint is silent; `*` is everything."""
    sdk = Sdk(present.address, new_key())
    url, got = hooks
    endpoint = sdk.v1.webhook_endpoints.create(params={"url": url, "enabled_events": ["*"]})
    assert sdk.v1.webhook_endpoints.update(endpoint.id, params={"disabled": True}).status == "disabled"
    sdk.v1.customers.create(params={"name": "unheard"})
    sdk.v1.webhook_endpoints.update(endpoint.id, params={"disabled": False})
    sdk.v1.customers.create(params={"name": "heard"})
    body, signature = got.get(timeout=20)
    assert stripe.Webhook.construct_event(body, signature, endpoint.secret).data.object.name == "heard"


def test_thin_events_are_read_by_the_sdk(present: Served, hooks: tuple[str, Queue[Hook]]) -> None:
    """`parse_event_notification` verifies a delivery; the SDK fetches the event and its object."""
    sdk = Sdk(present.address, new_key())
    url, got = hooks
    destinations = sdk.client.v2.core.event_destinations
    made = destinations.create(
        {
            "name": "Mine",
            "type": "webhook_endpoint",
            "event_payload": "thin",
            "enabled_events": ["v1.customer.created"],
            "webhook_endpoint": {"url": url},
            "include": ["webhook_endpoint.signing_secret"],
        }
    )
    secret = made.webhook_endpoint.signing_secret
    customer = sdk.v1.customers.create(params={"name": "Ann"})
    notification = sdk.client.parse_event_notification(*got.get(timeout=20), secret)
    assert notification.type == "v1.customer.created"
    assert notification.fetch_related_object().id == customer.id
    assert notification.fetch_event().related_object.url == f"/v1/customers/{customer.id}"
    ping = destinations.ping(made.id)
    body, signature = got.get(timeout=20)
    notification = sdk.client.parse_event_notification(body, signature, secret)
    assert (notification.id, notification.type) == (ping.id, "v2.core.event_destination.ping")
    assert notification.fetch_related_object().id == made.id
    assert [event.id for event in sdk.client.v2.core.events.list({"object_id": made.id}).data] == [ping.id]
    with pytest.raises(stripe.SignatureVerificationError):
        sdk.client.parse_event_notification(body, signature, "whsec_other")
