"""`runs settle`: what became of writes that are too old to be sent again, by their events and by their stamps."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from stripe_shell.batch.journal import Journal
from stripe_shell.batch.journal_state import read_journal
from stripe_shell.batch.open_writes import unanswered_writes
from stripe_shell.batch.settlement import Settlement
from stripe_shell.connections import load_connections
from stripe_shell.engine.links import Link
from stripe_shell.secrets import Secrets
from stripe_shell.spec.table import load_table
from stripe_shell.transports.sandbox import SandboxTransport
from stripe_shell.wire import Request, Response

from .support import BODY, Batch
from .test_resume import EMAILS, dies_at

ROWS = 100

#: What the rows of the four loops are about, made before; and the loops.
BEFORE = """@foreach row in "rows.csv" key=email
  /sandbox create customer email=${row.email} name=A
  @as customer

  /sandbox create payment_intent amount=1000 currency=usd payment_method=pm_card_visa confirm=true
  payment_method_types: card
  @as paid

  /sandbox create payment_intent amount=500 currency=usd payment_method_types=card
  @as waiting
@end
"""
LOOPS = """@foreach row in "made.csv" key=n
  /sandbox create customer email=new${row.n}@b.co name=B
  metadata.batch: ${row.n}
@end
@foreach row in "made.csv" key=n
  /sandbox update customer id=${row.customer} name=C${row.n}
@end
@foreach row in "made.csv" key=n
  /sandbox create refund payment_intent=${row.paid} amount=${row.n}
@end
@foreach row in "made.csv" key=n
  /sandbox cancel payment_intent id=${row.waiting}
@end
"""


class EverySecond:
    """Carries out every second write, and answers all of them; notes the keys of both kinds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.executed: dict[str, str] = {}
        self.ignored: set[str] = set()
        self.writes = 0
        send = SandboxTransport.send

        def answer(transport: SandboxTransport, request: Request) -> Response:
            if not request.writes or not str(request.idempotency_key).startswith("ss1-"):
                return send(transport, request)
            self.writes += 1
            if self.writes % 2:
                self.ignored.add(str(request.idempotency_key))
                return Response(200, {}, b'{"id": "none", "object": "none"}')
            response = send(transport, request)
            self.executed[str(request.idempotency_key)] = json.loads(response.body)["id"]
            return response

        monkeypatch.setattr(SandboxTransport, "send", answer)


def forget_answers(journal: Path) -> None:
    """Leaves only the announcements of a journal."""
    lines = [line for line in journal.read_text().splitlines(keepends=True) if json.loads(line)["t"] in {"S", "i"}]
    journal.write_text("".join(lines))


def open_run(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> tuple[EverySecond, Path]:
    """A run of 100 creates, updates, refunds and cancels; half of them executed, none of them answered."""
    (batch.folder / "b.stripe").write_text(BEFORE)
    batch.rows([f"{number}@b.co" for number in range(ROWS)])
    assert batch.run("--no-journal").code == 0
    customers = batch.made("customer", "id")
    paid, waiting = made_intents(batch)
    lines = zip(range(1, ROWS + 1), customers, paid, waiting, strict=True)
    (batch.folder / "made.csv").write_text(
        "n,customer,paid,waiting\n" + "".join(",".join(map(str, line)) + "\n" for line in lines)
    )
    (batch.folder / "b.stripe").write_text(LOOPS)
    half = EverySecond(monkeypatch)
    assert batch.run().code == 0
    journal = batch.folders[0] / "journal.jsonl"
    forget_answers(journal)
    return half, journal


def made_intents(batch: Batch) -> tuple[list[str], list[str]]:
    """The ids of the payment intents that were paid, and of those that wait."""
    import sqlite3

    database = sqlite3.connect(batch.folder / "s.db")
    texts = database.execute("SELECT json FROM objects WHERE object='payment_intent'").fetchall()
    database.close()
    found = [json.loads(text) for (text,) in texts]
    paid = [each["id"] for each in found if each["status"] == "succeeded"]
    waiting = [each["id"] for each in found if each["status"] == "requires_payment_method"]
    return paid, waiting


def settlement_of(batch: Batch, journal: Path, hours: float) -> Settlement:
    """The settlement of a run, so many hours later."""
    state = read_journal(journal)
    links = load_connections({"HOME": str(batch.folder)}, database=str(batch.folder / "s.db"))

    def link_of(name: str) -> Link:
        link = links.find(name, None)
        assert isinstance(link, Link)
        return link

    clock = lambda: time.time() + hours * 3600  # noqa: E731
    return Settlement(state.start["run"], state, Journal(journal), load_table(), link_of, Secrets(), clock)


def test_settle_finds_every_executed_write_and_claims_no_other(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    """50 creates, updates, refunds and cancels that were executed, and 50 of each that were not, 25 h old."""
    half, journal = open_run(batch, monkeypatch)
    sent = half.writes
    settlement = settlement_of(batch, journal, 25)
    writes = unanswered_writes(settlement.state)
    assert len(writes) == 4 * ROWS
    assert all(write.too_old(settlement.clock()) for write in writes)
    settled = settlement.search(writes)
    settlement.journal.close()
    done = {each.write.key: each.made for each in settled if each.verdict == "done"}
    assert len(done) == 2 * ROWS
    assert done == half.executed
    assert {each.write.key for each in settled if each.verdict == "not found"} == half.ignored
    assert half.writes == sent  # nothing was sent again
    again = read_journal(journal)
    assert len(again.open_steps()) == 2 * ROWS
    assert {state.done["b"]["id"] for state in again.steps.values() if state.done} == set(half.executed.values())


def test_without_events_a_stamp_tells_what_was_created(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    """The events are gone, as after 30 days: of the creations in a loop with a stamp every executed one is found."""
    batch.options = "key=email stamp=metadata.batch"
    batch.script("  /sandbox create customer email=${row.email} name=A\n")
    batch.rows([f"{number}@b.co" for number in range(ROWS)])
    half = EverySecond(monkeypatch)
    assert batch.run().code == 0
    journal = batch.folders[0] / "journal.jsonl"
    forget_answers(journal)
    answer = SandboxTransport.send

    def without_events(transport: SandboxTransport, request: Request) -> Response:
        if request.path == "/v1/events":
            return Response(200, {}, b'{"object": "list", "data": [], "has_more": false}')
        return answer(transport, request)

    monkeypatch.setattr(SandboxTransport, "send", without_events)
    settlement = settlement_of(batch, journal, 25)
    settled = settlement.search(unanswered_writes(settlement.state))
    settlement.journal.close()
    assert {each.write.key: each.made for each in settled if each.verdict == "done"} == half.executed
    assert all(each.reason.startswith("stamp batch=") for each in settled if each.verdict == "done")
    assert len(half.executed) == ROWS // 2


def test_with_the_journal_gone_every_created_object_is_listed_by_row(batch: Batch) -> None:
    batch.options = "key=email stamp=metadata.batch"
    batch.script(BODY)
    batch.rows([f"{number}@b.co" for number in range(ROWS)])
    assert batch.run().code == 0
    run = batch.folders[0].name.removeprefix("b-")
    assert batch.runs("forget", batch.folders[0].name).code == 0
    result = batch.runs(
        "settle", str(batch.folder / "b.stripe"), "--format", "json", "--db", str(batch.folder / "s.db")
    )
    rows = json.loads(result.out)
    assert sorted(row["row"] for row in rows if row["object"] == "customer") == batch.made("customer")
    assert sorted(row["row"] for row in rows if row["object"] == "invoiceitem") == batch.made("customer")
    assert {row["id"] for row in rows} == set(batch.made("customer", "id") + batch.made("invoiceitem", "id"))
    assert {row["run"] for row in rows} == {run}


def test_a_script_without_a_stamp_left_none(batch: Batch) -> None:
    result = batch.runs("settle", str(batch.folder / "b.stripe"))
    assert result.code == 1
    assert "no loop of" in result.err


# --- the command ------------------------------------------------------------------------------------------------


def settle(batch: Batch, *options: str) -> tuple[int, list[dict[str, Any]], str]:
    result = batch.runs("settle", batch.folders[0].name, "--format", "json", *options)
    return result.code, json.loads(result.out) if result.out.startswith("[") else [], result.err


def dead(batch: Batch, moment: str) -> None:
    """A run that died at its first write: behind it, or before it was carried out."""
    batch.rows(EMAILS)
    assert batch.run_and_die(dies_at(2, moment)) == 9


def test_what_left_an_event_is_done_and_the_run_goes_on(batch: Batch) -> None:
    dead(batch, "sent")
    code, rows, err = settle(batch)
    assert code == 0
    assert [(row["row"], row["verdict"]) for row in rows] == [("rows.csv:2 (email=a@b.co)", "done")]
    assert rows[0]["id"] == batch.made("customer", "id")[0]
    assert "(customer.created)" in rows[0]["reason"]
    assert "all outcomes are known" in err
    keys = len([entry for entry in batch.journal() if entry["t"] == "i"])
    assert batch.run().code == 0
    assert batch.made("customer") == batch.made("invoiceitem", "description") == EMAILS
    assert len([entry for entry in batch.journal() if entry["t"] == "i"]) == keys + 5
    assert "has no write whose outcome is unknown" in settle(batch)[2]


def test_what_left_none_is_left_to_the_person(batch: Batch) -> None:
    dead(batch, "after")
    code, rows, err = settle(batch)
    assert code == 5
    assert [(row["verdict"], row["id"]) for row in rows] == [("not found", "")]
    assert "young enough: `runs resume` sends it again under its key (POST /v1/customers)" in rows[0]["reason"]
    assert "1 of its writes are open. None was sent again." in err
    code, rows, _ = settle(batch, "--not-done")
    assert code == 0
    (entry,) = [entry for entry in batch.journal() if entry["t"] == "n"]
    assert " on " in entry["by"]
    assert time.time() - entry["at"] < 60
    assert batch.run().code == 0
    assert batch.made("customer") == EMAILS


def test_a_person_names_the_object(batch: Batch) -> None:
    dead(batch, "sent")
    made = batch.made("customer", "id")[0]
    assert "there is no such object. Nothing was journalled" in settle(batch, "--done", "cus_none")[2]
    code, rows, _ = settle(batch, "--done", made, "--key", rows_key(batch)[:12])
    assert (code, rows[0]["verdict"], rows[0]["id"]) == (0, "done", made)
    (entry,) = [entry for entry in batch.journal() if entry["t"] == "d"]
    assert " on " in entry["by"]
    assert batch.run().code == 0
    assert batch.made("customer") == batch.made("invoiceitem", "description") == EMAILS


def rows_key(batch: Batch) -> str:
    return next(str(entry["k"]) for entry in batch.journal() if entry["t"] == "i")


def test_a_decision_about_several_writes_names_them(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    _, journal = open_run(batch, monkeypatch)
    journal.write_text("".join(journal.read_text().splitlines(keepends=True)[:3]))
    code, _, err = settle(batch, "--done", "cus_1")
    assert code == 1
    assert "2 writes are open; name those that this is about with --key:" in err
    assert "made.csv:2 (n=1): POST /v1/customers email=new1%40b.co" in err
    assert "no open write has the key `x`" in settle(batch, "--done", "cus_1", "--key", "x")[2]
    code, rows, _ = settle(batch, "--not-done", "--key", "made.csv:2 (n=1)", "--key", "made.csv:3 (n=2)")
    assert (code, len(rows)) == (0, 2)


def test_a_payment_that_was_refused_is_not_told_as_done(batch: Batch) -> None:
    batch.script("""  /sandbox create payment_intent amount=1000 currency=usd
  payment_method: pm_card_visa_chargeDeclined
  payment_method_types: card
  confirm: true
""")
    dead(batch, "sent")
    code, rows, _ = settle(batch)
    assert code == 5
    assert rows[0]["verdict"] == "refused"
    assert "a payment in it failed: you decide" in rows[0]["reason"]


def test_another_account_is_not_asked(batch: Batch) -> None:
    dead(batch, "sent")
    result = batch.runs("settle", batch.folders[0].name, "--db", str(batch.folder / "other.db"))
    assert result.code == 6
    assert "/sandbox leads to sandbox: " in result.err


def test_a_secret_in_the_request_is_not_in_what_is_kept(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "hunter2 & more")
    body = BODY.replace("name=${row.name}", 'name="${token}"').replace(
        "description=${row.email}", "description=${customer.name}"
    )
    batch.script(body, "@secret token = ${env:TOKEN}\n")
    dead(batch, "sent")
    assert settle(batch)[0] == 0
    assert "hunter2" not in (batch.folders[0] / "journal.jsonl").read_text()
    assert batch.run().code == 0
    assert batch.made("invoiceitem", "description") == ["hunter2 & more"] * 3
