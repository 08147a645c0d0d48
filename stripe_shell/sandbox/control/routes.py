"""The sandbox's own routes below `/_sandbox/`, which Stripe does not have: reset, seed, faults, authenticate."""

from __future__ import annotations

import json
from typing import Any, Protocol

from stripe_shell.wire import Request, Response

from .faults import Faults, parse_fault

#: What the paths of these routes begin with.
PRIVATE = "/_sandbox/"


class Seedable(Protocol):
    """What the routes need of a sandbox. `account` None means the file's first account, and for `reset` all of them."""

    def seed(self, objects: list[dict[str, Any]], *, account: str | None = None) -> None:
        """Put whole objects in. Raises ValueError for one that cannot be put in."""
        ...

    def reset(self, account: str | None = None) -> None:
        """Forget every object."""
        ...

    def authenticate(self, intent: str, *, passed: bool = True, account: str | None = None) -> None:
        """End what an intent in `requires_action` waits for. Raises ValueError for one that waits for nothing."""
        ...


def answer_private(
    sandbox: Seedable, request: Request, *, account: str | None = None, faults: Faults | None = None
) -> Response:
    """Carry out a request to one of these routes, for one account or (None) as `Seedable` says.

    The body of a seed is `{"objects": [...]}` in JSON, that of faults `{"faults": [...]}`, each as `parse_fault` takes
    it. Faults belong to a server: without `faults` there is no such route. That of authenticate is
    `{"intent": "pi_…", "passed": true}`: the customer went through 3D Secure, or failed to.
    """
    route = request.path.removeprefix(PRIVATE) if request.method == "POST" else ""
    try:
        if route == "reset":
            sandbox.reset(account)
            return _json(200, {"reset": True})
        if route == "seed":
            objects = _listed(request, "objects")
            sandbox.seed(objects, account=account)
            return _json(200, {"seeded": len(objects)})
        if route == "authenticate":
            return _authenticate(sandbox, request, account)
        if route == "faults" and faults is not None:
            faults.set([parse_fault(given) for given in _listed(request, "faults")])
            return _json(200, {"faults": faults.told()})
    except (ValueError, LookupError, TypeError) as error:
        return _refusal(400, f"Cannot carry out {route}: {error}")
    return _refusal(404, f"Unrecognized request URL ({request.method}: {request.path}).")


def _authenticate(sandbox: Seedable, request: Request, account: str | None) -> Response:
    body = json.loads(request.body)
    if not isinstance(body, dict) or not isinstance(body.get("intent"), str):
        raise ValueError('the body must be JSON: {"intent": "pi_…", "passed": true}')
    passed = body.get("passed", True) is True
    sandbox.authenticate(body["intent"], passed=passed, account=account)
    return _json(200, {"authenticated": passed})


def _listed(request: Request, name: str) -> list[Any]:
    body = json.loads(request.body)
    listed = body.get(name) if isinstance(body, dict) else None
    if not isinstance(listed, list):
        raise ValueError(f'the body must be JSON: {{"{name}": [...]}}')
    return listed


def _refusal(status: int, message: str) -> Response:
    return _json(status, {"error": {"type": "invalid_request_error", "message": message}})


def _json(status: int, body: Any) -> Response:
    return Response(status, {"Content-Type": "application/json"}, json.dumps(body).encode())
