"""Metadata: merged, never replaced, within its limits."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Client


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"b": "2"}, {"a": "1", "b": "2"}),
        ({"a": "9"}, {"a": "9"}),
        ({"a": ""}, {}),
        ("", {}),
        ({}, {"a": "1"}),
        ({"order.id": "x", "0": "zero"}, {"a": "1", "order.id": "x", "0": "zero"}),
    ],
)
def test_merging(stripe: Client, sent: Any, kept: dict[str, str]) -> None:
    made = stripe.post("/v1/customers", {"metadata": {"a": "1"}})
    params = {"metadata": sent} if sent != {} else {"name": "x"}
    assert stripe.post(f"/v1/customers/{made['id']}", params)["metadata"] == kept


@pytest.mark.parametrize(
    "sent",
    [
        {f"k{number}": "x" for number in range(51)},
        {"k" * 41: "x"},
        {"k": "x" * 501},
    ],
)
def test_limits(stripe: Client, sent: dict[str, str]) -> None:
    assert stripe.refused("POST", "/v1/customers", {"metadata": sent})["status"] == 400
    assert stripe.get("/v1/customers")["data"] == []


def test_the_fifty_first_key_of_an_update(stripe: Client) -> None:
    made = stripe.post("/v1/customers", {"metadata": {f"k{number}": "x" for number in range(50)}})
    path = f"/v1/customers/{made['id']}"
    assert stripe.refused("POST", path, {"metadata": {"one": "more"}})["param"] == "metadata"
    assert len(stripe.post(path, {"metadata": {"k0": "", "one": "more"}})["metadata"]) == 50


def test_generic_objects_have_it_too(stripe: Client) -> None:
    made = stripe.post("/v1/shipping_rates", {"display_name": "x", "metadata": {"a": "1"}})
    assert stripe.post(f"/v1/shipping_rates/{made['id']}", {"metadata": {"b": "2"}})["metadata"] == {"a": "1", "b": "2"}
