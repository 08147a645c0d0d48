"""Long lists in files and on standard output: stopped at any moment and gone on with, in memory that does not grow."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from stripe_shell.batch.ledger import JournalStep
from stripe_shell.cli import main
from stripe_shell.engine.run.rows import RowOutput
from stripe_shell.engine.run.stopping import StopRequest
from stripe_shell.spec.table import load_table
from stripe_shell.transports.sandbox import SandboxTransport, open_sandbox
from stripe_shell.wire import Request, Response

from .support import BatchResult

COUNT = 1_530
ENDINGS = ("csv", "json", "jsonl", "sqlite", "parquet")


class Export:
    """A script that writes all customers of a sandbox to a file."""

    def __init__(self, folder: Path, capsys: Any) -> None:
        self.folder = folder
        self._capsys = capsys
        fill(folder / "s.db", COUNT)

    def script(self, ending: str, more: str = "") -> None:
        """Writes the script."""
        self.file = self.folder / f"customers.{ending}"
        lines = ["/sandbox", "action: list", "entity: customers", "@pages all", f"@out {self.file}{more}"]
        (self.folder / "x.stripe").write_text("\n".join(lines) + "\n", encoding="utf-8")

    @property
    def words(self) -> list[str]:
        return ["run", str(self.folder / "x.stripe"), "--db", str(self.folder / "s.db")]

    def run(self, *options: str) -> BatchResult:
        """Runs the script in this process."""
        self._capsys.readouterr()
        code = main([*self.words, *options])
        said = self._capsys.readouterr()
        return BatchResult(code, said.out, said.err)

    def run_and_die(self, page: int) -> int:
        """Runs the script in a child that is killed when it has written so many pages, before it journals the last."""
        child = os.fork()
        if child == 0:
            try:
                os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
                die_at(page)
                os._exit(main(self.words))
            finally:
                os._exit(99)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    def partial_files(self) -> list[Path]:
        return list(self.folder.glob(".stripe-shell-*"))


def die_at(page: int) -> None:
    """Kills this process within page `page` of an export."""
    note, pages = RowOutput._note, iter(range(page))

    def counted(self: RowOutput, following: Request, count: int, rows: int) -> None:
        if next(pages, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        note(self, following, count, rows)

    RowOutput._note = counted  # type: ignore[method-assign] # in a child of its own


def fill(path: Path, count: int) -> None:
    """Copies one customer of a new sandbox, with ids and times of their own."""
    sandbox = open_sandbox(path, load_table())
    made = sandbox.send(Request("POST", "/v1/customers", body=b"email=ann%40example.com&name=-Ann")).json()

    def copy(number: int) -> tuple[str, int, str]:
        key, created = f"cus_{number:014}", made["created"] - number // 3
        return key, created, json.dumps({**made, "id": key, "created": created}, separators=(",", ":"))

    with sqlite3.connect(path) as connection:
        (account,) = connection.execute("SELECT account FROM objects WHERE id = ?", (made["id"],)).fetchone()
        connection.executemany(
            "INSERT INTO objects (account, object, id, created, json) VALUES (?, 'customer', ?, ?, ?)",
            ((account, *copy(number)) for number in range(1, count)),
        )


@pytest.fixture
def export(tmp_path: Path, capsys: Any) -> Export:
    return Export(tmp_path, capsys)


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_export_that_is_killed_ends_as_one_that_is_not(
    ending: str, export: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stripe_shell.render.parquet_rows.GROUP_ROWS", 300)
    export.script(ending)
    assert export.run().code == 0
    whole = export.file.read_bytes()
    export.file.unlink()
    chance = random.Random(ending)
    for _ in range(4):
        assert export.run_and_die(chance.randint(0, 4)) == -signal.SIGKILL
        assert not export.file.exists()
    assert export.run().code == 0
    assert export.file.read_bytes() == whole
    assert export.partial_files() == []


def test_an_export_by_ranges_is_the_same_file_and_goes_on(export: Export) -> None:
    export.script("csv")
    assert export.run().code == 0
    whole = export.file.read_bytes()
    export.file.unlink()
    script = export.folder / "x.stripe"
    script.write_text(script.read_text().replace("@pages all", "@pages all jobs=3"))
    assert export.run_and_die(6) == -signal.SIGKILL
    assert export.run().code == 0
    assert export.file.read_bytes() == whole


def test_a_resume_asks_only_for_what_is_missing(export: Export, monkeypatch: pytest.MonkeyPatch) -> None:
    export.script("csv", " fields=id")
    export.run_and_die(10)
    asked = spy(monkeypatch)
    result = export.run()
    assert result.code == 0
    lists = [request for request in asked if request.path == "/v1/customers"]
    assert len(lists) == 6  # of 16 pages; the one within which it died is asked for again
    assert "(1530 rows)" in result.err
    assert len(export.file.read_text().splitlines()) == COUNT + 1


def test_nothing_is_kept_of_a_finished_export(export: Export) -> None:
    export.script("csv")
    export.run()
    assert list((export.folder / ".stripe-runs").glob("*/journal.jsonl")) == []


def test_an_export_that_fails_goes_on_where_it_was(export: Export, monkeypatch: pytest.MonkeyPatch) -> None:
    export.script("jsonl")
    export.run()
    whole = export.file.read_bytes()
    with monkeypatch.context() as broken:
        refuse_from(broken, 5)
        result = export.run()
    assert result.code == 3
    assert "run it again to go on with the file where it was" in result.err
    assert export.file.read_bytes() == whole  # the complete one stays until there is another
    assert len(export.partial_files()) == 1
    asked = spy(monkeypatch)
    assert export.run().code == 0
    assert export.file.read_bytes() == whole
    assert len([request for request in asked if request.path == "/v1/customers"]) == 11
    assert export.partial_files() == []


def test_a_stop_ends_an_export_behind_a_page(export: Export, monkeypatch: pytest.MonkeyPatch) -> None:
    export.script("csv")
    note, noted = JournalStep.note_rows, []

    def stop(self: JournalStep, request: Request, written: Any) -> bool:
        noted.append(written)
        if len(noted) == 4:
            os.kill(os.getpid(), signal.SIGTERM)
        return note(self, request, written)

    monkeypatch.setattr(JournalStep, "note_rows", stop)
    assert export.run().code == 143
    assert 4 <= len(noted) <= 5
    monkeypatch.undo()
    assert export.run().code == 0
    assert len(export.file.read_text().splitlines()) == COUNT + 1


@pytest.mark.parametrize("change", ["fields", "limit", "partial"])
def test_what_another_export_left_is_not_gone_on_with(change: str, export: Export) -> None:
    export.script("csv", " fields=id,name")
    export.run_and_die(5)
    if change == "partial":
        (partial,) = export.partial_files()
        partial.write_bytes(partial.read_bytes().replace(b"Ann", b"Bob"))
    elif change == "fields":
        export.script("csv", " fields=id,email")
    else:
        script = (export.folder / "x.stripe").read_text().replace("@pages", "limit: 50\n@pages")
        (export.folder / "x.stripe").write_text(script)
    assert export.run().code == 0
    lines = export.file.read_text().splitlines()
    assert len(lines) == COUNT + 1
    assert not any("Bob" in line for line in lines)


def test_a_list_on_standard_output_is_the_same_as_the_joined_pages(export: Export) -> None:
    text = "/sandbox\naction: list\nentity: customers\n@pages all\n"
    joined = "\n/sandbox list customers limit=1\n@expect data[0].id == ${last.data[0].id}\n"
    for format_name in ("json", "jsonl"):
        (export.folder / "x.stripe").write_text(text)
        streamed = export.run("--format", format_name).out
        (export.folder / "x.stripe").write_text(text + joined)
        kept = export.run("--format", format_name)
        assert kept.code == 0
        assert kept.out.startswith(streamed)
        assert len(streamed) > 500_000
    (export.folder / "x.stripe").write_text(text)
    lines = export.run("--format", "csv").out.splitlines()
    assert lines[0].startswith("address.city,")
    assert len(lines) == COUNT + 1


def test_memory_does_not_grow_with_a_list_on_standard_output(export: Export, monkeypatch: pytest.MonkeyPatch) -> None:
    def peak(count: str) -> int:
        (export.folder / "x.stripe").write_text(f"/sandbox\naction: list\nentity: customers\n@pages {count}\n")
        monkeypatch.setattr("sys.stdout", open(os.devnull, "w"))  # noqa: PTH123, SIM115 (pytest's keeps what is written)
        tracemalloc.start()
        main([*export.words, "--format", "jsonl"])
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak("1")
    few, many = peak("3"), peak("all")
    assert many < few + 500_000  # 1,530 customers as Python objects take 5 MB


def test_a_server_that_is_unavailable_costs_time_and_no_row(export: Export, monkeypatch: pytest.MonkeyPatch) -> None:
    export.script("csv")
    assert export.run().code == 0
    whole = export.file.read_bytes()
    waits = unavailable(monkeypatch, since=5, times=9)
    result = export.run()
    assert result.code == 0
    assert export.file.read_bytes() == whole
    assert sum(waits) > 5


def spy(monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """Returns the list of requests that the sandbox gets from now on."""
    asked: list[Request] = []
    send = SandboxTransport.send

    def noted(self: SandboxTransport, request: Request) -> Response:
        asked.append(request)
        return send(self, request)

    monkeypatch.setattr(SandboxTransport, "send", noted)
    return asked


def refuse_from(monkeypatch: pytest.MonkeyPatch, page: int) -> None:
    """Makes the sandbox answer 400 to every list from a page on."""
    send, left = SandboxTransport.send, iter(range(page))

    def refusing(self: SandboxTransport, request: Request) -> Response:
        if request.path == "/v1/customers" and next(left, None) is None:
            return Response(400, {}, b'{"error": {"type": "api_error", "message": "no more"}}')
        return send(self, request)

    monkeypatch.setattr(SandboxTransport, "send", refusing)


def unavailable(monkeypatch: pytest.MonkeyPatch, *, since: int, times: int) -> list[float]:
    """Makes the sandbox answer 503 so many times from a page on; returns the waits, which take no time."""
    send, before, left, waits = SandboxTransport.send, iter(range(since)), iter(range(times)), []

    def failing(self: SandboxTransport, request: Request) -> Response:
        if request.path == "/v1/customers" and next(before, None) is None and next(left, None) is not None:
            return Response(503, {}, b'{"error": {"type": "api_error"}}')
        return send(self, request)

    def wait(self: StopRequest, seconds: float, *, immediate: bool = False) -> bool:
        waits.append(seconds)
        return False

    monkeypatch.setattr(SandboxTransport, "send", failing)
    monkeypatch.setattr(StopRequest, "wait", wait)
    return waits
