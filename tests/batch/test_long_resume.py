"""Going on with a run whose rows are nearly all done: quickly, with little memory, and with a complete row file."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from stripe_shell.batch import batch_run, journal_state, row_file
from stripe_shell.batch.journal_state import read_journal
from stripe_shell.batch.missing_lines import find_missing_lines
from stripe_shell.engine.foreach import LoopRow
from stripe_shell.engine.resolver import Resolver

from .support import BODY, Batch
from .test_resume import dies_at

EMAILS = [f"user{number:03}@b.co" for number in range(60)]


def dead(batch: Batch, number: int = 300, options: str = "key=email") -> None:
    """A run that died at an entry of its journal."""
    batch.options = options
    batch.script(BODY)
    batch.rows(EMAILS)
    assert batch.run_and_die(dies_at(number, "after")) == 9


def finished_as_one(batch: Batch) -> None:
    """The run goes on, makes everything once, and its row file has every row once."""
    assert batch.run().code == 0
    assert batch.made("customer") == batch.made("invoiceitem", "description") == EMAILS
    assert sorted(row["email"] for row in batch.table()) == EMAILS


def counting(monkeypatch: pytest.MonkeyPatch, owner: type, name: str) -> list[int]:
    """Counts the calls of a method or the reads of a property."""
    calls: list[int] = []
    original = getattr(owner, name)
    read: Callable[..., object] = original.fget if isinstance(original, property) else original

    def noted(*given: object, **named: object) -> object:
        calls.append(1)
        return read(*given, **named)

    monkeypatch.setattr(owner, name, property(noted) if isinstance(original, property) else noted)
    return calls


def test_rows_that_are_done_are_neither_checked_nor_resolved_again(
    batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead(batch)
    done = len(read_journal(batch.folders[0] / "journal.jsonl").finished)
    assert done > 45
    scopes = counting(monkeypatch, LoopRow, "scope")
    finished_as_one(batch)
    assert len(scopes) < 6 * (len(EMAILS) - done) + 10


@pytest.mark.parametrize("edit", ["data", "script", "option"])
def test_data_is_checked_again_after_an_edit(batch: Batch, monkeypatch: pytest.MonkeyPatch, edit: str) -> None:
    dead(batch)
    options: tuple[str, ...] = ()
    if edit == "data":
        batch.rows([*EMAILS, "not an address"])
    elif edit == "script":
        batch.script(BODY + "\n  # a comment\n")
    else:
        options = ("--spec", "stripe")
    resolved = counting(monkeypatch, Resolver, "resolve")
    monkeypatch.setattr(batch_run, "begin_run", lambda setup: (_ for _ in ()).throw(KeyboardInterrupt))
    batch.run(*options)
    assert len(resolved) >= len(EMAILS)


@pytest.mark.parametrize("options", ["key=email", "key=email jobs=4", "jobs=4"])
@pytest.mark.parametrize("lost", [0, 1, 7])
def test_lines_that_were_lost_are_found_and_written(batch: Batch, options: str, lost: int) -> None:
    dead(batch, options=options)
    folder = batch.folders[0]
    lines = (folder / "rows.csv").read_text().splitlines(keepends=True)
    kept = lines[: len(lines) - lost]
    (folder / "rows.csv").write_text("".join(kept))
    state = read_journal(folder / "journal.jsonl")
    missing = find_missing_lines(folder, state)
    assert missing is not None
    assert len(missing) == len(state.finished) - (len(kept) - 1)
    finished_as_one(batch)


@pytest.mark.parametrize("damage", ["removed", "torn", "another file"])
def test_a_row_file_that_is_not_that_of_the_run_is_made_anew(batch: Batch, damage: str) -> None:
    dead(batch)
    path = batch.folders[0] / "rows.csv"
    if damage == "removed":
        path.unlink()
    elif damage == "torn":
        path.write_bytes(path.read_bytes()[:-20])
    else:
        path.write_text("a,b\n1,2\n")
    if damage == "another file":
        assert find_missing_lines(batch.folders[0], read_journal(batch.folders[0] / "journal.jsonl")) is None
        assert batch.run().code == 0
        assert batch.made("customer") == EMAILS
    else:
        finished_as_one(batch)


def test_skipped_rows_are_counted_as_skipped_again(batch: Batch) -> None:
    batch.options = "key=email"
    batch.script(
        BODY.replace("name=${row.name}", "name=${row.name}\n  @when ${row.name} == Bob").replace(
            "description=${row.email}", "description=${row.email}\n  @when ${row.name} == Bob"
        )
    )
    batch.rows(EMAILS[:6], user000="Bob", user005="Bob")
    assert batch.run("--rows", "5").code == 0
    result = batch.run()
    assert "2 rows done · 4 skipped" in result.err
    assert sorted(row["_status"] for row in batch.table()) == ["done"] * 2 + ["skipped"] * 4


def test_the_file_of_a_second_loop_keeps_its_name(batch: Batch) -> None:
    second = '@foreach row in "rows.csv" key=email\n  /sandbox create product name=${row.email}\n@end\n'
    batch.script(BODY, after=second)
    batch.rows(EMAILS[:5])
    assert batch.run_and_die(dies_at(32, "after")) == 9
    assert batch.run().code == 0
    assert [row["email"] for row in batch.table("rows-2.csv")] == EMAILS[:5]
    assert [row["email"] for row in batch.table()] == EMAILS[:5]


def test_ten_thousand_finished_rows_are_read_in_no_time(batch: Batch) -> None:
    dead(batch)
    journal = batch.folders[0] / "journal.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    rows = [line for line in lines if line.startswith('{"t":"r"')]
    with journal.open("a") as file:
        for number in range(10_000):
            row = rows[number % len(rows)]
            file.write(f"{row[:14]}{number:016x}{row[30:]}")
    began = time.process_time()
    state = read_journal(journal)
    assert len(state.finished) >= 10_000
    assert time.process_time() - began < 1


@pytest.mark.parametrize("options", ["key=email", "key=email jobs=4"])
@pytest.mark.parametrize("chunk", [1, 700, 4096])
def test_a_journal_is_read_alike_in_parts_of_any_size(
    batch: Batch, monkeypatch: pytest.MonkeyPatch, options: str, chunk: int
) -> None:
    dead(batch, options=options)
    path = batch.folders[0] / "journal.jsonl"
    with path.open("ab") as file:
        file.write(b'{"t":"i","r":"0123')
    whole = read_journal(path, repair=False)
    assert whole.steps or len(whole.finished) > 45
    monkeypatch.setattr(journal_state, "_CHUNK", chunk)
    parts = read_journal(path, repair=False)
    for name in ("start", "tables", "steps", "wrote", "spent", "rows_with_writes", "latest", "total", "last_rows"):
        assert getattr(parts, name) == getattr(whole, name)
    assert vars(parts.finished) == vars(whole.finished)
    assert whole.spent["writes"] == 2 * len(whole.finished)


HEADER = '"email","_status"\n'


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"{HEADER}a@b.co,done\nc@d.co,skipped\n", None),
        (f"{HEADER}", None),
        (f'{HEADER}"two\nlines",done\n', f'{HEADER}"two\nlines",done\n'),
        (f"{HEADER}a@b.co,done\nc@d.co,failed\ne@f.co,done\n", f"{HEADER}a@b.co,done\ne@f.co,done\n"),
        (f"{HEADER}a@b.co,failed\n", HEADER),
        (f"{HEADER}a@b.co,done\nc@d.co,do", f"{HEADER}a@b.co,done\n"),
        (f"{HEADER}a@b.co,done\nc@d.co,done", f"{HEADER}a@b.co,done\n"),
        (f'{HEADER}a@b.co,done\n"c\n', f"{HEADER}a@b.co,done\n"),
        (f"{HEADER}a@b.co,done\nc@d.co,done,\n", f"{HEADER}a@b.co,done\n"),
        ("email,_status\na@b.co,done\nc@d.co,unknown\n", f"{HEADER}a@b.co,done\n"),
    ],
)
def test_lines_of_unfinished_rows_leave_the_row_file(tmp_path: Path, text: str, kept: str | None) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(text)
    before = path.stat().st_ino
    present = row_file._keep_finished(path)
    assert present is not None
    assert path.read_text() == (text if kept is None else kept)
    assert (path.stat().st_ino == before) == (kept is None)
    with path.open("a") as file:
        file.write("later@b.co,done\n")
    told = [row_file._hash([cell]) in present for cell in ("a@b.co", "c@d.co", "later@b.co", "two\nlines")]
    assert told == ["a@b.co,done\n" in path.read_text(), "c@d.co,skipped" in text, False, "two" in text]


@pytest.mark.parametrize("text", ["", "email,name\na@b.co,Ann\n"])
def test_another_file_has_no_lines(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(text)
    assert row_file._keep_finished(path) is None
    assert row_file._keep_finished(tmp_path / "none.csv") is None
    assert path.read_text() == text
