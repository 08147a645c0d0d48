"""Renders a request and its response as sent over HTTP, for `--verbose` and `--dry-run`."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote_plus

from stripe_shell.escaping import visible
from stripe_shell.wire import Request, Response


def render_request(request: Request) -> str:
    """Returns method and target, headers, then one decoded parameter per line.

    Control characters are escaped, so that no value can control a terminal or imitate another line.
    """
    return "\n".join(map(visible, _request_lines(request)))


def render_exchange(request: Request, response: Response | None, problem: str = "") -> str:
    """Returns the request marked `>`, and the response marked `<` or the problem.

    The caller masks secrets.
    """
    lines = [f"> {line}" for line in _request_lines(request)]
    if response is None:
        return "\n".join(map(visible, [*lines, f"< {problem or 'no answer'}"]))
    lines += [f"< {line}" for line in _response_lines(response)]
    return "\n".join(map(visible, lines))


def render_response(response: Response) -> str:
    """Returns status and time, headers, then the body as sent. Control characters are escaped."""
    return "\n".join(map(visible, _response_lines(response)))


def _response_lines(response: Response) -> Iterator[str]:
    yield f"{response.status} ({response.elapsed:.0f} ms)"
    yield from (f"{name}: {value}" for name, value in response.headers.items())
    yield from response.body.decode("utf-8", "replace").splitlines()


def _request_lines(request: Request) -> Iterator[str]:
    yield f"{request.method} {request.path}"
    yield from (f"{name}: {value}" for name, value in request.headers.items())
    if request.idempotency_key:
        yield f"Idempotency-Key: {request.idempotency_key}"
    yield from (unquote_plus(pair) for pair in request.query.split("&") if pair)
    body = request.body
    if body and request.headers.get("Content-Type", "").endswith("urlencoded"):
        yield from (unquote_plus(pair) for pair in body.decode().split("&"))
    elif body and request.headers.get("Content-Type", "") == "application/json":
        yield body.decode()
    elif body:
        yield f"({len(body)} bytes)"
