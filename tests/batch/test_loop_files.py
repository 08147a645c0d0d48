"""`@out` in a loop: one file with the lines of the rows in order, whatever runs at once, fails, or kills the run."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import tracemalloc
from collections import Counter
from pathlib import Path
from threading import Event

import pytest

from stripe_shell.cli import main
from stripe_shell.records import replace
from stripe_shell.transports.sandbox import SandboxTransport
from stripe_shell.wire import Request, Response

from .support import Batch
from .test_exports import fill
from .test_resume import dies_at

EMAILS = [f"user{number}@b.co" for number in range(9)]
FIELDS = "row.name,email,row.email,name"
ENDINGS = ("csv", "json", "jsonl", "sqlite", "parquet")


def body(ending: str = "csv", fields: str = FIELDS, more: str = "") -> str:
    """A loop that makes two objects a row, and writes one of them."""
    return (
        "  /sandbox create customer email=${row.email} name=${row.name}\n  @as customer\n"
        f"  @out made.{ending} fields={fields}\n\n"
        f"  /sandbox create invoice_item customer=${{customer.id}} amount=100 currency=usd\n{more}"
    )


def ready(batch: Batch, text: str = "", options: str = "key=email") -> Path:
    """Writes script and data; returns the path of the file without its ending."""
    os.chdir(batch.folder)
    batch.options = options
    batch.script(text or body())
    batch.rows(EMAILS, user3='"Ann, of ""Ö"""')
    return batch.folder / "made"


def lines(path: Path, column: str = "email") -> list[str]:
    """Returns a column of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return [row[column] for row in csv.DictReader(file)]


def test_it_is_one_file_with_a_line_for_each_row(batch: Batch) -> None:
    path = ready(batch).with_suffix(".csv")
    result = batch.run()
    assert result.code == 0
    assert "ok         create customer (9 rows) → made.csv\n" in result.err
    names = ["Ann", "Ann", "Ann", '"Ann, of ""Ö"""', *["Ann"] * 5]
    expected = [f"{name},{email},{email},{name}" for name, email in zip(names, EMAILS, strict=True)]
    assert path.read_text(encoding="utf-8").splitlines() == [FIELDS, *expected]
    assert [each.name for each in batch.folder.glob(".stripe-shell*")] == []


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_order_is_that_of_the_rows_though_answers_come_the_other_way_round(
    batch: Batch, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ready(batch, body(ending)).with_suffix(f".{ending}")
    assert batch.run("--no-journal").code == 0
    in_order = path.read_bytes()
    path.unlink()
    answers_backwards(monkeypatch, 4)
    batch.options = "key=email jobs=4"
    batch.script(body(ending))
    assert batch.run("--no-journal").code == 0
    assert path.read_bytes() == in_order


def answers_backwards(monkeypatch: pytest.MonkeyPatch, jobs: int) -> None:
    """Of `jobs` customers that are created at once, the last one is answered first."""
    answered = {email: Event() for email in EMAILS}
    send = SandboxTransport.send

    def late(self: SandboxTransport, request: Request) -> Response:
        response = send(self, request)
        email = response.json().get("email") if request.path == "/v1/customers" else None
        if email is not None:
            number = EMAILS.index(email) + 1
            if number % jobs and number < len(EMAILS):
                assert answered[EMAILS[number]].wait(10)
            answered[email].set()
        return response

    monkeypatch.setattr(SandboxTransport, "send", late)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("options", ["key=email", "key=email jobs=4"])
def test_a_run_that_is_killed_ends_with_the_file_of_one_that_is_not(batch: Batch, ending: str, options: str) -> None:
    path = ready(batch, body(ending)).with_suffix(f".{ending}")
    assert batch.run().code == 0
    whole = path.read_bytes()
    for number in (*range(1, 9), *range(9, 46, 6)) if ending == "csv" else (6, 24, 45):
        batch.move_to(f"{number}")
        path = ready(batch, body(ending), options).with_suffix(f".{ending}")
        assert batch.run_and_die(dies_at(number, "after")) == 9
        assert batch.run_and_die(dies_at(3, "after")) == 9
        assert batch.run().code == 0, number
        assert path.read_bytes() == whole, number
        assert batch.made("customer") == EMAILS
        assert list(batch.folder.glob(".stripe-shell*")) == []


def test_rows_that_failed_leave_no_line_until_they_are_done(batch: Batch) -> None:
    check = "  @when ${row.name} == bad\n\n  /sandbox delete coupon id=${row.name}\n  @when ${row.name} == bad\n"
    path = ready(batch, body(more=check.partition("\n\n")[2]), "key=email on_error=continue").with_suffix(".csv")
    batch.rows(EMAILS, user0="bad", user4="bad")
    assert batch.run().code == 3
    left = [email for email in EMAILS if email not in {"user0@b.co", "user4@b.co"}]
    assert lines(path) == left
    batch.script(body(more=check.partition("\n\n")[2].replace("== bad", "== worse")))
    assert batch.run("--resume").code == 0
    assert lines(path) == EMAILS
    assert batch.made("customer") == EMAILS


def test_the_first_rows_then_the_rest(batch: Batch) -> None:
    path = ready(batch).with_suffix(".csv")
    batch.run("--rows", "4-5")
    assert lines(path) == EMAILS[3:5]
    batch.run("--rows", "2")
    assert lines(path) == [*EMAILS[:2], *EMAILS[3:5]]
    assert batch.run().code == 0
    assert lines(path) == EMAILS


def test_a_column_that_is_added_is_written_for_rows_that_are_done_too(batch: Batch) -> None:
    path = ready(batch).with_suffix(".csv")
    assert batch.run_and_die(dies_at(30, "after")) == 9
    batch.script(body(fields=f"{FIELDS},object"))
    assert batch.run().code == 0
    assert lines(path) == EMAILS
    assert set(lines(path, "object")) == {"customer"}
    assert batch.made("customer") == EMAILS
    assert [row["email"] for row in batch.table()] == EMAILS


def test_the_file_of_a_loop_in_a_loop(batch: Batch) -> None:
    """The file of the outer loop has the lines of all inner rows, that of the inner loop those of one outer row."""
    (batch.folder / "kinds.csv").write_text("kind\nred\nblue\n", encoding="utf-8")
    text = (
        '  @foreach each in "kinds.csv" jobs=2\n'
        "    /sandbox create customer email=${row.email} name=${each.kind}\n"
        "    @out made.csv fields=row.email,row.kind,email,name\n\n"
        "    /sandbox create customer email=x@b.co name=${each.kind}\n"
        "    @out ${row.email}.csv fields=row.email,row.kind\n"
        "  @end\n"
    )
    path = ready(batch, text, "key=email jobs=3").with_suffix(".csv")
    assert batch.run_and_die(dies_at(25, "after")) == 9
    assert batch.run().code == 0
    expected = [f"{email},{kind},{email},{kind}" for email in EMAILS for kind in ("red", "blue")]
    assert path.read_text(encoding="utf-8").splitlines() == ["row.email,row.kind,email,name", *expected]
    for email in EMAILS:
        own = (batch.folder / f"{email}.csv").read_text(encoding="utf-8")
        assert own == f"row.email,row.kind\n{email},red\n{email},blue\n"


def test_columns_whose_names_are_no_identifiers_are_quoted(batch: Batch) -> None:
    path = ready(batch, body(fields='row."Created, (UTC)",row."Amount [EUR]",email')).with_suffix(".csv")
    (batch.folder / "rows.csv").write_text('email,name,"Created, (UTC)",Amount [EUR]\na@b.co,A,2026,"1,50"\n')
    assert batch.run().code == 0
    assert path.read_text() == '"row.Created, (UTC)",row.Amount [EUR],email\n2026,"1,50",a@b.co\n'


def test_a_loop_over_a_list_shows_columns_of_its_rows(batch: Batch) -> None:
    ready(batch)
    assert batch.run().code == 0
    (batch.folder / "list.stripe").write_text(
        "/sandbox list customers\n@pages all\n@as all\n\n"
        "@foreach each in ${all.data} key=id jobs=2\n"
        "  /sandbox list invoice_items customer=${each.id}\n  @pages all\n"
        "  @out items.jsonl fields=row.email,row.invoice_settings.footer,amount\n@end\n",
        encoding="utf-8",
    )
    assert main(["run", "list.stripe", "--db", str(batch.folder / "s.db")]) == 0
    found = [json.loads(line) for line in (batch.folder / "items.jsonl").read_text(encoding="utf-8").splitlines()]
    assert sorted(each["row.email"] for each in found) == EMAILS
    assert found[0] == {"row.email": found[0]["row.email"], "row.invoice_settings.footer": None, "amount": 100}


@pytest.mark.parametrize("option", ["--dry-run", "--plan"])
def test_nothing_is_written_where_nothing_is_sent(batch: Batch, option: str) -> None:
    path = ready(batch, body() + "\n  /sandbox list customers\n  @out all.csv fields=id\n").with_suffix(".csv")
    assert batch.run(option).code == 0
    assert not path.exists()
    assert not (batch.folder / "all.csv").exists()
    assert list(batch.folder.glob(".stripe-shell*")) == []


def test_a_file_that_cannot_be_written_stops_no_row_and_is_made_up_for(batch: Batch) -> None:
    path = ready(batch).with_suffix(".csv")
    path.symlink_to("/dev/full")
    result = batch.run()
    assert result.code == 3
    assert "made.csv cannot be written: No space left on device" in result.err
    assert batch.made("customer") == EMAILS
    path.unlink()
    assert batch.run().code == 0
    assert lines(path) == EMAILS
    assert batch.made("customer") == EMAILS


def test_members_that_the_description_lacks_are_named(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    send = SandboxTransport.send

    def more(self: SandboxTransport, request: Request) -> Response:
        response = send(self, request)
        return replace(response, body=json.dumps({**response.json(), "brand_new": 1}).encode())

    monkeypatch.setattr(SandboxTransport, "send", more)
    ready(batch, body("parquet").replace(f" fields={FIELDS}", ""))
    assert "create customer (9 rows) → made.parquet without brand_new\n" in batch.run().err


def test_a_file_that_cannot_be_opened_stops_the_loop_before_anything_is_sent(batch: Batch) -> None:
    path = ready(batch).with_suffix(".csv")
    batch.folder.chmod(0o500) if os.getuid() else path.mkdir()
    result = batch.run("--no-journal")
    assert result.code == 3
    assert "made.csv cannot be written" in result.err
    assert not (batch.folder / "s.db").exists() or batch.made("customer") == []


def test_secrets_are_in_no_journal_and_still_in_the_file(batch: Batch) -> None:
    text = (
        "  /sandbox create payment_intent amount=500 currency=usd description=${row.email}\n"
        "  @out made.csv fields=description,client_secret\n"
    )
    path = ready(batch, text).with_suffix(".csv")
    assert batch.run_and_die(dies_at(20, "after")) == 9
    (folder,) = batch.folders
    assert "_secret_" not in (folder / "journal.jsonl").read_text(encoding="utf-8")
    assert batch.run().code == 0
    assert lines(path, "description") == EMAILS
    assert all("_secret_" in each for each in lines(path, "client_secret"))
    assert batch.made("payment_intent", "description") == EMAILS
    assert [row["email"] for row in batch.table()] == EMAILS


def test_a_block_that_is_repeated_has_the_lines_of_its_last_answer(
    batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        "  /sandbox create customer email=${row.email} name=Ann\n  @as customer\n\n"
        "  /sandbox retrieve customer id=${customer.id}\n  @retry 3 every 1ms until description == %s\n"
        "  @out made.csv fields=email,description\n"
    )
    send, asked = SandboxTransport.send, Counter[str]()

    def counted(self: SandboxTransport, request: Request) -> Response:
        response = send(self, request)
        asked[request.path] += request.method == "GET"
        return replace(response, body=json.dumps({**response.json(), "description": asked[request.path]}).encode())

    monkeypatch.setattr(SandboxTransport, "send", counted)
    path = ready(batch, text % "2", "key=email on_error=continue").with_suffix(".csv")
    assert batch.run("--no-journal").code == 0
    assert lines(path) == EMAILS
    assert set(lines(path, "description")) == {"2"}
    batch.script(text % "9")
    assert batch.run("--no-journal").code == 4
    assert lines(path) == []


def test_a_run_that_stops_keeps_the_lines_of_rows_behind_its_end(batch: Batch) -> None:
    bad = "\n  /sandbox delete coupon id=none\n  @when ${row.email} == user2@b.co\n"
    path = ready(batch, body(more=bad)).with_suffix(".csv")
    assert batch.run("--rows", "6-7").code == 0
    result = batch.run()
    assert result.code == 3
    assert "4 rows done · 0 skipped · 1 failed · 0 unknown · 4 not run" in result.err
    assert lines(path) == [*EMAILS[:2], *EMAILS[5:7]]


def test_memory_does_not_grow_with_the_list_of_a_row(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(batch.folder / "s.db", 1_530)
    monkeypatch.setattr("stripe_shell.engine.run.row_lines._MOST_IN_MEMORY", 10_000)
    path = ready(batch).with_suffix(".jsonl")
    batch.rows(EMAILS[:1])

    def peak(pages: str) -> int:
        batch.script(f"  /sandbox list customers\n  @pages {pages}\n  @out made.jsonl\n")
        tracemalloc.start()
        assert batch.run("--new").code == 0
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak("1")
    few, many = peak("3"), peak("all")
    assert many < few + 500_000  # 1,530 customers as Python objects take 5 MB
    assert len(path.read_text(encoding="utf-8").splitlines()) == 1_530


def test_tags_that_leave_the_block_out_leave_its_file_alone(batch: Batch) -> None:
    path = ready(batch).with_suffix(".csv")
    path.write_text("kept\n", encoding="utf-8")
    assert batch.run("--tags", "other").code == 0
    assert path.read_text(encoding="utf-8") == "kept\n"


def test_a_database_has_one_table_of_all_rows(batch: Batch) -> None:
    path = ready(batch, body("sqlite", "row.name,email")).with_suffix(".sqlite")
    assert batch.run().code == 0
    with sqlite3.connect(path) as database:
        assert [email for _, email in database.execute("SELECT * FROM customer")] == EMAILS


FED = """
@foreach made in "made.csv" key=email
  /sandbox create customer email=again-${made.email} name=${made.name}
  @out again.csv fields=row.email,email
@end
"""


def test_a_loop_over_the_file_of_a_loop_has_the_rows_that_are_done_later_too(batch: Batch) -> None:
    """The first rows only, then all but one, which is mended: each row of the file is run once, in its order."""
    ready(batch)
    batch.script(body(), after=FED)
    batch.run("--rows", "2")
    assert lines(batch.folder / "again.csv", "row.email") == EMAILS[:2]
    missing = "\n  /sandbox delete coupon id=none\n  @when ${row.email} == user4@b.co\n"
    batch.options = "key=email on_error=continue"
    batch.script(body(more=missing), after=FED)
    assert batch.run().code == 3
    assert lines(batch.folder / "again.csv", "row.email") == [each for each in EMAILS if each != EMAILS[4]]
    batch.script(body(more=missing.replace("user4", "none")), after=FED)
    assert batch.run("--resume").code == 0
    assert lines(batch.folder / "again.csv", "row.email") == EMAILS
    assert batch.made("customer") == sorted([*EMAILS, *(f"again-{each}" for each in EMAILS)])


def test_a_plan_does_not_take_the_file_of_another_run_for_that_of_this_one(batch: Batch) -> None:
    path = ready(batch).with_suffix(".csv")
    batch.script(body(), after=FED)
    path.write_text("row.name,email,row.email,name\nold,old@b.co,old@b.co,old\n", encoding="utf-8")
    result = batch.run("--plan")
    assert result.code != 0
    assert "the run writes this file: a plan makes none of the writes that its rows come from" in result.err
    assert batch.run().code == 0
    assert "again-old@b.co" not in batch.made("customer")


def test_a_plan_writes_the_file_of_a_loop_that_reads_for_a_loop_that_writes(batch: Batch) -> None:
    path = ready(batch).with_suffix(".csv")
    batch.script("  /sandbox list customers email=${row.email}\n  @out made.csv fields=email,name\n", after=FED)
    (batch.folder / "seed.stripe").write_text("/sandbox create customer email=user3@b.co name=Ada\n", encoding="utf-8")
    assert main(["run", "seed.stripe", "--db", str(batch.folder / "s.db")]) == 0
    result = batch.run("--plan")
    assert result.code == 0
    assert "1 write" in result.err + result.out
    assert lines(path) == ["user3@b.co"]
    assert not (batch.folder / "again.csv").exists()


def test_the_data_of_the_loop_is_not_written_over(batch: Batch) -> None:
    ready(batch, body().replace("made.csv", "./rows.csv"))
    result = batch.run()
    assert result.code == 2
    assert "error[E303]: `@out` names the data file of its loop" in result.err
    assert lines(batch.folder / "rows.csv") == EMAILS
