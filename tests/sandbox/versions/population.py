"""An account with every kind of object that a business has, and the paths of all that can be read of it."""

from __future__ import annotations

from collections.abc import Iterator

from stripe_shell.spec.model import Operation
from stripe_shell.spec.table import load_table
from stripe_shell.wire import Request, Response
from tests.sandbox.conftest import Client

#: Paths with `expand`, by what they retrieve or list, in words that all versions know.
EXPANDED = (
    ("list charge", "/v1/charges?limit=30&expand[]=data.payment_intent&expand[]=data.balance_transaction"),
    ("list invoice", "/v1/invoices?limit=30&expand[]=data.customer&expand[]=data.discounts"),
    ("list payment_intent", "/v1/payment_intents?limit=30&expand[]=data.customer"),
    ("list subscription", "/v1/subscriptions?limit=30&expand[]=data.latest_invoice"),
)


def populate(stripe: Client, count: int) -> None:
    """Makes so many of each kind of object."""
    vat = {"display_name": "VAT", "percentage": 19, "inclusive": True}
    rate = stripe.post("/v1/tax_rates", vat)["id"]
    for number in range(count):
        gold = {"name": f"Gold {number}", "marketing_features": [{"name": "Fast"}]}
        product = stripe.post("/v1/products", gold)["id"]
        monthly = {"unit_amount": 1000, "currency": "usd", "recurring": {"interval": "month"}}
        price = stripe.post("/v1/prices", {"product": product, **monthly})["id"]
        coupon = stripe.post("/v1/coupons", {"percent_off": 10, "duration": "forever"})["id"]
        promotion = {"type": "coupon", "coupon": coupon}
        code = stripe.post("/v1/promotion_codes", {"promotion": promotion})["id"]
        card = {"payment_method": "pm_card_visa", "invoice_settings": {"default_payment_method": "pm_card_visa"}}
        customer = stripe.post("/v1/customers", {"email": f"jane{number}@example.com", **card})["id"]
        bill(stripe, customer, price, code, rate)
        pay(stripe, customer)
        sell(stripe, customer, price)
        issue(stripe)


def bill(stripe: Client, customer: str, price: str, code: str, rate: str) -> None:
    """Makes a subscription with what belongs to it, and an invoice of its own with a credit note."""
    owner = {"customer": customer}
    more = {"discounts": [{"promotion_code": code}], "default_tax_rates": [rate]}
    stripe.post("/v1/subscriptions", {**owner, "items": [{"price": price}], **more})
    item = {**owner, "amount": 700, "currency": "usd"}
    stripe.post("/v1/invoiceitems", {**item, "tax_rates": [rate]})
    invoice = stripe.post("/v1/invoices", {**owner, "pending_invoice_items_behavior": "include"})["id"]
    stripe.post("/v1/invoiceitems", item)
    stripe.post(f"/v1/invoices/{invoice}/finalize")
    stripe.post(f"/v1/invoices/{invoice}/pay")
    stripe.post("/v1/credit_notes", {"invoice": invoice, "amount": 100, "refund_amount": 100})
    phase = {"items": [{"price": price}], "duration": {"interval": "month", "interval_count": 2}}
    stripe.post("/v1/subscription_schedules", {**owner, "start_date": "now", "phases": [phase]})
    stripe.post("/v1/quotes", {**owner, "line_items": [{"price": price}]})


def pay(stripe: Client, customer: str) -> None:
    """Makes payments: one that is refunded in parts, one that is disputed, one that waits, and a setup."""
    owner = {"customer": customer, "confirm": True, "return_url": "https://example.com"}
    visa = {**owner, "amount": 2000, "currency": "usd", "payment_method": "pm_card_visa"}
    paid = stripe.post("/v1/payment_intents", visa)["id"]
    for amount in (100, 200):
        stripe.post("/v1/refunds", {"payment_intent": paid, "amount": amount})
    stripe.post("/v1/payment_intents", {**visa, "payment_method": "pm_card_createDispute"})
    stripe.post("/v1/payment_intents", {"amount": 900, "currency": "usd"})
    stripe.post("/v1/charges", {"amount": 400, "currency": "usd", "source": "tok_visa"})
    stripe.post("/v1/setup_intents", {**owner, "payment_method": "pm_card_visa"})


def sell(stripe: Client, customer: str, price: str) -> None:
    """Makes what sells and counts: Checkout, a link, a balance, a tax id, a meter with an alert, an account."""
    items = [{"price": price, "quantity": 1}]
    session = {"mode": "subscription", "customer": customer, "line_items": items, "success_url": "https://example.com"}
    stripe.post("/v1/checkout/sessions", session)
    stripe.post("/v1/payment_links", {"line_items": items})
    stripe.post(f"/v1/customers/{customer}/balance_transactions", {"amount": -50, "currency": "usd"})
    stripe.post(f"/v1/customers/{customer}/tax_ids", {"type": "eu_vat", "value": "DE123456789"})
    counted = {"display_name": "Calls", "event_name": f"calls_{customer}", "default_aggregation": {"formula": "sum"}}
    meter = stripe.post("/v1/billing/meters", counted)["id"]
    threshold = {"gte": 100, "meter": meter, "recurrence": "one_time"}
    stripe.post("/v1/billing/alerts", {"title": "Many", "alert_type": "usage_threshold", "usage_threshold": threshold})
    transfers = {"transfers": {"requested": True}}
    stripe.post("/v1/accounts", {"type": "custom", "country": "US", "capabilities": transfers})


def issue(stripe: Client) -> None:
    """Makes a card that is issued, and a purchase with it."""
    address = {"line1": "1 Main", "city": "Austin", "country": "US", "postal_code": "78701", "state": "TX"}
    jane = {"name": "Jane Rosen", "type": "individual", "billing": {"address": address}}
    holder = stripe.post("/v1/issuing/cardholders", jane)["id"]
    virtual = {"cardholder": holder, "currency": "usd", "type": "virtual", "status": "active"}
    card = stripe.post("/v1/issuing/cards", virtual)["id"]
    purchase = {"card": card, "amount": 300, "currency": "usd"}
    key = stripe.post("/v1/test_helpers/issuing/authorizations", purchase)["id"]
    stripe.post(f"/v1/test_helpers/issuing/authorizations/{key}/capture")


def readings(stripe: Client, limit: int) -> Iterator[tuple[str, str]]:
    """Yields the name and the path of each list and retrieval that has something to show."""
    ids = {kind.rpartition(".")[2]: key for kind, key in newest(stripe).items()}
    for operation in load_table().operations():
        path = _path_of(operation, ids, limit)
        response = get(stripe, path) if path else None
        if path is None or response is None or not (response.ok and response.body.startswith(b"{")):
            continue
        if response.json().get("data") != []:
            yield operation.name, path
    yield from EXPANDED


def updates() -> dict[str, str]:
    """Returns the path of the update with metadata, `{}` in the place of the id, by the kind of object."""
    found: dict[str, str] = {}
    for operation in load_table().operations():
        entity = load_table().entity(operation.entity)
        takes = operation.action == "update" and "metadata" in operation.params.fields
        if takes and entity and entity.object and len(operation.path_params) == 1:
            found.setdefault(entity.object, operation.path.replace(f"{{{operation.path_params[0]}}}", "{}"))
    return found


def newest(stripe: Client) -> dict[str, str]:
    """Returns the id of the newest object of each kind."""
    with stripe.sandbox.store.read() as session:
        rows = session.rows("SELECT object, id FROM objects WHERE deleted = 0 AND id != '' ORDER BY seq")
    return {str(kind): str(key) for kind, key in rows}


def get(stripe: Client, path: str, version: str = "") -> Response:
    """Returns the response to a GET, in a version; the path may have a query."""
    path, _, query = path.partition("?")
    return stripe.sandbox.send(Request("GET", path, query, headers={"Stripe-Version": version} if version else {}))


def _path_of(operation: Operation, ids: dict[str, str], limit: int) -> str | None:
    """Returns the path of a list or a retrieval, None for other operations and where an id is missing."""
    reads = operation.method == "GET" and operation.action.startswith(("list", "retrieve"))
    if not reads or operation.version != "v1" or len(operation.path_params) > 1:
        return None
    path = operation.path
    for param in operation.path_params:
        word = operation.path_words.get(param, param).rpartition(".")[2]
        key = ids.get(word) or ids.get(param)
        if key is None:
            return None
        path = path.replace(f"{{{param}}}", key)
    return f"{path}?limit={limit}" if "limit" in operation.params.fields else path
