"""What holds for every change of a version: requests are carried forward once, answers carried back alike each time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from stripe_shell.sandbox.errors import StripeError
from stripe_shell.sandbox.versions.chain import all_changes, chain_at
from stripe_shell.sandbox.versions.change import VersionChange
from stripe_shell.spec.model import Operation, Shape
from stripe_shell.spec.table import Table, load_table
from stripe_shell.spec.versions.known import known_versions
from stripe_shell.spec.versions.table import table_at
from tests.sandbox.conftest import Json, open_client
from tests.sandbox.shop import Shop

from .older import older

TABLE = load_table()
QUIET = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
CHANGES = all_changes()
NAMES = [type(change).__name__ for change in CHANGES]


class Life:
    """A sandbox with an account's everyday objects."""

    def __init__(self) -> None:
        self.stripe = open_client()
        self.shop = Shop(self.stripe)
        coupon = self.stripe.post("/v1/coupons", {"percent_off": 25, "duration": "forever"})["id"]
        self.stripe.post("/v1/promotion_codes", {"promotion": {"type": "coupon", "coupon": coupon}})
        self.customer = self.shop.customer()
        self.price = self.shop.price()
        self.shop.subscribe(self.customer, self.price, discounts=[{"coupon": coupon}])
        line = {"price_data": {"currency": "usd", "unit_amount": 500, "product_data": {"name": "A"}}, "quantity": 1}
        url = {"success_url": "https://x.test"}
        self.stripe.post("/v1/checkout/sessions", {"mode": "payment", "line_items": [line], **url})
        phase = {"items": [{"price": self.price["id"]}], "discounts": [{"coupon": coupon}]}
        schedule = {"customer": self.customer["id"], "start_date": "now", "phases": [phase]}
        self.stripe.post("/v1/subscription_schedules", schedule)
        self.stripe.post("/v1/products", {"name": "Gold", "marketing_features": [{"name": "fast"}]})
        item = {"customer": self.customer["id"], "amount": 100, "currency": "usd"}
        self.stripe.post("/v1/invoiceitems", item)

    def objects(self) -> list[Json]:
        """Every stored object, as it is stored."""
        with self.stripe.sandbox.store.read() as session:
            rows = session.rows("SELECT json FROM objects WHERE deleted = 0 AND account > 0")
        return [json.loads(text) for (text,) in rows]  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def life() -> Any:
    made = Life()
    yield made
    made.stripe.sandbox.store.close()


def before(change: VersionChange) -> str:
    """The version before the one that made the change."""
    known = known_versions()
    return known[known.index(change.version) - 1]


def parts(value: Any) -> Iterator[Json]:
    """An object and every object in it."""
    if isinstance(value, dict):
        yield value
        for member in value.values():
            yield from parts(member)
    elif isinstance(value, list):
        for item in value:
            yield from parts(item)


@pytest.mark.parametrize("change", CHANGES, ids=NAMES)
def test_an_object_is_carried_back_alike_each_time(change: VersionChange, life: Life) -> None:
    """Carrying back twice gives one result, changes nothing that is stored, and leaves other kinds alone."""
    stored = life.objects()
    with life.stripe.sandbox.context() as ctx:
        for obj in (part for each in stored for part in parts(each) if part.get("object") in change.kinds):
            first, second = json.loads(json.dumps(obj)), json.loads(json.dumps(obj))
            change.downgrade_answer(ctx, first)
            change.downgrade_answer(ctx, second)
            assert first == second
    assert life.objects() == stored


def values(shape: Shape, depth: int = 2) -> st.SearchStrategy[Any]:
    """Values of a request's shape, required members always and others at times."""
    if shape.enum:
        return st.sampled_from([value for value in shape.enum if value] or [""])
    if shape.kind == "object" and depth:
        required = {name: values(member.shape, depth - 1) for name, member in shape.fields.items() if member.required}
        others = [name for name in shape.fields if name not in required]
        chosen = st.sets(st.sampled_from(others), max_size=2) if others else st.just(set())
        return chosen.flatmap(
            lambda names: st.fixed_dictionaries(
                required | {name: values(shape.fields[name].shape, depth - 1) for name in sorted(names)}
            )
        )
    if shape.kind == "object":
        return st.just({})
    if shape.kind == "array" and shape.items is not None:
        return st.lists(values(shape.items, depth), min_size=1, max_size=2)
    if shape.kind == "union":
        objects = [variant for variant in shape.variants if variant.kind in {"object", "array"}]
        return st.one_of([values(variant, depth) for variant in objects or shape.variants])
    if shape.kind in {"integer", "time", "number"}:
        return st.integers(1, 10_000)
    if shape.kind == "boolean":
        return st.booleans()
    return st.sampled_from(("a", "usd", "price_1")) if shape.kind in {"string", "decimal"} else st.just({})


def operations(change: VersionChange, table: Table) -> list[Operation]:
    """The operations, in the older table, whose requests a change carries forward."""
    return [each for each in table.operations() if each.name in {*change.operations, *dict(change.successors)}]


CARRYING = [change for change in CHANGES if type(change).upgrade_request is not VersionChange.upgrade_request]


@pytest.mark.parametrize("change", CARRYING, ids=[type(change).__name__ for change in CARRYING])
def test_a_request_is_carried_forward_once(change: VersionChange, life: Life) -> None:
    """A request that was carried forward has no older words left: carrying it again changes nothing."""
    table = table_at(TABLE, before(change))
    found = operations(change, table)
    assert found, "the older table has the operations of the change"
    drawn = st.sampled_from(found).flatmap(lambda each: st.tuples(st.just(each.name), values(each.params)))

    @QUIET
    @given(drawn)
    def holds(request: tuple[str, Json]) -> None:
        name, params = request
        with life.stripe.sandbox.context() as ctx:
            ctx.path = {"customer": life.customer["id"]}
            once = json.loads(json.dumps(params))
            try:
                change.upgrade_request(ctx, name, once)
            except StripeError:
                assume(False)
            twice = json.loads(json.dumps(once))
            change.upgrade_request(ctx, name, twice)
        assert twice == once

    holds()


@pytest.mark.parametrize("change", CHANGES, ids=NAMES)
def test_the_version_that_made_it_is_untouched(change: VersionChange) -> None:
    """The chain of a version has the changes of later ones, and not its own."""
    own = chain_at(TABLE, change.version)
    older_chain = chain_at(TABLE, before(change))
    assert own is None or change not in own._newest_first
    assert older_chain is not None
    assert change in older_chain._newest_first


def test_a_promotion_code_keeps_its_deleted_coupon_in_older_versions(life: Life) -> None:
    coupon = life.stripe.post("/v1/coupons", {"amount_off": 100, "currency": "usd", "duration": "once"})
    code = life.stripe.post("/v1/promotion_codes", {"promotion": {"type": "coupon", "coupon": coupon["id"]}})
    life.stripe.delete(f"/v1/coupons/{coupon['id']}")
    shown = older(life.stripe, "2025-08-27.basil").get(f"/v1/promotion_codes/{code['id']}")
    assert shown["coupon"] == {**coupon, "valid": False}
    assert not shown["active"]


def test_the_current_version_is_answered_byte_for_byte_as_without_a_version(life: Life) -> None:
    assert chain_at(TABLE, TABLE.version) is None
    for path in ("customers", "subscriptions", "invoices", "payment_intents", "checkout/sessions", "prices"):
        plain = life.stripe.send("GET", f"/v1/{path}")
        asked = older(life.stripe, TABLE.version).send("GET", f"/v1/{path}")
        assert plain.body == asked.body
