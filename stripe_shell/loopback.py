"""Tells hosts of this machine from others."""

from __future__ import annotations


def is_loopback(host: str) -> bool:
    """Whether a host is `localhost` or a loopback address: what the system never sends to another machine."""
    from ipaddress import ip_address

    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def is_local_name(host: str) -> bool:
    """Whether a host is a name below `.localhost`, which RFC 6761 reserves for this machine.

    Not every resolver knows them, so whoever connects to one connects to 127.0.0.1.
    """
    return host.endswith(".localhost")
