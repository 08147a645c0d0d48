"""What the times of a schedule's phases may be: anchors, phases that ran or run, ends in the past, durations of 0."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import NOW, Client, Json
from .shop import DAY, Shop

PATH = "/v1/subscription_schedules"


@pytest.fixture
def shop(stripe: Client) -> Shop:
    """A business without anything yet."""
    return Shop(stripe)


@pytest.fixture
def running(shop: Shop) -> Json:
    """A schedule of three phases of a month, in its second."""
    made = shop.stripe.post(PATH, plan(shop, phase(shop), phase(shop, 2), phase(shop, 3)))
    shop.stripe.clock.advance(40 * DAY)
    found = shop.stripe.get(f"{PATH}/{made['id']}")
    assert found["current_phase"]["start_date"] == made["phases"][1]["start_date"]
    return found


def plan(shop: Shop, *phases: Json, **more: Any) -> Json:
    """The parameters of a schedule that starts now."""
    return {"customer": shop.customer()["id"], "start_date": "now", "phases": list(phases), **more}


def phase(shop: Shop, quantity: int = 1, **more: Any) -> Json:
    """A phase of a month, unless its end is given."""
    price = shop.price(1000 * quantity)["id"]
    length = {} if "end_date" in more else {"duration": {"interval": "month", "interval_count": 1}}
    return {"items": [{"price": price, "quantity": quantity}], **length, **more}


def again(shown: Json, **more: Any) -> Json:
    """A phase as the parameters that repeat it."""
    items = [{"price": item["price"], "quantity": item["quantity"]} for item in shown["items"]]
    return {"items": items, "start_date": shown["start_date"], "end_date": shown["end_date"], **more}


def refused(shop: Shop, schedule: Json, *phases: Json) -> Json:
    """The error of an update."""
    return shop.stripe.refused("POST", f"{PATH}/{schedule['id']}", {"phases": list(phases)})


def test_an_update_needs_an_anchor(shop: Shop, running: Json) -> None:
    """At least one phase has to say when it starts."""
    error = refused(shop, running, phase(shop), phase(shop, 2))
    assert "missing at least one phase with a `start_date`" in error["message"]


@pytest.mark.parametrize("days", [-5, 5])
def test_the_phase_that_runs_keeps_its_start(shop: Shop, running: Json, days: int) -> None:
    """Neither earlier nor later; the schedule stays as it was."""
    current = running["phases"][1]
    moved = again(current, start_date=current["start_date"] + days * DAY)
    assert refused(shop, running, moved)["param"] == "phases[0][start_date]"
    assert shop.stripe.get(f"{PATH}/{running['id']}") == running


def test_a_phase_that_has_ended_cannot_be_written_anew(shop: Shop, running: Json) -> None:
    """Neither its items nor its end; repeated as it was it is taken."""
    past, current, future = running["phases"]
    other = again(past, items=[{"price": shop.price(7)["id"], "quantity": 1}])
    assert refused(shop, running, other, again(current))["param"] == "phases[0]"
    shorter = again(past, end_date=past["end_date"] - DAY)
    later = again(current, start_date=past["end_date"] - DAY)
    assert refused(shop, running, shorter, later)["param"] == "phases[0]"
    phases = [again(past), again(current), again(future)]
    answer = shop.stripe.post(f"{PATH}/{running['id']}", {"phases": phases})
    assert [entry["start_date"] for entry in answer["phases"]] == [
        past["start_date"],
        *(entry["start_date"] for entry in (current, future)),
    ]
    assert answer["current_phase"] == running["current_phase"]


def test_the_phase_that_runs_cannot_have_ended(shop: Shop, running: Json) -> None:
    """An end in the past is refused; `now` ends it."""
    current, future = running["phases"][1:]
    gone = again(current, end_date=NOW + 35 * DAY)
    assert refused(shop, running, gone)["param"] == "phases[0][end_date]"
    following = {"items": again(future)["items"], "duration": {"interval": "month", "interval_count": 1}}
    ending = {"phases": [again(current, end_date="now"), following]}
    answer = shop.stripe.post(f"{PATH}/{running['id']}", ending)
    assert answer["phases"][-1]["start_date"] == NOW + 40 * DAY


def test_the_next_phase_cannot_leave_a_gap(shop: Shop, running: Json) -> None:
    """A first phase after the end of the one that runs is refused."""
    future = running["phases"][2]
    late = again(future, start_date=future["start_date"] + DAY)
    assert refused(shop, running, late)["param"] == "phases[0][start_date]"


def test_a_schedule_cannot_be_over_when_it_is_made(shop: Shop) -> None:
    """The last end must be ahead; earlier phases may have ended before."""
    past = plan(shop, phase(shop, end_date=NOW - DAY), start_date=NOW - 30 * DAY)
    assert shop.stripe.refused("POST", PATH, past)["param"] == "phases[0][end_date]"


@pytest.mark.parametrize(
    ("length", "param"),
    [
        ({"duration": {"interval": "month", "interval_count": 0}}, "phases[0][duration][interval_count]"),
        ({"duration": {"interval": "day", "interval_count": -1}}, "phases[0][duration][interval_count]"),
        ({"end_date": NOW}, "phases[0][end_date]"),
    ],
)
def test_a_phase_lasts(shop: Shop, length: Json, param: str) -> None:
    """A duration of 0, a negative one, and an end at the start."""
    items = [{"price": shop.price()["id"]}]
    assert shop.stripe.refused("POST", PATH, plan(shop, {"items": items, **length}))["param"] == param


def test_a_scheduled_subscription_keeps_its_end(shop: Shop, running: Json) -> None:
    """Flags that cancel are refused, with the words that programs look for; DELETE is not."""
    path = f"/v1/subscriptions/{running['subscription']}"
    for change in ({"cancel_at_period_end": True}, {"cancel_at": NOW + 90 * DAY}, {"cancel_at": ""}):
        error = shop.stripe.refused("POST", path, change)
        assert error["message"].startswith(
            f"The subscription is managed by the subscription schedule `{running['id']}`, and updating any cancelation"
        )
    assert shop.stripe.send("DELETE", path).json()["status"] == "canceled"
