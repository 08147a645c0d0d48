"""Also: files of the sandbox that are foreign, newer, truncated, damaged, read-only or full; in process and served."""

from __future__ import annotations

import random
import resource
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from stripe_shell.errors import ConfigurationError
from stripe_shell.sandbox.app import Sandbox
from stripe_shell.sandbox.storage import file_check, schema
from stripe_shell.sandbox.storage.store import Store
from stripe_shell.server.app import Application
from stripe_shell.spec.table import load_table
from stripe_shell.transports.sandbox import open_sandbox
from stripe_shell.wire import Request
from tests.attack.conftest import Tally
from tests.server.conftest import Client

uvicorn = pytest.importorskip("uvicorn", reason="`serve` needs the extra `serve`")

ROOT = Path(__file__).parents[2]
BLOCK = ("create", "customer", "email=a@x.co", "name=Ann")


def filled(path: Path, rows: int = 40) -> list[str]:
    """Makes a file with customers; returns their ids."""
    store = Store.open(path)
    sandbox = Sandbox(store)
    made = [
        sandbox.send(Request("POST", "/v1/customers", "", f"name=n{each}".encode())).json()["id"]
        for each in range(rows)
    ]
    store.close()
    return made


def shell(path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs a block on the sandbox in the file."""
    command = [sys.executable, "-m", "stripe_shell", "--db", str(path), *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


def serve(path: Path) -> subprocess.CompletedProcess[str]:
    """Serves the file, which is refused."""
    command = [sys.executable, "-m", "stripe_shell", "serve", "--port", "0", "--db", str(path)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def make_foreign(folder: Path) -> dict[str, Path]:
    """Files that are none of ours, or of a later version, by what they are."""
    made: dict[str, Path] = {}

    def database(name: str, *statements: str, keep_log: bool = False) -> None:
        path = made[name] = folder / name / "sandbox.db"
        path.parent.mkdir()
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            for statement in statements:
                connection.execute(statement)
            if keep_log:
                for file in path.parent.iterdir():
                    shutil.copy(file, folder / f"{file.name}.kept")
        if keep_log:
            for file in folder.glob("*.kept"):
                file.rename(path.parent / file.name.removesuffix(".kept"))

    database("another program's", "CREATE TABLE a (b)", "INSERT INTO a VALUES (1)")
    database("in WAL mode", "PRAGMA journal_mode = WAL", "CREATE TABLE a (b)")
    database("with a log", "PRAGMA journal_mode = WAL", "CREATE TABLE a (b)", "INSERT INTO a VALUES (1)", keep_log=True)
    database(
        "newer", "PRAGMA journal_mode = WAL", "CREATE TABLE a (b)", f"PRAGMA user_version = {schema.SCHEMA_VERSION + 1}"
    )
    database("much older", "CREATE TABLE a (b)", "PRAGMA user_version = 1")
    database("negative", "CREATE TABLE a (b)", "PRAGMA user_version = -1")
    for name, content in (
        ("text", b"hello\n" * 50),
        ("binary", bytes(range(256)) * 40),
        ("short", b"S"),
        ("zip", b"PK\x03\x04" + b"\0" * 200),
    ):
        path = made[name] = folder / name / "sandbox.db"
        path.parent.mkdir()
        path.write_bytes(content)
    newer = made["ours, newer in its log"] = folder / "log" / "sandbox.db"
    newer.parent.mkdir()
    filled(newer, 2)
    with closing(sqlite3.connect(newer, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA user_version = {schema.SCHEMA_VERSION + 1}")
        for file in newer.parent.iterdir():
            shutil.copy(file, folder / f"{file.name}.kept")
    for file in folder.glob("*.kept"):
        file.rename(newer.parent / file.name.removesuffix(".kept"))
    return made


def test_foreign_files_are_left_as_they_are(tally: Tally, tmp_path: Path) -> None:
    for name, path in make_foreign(tmp_path).items():
        before = contents(path.parent)
        with pytest.raises(ConfigurationError) as refused:
            Store.open(path)
        after = {file: content for file, content in contents(path.parent).items() if not file.endswith("-shm")}
        expected = {file: content for file, content in before.items() if not file.endswith("-shm")}
        tally.count(after == expected, f"{name} was changed: {sorted(after)}")
        tally.count("\n" not in str(refused.value) and str(path) in str(refused.value), str(refused.value))
        if name in ("newer", "text", "in WAL mode"):
            for done in (shell(path, *BLOCK), serve(path)):
                said = done.stderr.strip()
                tally.count(
                    done.returncode in (1, 2) and "Traceback" not in said and len(said.split("\n")) <= 4, (name, said)
                )
            tally.count(path.read_bytes() == before["sandbox.db"], f"{name} was changed by a command")


def test_truncated_and_damaged_files(tally: Tally, tmp_path: Path) -> None:
    """Random bytes in each page: answers are right, or one clear error in JSON; never an exception."""
    whole = tmp_path / "whole.db"
    made = filled(whole, 150 if tally.full else 60)
    content = whole.read_bytes()
    pages = range(len(content) // 4096)
    chosen = list(pages) if tally.full else [page for page in pages if page < 4 or page % 5 == 0]
    damaged = tmp_path / "damaged.db"
    dice = random.Random(1)
    for page in chosen:
        place = page * 4096 + dice.randrange(3700)
        damaged.write_bytes(content[:place] + dice.randbytes(300) + content[place + 300 :])
        _try_every_request(tally, damaged, made, f"page {page}")
        if tally.full or page % 10 == 0:
            damaged.write_bytes(content[:place] + dice.randbytes(300) + content[place + 300 :])
            _try_every_request(tally, damaged, made, f"page {page} over HTTP", served=True)
    for length in (0, 1, 50, 100, 1000, 4096, 4097, len(content) // 2, len(content) - 1):
        damaged.write_bytes(content[:length])
        _try_every_request(tally, damaged, made, f"{length} bytes")
        damaged.write_bytes(content[:length])
        _try_every_request(tally, damaged, made, f"{length} bytes over HTTP", served=True)


@contextmanager
def served_here(sandbox: Sandbox) -> Iterator[Client]:
    """A client of a server in this process."""
    from stripe_shell.server.protocol import HttpProtocol

    config = uvicorn.Config(
        Application(sandbox), http=HttpProtocol, ws="none", interface="asgi3", lifespan="off", log_config=None
    )
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    client = Client(f"http://127.0.0.1:{listener.getsockname()[1]}")
    yield client
    client.connection.close()
    server.should_exit = True
    thread.join(timeout=10)


def _try_every_request(tally: Tally, path: Path, made: list[str], words: str, *, served: bool = False) -> None:
    try:
        store = Store.open(path)
    except ConfigurationError as error:
        tally.count("\n" not in str(error), (words, str(error)))
        return
    try:
        sandbox = Sandbox(store)
    except sqlite3.Error as error:
        store.close()
        tally.count(True, error)  # `usable` makes a line of it, where it is opened
        return
    with served_here(sandbox) if served else nullcontext() as client:
        _send_requests(tally, sandbox, client, made, words)
    store.close()


def _send_requests(tally: Tally, sandbox: Sandbox, client: Client | None, made: list[str], words: str) -> None:
    for method, target, body in (
        ("GET", "/v1/customers", b""), ("GET", f"/v1/customers/{made[0]}", b""), ("POST", "/v1/customers", b"name=x"),
        ("POST", f"/v1/customers/{made[-1]}", b"name=y"), ("DELETE", f"/v1/customers/{made[1]}", b""),
        ("GET", "/v1/events", b""),
    ):  # fmt: skip
        if client is None:
            answer: Any = sandbox.send(Request(method, target, "", body, {}, target if body else None))
        else:
            answer = client.send(method, target, headers={"Idempotency-Key": target} if body else {}, body=body)
        held = answer.status in (200, 404) or (answer.status == 500 and answer.json()["error"]["type"] == "api_error")
        tally.count(held, (words, method, target, answer.body[:200]))


def test_a_damaged_file_on_the_command_line(tally: Tally, tmp_path: Path) -> None:
    whole = tmp_path / "sandbox.db"
    filled(whole)
    content = whole.read_bytes()
    for words, damaged in (
        ("schema", b"\xff" * 300 + content[400:]),
        ("pages", content[:4096] + b"\xff" * (len(content) - 4096)),
    ):
        whole.write_bytes(content[:100] + damaged[100:] if words == "schema" else damaged)
        for command in (BLOCK, ("list", "customers")):
            done = shell(whole, *command)
            held = done.returncode in (1, 2, 3) and "Traceback" not in done.stderr and "cannot be" in done.stderr
            tally.count(held, (words, command, done.returncode, done.stderr))


def test_a_file_that_is_only_read(tally: Tally, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "sandbox.db"
    made = filled(path)
    before = contents(tmp_path)
    path.chmod(0o400)
    monkeypatch.setattr(file_check, "is_read_only", lambda _: True)
    monkeypatch.setattr(schema, "is_read_only", lambda _: True)
    transport: Any = open_sandbox(path, load_table())
    listed = transport.send(Request("GET", "/v1/customers", "limit=100"))
    tally.count(len(listed.json()["data"]) == len(made), listed.body[:200])
    tally.count(transport.send(Request("GET", f"/v1/customers/{made[3]}")).status == 200, "retrieve")
    for key in (None, "key"):
        written = transport.send(Request("POST", "/v1/customers", "", b"name=x", {}, key))
        tally.count(written.status == 500 and "readonly" in written.json()["error"]["message"], written.body[:300])
    transport.sandbox.store.close()
    tally.count(contents(tmp_path) == before, "the file was changed")


def test_a_full_disk_loses_no_acknowledged_write(tally: Tally, tmp_path: Path) -> None:
    """A server whose files may not grow beyond a size: what it acknowledged is there afterwards, and nothing else."""
    path = tmp_path / "sandbox.db"
    filled(path, 3)
    limit = 700_000

    def bounded() -> None:
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    command = [sys.executable, "-m", "stripe_shell", "serve", "--port", "0", "--db", str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=-1, stderr=-1, text=True, preexec_fn=bounded) as process:  # noqa: PLW1509
        assert process.stdout is not None
        client = Client(process.stdout.readline().strip())
        acknowledged, refused = [], []
        for number in range(2000):
            answer = client.send("POST", "/v1/customers", {"description": "d" * 400}, {"Idempotency-Key": f"k{number}"})
            if answer.status == 200:
                acknowledged.append(answer.json()["id"])
            else:
                refused.append(answer)
                tally.count(answer.status == 500 and answer.error["type"] == "api_error", answer.body[:300])
            if len(refused) > 5:
                break
        tally.count(client.send("GET", "/v1/customers").status == 200, "reads go on")
        process.terminate()
        process.communicate(timeout=30)
    tally.count(bool(acknowledged) and bool(refused), f"{len(acknowledged)} acknowledged, {len(refused)} refused")
    with closing(sqlite3.connect(path)) as connection:
        kept = {row[0] for row in connection.execute("SELECT id FROM objects WHERE object = 'customer'")}
        tally.count(connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)], "integrity")
    for each in acknowledged:
        tally.count(each in kept, each)
