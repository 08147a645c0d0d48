"""`spec --coverage`: what it says of an operation is what the answers say of themselves."""

from __future__ import annotations

import json

import pytest

from stripe_shell.cli import main
from stripe_shell.sandbox.coverage import coverage
from stripe_shell.spec.table import Table, load_table

from .conftest import Client
from .test_surface import ORDER, call, remember


def test_answers_say_the_same(stripe: Client, table: Table) -> None:
    """Every operation is in the table once; the header of each answer agrees with it."""
    said = {f"{operation.method} {operation.path}": modelled for operation, modelled in coverage(table)}
    assert len(said) == len(list(table.operations()))
    ids: dict[str, str] = {}
    seen: set[bool] = set()
    operations = sorted(table.operations(), key=lambda operation: (ORDER[operation.method], len(operation.path_params)))
    for operation in operations:
        response = call(stripe, operation, ids)
        remember(response, ids)
        header = response.headers.get("Stripe-Shell-Modelled")
        if header is not None:
            modelled = said[f"{operation.method} {operation.path}"]
            assert header == ("modelled" if modelled else "generic"), operation.name
            seen.add(modelled)
    assert seen == {True, False}


@pytest.mark.parametrize(
    ("name", "modelled"),
    [
        ("create subscription", True),
        ("pay invoice", True),
        ("list customer", True),
        ("create terminal.location", False),
        ("create climate.order", False),
    ],
)
def test_some_operations(table: Table, name: str, modelled: bool) -> None:
    """Where money moves it is modelled; elsewhere it says that it is not."""
    assert {operation.name: found for operation, found in coverage(table)}[name] is modelled


def test_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each operation, the count beside it."""
    assert main(["spec", "--coverage"]) == 0
    said = capsys.readouterr()
    lines = said.out.splitlines()
    count = len(list(load_table().operations()))
    assert len(lines) == count
    assert any(line.split() == ["create", "customer", "modelled", "POST", "/v1/customers"] for line in lines)
    modelled = sum(" modelled " in line for line in lines)
    assert said.err == f"{modelled} of {count} operations modelled, {count - modelled} generic\n"


def test_of_one_entity_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Words narrow it, as they do elsewhere in `spec`."""
    assert main(["spec", "--coverage", "refunds", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["operation"] for row in rows] == [
        "cancel refund",
        "create refund",
        "list refund",
        "retrieve refund",
        "update refund",
    ]
    assert rows[0] == {
        "operation": "cancel refund",
        "behaviour": "modelled",
        "call": "POST /v1/refunds/{refund}/cancel",
    }
    assert main(["spec", "--coverage", "cancel", "refund"]) == 0
    assert capsys.readouterr().out.count("\n") == 1
    assert main(["spec", "--coverage", "nonsense"]) == 1
