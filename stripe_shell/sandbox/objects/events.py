"""Events: their names, what changed, and how they are written down."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from stripe_shell.records import record
from stripe_shell.sandbox.webhooks.endpoints import Listener

#: How long Stripe shows events, in seconds.
KEPT: Final = 30 * 24 * 3600

#: What an event type begins with, for objects where it is not the object's own name.
PREFIXES: Final[Mapping[str, str]] = {
    "bank_account": "customer.source",
    "card": "customer.source",
    "customer_cash_balance_transaction": "customer_cash_balance_transaction",
    "discount": "customer.discount",
    "dispute": "charge.dispute",
    "fee_refund": "application_fee.refund",
    "issuing.authorization": "issuing_authorization",
    "issuing.card": "issuing_card",
    "issuing.cardholder": "issuing_cardholder",
    "issuing.dispute": "issuing_dispute",
    "issuing.personalization_design": "issuing_personalization_design",
    "issuing.token": "issuing_token",
    "issuing.transaction": "issuing_transaction",
    "scheduled_query_run": "sigma.scheduled_query_run",
    "subscription": "customer.subscription",
    "tax_id": "customer.tax_id",
}

_NOTHING: Final = object()

_encode: Final = json.JSONEncoder(separators=(",", ":")).encode


@record
class WrittenEvent:
    """An event that is written down and not stored yet."""

    id: str
    created: int
    type: str
    text: str
    #: The endpoints that it goes to.
    listeners: tuple[Listener, ...] = ()


def event_type(kind: str, happened: str) -> str:
    """The type of the event that tells that something `happened` (`created`) to an object of this kind."""
    return f"{PREFIXES.get(kind, kind)}.{happened}"


def previous_attributes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The old values of what changed: nested objects show their changed members, a new metadata key shows null."""
    changed: dict[str, Any] = {}
    for name in (*before, *(name for name in after if name not in before)):
        old, new = before.get(name), after.get(name, _NOTHING)
        if old == new and type(old) is type(new):
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            changed[name] = previous_attributes(old, new)
        else:
            changed[name] = old
    return changed


def event_text(members: Mapping[str, Any], data_object: str, previous: Mapping[str, Any] | None) -> str:
    """An event as JSON text; the object goes in as it is stored."""
    data = f'"data":{{"object":{data_object}'
    if previous is not None:
        data += f',"previous_attributes":{_encode(previous)}'
    return f"{_encode(members)[:-1]},{data}}}}}"
