"""Parses a request into a call: finds the operation, decodes and validates the parameters."""

from __future__ import annotations

from stripe_shell.spec.model import Operation
from stripe_shell.spec.table import Table
from stripe_shell.wire import Request

from . import errors
from .expand import check_paths
from .objects.registry import ResourceRegistry
from .objects.routing import route_of
from .request.call import SandboxCall
from .request.idempotency import fingerprint
from .request.parameters import check_parameters, decode, header, take_expand
from .request.undocumented import match_undocumented
from .storage.accounts import Accounts
from .versions.chain import chain_at, refuse_removed


def read_call(
    request: Request,
    request_id: str,
    platform: str,
    version: str,
    *,
    named: bool,
    accounts: Accounts,
    registry: ResourceRegistry,
    table: Table,
) -> SandboxCall:
    """Parses a request and validates it by the table of its version, without running it. Raises StripeError.

    `named` says that the request names the version itself.
    """
    chain = chain_at(table, version)
    shown = table if chain is None else chain.table
    asked, path = _match(shown, request)
    operation = asked if chain is None else chain.successor(table, asked)
    account = accounts.resolve(platform, header(request, "stripe-account"))
    params = decode(request)
    refuse_removed(version, asked, params, lambda: _is_chosen(version, platform, accounts, table))
    paths = take_expand(params, asked)
    route = route_of(table, registry, operation, path, params)
    resource = registry.resource(route.kind)
    old = resource.take_legacy(asked, params)
    params = check_parameters(params, asked) | old
    check_paths(shown, registry, asked, paths)
    return SandboxCall(
        request,
        request_id,
        operation,
        route,
        path,
        params,
        tuple(paths),
        platform,
        account,
        accounts.number(account),
        operation.writes or resource.writes_on_read,
        fingerprint(request, params, paths) if request.idempotency_key else "",
        version,
        asked,
    )


def _match(table: Table, request: Request) -> tuple[Operation, dict[str, str]]:
    """Returns the operation of a request and its path parameters. Raises StripeError (404) if there is none."""
    found = table.match(request.method, request.path) or match_undocumented(request.method, request.path)
    if found is None:
        raise errors.unrecognized_url(request.method, request.path)
    return found


def _is_chosen(version: str, platform: str, accounts: Accounts, table: Table) -> bool:
    """Whether the version of a request was chosen: the account's default was set, or it is not the newest.

    The newest one is that of requests without the header, and of those of the shell, which sends it with every call.
    """
    return version != table.version or accounts.default_version(platform) is not None
