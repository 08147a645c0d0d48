"""Rows that Stripe refuses: each is told with its key, `failed.csv` holds them and no others, the rest is done."""

from __future__ import annotations

import json
import random
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from stripe_shell.transports.sandbox import SandboxTransport
from stripe_shell.wire import Request, Response

from .support import Batch

BODY = "  /sandbox create product name=${row.email} description=${row.name}\n"
REFUSED = b'{"error": {"type": "invalid_request_error", "code": "%b", "message": "No %b"}}'


def refusing(monkeypatch: pytest.MonkeyPatch, emails: set[str]) -> None:
    """Refuses the products of these names, each with a code of its own among three."""
    send = SandboxTransport.send

    def answer(transport: SandboxTransport, request: Request) -> Response:
        name = parse_qs(request.body.decode()).get("name", [""])[0]
        if request.writes and name in emails:
            code = f"code_{sum(name.encode()) % 3}".encode()
            return Response(400, {"Request-Id": "req_refused"}, REFUSED % (code, code))
        return send(transport, request)

    monkeypatch.setattr(SandboxTransport, "send", answer)


@pytest.mark.parametrize("jobs", [1, 4])
def test_the_refused_rows_are_told_and_kept_and_can_be_run_again(
    batch: Batch, monkeypatch: pytest.MonkeyPatch, jobs: int
) -> None:
    emails = [f"user{number:03}@b.co" for number in range(300)]
    refused = set(random.Random(jobs).sample(emails, 15))
    batch.options = f"key=email jobs={jobs} on_error=continue max_errors=50%"
    batch.script(BODY)
    batch.rows(emails)
    refusing(monkeypatch, refused)
    report = batch.folder / "r.json"
    result = batch.run("--report", f"json={report}")
    assert result.code == 3
    assert "285 rows done · 0 skipped · 15 failed · 0 unknown · 0 not run" in result.err
    assert {row["email"] for row in batch.table("failed.csv")} == refused
    assert {row["email"] for row in batch.table() if row["_status"] == "failed"} == refused
    told = [line for line in result.err.splitlines() if line.startswith("FAILED")]
    assert sorted(line.rpartition("(email=")[2].rstrip(")") for line in told) == sorted(refused)
    entries = [
        each for each in json.loads(report.read_text())["entries"] if each["verdict"] not in {"passed", "skipped"}
    ]
    assert len(entries) == 15
    assert all(any(email in json.dumps(entry) for email in refused) for entry in entries)
    monkeypatch.undo()
    again = batch.folder / "again.csv"
    (batch.folders[0] / "failed.csv").rename(again)
    script = batch.folder / "b.stripe"
    script.write_text(script.read_text().replace("rows.csv", "again.csv"))
    assert batch.run().code == 0
    assert [name for name in batch.made("product", "name") if "@" in name] == emails


def test_a_row_that_always_fails_lets_all_others_be_done(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    emails = [f"user{number:03}@b.co" for number in range(200)]
    batch.options = "key=email jobs=4 on_error=continue"
    batch.script(BODY)
    batch.rows(emails)
    refusing(monkeypatch, {"user077@b.co"})
    for _ in range(2):  # it is told again by the next run, and repeated by none
        result = batch.run()
        assert result.code == 3
        assert "199 rows done · 0 skipped · 1 failed · 0 unknown · 0 not run" in result.err
        assert "user077@b.co" in result.err
    assert len([name for name in batch.made("product", "name") if "@" in name]) == 199


def test_rows_that_all_fail_alike_stop_the_run(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    emails = [f"user{number:03}@b.co" for number in range(200)]
    batch.options = "key=email jobs=4 on_error=continue"
    batch.script(BODY.replace("name=${row.email}", "name=same"))
    batch.rows(emails)
    refusing(monkeypatch, {"same"})
    result = batch.run()
    assert result.code == 3
    assert "10 rows in a row failed alike" in result.err
    failed = len(batch.table("failed.csv"))
    assert 10 <= failed <= 14
    assert f"{failed} failed · 0 unknown · {200 - failed} not run" in result.err


@pytest.mark.parametrize("seed", range(4))
def test_data_that_changes_at_random_moments_is_not_sent(
    batch: Batch, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Five moments for each of the four ways in which a file changes: no request has a row that was not checked."""
    emails = [f"user{number:03}@b.co" for number in range(60)]
    for moment in random.Random(seed).sample(range(1, 60), 5):
        batch.move_to(f"at-{moment}")
        batch.options = "key=email jobs=4"
        batch.script(BODY)
        batch.rows(emails)
        count = 0
        send = SandboxTransport.send

        def disturbed(transport: SandboxTransport, request: Request) -> Response:
            nonlocal count
            count += request.writes
            if count == moment:  # noqa: B023 (it runs within the iteration)
                change(batch.folder / "rows.csv", seed)
            return send(transport, request)  # noqa: B023

        with monkeypatch.context() as patch:
            patch.setattr(SandboxTransport, "send", disturbed)
            assert batch.run().code == 0
        assert [name for name in batch.made("product", "name") if "@" in name] == emails


def change(data: Path, kind: int) -> None:
    """Overwrites the data, truncates it, appends to it, or puts another file in its place."""
    others = "email,name\n" + "".join(f"other{number}@b.co,Eve\n" for number in range(60))
    if kind == 0:
        data.write_text(others)
    elif kind == 1:
        with data.open("r+") as file:
            file.truncate(100)
    elif kind == 2:
        with data.open("a") as file:
            file.write("other@b.co,Eve\n")
    else:
        data.with_name("new.csv").write_text(others)
        data.with_name("new.csv").replace(data)
