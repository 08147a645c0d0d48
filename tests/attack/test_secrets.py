"""Kind 5: a secret that is only masked on the screen. Nine forms, from six sources, in everything that is written."""

from __future__ import annotations

import base64
import html
import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote_plus

import pytest

from tests.attack.conftest import Tally

ROOT = Path(__file__).parents[2]

FORMS = {
    "test key": "sk_test_51AttackKey0123456789abcdef",
    "live key": "sk_live_51AttackKey0123456789abcdef",
    "restricted key": "rk_test_51AttackKey0123456789abcdef",
    "restricted live key": "rk_live_51AttackKey0123456789abcdef",
    "organization's key": "sk_org_test_AttackKey0123456789abcdef",
    "webhook secret": "whsec_AttackSecret0123456789+/abcdef=",
    "token": "eyJhbGciOiJub25lIn0.eyJhIjoiYXR0YWNrIn0.c2lnbmF0dXJl",
    "password": "p@ss:w/rd?&=%'\"<attack>",
    "words": "correct horse battery staple attack",
}

SOURCES = ("environment", "file", "keyring", "command", "profile", "@secret")

#: Reads that fail in each way, and bring the secret back.
READS = """\
{secret}
/conn
action: get
entity: customer
id: cus_1
@expect description == {guess}
@expect phone == "1"

/conn
action: get
entity: customer
id: cus_2

/conn
action: get
entity: customer
id: cus_3

/conn
action: get
entity: customer
id: cus_1
@as first
@out {folder}/one.json

/conn
action: list
entity: customers
limit: ${{first.name}}

/conn
action: list
entity: customers
@pages all
@out {folder}/pages.jsonl

{lists}"""
LIST = "/conn\naction: list\nentity: customers\n@out {folder}/list.{ending}\n\n"

#: Writes of what came back, for each row of a table; the last row fails.
WRITES = """\
{secret}
/conn
action: get
entity: customer
id: cus_1
@as first

@let told = ${{first.name}}
@foreach row in "{folder}/rows.csv" key=id failed="{folder}/failed.csv"
/conn
action: create
entity: customer
email: a@x.co
name: ${{told}}
description: ${{row.id}}
metadata[sent]: {sent}
@expect description contains "${{row.wanted}}"
@out {folder}/made.jsonl
@end
"""

#: What is converted to other programs.
CALLS = """\
{secret}
/conn
action: create
entity: customer
email: a@x.co
name: Ann
metadata[sent]: {sent}
"""

#: The shortest part of a secret that must not be written either: what is cut before it is masked leaves one.
PART = 12


class Echo(BaseHTTPRequestHandler):
    """A server that says everything back that it was told, in its answers and in its errors."""

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        told = f"{self.headers.get('Authorization')} {self.path} {self.headers} {unquote_plus(body)} {body}"
        key = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        customer = {
            "id": "cus_1",
            "object": "customer",
            "description": f"{told} {key * 4}",
            "name": key,
            key: key,
            "phone": f"{'x' * 17}{key * 9}",
        }
        error = {"type": "card_error", "message": f"not for {told}", "param": key, "doc_url": key, "code": key}
        page = {"object": "list", "data": [customer], "has_more": False, "url": "/v1/customers"}
        status, answer = (402, {"error": error}) if "cus_2" in self.path else (200, customer)
        if self.command == "GET" and self.path.partition("?")[0] == "/v1/customers":
            status, answer = 200, page
        text = json.dumps(answer).encode()
        if "cus_3" in self.path:
            status, text = 404, f"<html>{'x' * 150} {told} {key * 4}</html>".encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Request-Id", "req_1")
        self.send_header("X-Echo", quote(key))
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_POST = do_GET  # noqa: N815 (the library's name)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    """The address of a server that echoes."""
    server = HTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def spellings(secret: str) -> set[bytes]:
    """The secret as it may stand in a file, and parts of it if no part of it tells what it is."""
    looks = secret.startswith(("sk_", "rk_", "whsec_"))
    texts = set() if looks else {secret[at : at + PART] for at in range(0, len(secret) - PART + 1, PART)}
    texts |= {html.escape(secret), repr(secret)[1:-1]} | {
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
    }
    return {text.encode() for text in texts} | {base64.b64encode(secret.encode()).rstrip(b"=")[:-2]}


def house(folder: Path, url: str, source: str, secret: str) -> tuple[dict[str, str], str]:
    """Settings in which the secret comes from a source; returns the environment, and the value of `key`."""
    hidden = folder / "hidden"
    hidden.mkdir()
    (hidden / "vault").write_text(f"{secret}\n")
    (hidden / "vault").chmod(0o600)
    (hidden / "keyring").mkdir()
    (hidden / "keyring" / "errors.py").write_text("class KeyringError(Exception): pass\n")
    (hidden / "keyring" / "__init__.py").write_text(
        f"def get_password(service, user):\n    return open({str(hidden / 'vault')!r}).read().strip()\n"
    )
    environ = {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder / "data")}
    # Its name does not tell that it is secret; if other sources had it too, it would be masked for that.
    environ |= {"ATTACK": secret} if source == "environment" else {}
    environ |= {"PYTHONPATH": f"{hidden}{os.pathsep}{ROOT}"}
    key = {
        "environment": "env:ATTACK",
        "file": f"file:{hidden / 'vault'}",
        "keyring": "keyring:service/user",
        "command": f"exec:cat {hidden / 'vault'}",
        "profile": secret,
        "@secret": "sk_test_51OtherKey0123456789abcdefg",
    }[source]
    settings = folder / "stripe-shell"
    settings.mkdir()
    table = f'[connections.conn]\nkind = "stripe"\nurl = "{url}"\nretries = 0\nkey = {json.dumps(key)}\n'
    (settings / "connections.toml").write_text(table)
    (settings / "connections.toml").chmod(0o600)
    return environ, key


def written_by(folder: Path, url: str, source: str, secret: str) -> Iterator[tuple[str, bytes]]:
    """Runs a script with reports and yields everything that was written: names of files, contents, streams."""
    environ, _ = house(folder, url, source, secret)
    work = folder / "work"
    work.mkdir()
    line = f"@secret note = {json.dumps(secret)}" if source == "@secret" else ""
    guess, sent = ("${note}", "${note}") if source == "@secret" else ('"another"', "none")
    (work / "rows.csv").write_text("id,wanted\na,/v1/customers\nb,another\n")
    lists = "".join(LIST.format(folder=work, ending=ending) for ending in ("json", "csv", "jsonl", "sqlite", "parquet"))
    facts = {"secret": line, "guess": guess, "sent": sent, "folder": work, "lists": lists}
    for name, text in {"reads": READS, "writes": WRITES, "calls": CALLS}.items():
        (folder / "hidden" / f"{name}.stripe").write_text(text.format(**facts))
    formats = ("json", "html", "junit", "tap", "jsonl")
    reports, reports2 = (
        [word for name in formats for word in ("--report", f"{name}={work}/{of}.{name}")] for of in ("reads", "writes")
    )
    (folder / "hidden" / "notify.py").write_text(
        f"import os\nopen({str(work / 'notified')!r}, 'w').write(str(os.environ))"
    )
    notify = f"{sys.executable} {folder / 'hidden' / 'notify.py'}"
    reads, writes, calls = (str(folder / "hidden" / f"{name}.stripe") for name in ("reads", "writes", "calls"))
    runs = ["--runs-dir", str(work)]
    for words in (
        ["run", reads, "--keep-going", "--verbose", *reports, *runs],
        ["run", writes, "--live", "--plan", str(work / "PLAN.json"), *runs],
        ["run", writes, "--live", "--new", "--confirm", "2 writes", "--notify", notify, *reports2, *runs],
        ["runs", "show", "RUN", *runs],
        ["convert", calls, "--to", "curl"],
        ["convert", calls, "--to", "python"],
        ["connections", "test", "conn"],
        ["--connection", "conn", "get", "customer", "id=cus_1"],
    ):
        given = [next(work.glob("writes-*"), work).name if word == "RUN" else word for word in words]
        command = [sys.executable, "-m", "stripe_shell", *given]
        done = subprocess.run(command, cwd=work, env=environ, capture_output=True, check=False, timeout=60)
        yield f"standard output of {words[:2]}", done.stdout
        yield f"standard error of {words[:2]}", done.stderr
        yield f"a traceback of {words[:2]}", b"" if b"Traceback" not in done.stderr else secret.encode()
    for path in (*work.rglob("*"), *(folder / "data").rglob("*")):
        yield f"name of {path}", str(path).encode()
        if path.is_file():
            yield str(path), path.read_bytes()


def test_no_secret_is_written(tally: Tally, tmp_path: Path, url: str) -> None:
    forms = list(FORMS.items())
    pairs = [(source, form) for source in SOURCES for form in forms]
    # The short form has each source with three of the forms, and each form at least once.
    few = {len(forms) * at + (2 * at + more) % len(forms) for at in range(len(SOURCES)) for more in (0, 3, 6)}
    chosen = pairs if tally.full else [pairs[at] for at in sorted(few)]
    used: Counter[str] = Counter()
    for number, (source, (form, secret)) in enumerate(chosen):
        folder = tmp_path / str(number)
        folder.mkdir()
        for words, content in written_by(folder, url, source, secret):
            found = [text for text in spellings(secret) if text in content]
            tally.count(not found, f"{form} from {source} in {words}: {content[:0]!r}{found}")
        used[source] += all((folder / "work" / name).exists() for name in ("list.parquet", "made.jsonl", "notified"))
    assert all(used[source] for source in SOURCES), used  # some forms are no keys, and refused


@pytest.mark.parametrize("name", ["STRIPE_API_KEY", "GITHUB_TOKEN", "db_password", "ClientSecret"])
def test_variables_that_look_like_secrets_are_masked(tally: Tally, tmp_path: Path, name: str) -> None:
    secret = "quite-ordinary-words-4711"
    path = tmp_path / "a.stripe"
    block = f"action: create\nentity: customer\nemail: a@x.co\nname: ${{env:{name}}}\n"
    path.write_text(f"/sandbox\n{block}@expect name == x\n")
    environ = {**os.environ, name: secret, "XDG_DATA_HOME": str(tmp_path)}
    report = tmp_path / "report.json"
    for words in (
        ["run", str(path), "--memory", "--report", f"json={report}"],
        ["run", "--dry-run", "--show", str(path)],
    ):
        command = [sys.executable, "-m", "stripe_shell", *words]
        done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=60)
        tally.count(secret not in done.stdout + done.stderr and "********" in done.stdout + done.stderr, (words, done))
    tally.count(secret not in report.read_text(), "report")
    for text, code in (
        (f"/sandbox\n{block}", "W305"),
        (f"@let x = ${{env:{name}}}\n/sandbox\n{block.replace(f'env:{name}', 'x')}", "W305"),
        (f"/sandbox\naction: list\nentity: customers\n@out ${{env:{name}}}.json\n", "E309"),
        (f"@let x = a-${{env:{name}}}\n/sandbox\naction: list\nentity: customers\n@out ${{x}}.json\n", "E309"),
        (f"@secret x = ${{env:{name}}}\n/sandbox\naction: list\nentity: customers\n@out ${{x}}.json\n", "E309"),
        (f"@secret x = ${{env:{name}}}\n/sandbox\n{block.replace(f'env:{name}', 'x')}", ""),
    ):
        path.write_text(text)
        command = [sys.executable, "-m", "stripe_shell", "check", str(path)]
        done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=60)
        tally.count(
            (code in done.stderr if code else "W305" not in done.stderr) and secret not in done.stderr,
            (text, done.stderr),
        )
