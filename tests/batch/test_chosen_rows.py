"""`--rows`: a run is limited to some rows, and the next one goes on with the rest as the same run."""

from __future__ import annotations

import pytest

from stripe_shell.engine.run.row_selection import RowSelection, parse_rows

from .support import BODY, Batch

EMAILS = [f"{letter}@b.co" for letter in "abcdefgh"]


@pytest.mark.parametrize(
    ("text", "selection"),
    [
        ("10", RowSelection(1, 10)),
        ("101-200", RowSelection(101, 200)),
        ("10,", RowSelection(keys=frozenset({"10"}))),
        ("a@b.co, c@b.co", RowSelection(keys=frozenset({"a@b.co", "c@b.co"}))),
        ("0", None),
        ("5-2", None),
        (",", None),
        ("", None),
    ],
)
def test_a_selection_is_a_number_a_range_or_keys(text: str, selection: RowSelection | None) -> None:
    assert parse_rows(text) == selection


@pytest.mark.parametrize("options", ["key=email", "key=email jobs=3"])
@pytest.mark.parametrize(
    ("rows", "made"),
    [("3", EMAILS[:3]), ("3-5", EMAILS[2:5]), ("b@b.co,g@b.co", ["b@b.co", "g@b.co"]), ("b@b.co", ["b@b.co"])],
)
def test_only_the_chosen_rows_run_and_the_next_run_does_the_rest(
    batch: Batch, options: str, rows: str, made: list[str]
) -> None:
    batch.options = options
    batch.script(BODY)
    batch.rows(EMAILS)
    result = batch.run("--rows", rows)
    assert result.code == 0
    assert batch.made("customer") == batch.made("invoiceitem", "description") == made
    done = "1 row" if len(made) == 1 else f"{len(made)} rows"
    assert f"{done} done · 0 skipped · 0 failed · 0 unknown · {8 - len(made)} not run" in result.err
    assert "is not finished: run it again to go on with the rest" in result.err
    assert batch.run().code == 0
    assert batch.made("customer") == batch.made("invoiceitem", "description") == EMAILS
    assert len(batch.folders) == 1


def test_choices_add_up_in_the_same_run(batch: Batch) -> None:
    batch.rows(EMAILS)
    for rows, done in (("2", 2), ("3-4", 4), ("h@b.co", 5)):
        assert f"{done} rows done" in batch.run("--rows", rows).err
    assert len(batch.folders) == 1
    assert batch.runs("resume", batch.folders[0].name).code == 0
    assert batch.made("customer") == EMAILS
    assert len({entry["k"] for entry in batch.journal() if entry["t"] == "i"}) == 16


def test_blocks_behind_a_loop_wait_until_all_its_rows_ran(batch: Batch) -> None:
    after = "\n/sandbox create product name=Done\n\n"
    batch.script(BODY, after=after + '@foreach row in "rows.csv" key=email\n' + "/sandbox list products\n@end\n")
    batch.rows(EMAILS)
    result = batch.run("--rows", "2")
    assert result.code == 0
    assert "2 rows done · 0 skipped · 0 failed · 0 unknown · 14 not run" in result.err
    assert "Done" not in batch.made("product", "name")
    assert batch.run().code == 0
    assert batch.made("product", "name").count("Done") == 1


def test_two_loops_that_follow_each_other_both_run_the_chosen_rows(batch: Batch) -> None:
    second = '@foreach row in "rows.csv" key=email\n  /sandbox create product name=${row.email}\n@end\n'
    batch.script(BODY, after=second)
    batch.rows(EMAILS)
    assert batch.run("--rows", "a@b.co,c@b.co").code == 0
    assert batch.made("customer") == ["a@b.co", "c@b.co"]
    assert {"a@b.co", "c@b.co"} <= set(batch.made("product", "name"))
    assert "b@b.co" not in batch.made("product", "name")


def test_a_dry_run_shows_the_requests_of_the_chosen_rows(batch: Batch) -> None:
    batch.rows(EMAILS)
    out = batch.run("--dry-run", "--show", "--rows", "2-3").out
    assert [email for email in EMAILS if email.replace("@", "%40") in out or email in out] == EMAILS[1:3]


@pytest.mark.parametrize(
    ("rows", "said"),
    [("x@b.co,a@b.co", "no row of"), ("0", "--rows is a number of rows such as 10"), ("9-1", "--rows is a number")],
)
def test_a_choice_that_cannot_be_met_is_an_error_before_anything_is_sent(batch: Batch, rows: str, said: str) -> None:
    batch.rows(EMAILS)
    result = batch.run("--rows", rows)
    assert result.code == 1
    assert said in result.err
    assert batch.folders == []


def test_a_script_without_a_loop_has_no_rows(batch: Batch) -> None:
    (batch.folder / "b.stripe").write_text("/sandbox list customers\n")
    assert "--rows chooses rows of a loop" in batch.run("--rows", "1").err
