"""Parameters of earlier versions that documented blocks and scripts in the field have: known, and last in the menu."""

from __future__ import annotations

from pathlib import Path

import pytest

from stripe_shell.cli import main
from stripe_shell.spec.table import Table, load_table
from stripe_shell.spec.validate import validate

OPERATIONS = [
    ("create", "payment_intent"),
    ("update", "payment_intent"),
    ("confirm", "payment_intent"),
    ("create", "setup_intent"),
    ("update", "setup_intent"),
    ("create", "checkout.session"),
]


@pytest.fixture(scope="module")
def table() -> Table:
    return load_table()


@pytest.mark.parametrize(("action", "entity"), OPERATIONS)
def test_payment_method_types(table: Table, action: str, entity: str) -> None:
    operation = table.operation(action, entity)
    assert operation is not None
    assert operation.params.fields["payment_method_types"].deprecated
    assert not operation.params.fields["allowed_payment_method_types"].deprecated
    assert validate({"payment_method_types": ["card"]}, operation.params, required=()) == []


@pytest.mark.parametrize("anchor", ["now", "unchanged", {"type": "now"}])
@pytest.mark.parametrize("action", ["update", "resume"])
def test_the_billing_cycle_anchor_as_a_word(table: Table, action: str, anchor: object) -> None:
    operation = table.operation(action, "subscription")
    assert operation is not None
    assert validate({"billing_cycle_anchor": anchor}, operation.params, required=()) == []
    assert validate({"billing_cycle_anchor": "never"}, operation.params, required=()) != []


def test_the_worked_example_of_the_language_passes_the_check(capsys: pytest.CaptureFixture[str]) -> None:
    script = Path(__file__).parents[1] / "lang" / "ok" / "worked_example_1.stripe"
    assert main(["check", str(script)]) == 0, capsys.readouterr().err
