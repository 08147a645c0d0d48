"""Rows of a loop: their names wherever something is said of them, their results, and the totals of a run."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from stripe_shell.batch.runner import ScriptRun, run_source
from stripe_shell.batch.totals import closing_line
from stripe_shell.diagnostics import SourceText
from stripe_shell.engine.outcome import RowResult, RunStep
from stripe_shell.render.console import Console
from stripe_shell.render.run_printer import RunPrinter
from tests.engine.support.world import World, answer, refusal

BODY = """  /sandbox create customer email=${row.email} name=A
  @as customer

  /sandbox create subscription customer=${customer.id} price_id=price_1
  @when ${row.plan} != free
"""


def script(folder: Path, rows: list[str], options: str = "key=email", body: str = BODY) -> SourceText:
    """A script with a loop over rows of e-mail and plan."""
    (folder / "people.csv").write_text("email,plan\n" + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    text = f'@foreach row in "people.csv" {options}\n{body}@end\n'
    return SourceText(str(folder / "people.stripe"), text)


def run(world: World, source: SourceText) -> tuple[ScriptRun, list[RunStep]]:
    """The run, and its steps as they were told."""
    steps: list[RunStep] = []
    return run_source(world.engine, source, world.scope, run_id="run", on_step=steps.append), steps


def results(steps: list[RunStep]) -> list[RowResult]:
    return [step.result for step in steps if step.result is not None]


def said(steps: list[RunStep], *, show: bool = False) -> tuple[str, str]:
    """What goes to standard output and to standard error."""
    console = Console(io.StringIO(), io.StringIO())
    printer = RunPrinter(console, show=show)
    for step in steps:
        printer.step(step)
    printer.repeated()
    return console.out.getvalue(), console.err.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize("jobs", ["", " jobs=3"])
def test_each_row_has_a_result_in_the_order_of_the_file(tmp_path: Path, jobs: str) -> None:
    rows = ["a@b.co,pro", "b@b.co,free", "c@b.co,pro"]
    _, steps = run(World(), script(tmp_path, rows, f"key=email{jobs}"))
    found = results(steps)
    assert [(each.key, each.status, each.writes, len(each.ids)) for each in found] == [
        ("a@b.co", "done", 2, 2),
        ("b@b.co", "done", 1, 1),
        ("c@b.co", "done", 2, 2),
    ]
    assert found[1].name == "people.csv:3 (email=b@b.co)"
    assert found[1].values == {"email": "b@b.co", "plan": "free"}


def test_a_row_whose_steps_are_all_skipped_is_skipped(tmp_path: Path) -> None:
    body = "  /sandbox create customer email=${row.email} name=A\n  @when ${row.plan} == pro\n"
    whole, steps = run(World(), script(tmp_path, ["a@b.co,pro", "b@b.co,free"], body=body))
    assert [each.status for each in results(steps)] == ["done", "skipped"]
    assert closing_line(whole) == "1 row done · 1 skipped · 0 failed · 0 unknown · 0 not run · 1 write"


def test_rows_behind_a_failure_are_counted_as_not_run(tmp_path: Path) -> None:
    world = World([answer({"id": "cus_1"}), answer({"id": "sub_1"}), refusal("email_invalid")])
    whole, steps = run(world, script(tmp_path, [f"{n}@b.co,pro" for n in range(10)]))
    assert results(steps)[-1].count == 8
    assert closing_line(whole) == "1 row done · 0 skipped · 1 failed · 0 unknown · 8 not run · 2 writes"


def test_rows_of_a_loop_that_is_never_reached_are_counted(tmp_path: Path) -> None:
    source = script(tmp_path, [f"{n}@b.co,pro" for n in range(10)])
    whole, _ = run(World([refusal("x")]), SourceText(source.name, "/sandbox list customers\n\n" + source.text))
    assert closing_line(whole).startswith("0 passed, 1 failed; 0 rows done")
    assert whole.rows == {"not run": 10}


def test_a_write_whose_outcome_is_unknown_makes_its_row_unknown(tmp_path: Path) -> None:
    world = World([answer({"id": "cus_1"}), answer({}, 500)])
    whole, steps = run(world, script(tmp_path, ["a@b.co,pro", "b@b.co,pro"]))
    assert [each.status for each in results(steps)] == ["unknown", "not run"]
    assert results(steps)[0].ids == ("cus_1",)
    assert whole.exit_code == 5


def test_nothing_is_said_of_rows_that_passed(tmp_path: Path) -> None:
    _, steps = run(World(), script(tmp_path, ["a@b.co,pro", "b@b.co,pro"]))
    assert said(steps) == ("", "")
    out, err = said(steps, show=True)
    assert out.count("obj_") == 4
    assert "in people.csv:2 (email=a@b.co)" in err


def test_every_failure_names_its_row_and_three_alike_are_drawn(tmp_path: Path) -> None:
    rows = [f"{n}@b.co,pro" for n in range(9)]
    world = World([refusal("email_invalid")] * 9)
    _, steps = run(world, script(tmp_path, rows, "key=email on_error=continue"))
    _, err = said(steps)
    for number in range(9):
        assert f"FAILED     create customer   400 req_x 7 ms as customer in people.csv:{number + 2}" in err
    assert err.count("error[E403]") == 3
    assert "= in people.csv:2 (email=0@b.co)" in err
    assert "people.stripe:2: the same in 6 more rows" in err


def test_a_row_in_a_loop_in_a_loop_names_both(tmp_path: Path) -> None:
    (tmp_path / "inner.jsonl").write_text('{"n": 1}\n{"n": 2}\n')
    body = '@foreach each in "inner.jsonl" key=n\n/sandbox create customer email=${row.email} name=${each.n}\n@end\n'
    world = World([answer({"id": "cus_1"}), refusal("x")])
    _, steps = run(world, script(tmp_path, ["a@b.co,pro"], body=body))
    assert [step.row for step in steps if step.outcome] == [
        "people.csv:2 (email=a@b.co), inner.jsonl:1 (n=1)",
        "people.csv:2 (email=a@b.co), inner.jsonl:2 (n=2)",
    ]
    assert [(each.name, each.status) for each in results(steps)] == [("people.csv:2 (email=a@b.co)", "failed")]


def test_two_loops_over_the_same_rows_are_two_steps_each(tmp_path: Path) -> None:
    source = script(tmp_path, ["a@b.co,pro"], body="  /sandbox create customer email=${row.email} name=A\n")
    world = World()
    run(world, SourceText(source.name, source.text * 2))
    assert len({request.idempotency_key for request in world.requests}) == 2


def test_a_uuid_belongs_to_its_row_wherever_that_stands(tmp_path: Path) -> None:
    body = "  /sandbox create customer email=${row.email} name=${uuid}\n"

    def bodies(rows: list[str]) -> set[bytes]:
        world = World()
        run(world, script(tmp_path, rows, body=body))
        return {request.body for request in world.requests}

    assert bodies(["a@b.co,pro", "b@b.co,pro"]) == bodies(["b@b.co,pro", "a@b.co,pro"])
