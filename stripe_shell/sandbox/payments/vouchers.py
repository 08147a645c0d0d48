"""Vouchers: the `next_action` of boleto, konbini, multibanco and oxxo payments."""

from __future__ import annotations

from typing import Final

from stripe_shell.sandbox.objects.context import Context, Json

#: Days until a voucher expires.
DAYS: Final = {"boleto": 3, "konbini": 3, "multibanco": 7, "oxxo": 3}

_DAY: Final = 86_400


def voucher_action(ctx: Context, kind: str) -> Json | None:
    """Returns the `next_action` of a payment by voucher; None for other types."""
    if kind not in DAYS:
        return None
    expires = (ctx.now() // _DAY + DAYS[kind] + 1) * _DAY - 1
    url = f"https://payments.stripe.com/{kind}/voucher/test_{ctx.ids.text(24)}"
    number = ctx.ids.text(17, "0123456789")
    name = f"{kind}_display_details"
    members: Json = {"hosted_voucher_url": url}
    if kind == "oxxo":
        members |= {"expires_after": expires, "number": number}
    elif kind == "multibanco":
        members |= {"entity": "12345", "expires_at": expires, "reference": number[:9]}
    elif kind == "boleto":
        members |= {"expires_at": expires, "number": number, "pdf": f"{url}/pdf"}
    else:
        codes = {"confirmation_number": number[:11], "payment_code": number[:6]}
        stores = {store: dict(codes) for store in ("familymart", "lawson", "ministop", "seicomart")}
        members |= {"expires_at": expires, "stores": stores}
    return {name: members, "type": name}
