"""Every parameter that the typed request classes of the official SDK name, against the table."""

from __future__ import annotations

from typing import Any

import pytest

from stripe_shell.spec.table import load_table
from stripe_shell.spec.validate import validate
from tests.spec.compiler import compiler, script

TABLE = load_table()
CARD = {"number": "4242424242424242", "exp_month": 1, "exp_year": 2030, "cvc": "123"}
ONLINE = {"type": "online", "online": {"ip_address": "127.0.0.1", "user_agent": "x"}}


def test_the_table_knows_every_parameter_of_the_sdk(capsys: pytest.CaptureFixture[str]) -> None:
    """Each one with each of its allowed values."""
    sdk = script("sdk_types").PythonSdk(compiler().package_folder("stripe"))
    walk = script("sdk_values").Walk(sdk, TABLE)
    with capsys.disabled():
        print(f"\n{walk}")
    assert walk.unknown == []
    assert walk.refused == {}
    assert len(walk.parameters) >= 13_000


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("create payment_method", {"card": CARD | {"networks": {"preferred": "visa"}}}),
        ("create payment_method", {"card": {"token": "tok_visa"}}),
        ("confirm payment_intent", {"mandate_data": {"customer_acceptance": ONLINE}}),
        ("confirm setup_intent", {"mandate_data": {"customer_acceptance": ONLINE}}),
    ],
)
def test_what_the_sdk_merges_is_known_whole(name: str, params: dict[str, Any]) -> None:
    operation = TABLE.operation(*name.split())
    assert operation is not None
    assert validate(params, operation.params) == []
