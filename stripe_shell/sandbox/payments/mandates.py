"""Mandates: made from `mandate_data` when a bank debit is confirmed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_shell.sandbox.ids import CAPITALS
from stripe_shell.sandbox.objects.context import Context, Json


def make_mandate(ctx: Context, method: Json, data: Mapping[str, Any]) -> Json:
    """Creates and stores a mandate for a payment method; `data` is the `mandate_data` parameter."""
    given = data.get("customer_acceptance")
    accepted: Json = dict(given) if isinstance(given, Mapping) else {}
    kind = accepted.get("type", "offline")
    mandate = ctx.new("mandate")
    mandate |= {
        "customer_acceptance": {
            "accepted_at": accepted.get("accepted_at", ctx.now()),
            kind: accepted.get(kind) or {},
            "type": kind,
        },
        "multi_use": {},
        "payment_method": method["id"],
        "payment_method_details": {method["type"]: _details(ctx, method["type"]), "type": method["type"]},
    }
    ctx.insert(mandate)
    return mandate


def _details(ctx: Context, kind: str) -> Json:
    """Returns the members of `payment_method_details` for one type of bank debit."""
    reference = ctx.ids.text(16, CAPITALS)
    url = f"https://payments.stripe.com/mandates/{kind}/{reference}"
    details: dict[str, Json] = {
        "acss_debit": {"interval_description": None, "payment_schedule": "sporadic", "transaction_type": "personal"},
        "au_becs_debit": {"url": url},
        "bacs_debit": {
            "display_name": None,
            "network_status": "accepted",
            "reference": reference,
            "revocation_reason": None,
            "service_user_number": None,
            "url": url,
        },
        "sepa_debit": {"reference": reference, "url": url},
    }
    return details.get(kind, {})
