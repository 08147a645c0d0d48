"""The comparison of answers with the description can fail: one that is bent in one place is found out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from stripe_shell.spec.table import Table
from stripe_shell.wire import Request, Response

from .conformity import Conformity
from .conftest import Client, Json

Bend = Callable[[Json], Any]


def found(stripe: Client, table: Table, path: str, bend: Bend) -> list[str]:
    """What is wrong with the answer to a GET after it was bent."""
    conformity = Conformity(table)
    request = Request("GET", path)
    response = stripe.sandbox.send(request)
    body = response.json()
    bend(body)
    bent = Response(response.status, response.headers, json.dumps(body).encode())
    conformity.look(stripe.sandbox, request, bent)
    assert conformity.answers == 1
    return conformity.told()


@pytest.mark.parametrize(
    ("bend", "problem"),
    [
        (lambda body: None, None),
        (lambda body: body.pop("livemode"), ".livemode: missing"),
        (lambda body: body.update(created="now"), ".created: not a time but 'now'"),
        (lambda body: body.update(id=None), ".id: null"),
        (lambda body: body.update(tax_exempt="maybe"), ".tax_exempt: 'maybe' is not allowed"),
        (lambda body: body.update(balance=True), ".balance: not a integer but True"),
        (lambda body: body["invoice_settings"].pop("footer"), None),
        (lambda body: body.update(preferred_locales={}), ".preferred_locales: not a list but {}"),
        (lambda body: body.update(invented=1), None),
    ],
)
def test_a_bent_customer(stripe: Client, table: Table, bend: Bend, problem: str | None) -> None:
    """Missing, null, of another type, not in the enum; what is more than described is let be."""
    customer = stripe.post("/v1/customers", {"name": "Ann"})
    problems = found(stripe, table, f"/v1/customers/{customer['id']}", bend)
    assert problems == ([f"GET /v1/customers/{{customer}}{problem}"] if problem else [])


def test_a_bent_row_of_a_list(stripe: Client, table: Table) -> None:
    """Every row is looked at."""
    for name in ("Ann", "Bob"):
        stripe.post("/v1/products", {"name": name})
    problems = found(stripe, table, "/v1/products", lambda body: body["data"][1].update(active="yes"))
    assert problems == ["GET /v1/products.data[1].active: not a boolean but 'yes'"]


def test_a_bent_snapshot(stripe: Client, table: Table) -> None:
    """What an event shows is compared with the schema of its own kind."""
    stripe.post("/v1/products", {"name": "Gold"})
    problems = found(stripe, table, "/v1/events", lambda body: body["data"][0]["data"]["object"].pop("name"))
    assert problems == ["event product.created.name: missing"]


@pytest.mark.parametrize(
    ("bend", "problem"),
    [
        (lambda body: None, None),
        (lambda body: body["error"].update(type="rate_limit_error"), "an error of the type 'rate_limit_error'"),
        (lambda body: body["error"].pop("message"), "an error without a message"),
    ],
)
def test_a_bent_refusal(stripe: Client, table: Table, bend: Bend, problem: str | None) -> None:
    """§2.1: four types, always a message, no null."""
    problems = found(stripe, table, "/v1/customers/cus_nothing", bend)
    assert problems == ([f"GET /v1/customers/{{customer}}: {problem}"] if problem else [])
