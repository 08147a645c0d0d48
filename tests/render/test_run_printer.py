"""The printer: a run and the prompt show the same, but for how often a diagnostic is shown."""

from __future__ import annotations

import io

import pytest

from stripe_shell.batch.runner import run_source
from stripe_shell.diagnostics import Diagnostic, SourceText
from stripe_shell.engine.outcome import Outcome
from stripe_shell.render.console import Console
from stripe_shell.render.run_printer import RunPrinter
from tests.engine.support.world import World, answer

GENERIC = {"Stripe-Shell-Modelled": "generic"}
NOTE = "note[W204]: the sandbox keeps `customer` objects, but does not know their behaviour\n"


def outcomes(text: str, *answers: object) -> tuple[Outcome, ...]:
    world = World(answers)  # type: ignore[arg-type]
    return run_source(world.engine, SourceText("t", text), world.scope, run_id="run", prompt=True).outcomes


def printer(**options: bool) -> tuple[RunPrinter, io.StringIO, io.StringIO]:
    out, err = io.StringIO(), io.StringIO()
    return RunPrinter(Console(out, err), **options), out, err


@pytest.mark.parametrize("repeats", [False, True], ids=["run", "prompt"])
def test_an_object_without_behaviour_is_noted_once_in_a_run_and_at_the_prompt(repeats: bool) -> None:
    shown, out, err = printer(repeats=repeats)
    text = "get customer id=cus_1\n\nget customer id=cus_2\n"
    for each in outcomes(text, *[answer({"id": "x"}, headers=GENERIC)] * 2):
        shown.outcome(each)
    line = "ok         retrieve customer x   200 req_x 7 ms\n"
    assert err.getvalue() == f"{line}{NOTE}{line}"
    assert out.getvalue() == '{\n  "id": "x"\n}\n' * 2


@pytest.mark.parametrize(("repeats", "times"), [(False, 1), (True, 2)], ids=["run", "prompt"])
def test_a_diagnostic_is_shown_once_in_a_run_and_each_time_at_the_prompt(repeats: bool, times: int) -> None:
    shown, _, err = printer(repeats=repeats)
    found = (Diagnostic("W101", "looks like JSON", severity="warning"),)
    shown.diagnose(found)
    shown.diagnose(found)
    assert err.getvalue() == "warning[W101]: looks like JSON\n" * times


@pytest.mark.parametrize("repeats", [False, True], ids=["run", "prompt"])
def test_what_the_check_has_shown_is_not_shown_with_the_outcome(repeats: bool) -> None:
    shown, _, err = printer(repeats=repeats)
    (outcome,) = outcomes("get /v1/things\n")
    assert [each.code for each in outcome.diagnostics] == ["W206"]
    shown.checked(outcome.diagnostics)
    shown.outcome(outcome)
    assert err.getvalue().count("W206") == 1


def test_the_prompt_explains_a_placeholder_once_whichever_it_is() -> None:
    shown, _, err = printer(repeats=True)
    for name in ("your-stripe-connection", "your-connection"):
        shown.checked([Diagnostic("W203", f"`/{name}` stands for the default connection", severity="note")])
    assert err.getvalue().count("W203") == 1


def test_a_single_block_shows_its_result_alone_and_says_when_there_is_more() -> None:
    shown, out, err = printer(quiet=True)
    for each in outcomes("list customers\n", answer({"object": "list", "data": [], "has_more": True})):
        shown.outcome(each)
    shown.close("t: 1 passed")
    assert '"has_more": true' in out.getvalue()
    assert err.getvalue() == "there are more rows; `limit=all` brings all of them\n"


def test_a_late_answer_shows_its_line_and_its_errors_alone() -> None:
    shown, out, err = printer(repeats=True)
    (outcome,) = outcomes("get /v1/things\n", answer({"error": {"type": "api_error", "message": "no"}}, 400))
    shown.late(outcome)
    assert err.getvalue().startswith("late answer: FAILED")
    assert "error[E403]" in err.getvalue()
    assert "W206" not in err.getvalue()
    assert out.getvalue() == ""
