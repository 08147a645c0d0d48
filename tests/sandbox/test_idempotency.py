"""Idempotency keys: the first answer is the answer, for a day."""

from __future__ import annotations

import sqlite3
import threading

import pytest

from stripe_shell.sandbox.request.idempotency import Idempotency
from stripe_shell.wire import Request

from .conftest import Client


def test_a_replay_is_the_first_answer_and_does_nothing(stripe: Client) -> None:
    first = stripe.send("POST", "/v1/customers", {"name": "Jane"}, key="k")
    again = stripe.send("POST", "/v1/customers", {"name": "Jane"}, key="k")
    assert again.body == first.body
    assert (first.header("idempotent-replayed"), again.header("idempotent-replayed")) == (None, "true")
    assert first.header("idempotency-key") == again.header("idempotency-key") == "k"
    assert len(stripe.get("/v1/customers")["data"]) == 1
    assert stripe.event_types() == ["customer.created"]
    assert stripe.events()[0]["request"]["idempotency_key"] == "k"


def test_the_key_is_bound_to_method_path_and_parameters(stripe: Client) -> None:
    stripe.post("/v1/customers", {"name": "Jane"}, key="k")
    for path, params in (("/v1/customers", {"name": "Joan"}), ("/v1/products", {"name": "Jane"})):
        error = stripe.refused("POST", path, params, key="k")
        assert (error["status"], error["type"]) == (400, "idempotency_error")
        assert "code" not in error
        assert error["message"].startswith("Keys for idempotent requests can only be used with the same parameters")
        assert "'k'" in error["message"]


def test_a_day_later_the_key_is_new(stripe: Client) -> None:
    first = stripe.post("/v1/customers", {"name": "Jane"}, key="k")
    stripe.clock.advance(24 * 3600 - 1)
    assert stripe.post("/v1/customers", {"name": "Jane"}, key="k") == first
    stripe.clock.advance(2)
    assert stripe.post("/v1/customers", {"name": "Jane"}, key="k")["id"] != first["id"]


def test_validation_errors_leave_the_key_free(stripe: Client) -> None:
    stripe.refused("POST", "/v1/products", {}, key="k")
    assert stripe.post("/v1/products", {"name": "x"}, key="k")["name"] == "x"


def test_a_refusal_by_a_rule_is_remembered(stripe: Client) -> None:
    params = {"duration": "once"}
    first = stripe.send("POST", "/v1/coupons", params, key="k")
    again = stripe.send("POST", "/v1/coupons", params, key="k")
    assert first.status == again.status == 400
    assert again.header("idempotent-replayed") == "true"
    assert first.body == again.body


def test_get_and_delete_take_no_notice(stripe: Client) -> None:
    made = stripe.post("/v1/customers", {"name": "Jane"})
    path = f"/v1/customers/{made['id']}"
    assert stripe.send("GET", path, key="k").status == 200
    assert stripe.send("DELETE", path, key="k").status == 200
    assert stripe.send("DELETE", path, key="k").status == 404


def test_keys_of_two_accounts_do_not_meet(stripe: Client) -> None:
    other = stripe.sandbox.account_of_key("sk_test_other")
    first = stripe.post("/v1/customers", {"name": "a"}, key="k")
    second = stripe.post("/v1/customers", {"name": "b"}, key="k", account=other)
    assert first["id"] != second["id"]


def test_a_key_that_is_too_long(stripe: Client) -> None:
    assert stripe.refused("POST", "/v1/customers", {}, key="k" * 256)["type"] == "idempotency_error"
    assert stripe.post("/v1/customers", {}, key="k" * 255)["object"] == "customer"


def test_a_mistake_of_our_own_leaves_its_key_free(stripe: Client) -> None:
    resource = stripe.sandbox.registry.resource("customer")

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    resource.on_create = fail  # type: ignore[method-assign]
    request = Request("POST", "/v1/customers", body=b"name=x", idempotency_key="k")
    assert stripe.sandbox.send(request).status == 500
    stripe.mistakes.clear()
    del resource.on_create  # type: ignore[method-assign]
    assert stripe.sandbox.send(request).status == 200
    assert stripe.sandbox.send(request).header("idempotent-replayed") == "true"


def test_a_key_in_use_is_a_conflict(filed: Client) -> None:
    resource = filed.sandbox.registry.resource("customer")
    inside, go_on = threading.Event(), threading.Event()

    def wait(*_: object) -> None:
        inside.set()
        go_on.wait(10)

    resource.on_create = wait  # type: ignore[method-assign]
    first: list[int] = []
    request = Request("POST", "/v1/customers", body=b"name=x", idempotency_key="k")
    thread = threading.Thread(target=lambda: first.append(filed.sandbox.send(request).status))
    thread.start()
    assert inside.wait(10)
    clash = filed.sandbox.send(request)
    go_on.set()
    thread.join(10)
    assert (clash.status, clash.json()["error"]["code"]) == (409, "idempotency_key_in_use")
    assert clash.header("stripe-should-retry") == "true"
    assert first == [200]
    assert filed.sandbox.send(request).header("idempotent-replayed") == "true"


def test_a_parameter_that_stands_for_something_new_is_replayed_too(stripe: Client) -> None:
    """`pm_card_visa` becomes a new payment method; the replay is compared with what was sent."""
    params = {"payment_method": "pm_card_visa", "name": "Jane"}
    first = stripe.post("/v1/customers", params, key="k")
    assert stripe.post("/v1/customers", params, key="k") == first


def test_an_error_is_answered_although_it_cannot_be_saved(filed: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk fails the write, or the saving of a refusal: neither is the caller's fault."""

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    request = Request("POST", "/v1/customers", body=b"name=x", idempotency_key="k")
    with monkeypatch.context() as patch:
        patch.setattr(Idempotency, "remember", full)
        answer = filed.sandbox.send(request)
    assert (answer.status, answer.json()["error"]["type"]) == (500, "api_error")
    assert [str(mistake) for mistake in filed.mistakes] == ["database or disk is full"]
    filed.mistakes.clear()
    assert filed.get("/v1/customers")["data"] == []
    assert filed.sandbox.send(request).status == 200
    refused = Request(
        "POST", "/v1/charges", body=b"amount=100&currency=usd&source=pm_card_visa", idempotency_key="other"
    )
    with monkeypatch.context() as patch:
        patch.setattr(Idempotency, "remember", full)
        assert filed.sandbox.send(refused).status == 400
    assert [str(mistake) for mistake in filed.mistakes] == ["database or disk is full"]
    filed.mistakes.clear()
