"""Which hosts are this machine."""

from __future__ import annotations

import pytest

from stripe_shell.loopback import is_local_name, is_loopback


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_hosts_of_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "example.com", "10.0.0.1", "::2", "localhost.example.com", "127.0.0.1.example.com", "127.300.0.1"]
)
def test_hosts_of_other_machines(host: str) -> None:
    assert not is_loopback(host)
    assert not is_local_name(host)


def test_a_name_below_localhost_is_no_loopback_address() -> None:
    """A resolver may send it elsewhere, so that a key must not go there in the clear."""
    assert is_local_name("app.localhost")
    assert not is_loopback("app.localhost")
