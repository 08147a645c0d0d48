"""The sandbox's own routes below `/_sandbox/`, which Stripe does not have: reset, seed, faults, and travel.py's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from stripe_shell.errors import UsageError
from stripe_shell.wire import Request, Response

from .faults import Faults, parse_fault

#: The prefix of these routes.
PRIVATE = "/_sandbox/"


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

    def authenticate(self, intent: str, *, passed: bool = True, account: str | None = None) -> None:
        """Completes an intent's `next_action`. Raises ValueError for an intent not in `requires_action`."""
        ...


def answer_private(
    sandbox: Seedable, request: Request, *, account: str | None = None, faults: Faults | None = None
) -> Response:
    """Runs a request to one of these routes and returns the response; `account` None is passed to `Seedable`.

    JSON bodies: `{"objects": [...]}` for seed; `{"faults": [...]}` for faults, in the forms of `parse_fault`;
    `{"intent": "pi_…", "passed": true}` for authenticate, where `passed` says whether the customer completed 3D Secure.
    `{"version": "2024-06-20"}` for version sets the default API version.
    The route of faults exists only in a server, which passes `faults`.
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
        if route == "authenticate":
            return _authenticate(sandbox, request, account)
        if route == "version":
            return _json_response(200, {"version": _set_version(sandbox, request, account)})
        if route == "faults" and faults is not None:
            faults.set([parse_fault(given) for given in _query_values(request, "faults")])
            return _json_response(200, {"faults": faults.as_json()})
        travelled = sandbox.travel.answer(route, _body(request), account) if route else None
        if travelled is not None:
            return _json_response(200, travelled)
    except UsageError as error:
        return _error_response(400, str(error))
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        return _error_response(400, f"Cannot carry out {route}: {error}")
    return _error_response(404, f"Unrecognized request URL ({request.method}: {request.path}).")


def _authenticate(sandbox: Seedable, request: Request, account: str | None) -> Response:
    body = json.loads(request.body)
    if not isinstance(body, dict) or not isinstance(body.get("intent"), str):
        raise ValueError('the body must be JSON: {"intent": "pi_…", "passed": true}')
    passed = body.get("passed", True) is True
    sandbox.authenticate(body["intent"], passed=passed, account=account)
    return _json_response(200, {"authenticated": passed})


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
