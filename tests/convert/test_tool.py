"""Every fixture file of Stripe's own command-line tool, converted and compared by what is sent; and its faults."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.fixture_files import (
    Recorder,
    Tool,
    carve,
    compare,
    compare_back,
    normalised,
    plan_of_script,
    run_script,
)
from scripts.stripe_tool import find_binary
from stripe_shell.convert.fixture_file import read_fixtures
from stripe_shell.convert.from_fixtures import script_of_fixtures
from stripe_shell.convert.to_fixtures import fixtures_of
from stripe_shell.diagnostics import SourceText, has_errors
from stripe_shell.lang.format import format_script
from stripe_shell.spec.table import load_table
from stripe_shell.wire import Request

Json = dict[str, Any]


def test_every_file_of_the_tool_sends_the_same_there_and_back() -> None:
    try:
        binary = find_binary()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    comparisons = [compare(source) for source in carve(binary.read_bytes())]
    assert len(comparisons) >= 120
    assert sum(len(comparison.tool) for comparison in comparisons) >= 354
    assert [comparison.source.name for comparison in comparisons if comparison.different] == []
    assert [comparison.source.name for comparison in comparisons if compare_back(comparison).different] == []


# --- faults of the tool that its files do not run into ----------------------------------------------------------


def ours(fixtures: list[Json], environment: Mapping[str, str] | None = None) -> list[Request]:
    """What the conversion of these requests sends."""
    server = Recorder(fixtures)
    run = run_script(converted(fixtures), server, environment or {})
    assert not has_errors(run.diagnostics), run.diagnostics
    return server.requests


def converted(fixtures: list[Json]) -> str:
    source = SourceText("t.json", json.dumps({"_meta": {"template_version": 0}, "fixtures": fixtures}))
    file, problems = read_fixtures(source)
    assert file is not None
    result = script_of_fixtures(file, load_table(), "your-stripe-connection")
    assert result.script is not None, (problems, result.diagnostics)
    return format_script(result.script)


def by_tool(fixtures: list[Json], environment: Mapping[str, str] | None = None) -> list[Request]:
    server = Recorder(fixtures)
    Tool(server, environment or {}).run(fixtures)
    return server.requests


def params_of(request: Request) -> Any:
    return normalised(request)[-1]


CUSTOMER = {"name": "customer", "path": "/v1/customers", "method": "post", "params": {"name": "Ann", "email": "a@b.co"}}


def update(**params: Any) -> list[Json]:
    return [CUSTOMER, {"name": "u", "path": "/v1/customers/${customer:id}", "method": "post", "params": params}]


def test_a_wrong_path_is_an_error_where_the_tool_sends_it_as_text() -> None:
    fixtures = update(description="${customer:idd}")
    server = Recorder([])
    Tool(server).run(fixtures)
    assert params_of(server.requests[-1]) == {"description": "${customer:idd}"}
    run = run_script(converted(fixtures), Recorder([]), {})
    assert run.exit_code == 2
    assert [d.code for d in run.diagnostics if d.severity == "error"] == ["E302"]


def test_a_path_that_this_answer_lacks_stops_its_block() -> None:
    server = Recorder([])
    run = run_script(converted(update(description="${customer:metadata.none}")), server, {})
    assert run.exit_code == 3
    assert len(server.requests) == 1


def test_a_text_with_two_references_has_both_where_the_tool_sends_one() -> None:
    fixtures = update(description="${customer:name} is ${customer:email}!")
    assert params_of(by_tool(fixtures)[-1])["description"] != "Ann is a@b.co!"
    assert params_of(ours(fixtures)[-1]) == {"description": "Ann is a@b.co!"}


def test_the_text_around_a_reference_is_kept() -> None:
    fixtures = update(description="Dear ${customer:name}!")
    assert params_of(by_tool(fixtures)[-1]) == {"description": "Ann"}
    assert params_of(ours(fixtures)[-1]) == {"description": "Dear Ann!"}


def test_numbers_and_booleans_in_lists_are_kept_where_the_tool_drops_them() -> None:
    fixtures = update(preferred_locales=[1, 2.5, True, "de"])
    assert params_of(by_tool(fixtures)[-1]) == {"preferred_locales": ["de"]}
    assert params_of(ours(fixtures)[-1]) == {"preferred_locales": ["1", "2.5", "true", "de"]}


def test_null_is_kept_where_the_tool_drops_it() -> None:
    fixtures = update(description=None, metadata={"a": None})
    assert params_of(by_tool(fixtures)[-1]) == {}
    assert params_of(ours(fixtures)[-1]) == {"description": "", "metadata": {"a": ""}}


def test_large_numbers_are_not_rounded() -> None:
    fixtures = update(metadata={"n": 12345678901234567890})
    assert params_of(by_tool(fixtures)[-1]) != {"metadata": {"n": "12345678901234567890"}}
    assert params_of(ours(fixtures)[-1]) == {"metadata": {"n": "12345678901234567890"}}


def test_objects_nested_in_lists_come_out_right() -> None:
    price = {"currency": "usd", "product": "prod_1", "unit_amount": 5}
    fixtures = [{"name": "l", "path": "/v1/payment_links", "method": "post",
                 "params": {"line_items": [{"price_data": price, "quantity": 1}]}}]  # fmt: skip
    wanted = {"line_items": [{"price_data": {**price, "unit_amount": "5"}, "quantity": "1"}]}
    assert params_of(by_tool(fixtures)[-1]) != wanted
    assert params_of(ours(fixtures)[-1]) == wanted


def test_a_variable_that_is_not_set_is_an_error_where_the_tool_sends_its_name() -> None:
    fixtures = update(description="${.env:NOT_THERE}")
    assert params_of(by_tool(fixtures)[-1]) == {"description": "${.env:NOT_THERE}"}
    assert run_script(converted(fixtures), Recorder([]), {}).exit_code == 2


@pytest.mark.parametrize("environment", [{}, {"WHO": "Bo"}])
def test_variables_and_their_defaults(environment: dict[str, str]) -> None:
    fixtures = update(description="${.env:WHO|Jenny}")
    assert params_of(ours(fixtures, environment)[-1]) == params_of(by_tool(fixtures, environment)[-1])


def test_two_things_of_one_name_are_an_error_in_a_script() -> None:
    text = "/x create customer email=a@b.co name=A\n@as a\n\n/x create customer email=a@b.co name=B\n@as a\n"
    run = run_script(text, Recorder([]), {})
    assert run.exit_code == 2
    assert [d.code for d in run.diagnostics if d.severity == "error"] == ["E305"]


# --- any file ---------------------------------------------------------------------------------------------------

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
leaves = st.one_of(texts, st.integers(-(10**20), 10**20), st.booleans(), st.just("${customer:id}"), st.just("a, b"))


#: Names that a line of a script can hold.
keys = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="[]\\"), min_size=1, max_size=9
)
parameters = st.dictionaries(
    st.sampled_from(["name", "description", "email", "phone", "nonsense", "no_such[a][b]"]),
    st.one_of(leaves, st.dictionaries(keys, leaves, min_size=1)),
)


# What nests in metadata the language cannot say, and Stripe does not take.
@settings(max_examples=30, deadline=None)
@given(parameters, st.dictionaries(keys, leaves))
def test_whatever_the_parameters_are_they_are_sent(params: Json, metadata: Json) -> None:
    server = Recorder([])
    params = {**params, **({"metadata": metadata} if metadata else {})}
    fixtures = update(**params)
    run = run_script(converted(fixtures), server, {})
    assert not has_errors(run.diagnostics), run.diagnostics
    sent = server.requests[-1]
    identifier = run.outcomes[0].body["id"]
    assert sorted(pairs_of(sent)) == sorted(expected(params, identifier))


def pairs_of(request: Request) -> list[tuple[str, str]]:
    from urllib.parse import parse_qsl

    return parse_qsl(request.body.decode(), keep_blank_values=True)


def expected(params: Json, identifier: str, parent: str = "") -> list[tuple[str, str]]:
    found = []
    for key, value in params.items():
        name = f"{parent}[{key}]" if parent else key
        if isinstance(value, dict):
            found += expected(value, identifier, name)
        else:
            text = str(value).lower() if isinstance(value, bool) else str(value)
            found.append((name, identifier if text == "${customer:id}" else text))
    return found


def test_what_is_converted_back_sends_the_same_again() -> None:
    fixtures = update(description="${customer:name}", metadata={"a.b": "x", "n": 5}, preferred_locales=["de"])
    back = json.loads(fixtures_of(plan_of_script(converted(fixtures))).text)["fixtures"]
    assert [params_of(request) for request in by_tool(back)] == [params_of(request) for request in by_tool(fixtures)]
