"""For every change: what a request of the version before says, drawn from that version's table, is in its answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stripe_shell.sandbox.versions.chain import all_changes
from stripe_shell.sandbox.versions.change import VersionChange

from . import trips_newer, trips_older
from .older import older
from .test_every_change import CHANGES, before
from .trips import Life

QUIET = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
TRIPS = {**vars(trips_newer), **vars(trips_older)}
COVERED_ELSEWHERE = {
    "AggregateUsage", "AlertThreshold", "CheckoutMode", "CouponOfPhase", "InvoiceItemParent", "ItemPriceParameters",
    "LineItemAmounts", "MarketingFeatures", "PromotionCodeCoupon", "RenderingOptions", "SingleCoupon",
}  # fmt: skip


@pytest.fixture(scope="module")
def life() -> Any:
    made = Life()
    yield made
    made.stripe.sandbox.store.close()


def name_of(change: VersionChange) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in type(change).__name__)[1:]


def test_every_change_has_a_round_trip() -> None:
    lacking = {type(change).__name__ for change in all_changes() if name_of(change) not in TRIPS}
    assert lacking == COVERED_ELSEWHERE, "see CASES in test_round_trips.py"


DRAWN = [change for change in CHANGES if type(change).__name__ not in COVERED_ELSEWHERE]


@pytest.mark.parametrize("change", DRAWN, ids=[type(change).__name__ for change in DRAWN])
def test_the_answer_holds_what_was_sent(life: Life, change: VersionChange) -> None:
    """In the version before the change, from the request over what is stored to the answer."""

    @QUIET
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        life.client, life.draw = older(life.stripe, before(change)), data.draw
        trip = TRIPS[name_of(change)](life)
        send = life.client.post if trip.method == "POST" else life.client.get
        made = send(trip.path, json.loads(json.dumps(trip.params)))
        assert trip.look(made) == trip.said

    holds()
