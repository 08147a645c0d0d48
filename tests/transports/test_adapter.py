"""Requests that are prepared by hand are those that `requests` prepares."""

from __future__ import annotations

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from stripe_shell.transports.adapter import WatchedAdapter, prepare
from stripe_shell.wire import Request

SEGMENT = st.text("az09_.~-%@ ü", max_size=4)
BASES = ["https://api.stripe.com", "http://127.0.0.1:8420", "https://user:word@host", "http://[::1]:1", "HTTPS://API.x"]


def prepared_by_requests(wire: Request) -> requests.PreparedRequest:
    headers, body = dict(wire.headers), wire.body or None
    return requests.Request(wire.method, wire.target, headers=headers, data=body).prepare()


REQUESTS = st.builds(
    Request,
    st.sampled_from(["GET", "POST", "DELETE"]),
    st.builds(
        lambda base, segments: base + "".join(f"/{each}" for each in segments),
        st.sampled_from(BASES),
        st.lists(SEGMENT, max_size=4),
    ),
    st.sampled_from(["", "a=b&c=2", "limit=3&created[gte]=1", "q=a%20b", "q=%7e%41"]),
    st.binary(max_size=20),
    st.sampled_from([{"User-Agent": "x", "Idempotency-Key": "k"}, {"Content-Type": "application/json"}]),
)


@given(REQUESTS)
def test_prepared_by_hand_or_by_requests(wire: Request) -> None:
    try:
        wanted = prepared_by_requests(wire)
    except requests.RequestException as error:
        with pytest.raises(type(error)):
            prepare(wire)
        return
    found = prepare(wire)
    assert (found.method, found.url, found.body) == (wanted.method, wanted.url, wanted.body)
    assert list(found.headers.items()) == list(wanted.headers.items())
    assert found.path_url == wanted.path_url


def test_a_pool_is_kept_for_its_host_and_settings() -> None:
    adapter = WatchedAdapter()
    there = prepare(Request("GET", "https://api.stripe.com/v1/customers"))
    elsewhere = prepare(Request("GET", "https://files.stripe.com/v1/files"))
    pool = adapter.get_connection_with_tls_context(there, True)
    assert adapter.get_connection_with_tls_context(there, True, {}) is pool
    assert adapter.get_connection_with_tls_context(elsewhere, True) is not pool
    assert adapter.get_connection_with_tls_context(there, "/bundle.pem") is not pool
    assert adapter.get_connection_with_tls_context(there, True, {"https": "http://proxy:1"}) is not pool
    adapter.close()
    assert adapter.get_connection_with_tls_context(there, True) is not pool
