"""The sandbox's own routes, which Stripe does not have: `/_sandbox/reset` and `/_sandbox/seed`."""

from __future__ import annotations

import json
from typing import Any, Protocol

from stripe_shell.wire import Request, Response

#: What the paths of these routes begin with.
PRIVATE = "/_sandbox/"


class Seedable(Protocol):
    """What the routes need of a sandbox."""

    def seed(self, objects: list[dict[str, Any]]) -> None:
        """Put whole objects in. Raises ValueError for one that cannot be put in."""
        ...

    def reset(self) -> None:
        """Forget every object."""
        ...


def answer_private(sandbox: Seedable, request: Request) -> Response:
    """Carry out a request to one of these routes; the body of a seed is `{"objects": [...]}` in JSON."""
    if request.method == "POST" and request.path == f"{PRIVATE}reset":
        sandbox.reset()
        return _json(200, {"reset": True})
    if request.method == "POST" and request.path == f"{PRIVATE}seed":
        try:
            objects = json.loads(request.body)["objects"]
            sandbox.seed(objects)
        except (ValueError, LookupError, TypeError) as error:
            return _json(400, {"error": {"type": "invalid_request_error", "message": f"Cannot seed: {error}"}})
        return _json(200, {"seeded": len(objects)})
    message = f"Unrecognized request URL ({request.method}: {request.path})."
    return _json(404, {"error": {"type": "invalid_request_error", "message": message}})


def _json(status: int, body: Any) -> Response:
    return Response(status, {"Content-Type": "application/json"}, json.dumps(body).encode())
