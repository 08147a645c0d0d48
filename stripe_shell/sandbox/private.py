"""The sandbox's own routes, which Stripe does not have: `/_sandbox/reset`, `/_sandbox/seed` and `/_sandbox/faults`."""

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


def answer_private(
    sandbox: Seedable, request: Request, *, account: str | None = None, faults: Faults | None = None
) -> Response:
    """Carry out a request to one of these routes, for one account or (None) as `Seedable` says.

    The body of a seed is `{"objects": [...]}` in JSON, that of faults `{"faults": [...]}`, each as `parse_fault` takes
    it. Faults belong to a server: without `faults` there is no such route.
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
        if route == "faults" and faults is not None:
            faults.set([parse_fault(given) for given in _listed(request, "faults")])
            return _json(200, {"faults": faults.told()})
    except (ValueError, LookupError, TypeError) as error:
        return _refusal(400, f"Cannot carry out {route}: {error}")
    return _refusal(404, f"Unrecognized request URL ({request.method}: {request.path}).")


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
