"""The rows that describe a call, against golden text."""

from __future__ import annotations

from pathlib import Path

import pytest

from stripe_shell.spec.describe import ParameterRow, describe
from stripe_shell.spec.shapes import shape_at
from stripe_shell.spec.table import load_table

GOLDEN = Path(__file__).parent / "golden"
TABLE = load_table()


def line(row: ParameterRow) -> str:
    marks = [
        word
        for word, there in {
            "required": row.required,
            "documented": row.documented,
            "clearable": row.clearable,
            "deprecated": row.deprecated,
        }.items()
        if there
    ]
    return f"{row.place:5} {row.depth} {row.path:44} {row.type:44} {' '.join(marks)}".rstrip()


@pytest.mark.parametrize("name", ["create price", "create subscription_item", "update customer", "list charge"])
def test_rows_of_a_call(name: str) -> None:
    operation = TABLE.operation(*name.split())
    assert operation is not None
    text = "".join(f"{line(row)}\n" for row in describe(operation))
    assert text == (GOLDEN / f"{name.replace(' ', '_')}.txt").read_text()


def test_documented_requirements_are_marked() -> None:
    operation = TABLE.operation("create", "subscription")
    assert operation is not None
    assert [row.path for row in describe(operation) if row.documented] == ["customer", "items[].price"]


def test_every_row_is_a_parameter_of_the_call() -> None:
    for operation in TABLE.operations():
        rows = describe(operation, depth=2)
        assert [row.place for row in rows[: len(operation.path_params)]] == ["path"] * len(operation.path_params)
        for row in rows[len(operation.path_params) :]:
            path = tuple(row.path.replace("[]", ".[]").split("."))
            assert shape_at(operation.params, path) is not None, (operation.name, row.path)
