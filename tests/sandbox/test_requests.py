"""Requests before they run: paths, versions, parameters, and Stripe's words for each mistake."""

from __future__ import annotations

import json

import pytest

from stripe_shell.sandbox import errors
from stripe_shell.wire import Request

from .conftest import Client


def test_success_is_200_with_the_usual_headers(stripe: Client) -> None:
    response = stripe.send("POST", "/v1/customers", {"name": "Jane"})
    assert response.status == 200
    assert (response.header("request-id") or "").startswith("req_")
    assert response.header("stripe-version") == stripe.sandbox.table.version
    assert response.header("stripe-shell-modelled") == "modelled"
    assert response.header("idempotency-key") is None
    assert response.header("content-type") == "application/json"


def test_an_object_without_behaviour_says_so(stripe: Client) -> None:
    assert stripe.send("POST", "/v1/shipping_rates", {"display_name": "x"}).header("stripe-shell-modelled") == "generic"


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/nope"), ("DELETE", "/v1/prices/price_1"), ("GET", "/")])
def test_unknown_path_or_wrong_method(stripe: Client, method: str, path: str) -> None:
    error = stripe.refused(method, path)
    assert error["status"] == 404
    assert error["type"] == "invalid_request_error"
    assert error["message"].startswith(f"Unrecognized request URL ({method}: {path}).")
    assert "code" not in error and "doc_url" not in error


def test_bad_version(stripe: Client) -> None:
    error = stripe.refused("GET", "/v1/customers", headers={"Stripe-Version": "yesterday"})
    assert error == {
        "status": 400,
        "type": "invalid_request_error",
        "message": "Invalid Stripe API version: yesterday",
    }


def test_an_answer_names_the_version_that_was_asked_for(stripe: Client) -> None:
    response = stripe.send("GET", "/v1/customers", headers={"Stripe-Version": "2024-09-30.acacia"})
    assert response.status == 200
    assert response.header("stripe-version") == "2024-09-30.acacia"
    assert stripe.send("GET", "/v1/customers").header("stripe-version") == stripe.sandbox.table.version


@pytest.mark.parametrize(
    ("path", "params", "code", "message", "param"),
    [
        ("customers", {"nope": "1"}, "parameter_unknown", "Received unknown parameter: nope", "nope"),
        ("customers", {"a": "1", "b": "2"}, "parameter_unknown", "Received unknown parameters: a, b", "a"),
        (
            "customers",
            {"invoice_settings": {"nope": "1"}},
            "parameter_unknown",
            "Received unknown parameter: invoice_settings[nope]",
            "invoice_settings[nope]",
        ),
        ("products", {}, "parameter_missing", "Missing required param: name.", "name"),
        (
            "prices",
            {"currency": "usd", "unit_amount": "1.5"},
            "parameter_invalid_integer",
            "Invalid integer: 1.5",
            "unit_amount",
        ),
        (
            "customers",
            {"tax_exempt": "maybe"},
            None,
            "Invalid tax_exempt: must be one of exempt, none, or reverse",
            "tax_exempt",
        ),
        ("customers", {"invoice_settings": "x"}, None, "Invalid object", "invoice_settings"),
        ("customers", {"preferred_locales": "x"}, None, "Invalid array", "preferred_locales"),
        ("prices", {"currency": ""}, "parameter_invalid_empty", None, "currency"),
        ("customers", {"expand": "x"}, None, "Invalid array", "expand"),
    ],
)
def test_parameter_mistakes(  # noqa: PLR0917
    stripe: Client, path: str, params: dict[str, object], code: str | None, message: str | None, param: str
) -> None:
    error = stripe.refused("POST", f"/v1/{path}", params)
    assert error["status"] == 400
    assert error["type"] == "invalid_request_error"
    assert error.get("code") == code
    assert error["param"] == param
    if message:
        assert error["message"] == message
    assert error.get("doc_url") == (f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}" if code else None)


def test_an_unknown_currency_is_refused_with_the_list(stripe: Client) -> None:
    error = stripe.refused("POST", "/v1/payouts", {"amount": 1, "currency": "xyz"})
    assert error["message"].startswith("Invalid currency: xyz. Stripe currently supports these currencies: usd, ")
    assert not error["message"].endswith(".")
    assert error["param"] == "currency"


def test_empty_required_parameter(stripe: Client) -> None:
    error = stripe.refused("POST", "/v1/customers", {"tax_id_data": [{"type": "", "value": "x"}]})
    assert error["code"] == "parameter_invalid_empty"
    assert error["message"].startswith("You passed an empty string for 'tax_id_data[0][type]'.")


@pytest.mark.parametrize(("first", "second"), [("[]", "[]"), ("[0]", "[1]"), ("[1]", "[2]")])
def test_every_spelling_of_an_array(stripe: Client, first: str, second: str) -> None:
    body = f"preferred_locales{first}=de&preferred_locales{second}=fr".encode()
    response = stripe.sandbox.send(Request("POST", "/v1/customers", body=body))
    assert response.json()["preferred_locales"] == ["de", "fr"]


def test_booleans_as_the_python_library_spells_them(stripe: Client) -> None:
    stripe.post("/v1/products", {"name": "on"})
    stripe.post("/v1/products", {"name": "off", "active": "False"})
    found = stripe.get("/v1/products", {"active": "True"})
    assert [product["name"] for product in found["data"]] == ["on"]


def test_a_body_that_is_no_utf8_is_refused(stripe: Client) -> None:
    for body in (b"name=%ff%fe", b"name=%ED%A0%80", b"name=\xff"):
        response = stripe.sandbox.send(Request("POST", "/v1/customers", body=body))
        assert response.status == 400, body
        assert "UTF-8" in response.json()["error"]["message"]
    assert stripe.get("/v1/customers")["data"] == []


def test_a_body_that_is_no_json_is_refused(stripe: Client) -> None:
    for body in (b"{", b"[]", b"[" * 100_000):
        request = Request("POST", "/v2/core/accounts", body=body, headers={"Content-Type": "application/json"})
        assert stripe.sandbox.send(request).status == 400


def test_text_of_all_planes_survives(stripe: Client) -> None:
    name = "Zoë 😀 \x00 \u2028 'quoted' \"double\" \\ %"
    made = stripe.post("/v1/customers", {"name": name})
    assert stripe.get(f"/v1/customers/{made['id']}")["name"] == name


def test_nested_update_sets_what_is_there_and_keeps_the_rest(stripe: Client) -> None:
    made = stripe.post("/v1/customers", {"shipping": {"name": "J", "address": {"city": "Bonn", "line1": "1"}}})
    path = f"/v1/customers/{made['id']}"
    assert set(made["shipping"]["address"]) == {"city", "country", "line1", "line2", "postal_code", "state"}
    assert "carrier" not in made["shipping"]
    changed = stripe.post(path, {"shipping": {"name": "J", "address": {"line1": "2"}}})
    assert changed["shipping"]["address"] | {"city": "Bonn", "line1": "2"} == changed["shipping"]["address"]
    assert stripe.sandbox.send(Request("POST", path, body=b"shipping[name]=K")).status in (200, 400)
    assert stripe.post(path, {"shipping": ""})["shipping"] is None


def test_the_empty_text_clears(stripe: Client) -> None:
    made = stripe.post("/v1/customers", {"email": "a@b.c", "address": {"city": "x"}, "metadata": {"a": "1"}})
    cleared = stripe.post(f"/v1/customers/{made['id']}", {"email": "", "address": "", "metadata": ""})
    assert (cleared["email"], cleared["address"], cleared["metadata"]) == (None, None, {})


def test_order_of_checks(stripe: Client) -> None:
    """Names and types, then expand, then the path's id, then ids in parameters, then rules."""
    unknown = {"nope": "1", "expand": ["nope"], "default_source": "x"}
    assert stripe.refused("POST", "/v1/customers/cus_x", unknown)["code"] == "parameter_unknown"
    assert "cannot be expanded" in stripe.refused("POST", "/v1/customers/cus_x", {"expand": ["nope"]})["message"]
    missing = stripe.refused("POST", "/v1/customers/cus_x", {"email": "bad"})
    assert (missing["status"], missing["code"]) == (404, "resource_missing")


def test_a_mistake_of_our_own_is_a_500_that_changes_nothing(stripe: Client) -> None:
    resource = stripe.sandbox.registry.resource("customer")

    def fail(*_: object) -> None:
        raise ZeroDivisionError("broken")

    resource.after_create = fail  # type: ignore[method-assign]
    request = Request("POST", "/v1/customers", body=b"name=x")
    response = stripe.sandbox.send(request)
    assert response.status == 500
    assert response.json()["error"]["type"] == "api_error"
    assert "broken" not in response.body.decode()
    assert isinstance(stripe.mistakes.pop(), ZeroDivisionError)
    del resource.after_create  # type: ignore[method-assign]
    assert stripe.get("/v1/customers")["data"] == []
    assert stripe.get("/v1/events")["data"] == []


@pytest.mark.parametrize(("keeps", "rows"), [(True, 1), (False, 0)])
def test_a_decline_keeps_its_rows_unless_it_says_otherwise(stripe: Client, keeps: bool, rows: int) -> None:
    resource = stripe.sandbox.registry.resource("customer")

    def decline(*_: object) -> None:
        raise errors.card_error(
            "Your card was declined.",
            "card_declined",
            decline_code="generic_decline",
            keeps_rows=keeps,
            extra={"charge": "ch_1", "advice_code": None},
        )

    resource.after_create = decline  # type: ignore[method-assign]
    first = stripe.send("POST", "/v1/customers", {"name": "x"}, key="k")
    again = stripe.send("POST", "/v1/customers", {"name": "x"}, key="k")
    assert first.status == 402
    error = first.json()["error"]
    assert error | {"charge": "ch_1", "code": "card_declined", "decline_code": "generic_decline"} == error
    assert error["type"] == "card_error"
    assert "advice_code" not in error
    assert (again.body, again.header("idempotent-replayed")) == (first.body, "true")
    assert len(stripe.get("/v1/customers")["data"]) == len(stripe.events()) == rows


def test_elapsed_is_told(stripe: Client) -> None:
    assert stripe.send("GET", "/v1/customers").elapsed > 0


def test_errors_are_json_and_say_where_the_log_is(stripe: Client) -> None:
    response = stripe.send("GET", "/v1/customers/cus_x")
    error = json.loads(response.body)["error"]
    assert error == {
        "code": "resource_missing",
        "doc_url": "https://stripe.com/docs/error-codes/resource-missing",
        "message": "No such customer: 'cus_x'",
        "param": "id",
        "request_log_url": error["request_log_url"],
        "type": "invalid_request_error",
    }
    assert (response.header("request-id") or "-") in error["request_log_url"]
    assert response.header("stripe-should-retry") == "false"


@pytest.mark.parametrize(
    ("path", "message", "param"),
    [
        ("customers/x", "No such customer: 'x'", "id"),
        ("customers/x/balance_transactions", "No such customer: 'x'", "customer"),
        ("products/x", "No such product: 'x'", "id"),
        ("prices/x", "No such price: 'x'", "price"),
        ("payment_methods/x", "No such PaymentMethod: 'x'", "payment_method"),
        ("payment_intents/x", "No such payment_intent: 'x'", "intent"),
        ("setup_intents/x", "No such setupintent: 'x'", "intent"),
        ("coupons/x", "No such coupon: 'x'", "coupon"),
        ("promotion_codes/x", "No such promotion code: 'x'", "promotion_code"),
        ("tax_rates/x", "No such tax rate: 'x'", "tax_rate"),
        ("payouts/x", "No such payout: 'x'", "payout"),
        ("invoices/x", "No such invoice: 'x'", "invoice"),
        ("balance_transactions/x", "No such balance transaction: 'x'", "id"),
    ],
)
def test_no_such(stripe: Client, path: str, message: str, param: str) -> None:
    error = stripe.refused("GET", f"/v1/{path}")
    assert (error["status"], error["code"], error["message"], error["param"]) == (
        404,
        "resource_missing",
        message,
        param,
    )


def test_uploads(stripe: Client) -> None:
    body = (
        b'--B\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbusiness_icon\r\n'
        b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n\x89PNG\r\n--B--\r\n'
    )
    headers = {"Content-Type": "multipart/form-data; boundary=B"}
    response = stripe.sandbox.send(Request("POST", "/v1/files", body=body, headers=headers, host="files"))
    assert response.status == 200, response.body
    made = response.json()
    assert (made["object"], made["purpose"]) == ("file", "business_icon")
    assert stripe.get(f"/v1/files/{made['id']}") == made
