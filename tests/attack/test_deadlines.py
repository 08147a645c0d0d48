"""Kind 3: limits of the client that hold, whatever a server does: `@timeout` in every phase, and signals of a run."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from stripe_shell.errors import NotSent, OutcomeUnknown, TransportError
from stripe_shell.secrets import Credential
from stripe_shell.transports.retry import RetryPolicy
from stripe_shell.transports.sending import Sender
from stripe_shell.transports.stripe import Limits, StripeTransport
from stripe_shell.wire import Request
from tests.attack.conftest import Tally
from tests.attack.slow_peers import DRIPS, dripping

KEY = "sk_test_51Attack0123456789abcdefgh"
ROOT = Path(__file__).parents[2]


#: What no deadline of a second may take even on a busy machine, in seconds; the answers drip for 8 minutes and longer.
LONG = 20


def transport(url: str, **limits: float) -> StripeTransport:
    """A transport that tries once."""
    return StripeTransport(
        Credential(KEY),
        bases={"api": url},
        limits=Limits(**limits),
        sender=Sender(policy=RetryPolicy(retries=0)),  # type: ignore[arg-type]
    )


def test_a_timeout_is_total(tally: Tally) -> None:
    for words, (at_once, drops) in DRIPS.items():
        for method in ("GET", "POST"):
            with dripping(at_once, drops) as url:
                client = transport(url)
                began = time.monotonic()
                request = Request(
                    method, "/v1/customers", timeout_ms=400, idempotency_key="k" if method == "POST" else None
                )
                with pytest.raises(TransportError, match=r"within 0\.4 s") as found:
                    client.send(request)
                seconds = time.monotonic() - began
                client.close()
            tally.count(seconds < LONG, f"{words}: {seconds:.1f} s")
            tally.count(method == "GET" or isinstance(found.value, OutcomeUnknown), f"{words}: {found.value}")


def test_a_limit_of_a_connection_is_total_too(tally: Tally) -> None:
    for words, (at_once, drops) in DRIPS.items():
        with dripping(at_once, drops) as url:
            began = time.monotonic()
            with pytest.raises(TransportError, match=r"within 0\.\d s"):
                transport(url, connect=0.2, answer=0.3).send(Request("GET", "/v1/customers"))
            tally.count(time.monotonic() - began < LONG, f"{words}: {time.monotonic() - began:.1f} s")


def test_a_connection_is_made_in_time(tally: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host whose name is not found, and a server that drips its TLS handshake."""
    with monkeypatch.context() as patch:
        asked = threading.Event()
        patch.setattr(socket, "getaddrinfo", lambda *_: asked.wait(60) or [])
        began = time.monotonic()
        with pytest.raises(NotSent):
            transport("http://localhost:1").send(Request("POST", "/v1/customers", timeout_ms=300))
        tally.count(time.monotonic() - began < LONG, f"names: {time.monotonic() - began:.1f} s")
        asked.set()
    with dripping(b"\x16\x03\x03\x40\x00", b"\x02" * 10_000) as url:
        began = time.monotonic()
        with pytest.raises(NotSent):
            transport(url.replace("http:", "https:")).send(Request("POST", "/v1/customers", timeout_ms=400))
        tally.count(time.monotonic() - began < LONG, f"TLS: {time.monotonic() - began:.1f} s")


# --- the command line -----------------------------------------------------------------------------------------------


@contextmanager
def shell(folder: Path, url: str, *words: str, text: str = "") -> Iterator[subprocess.Popen[str]]:
    """The command with a connection `slow`, and the key of the environment."""
    config = folder / "stripe-shell"
    config.mkdir(exist_ok=True)
    settings = config / "connections.toml"
    settings.write_text(
        f'[connections.slow]\nkind = "stripe"\nurl = "{url}"\nkey = "env:STRIPE_API_KEY"\nretries = 0\n'
    )
    settings.chmod(0o600)
    environ = {**os.environ, "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder), "STRIPE_API_KEY": KEY}
    command = [sys.executable, "-m", "stripe_shell", *words]
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdin=-1, stdout=-1, stderr=-1, text=True) as process:
        if text:
            assert process.stdin is not None
            process.stdin.write(text)
            process.stdin.close()
            process.stdin = None
        try:
            yield process
        finally:
            with suppress(OSError):
                process.kill()


BLOCK = "/slow\naction: get\nentity: customer\nid: cus_1\n@timeout 300ms\n"


def test_scripts_and_batches_end_in_time(tally: Tally, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("id\na\nb\n")
    (tmp_path / "one.stripe").write_text(BLOCK)
    (tmp_path / "batch.stripe").write_text(
        f'@foreach row in "{tmp_path}/rows.csv" key=id\n{BLOCK.replace("cus_1", "${row.id}")}@end\n'
    )
    for name in ("one", "batch"):
        for words in ("headers", "body"):
            with dripping(*DRIPS[words]) as url:
                began = time.monotonic()
                with shell(tmp_path, url, "run", str(tmp_path / f"{name}.stripe"), "--patience", "1s") as process:
                    _, said = process.communicate(timeout=60)
                seconds = time.monotonic() - began
            tally.count(
                process.returncode == 3 and "within 0.3 s" in said and seconds < 20, (name, words, seconds, said)
            )


TEARDOWN = """\
/sandbox
action: create
entity: customer
email: a@x.co
name: Ann
@as ann

{slow}
/sandbox
action: delete
entity: customer
id: ${{ann.id}}
@teardown
"""


def test_signals_run_the_teardown_and_write_the_reports(tally: Tally, tmp_path: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        path, report = tmp_path / "a.stripe", tmp_path / f"{number}.json"
        path.write_text(TEARDOWN.format(slow=BLOCK.replace("300ms", "60s")))
        with dripping(*DRIPS["headers"]) as url:
            words = ("run", str(path), "--memory", "--grace", "500ms", "--report", f"json={report}")
            with shell(tmp_path, url, *words) as process:
                wait_for_the_block(process)
                process.send_signal(number)
                _, said = process.communicate(timeout=30)
        tally.count(process.returncode == 128 + number, (number, process.returncode, said))
        entries = json.loads(report.read_text())["entries"] if report.exists() else []
        tally.count([entry["name"] for entry in entries][-1:] == ["delete customer"], (number, entries, said))


def wait_for_the_block(process: subprocess.Popen[str]) -> None:
    """Waits until the first block has been answered, so that the slow one is under way."""
    assert process.stderr is not None
    for line in process.stderr:
        if "create customer" in line:
            break
    time.sleep(0.5)
