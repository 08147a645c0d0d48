"""The sandbox's own routes below `/_sandbox/`, which Stripe does not have.

Those of snapshots, undo and clocks are travel.py's, those of hosted flows flows.py's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Final, Protocol

from stripe_shell.errors import UsageError
from stripe_shell.sandbox.errors import StripeError
from stripe_shell.sandbox.objects.context import Context
from stripe_shell.wire import Request, Response

from .faults import Faults, parse_fault

#: The prefix of these routes.
PRIVATE = "/_sandbox/"

#: Every route; docs/server.md says what each does.
ROUTES: Final = (
    "abandon_checkout",
    "account",
    "authenticate",
    "clock",
    "complete_checkout",
    "drop",
    "faults",
    "onboard",
    "pay_invoice",
    "reset",
    "rollback",
    "seed",
    "snapshot",
    "snapshots",
    "undo",
    "use_payment_link",
    "use_portal",
    "verify_microdeposits",
    "version",
)


class Travelling(Protocol):
    """The interface of snapshots, undo and clocks for the routes."""

    def answer(self, route: str, body: Mapping[str, Any], account: str | None) -> dict[str, Any] | None:
        """Runs a request to a route and returns the body of its response; None for a route of none of these."""
        ...


class Seedable(Protocol):
    """The interface of a sandbox for the routes. `account` None means the file's first account; for `reset`, all."""

    @property
    def travel(self) -> Travelling:
        """Snapshots, undo and clocks."""
        ...

    def seed(self, objects: list[dict[str, Any]], *, account: str | None = None) -> None:
        """Stores complete objects. Raises ValueError for an invalid one."""
        ...

    def default_version(self, account: str | None = None) -> str:
        """Returns the API version of an account's events, and of its requests that name none."""
        ...

    def set_default_version(self, version: str, account: str | None = None) -> None:
        """Stores the default version of an account, or of all. Raises ValueError for an unknown one."""
        ...

    def reset(self, account: str | None = None) -> None:
        """Deletes every object."""
        ...

    def set_traits(self, traits: Mapping[str, Any], *, account: str | None = None) -> dict[str, Any]:
        """Stores traits of a key's own account and returns the account. Raises ValueError for invalid ones."""
        ...

    def connected_account(self, requested: str | None, account: str | None = None) -> str | None:
        """Returns the connected account that a request runs on, None for the key's own. Raises StripeError."""
        ...

    def context(self, *, account: str | None = None) -> AbstractContextManager[Context]:
        """Opens a context in a transaction of its own."""
        ...


def answer_private(
    sandbox: Seedable, request: Request, *, account: str | None = None, faults: Faults | None = None
) -> Response:
    """Runs a request to one of these routes and returns the response; `account` None is passed to `Seedable`.

    `request` has a JSON body. The header `Stripe-Account` names the connected account that a hosted flow runs on. The
    route of faults exists only in a server, which passes `faults`.
    """
    route = request.path.removeprefix(PRIVATE) if request.method == "POST" else ""
    try:
        if route == "reset":
            sandbox.reset(account)
            return _json_response(200, {"reset": True})
        if route == "seed":
            objects = _query_values(request, "objects")
            sandbox.seed(objects, account=account)
            return _json_response(200, {"seeded": len(objects)})
        if route == "account":
            return _json_response(200, sandbox.set_traits(_body(request), account=account))
        if route == "version":
            return _json_response(200, {"version": _set_version(sandbox, request, account)})
        if route == "faults" and faults is not None:
            faults.set([parse_fault(given) for given in _query_values(request, "faults")])
            return _json_response(200, {"faults": faults.as_json()})
        answered = _answer_others(sandbox, route, request, account) if route else None
        if answered is not None:
            return _json_response(200, answered)
    except StripeError as error:
        return _json_response(error.status, error.body(None))
    except UsageError as error:
        return _error_response(400, str(error))
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        return _error_response(400, f"Cannot carry out {route}: {error}")
    return _error_response(404, f"Unrecognized request URL ({request.method}: {request.path}).")


def _answer_others(sandbox: Seedable, route: str, request: Request, account: str | None) -> dict[str, Any] | None:
    """Returns the answer of snapshots, undo and clocks, or that of a hosted flow; None for a route that is unknown."""
    travelled = sandbox.travel.answer(route, _body(request), account)
    if travelled is not None:
        return travelled
    from .flows import HostedFlows

    requested = next((value for name, value in request.headers.items() if name.lower() == "stripe-account"), None)
    connected = sandbox.connected_account(requested, account)
    return HostedFlows(lambda key: sandbox.context(account=key)).answer(route, _body(request), account, connected)


def _set_version(sandbox: Seedable, request: Request, account: str | None) -> str:
    version = _body(request).get("version")
    if not isinstance(version, str):
        raise ValueError('the body must be JSON: {"version": "2024-06-20"}')
    sandbox.set_default_version(version, account)
    return sandbox.default_version(account)


def _query_values(request: Request, name: str) -> list[Any]:
    body = json.loads(request.body)
    listed = body.get(name) if isinstance(body, dict) else None
    if not isinstance(listed, list):
        raise ValueError(f'the body must be JSON: {{"{name}": [...]}}')
    return listed


def _body(request: Request) -> dict[str, Any]:
    body = json.loads(request.body or b"{}")
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")
    return body


def _error_response(status: int, message: str) -> Response:
    return _json_response(status, {"error": {"type": "invalid_request_error", "message": message}})


def _json_response(status: int, body: Any) -> Response:
    return Response(status, {"Content-Type": "application/json"}, json.dumps(body).encode())
