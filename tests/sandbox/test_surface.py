"""Every call of the table is answered: no path is unknown, nothing breaks, and answers have the promised shape."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stripe_shell.spec.model import Operation
from stripe_shell.spec.table import Table, load_table
from stripe_shell.wire import Request, Response, encode_form
from tests.spec.minimal import minimal_call

from .conformity import departures
from .conftest import Client

ORDER = {"POST": 0, "GET": 1, "DELETE": 2}

#: Parameters that make a call succeed where the smallest valid one breaks a rule.
BETTER: dict[str, dict[str, Any]] = {
    "coupons": {"percent_off": 10},
    "customers": {"email": "jane@example.com", "name": "Jane"},
    "webhook_endpoints": {"enabled_events": ["*"], "url": "https://example.com"},
}


def part(name: str, value: Any) -> bytes:
    """One field of an upload; bytes are a file."""
    file = b'; filename="f"' if isinstance(value, bytes) else b""
    content = value if isinstance(value, bytes) else str(value).encode()
    return b'--X\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n' % (name.encode(), file, content)


def encoded(operation: Operation, path: str, params: dict[str, Any]) -> Request:
    """The call as a request."""
    if operation.encoding == "multipart":
        body = b"".join(part(name, value) for name, value in params.items()) + b"--X--\r\n"
        return Request("POST", path, body=body, headers={"Content-Type": "multipart/form-data; boundary=X"})
    if operation.encoding == "json" and operation.method == "POST":
        return Request("POST", path, body=json.dumps(params).encode(), headers={"Content-Type": "application/json"})
    text = encode_form(params)
    if operation.method == "POST":
        return Request("POST", path, body=text.encode())
    return Request(operation.method, path, query=text)


def call(stripe: Client, operation: Operation, ids: dict[str, str]) -> Response:
    """The smallest call; ids in its path are those of objects that were made, where there are any."""
    path_params, params = minimal_call(operation)
    path = operation.path
    for name, made_up in path_params.items():
        path = path.replace(f"{{{name}}}", ids.get(operation.path_words[name], made_up))
    params |= BETTER.get(operation.path.removeprefix("/v1/"), {}) if operation.method == "POST" else {}
    response = stripe.sandbox.send(encoded(operation, path, params))
    if stripe.mistakes:
        raise AssertionError(f"{operation.method} {path}") from stripe.mistakes.pop()
    assert response.status < 500, f"{operation.method} {path}: {response.body.decode()}"
    assert b"Unrecognized request URL" not in response.body, f"{operation.method} {path}"
    return response


def remember(response: Response, ids: dict[str, str]) -> None:
    """Note the id of what was made, for the paths of later calls."""
    if response.status == 200 and response.body.startswith(b"{"):
        body = response.json()
        if body.get("id") and not body.get("deleted"):
            ids.setdefault(body["object"], body["id"])


def test_every_call_on_nothing(stripe: Client, table: Table) -> None:
    for operation in table.operations():
        response = call(stripe, operation, {})
        assert response.status in (200, 400, 404), operation.name


def test_every_call_on_what_was_made(stripe: Client, table: Table) -> None:
    ids: dict[str, str] = {}
    operations = sorted(table.operations(), key=lambda operation: (ORDER[operation.method], len(operation.path_params)))
    for operation in operations:
        remember(call(stripe, operation, ids), ids)
    assert len(ids) > 60


def shaped() -> list[Operation]:
    """Creations without a parent, and the lists and singletons."""
    return [found for found in load_table().operations() if not found.path_params and found.method != "DELETE"]


@pytest.mark.parametrize("operation", shaped(), ids=lambda operation: f"{operation.method} {operation.path}")
def test_answers_have_the_promised_shape(stripe: Client, table: Table, operation: Operation) -> None:
    response = call(stripe, operation, {})
    if response.status == 200:
        body = response.json()
        assert list(departures(table, operation.response, body)) == []


def test_generic_objects_live(stripe: Client) -> None:
    params = {"display_name": "x", "event_name": "e", "default_aggregation": {"formula": "sum"}}
    made = stripe.post("/v1/billing/meters", params)
    path = f"/v1/billing/meters/{made['id']}"
    assert made["status"] == "active"
    assert stripe.post(path, {"display_name": "y"})["display_name"] == "y"
    assert stripe.post(f"{path}/deactivate")["status"] == "inactive"
    assert stripe.post(f"{path}/reactivate")["status"] == "active"
    assert stripe.get(path)["display_name"] == "y"
    value_list = stripe.post("/v1/radar/value_lists", {"alias": "a", "name": "n"})["id"]
    gone = stripe.delete(f"/v1/radar/value_lists/{value_list}")
    assert gone == {"id": value_list, "object": "radar.value_list", "deleted": True}
    assert stripe.refused("GET", f"/v1/radar/value_lists/{value_list}")["status"] == 404
    assert stripe.refused("DELETE", f"/v1/radar/value_lists/{value_list}")["status"] == 404


def test_singletons_keep_what_they_are_told(stripe: Client) -> None:
    assert stripe.get("/v1/tax/settings")["object"] == "tax.settings"
    stripe.post("/v1/tax/settings", {"defaults": {"tax_behavior": "inclusive"}})
    assert stripe.get("/v1/tax/settings")["defaults"]["tax_behavior"] == "inclusive"
    customers = [stripe.post("/v1/customers")["id"] for _ in range(2)]
    path = f"/v1/customers/{customers[0]}/cash_balance"
    assert stripe.get(path)["customer"] == customers[0]
    stripe.post(path, {"settings": {"reconciliation_mode": "manual"}})
    assert stripe.get(path)["settings"]["reconciliation_mode"] == "manual"
    assert stripe.get(f"/v1/customers/{customers[1]}/cash_balance")["settings"]["reconciliation_mode"] != "manual"


def test_a_parameter_that_names_nothing(stripe: Client) -> None:
    params = {"customer": "cus_x", "components": {"buy_button": {"enabled": True}}}
    error = stripe.refused("POST", "/v1/customer_sessions", params)
    assert (error["status"], error["code"], error["param"]) == (400, "resource_missing", "customer")


def test_calls_of_the_command_line_tool_that_the_description_lacks(stripe: Client) -> None:
    stripe.sandbox.seed([{"object": "checkout.session", "id": "cs_test_1"}, {"object": "issuing.card", "id": "ic_1"}])
    assert stripe.get("/v1/payment_pages/cs_test_1")["object"] == "checkout.session"
    paid = stripe.post("/v1/payment_pages/cs_test_1/confirm", {"payment_method": "pm_card_visa", "expected_amount": 1})
    assert paid["id"] == "cs_test_1"
    asked = stripe.post("/v1/issuing/cards/ic_1/test/authorizations", {"held_amount": 1})
    assert asked["object"] == "issuing.authorization"
    assert stripe.refused("GET", "/v1/payment_pages/cs_x")["code"] == "resource_missing"


def test_lists_of_several_kinds(stripe: Client) -> None:
    customer = stripe.post("/v1/customers")["id"]
    path = f"/v1/customers/{customer}/sources"
    made = []
    for source in ("tok_visa", "btok_us_verified", "tok_amex"):
        stripe.clock.advance(1)
        made.append(stripe.post(path, {"source": source}))
    assert [row["object"] for row in made] == ["card", "bank_account", "card"]
    first = stripe.get(path, {"limit": 2})
    assert ([row["id"] for row in first["data"]], first["has_more"]) == ([made[2]["id"], made[1]["id"]], True)
    rest = stripe.get(path, {"limit": 2, "starting_after": made[1]["id"]})
    assert ([row["id"] for row in rest["data"]], rest["has_more"]) == ([made[0]["id"]], False)
    assert [row["id"] for row in stripe.get(path, {"object": "bank_account"})["data"]] == [made[1]["id"]]
    expanded = stripe.get(f"/v1/customers/{customer}", {"expand": ["sources"]})["sources"]
    assert [row["id"] for row in expanded["data"]] == [made[at]["id"] for at in (0, 2, 1)]


def test_what_lives_on_a_test_clock_is_listed_with_its_clock_or_customer(stripe: Client) -> None:
    clock = stripe.post("/v1/test_helpers/test_clocks", {"frozen_time": 1_577_836_800})["id"]
    stripe.post("/v1/customers", {"test_clock": clock})
    assert stripe.get("/v1/customers")["data"] == []
    assert len(stripe.get("/v1/customers", {"test_clock": clock})["data"]) == 1
