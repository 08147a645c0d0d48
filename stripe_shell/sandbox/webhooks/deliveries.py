"""Deliveries of events to webhook endpoints: signed, sent, and kept in the file until they succeed.

An event and its deliveries are written in one transaction. They are carried out later, outside of any transaction, by
whoever calls `Deliveries.due` and `Deliveries.carry_out`, as a server does in the background: what was not delivered
before a restart is delivered after it.

A delivery goes to this machine alone, whatever address an endpoint names, unless the person allows its host: test data
must never reach somebody's real server by mistake.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from stripe_shell.loopback import is_local_name, is_loopback
from stripe_shell.sandbox.storage import queues

if TYPE_CHECKING:
    from stripe_shell.sandbox.clock import Clock
    from stripe_shell.sandbox.storage.queues import Delivery
    from stripe_shell.sandbox.storage.store import Store

#: After how many seconds a delivery that failed is tried again: three times in a few hours, as in Stripe's test mode.
RETRY_AFTER: Final = (300, 3600, 3 * 3600)

#: How long an endpoint may take to answer, in seconds.
TIME_LIMIT: Final = 10.0

USER_AGENT: Final = "Stripe/1.0 (+https://stripe.com/docs/webhooks)"

#: Sends a body to a URL with these headers; answers the HTTP status. Raises OSError when no answer came.
Sender = Callable[[str, bytes, Mapping[str, str]], int]


def signature(secret: str, body: bytes, seconds: int) -> str:
    """The header `Stripe-Signature` for a body sent at a time (epoch seconds); `v0` is a scheme without meaning."""
    import hashlib
    import hmac

    signed = f"{seconds}.".encode() + body
    real, fake = (hmac.new(key.encode(), signed, hashlib.sha256).hexdigest() for key in (secret, f"test_{secret}"))
    return f"t={seconds},v1={real},v0={fake}"


def refusal(url: str, hosts: Collection[str]) -> str:
    """Why nothing is delivered to a URL, empty when it is: its host is neither this machine nor among `hosts`."""
    from urllib.parse import urlsplit

    host = (urlsplit(url).hostname or "").lower()
    if host in hosts or is_this_machine(host):
        return ""
    return (
        f"{host} is another machine, and test data must not reach a real server by mistake; "
        f"start with --webhook-host {host} to allow it"
    )


def is_this_machine(host: str) -> bool:
    """Whether a host name or address always means the machine itself."""
    return is_loopback(host) or is_local_name(host)


class Deliveries:
    """Carries out deliveries: `send` takes them away, `say` is told of those that fail. Safe for several threads."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        send: Sender,
        *,
        hosts: Iterable[str] = (),
        retry_after: Sequence[float] = RETRY_AFTER,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._send = send
        self._hosts = frozenset(hosts)
        self._retry_after = tuple(retry_after)
        self._say = say or (lambda _: None)
        self._worker = queues.new_worker()

    def recall(self) -> None:
        """Gives back what processes of this machine had claimed when they were killed."""
        with self._store.write() as session:
            queues.release_abandoned(session)

    def due(self, busy: Collection[str] = ()) -> dict[str, list[Delivery]]:
        """The deliveries whose time has come, by endpoint, oldest first; none for the endpoints in `busy`."""
        found: dict[str, list[Delivery]] = {}
        with self._store.read() as session:
            for delivery in queues.due_deliveries(session, self._clock.now(), busy):
                found.setdefault(delivery.endpoint, []).append(delivery)
        return found

    def carry_out(self, delivery: Delivery) -> None:
        """Deliver an event to an endpoint, once; note what comes of it. Nothing when another worker is at it."""
        with self._store.write() as session:
            if not queues.claim_delivery(session, delivery, self._worker, self._clock.now()):
                return
            event = session.get(delivery.account, "event", delivery.event)
            row = session.get(delivery.endpoint_account, "webhook_endpoint", delivery.endpoint)
        if event is None or row is None or row.deleted:
            self._done(delivery)
            return
        endpoint, hidden = json.loads(row.json), json.loads(row.hidden or "{}")
        if endpoint.get("status") != "enabled":
            self._done(delivery)
            return
        problem = refusal(endpoint["url"], self._hosts)
        if problem:
            self._give_up(delivery, f"not delivered: {problem}")
            return
        problem = self._attempt(endpoint["url"], str(hidden.get("secret") or endpoint.get("secret")), event.json)
        if problem:
            self._failed(delivery, f"{endpoint['url']}: {problem}")
        else:
            self._done(delivery)

    def _attempt(self, url: str, secret: str, event: str) -> str:
        """Send an event; what went wrong, empty when nothing did."""
        from http.client import HTTPException

        body = json.dumps(json.loads(event), indent=2).encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": USER_AGENT,
            "Accept": "*/*; q=0.5, application/xml",
            "Cache-Control": "no-cache",
            "Stripe-Signature": signature(secret, body, self._clock.now()),
        }
        try:
            status = self._send(url, body, headers)
        except (OSError, HTTPException, ValueError) as error:
            return f"{type(error).__name__}: {error}"
        return "" if 200 <= status < 300 else f"answered {status}"

    def _done(self, delivery: Delivery) -> None:
        with self._store.write() as session:
            if queues.finish_delivery(session, delivery, self._worker):
                session.count_down(delivery.account, delivery.event)

    def _failed(self, delivery: Delivery, problem: str) -> None:
        if delivery.attempt >= len(self._retry_after):
            self._give_up(delivery, f"{problem}; no further attempt")
            return
        wait = self._retry_after[delivery.attempt]
        with self._store.write() as session:
            queues.put_off_delivery(session, delivery, self._worker, int(self._clock.now() + wait))
        self._tell(delivery, f"{problem}; next attempt in {wait:g} s")

    def _give_up(self, delivery: Delivery, problem: str) -> None:
        with self._store.write() as session:
            queues.finish_delivery(session, delivery, self._worker)
        self._tell(delivery, problem)

    def _tell(self, delivery: Delivery, problem: str) -> None:
        self._say(f"webhook {delivery.event} to {delivery.endpoint}: {problem}")


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Send a body to a URL and answer the status; redirects are not followed. Raises OSError or HTTPException."""
    from http.client import HTTPConnection, HTTPSConnection
    from urllib.parse import quote, urlsplit

    parts = urlsplit(url)
    host = parts.hostname or ""
    reached = "127.0.0.1" if is_local_name(host) else host
    kind: Any = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(reached, parts.port, timeout=TIME_LIMIT)
    target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", target, body, {"Host": parts.netloc.rpartition("@")[2], **headers})
        answer = connection.getresponse()
        answer.read(65536)
        return int(answer.status)
    finally:
        connection.close()
