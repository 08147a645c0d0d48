"""The webhook endpoints of an account, the event types that they are enabled for, and a cache of them."""

from __future__ import annotations

import json

from stripe_shell.records import record
from stripe_shell.sandbox.storage.store import Session


@record
class Listener:
    """An endpoint that is switched on: whose it is (the account's number), its id and the event types it wants."""

    account: int
    id: str
    wanted: tuple[str, ...]

    def wants(self, event_type: str) -> bool:
        """Whether events of this type go to it."""
        return any(matches(pattern, event_type) for pattern in self.wanted)


def listeners(session: Session, account: int) -> list[Listener]:
    """The endpoints that hear of an account: its own, and those of its platform that are for connected accounts."""
    found = []
    for owner, key, text, hidden in session.endpoints(account):
        endpoint = json.loads(text)
        connect = bool(hidden and json.loads(hidden).get("connect"))
        if endpoint.get("status") == "enabled" and connect == (owner != account):
            found.append(Listener(owner, key, tuple(endpoint.get("enabled_events") or ())))
    return found


class Hearing:
    """Caches the listeners of each account, so that an event does not cost a query.

    What this process changes is seen at once (`forget`), and so is what another one has committed to the file.
    """

    def __init__(self) -> None:
        self._known: dict[int, list[Listener]] = {}
        self._version = 0

    def of(self, session: Session, account: int) -> list[Listener]:
        """The listeners of an account (its number)."""
        version = session.data_version()
        if version != self._version:
            self._version = version
            self._known.clear()
        known = self._known.get(account)
        if known is None:
            known = self._known[account] = listeners(session, account)
        return known

    def forget(self) -> None:
        """An endpoint was made, changed or deleted."""
        self._known.clear()


def matches(pattern: str, name: str) -> bool:
    """Whether an event type fits a pattern: the type itself, or one that ends in `*`."""
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
