"""Limits of what a request may hold, checked before it is decoded, so that no single one keeps all others waiting."""

from __future__ import annotations

from email.message import Message
from typing import Any, Final

from stripe_shell.sandbox.errors import StripeError

#: The most parameters of a request. Stripe documents no limit; this is Rack's, the framework of Stripe's API.
MOST_PARAMETERS: Final = 4096

#: The maximum size of a form or of a JSON body in bytes, a quarter of Rack's; files are sent in parts.
MOST_BYTES: Final = 1_048_576


def check_form(text: str | bytes) -> None:
    """Raises StripeError for a form with too many pairs."""
    pairs = text.count("&") if isinstance(text, str) else text.count(b"&")
    _refuse_over(pairs + 1)


def check_size(body: bytes) -> None:
    """Raises StripeError (413) for a form or a JSON body that is too large."""
    if len(body) > MOST_BYTES:
        raise StripeError(
            f"Invalid request: the body is larger than {MOST_BYTES:,} bytes.", status=413, validation=True
        )


def check_json(value: Any) -> None:
    """Raises StripeError for a JSON value with too many members and elements."""
    count, waiting = 0, [value]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, dict | list):
            count += len(inner)
            _refuse_over(count)
            waiting += inner.values() if isinstance(inner, dict) else inner


def check_multipart(content_type: str, body: bytes) -> None:
    """Raises StripeError for a multipart body with too many parts."""
    header = Message()
    header["Content-Type"] = content_type
    boundary = header.get_boundary()
    if boundary:
        _refuse_over(body.count(b"--" + boundary.encode("utf-8", "surrogateescape")) - 1)


def _refuse_over(count: int) -> None:
    if count > MOST_PARAMETERS:
        raise StripeError(f"Invalid request: more than {MOST_PARAMETERS} parameters.", validation=True)
