"""Events: their types, `previous_attributes`, and their JSON text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from stripe_shell.records import record
from stripe_shell.sandbox.webhooks.endpoints import Subscriber

#: How long Stripe returns events, in seconds: 30 days.
KEPT: Final = 30 * 24 * 3600

#: The first part of the event types of kinds without a class in `resources/`, where it differs from the kind.
GENERIC_PREFIXES: Final[Mapping[str, str]] = {
    "issuing.dispute": "issuing_dispute",
    "issuing.personalization_design": "issuing_personalization_design",
    "issuing.token": "issuing_token",
    "scheduled_query_run": "sigma.scheduled_query_run",
}

_NOTHING: Final = object()

_encode: Final = json.JSONEncoder(separators=(",", ":")).encode


@record
class UnstoredEvent:
    """An event that is built and not stored yet."""

    id: str
    created: int
    type: str
    text: str
    #: The webhook endpoints that receive it.
    subscribers: tuple[Subscriber, ...] = ()
    #: The event of API v2 that tells the same, for thin destinations; None where there are none.
    thin: dict[str, Any] | None = None


def previous_attributes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the old values of what changed, with nested objects as partial ones; null for new metadata keys."""
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
    """Returns an event as JSON text; `data_object` is the object's JSON text as stored."""
    data = f'"data":{{"object":{data_object}'
    if previous is not None:
        data += f',"previous_attributes":{_encode(previous)}'
    return f"{_encode(members)[:-1]},{data}}}}}"
