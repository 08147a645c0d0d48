"""The round trips of changes up to 2025-03-31.basil, each named as its change."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.sandbox.conftest import NOW
from tests.sandbox.shop import DAY

from .trips import CENTS, Life, Trip, intent, intents, session, sessions, subscription, subscriptions, text


def shipping_details(life: Life) -> Trip:
    given = session(life, "payment", client_reference_id=text(life))
    look = lambda made: (made["client_reference_id"], made["shipping_details"])  # noqa: E731
    return sessions(given, look, (given["client_reference_id"], None))


def subscription_at_attempt(life: Life) -> Trip:
    given = session(life, "subscription", client_reference_id=text(life))
    look = lambda made: (made["client_reference_id"], made["subscription"])  # noqa: E731
    return sessions(given, look, (given["client_reference_id"], None))


def forever_amount_off(life: Life) -> Trip:
    given = {"amount_off": life.draw(CENTS), "currency": "usd", "duration": "forever"}
    look = lambda made: (made["amount_off"], made["duration"])  # noqa: E731
    return Trip("POST", "/v1/coupons", given, look, (given["amount_off"], "forever"))


def refund_of_credit_note(life: Life) -> Trip:
    invoice = life.client.get(f"/v1/invoices/{life.subscribe()['latest_invoice']}")
    amount = life.draw(st.integers(1, 1000))
    refund = life.client.post("/v1/refunds", {"charge": invoice["charge"], "amount": amount})["id"]
    given = {"invoice": invoice["id"], "amount": amount, "refund": refund}
    look = lambda made: (made["amount"], made["refund"])  # noqa: E731
    return Trip("POST", "/v1/credit_notes", given, look, (amount, refund))


def single_discount(life: Life) -> Trip:
    coupon = life.draw(st.sampled_from((None, life.coupon)))
    given = subscription(life, **({"coupon": coupon} if coupon else {}))
    return subscriptions(given, lambda made: made["discount"] and made["discount"]["coupon"]["id"], coupon)


def coupon_of_customer(life: Life) -> Trip:
    word = life.draw(st.sampled_from(({"coupon": life.coupon}, {"promotion_code": life.code})))
    given = {"name": text(life), **word}
    look = lambda made: (made["name"], made["discount"]["coupon"]["id"])  # noqa: E731
    return Trip("POST", "/v1/customers", given, look, (given["name"], life.coupon))


def interac_capture(life: Life) -> Trip:
    given = {**intent(life, payment_method_types=["interac_present"], capture_method="manual"), "currency": "cad"}
    look = lambda made: (made["capture_method"], made["payment_method_types"])  # noqa: E731
    return intents(given, look, ("manual", ["interac_present"]))


def invoice_parent(life: Life) -> Trip:
    given = subscription(life, metadata={"a": text(life)}, expand=["latest_invoice"])
    look = lambda made: (made["latest_invoice"]["subscription"] == made["id"], made["latest_invoice"]["subscription_details"]["metadata"])  # noqa: E731, E501  # fmt: skip
    return subscriptions(given, look, (True, given["metadata"]))


def invoice_line_parent(life: Life) -> Trip:
    given = subscription(life, expand=["latest_invoice"])
    line = lambda made: made["latest_invoice"]["lines"]["data"][0]  # noqa: E731
    look = lambda made: (line(made)["price"]["id"], line(made)["quantity"], line(made)["type"])  # noqa: E731
    return subscriptions(given, look, (life.price, given["items"][0]["quantity"], "subscription"))


def payment_of_invoice(life: Life) -> Trip:
    fee = life.draw(CENTS)
    given = {"customer": life.customer, "application_fee_amount": fee, "pending_invoice_items_behavior": "exclude"}
    look = lambda made: (made["application_fee_amount"], made["paid"], made["payment_intent"])  # noqa: E731
    return Trip("POST", "/v1/invoices", given, look, (fee, False, None))


def invoice_of_payment(life: Life) -> Trip:
    given = intent(life)
    return intents(given, lambda made: (made["amount"], made["invoice"]), (given["amount"], None))


def release_makes_refund(life: Life) -> Trip:
    hold = {"amount": 10_000, "currency": "usd", "source": "tok_visa", "capture": False}
    key, amount = life.client.post("/v1/charges", hold)["id"], life.draw(CENTS)
    look = lambda made: (made["amount_captured"], made["amount_refunded"])  # noqa: E731
    return Trip("POST", f"/v1/charges/{key}/capture", {"amount": amount}, look, (amount, 10_000 - amount))


def subscription_periods(life: Life) -> Trip:
    anchor = NOW + life.draw(st.integers(1, 25)) * DAY
    given = subscription(life, billing_cycle_anchor=anchor)
    look = lambda made: (made["current_period_start"], made["current_period_end"])  # noqa: E731
    return subscriptions(given, look, (NOW, anchor))


def tax_amounts(life: Life) -> Trip:
    percent, inclusive = life.draw(st.integers(1, 50)), life.draw(st.booleans())
    given = {"display_name": "VAT", "percentage": percent, "inclusive": inclusive}
    rate = life.stripe.post("/v1/tax_rates", given)["id"]
    taxed = subscription(life, default_tax_rates=[rate], expand=["latest_invoice"])
    taxes = lambda made: made["latest_invoice"]["total_tax_amounts"]  # noqa: E731
    look = lambda made: [(tax["inclusive"], tax["tax_rate"]) for tax in taxes(made)]  # noqa: E731
    return subscriptions(taxed, look, [(inclusive, rate)])


def total_count(life: Life) -> Trip:
    email = f"{life.draw(st.integers(0, 10**9))}@example.com"
    for _ in range(2):
        life.stripe.post("/v1/customers", {"email": email})
    given = {"email": email, "limit": life.draw(st.integers(1, 5)), "include": ["total_count"]}
    return Trip("GET", "/v1/customers", given, lambda made: made["total_count"] >= 2, True)


def upcoming_invoice(life: Life) -> Trip:
    made, quantity = life.subscribe(), life.draw(st.integers(1, 9))
    items = [{"id": made["items"]["data"][0]["id"], "quantity": quantity}]
    given = {"subscription": made["id"], "subscription_items": items, "subscription_proration_behavior": "none"}
    look = lambda made: (made["subscription"], made["total"], "id" in made)  # noqa: E731
    return Trip("GET", "/v1/invoices/upcoming", given, look, (made["id"], 1000 * quantity, False))


def expired_authorization(life: Life) -> Trip:
    given = {"card": life.card(), "amount": life.draw(CENTS)}
    path = "/v1/test_helpers/issuing/authorizations"
    return Trip("POST", path, given, lambda made: made["card"]["id"], given["card"])


def closed_review(life: Life) -> Trip:
    return Trip("GET", "/v1/reviews", {"limit": life.draw(st.integers(1, 9))}, lambda made: made["data"], [])


def customer_consent(life: Life) -> Trip:
    address = {"line1": "1 Main St", "city": "X", "state": "CA", "postal_code": "94111", "country": "US"}
    place = life.stripe.post("/v1/terminal/locations", {"display_name": "Shop", "address": address})["id"]
    reader = {"registration_code": "simulated-wpe", "location": place}
    key = life.stripe.post("/v1/terminal/readers", reader)["id"]
    setup = life.stripe.post("/v1/setup_intents", {"payment_method_types": ["card_present"]})["id"]
    given = {"setup_intent": setup, "customer_consent_collected": life.draw(st.booleans())}
    path = f"/v1/terminal/readers/{key}/process_setup_intent"
    return Trip("POST", path, given, lambda made: made["id"], key)


def fuel_volume(life: Life) -> Trip:
    fuel = {"type": "diesel", "unit": "liter", "unit_cost_decimal": "3.5", "volume_decimal": str(life.draw(CENTS))}
    given = {"card": life.card(), "amount": life.draw(CENTS), "purchase_details": {"fuel": fuel}}
    look = lambda made: made["purchase_details"]["fuel"]["volume_decimal"]  # noqa: E731
    params = {**given, "expand": ["purchase_details"]}
    return Trip(
        "POST", "/v1/test_helpers/issuing/transactions/create_force_capture", params, look, fuel["volume_decimal"]
    )


def capture_method_default(life: Life) -> Trip:
    kind = life.draw(st.sampled_from((None, "manual", "automatic_async")))
    given = intent(life, **({"capture_method": kind} if kind else {}))
    return intents(given, lambda made: made["capture_method"], kind or "automatic")


def cards_by_default(life: Life) -> Trip:
    chosen = life.draw(st.booleans())
    given = intent(life, **({"automatic_payment_methods": {"enabled": True}} if chosen else {}))
    look = lambda made: made["automatic_payment_methods"] is None  # noqa: E731
    return intents(given, look, not chosen)


def session_total(life: Life) -> Trip:
    given = session(life, "payment")
    return sessions(given, lambda made: made["amount_total"], 700 * given["line_items"][0]["quantity"])


def charges_of_intent(life: Life) -> Trip:
    given = intent(life, payment_method="pm_card_visa", confirm=True)
    look = lambda made: [charge["amount"] for charge in made["charges"]["data"]]  # noqa: E731
    return intents(given, look, [given["amount"]])


def refunds_of_charge(life: Life) -> Trip:
    charge = life.client.post("/v1/charges", {"amount": 10_000, "currency": "usd", "source": "tok_visa"})["id"]
    given = {"charge": charge, "amount": life.draw(CENTS), "expand": ["charge"]}
    look = lambda made: [refund["amount"] for refund in made["charge"]["refunds"]["data"]]  # noqa: E731
    return Trip("POST", "/v1/refunds", given, look, [given["amount"]])


def session_shipping(life: Life) -> Trip:
    amount = life.draw(CENTS)
    rate = {"display_name": "Post", "type": "fixed_amount", "fixed_amount": {"amount": amount, "currency": "usd"}}
    key = life.stripe.post("/v1/shipping_rates", rate)["id"]
    given = session(life, "payment", shipping_rates=[key])
    look = lambda made: (made["shipping_rate"], made["total_details"]["amount_shipping"])  # noqa: E731
    return sessions(given, look, (key, amount))


def intent_of_session(life: Life) -> Trip:
    given = session(life, "payment", expand=["payment_intent"])
    amount = 700 * given["line_items"][0]["quantity"]
    return sessions(given, lambda made: made["payment_intent"]["amount"], amount)


def setup_intent_of_session(life: Life) -> Trip:
    given = session(life, "subscription", client_reference_id=text(life))
    look = lambda made: (made["client_reference_id"], made["setup_intent"])  # noqa: E731
    return sessions(given, look, (given["client_reference_id"], None))


def default_currency(life: Life) -> Trip:
    name = text(life)
    return Trip("POST", "/v1/customers", {"name": name}, lambda made: (made["name"], made["default_currency"]), (name, None))  # fmt: skip  # noqa: E501


def trial_end_of_customer(life: Life) -> Trip:
    end = NOW + life.draw(st.integers(2, 40)) * DAY
    given = {"trial_end": end, "expand": ["subscriptions"]}
    look = lambda made: [one["trial_end"] for one in made["subscriptions"]["data"]]  # noqa: E731
    return Trip("POST", f"/v1/customers/{life.subscribe()['customer']}", given, look, [end])


def pending_items_default(life: Life) -> Trip:
    customer, amount = life.shop.customer()["id"], life.draw(CENTS)
    life.client.post("/v1/invoiceitems", {"customer": customer, "amount": amount, "currency": "usd"})
    return Trip("POST", "/v1/invoices", {"customer": customer}, lambda made: made["total"], amount)
