"""`${list[2]}`: rows of a list by the numbers that the prompt shows."""

from __future__ import annotations

from typing import Any

import pytest

from stripe_shell.diagnostics import Diagnostic, SourceText, has_errors
from stripe_shell.engine.load import load_program
from stripe_shell.engine.run.interpreter import Engine
from stripe_shell.engine.scope import FoundValue, Scope, look_up
from stripe_shell.lang.ast import Block, Reference
from stripe_shell.lang.visit import nodes_in
from stripe_shell.render.files import open_rows
from stripe_shell.spec.table import load_table
from tests.engine.support.world import FakeLinks, FakeTransport

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
    assert isinstance(found("${last[1].x}", {"id": "evt_1", "data": [{"x": "y"}]}), Diagnostic)


def test_a_list_inside_an_object_has_no_row_numbers() -> None:
    body = {"id": "sub_1", "items": LIST}
    assert isinstance(found("${last.items[1].id}", body), Diagnostic)
    assert found("${last.items.data[1].id}", body) == FoundValue("cus_2")


LIST_AND_GET = "/sandbox list customers\n@as list\n\n/sandbox get customer id=${list%s}\n"


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("[2].id", ""),
        ("[2].emial", "`list[2]` has no field `emial`"),
        ("[2].data", "has no field `data`"),
        (".data[1].id", ""),
    ],
)
def test_the_check_knows_the_fields_of_a_row(path: str, problem: str) -> None:
    program = load_program(SourceText("<test>", LIST_AND_GET % path))
    found = Engine(load_table(), FakeLinks(FakeTransport()), open_rows).check(program.items, Scope(0, "seed"))
    messages = [each.message for each in found if each.severity == "error"]
    assert [problem in message for message in messages] == ([True] if problem else [])
