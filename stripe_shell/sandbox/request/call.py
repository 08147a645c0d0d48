"""The record of a call: the operation, its parameters, and the account that it runs on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_shell.records import record
from stripe_shell.spec.model import Operation
from stripe_shell.spec.table import Table
from stripe_shell.wire import Request


@record
class Call:
    """A request that is known to be well formed, and whose it is.

    `account` is the id of the account that it runs on, `number` the store's name for that; `platform` is the id of the
    account whose key was used, another one under `Stripe-Account`. `request_id` is the `req_…` of the answer, None for
    what Stripe does by itself. `path` are the values of the path's placeholders, `params` the typed parameters,
    `expand` the paths that were asked for. `writable` is False while nothing may be stored (a GET). `fingerprint` is
    what an idempotency key is bound to.
    """

    request: Request
    request_id: str | None
    operation: Operation
    path: Mapping[str, str]
    params: dict[str, Any]
    expand: tuple[str, ...]
    platform: str
    account: str
    number: int
    writable: bool
    fingerprint: str = ""

    @property
    def key(self) -> str | None:
        """The idempotency key, where it has an effect."""
        return self.request.idempotency_key if self.request.method == "POST" else None


def own_call(table: Table, account: str, number: int) -> Call:
    """What no request causes: it may change anything on the account, and says nothing."""
    operation = table.operation("retrieve", "account")
    if operation is None:
        raise LookupError("the table lacks `retrieve account`")
    return Call(Request("POST", operation.path), None, operation, {}, {}, (), account, account, number, writable=True)
