"""Runs that die, and runs that go on: each write takes effect once, whatever happens in between."""

from __future__ import annotations

import itertools
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stripe_shell.batch import batch_run, journal, recovery
from stripe_shell.batch.run_folder import RunLock, run_identity
from stripe_shell.transports import sandbox
from stripe_shell.wire import Request, Response

from .support import BODY, Batch

EMAILS = ["a@b.co", "b@b.co", "c@b.co"]


def dies_at(number: int, moment: str) -> Callable[[], None]:
    """Ends the process like SIGKILL before or after the entry `number` of the journal, or after that request."""

    def prepare() -> None:
        count = itertools.count(1)  # its steps are atomic, for the threads of several jobs
        append, send = journal.Journal.append, sandbox.SandboxTransport.send

        def fatal_append(self: journal.Journal, entry: dict[str, object], **options: Any) -> None:
            now = next(count)
            if moment == "before" and now == number:
                os._exit(9)
            append(self, entry, **options)
            if moment == "after" and now == number:
                os._exit(9)

        def fatal_send(self: sandbox.SandboxTransport, request: Request) -> Response:
            response = send(self, request)
            if next(count) == number:
                os._exit(9)
            return response

        if moment == "sent":
            sandbox.SandboxTransport.send = fatal_send  # type: ignore[method-assign]
        else:
            journal.Journal.append = fatal_append  # type: ignore[assignment]

    return prepare


@pytest.mark.parametrize(("moment", "last"), [("before", 12), ("after", 11), ("sent", 5)])
def test_a_run_that_dies_at_any_moment_takes_effect_once(batch: Batch, moment: str, last: int) -> None:
    """Every moment of a run of two rows with two writes each; the next run has its rows the other way round."""
    for number in range(1, last + 1):
        batch.move_to(f"{moment}-{number}")
        batch.rows(EMAILS[:2])
        assert batch.run_and_die(dies_at(number, moment)) == 9, number
        batch.rows(EMAILS[1::-1])
        result = batch.run()
        assert result.code == 0, (number, result.err)
        assert batch.made("customer") == EMAILS[:2], number
        assert batch.made("invoiceitem", "description") == EMAILS[:2], number


def test_a_run_that_dies_again_and_again_takes_effect_once(batch: Batch) -> None:
    batch.rows(EMAILS)
    for number in (4, 5, 3, 4, 3):
        assert batch.run_and_die(dies_at(number, "after")) == 9
    assert batch.run().code == 0
    assert batch.made("customer") == batch.made("invoiceitem", "description") == EMAILS


def test_the_totals_of_a_run_that_died_are_those_of_the_whole_run(batch: Batch) -> None:
    """Rows that an earlier process finished, one that died between its two writes, and one that was not begun."""
    batch.rows(EMAILS)
    assert batch.run_and_die(dies_at(8, "after")) == 9
    assert (
        batch.run()
        .err.splitlines()[-1]
        .endswith("3 rows done · 0 skipped · 0 failed · 0 unknown · 0 not run · 6 writes · 3.00 usd")
    )


def test_a_finished_run_is_not_resumed(batch: Batch) -> None:
    batch.rows(EMAILS[:1])
    assert batch.run().code == batch.run().code == 0
    assert len(batch.folders) == 2
    assert batch.made("customer") == ["a@b.co"] * 2


def test_steps_outside_of_loops_are_recalled_too(batch: Batch) -> None:
    before = "/sandbox create product name=Gold\n@as gold\n\n"
    batch.script(BODY.replace("amount=100", "amount=100 metadata.product=${gold.id}"), before)
    batch.rows(EMAILS)
    assert batch.run_and_die(dies_at(6, "after")) == 9
    result = batch.run()
    assert result.code == 0
    assert "create product prod_" in result.err
    assert "(by an earlier run)" in result.err
    assert batch.made("product", "name").count("Gold") == 1
    assert batch.made("customer") == EMAILS


def test_what_a_later_step_needs_and_was_not_kept_is_read_again(batch: Batch) -> None:
    batch.rows(EMAILS)
    assert batch.run_and_die(dies_at(3, "after")) == 9  # the customer of the first row is made
    batch.script(BODY.replace("description=${row.email}", "description=${customer.email}"))
    assert batch.run().code == 0
    assert batch.made("invoiceitem", "description") == EMAILS


@pytest.mark.parametrize(("output", "content"), [("@out g.csv fields=id,name", "Gold"), ("@out g.json", '"Gold"')])
def test_a_write_with_a_file_is_recalled_and_its_file_is_written_again(batch: Batch, output: str, content: str) -> None:
    batch.script(BODY, f"/sandbox create product name=Gold\n{output}\n\n")
    batch.rows(EMAILS)
    assert batch.run_and_die(dies_at(6, "after")) == 9
    file = batch.folder / output.split()[1]
    assert content in file.read_text()
    file.unlink()
    assert batch.run().code == 0
    assert batch.made("product", "name").count("Gold") == 1
    assert content in file.read_text()
    assert any(made in file.read_text() for made in batch.made("product", "id"))


def test_a_cancellation_whose_answer_was_lost_is_recalled_as_it_is(batch: Batch) -> None:
    """The second attempt finds nothing to cancel: the subscription itself tells that the first one was carried out."""
    before = (
        "/sandbox create customer email=x@b.co name=X payment_method=pm_card_visa\n"
        "invoice_settings.default_payment_method: pm_card_visa\n@as payer\n\n"
        "/sandbox create price unit_amount=500 currency=usd product_data.name=P interval=month\n@as price\n\n"
        "/sandbox create subscription customer=${payer.id} price_id=${price.id}\n@as subscription\n\n"
        "/sandbox cancel subscription id=${subscription.id}\n@expect status == canceled\n\n"
    )
    batch.script(BODY, before)
    batch.rows(EMAILS)
    assert batch.run_and_die(dies_at(5, "sent")) == 9  # the account, three creations, and the cancellation
    assert batch.made("subscription", "status") == ["canceled"]
    result = batch.run()
    assert result.code == 0, result.err
    assert batch.made("subscription", "status") == ["canceled"]
    (done,) = [
        entry
        for entry in batch.journal()
        if entry["t"] == "d" and entry["b"].get("object") == "subscription" and "status" in entry["b"]
    ]
    assert done["b"]["status"] == "canceled"


# --- edits ------------------------------------------------------------------------------------------------------


def interrupt_after_first_row(batch: Batch) -> None:
    batch.rows(EMAILS)
    assert batch.run_and_die(dies_at(8, "after")) == 9
    assert batch.made("customer") == ["a@b.co", "b@b.co"]


def refused(batch: Batch, *words: str) -> None:
    """The run ends with 6, says these words, and sends nothing."""
    before = batch.made("customer"), batch.made("invoiceitem", "description")
    result = batch.run()
    assert result.code == 6
    for word in words:
        assert word in result.err
    assert (batch.made("customer"), batch.made("invoiceitem", "description")) == before


def test_a_row_that_changed_after_it_was_done_is_refused(batch: Batch) -> None:
    interrupt_after_first_row(batch)
    batch.rows(EMAILS, a="Ada")
    refused(batch, "rows.csv:2 (email=a@b.co) has changed since it was done", "cus_", "--accept-edits=keep")
    assert batch.run("--accept-edits=keep").code == 0
    assert batch.made("customer") == EMAILS
    assert batch.made("customer", "name") == ["Ann"] * 3


def test_an_edited_row_is_sent_again_if_that_is_wanted(batch: Batch) -> None:
    interrupt_after_first_row(batch)
    batch.rows(EMAILS, a="Ada")
    assert batch.run("--accept-edits=rerun").code == 0
    assert batch.made("customer") == ["a@b.co", *EMAILS]
    assert batch.made("customer", "name") == ["Ada", "Ann", "Ann", "Ann"]
    assert [row["email"] for row in batch.table()] == EMAILS


def test_a_row_that_is_gone_after_it_was_done_is_refused(batch: Batch) -> None:
    interrupt_after_first_row(batch)
    batch.rows(EMAILS[1:])
    refused(batch, "rows.csv:2 (email=a@b.co) was done and is no longer in the data")


def test_a_step_that_changed_after_it_was_done_is_refused(batch: Batch) -> None:
    interrupt_after_first_row(batch)
    batch.script(BODY.replace("name=${row.name}", "name=Bob"))
    refused(batch, "create customer", "asks for something else now")


def test_a_step_that_is_gone_after_it_was_done_is_refused(batch: Batch) -> None:
    interrupt_after_first_row(batch)
    batch.script(BODY.partition("\n\n")[0] + "\n")
    refused(batch, "create invoice_item (line 5) took effect and is no longer in the script")


def test_comments_layout_new_steps_and_new_rows_are_no_edits(batch: Batch) -> None:
    interrupt_after_first_row(batch)
    body = (
        "  # a comment\n\n" + BODY.replace("  /sandbox", "/sandbox") + "\n/sandbox create product name=${row.email}\n"
    )
    batch.script(body)
    batch.rows([*EMAILS, "d@b.co"])
    assert batch.run().code == 0
    assert batch.made("customer") == [*EMAILS, "d@b.co"]


def test_a_row_that_is_not_done_may_be_mended(batch: Batch) -> None:
    interrupt_after_first_row(batch)
    batch.rows(EMAILS, c="Cy")
    assert batch.run().code == 0
    assert batch.made("customer", "name") == ["Ann", "Ann", "Cy"]


def test_another_account_is_refused(batch: Batch) -> None:
    interrupt_after_first_row(batch)
    (batch.folder / "s.db").rename(batch.folder / "other.db")
    result = batch.run()
    assert result.code == 6
    assert "went to another account" in result.err
    assert batch.made("customer") == []
    assert batch.run("--new").code == 0


# --- failures -----------------------------------------------------------------------------------------------------


def test_what_was_refused_is_told_again_and_repeated_on_request_only(batch: Batch) -> None:
    batch.options = "key=email on_error=continue"
    item = "  /sandbox create invoice_item customer=${row.name} amount=100 currency=usd description=${row.email}\n"
    batch.script(item, "/sandbox\naction: create\nentity: customer\nemail: x@b.co\nname: X\n\n")
    batch.rows(EMAILS)
    first = batch.run()
    assert first.code == 3
    assert "0 rows done · 0 skipped · 3 failed" in first.err
    sent = [entry for entry in batch.journal() if entry["t"] == "i"]
    again = batch.run()
    assert again.code == 3
    assert again.err.count("error[E403]: create invoice_item failed: 400 resource_missing") == 3
    assert [entry for entry in batch.journal() if entry["t"] == "i"] == sent
    assert batch.run("--resume").code == 3
    keys = [entry["k"] for entry in batch.journal() if entry["t"] == "i" and entry["r"] != "0" * 16]
    assert len(keys) == len(set(keys)) == 6


def test_a_failed_row_that_was_mended_is_sent_under_a_new_key(batch: Batch) -> None:
    batch.script("  /sandbox create customer email=${row.email} name=A preferred_locales[0]=${row.name}\n")
    batch.script(
        "  /sandbox create invoice_item customer=${row.name} amount=100 currency=usd description=${row.email}\n"
    )
    batch.rows(EMAILS[:1])
    assert batch.run().code == 3
    made = batch.folder / "c.stripe"
    made.write_text("/sandbox create customer email=x@b.co name=X\n", encoding="utf-8")
    from stripe_shell.cli import main

    assert main(["run", str(made), "--db", str(batch.folder / "s.db")]) == 0
    batch.rows(EMAILS[:1], a=batch.made("customer", "id")[0])
    for folder in batch.folders:
        if folder.name.startswith("c-"):
            folder.rename(batch.folder / folder.name)
    assert batch.run().code == 0
    assert batch.made("invoiceitem", "description") == ["a@b.co"]


def test_an_old_write_without_an_answer_is_not_sent_again(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    batch.rows(EMAILS)
    assert batch.run_and_die(dies_at(2, "sent")) == 9
    now = time.time()
    monkeypatch.setattr(recovery, "RESEND_V1", -1)
    result = batch.run()
    assert result.code == 5
    assert "create customer (line 2) in rows.csv:2 (email=a@b.co): POST /v1/customers, key ss1-" in result.err
    assert batch.made("customer") == ["a@b.co"]
    assert time.time() - now < 60


# --- what is in the way --------------------------------------------------------------------------------------------


def test_two_runs_at_once_are_refused(batch: Batch) -> None:
    batch.rows(EMAILS)
    script, data = batch.folder / "b.stripe", str(batch.folder / "rows.csv")
    lock = RunLock(batch.folder / ".stripe-runs", f"b-{run_identity(script, {data: ''})}")
    result = batch.run()
    lock.release()
    assert result.code == 1
    assert f"already running over the same data: process {os.getpid()} on" in result.err
    assert not (batch.folder / "s.db").exists()


def test_a_lock_that_was_left_is_taken_over(batch: Batch) -> None:
    batch.rows(EMAILS)
    assert batch.run_and_die(dies_at(2, "after")) == 9
    result = batch.run()
    assert result.code == 0
    assert "the lock was left by process " in result.err


def test_a_journal_that_cannot_be_written_stops_the_run_before_the_write(
    batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch.rows(EMAILS)
    left = [4]

    def write(file: int, line: bytes) -> int:
        if left[0] == 0:
            raise OSError(28, "No space left on device")
        left[0] -= 1
        return os.write(file, line)

    class Full(journal.Journal):
        def __init__(self, path: Path) -> None:
            super().__init__(path, write=write)

    monkeypatch.setattr(batch_run, "Journal", Full)
    result = batch.run()
    assert result.code == 3
    assert "the journal cannot be written: No space left on device" in result.err
    assert "Traceback" not in result.err
    assert len(batch.made("customer")) + len(batch.made("invoiceitem", "id")) == 2
    monkeypatch.undo()
    assert batch.run().code == 0
    assert batch.made("customer") == batch.made("invoiceitem", "description") == EMAILS


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_sent(batch: Batch) -> None:
    (batch.folder / ".stripe-runs").write_text("a file")
    batch.rows(EMAILS)
    result = batch.run()
    assert result.code == 1
    assert "The journal of this run cannot be written" in result.err
    assert batch.run("--runs-dir", str(batch.folder / "elsewhere")).code == 0


def test_nothing_is_kept_of_a_sandbox_in_memory_or_without_a_journal(batch: Batch) -> None:
    from stripe_shell.cli import main

    batch.rows(EMAILS)
    assert main(["run", str(batch.folder / "b.stripe"), "--memory"]) == 0
    assert batch.run("--no-journal").code == 0
    assert batch.folders == []


def test_no_journal_is_refused_in_live_mode(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    from stripe_shell.cli import main

    monkeypatch.setenv("STRIPE_API_KEY", "sk_live_51Abcdefghijklmnopqrstuvwx")
    batch.script(BODY.replace("/sandbox", "/stripe"))
    batch.rows(EMAILS)
    assert main([*batch.words, "--live", "--no-journal"]) == 3


def test_secrets_are_not_stored_and_are_refilled(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "hunter2 & more")
    before = "@secret token = ${env:TOKEN}\n"
    batch.script(BODY.replace("name=${row.name}", 'name="${token}"'), before)
    batch.rows(EMAILS)
    assert batch.run_and_die(dies_at(2, "sent")) == 9
    stored = (batch.folders[0] / "journal.jsonl").read_text()
    assert "hunter2" not in stored
    assert '["token","quoted"]' in stored
    assert batch.run().code == 0
    assert batch.made("customer", "name") == ["hunter2 & more"] * 3
    assert not any("hunter2" in path.read_text() for path in batch.folders[0].glob("*.*"))


def test_a_key_in_a_cell_is_not_stored_and_a_resend_is_the_same_request(batch: Batch) -> None:
    batch.rows(EMAILS, a="sk_test_51Abcdefghijklmnopqrstuv")
    assert batch.run_and_die(dies_at(2, "sent")) == 9
    assert batch.run().code == 0
    assert "sk_test_51Abc" not in (batch.folders[0] / "journal.jsonl").read_text()
    assert batch.made("customer") == EMAILS


# --- data -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["overwritten", "truncated", "appended to", "replaced"])
def test_the_rows_that_are_checked_are_the_rows_that_are_sent(
    batch: Batch, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch.rows(EMAILS)
    data = batch.folder / "rows.csv"
    send = sandbox.SandboxTransport.send

    def disturb(self: sandbox.SandboxTransport, request: Request) -> Response:
        if change == "overwritten":
            data.write_text("email,name\nx@b.co,Eve\ny@b.co,Eve\nz@b.co,Eve\n")
        elif change == "truncated":
            os.truncate(data, 15)
        elif change == "appended to":
            with data.open("a") as file:
                file.write("x@b.co,Eve\n")
        else:
            data.with_name("new.csv").write_text("email,name\nx@b.co,Eve\n")
            data.with_name("new.csv").rename(data)
        return send(self, request)

    monkeypatch.setattr(sandbox.SandboxTransport, "send", disturb)
    assert batch.run().code == 0
    assert batch.made("customer") == EMAILS


# --- the row file -----------------------------------------------------------------------------------------------


def test_every_row_has_one_line(batch: Batch) -> None:
    batch.rows(EMAILS)
    assert batch.run_and_die(dies_at(9, "before")) == 9
    assert batch.run().code == 0
    table = batch.table()
    assert [(row["email"], row["_status"], len(row["_id"].split())) for row in table] == [
        (email, "done", 2) for email in EMAILS
    ]
    assert all(row["_request_id"].startswith("req_") and row["_idempotency_key"].startswith("ss1-") for row in table)
    (folder,) = batch.folders
    assert {path.stat().st_mode & 0o777 for path in folder.glob("*.*")} == {0o600}


def test_a_line_that_was_lost_comes_back_from_the_journal(batch: Batch) -> None:
    batch.rows(EMAILS)
    assert batch.run_and_die(dies_at(12, "before")) == 9
    (folder,) = batch.folders
    lines = (folder / "rows.csv").read_text().splitlines(keepends=True)
    (folder / "rows.csv").write_text("".join(lines[:2]) + lines[2][:9])
    assert batch.run().code == 0
    assert sorted((row["email"], row["_status"], bool(row["_id"])) for row in batch.table()) == [
        (email, "done", True) for email in EMAILS
    ]


def test_failed_rows_are_a_data_file_that_makes_what_is_missing(batch: Batch) -> None:
    """The second row's product has an id that exists; its name is what a spreadsheet would run."""
    batch.options = "key=email on_error=continue"
    body = "  /sandbox create product id=${row.id} name=${row.name} description=${row.email}\n"
    batch.script(body)
    rows = 'email,name,id\na@b.co,Ann,one\nb@b.co,"+1, ""x""",one\nc@b.co,=Cy,three\n'
    (batch.folder / "rows.csv").write_text(rows)
    result = batch.run()
    assert result.code == 3
    (row,) = batch.table("failed.csv")
    assert row == {"email": "b@b.co", "name": '\'+1, "x"', "id": "one"}
    assert [(line["_status"], line["_http"], line["_code"]) for line in batch.table()] == [
        ("done", "200", ""),
        ("failed", "400", "resource_already_exists"),
        ("done", "200", ""),
    ]
    failed = batch.folders[0] / "failed.csv"
    batch.script(body.replace("id=${row.id} ", ""))
    script = batch.folder / "b.stripe"
    script.write_text(script.read_text().replace('"rows.csv"', "${file}"))
    assert batch.run("--var", f"file={failed}").code == 0
    assert batch.made("product", "description") == EMAILS
    assert batch.made("product", "name") == ['+1, "x"', "=Cy", "Ann"]


def test_the_journal_is_small(batch: Batch) -> None:
    emails = [f"{number}@b.co" for number in range(50)]
    batch.rows(emails)
    assert batch.run().code == 0
    entries = batch.journal()
    assert len(json.dumps(entries)) / 100 < 1024


def test_an_interrupted_run_names_what_to_do(batch: Batch) -> None:
    batch.options = "key=email on_error=continue"
    batch.script("  /sandbox create invoice_item customer=${row.name} amount=100 currency=usd\n")
    batch.rows(EMAILS)
    result = batch.run()
    assert "`--resume` sends again what was refused; `--new` starts over; see .stripe-runs/b-" in result.err
    assert "failed.csv" in result.err


# --- what changed around the run ----------------------------------------------------------------------------------


def test_a_clock_that_was_set_back_makes_no_write_younger(batch: Batch) -> None:
    """A write is sent, the journal goes on for a day, and then the clock is set back by it: it is not sent again."""
    batch.rows(EMAILS)
    assert batch.run_and_die(dies_at(2, "sent")) == 9
    journal_path = batch.folders[0] / "journal.jsonl"
    end = {"t": "E", "time": time.time() + 26 * 3600, "code": 5, "finished": False}
    with journal_path.open("a") as file:
        file.write(json.dumps(end, separators=(",", ":")) + "\n")
    result = batch.run()
    assert result.code == 5
    assert "too old to be sent again safely" in result.err
    assert batch.made("customer") == ["a@b.co"]


def test_a_clock_that_is_an_hour_slow_does_no_harm(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    batch.rows(EMAILS)
    assert batch.run_and_die(dies_at(5, "after")) == 9
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() - 3600)
    assert batch.run().code == 0
    assert batch.made("customer") == batch.made("invoiceitem", "description") == EMAILS


def test_a_lock_of_a_host_whose_name_changed_is_taken_over(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    batch.rows(EMAILS)
    assert batch.run_and_die(dies_at(5, "after")) == 9
    monkeypatch.setattr("socket.gethostname", lambda: "another-name")
    result = batch.run()
    assert result.code == 0
    assert "the lock was left by process " in result.err
    assert batch.made("customer") == EMAILS


def test_a_torn_last_line_is_cut_off_and_nothing_is_made_twice(batch: Batch) -> None:
    batch.rows(EMAILS)
    assert batch.run_and_die(dies_at(6, "after")) == 9
    journal_path = batch.folders[0] / "journal.jsonl"
    journal_path.write_bytes(journal_path.read_bytes()[:-25])
    assert batch.run().code == 0
    assert batch.made("customer") == batch.made("invoiceitem", "description") == EMAILS
