"""Objects to seed are checked against their schemas: what is no object of Stripe's is refused, with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stripe_shell.sandbox.control.routes import answer_private
from stripe_shell.wire import Request, Response

from .conftest import Client


def seed(stripe: Client, body: bytes) -> Response:
    return answer_private(stripe.sandbox, Request("POST", "/_sandbox/seed", body=body))


@pytest.mark.parametrize(
    ("objects", "place"),
    [
        ([1], "objects[0]"),
        (["customer"], "objects[0]"),
        ([{}], "objects[0]"),
        ([{"object": 1}], "objects[0]"),
        ([{"object": "nonsense"}], "`nonsense`"),
        ([{"object": "customer", "id": 5}], "objects[0].id is no string"),
        ([{"object": "customer", "id": "cus_1"}, {"object": "customer", "created": "now"}], "objects[1].created"),
        ([{"object": "customer", "id": "cus_1", "created": 10**30}], "objects[0].created is too large"),
        ([{"object": "customer", "id": "cus_1", "created": True}], "objects[0].created"),
        ([{"object": "customer", "id": "cus_1", "address": "Main Street"}], "objects[0].address"),
        ([{"object": "invoice", "id": "in_1", "lines": {"data": [5]}}], "objects[0].lines.data[0]"),
        ([{"object": "customer", "id": "cus_1", "metadata": {"a": 5}}], "objects[0].metadata.a"),
    ],
)
def test_what_is_no_object_of_stripes_is_refused(stripe: Client, objects: list[Any], place: str) -> None:
    answer = seed(stripe, json.dumps({"objects": objects}).encode())
    assert answer.status == 400
    assert place in answer.json()["error"]["message"]
    assert stripe.get("/v1/customers")["data"] == []


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"objects": 1}', b'{"objects": [' + b"[" * 100_000 + b"]" * 100_000 + b"]}", b"\xff"]
)
def test_what_is_no_list_of_objects_is_refused(stripe: Client, body: bytes) -> None:
    answer = seed(stripe, body)
    assert (answer.status, answer.headers["Content-Type"]) == (400, "application/json")


def test_members_that_are_missing_null_or_unknown_are_fine(stripe: Client) -> None:
    given = {"object": "customer", "id": "cus_1", "name": None, "sources": {"data": []}, "old_member": 1}
    assert seed(stripe, json.dumps({"objects": [given]}).encode()).status == 200
    assert stripe.get("/v1/customers/cus_1")["name"] is None
