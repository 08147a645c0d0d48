"""The limit of failures in a loop."""

from __future__ import annotations

from pathlib import Path

import pytest

from stripe_shell.diagnostics import SourceText
from stripe_shell.lang.ast import ForEach, Loop
from stripe_shell.lang.format import format_script
from stripe_shell.lang.parser import parse
from tests.engine.support.world import Answer, World, answer, refusal

from .support import Batch
from .test_resume import dies_at


def run(folder: Path, answers: list[Answer], options: str, rows: int = 100) -> tuple[int, int]:
    """The exit code, and how many requests were sent."""
    (folder / "rows.csv").write_text("email\n" + "".join(f"{number}@b.co\n" for number in range(rows)))
    text = f'@foreach row in "rows.csv" key=email on_error=continue {options}\n'
    text += "  /sandbox create customer email=${row.email} name=A\n@end\n"
    world = World(answers)
    return world.run(text, name=str(folder / "t.stripe")).exit_code, len(world.requests)


@pytest.mark.parametrize("jobs", [1, 4])
def test_ten_rows_in_a_row_that_fail_alike_stop(tmp_path: Path, jobs: int) -> None:
    code, sent = run(tmp_path, [refusal("email_invalid")] * 100, f"jobs={jobs}")
    assert code == 3
    assert 10 <= sent <= 10 + jobs


def test_failures_that_differ_or_are_apart_do_not_stop(tmp_path: Path) -> None:
    differ: list[Answer] = [refusal(f"code_{number % 2}") for number in range(100)]
    assert run(tmp_path, differ, "") == (3, 100)
    apart: list[Answer] = [refusal("x") if number % 10 else answer({"id": "cus_1"}) for number in range(100)]
    assert run(tmp_path, apart, "") == (3, 100)


def test_a_row_that_always_fails_lets_the_others_be_done(tmp_path: Path) -> None:
    assert run(tmp_path, [answer({"id": "cus_1"}), refusal("x")], "") == (3, 100)


@pytest.mark.parametrize(("limit", "sent"), [("max_errors=0", 1), ("max_errors=20", 21), ("max_errors=99", 100)])
def test_a_number_of_failures_is_the_limit(tmp_path: Path, limit: str, sent: int) -> None:
    assert run(tmp_path, [refusal("x")] * 100, limit) == (3, sent)


def test_a_share_of_failures_is_the_limit_from_fifty_rows_on(tmp_path: Path) -> None:
    assert run(tmp_path, [refusal("x")] * 100, "max_errors=2%") == (3, 50)
    assert run(tmp_path, [refusal("x")], "max_errors=2%") == (3, 100)


@pytest.mark.parametrize("options", ["", "max_errors=60%", "jobs=4"])
@pytest.mark.parametrize("what", ["update customer id=cus_none", "retrieve coupon id=none"])
@pytest.mark.parametrize("out", ["", "  @out made.csv fields=email\n"])
def test_failures_with_done_rows_between_them_are_not_in_a_row_after_a_resume(
    batch: Batch, options: str, what: str, out: str
) -> None:
    batch.options = f"key=email on_error=continue {options}"
    create = f"  /sandbox create customer email=${{row.email}} name=Ann\n{out}\n"
    batch.script(f"{create}  /sandbox {what}\n  @when ${{row.name}} == bad\n")
    emails = [f"user{number:03}@b.co" for number in range(120)]
    batch.rows(emails, **{f"user{number:03}": "bad" for number in range(0, 120, 2)})
    assert batch.run_and_die(dies_at(330, "after")) == 9
    result = batch.run()
    assert result.code == 3
    assert "60 rows done · 0 skipped · 60 failed · 0 unknown · 0 not run" in result.err


@pytest.mark.parametrize("text", ["max_errors=20", "max_errors=2%", "max_errors=0.5%"])
def test_the_limit_is_written_as_it_is_read(text: str) -> None:
    source = f'@foreach row in "rows.csv" key=email {text}\n@end\n'
    script, problems = parse(SourceText("t", source))
    assert problems == ()
    (loop,) = script.items
    assert isinstance(loop, Loop)
    assert isinstance(loop.directive.argument, ForEach)
    assert loop.directive.argument.max_errors == text.partition("=")[2]
    assert text in format_script(script)


@pytest.mark.parametrize("text", ["max_errors=-1", "max_errors=many", "max_errors=200%", "max_errors=%"])
def test_what_is_no_limit_is_told(text: str) -> None:
    _, problems = parse(SourceText("t", f'@foreach row in "rows.csv" {text}\n@end\n'))
    assert [problem.code for problem in problems] == ["E111"]
