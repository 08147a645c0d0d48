"""Webhook endpoints of a test: a URL that is sent the events, or a function that is called with them."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from stripe_shell.records import record
from stripe_shell.sandbox.app import Sandbox
from stripe_shell.sandbox.clock import SystemClock
from stripe_shell.sandbox.storage.queues import Delivery
from stripe_shell.sandbox.storage.rows import StoredRow
from stripe_shell.sandbox.webhooks.client import WebhookClient
from stripe_shell.sandbox.webhooks.deliveries import Deliveries, PostWebhook
from stripe_shell.server.background import BackgroundWorker
from stripe_shell.wire import Request

#: Called with the body and the `Stripe-Signature` header of a webhook; returns a status code, a response with
#: `status_code`, or None for 200.
Receiver = Callable[[bytes, str], Any]

#: The URL of the endpoint of a function. Nothing listens there.
_NOWHERE: Final = "http://localhost/called-by-the-test/"


@record
class Delivered:
    """An attempt to deliver an event to a function: the event's id and type, and the status code of the response."""

    event: str
    type: str
    status: int

    @property
    def ok(self) -> bool:
        """Whether the response is a success (2xx)."""
        return 200 <= self.status < 300


class Endpoint:
    """An endpoint: its `id`, `url` and signing `secret`, and what was delivered if it is a function."""

    def __init__(self, answer: Mapping[str, Any], receiver: Receiver | None) -> None:
        self.id: str = answer["id"]
        self.url: str = answer["url"]
        self.secret: str = answer["secret"]
        self.receiver = receiver
        self.delivered: list[Delivered] = []


class StripeWebhooks:
    """The endpoints of a test's account; calling it adds one.

    A URL gets its events in the background. A function is called in the thread of the test, whenever the test calls
    `deliver`, waits for an event or moves the clock: what it changes in a database is seen by the test, and nothing
    depends on chance.
    """

    def __init__(self, sandbox: Sandbox, on_error: Callable[[Exception], None]) -> None:
        self._sandbox = sandbox
        self._on_error = on_error
        self._called: dict[str, Endpoint] = {}
        self._calls = _Deliveries(sandbox, self._call)
        self._posts = _Deliveries(sandbox, WebhookClient().post)
        self._background: BackgroundWorker | None = None
        self._raised: list[Exception] = []

    def __call__(
        self,
        target: str | Receiver,
        *,
        events: Sequence[str] = ("*",),
        connect: bool = False,
        version: str | None = None,
    ) -> Endpoint:
        """Adds an endpoint for these types of events and returns it.

        `target` is a URL of this machine, or a function of a body (bytes) and a signature (the `Stripe-Signature`
        header) that returns a status code, a response with `status_code`, or None for 200. `connect`: it receives the
        events of connected accounts. `version`: an API version other than the account's. Raises ValueError for what
        Stripe refuses.
        """
        url = target if isinstance(target, str) else f"{_NOWHERE}{len(self._called) + 1}"
        params = [("url", url), *(("enabled_events[]", each) for each in events)]
        params += [("connect", "true")] if connect else []
        params += [("api_version", version)] if version else []
        request = Request("POST", "/v1/webhook_endpoints", "", urlencode(params).encode(), {}, None)
        response = self._sandbox.send(request)
        if not response.ok:
            raise ValueError(response.json()["error"]["message"])
        endpoint = Endpoint(response.json(), None if isinstance(target, str) else target)
        if endpoint.receiver is not None:
            self._called[endpoint.url] = endpoint
            self._posts.left_out.add(endpoint.id)
        return endpoint

    def deliver(self) -> int:
        """Calls the functions with the events that they have not had yet; returns the number of calls.

        Events that such a call causes are delivered too. Raises what a function raised, after all are delivered.
        """
        count = 0
        while due := self._due_for_functions():
            for delivery in due:
                self._calls.deliver(delivery)
            count += len(due)
        if self._raised:
            raised, self._raised = self._raised, []
            raise raised[0]
        return count

    def notice(self, rows: list[StoredRow]) -> None:
        """Wakes the delivery to URLs after events were stored."""
        if self._background is None:
            if all('"pending_webhooks":0' in row.json for row in rows):
                return
            self._background = BackgroundWorker(self._sandbox, self._posts, self._on_error)
            self._background.start()
        self._background.notice(rows)

    def close(self) -> None:
        """Stops the delivery to URLs."""
        if self._background is not None:
            self._background.stop()
            self._background = None

    def _due_for_functions(self) -> list[Delivery]:
        if not self._called:
            return []
        found = self._calls.due()
        mine = [endpoint.id for endpoint in self._called.values()]
        return [delivery for endpoint in mine for delivery in found.get(endpoint, ())]

    def _call(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        endpoint = self._called[url]
        event = json.loads(body)
        try:
            status = _status_of(endpoint.receiver(body, headers["Stripe-Signature"])) if endpoint.receiver else 404
        except Exception as error:  # noqa: BLE001 - raised again by `deliver`, in the test
            self._raised.append(error)
            status = 500
        endpoint.delivered.append(Delivered(event["id"], event["type"], status))
        return status


class _Deliveries(Deliveries):
    """The deliveries of a test's sandbox, but for the endpoints `left_out`.

    They are signed at the time of the system: libraries refuse signatures that are minutes old, or from the future.
    """

    def __init__(self, sandbox: Sandbox, send: PostWebhook) -> None:
        super().__init__(sandbox.store, sandbox.clock, send, render=sandbox.render_event, signing_clock=SystemClock())
        self.left_out: set[str] = set()

    def due(self, busy: Collection[str] = ()) -> dict[str, list[Delivery]]:
        """Returns the due deliveries by endpoint, oldest first."""
        return super().due((*busy, *self.left_out))


def _status_of(response: Any) -> int:
    if response is None:
        return 200
    return int(getattr(response, "status_code", response))
