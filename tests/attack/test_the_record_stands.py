"""Kind 7: a mistake of ours loses the record of what was done. Answers that cannot be shown, between two writes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.attack.conftest import Tally

ROOT = Path(__file__).parents[2]


def nested(depth: int, opening: str, closing: str) -> bytes:
    """A response whose member is so deep."""
    return ('{"id": "cus_1", "object": "customer", "a": ' + opening * depth + "1" + closing * depth + "}").encode()


ANSWERS = {
    "90 deep": nested(90, '{"a": ', "}"),
    "450 deep": nested(450, '{"a": ', "}"),
    "900 deep": nested(900, '{"a": ', "}"),
    "900 lists": nested(900, "[", "]"),
    "5,000 deep": nested(5000, '{"a": ', "}"),
    "100,000 lists": nested(100_000, "[", "]"),
    "a huge number": b'{"id": "cus_1", "object": "customer", "created": ' + b"9" * 5000 + b"}",
    "NaN": b'{"id": "cus_1", "object": "customer", "created": NaN, "balance": 1e999, "b": -Infinity}',
    "lone surrogates": b'{"id": "cus_1", "object": "customer", "name": "\\ud800", "\\udfff": "\\ud800"}',
    "odd kinds": b'{"id": {"a": 1}, "object": ["customer"], "created": "x", "amount": {}, "currency": 5}',
    "a list that is none": b'{"object": "list", "data": {"a": 1}, "has_more": "yes", "url": 5}',
    "a list of lists": b'{"object": "list", "data": [[1], null, "x", {"id": 5}], "has_more": false}',
    "no object": b"[1, 2]",
    "text": b'"hello"',
    "nothing": b"null",
    "no JSON": b"<html>",
    "bytes": b"\xff\xfe\x00",
    "empty": b"",
}

SCRIPT = """\
/conn
action: create
entity: customer
email: a@x.co
name: First
@as first

/conn
action: {action}
entity: customer
{more}
@as second

/conn
action: create
entity: customer
email: c@x.co
name: Third
"""


class Server(HTTPServer):
    """Answers the second request with `answer`, others well; `names` are those of the customers that were made."""

    def __init__(self, answer: bytes) -> None:
        self.answer, self.names = answer, list[str]()
        super().__init__(("127.0.0.1", 0), _Answers)


class _Answers(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self._answer(self.server.answer)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        name = next(pair[5:] for pair in body.split("&") if pair.startswith("name="))
        self.server.names.append(name)
        good = json.dumps({"id": f"cus_{name}", "object": "customer", "name": name}).encode()
        self._answer(self.server.answer if name == "Second" else good)

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {
        **os.environ,
        "XDG_CONFIG_HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path),
        "STRIPE_API_KEY": "sk_test_51" + "a" * 24,
    }


def ran(tmp_path: Path, environ: dict[str, str], server: Server, *words: str) -> subprocess.CompletedProcess[str]:
    settings = tmp_path / "stripe-shell" / "connections.toml"
    settings.parent.mkdir(exist_ok=True)
    table = f'[connections.conn]\nkind = "stripe"\nurl = "http://127.0.0.1:{server.server_port}"\nretries = 0\n'
    settings.write_text(f'{table}key = "env:STRIPE_API_KEY"\n')
    settings.chmod(0o600)
    command = [sys.executable, "-m", "stripe_shell", "run", str(tmp_path / "a.stripe"), "--new", *words]
    return subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def serving() -> Iterator[list[Server]]:
    started: list[Server] = []
    yield started
    for server in started:
        server.shutdown()


@pytest.mark.parametrize("action", ["get", "create"])
def test_the_record_of_what_was_sent_stands(
    tally: Tally, tmp_path: Path, environ: dict[str, str], serving: list[Server], action: str
) -> None:
    formats = ("table", "json", "csv", "yaml")
    for number, (words, answer) in enumerate(ANSWERS.items()):
        if not tally.full and number % 2 == (action == "create"):
            continue
        server = Server(answer)
        serving.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        more = "id: cus_9" if action == "get" else "email: b@x.co\nname: Second"
        (tmp_path / "a.stripe").write_text(SCRIPT.format(action=action, more=more))
        junit, report = tmp_path / "r.xml", tmp_path / "r.json"
        chosen = (
            "--format",
            formats[number % len(formats)],
            "--report",
            f"json={report}",
            "--report",
            f"junit={junit}",
        )
        done = ran(tmp_path, environ, server, *chosen)
        tally.count(done.returncode in (0, 3, 4, 5), (words, action, done.returncode, done.stderr[-400:]))
        tally.count("Traceback" not in done.stderr and "passed" in done.stderr, (words, action, done.stderr[-300:]))
        names = [entry["name"] for entry in json.loads(report.read_text())["entries"]] if report.exists() else []
        tally.count(names.count("create customer") == len(server.names), (words, action, names, server.names))
        tally.count(junit.exists() and bool(list(ElementTree.parse(junit).iter("testcase"))), (words, action, "junit"))
        for file in (junit, report):
            file.unlink(missing_ok=True)
