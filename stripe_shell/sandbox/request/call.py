"""What a request asks for: which call of Stripe's it is, with which parameters, and whose data it is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_shell.records import record
from stripe_shell.sandbox import errors
from stripe_shell.sandbox.expand import check_paths
from stripe_shell.sandbox.objects.registry import Catalogue
from stripe_shell.sandbox.objects.routing import kind_of
from stripe_shell.sandbox.storage.accounts import Accounts
from stripe_shell.spec.model import Operation
from stripe_shell.spec.table import Table
from stripe_shell.wire import Request

from .idempotency import fingerprint
from .parameters import checked, decode, header, take_expand
from .undocumented import match_undocumented


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


def read_call(
    request: Request, request_id: str, platform: str, *, accounts: Accounts, catalogue: Catalogue, table: Table
) -> Call:
    """Everything that can be said about a request before it runs. Raises StripeError."""
    found = table.match(request.method, request.path) or match_undocumented(request.method, request.path)
    if found is None:
        raise errors.unrecognized_url(request.method, request.path)
    operation, path = found
    account = accounts.connected(platform, header(request, "stripe-account"))
    params = decode(request)
    paths = take_expand(params, operation)
    resource = catalogue.resource(kind_of(table, operation, path, params))
    old = resource.take_legacy(operation, params)
    params = checked(params, operation.params) | old
    check_paths(table, operation, paths)
    return Call(
        request,
        request_id,
        operation,
        path,
        params,
        tuple(paths),
        platform,
        account,
        accounts.number(account),
        operation.writes or resource.writes_on_read,
        fingerprint(request, params, paths) if request.idempotency_key else "",
    )


def own_call(table: Table, account: str, number: int) -> Call:
    """What no request causes: it may change anything on the account, and says nothing."""
    operation = table.operation("retrieve", "account")
    if operation is None:
        raise LookupError("the table lacks `retrieve account`")
    return Call(Request("POST", operation.path), None, operation, {}, {}, (), account, account, number, writable=True)
