"""Webhook deliveries: signed, sent to endpoints, and kept in the file until they succeed.

An event and its deliveries are stored in one transaction. They are sent later, outside of any transaction, by calls to
`Deliveries.due` and `Deliveries.deliver`, as the server does in the background: deliveries that are pending at a
restart are sent after it.

Only loopback addresses receive deliveries, unless the user allows an endpoint's host: test data must never reach a real
server by mistake.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from stripe_shell.escaping import log_line
from stripe_shell.loopback import is_local_name, is_loopback
from stripe_shell.sandbox.storage import queues

if TYPE_CHECKING:
    from stripe_shell.sandbox.clock import Clock
    from stripe_shell.sandbox.storage.queues import Delivery
    from stripe_shell.sandbox.storage.store import Store

#: Seconds before each retry: three in a few hours, as in Stripe's sandboxes (https://stripe.com/docs/webhooks).
RETRY_AFTER: Final = (300, 3600, 3 * 3600)

#: The prefixes of the ids of thin events, and of event destinations.
_THIN: Final = "evt_test_"
_DESTINATION: Final = "ed_"

USER_AGENT: Final = "Stripe/1.0 (+https://stripe.com/docs/webhooks)"

#: Sends a body to a URL with headers; returns the status code, as `WebhookClient.post`. Raises OSError for a failed
#: connection.
PostWebhook = Callable[[str, bytes, Mapping[str, str]], int]

#: Renders a stored event (its JSON text), given the account's id and the API version: None for the account's default.
RenderEvent = Callable[[str, str, str | None], str]


def signature(secret: str, body: bytes, seconds: int) -> str:
    """Returns the `Stripe-Signature` header of a body sent at a time (epoch seconds); `v0` is a fake scheme."""
    import hashlib
    import hmac

    signed = f"{seconds}.".encode() + body
    real, fake = (hmac.new(key.encode(), signed, hashlib.sha256).hexdigest() for key in (secret, f"test_{secret}"))
    return f"t={seconds},v1={real},v0={fake}"


def delivery_problem(url: str, hosts: Collection[str]) -> str:
    """Returns why a URL gets no deliveries; empty if its host is this machine or in `hosts`."""
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
    """Sends deliveries with `send` and reports failed attempts to `log_line`. Thread-safe.

    `render` puts an event into the version of the endpoint, as `Sandbox.render_event` does. `signing_clock` gives the
    time of signatures, by default that of `clock`.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        send: PostWebhook,
        *,
        hosts: Iterable[str] = (),
        retry_after: Sequence[float] = RETRY_AFTER,
        log_line: Callable[[str], None] | None = None,
        render: RenderEvent | None = None,
        signing_clock: Clock | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._signing_clock = signing_clock or clock
        self._send = send
        self._hosts = frozenset(hosts)
        self._retry_after = tuple(retry_after)
        self._log = log_line or (lambda _: None)
        self._render = render or (lambda text, account, version: text)
        self._worker = queues.new_worker()

    def release_abandoned(self) -> None:
        """Releases the deliveries claimed by killed processes of this machine."""
        with self._store.write() as session:
            queues.release_abandoned(session)

    def due(self, busy: Collection[str] = ()) -> dict[str, list[Delivery]]:
        """Returns the due deliveries by endpoint, oldest first, except to endpoints in `busy`."""
        found: dict[str, list[Delivery]] = {}
        with self._store.read() as session:
            for delivery in queues.due_deliveries(session, self._clock.now(), busy):
                found.setdefault(delivery.endpoint, []).append(delivery)
        return found

    def deliver(self, delivery: Delivery) -> None:
        """Claims and attempts a delivery once, and stores the result. Does nothing if another worker has claimed it."""
        with self._store.write() as session:
            if not queues.claim_delivery(session, delivery, self._worker, self._clock.now()):
                return
            thin = delivery.event.startswith(_THIN)
            event = session.get(delivery.account, "v2.core.event" if thin else "event", delivery.event)
            kind = "v2.core.event_destination" if delivery.endpoint.startswith(_DESTINATION) else "webhook_endpoint"
            row = session.get(delivery.endpoint_account, kind, delivery.endpoint)
            account = session.account_id(delivery.account) or ""
        if event is None or row is None or row.deleted:
            self._done(delivery)
            return
        endpoint, hidden = json.loads(row.json), json.loads(row.hidden or "{}")
        if endpoint.get("status") != "enabled":
            self._done(delivery)
            return
        url = str(hidden.get("url") or endpoint.get("url") or "")
        problem = delivery_problem(url, self._hosts)
        if problem:
            self._give_up(delivery, f"not delivered: {problem}")
            return
        version = endpoint.get("api_version") or endpoint.get("snapshot_api_version")
        text = event.json if thin else self._render(event.json, account, version)
        problem = self._attempt(url, str(hidden.get("secret") or endpoint.get("secret")), text)
        if problem:
            self._failed(delivery, f"{url}: {problem}")
        else:
            self._done(delivery)

    def _attempt(self, url: str, secret: str, event: str) -> str:
        """Sends an event and returns the problem, empty for a response with a 2xx status."""
        from http.client import HTTPException

        body = json.dumps(json.loads(event), indent=2).encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": USER_AGENT,
            "Accept": "*/*; q=0.5, application/xml",
            "Cache-Control": "no-cache",
            "Stripe-Signature": signature(secret, body, self._signing_clock.now()),
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
        self._log_failure(delivery, f"{problem}; next attempt in {wait:g} s")

    def _give_up(self, delivery: Delivery, problem: str) -> None:
        with self._store.write() as session:
            queues.finish_delivery(session, delivery, self._worker)
        self._log_failure(delivery, problem)

    def _log_failure(self, delivery: Delivery, problem: str) -> None:
        self._log(log_line(f"webhook {delivery.event} to {delivery.endpoint}: {problem}"))
