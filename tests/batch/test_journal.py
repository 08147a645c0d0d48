"""The journal of a run: what it stores, how threads share its syncs, and what it does when it cannot be written."""

from __future__ import annotations

import errno
import json
import os
import threading
from array import array
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stripe_shell.batch.captures import Wanted, capture, covers, wanted_paths
from stripe_shell.batch.journal import Journal, JournalUnwritable
from stripe_shell.batch.journal_state import FinishedRows, read_journal
from stripe_shell.batch.recorded_request import record_request, request_hash, restore_request
from stripe_shell.diagnostics import SourceText
from stripe_shell.engine.load import load_program
from stripe_shell.errors import JournalDisagrees
from stripe_shell.secrets import Secrets
from stripe_shell.wire import Request

START = {"t": "S", "run": "r", "time": 1.0, "steps": {}}


def row(number: int, status: str = "done", **extent: int) -> dict[str, Any]:
    return {"t": "r", "r": f"{number:016x}", "h": f"{number + 1:016x}", "st": status, "e": extent, "w": ["aa"]}


def step(kind: str, number: int, **more: Any) -> dict[str, Any]:
    return {"t": kind, "r": f"{number:016x}", "s": "aa", **more}


def write(path: Path, *entries: dict[str, Any]) -> Path:
    journal = Journal(path)
    for entry in entries:
        journal.append(entry)
    journal.close()
    return path


# --- the file -------------------------------------------------------------------------------------------------


def test_the_file_is_for_its_owner_only_and_one_entry_is_a_line(tmp_path: Path) -> None:
    path = write(tmp_path / "j", {"a": "é\n"}, {"b": 1})
    assert [json.loads(line) for line in path.read_bytes().splitlines()] == [{"a": "é\n"}, {"b": 1}]
    assert path.stat().st_mode & 0o777 == 0o600


def test_threads_share_a_sync(tmp_path: Path) -> None:
    """While the first entry is being synced three more are written; one sync covers them."""
    began, go_on, covered = threading.Event(), threading.Event(), []

    def sync(file: int) -> None:
        began.set()
        assert go_on.wait(20)
        covered.append(os.fstat(file).st_size)

    journal = Journal(tmp_path / "j", sync=sync)
    threads = [threading.Thread(target=journal.append, args=({"n": 0},), kwargs={"lasting": True})]
    threads[0].start()
    assert began.wait(20)
    written = threading.Semaphore(0)
    append = journal._append

    def noted(line: bytes) -> None:
        append(line)
        written.release()

    journal._append = noted  # type: ignore[method-assign]
    for number in (1, 2, 3):
        threads.append(threading.Thread(target=journal.append, args=({"n": number},), kwargs={"lasting": True}))
        threads[-1].start()
    for _ in range(3):
        assert written.acquire(timeout=20)
    go_on.set()
    for thread in threads:
        thread.join(20)
    assert len(covered) == 2
    assert covered[-1] == (tmp_path / "j").stat().st_size


def test_nothing_is_written_behind_an_entry_that_did_not_fit(tmp_path: Path) -> None:
    room = [40]

    def short(file: int, line: bytes) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        count = min(room[0], len(line))
        room[0] -= count
        return os.write(file, line[:count])

    journal = Journal(tmp_path / "j", write=short)
    journal.append({"fits": "x" * 20})
    with pytest.raises(JournalUnwritable, match="No space left"):
        journal.append({"too long": "x" * 40}, lasting=True)
    room[0] = 1000
    with pytest.raises(JournalUnwritable):
        journal.append({"n": 1})
    assert (tmp_path / "j").read_bytes() == b'{"fits":"' + b"x" * 20 + b'"}\n'


def test_an_entry_that_cannot_be_synced_is_not_announced(tmp_path: Path) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    journal = Journal(tmp_path / "j", sync=fail)
    with pytest.raises(JournalUnwritable, match="Input/output error"):
        journal.append({"n": 1}, lasting=True)


# --- what it says ----------------------------------------------------------------------------------------------


def test_steps_of_finished_rows_are_not_kept(tmp_path: Path) -> None:
    intent = {"at": 5.0, "k": "key", "rh": "x"}
    entries = [START, step("i", 1, **intent), step("d", 1, http=200, b={}), row(1), row(2, "skipped")]
    state = read_journal(write(tmp_path / "j", *entries, step("i", 3, **intent), row(4, "failed")))
    assert [number in state.finished for number in (1, 2, 3, 4)] == [True, True, False, False]
    assert (state.finished.meet(f"{1:016x}"), state.finished.missing()) == (f"{2:016x}", [f"{2:016x}"])
    assert state.finished.skipped(f"{2:016x}")
    assert [(key[0], step.open) for key, step in state.steps.items()] == [(f"{3:016x}", True)]
    assert (state.wrote, state.latest) == ({"aa"}, 5.0)


def test_a_write_that_was_not_executed_is_not_open(tmp_path: Path) -> None:
    path = write(tmp_path / "j", START, step("i", 1, at=5.0, k="key", rh="x"), step("n", 1))
    assert read_journal(path).open_steps() == []


def test_an_intent_is_as_old_as_its_first_attempt(tmp_path: Path) -> None:
    first, again = step("i", 1, at=5.0, k="a", rh="x"), step("i", 1, at=9.0, k="a", rh="x")
    repeated = step("i", 1, at=12.0, k="b", rh="x", g=1)
    ((_, state),) = read_journal(write(tmp_path / "j", START, first, again)).open_steps()
    assert state.first_sent == 5.0
    ((_, state),) = read_journal(write(tmp_path / "k", START, first, again, repeated)).open_steps()
    assert (state.first_sent, state.generation) == (12.0, 1)


@pytest.mark.parametrize("torn", [b'{"t":"i","r":"00', b"{", b"\0\0\0"])
def test_a_torn_last_line_is_cut_off(tmp_path: Path, torn: bytes) -> None:
    path = write(tmp_path / "j", START, row(1))
    whole = path.read_bytes()
    path.write_bytes(whole + torn)
    assert len(read_journal(path).finished) == 1
    assert path.read_bytes() == whole


def test_what_finished_rows_wrote_is_summed_up(tmp_path: Path) -> None:
    rows = [row(number, writes=2, usd=number, jpy=5) for number in range(5_000)]
    state = read_journal(write(tmp_path / "j", START, *rows, row(6_000, "failed", writes=1, usd=7)))
    assert state.spent == {"writes": 10_000, "usd": sum(range(5_000)), "jpy": 25_000}


def test_a_row_whose_sums_cannot_be_read_is_damage(tmp_path: Path) -> None:
    path = write(tmp_path / "j", START, row(1, writes=1))
    path.write_bytes(path.read_bytes().replace(b'{"writes":1}', b'{"writes";1}'))
    with pytest.raises(JournalDisagrees, match="damaged"):
        read_journal(path)


def test_a_line_that_is_damaged_in_the_middle_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "j", START, step("i", 1, at=5.0), row(1))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b'{"t":"i","r":"0000000000000005","s\n' + lines[2])
    with pytest.raises(JournalDisagrees, match="damaged in line 2"):
        read_journal(path)


@given(st.sets(st.integers(0, 2**64 - 1)), st.integers(0, 2**64 - 1))
def test_finished_rows_are_found_and_no_others(rows: set[int], other: int) -> None:
    finished = FinishedRows(array("Q", rows), array("Q", (each ^ 1 for each in rows)), bytearray(len(rows)))
    assert all(finished.meet(f"{each:016x}") == f"{each ^ 1:016x}" for each in rows)
    assert (other in finished) == (other in rows)
    assert finished.missing() == []


# --- requests --------------------------------------------------------------------------------------------------

_texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)


@given(_texts, st.text('abc"%& é€', min_size=4, max_size=12), _texts)
def test_a_request_comes_back_byte_for_byte_and_its_secrets_are_not_stored(
    before: str, secret: str, after: str
) -> None:
    from urllib.parse import quote

    body = f"{quote(before, safe='')}{quote(secret, safe='')}={quote(after, safe='')}".encode()
    request = Request("POST", "/v1/customers", body=body, headers={"Stripe-Version": "v"}, idempotency_key="k")
    secrets = {"token": secret}
    recorded = record_request(request, secrets, Secrets().plus(secret))
    if recorded is not None:
        assert restore_request(json.loads(json.dumps(recorded)), secrets, "k") == request
        literal = json.dumps(recorded).replace('["token"', "")
        assert quote(secret, safe="") not in literal or quote(secret, safe="") in quote(before + after, safe="")
        if body.count(quote(secret, safe="").encode()):
            assert restore_request(recorded, {}, "k") is None


def test_a_request_with_a_secret_that_has_no_name_is_not_stored() -> None:
    request = Request("POST", "/v1/customers", body=b"name=sk_test_51Abcdefghijklmnopqrstuv")
    assert record_request(request, {}, Secrets()) is None


def test_bytes_that_are_no_text_come_back() -> None:
    request = Request("POST", "/v1/files", body=bytes(range(256)), headers={"Content-Type": "x"}, host="files")
    recorded = record_request(request, {}, Secrets())
    assert recorded is not None
    assert restore_request(json.loads(json.dumps(recorded)), {}, None) == request


def test_the_hash_is_of_what_is_asked_for() -> None:
    request = Request("POST", "/v1/customers", body=b"a=1", headers={"Stripe-Version": "1"}, idempotency_key="a")
    same = Request("POST", "/v1/customers", body=b"a=1", headers={"Stripe-Version": "2"}, idempotency_key="b")
    other = Request("POST", "/v1/customers", body=b"a=1", headers={"Stripe-Account": "acct_1"})
    assert request_hash(request) == request_hash(same) != request_hash(other)


# --- what is kept of a response ----------------------------------------------------------------------------------

BODY = {
    "id": "cus_1", "object": "customer", "email": "a@b.co", "client_secret": "pi_1_secret_2",
    "items": {"data": [{"id": "si_1", "price": {"id": "price_1"}}, {"id": "si_2", "price": {"id": "price_2"}}]},
}  # fmt: skip


def wanted(text: str) -> Wanted:
    """What is kept of the first block of a script."""
    program = load_program(SourceText("t", text))
    return next(iter(wanted_paths(program.items).values()))


@pytest.mark.parametrize(
    ("below", "kept"),
    [
        ("", {"id": "cus_1", "object": "customer"}),
        ("@expect email == a@b.co\n", {"id": "cus_1", "object": "customer", "email": "a@b.co"}),
        (
            "@as c\n\n/sandbox get price id=${c.items.data[1].price.id}\n",
            {"id": "cus_1", "object": "customer", "items": {"data": [None, {"price": {"id": "price_2"}}]}},
        ),
        (
            "@expect all items.data[*].id is si\n",
            {"id": "cus_1", "object": "customer", "items": {"data": [{"id": "si_1"}, {"id": "si_2"}]}},
        ),
        ('@match {"email": "a@b.co"}\n', {"id": "cus_1", "object": "customer", "email": "a@b.co"}),
        ("@expect items.data count == 2\n", {"id": "cus_1", "object": "customer", "items": BODY["items"]}),
    ],
)
def test_only_what_the_script_refers_to_is_kept(below: str, kept: Any) -> None:
    found = capture(BODY, wanted(f"/sandbox create customer email=a@b.co name=A\n{below}"), Secrets())
    assert found.body == kept
    assert found.complete


def test_fields_and_values_that_are_secret_are_not_kept() -> None:
    text = "/sandbox create customer email=a@b.co name=A\n@as c\n\n/sandbox get price id=${c.client_secret}\n"
    found = capture(BODY, wanted(text), Secrets())
    assert (found.body, found.complete) == ({"id": "cus_1", "object": "customer"}, False)
    found = capture(BODY, {"email": {}}, Secrets().plus("a@b.co"))
    assert (found.body["email"] != "a@b.co", found.complete) == (True, False)


def test_of_an_error_the_words_are_kept() -> None:
    error = {"type": "card_error", "code": "card_declined", "message": "x" * 1000, "charge": {"id": "ch_1"}}
    found = capture({"error": error}, {"id": {}}, Secrets()).body["error"]
    assert (sorted(found), len(found["message"])) == (["code", "message", "type"], 300)


def test_what_was_kept_covers_what_is_wanted() -> None:
    assert covers({"a": {}}, {"a": {"b": {}}})
    assert covers({}, {"a": {}})
    assert not covers({"a": {"b": {}}}, {"a": {}})
    assert not covers({"a": {}}, {"b": {}})
    assert not covers({"a": {}}, {})
