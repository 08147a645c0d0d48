"""Renders a request as a curl command that sends the same bytes, with a variable in place of the key."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stripe_shell.escaping import shell_word
from stripe_shell.wire import Request


def render_curl(
    request: Request, base_url: str, *, credentials: tuple[str, ...] = ("Authorization: Bearer $STRIPE_API_KEY",)
) -> str:
    """Returns the command over several lines, for a POSIX shell, without a final line end.

    `base_url` is the scheme and host for `request.host`, without a path. `credentials` are headers that are put in
    double quotes, so that the shell expands variables. A body that is not text is passed through base64.
    """
    lines = list(_arguments(request, base_url, credentials))
    command = " \\\n  ".join(lines)
    if request.body and not _is_text(request.body):
        return f"{_base64(request.body)} |\n{command}"
    return command


def _arguments(request: Request, base_url: str, credentials: tuple[str, ...]) -> Iterator[str]:
    # --globoff: brackets in the query belong to Stripe's syntax; curl would expand them.
    yield f"curl --globoff -X {request.method} {shell_word(base_url.rstrip('/') + request.target)}"
    yield from (f'-H "{header}"' for header in credentials)
    if request.idempotency_key is not None:
        yield _header("Idempotency-Key", request.idempotency_key)
    for name, value in request.headers.items():
        yield _header(name, value)
    if request.timeout_ms is not None:
        yield f"--max-time {request.timeout_ms / 1000:g}"
    yield from _body(request)


def _header(name: str, value: str) -> str:
    return f"-H {shell_word(f'{name}: {value}')}"


def _body(request: Request) -> Iterator[str]:
    if not request.body:
        if request.method == "POST":
            yield "--data-raw ''"
    elif not _is_text(request.body):
        yield "--data-binary @-"
    elif _is_form(request):
        for pair in request.body.decode().split("&"):  # curl joins them with `&`
            yield f"--data-raw {shell_word(pair)}"
    else:
        yield f"--data-raw {shell_word(request.body.decode())}"


def _is_form(request: Request) -> bool:
    kind = next((value for name, value in request.headers.items() if name.lower() == "content-type"), "")
    return kind.startswith("application/x-www-form-urlencoded") and b"&" in request.body.strip(b"&")


def _is_text(body: bytes) -> bool:
    """Whether the body is readable in a command line: UTF-8 without control characters."""
    try:
        return re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", body.decode()) is None
    except UnicodeDecodeError:
        return False


def _base64(body: bytes) -> str:
    from base64 import b64encode

    return f"printf %s {b64encode(body).decode()} | base64 -d"
