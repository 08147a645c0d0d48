"""Judges the addresses of connections: which of them can be used, and which are not Stripe's."""

from __future__ import annotations

import re

from stripe_shell.loopback import is_loopback

#: A host name, an IPv4 address, or an IPv6 address in brackets, with a port. Nothing else: what one parser takes for a
#: part of the host (`\\`, `;`, `%`) ends it for another, and the key would go where nobody looked.
_HOST_AND_PORT = r"(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9.])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?"


def stranger(base: str) -> str:
    """Returns host and port of the URL `base` if they are not Stripe's own, else an empty string."""
    host = base.partition("://")[2].partition("/")[0]
    return "" if host.partition(":")[0].lower().endswith(".stripe.com") else host


def base_problem(base: str) -> str:
    """Returns why requests cannot be sent to the URL `base`, empty if they can."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(base)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "the address is not a URL"
    if parts.scheme not in ("https", "http") or not host or not base.isascii() or re.search(r"\s", base):
        return "the address must look like `https://host`"
    if "?" in base or "#" in base or "@" in parts.netloc:
        return "the address must be host, port and path alone"
    if not re.fullmatch(_HOST_AND_PORT, parts.netloc) or "\\" in base:
        return "the address must look like `https://host`"
    if parts.scheme == "http" and not is_loopback(host):
        return f"plain http is for this machine only, the key would go to {host} in the clear; use https"
    return ""


def leads_elsewhere(base: str) -> bool:
    """Whether the address is one of another machine."""
    from urllib.parse import urlsplit

    return not is_loopback(urlsplit(base).hostname or "")
