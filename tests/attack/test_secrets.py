"""Kind 5: a secret that is only masked on the screen. Nine forms, from six sources, in everything that is written."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import quote, quote_plus

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

SCRIPT = """\
{secret}
/conn
action: get
entity: customer
id: cus_1
@expect description == {guess}
@out {folder}/out.json

/conn
action: get
entity: customer
id: cus_2
"""


class Echo(BaseHTTPRequestHandler):
    """A server that says everything back that it was told, in its answers and in its errors."""

    def do_GET(self) -> None:
        told = f"{self.headers.get('Authorization')} {self.path} {self.headers}"
        key = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if "cus_1" in self.path:
            status, body = 200, {"id": "cus_1", "object": "customer", "description": told, "name": key, key: key}
        else:
            status, body = (
                402,
                {"error": {"type": "card_error", "message": f"not for {told}", "param": key, "doc_url": key}},
            )
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Request-Id", "req_1")
        self.send_header("X-Echo", quote(key))
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

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
    """The secret as it may stand in a file."""
    texts = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]}
    return {text.encode() for text in texts} | {base64.b64encode(secret.encode()).rstrip(b"=")[:-2]}


def house(folder: Path, url: str, source: str, secret: str) -> tuple[dict[str, str], str]:
    """Settings in which the secret comes from a source; returns the environment, and the value of `key`."""
    hidden = folder / "hidden"
    hidden.mkdir()
    (hidden / "vault").write_text(f"{secret}\n")
    (hidden / "vault").chmod(0o600)
    (hidden / "keyring.py").write_text(
        f"def get_password(service, user):\n    return open({str(hidden / 'vault')!r}).read().strip()\n"
    )
    environ = {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder / "data")}
    environ |= {"ATTACK_SECRET": secret, "PYTHONPATH": f"{hidden}{os.pathsep}{ROOT}"}
    key = {
        "environment": "env:ATTACK_SECRET",
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
    guess = "${note}" if source == "@secret" else '"another"'
    (folder / "hidden" / "a.stripe").write_text(SCRIPT.format(secret=line, guess=guess, folder=work))
    formats = ("json", "html", "junit", "tap")
    reports = [word for name in formats for word in ("--report", f"{name}={work}/report.{name}")]
    words = ["run", str(folder / "hidden" / "a.stripe"), "--verbose", "--keep-going", *reports]
    command = [sys.executable, "-m", "stripe_shell", *words]
    done = subprocess.run(command, cwd=work, env=environ, capture_output=True, check=False, timeout=60)
    assert done.returncode in (1, 2, 3, 4), done.stderr.decode()  # some forms are no keys, and refused
    yield "standard output", done.stdout
    yield "standard error", done.stderr
    for path in (*work.rglob("*"), *(folder / "data").rglob("*")):
        yield f"name of {path}", str(path).encode()
        if path.is_file():
            yield str(path), path.read_bytes()


def test_no_secret_is_written(tally: Tally, tmp_path: Path, url: str) -> None:
    forms = list(FORMS.items())
    pairs = [(source, form) for source in SOURCES for form in forms]
    chosen = pairs if tally.full else [pair for number, pair in enumerate(pairs) if number % 5 in (0, 3)]
    for number, (source, (form, secret)) in enumerate(chosen):
        folder = tmp_path / str(number)
        folder.mkdir()
        for words, content in written_by(folder, url, source, secret):
            found = [text for text in spellings(secret) if text in content]
            tally.count(not found, f"{form} from {source} in {words}: {content[:0]!r}{found}")


@pytest.mark.parametrize("name", ["STRIPE_API_KEY", "GITHUB_TOKEN", "db_password", "ClientSecret"])
def test_variables_that_look_like_secrets_are_masked(tally: Tally, tmp_path: Path, name: str) -> None:
    secret = "quite-ordinary-words-4711"
    path = tmp_path / "a.stripe"
    block = f"action: create\nentity: customer\nemail: a@x.co\nname: ${{env:{name}}}\n"
    path.write_text(f"/sandbox\n{block}@expect name == x\n")
    environ = {**os.environ, name: secret, "XDG_DATA_HOME": str(tmp_path)}
    report = tmp_path / "report.json"
    for words in (["run", str(path), "--memory", "--report", f"json={report}"], ["run", "--dry-run", str(path)]):
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
