"""`${list[2]}`: rows of a list by the numbers that the prompt shows."""

from __future__ import annotations

from typing import Any

import pytest

from stripe_shell.diagnostics import Diagnostic, SourceText, has_errors
from stripe_shell.engine.assertions.compare import select_values
from stripe_shell.engine.load import load_program
from stripe_shell.engine.scope import FoundValue, Scope, look_up, step_into
from stripe_shell.lang.ast import Block, Reference
from stripe_shell.lang.visit import nodes_in
from stripe_shell.spec.shapes import response_field
from stripe_shell.spec.table import load_table

LIST = {"object": "list", "has_more": True, "data": [{"id": "cus_1"}, {"id": "cus_2"}]}


def reference(text: str) -> Reference:
    program = load_program(SourceText("<test>", f"/sandbox get customer id={text}\n"))
    block = program.items[0]
    assert isinstance(block, Block)
    assert not has_errors(program.diagnostics)
    return next(iter(nodes_in(block.items, Reference)))


def found(text: str, body: Any = LIST) -> Any:
    return look_up(reference(text), Scope(0, "seed").with_capture("last", body))


@pytest.mark.parametrize(
    ("text", "value"),
    [("${last[1].id}", "cus_1"), ("${last[2].id}", "cus_2"), ("${last.data[1].id}", "cus_2")],
)
def test_a_row_is_counted_from_one_and_an_item_of_data_from_zero(text: str, value: str) -> None:
    assert found(text) == FoundValue(value)


@pytest.mark.parametrize("text", ["${last[0].id}", "${last[3].id}"])
def test_a_row_that_the_list_has_not(text: str) -> None:
    problem = found(text)
    assert isinstance(problem, Diagnostic)
    assert "the list has 2 rows, from [1] on" in problem.label


def test_rows_of_a_search_and_of_v2() -> None:
    assert found("${last[2].id}", {"object": "search_result", "data": LIST["data"]}) == FoundValue("cus_2")
    assert found("${last[1].id}", {"data": LIST["data"], "next_page_url": None}) == FoundValue("cus_1")


def test_an_object_with_data_is_no_list() -> None:
    assert step_into({"id": "evt_1", "data": [{"id": "x"}]}, 1) == (False, None)


def test_an_expectation_counts_the_same() -> None:
    assert select_values(LIST, (2, "id")) == "cus_2"


def test_the_check_knows_the_fields_of_a_row() -> None:
    table = load_table()
    operation = table.operation("list", "customer")
    assert operation is not None
    assert response_field(table, operation.response, ("2", "email")) is not None
    assert response_field(table, operation.response, ("2", "emial")) is None
    assert response_field(table, operation.response, ("data", "1", "email")) is not None
