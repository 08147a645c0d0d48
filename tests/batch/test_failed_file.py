"""`failed=FILE`: the rows that failed, as a data file where the script wants it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from stripe_shell.cli import main

from .support import Batch

EMAILS = ["a@b.co", "b@b.co", "c@b.co"]
BODY = "  /sandbox create product id=${row.name} name=${row.email}\n"


def failing(batch: Batch, failed: str) -> None:
    """A batch whose second row is refused, as its product exists."""
    batch.options = f"key=email on_error=continue failed={failed}"
    batch.script(BODY)
    batch.rows(EMAILS, a="one", b="one", c="three")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("options", [[], ["--no-journal"]])
def test_failed_rows_are_in_the_file_that_the_loop_names(batch: Batch, options: list[str]) -> None:
    failing(batch, '"again.csv"')
    result = batch.run(*options)
    assert result.code == 3
    assert rows_of(batch.folder / "again.csv") == [{"email": "b@b.co", "name": "one"}]
    assert (batch.folder / "again.csv").stat().st_mode & 0o777 == 0o600
    if not options:
        assert "again.csv" in result.err
        assert not (batch.folders[0] / "failed.csv").exists()


def test_the_file_is_a_data_file_that_makes_what_is_missing(batch: Batch) -> None:
    failing(batch, '"again.csv"')
    assert batch.run().code == 3
    batch.options = "key=email"
    batch.script(BODY.replace("id=${row.name} ", ""))
    script = batch.folder / "b.stripe"
    script.write_text(script.read_text().replace("rows.csv", "again.csv"))
    assert batch.run().code == 0
    assert [name for name in batch.made("product", "name") if "@" in name] == EMAILS


def test_a_file_of_an_earlier_run_is_removed(batch: Batch) -> None:
    failing(batch, '"again.csv"')
    assert batch.run().code == 3
    batch.rows(EMAILS, a="four", b="five", c="six")
    assert batch.run("--new").code == 0
    assert not (batch.folder / "again.csv").exists()


def test_nothing_is_kept_elsewhere_of_a_sandbox_in_memory(batch: Batch) -> None:
    failing(batch, '"again.csv"')
    assert main(["run", str(batch.folder / "b.stripe"), "--memory"]) == 3
    assert rows_of(batch.folder / "again.csv") == [{"email": "b@b.co", "name": "one"}]
    assert batch.folders == []


@pytest.mark.parametrize(
    ("failed", "said"),
    [('"rows.csv"', "`failed=` names the data file itself"), ('"${nobody}.csv"', "undefined name `nobody`")],
)
def test_a_file_that_cannot_be_it_is_told_before_anything_is_sent(batch: Batch, failed: str, said: str) -> None:
    failing(batch, failed)
    result = batch.run()
    assert result.code == 2
    assert said in result.err
    assert batch.folders == []


def test_a_file_that_cannot_be_written_stops_nothing(batch: Batch) -> None:
    failing(batch, '"no/such/folder.csv"')
    result = batch.run("--no-journal")
    assert result.code == 3
    assert "the row file cannot be written: No such file or directory" in result.err
    assert len([name for name in batch.made("product", "name") if "@" in name]) == 2
