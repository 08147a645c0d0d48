"""Authenticates requests: extracts the key of the `Authorization` header, with Stripe's errors for invalid ones."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NotBase64
from typing import Final

from stripe_shell.sandbox.errors import StripeError

_SECRET_KEY: Final = re.compile(r"(sk|rk)_test_\w+", re.ASCII)
_LIVE_KEY: Final = re.compile(r"(sk|rk|pk|ek)_live_")
_PUBLISHABLE_KEY: Final = re.compile(r"pk_test_")

_NO_KEY: Final = (
    "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth "
    "(e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). Any key that begins with sk_test_ will do here; each has an "
    "account of its own."
)
_LIVE: Final = (
    "This is a local sandbox, and this key is a live key: it belongs to real money and has no business here. Nothing "
    "was done and the key was not kept. Use any key that begins with sk_test_."
)
_PUBLISHABLE: Final = "This API call cannot be made with a publishable API key. Please use a secret API key."


def key_of(authorization: str | None) -> str:
    """Returns the secret test key of an `Authorization` header, as Bearer token or as Basic user name.

    Raises StripeError (401) if there is none, and for a live, a publishable or a malformed one.
    """
    key = stated_key(authorization or "")
    if not key:
        raise _key_error(_NO_KEY)
    if _SECRET_KEY.fullmatch(key):
        return key
    if _LIVE_KEY.match(key):
        raise _key_error(_LIVE)
    if _PUBLISHABLE_KEY.match(key):
        raise _key_error(_PUBLISHABLE, "secret_key_required")
    raise _key_error(f"Invalid API Key provided: {mask_sandbox_key(key)}")


def mask_sandbox_key(key: str) -> str:
    """Returns a key as Stripe masks it: its prefix, asterisks, and its last four characters."""
    head = re.match(r"(?:sk|rk|pk|ek)_(?:test|live)_", key)
    prefix = head.group() if head else key[:3] if len(key) > 11 else ""
    hidden = len(key) - len(prefix) - 4
    return f"{prefix}{'*' * hidden}{key[-4:]}" if hidden > 0 else "*" * len(key)


def stated_key(authorization: str) -> str:
    """Returns the key of an `Authorization` header: a Bearer token, or the user name of Basic authentication; or ""."""
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return b64decode(rest.strip(), validate=True).decode("utf-8").partition(":")[0]
    except (NotBase64, ValueError):
        return ""


def _key_error(message: str, code: str | None = None) -> StripeError:
    return StripeError(message, status=401, code=code, validation=True)
