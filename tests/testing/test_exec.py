"""`stripe-shell exec`: the program's environment, its exit code, signals, and what is left of a killed one."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn", reason="`serve` needs the extra `serve`")

ROOT = Path(__file__).parents[2]
SEED = "@spec stripe\n/sandbox create customer email=ada@example.com\n"

#: A program that says what it found in its environment, and what the server at that address holds.
PROGRAM = """\
import json, os, sys, urllib.request
base, key = os.environ["STRIPE_API_BASE"], os.environ["STRIPE_SECRET_KEY"]
request = urllib.request.Request(base + "/v1/customers", headers={"Authorization": f"Bearer {key}"})
emails = [each["email"] for each in json.load(urllib.request.urlopen(request))["data"]]
print(json.dumps({"emails": emails, **{n: v for n, v in os.environ.items() if n.startswith("STRIPE_")}}))
sys.exit(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a seed and a program."""
    (tmp_path / "seed.stripe").write_text(SEED)
    (tmp_path / "program.py").write_text(PROGRAM)
    return tmp_path


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "stripe_shell", "exec", *words]


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STRIPE_")}
    return {**kept, "PYTHONPATH": str(ROOT), "HOME": str(folder), "XDG_DATA_HOME": str(folder / "data")}


def execute(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*words), cwd=folder, env=environment(folder), capture_output=True, text=True, timeout=120, check=False
    )


def test_a_program_finds_the_sandbox_in_its_environment(folder: Path) -> None:
    found = execute(folder, "--seed", "seed.stripe", "--", sys.executable, "program.py", "7")
    said: dict[str, Any] = json.loads(found.stdout)
    assert (found.returncode, said.pop("emails"), found.stderr) == (7, ["ada@example.com"], "")
    assert said["STRIPE_API_BASE"] == f"http://{said['STRIPE_MOCK_HOST']}:{said['STRIPE_MOCK_PORT']}"
    assert said["STRIPE_API_KEY"] == said["STRIPE_SECRET_KEY"]
    assert re.fullmatch(r"sk_test_\w{32}", said["STRIPE_SECRET_KEY"])
    assert re.fullmatch(r"whsec_\w{32}", said["STRIPE_WEBHOOK_SECRET"])
    assert len(said) == 6
    assert sorted(path.name for path in folder.iterdir()) == ["program.py", "seed.stripe"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((sys.executable, "-c", "import sys; sys.exit(3)"), 3, ""),
        ((sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"), 128 + 9, ""),
        (("no-such-program",), 127, "`no-such-program` is not found"),
        (("./seed.stripe",), 126, "`./seed.stripe` cannot be run: Permission denied"),
        ((), 1, "which command?"),
        (("--sed", "x", "true"), 1, "did you mean --seed?"),
        (("--seed", "none.stripe", "true"), 1, "none.stripe cannot be read: No such file or directory"),
        (("--forward-to", "https://example.com/hook", "true"), 1, "example.com is another machine"),
        (("--latency", "soon", "true"), 1, "--latency"),
    ],
)
def test_exit_codes(folder: Path, words: tuple[str, ...], code: int, said: str) -> None:
    found = execute(folder, *words)
    assert (found.returncode, found.stdout) == (code, "")
    assert said in found.stderr
    assert "Traceback" not in found.stderr


def test_a_seed_that_fails_ends_it_before_the_program(folder: Path) -> None:
    (folder / "seed.stripe").write_text("/sandbox create customer emial=a@b.co\n")
    found = execute(folder, "--seed", "seed.stripe", sys.executable, "program.py")
    assert (found.returncode, found.stdout) == (1, "")
    assert "seed.stripe:1" in found.stderr


def test_a_database_is_kept_and_seen_by_the_shell(folder: Path) -> None:
    for _ in range(2):
        execute(folder, "--db", "kept.db", "--seed", "seed.stripe", "true")
    found = subprocess.run(
        [sys.executable, "-m", "stripe_shell", "--db", "kept.db", "--format", "json", "list", "customers"],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert len(json.loads(found.stdout)["data"]) == 2


def test_webhooks_are_forwarded(folder: Path) -> None:
    (folder / "hook.py").write_text(
        """\
import http.server, json, os, sys, urllib.request
class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        print(json.loads(body)["type"], verify(body, self.headers["Stripe-Signature"]))
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
def verify(body, header):
    import hashlib, hmac
    parts = dict(part.split("=", 1) for part in header.split(","))
    signed = parts["t"].encode() + b"." + body
    return hmac.new(os.environ["STRIPE_WEBHOOK_SECRET"].encode(), signed, hashlib.sha256).hexdigest() == parts["v1"]
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver)
headers = {"Authorization": "Bearer " + os.environ["STRIPE_SECRET_KEY"]}
urllib.request.urlopen(urllib.request.Request(os.environ["STRIPE_API_BASE"] + "/v1/customers", b"", headers)).close()
server.handle_request()
"""
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    found = execute(folder, "--forward-to", f"localhost:{port}/hook", sys.executable, "hook.py", str(port))
    assert (found.stdout, found.returncode) == ("customer.created True\n", 0), found.stderr


WAITS = """\
import os, signal, sys
def end(number, frame):
    print("ended by", signal.Signals(number).name, flush=True)
    sys.exit(9)
for name in ("SIGTERM", "SIGHUP", "SIGINT"):
    signal.signal(getattr(signal, name), end)
print(os.environ["STRIPE_API_BASE"], flush=True)
sys.stdin.read()
"""


def start(folder: Path) -> tuple[subprocess.Popen[str], str]:
    """A running `exec` around a program that waits, and its server's address."""
    (folder / "waits.py").write_text(WAITS)
    process = subprocess.Popen(
        command(sys.executable, "waits.py"),
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def is_served(url: str) -> bool:
    host, _, port = url.removeprefix("http://").rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_signals_are_the_programs_to_decide(folder: Path, name: str) -> None:
    process, url = start(folder)
    with process:
        assert is_served(url)
        process.send_signal(getattr(signal, name))
        assert process.stdout is not None
        output = process.stdout.read()
        process.wait(timeout=60)
    assert (output, process.returncode) == (f"ended by {name}\n", 9)
    assert not is_served(url)


def test_a_killed_one_leaves_no_server(folder: Path) -> None:
    process, url = start(folder)
    with process:
        assert is_served(url)
        process.kill()
        process.wait(timeout=60)
        assert not is_served(url)
        assert process.stdin is not None
        process.stdin.close()  # the program itself reads the end of its input
