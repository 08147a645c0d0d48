"""The bodies that the golden files show."""

from __future__ import annotations

from typing import Any

from stripe_shell.wire import ExactFloat


def customer(number: int, name: str | None, email: str | None, **more: Any) -> dict[str, Any]:
    return {
        "id": f"cus_Nff{number}abcdefghij",
        "object": "customer",
        "address": {"city": "Zürich", "country": "CH", "line1": None},
        "balance": -250 * number,
        "created": 1_780_000_000 + number,
        "currency": "chf",
        "delinquent": False,
        "description": None,
        "email": email,
        "livemode": False,
        "metadata": {"order.id": "6735", "note": 'a, "b"\nc'},
        "name": name,
        "preferred_locales": ["de-CH", "fr"],
        **more,
    }


CUSTOMERS = {
    "object": "list",
    "url": "/v1/customers",
    "has_more": True,
    "data": [
        customer(1, "Ann Lee", "ann@example.com", phone="+41 44 123 45 67"),
        customer(2, '=HYPERLINK("http://x")', None, description="two\u202e\x1b]0;owned\x07"),
        customer(3, "山田 太郎", "taro@example.co.jp", discount={"coupon": {"percent_off": ExactFloat("12.50")}}),
    ],
}

SUBSCRIPTION = {
    "id": "sub_1Nabcdefghijklmnop",
    "object": "subscription",
    "application_fee_percent": ExactFloat("2.50"),
    "billing_cycle_anchor": 1_780_000_000,
    "cancel_at": None,
    "created": 1_780_000_000,
    "current_period": {"start": 1_780_000_000, "end": 1_782_592_000},
    "customer": {"id": "cus_Nff1abcdefghij", "object": "customer", "name": "Ann Lee"},
    "items": {
        "object": "list",
        "data": [
            {"id": "si_1", "price": {"id": "price_1", "unit_amount": 2000, "currency": "usd"}, "quantity": 1},
            {"id": "si_2", "price": {"id": "price_2", "unit_amount": None, "currency": "usd"}, "quantity": 30},
        ],
        "has_more": False,
    },
    "description": "A description that is long enough to be wrapped on a narrow terminal, and is not to be cut off.",
    "livemode": False,
    "metadata": {},
    "status": "trialing",
    "trial_end": None,
}

PRICES = {
    "object": "search_result",
    "url": "/v1/prices/search",
    "has_more": True,
    "next_page": "WzEuMF0=",
    "data": [
        {
            "id": f"price_1Nabc{amount}",
            "object": "price",
            "active": amount is not None,
            "created": 1_780_000_000,
            "currency": "usd" if amount != 500_000 else "jpy",
            "nickname": None,
            "product": {"id": "prod_9", "object": "product"} if amount == 2000 else "prod_9",
            "recurring": {"interval": "month", "interval_count": 1},
            "type": "recurring",
            "unit_amount": amount,
        }
        for amount in (2000, 500_000, None)
    ],
}

EVENTS = {
    "data": [
        {"id": "evt_1", "object": "v2.core.event", "type": "v1.billing.meter.error", "created": "2026-05-28T20:26:40Z"},
        {"id": "evt_2", "object": "v2.core.event", "type": "v1.billing.meter.error", "created": "2026-05-28T20:26:41Z"},
    ],
    "next_page_url": "/v2/core/events?page=abc",
    "previous_page_url": None,
}

ODD = {
    "object": "list",
    "has_more": False,
    "data": [
        {"sku": "a-1", "count": 12345678901234567890, "weight": ExactFloat("1e-7"), "inner": {"x": {"y": None}}},
        {"sku": "+41441234567", "count": -5, "flag": True, "inner": {}},
        {"sku": "-1+1|calc", "count": 0, "flag": False},
    ],
}

ERROR = {
    "error": {
        "type": "card_error",
        "code": "card_declined",
        "decline_code": "generic_decline",
        "message": "Your card was declined.",
        "payment_intent": {"id": "pi_1", "object": "payment_intent", "amount": 2000},
    }
}

LONG = {
    "object": "list",
    "has_more": False,
    "data": [
        customer(1, "Ann Lee", "ann@example.com", description="sixteen letters " * 20),
        customer(2, "山田 太郎" * 12, "taro@example.co.jp"),
    ],
}

BODIES: dict[str, Any] = {
    "customers": CUSTOMERS,
    "subscription": SUBSCRIPTION,
    "prices": PRICES,
    "events": EVENTS,
    "odd": ODD,
    "error": ERROR,
    "long": LONG,
    "empty": {"object": "list", "url": "/v1/customers", "has_more": False, "data": []},
}
