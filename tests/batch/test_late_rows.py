"""Loops whose rows become known in the run: over a saved list, and over a file that a block above has written."""

from __future__ import annotations

import json
import os
import shutil
import tracemalloc

import pytest

from stripe_shell.cli import main

from .support import Batch
from .test_exports import fill

SEED = "".join(f"/sandbox create customer email=c{n}@b.co name=C{n}\n\n" for n in range(5))

LIST = """/sandbox list customers limit=100
@as found

@foreach each in ${found.data} key=id%s
  /sandbox create invoice_item customer=${each.id} amount=100 currency=usd description=${each.email}
@end
"""

WRITTEN = """/sandbox list customers limit=100
@out customers.csv fields=id,email

@foreach row in "customers.csv" key=id%s
  /sandbox create invoice_item customer=${row.id} amount=100 currency=usd description=${row.email}
@end
"""

EMAILS = [f"c{n}@b.co" for n in range(5)]


def script(batch: Batch, text: str) -> None:
    (batch.folder / "b.stripe").write_text(text, encoding="utf-8")


@pytest.fixture(autouse=True)
def customers(batch: Batch) -> None:
    script(batch, SEED)
    assert batch.run().code == 0
    for folder in batch.folders:
        shutil.rmtree(folder)


@pytest.mark.parametrize("text", [LIST, WRITTEN], ids=["list", "file"])
@pytest.mark.parametrize("options", ["", " jobs=3", """ where="${NAME.email} != c2@b.co" """])
def test_every_row_of_it_is_run(batch: Batch, text: str, options: str) -> None:
    name = "each" if text is LIST else "row"
    script(batch, text % options.replace("NAME", name))
    result = batch.run()
    assert result.code == 0, result.err
    assert batch.made("invoiceitem", "description") == [
        each for each in EMAILS if "where" not in options or "c2" not in each
    ]


@pytest.mark.parametrize("text", [LIST, WRITTEN], ids=["list", "file"])
def test_a_resume_reads_the_rows_of_the_first_process(batch: Batch, text: str) -> None:
    """What is created after the first process listed is another list, and not this run's."""
    script(batch, (text % "").replace("description", "subscription=sub_none description"))
    first = batch.run()
    assert first.code == 3, first.err
    extra = batch.folder / "extra.stripe"
    extra.write_text("/sandbox create customer email=later@b.co name=L\n")
    assert main(["run", str(extra), "--db", str(batch.folder / "s.db")]) == 0
    script(batch, text % "")
    again = batch.run("--resume")
    assert again.code == 0, again.err
    assert batch.made("invoiceitem", "description") == EMAILS


def test_the_rows_are_kept_with_what_the_loop_refers_to(batch: Batch) -> None:
    script(batch, LIST % "")
    assert batch.run().code == 0
    (folder,) = [each for each in batch.folders if list(each.glob("list-*.jsonl"))]
    (file,) = folder.glob("list-*.jsonl")
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert [number for number, _ in rows] == [1, 2, 3, 4, 5]
    assert {tuple(values) for _, values in rows} == {("id", "email")}
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_file_that_was_there_before_is_not_read(batch: Batch) -> None:
    (batch.folder / "customers.csv").write_text("id,email\nold,old@b.co\n")
    script(batch, WRITTEN % "")
    assert batch.run().code == 0
    assert batch.made("invoiceitem", "description") == EMAILS


def test_what_is_wrong_with_the_rows_stops_the_loop_before_its_first_request(batch: Batch) -> None:
    script(batch, (LIST % "").replace("key=id", "key=object"))
    result = batch.run()
    assert result.code == 3
    assert "rows 1 and 2 have the key `customer`" in result.err
    assert batch.made("invoiceitem") == []
    script(batch, (WRITTEN % "").replace("${row.email}", "${row.mail}"))
    result = batch.run("--new")
    assert result.code == 3
    assert "has no field `mail`" in result.err
    assert batch.made("invoiceitem") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LIST.replace("found.data}", "found.object}"), "`found.object` is not a list"),
        (LIST.replace("found.data}", "found.dat}"), "has no field `dat`"),
        (LIST.replace("each.email", "each.mail"), "has no field `mail`"),
        (LIST.replace("in ${found", "in ${fund"), "undefined name `fund`"),
    ],
)
def test_the_check_knows_the_shape_of_the_rows(batch: Batch, text: str, said: str) -> None:
    script(batch, text % "")
    result = batch.run()
    assert result.code == 2
    assert said in result.err


def test_a_list_of_a_variable_is_known_before_the_run(batch: Batch) -> None:
    script(
        batch,
        '@let plans = [{"id": "a", "n": 1}, {"id": "b", "n": 2}]\n'
        "@foreach plan in ${plans} key=id\n  /sandbox create product name=${plan.id} metadata.n=${plan.n}\n@end\n",
    )
    assert batch.run().code == 0
    assert batch.made("product", "name") == ["a", "b"]
    script(
        batch,
        '@let plans = [{"id": "a"}, {"id": "a"}]\n'
        "@foreach plan in ${plans} key=id\n  /sandbox create product name=x\n@end\n",
    )
    assert batch.run("--new").code == 2


def test_a_dry_run_shows_the_block_of_unknown_rows_once(batch: Batch) -> None:
    script(batch, LIST % "")
    result = batch.run("--dry-run", "--show")
    assert result.code == 0
    assert "${each.email}" in result.out or "%7Beach.email%7D" in result.out


def test_a_list_inside_a_row(batch: Batch) -> None:
    script(
        batch,
        "/sandbox list customers limit=2\n@as found\n\n@foreach each in ${found.data} key=id\n"
        "  /sandbox list customers email=${each.email}\n  @as same\n\n"
        "  @foreach one in ${same.data} key=id\n"
        "    /sandbox create product name=${one.email}\n  @end\n@end\n",
    )
    result = batch.run()
    assert result.code == 0, result.err
    assert batch.made("product", "name") == ["c3@b.co", "c4@b.co"]


def test_the_journal_does_not_hold_the_list_that_a_loop_runs_over(batch: Batch) -> None:
    script(batch, LIST % "")
    assert batch.run().code == 0
    assert not any(entry["t"] == "d" and "data" in entry["b"] for entry in batch.journal())


def test_memory_does_not_grow_with_a_list_that_only_a_loop_goes_through(
    batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(batch.folder / "many.db", 1_530)

    def peak(pages: str) -> int:
        script(batch, LIST.replace("limit=100", f"\n@pages {pages}") % """ where="${each.email} == none@b.co" """)
        monkeypatch.setattr("sys.stdout", open(os.devnull, "w"))  # noqa: PTH123, SIM115 (pytest's keeps what is written)
        tracemalloc.start()
        assert main(["run", "b.stripe", "--db", "many.db", "--new"]) == 0
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak("1")
    few, many = peak("3"), peak("all")
    assert many < few + 500_000  # 1,530 customers as Python objects take 5 MB


@pytest.mark.parametrize("more", ["", "@out all.jsonl fields=id\n", "@expect data count == 5\n"])
def test_a_list_is_told_and_run_the_same_whether_it_is_kept_in_memory(batch: Batch, more: str) -> None:
    """A reference to it that is no loop's keeps it in memory."""
    text = LIST.replace("limit=100", "limit=2\n@pages all").replace("@as found\n", f"@as found\n{more}") % ""
    script(batch, text)
    first = batch.run("--format", "json")
    script(batch, text + "\n/sandbox retrieve customer id=${found.data[4].id}\n@out one.json\n")
    second = batch.run("--format", "json", "--new")
    assert (first.code, second.code) == (0, 0)
    assert second.out == first.out
    assert ("c0@b.co" in first.out) == (not more.startswith("@out"))
    assert batch.made("invoiceitem", "description") == sorted(2 * EMAILS)
    assert len({each.read_bytes() for folder in batch.folders for each in folder.glob("list-*.jsonl")}) == 1


def test_a_loop_in_a_loop_goes_through_a_list_after_a_resume(batch: Batch) -> None:
    text = "/sandbox list customers limit=2\n@pages all\n@as found\n\n/sandbox create customer email=x@b.co name=X\n\n"
    inner = "  @foreach each in ${found.data} key=id\n    /sandbox create invoice_item customer=${each.id} amount=1"
    inner += " currency=usd description=${row.n}-${each.email}\n%s  @end\n"
    (batch.folder / "n.csv").write_text("n\n1\n2\n")
    loop = '@foreach row in "n.csv" key=n\n' + inner + "@end\n"
    script(batch, text + loop % "    @expect description != 1-c3@b.co\n")
    assert batch.run().code == 4
    script(batch, text + loop % "")
    assert batch.run().code == 0
    assert batch.made("invoiceitem", "description") == [f"{n}-{each}" for n in (1, 2) for each in EMAILS]
