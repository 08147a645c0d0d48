"""Ids: prefixes, lengths, structure, the same from the same seed."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from stripe_shell.sandbox.ids import ALPHABET, RandomIds, base62
from stripe_shell.sandbox.objects.events import GENERIC_PREFIXES
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.spec.id_prefixes import ID_PREFIXES
from stripe_shell.spec.table import Table

from .conftest import NOW, Client

RESOURCES = Path(__file__).parents[2] / "stripe_shell/sandbox/resources"


def owners() -> dict[str, type[Resource]]:
    """The class of each kind that has one."""
    found = {}
    for path in RESOURCES.glob("[!_]*.py"):
        for value in vars(import_module(f"stripe_shell.sandbox.resources.{path.stem}")).values():
            if isinstance(value, type) and issubclass(value, Resource) and value.object:
                found[value.object] = value
    return found


def test_short_and_structured_ids(stripe: Client) -> None:
    account = stripe.sandbox.account
    assert re.fullmatch(r"acct_1[0-9A-Za-z]{15}", account)
    customer = stripe.post("/v1/customers")["id"]
    assert re.fullmatch(r"cus_[0-9A-Za-z]{14}", customer)
    product = stripe.post("/v1/products", {"name": "x"})["id"]
    assert re.fullmatch(r"prod_[0-9A-Za-z]{14}", product)
    price = stripe.post("/v1/prices", {"product": product, "currency": "usd", "unit_amount": 1})["id"]
    assert re.fullmatch(rf"price_1{base62(NOW, 5)}{account[-10:]}[0-9A-Za-z]{{8}}", price)
    assert re.fullmatch(r"evt_1[0-9A-Za-z]{23}", stripe.events()[0]["id"])


def test_prefixes_are_written_as_in_ids() -> None:
    prefixes = [*ID_PREFIXES.values(), *(owner.prefix for owner in owners().values() if owner.prefix)]
    assert all(re.fullmatch(r"[a-z0-9_]+", prefix) for prefix in prefixes)


def test_a_kind_has_its_prefix_in_one_place(table: Table) -> None:
    """In the table, else in its class; those of events in the class, else in the table of kinds without one."""
    known = owners()
    assert [kind for kind, owner in known.items() if owner.prefix and kind in ID_PREFIXES] == []
    assert [kind for kind in GENERIC_PREFIXES if kind in known and known[kind].event_prefix] == []
    kinds = {*ID_PREFIXES, *GENERIC_PREFIXES}
    assert [kind for kind in kinds if table.schema_of_object(kind) is None] == []


def test_the_same_seed_gives_the_same_ids() -> None:
    first, second = RandomIds(1), RandomIds(1)
    assert [first.short("cus") for _ in range(3)] == [second.short("cus") for _ in range(3)]
    assert RandomIds().text(20) != RandomIds().text(20)


@given(st.integers(min_value=0, max_value=62**5 - 1))
def test_base62_is_a_positional_number(number: int) -> None:
    value = 0
    for digit in base62(number, 5):
        value = value * 62 + ALPHABET.index(digit)
    assert value == number


def test_free_characters_come_from_the_alphabet() -> None:
    ids = RandomIds(3)
    assert set(ids.text(2000)) == set(ALPHABET)
    assert set(ids.text(500, "AB")) == {"A", "B"}


def test_a_taken_id_is_refused(stripe: Client) -> None:
    stripe.post("/v1/coupons", {"id": "SUMMER", "percent_off": 10})
    error = stripe.refused("POST", "/v1/coupons", {"id": "SUMMER", "percent_off": 20})
    assert (error["status"], error["code"], error["message"]) == (
        400,
        "resource_already_exists",
        "Coupon already exists.",
    )
    stripe.delete("/v1/coupons/SUMMER")
    assert stripe.refused("GET", "/v1/coupons/SUMMER")["status"] == 404
