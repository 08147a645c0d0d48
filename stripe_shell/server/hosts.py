"""Checks the `Host` header, so that a web page whose name was rebound to this machine cannot reach the sandbox.

A browser sends the name of the page's own site, which its owner can let point to 127.0.0.1 (DNS rebinding). Addresses
and names that no public DNS server answers for cannot be rebound: they are accepted everywhere, as are the names that
the user has allowed.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

from stripe_shell.sandbox.errors import StripeError

#: The endings of names that public DNS has none of (RFC 6761, 6762, 8375, and `.internal`, which ICANN reserves).
_RESERVED: Final = (".localhost", ".local", ".internal", ".test", ".home.arpa")
#: Stripe's own names, which nobody else can let point elsewhere: programs under test reach the sandbox under them,
#: by a proxy or by /etc/hosts (`meter-events.stripe.com` in scripts/triggers).
_STRIPES: Final = (".stripe.com",)


def check_host(header: str | None, allowed: Collection[str]) -> None:
    """Raises StripeError (403) for a `Host` that is neither local nor in `allowed`; a missing one is accepted."""
    if header is None or _is_local(header):
        return
    name = _name_of(header)
    if name not in allowed:
        raise StripeError(
            "This sandbox does not answer to the host name of this request, which may be that of a web page: start it "
            f"with --allow-host {name} to allow it.",
            status=403,
            validation=True,
        )


@lru_cache(maxsize=256)
def _is_local(header: str) -> bool:
    """Whether the host of the header is an address, a name without a dot, or one that nobody can rebind."""
    name = _name_of(header)
    if "." not in name or name.endswith((*_RESERVED, *_STRIPES)):
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _name_of(header: str) -> str:
    """Returns the host without its port and its final dot, in lower case."""
    name = header.strip().lower()
    if name.startswith("["):
        return name.partition("]")[0][1:]
    return name.partition(":")[0].rstrip(".")
