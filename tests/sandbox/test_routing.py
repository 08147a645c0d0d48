"""The route of a request: kind, role, own parameter and method are found once."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from stripe_shell.sandbox.objects import routing
from stripe_shell.sandbox.objects.resource import Resource

from .conftest import Client

FOUND_ONCE = [(routing, "kind_of"), (routing, "role_of"), (routing, "own_param"), (Resource, "action_method")]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each part of a route was looked up, by the name of the function."""
    counts: Counter[str] = Counter()

    def watch(owner: Any, name: str) -> None:
        original = getattr(owner, name)

        def count(*given: Any) -> Any:
            counts[name] += 1
            return original(*given)

        monkeypatch.setattr(owner, name, count)

    for owner, name in FOUND_ONCE:
        watch(owner, name)
    return counts


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/customers"),
        ("GET", "/v1/customers"),
        ("GET", "/v1/customers/{id}"),
        ("POST", "/v1/customers/{id}"),
        ("DELETE", "/v1/customers/{id}"),
        ("GET", "/v1/customers/{id}/balance_transactions"),
        ("GET", "/v1/customers/{id}/cash_balance"),
        ("DELETE", "/v1/customers/{id}/discount"),
        ("GET", "/v1/customers/search"),
        ("GET", "/v1/balance"),
        ("POST", "/v1/invoices/create_preview"),
    ],
)
def test_a_route_is_found_once_a_request(method: str, path: str, stripe: Client, counted: Counter[str]) -> None:
    customer = stripe.post("/v1/customers")["id"]
    params = {"query": "email:'a@b.co'"} if path.endswith("search") else {}
    counted.clear()
    stripe.send(method, path.replace("{id}", customer), params)
    assert counted == {name: 1 for _, name in FOUND_ONCE}
