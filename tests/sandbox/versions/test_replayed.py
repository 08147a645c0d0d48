"""The short form of scripts/versions: recorded requests in each version, validated by the table of the version."""

from __future__ import annotations

from itertools import islice

import pytest

from stripe_shell.spec.table import load_table
from stripe_shell.wire import Request, encode_form
from tests.record.corpus import read_corpus
from tests.sandbox.conformity import Conformity
from tests.sandbox.conftest import Client

from .older import older
from .replayed import BREAKING, MONTHLY, replay_in, retrievals

#: One story of so many is replayed; which, depends on the version.
EVERY = 60


@pytest.mark.parametrize(("number", "version"), enumerate([*BREAKING, *MONTHLY]), ids=[*BREAKING, *MONTHLY])
def test_answers_have_the_shapes_of_their_version(number: int, version: str) -> None:
    stories = (line for line in read_corpus() if line.get("name", "").startswith("tests/"))
    tally = replay_in(version, islice(stories, number, None, EVERY))
    assert (dict(tally.departures), tally.mistakes) == ({}, 0)
    assert tally.fields > 1000, tally


def test_an_object_is_retrieved_by_its_own_id() -> None:
    paths = retrievals()
    assert (paths["dispute"], paths["refund"]) == ("/v1/disputes/{}", "/v1/refunds/{}")
    assert paths["cash_balance"] == "/v1/customers/{}/cash_balance"
    assert len(paths) >= 100


@pytest.mark.parametrize("version", ["2020-08-27", "2025-08-27.basil", "2026-02-25.clover"])
def test_what_no_story_leaves_behind_has_the_shape_of_its_version(stripe: Client, version: str) -> None:
    account = stripe.post("/v1/accounts", {"type": "custom", "country": "US"})["id"]
    customer = stripe.post("/v1/customers")["id"]
    card = stripe.post("/v1/payment_methods", {"type": "card", "card": {"token": "tok_visa"}})["id"]
    payment = {"amount": 100, "currency": "usd", "payment_method_details": {"payment_method": card}}
    conformity, client = Conformity(load_table()), older(stripe, version)
    for path, params in (
        ("/v1/account_sessions", {"account": account, "components": {"payments": {"enabled": True}}}),
        ("/v1/radar/payment_evaluations", {"customer_details": {"customer": customer}, "payment_details": payment}),
    ):
        response = client.send("POST", path, params)
        assert response.ok, response.body
        request = Request("POST", path, body=encode_form(params).encode(), headers={"Stripe-Version": version})
        conformity.look(stripe.sandbox, request, response)
    assert conformity.told() == []
    assert conformity.answers == 2
