"""The record of a call: the operation, its route and parameters, and the account that it runs on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from stripe_shell.records import record
from stripe_shell.spec.model import Operation
from stripe_shell.spec.table import Table
from stripe_shell.wire import Request

Role = Literal["list", "search", "create", "retrieve", "update", "delete", "action", "single", "single_update", "find"]


@record
class Route:
    """Where an operation leads, found once a request by objects/routing.py.

    `kind` is the kind of object, `role` what is done to it. `own` names the path parameter with the object's id; None
    when the path has only parents' ids. `method` is the resource's own method for the operation; None for the generic
    behaviour.
    """

    kind: str
    role: Role
    own: str | None = None
    method: Callable[..., Any] | None = None


@record
class SandboxCall:
    """A validated request and the account that it runs on.

    `account` is the id of that account, `number` its number in the store; `platform` is the id of the key's account,
    which differs under `Stripe-Account`. `request_id` is the response's `req_…`, None for what Stripe does by itself.
    `path` holds the path parameters, `params` the typed parameters, `expand` the paths to expand. `writable` is False
    for a request that stores nothing (a GET). `fingerprint` identifies the request for its idempotency key. `version`
    is the API version that was asked for; in an older one, `asked` is the operation as that version has it, while
    `operation` is the one of today that runs.
    """

    request: Request
    request_id: str | None
    operation: Operation
    route: Route
    path: Mapping[str, str]
    params: dict[str, Any]
    expand: tuple[str, ...]
    platform: str
    account: str
    number: int
    writable: bool
    fingerprint: str = ""
    version: str = ""
    asked: Operation | None = None

    @property
    def key(self) -> str | None:
        """The idempotency key; None for GET and DELETE, where it has no effect in API v1."""
        return self.request.idempotency_key if self.request.method == "POST" else None


def internal_call(table: Table, account: str, number: int) -> SandboxCall:
    """Returns a synthetic, writable call for internal work that no HTTP request triggered."""
    operation = table.operation("retrieve", "account")
    if operation is None:
        raise LookupError("the table lacks `retrieve account`")
    request, route = Request("POST", operation.path), Route("account", "single")
    return SandboxCall(request, None, operation, route, {}, {}, (), account, account, number, writable=True)
