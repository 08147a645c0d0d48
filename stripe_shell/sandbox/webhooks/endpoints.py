"""The webhook endpoints of an account, their enabled event types, and a cache of them."""

from __future__ import annotations

import json

from stripe_shell.records import record
from stripe_shell.sandbox.storage.store import StoreSession


@record
class Subscriber:
    """An enabled endpoint: its account's number, its id and its `enabled_events`."""

    account: int
    id: str
    patterns: tuple[str, ...]

    def subscribes_to(self, event_type: str) -> bool:
        """Whether the endpoint receives events of this type."""
        return any(matches(pattern, event_type) for pattern in self.patterns)


def subscribers(session: StoreSession, account: int) -> list[Subscriber]:
    """Returns the endpoints for an account's events: its own, and its platform's for connected accounts."""
    found = []
    for owner, key, text, hidden in session.endpoints(account):
        endpoint = json.loads(text)
        connect = bool(hidden and json.loads(hidden).get("connect"))
        if endpoint.get("status") == "enabled" and connect == (owner != account):
            found.append(Subscriber(owner, key, tuple(endpoint.get("enabled_events") or ())))
    return found


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


def matches(pattern: str, name: str) -> bool:
    """Whether an event type matches a pattern: the type itself, or a prefix followed by `*`."""
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
