"""Events of API v2, `v2.core.event`: small, without a version, and naming the object that they are about.

Source: https://docs.stripe.com/event-destinations
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final, Protocol

from stripe_shell.sandbox.ids import RandomIds
from stripe_shell.sandbox.storage.session import StoreSession
from stripe_shell.spec.table import Table
from stripe_shell.wire import Request

from .template import iso_time

Json = dict[str, Any]

KIND: Final = "v2.core.event"


class EventSource(Protocol):
    """The account, time and request that an event tells of; implemented by `Context`."""

    account: str
    platform: str
    request: Request
    request_id: str | None
    table: Table
    ids: RandomIds

    def now(self) -> int:
        """Returns the current time in epoch seconds."""
        ...


def thin_event(ctx: EventSource, event_type: str, obj: Mapping[str, Any]) -> Json:
    """Returns an event of API v2 about an object, not stored. Members without a value are absent, as in all of v2."""
    now = ctx.now()
    event: Json = {
        "id": ctx.ids.new("evt_test", now, ctx.account),
        "object": KIND,
        "type": event_type,
        "created": iso_time(now),
        "livemode": False,
    }
    if ctx.account != ctx.platform:
        event["context"] = ctx.account
    if ctx.request_id:
        # The member is a text in every event; that a key of Stripe's own stands for none is assumed.
        key = ctx.request.idempotency_key or sha256(ctx.request_id.encode()).hexdigest()[:32]
        request = {"id": ctx.request_id, "idempotency_key": key}
        event["reason"] = {"type": "request", "request": request}
    url = _address(ctx.table, obj)
    if url is not None:
        event["related_object"] = {"id": obj["id"], "type": obj["object"], "url": url}
    return event


def mirrored(ctx: EventSource, snapshot: Mapping[str, Any], obj: Mapping[str, Any]) -> Json:
    """Returns the event of API v2 that tells what an event of v1 tells, given both the event and its object."""
    return {**thin_event(ctx, f"v1.{snapshot['type']}", obj), "snapshot_event": snapshot["id"]}


def store(session: StoreSession, account: int, event: Json, now: int) -> None:
    """Stores an event of an account (its number); `now` in epoch seconds."""
    text = json.dumps(event, separators=(",", ":"))
    session.insert(account, KIND, event["id"], created=now, json=text, links=[("type", event["type"])])


def _address(table: Table, obj: Mapping[str, Any]) -> str | None:
    """Returns the path that retrieves an object; None if it has none, or needs more than the id."""
    operation = table.operation("retrieve", str(obj["object"]))
    if operation is None or not obj.get("id") or len(operation.path_params) != 1:
        return None
    return operation.path.replace(f"{{{operation.path_params[0]}}}", str(obj["id"]))
