"""The webhook endpoints and event destinations of an account, their enabled event types, and a cache of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from stripe_shell.records import record
from stripe_shell.sandbox.storage.session import StoreSession

#: Values of a destination's `events_from`: by default it receives its own account's events.
OWN_EVENTS: Final = ("self", "@self")
CONNECTED_EVENTS: Final = ("other_accounts", "@accounts")


@record
class Subscriber:
    """An enabled endpoint or destination: its account's number, its id and its `enabled_events`.

    A thin one receives events of API v2, whose types begin with `v1.` where they tell of objects of v1.
    """

    account: int
    id: str
    patterns: tuple[str, ...]
    thin: bool = False

    def subscribes_to(self, event_type: str) -> bool:
        """Whether the endpoint receives events of this type of API v1."""
        name = f"v1.{event_type}" if self.thin else event_type
        return any(matches(pattern, name) for pattern in self.patterns)


def subscribers(session: StoreSession, account: int) -> list[Subscriber]:
    """Returns the endpoints for an account's events: its own, and its platform's for connected accounts."""
    found = []
    for owner, key, text, hidden in session.endpoints(account):
        endpoint = json.loads(text)
        if endpoint.get("status") == "enabled" and _hears(endpoint, hidden, own=owner == account):
            thin = endpoint.get("event_payload") == "thin"
            found.append(Subscriber(owner, key, tuple(endpoint.get("enabled_events") or ()), thin))
    return found


def _hears(endpoint: Mapping[str, Any], hidden: str | None, *, own: bool) -> bool:
    """Whether an endpoint receives the events of its own account, or those of connected accounts."""
    if endpoint["object"] != "webhook_endpoint":
        sources = endpoint.get("events_from") or OWN_EVENTS
        return bool(set(sources) & set(OWN_EVENTS if own else CONNECTED_EVENTS))
    return bool(hidden and json.loads(hidden).get("connect")) != own


class EndpointCache:
    """Caches each account's enabled endpoints, so that emitting an event does not query the database.

    Changes by this process (`forget`) and commits by other processes take effect at once.
    """

    def __init__(self) -> None:
        self._known: dict[int, list[Subscriber]] = {}
        self._version = 0

    def of(self, session: StoreSession, account: int) -> list[Subscriber]:
        """Returns the enabled endpoints for an account (its number)."""
        version = session.data_version()
        if version != self._version:
            self._version = version
            self._known.clear()
        known = self._known.get(account)
        if known is None:
            known = self._known[account] = subscribers(session, account)
        return known

    def forget(self) -> None:
        """Clears the cache after an endpoint was created, updated or deleted."""
        self._known.clear()


def has_thin(subscribers: tuple[Subscriber, ...]) -> bool:
    """Whether a thin destination is among the subscribers."""
    return any(each.thin for each in subscribers)


def matches(pattern: str, name: str) -> bool:
    """Whether an event type matches a pattern: the type itself, or a prefix followed by `*`."""
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
