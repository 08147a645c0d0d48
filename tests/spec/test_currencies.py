"""Currencies: one list, and what is said of a text that is not in it."""

from __future__ import annotations

from typing import Any

import pytest

from stripe_shell.spec.currencies import CURRENCIES, close_currency, currency_problems, decimals, is_currency
from stripe_shell.spec.model import Shape
from stripe_shell.spec.table import load_table


def problems(action: str, entity: str, params: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    operation = load_table().operation(action, entity)
    assert operation is not None
    return [(each.name, each.kind, each.suggestion) for each in currency_problems(params, operation.params)]


@pytest.mark.parametrize(
    ("action", "entity", "params", "found"),
    [
        ("create", "price", {"currency": "usd"}, []),
        ("create", "price", {"currency": "USD"}, []),
        ("create", "price", {"currency": "usdc"}, []),
        ("create", "price", {"currency": ""}, []),
        ("create", "price", {"currency": "dollar"}, [("currency", "currency", "usd")]),
        ("create", "price", {"currency": "€"}, [("currency", "currency", "eur")]),
        ("create", "price", {"currency": "Swiss Franc"}, [("currency", "currency", "chf")]),
        ("create", "price", {"currency": "usdollars"}, [("currency", "currency", "usd")]),
        ("create", "price", {"currency": "1234567"}, [("currency", "currency", None)]),
        ("create", "price", {"currency": "usb"}, [("currency", "new_currency", "usd")]),
        ("create", "price", {"currency": "eru"}, [("currency", "new_currency", "eur")]),
        ("create", "price", {"currency": "qqq"}, [("currency", "new_currency", None)]),
        ("create", "price", {"currency_options": {"eur": {"unit_amount": 5}}}, []),
        ("create", "price", {"currency_options": {"euros": {}}}, [("currency_options.euros", "currency", "eur")]),
        (
            "create",
            "subscription",
            {"items": [{"price_data": {"currency": "usd"}}, {"price_data": {"currency": "yen"}}]},
            [("items[1].price_data.currency", "currency", "jpy")],
        ),
        ("create", "topup", {"currency": "dollars"}, [("currency", "currency", "usd")]),
        ("create", "account", {"default_currency": "pounds"}, [("default_currency", "currency", "gbp")]),
        ("create", "customer", {"metadata": {"currency": "dollar"}}, []),
        ("create", "customer", {"name": "dollar"}, []),
    ],
)
def test_problems(action: str, entity: str, params: dict[str, Any], found: list[tuple[str, str, str | None]]) -> None:
    assert problems(action, entity, params) == found


def currency_paths(shape: Shape, path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """Every path of a request shape, four steps deep, that ends in a currency."""
    found = set()
    for name, field in shape.fields.items():
        if is_currency(name, field.shape):
            found.add((*path, name))
        if len(path) < 4:
            found |= currency_paths(field.shape, (*path, name))
    for inner in (*shape.variants, *([shape.items] if shape.items else [])):
        found |= currency_paths(inner, (*path, "0") if inner is shape.items else path)
    return found


def tree(path: tuple[str, ...], leaf: str) -> Any:
    value: Any = leaf
    for name in reversed(path):
        value = [value] if name == "0" else {name: value}
    return value


def test_every_currency_of_every_operation_is_looked_at() -> None:
    seen = 0
    for operation in load_table().operations():
        for path in currency_paths(operation.params):
            found = list(currency_problems(tree(path, "dollar"), operation.params))
            assert {(each.path, each.kind) for each in found} == {(path, "currency")}, (operation.name, path)
            seen += 1
    print(f"{seen} currency parameters")
    assert seen > 100


def test_every_code_is_close_to_itself_and_has_places() -> None:
    assert [close_currency(code) for code in CURRENCIES] == list(CURRENCIES)
    assert {decimals("jpy"), decimals("usd"), decimals("kwd")} == {0, 2, 3}
