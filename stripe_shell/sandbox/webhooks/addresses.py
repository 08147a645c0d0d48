"""Checks the URLs that events are to be delivered to."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from stripe_shell.sandbox.errors import StripeError

_MOST_CHARACTERS: Final = 5000
_LABEL: Final = re.compile(r"[\w](?:[\w-]{0,61}[\w])?")


def check_webhook_url(url: object, param: str) -> None:
    """Raises StripeError (`url_invalid`, naming the parameter) for what is no complete `http` or `https` URL."""
    if not isinstance(url, str) or not _is_url(url):
        raise StripeError("Not a valid URL", code="url_invalid", param=param)


def _is_url(url: str) -> bool:
    if len(url) > _MOST_CHARACTERS or not url.isprintable() or any(char in url for char in ' "<>\\^`{|}'):
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and port != 0 and _is_host(parts.hostname or "", parts.netloc)


def _is_host(host: str, netloc: str) -> bool:
    """Whether it is an IPv6 address in brackets, which `urlsplit` has checked, or a name of up to 253 characters."""
    if "[" in netloc or ":" in host:
        return netloc.rpartition("@")[2].startswith("[")
    labels = host.removesuffix(".").split(".")
    if not all(_LABEL.fullmatch(label) for label in labels):
        return False
    try:
        return len(host.encode("idna")) <= 253
    except UnicodeError:
        return False
