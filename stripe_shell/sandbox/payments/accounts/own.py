"""The account that an API key belongs to: it exists without being created, with charges and payouts enabled."""

from __future__ import annotations

from typing import Final

from stripe_shell.sandbox.ids import time_in_id
from stripe_shell.sandbox.objects.context import Context, Json

from .forms import new_settings

#: The capabilities of a new account that takes payments [?].
_CAPABILITIES: Final = ("card_payments", "transfers")
_NAME: Final = "Sandbox"


def own_account(ctx: Context) -> Json:
    """Returns the account of the API key in its first state, not stored."""
    own = ctx.new("account", id=ctx.account)
    for name in ("external_accounts", "future_requirements", "requirements", "tos_acceptance"):
        own.pop(name, None)
    own |= {
        "business_profile": own["business_profile"] | {"name": _NAME},
        "capabilities": dict.fromkeys(_CAPABILITIES, "active"),
        "charges_enabled": True,
        "controller": {"type": "account"},
        "created": time_in_id(ctx.account, ctx.now()),
        "details_submitted": True,
        "payouts_enabled": True,
        "settings": new_settings("US", name=_NAME),
    }
    own["settings"]["payments"]["statement_descriptor"] = _NAME.upper()
    return {"id": own["id"], "object": "account", **dict(sorted(own.items()))}
