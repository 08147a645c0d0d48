"""The command `runs`: lists runs, tells what became of every row, and goes on with a run from any folder."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import pytest

from stripe_shell.batch.run_folder import RunLock, run_identity

from .support import BODY, Batch
from .test_resume import EMAILS, dies_at

FAILING = "  /sandbox create invoice_item customer=${row.name} amount=100 currency=usd description=${row.email}\n"


def listed(batch: Batch) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads(batch.runs("list", "--format", "json").out)
    return rows


def shown(batch: Batch, *options: str) -> list[dict[str, str]]:
    result = batch.runs("show", batch.folders[0].name, "--format", "csv", *options)
    assert result.code == 0
    return list(csv.DictReader(io.StringIO(result.out)))


def dead(batch: Batch, number: int = 2, moment: str = "sent") -> str:
    """The name of a run that died, by default behind its first write."""
    batch.rows(EMAILS)
    assert batch.run_and_die(dies_at(number, moment)) == 9
    return batch.folders[0].name


# --- looking ----------------------------------------------------------------------------------------------------


def test_a_finished_run_is_listed_with_what_became_of_its_rows(batch: Batch) -> None:
    batch.rows(EMAILS)
    assert batch.run().code == 0
    (run,) = listed(batch)
    assert run["run"] == batch.folders[0].name
    assert run["script"] == str(batch.folder / "b.stripe")
    assert (run["state"], run["done"], run["failed"], run["unknown"], run["left"]) == ("finished", 3, 0, 0, 0)
    assert run["mode"] == "sandbox"
    assert str(run["account"]).startswith("sandbox: acct_")


@pytest.mark.parametrize(("number", "moment", "counts"), [(2, "sent", (0, 0, 1, 2)), (8, "after", (1, 0, 0, 2))])
def test_a_run_that_died_is_counted_from_its_journal(
    batch: Batch, number: int, moment: str, counts: tuple[int, ...]
) -> None:
    dead(batch, number, moment)
    (run,) = listed(batch)
    assert (run["done"], run["failed"], run["unknown"], run["left"]) == counts
    assert run["state"] == "unfinished"
    assert str(run["oldest open"]).endswith(" s") is bool(counts[2])


def test_a_list_is_a_table_unless_a_format_is_asked_for(batch: Batch) -> None:
    dead(batch)
    head, line = batch.runs().out.splitlines()
    assert head.split()[:3] == ["run", "script", "when"]
    assert line.split()[0] == batch.folders[0].name
    assert (
        batch.runs("list", "--format", "csv").out.splitlines()[0].startswith("run,script,when,account,mode,state,done")
    )


def test_runs_are_found_from_any_folder(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    name = dead(batch)
    (batch.folder / "far").mkdir()
    monkeypatch.chdir(batch.folder / "far")
    assert [run["run"] for run in listed(batch)] == [name]
    assert [run["run"] for run in json.loads(batch.runs("--runs-dir", "x", "--format", "json").out)] == []


def test_show_has_a_line_for_every_row_that_was_begun(batch: Batch) -> None:
    dead(batch, 9, "after")  # the first row is done, the customer of the second one is made, and its item announced
    first, second = shown(batch)
    assert first["row"] == "rows.csv:2 (email=a@b.co)"
    assert (first["status"], len(first["id"].split())) == ("done", 2)
    assert second["row"] == "rows.csv:3 (email=b@b.co)"
    assert (second["status"], second["step"]) == ("unknown", "create invoice_item (line 5)")
    assert second["id"].startswith("cus_")
    assert second["idempotency_key"].startswith("ss1-")
    assert [line["row"] for line in shown(batch, "--status", "unknown")] == [second["row"]]


@pytest.mark.parametrize("number", range(2, 12))
def test_what_is_told_as_done_is_what_exists(batch: Batch, number: int) -> None:
    """After every entry of the journal: what exists and is not told is the open write of a row that is unknown."""
    dead(batch, number, "after")
    told = {made for line in shown(batch) for made in line["id"].split()}
    exist = set(batch.made("customer", "id") + batch.made("invoiceitem", "id")) if number > 2 else set()
    assert told <= exist
    assert len(exist - told) <= len(shown(batch, "--status", "unknown"))


def test_a_failed_row_is_shown_with_the_reason(batch: Batch) -> None:
    batch.options = "key=email on_error=continue"
    batch.script(FAILING)
    batch.rows(EMAILS)
    assert batch.run().code == 3
    lines = shown(batch, "--status", "failed")
    assert [line["row"] for line in lines] == [f"rows.csv:{n} (email={email})" for n, email in enumerate(EMAILS, 2)]
    assert {(line["http"], line["code"]) for line in lines} == {("400", "resource_missing")}
    assert all("No such customer" in line["message"] and line["request_id"].startswith("req_") for line in lines)


def test_steps_outside_of_loops_have_lines_too(batch: Batch) -> None:
    batch.script(BODY, "/sandbox create product name=Gold\n\n")
    dead(batch, 11, "before")
    lines = shown(batch)
    assert [(line["row"], line["status"]) for line in lines] == [
        ("", "done"),
        ("rows.csv:2 (email=a@b.co)", "done"),
        ("rows.csv:3 (email=b@b.co)", "not run"),
    ]
    assert lines[0]["step"] == "create product (line 1)"
    assert lines[0]["id"].startswith("prod_")


def test_looking_at_a_run_changes_nothing(batch: Batch) -> None:
    dead(batch)
    journal = batch.folders[0] / "journal.jsonl"
    with journal.open("ab") as file:
        file.write(b'{"t":"d","r":"torn')
    before = journal.read_bytes()
    assert batch.runs().code == 0
    shown(batch)
    assert journal.read_bytes() == before


def test_a_name_that_is_unknown_or_fits_two_runs_is_an_error(batch: Batch) -> None:
    batch.rows(EMAILS[:1])
    assert batch.run().code == batch.run().code == 0
    assert "there is no run `x`" in batch.runs("show", "x").err
    result = batch.runs("show", "b-")
    assert result.code == 1
    assert "there is no run `b-`" in result.err
    (batch.folders[0]).rename(batch.folder / ".stripe-runs" / "long-1")
    (batch.folders[0]).rename(batch.folder / ".stripe-runs" / "long-2")
    assert "`long` fits 2 runs: long-1, long-2" in batch.runs("show", "long").err
    assert "did you mean `show`" in batch.runs("shw").err


def test_the_name_of_a_script_names_its_run_though_another_begins_alike(batch: Batch) -> None:
    batch.rows(EMAILS[:1])
    assert batch.run().code == batch.run().code == 0
    (batch.folders[0]).rename(batch.folder / ".stripe-runs" / "refund-1")
    (batch.folders[1]).rename(batch.folder / ".stripe-runs" / "refund-2b-2")
    assert batch.runs("show", "refund").code == 0


# --- going on ---------------------------------------------------------------------------------------------------


def test_a_run_is_resumed_from_any_folder_with_its_options(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    batch.script(BODY.replace("name=${row.name}", "name=${name}"))
    batch.rows(EMAILS)
    batch.run_and_die(dies_at(5, "after"), "--var", "name=Zoe")
    (batch.folder / "far").mkdir()
    monkeypatch.chdir(batch.folder / "far")
    assert batch.runs("resume", batch.folders[0].name[:8]).code == 0
    assert batch.made("customer") == batch.made("invoiceitem", "description") == EMAILS
    assert batch.made("customer", "name") == ["Zoe"] * 3
    assert len(batch.folders) == 1


def test_a_variable_that_is_a_secret_is_given_again(batch: Batch) -> None:
    key = "sk_test_51Abcdefghijklmnopqrstuv"
    batch.script(BODY.replace("name=${row.name}", "name=${name}"))
    batch.rows(EMAILS)
    batch.run_and_die(dies_at(5, "after"), "--var", f"name={key}")
    assert key not in (batch.folders[0] / "journal.jsonl").read_text()
    result = batch.runs("resume", batch.folders[0].name)
    assert result.code == 1
    assert "the value of `name` was not kept, as it is a secret: give it with --var again" in result.err
    assert batch.runs("resume", batch.folders[0].name, "--var", f"name={key}").code == 0
    assert batch.made("customer") == EMAILS


def test_resume_goes_on_with_the_run_that_is_named(batch: Batch) -> None:
    first = dead(batch, 5, "after")
    assert batch.run_and_die(dies_at(5, "after"), "--new") == 9
    assert len(batch.folders) == 2
    assert batch.runs("resume", first).code == 0
    states = {run["run"]: run["state"] for run in listed(batch)}
    assert states.pop(first) == "finished"
    assert list(states.values()) == ["unfinished"]


def test_a_finished_run_has_nothing_left(batch: Batch) -> None:
    batch.rows(EMAILS)
    assert batch.run().code == 0
    result = batch.runs("resume", batch.folders[0].name)
    assert result.code == 0
    assert "has finished: nothing of it is left to do" in result.err
    assert batch.made("customer") == EMAILS


def test_retry_repeats_what_was_refused_under_new_keys(batch: Batch) -> None:
    batch.options = "key=email on_error=continue"
    batch.script(FAILING)
    batch.rows(EMAILS)
    assert batch.run().code == 3
    assert batch.runs("resume", batch.folders[0].name).code == 3
    assert batch.runs("retry", batch.folders[0].name).code == 3
    keys = [entry["k"] for entry in batch.journal() if entry["t"] == "i"]
    assert len(keys) == len(set(keys)) == 6


# --- forgetting -------------------------------------------------------------------------------------------------


def test_a_run_is_forgotten(batch: Batch) -> None:
    batch.rows(EMAILS)
    assert batch.run().code == 0
    assert batch.runs("forget", batch.folders[0].name).code == 0
    assert batch.folders == []
    assert "there are no runs" in batch.runs().err


def test_a_run_with_unknown_outcomes_is_forgotten_only_on_request(batch: Batch) -> None:
    name = dead(batch)
    result = batch.runs("forget", name)
    assert result.code == 1
    assert f"The outcome of 1 write of {name} is unknown" in result.err
    assert len(batch.folders) == 1
    assert batch.runs("forget", name, "--yes").code == 0
    assert batch.folders == []


def test_a_run_that_is_running_is_listed_so_and_not_forgotten(batch: Batch) -> None:
    name = dead(batch)
    script, data = batch.folder / "b.stripe", str(batch.folder / "rows.csv")
    lock = RunLock(batch.folder / ".stripe-runs", f"b-{run_identity(script, {data: ''})}")
    try:
        assert listed(batch)[0]["state"] == "running"
        assert "is running. Nothing was removed" in batch.runs("forget", name, "--yes").err
        assert batch.folders
    finally:
        lock.release()


# --- what the journal says of the run -----------------------------------------------------------------------------


def test_the_journal_begins_with_all_that_the_run_depends_on(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAN", "gold")
    batch.script(BODY.replace("name=${row.name}", "name=${env:PLAN}"))
    batch.rows(EMAILS)
    assert batch.run().code == 0
    start = batch.journal()[0]
    assert start["options"]["folder"] == str(Path.cwd())
    assert list(start["env"]) == ["PLAN"]
    assert list(start["hash"]) == [str(batch.folder / "b.stripe")]
    assert list(start["data"]) == [os.path.realpath(batch.folder / "rows.csv")]
    assert start["version"][0].startswith("20")
    assert "gold" not in json.dumps(start)
    assert (start["total"], start["mode"]) == (3, ["sandbox"])


@pytest.mark.parametrize(("setting", "left"), [("keep_runs = 0\n", 1), ("", 2)])
def test_finished_runs_are_removed_after_the_days_of_the_setting(batch: Batch, setting: str, left: int) -> None:
    settings = batch.folder / "home" / ".config" / "stripe-shell" / "connections.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(setting)
    settings.chmod(0o600)
    batch.rows(EMAILS[:1])
    assert batch.run().code == batch.run().code == 0
    assert len(batch.folders) == left
