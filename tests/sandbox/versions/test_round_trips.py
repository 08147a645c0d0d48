"""Round trips: what a request in an older version says is in its answer; rendering twice changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stripe_shell.sandbox.versions.answer import downgrade
from stripe_shell.sandbox.versions.chain import all_changes, chain_at
from stripe_shell.sandbox.versions.change import VersionChange
from stripe_shell.sandbox.versions.events import merged
from stripe_shell.spec.model import Shape
from stripe_shell.spec.table import load_table
from tests.sandbox.conftest import NOW, Client, Json, open_client
from tests.sandbox.shop import DAY, Shop

from .older import older

TABLE = load_table()
QUIET = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


class Life:
    """A shop with the coupon, prices and invoice that requests name."""

    def __init__(self) -> None:
        self.stripe = open_client()
        shop = Shop(self.stripe)
        self.customer, self.price = shop.customer()["id"], shop.price()["id"]
        self.single = shop.price(700, interval=None, name="Once")["id"]
        self.coupon = self.stripe.post("/v1/coupons", {"percent_off": 25, "duration": "forever"})["id"]
        meter = {"display_name": "Calls", "event_name": "calls", "default_aggregation": {"formula": "sum"}}
        self.meter = self.stripe.post("/v1/billing/meters", meter)["id"]
        self.product = self.stripe.get(f"/v1/prices/{self.price}")["product"]


@pytest.fixture(scope="module")
def life() -> Any:
    made = Life()
    yield made
    made.stripe.sandbox.store.close()


#: A name, the version, and what draws a request from the life: its path, parameters, and what the answer must say.
Case = tuple[str, str, Callable[[Life, Any], tuple[str, Json, Callable[[Json], Any], Any]]]

TEXT = st.text("abc xyz", min_size=1, max_size=10).filter(str.strip)


def _product(life: Life, draw: Any) -> tuple[str, Json, Callable[[Json], Any], Any]:
    features = [{"name": name.strip()} for name in draw(st.lists(TEXT, min_size=1, max_size=3))]
    return "/v1/products", {"name": "Gold", "features": features}, lambda made: made["features"], features


def _session(life: Life, draw: Any) -> tuple[str, Json, Callable[[Json], Any], Any]:
    mode = draw(st.sampled_from(("hosted", "embedded", "custom")))
    url = "success_url" if mode == "hosted" else "return_url"
    params = {"mode": "payment", "ui_mode": mode, url: "https://x.test", "line_items": [{"price": life.single}]}
    params["line_items"][0]["quantity"] = draw(st.integers(1, 9))  # type: ignore[index]
    return "/v1/checkout/sessions", params, lambda made: made["ui_mode"], mode


def _amounts(life: Life, draw: Any) -> tuple[str, Json, Callable[[Json], Any], Any]:
    amount, quantity = draw(st.integers(50, 9999)), draw(st.integers(1, 9))
    item = {"amount": amount, "currency": "usd", "name": draw(TEXT).strip(), "quantity": quantity}
    url = "https://x.test"
    params = {"mode": "payment", "success_url": url, "cancel_url": url, "line_items": [item]}
    return "/v1/checkout/sessions", params, lambda made: made["amount_total"], amount * quantity


def _code(life: Life, draw: Any) -> tuple[str, Json, Callable[[Json], Any], Any]:
    params = {"coupon": life.coupon, "metadata": {"a": draw(TEXT)}}
    said = (life.coupon, params["metadata"])
    return "/v1/promotion_codes", params, lambda made: (made["coupon"]["id"], made["metadata"]), said


def _coupon(life: Life, draw: Any) -> tuple[str, Json, Callable[[Json], Any], Any]:
    params: Json = {"customer": life.customer, "items": [{"price": life.price, "quantity": draw(st.integers(1, 5))}]}
    coupon = draw(st.sampled_from((None, life.coupon)))
    params |= {"coupon": coupon} if coupon else {}
    return "/v1/subscriptions", params, lambda made: made["discount"] and made["discount"]["coupon"]["id"], coupon


def _phase(life: Life, draw: Any) -> tuple[str, Json, Callable[[Json], Any], Any]:
    times = draw(st.integers(1, 4))
    phase = {"items": [{"price": life.price}], "iterations": times, "coupon": life.coupon}
    params = {"customer": life.customer, "start_date": NOW + DAY, "phases": [phase]}
    return "/v1/subscription_schedules", params, lambda made: made["phases"][0]["coupon"], life.coupon


def _item(life: Life, draw: Any) -> tuple[str, Json, Callable[[Json], Any], Any]:
    quantity = draw(st.integers(1, 9))
    params: Json = {"customer": life.customer, "quantity": quantity}
    if draw(st.booleans()):
        params |= {"price": life.single}
        said: Any = (life.single, 700, 700 * quantity)
        return "/v1/invoiceitems", params, lambda made: (made["price"]["id"], made["unit_amount"], made["amount"]), said
    unit = draw(st.integers(1, 999))
    params |= {"unit_amount": unit, "currency": "usd"}
    return "/v1/invoiceitems", params, lambda made: (made["unit_amount"], made["amount"]), (unit, unit * quantity)


def _aggregate(life: Life, draw: Any) -> tuple[str, Json, Callable[[Json], Any], Any]:
    how = draw(st.sampled_from(("sum", "max", "last_ever", "last_during_period")))
    recurring = {"interval": "month", "usage_type": "metered", "aggregate_usage": how}
    params = {"product": life.product, "currency": "usd", "unit_amount": 5, "recurring": recurring}
    return "/v1/prices", params, lambda made: made["recurring"]["aggregate_usage"], how


def _alert(life: Life, draw: Any) -> tuple[str, Json, Callable[[Json], Any], Any]:
    config = {"gte": draw(st.integers(1, 99)), "meter": life.meter, "recurrence": "one_time"}
    params: Json = {"title": "Many", "alert_type": "usage_threshold", "usage_threshold_config": config}
    params |= {"filter": {"customer": life.customer}} if draw(st.booleans()) else {}
    said = (config["gte"], params.get("filter"))
    return "/v1/billing/alerts", params, lambda made: (made["usage_threshold_config"]["gte"], made["filter"]), said


def _rendering(life: Life, draw: Any) -> tuple[str, Json, Callable[[Json], Any], Any]:
    shown = {"amount_tax_display": draw(st.sampled_from(("exclude_tax", "include_inclusive_tax")))}
    params = {"customer": life.customer, "rendering_options": shown, "pending_invoice_items_behavior": "exclude"}
    return "/v1/invoices", params, lambda made: made["rendering_options"], shown


CASES: tuple[tuple[str, str, Any], ...] = (
    ("features", "2023-10-16", _product),
    ("ui_mode", "2026-02-25.clover", _session),
    ("amounts", "2020-08-27", _amounts),
    ("promotion code", "2025-08-27.basil", _code),
    ("coupon", "2024-09-30.acacia", _coupon),
    ("phase", "2024-09-30.acacia", _phase),
    ("item", "2022-11-15", _item),
    ("aggregate", "2024-06-20", _aggregate),
    ("alert", "2024-06-20", _alert),
    ("rendering", "2023-08-16", _rendering),
)


@pytest.mark.parametrize(("version", "drawn"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_an_answer_holds_what_its_request_says(life: Life, version: str, drawn: Any) -> None:
    @QUIET
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        path, params, look, said = drawn(life, data.draw)
        made = older(life.stripe, version).post(path, json.loads(json.dumps(params)))
        assert look(made) == said
        if "id" in made:
            assert look(older(life.stripe, version).get(f"{path}/{made['id']}")) == said

    holds()


def _all_objects(client: Client) -> list[Json]:
    with client.sandbox.store.read() as session:
        return [json.loads(text) for (text,) in session.rows("SELECT json FROM objects WHERE deleted = 0")]  # type: ignore[arg-type]


@pytest.mark.parametrize("version", ["2020-08-27", "2022-11-15", "2024-09-30.acacia", "2025-08-27.basil"])
def test_rendering_twice_changes_nothing(life: Life, version: str) -> None:
    """The same object is carried back alike each time: doing so leaves nothing behind."""
    chain = chain_at(TABLE, version)
    assert chain is not None
    shop = Shop(life.stripe)
    shop.subscribe(shop.customer(), shop.price(), discounts=[{"coupon": life.coupon}])
    with life.stripe.sandbox.context() as ctx:
        for obj in _all_objects(life.stripe):
            before = json.dumps(obj)
            first, second = json.loads(before), json.loads(before)
            downgrade(ctx, chain, first, {}, Shape("any"))
            downgrade(ctx, chain, second, {}, Shape("any"))
            assert first == second


JSON = st.recursive(
    st.none() | st.integers() | st.text("ab", max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from("abcd"), JSON), st.dictionaries(st.sampled_from("abcd"), JSON))
def test_what_was_before_is_found_again(before: Json, after: Json) -> None:
    """`merged` undoes `previous_attributes`, but for members that were absent, which are null."""
    from stripe_shell.sandbox.objects.events import previous_attributes

    found = merged(after, previous_attributes(before, after))
    assert previous_attributes(before, found) == {} or all(before.get(name) is None for name in found.keys() - before)


def test_every_change_is_in_the_chain_of_the_oldest_version() -> None:
    chain = chain_at(TABLE, "2020-08-27")
    assert chain is not None
    covered = {type(change) for change in all_changes()}
    assert len(covered) == len(all_changes()) > 40
    assert all(issubclass(change, VersionChange) for change in covered)
