"""Live mode, through the whole shell: what is sent when it should not be is nothing."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from stripe_shell.cli import main
from stripe_shell.connections import Connections, load_connections
from stripe_shell.engine.links import Link
from tests.connections.conftest import Load
from tests.fakes import pinkconnect, stripe
from tests.fakes.web import Backend, Loopback, Reply, Seen, serving

ROOT = Path(__file__).parents[2]
LIVE_KEY = "sk_live_51FakeStripeKey0123456789"
ORG_KEY = "sk_org_51FakeStripeKey0123456789"
WRITE = ["create", "customer", "email=a@b.co", "name=Ann"]
READ = ["list", "customers"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "STRIPE_API_KEY", "STRIPE_API_BASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LIVE_KEY", LIVE_KEY)
    monkeypatch.setenv("ORG_KEY", ORG_KEY)
    monkeypatch.setenv("PINK", pinkconnect.TOKEN)
    return tmp_path


@pytest.fixture
def server(backend: Backend) -> Iterator[Loopback]:
    with serving(stripe.FakeStripe(backend, LIVE_KEY)) as server:
        yield server


def configure(home: Path, text: str) -> None:
    path = home / ".config" / "stripe-shell" / "connections.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)


def live(server: Loopback, more: str = "") -> str:
    return f'[connections.it]\nkind = "stripe"\nkey = "env:LIVE_KEY"\nurl = "{server.url}"\n{more}'


# --- in batch ---------------------------------------------------------------------------------------------------


def test_a_live_key_without_the_option_sends_nothing_at_all(
    home: Path, server: Loopback, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not even the reads that stand before the write."""
    configure(home, live(server))
    script = home / "both.stripe"
    script.write_text("/it list customers\n\n/it create customer email=a@b.co name=Ann\n")
    for words in (WRITE, ["run", str(script)], ["-c", "/it create customer email=a@b.co name=Ann"]):
        assert main(["--connection", "it", *words]) == 2
        shown = capsys.readouterr().err
        assert "error[E503]" in shown
        assert "LIVE" in shown
    assert server.seen == []


def test_with_the_option_writes_are_sent_and_reads_need_none(home: Path, server: Loopback, backend: Backend) -> None:
    configure(home, live(server))
    assert main(["--connection", "it", *READ]) == 0
    assert main(["--connection", "it", "--live", *WRITE]) == 0
    assert backend.count("/v1/customers") == 1


def test_a_connection_that_is_read_only_never_writes(
    home: Path, server: Loopback, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(home, live(server, "read_only = true\n"))
    assert main(["--connection", "it", "--live", *WRITE]) == 2
    assert "error[E506]: create customer writes, and the connection `it` is read-only" in capsys.readouterr().err
    assert main(["--connection", "it", *READ]) == 0
    assert [seen.method for seen in server.seen] == ["GET"]


@pytest.mark.parametrize("key", ["ORG_KEY", "PINK"])
def test_a_key_that_does_not_tell_counts_as_live(
    home: Path, server: Loopback, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    configure(home, live(server).replace("LIVE_KEY", key))
    assert main(["--connection", "it", *WRITE]) == 2
    assert "may be in LIVE mode, its key does not tell" in capsys.readouterr().err
    assert server.seen == []


def test_so_does_every_proxy(home: Path, backend: Backend) -> None:
    with serving(pinkconnect.FakePinkConnect(backend)) as pink:
        address = f'url = "{pink.url}/connect/{{service}}/{{connection_id}}{{path}}"\n'
        profile = f'[connections.it]\nkind = "pinkconnect"\nconnection_id = "{pinkconnect.CONNECTION}"\n'
        configure(home, f'{profile}{address}token = "env:PINK"\n')
        assert main(["--connection", "it", *WRITE]) == 2
        assert pink.seen == []
        assert main(["--connection", "it", "--live", *WRITE]) == 0


# --- what answers show ------------------------------------------------------------------------------------------


def learning(load: Load, *bodies: bytes) -> Connections:
    """A connection whose key does not tell, after it was answered so."""
    left = list(bodies)

    def answer(_: Seen) -> Reply:
        return Reply(200, left.pop(0))

    with serving(answer) as server:
        connections = load(live(server).replace("LIVE_KEY", "ORG_KEY"), default="it", ORG_KEY=ORG_KEY)
        from stripe_shell.wire import Request

        for _ in bodies:
            connections.default.send(Request("GET", "/v1/balance"))
        return connections


@pytest.mark.parametrize(
    ("bodies", "mode"),
    [
        ([b'{"id": "x"}'], "unknown"),
        ([b'{"livemode": false}'], "test"),
        ([b'{"livemode": true}'], "live"),
        ([b'{"livemode":false, "data": [{"livemode": true}]}'], "live"),
        ([b'{"livemode": false}', b'{"livemode": true}'], "live"),
        ([b'{"livemode": true}', b'{"livemode": false}'], "live"),
        ([b'{"description": "\\"livemode\\": false"}'], "unknown"),
        ([b'{"metadata": {"livemode": "false"}}'], "unknown"),
    ],
)
def test_the_mode_that_answers_show(load: Load, bodies: list[bytes], mode: str) -> None:
    connections = learning(load, *bodies)
    link = connections.find(None)
    assert isinstance(link, Link)
    assert link.mode == connections.default.mode == mode
    assert link.counts_as_live == (mode != "test")


def test_a_key_that_tells_is_believed(load: Load, backend: Backend) -> None:
    with serving(stripe.FakeStripe(backend, LIVE_KEY)) as server:
        connections = load(live(server), default="it", LIVE_KEY=LIVE_KEY)
        from stripe_shell.spec.table import load_table
        from stripe_shell.wire import Request

        answer = connections.default.send(
            Request("GET", "/v1/balance", headers={"Stripe-Version": load_table().version})
        )
        assert answer.json()["livemode"] is False
        assert connections.default.mode == "live"


# --- at the prompt ----------------------------------------------------------------------------------------------


PROMPT = r"it via 127\.0\.0\.1:\d+ > "


def writes(server: Loopback) -> list[tuple[str, str]]:
    return [(seen.method, seen.path) for seen in server.seen if seen.method != "GET"]


class Session:
    """The prompt on a terminal."""

    def __init__(self, home: Path, *words: str) -> None:
        environ = {"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TERM": "dumb"}
        environ |= {"LANG": "C.UTF-8", "LIVE_KEY": LIVE_KEY, "ORG_KEY": ORG_KEY}
        self.child = pexpect.spawn(
            sys.executable, ["-m", "stripe_shell", *words],
            env=environ, cwd=str(home), encoding="utf-8", timeout=30, dimensions=(40, 140),
        )  # fmt: skip
        self.child.expect(PROMPT)

    def send(self, keys: str, wanted: str) -> None:
        self.child.send(keys)
        self.child.expect_exact(wanted)

    def close(self) -> None:
        self.child.send("\x04")
        self.child.expect(pexpect.EOF)


@pytest.mark.parametrize("words", [["--connection", "it"], ["--connection", "it", "--live"]])
def test_at_the_prompt_the_wrong_confirmation_sends_nothing(
    home: Path, server: Loopback, backend: Backend, words: list[str]
) -> None:
    configure(home, live(server))
    customer = backend.create("/v1/customers", "email=a@b.co&name=Ann")["id"]
    session = Session(home, *words)
    for wrong in ("y", "yes", "", "cus_", customer[:-1], customer.upper(), "\x03", "\x04"):
        session.send(f"delete customer id={customer}\r", f"Type {customer} or its last six characters to send it")
        session.send(wrong if wrong in ("\x03", "\x04") else f"{wrong}\r", "nothing was sent")
        session.child.expect(PROMPT)
    assert writes(server) == []
    session.send("create payment_intent amount=4200 currency=usd\r", "Type 4200 to send it")
    session.send("4201\r", "nothing was sent")
    session.child.expect(PROMPT)
    assert writes(server) == []
    session.send(f"delete customer id={customer}\r", f"Type {customer} or its last six characters to send it")
    session.send(f"{customer}\r", "✓ ")
    session.child.expect(PROMPT)
    session.close()
    assert writes(server) == [("DELETE", f"/v1/customers/{customer}")]


def test_at_the_prompt_reads_are_free_and_an_answer_shows_the_mode(home: Path, backend: Backend) -> None:
    with serving(stripe.FakeStripe(backend, ORG_KEY)) as server:
        configure(home, live(server).replace("LIVE_KEY", "ORG_KEY"))
        backend.create("/v1/customers", "email=a@b.co&name=Ann")
        session = Session(home, "--connection", "it")
        session.send("create customer email=a@b.co name=Ann\r", "this creates a customer, email a@b.co, with name.")
        session.send("\r", "nothing was sent")
        session.child.expect(r"LIVE\? it via 127\.0\.0\.1:\d+ > ")
        session.send("list customers\r", "Ann")
        session.child.expect(r"it via 127\.0\.0\.1:\d+> ")
        assert "LIVE" not in session.child.before
        session.send("create customer email=a@b.co name=Ann\r", "✓ ")
        session.child.expect(r"it via 127\.0\.0\.1:\d+> ")
        session.close()
        assert [seen.method for seen in server.seen] == ["GET", "POST"]


def test_at_the_prompt_read_only_never_asks(home: Path, server: Loopback) -> None:
    configure(home, live(server, "read_only = true\n"))
    session = Session(home, "--connection", "it")
    session.send("create customer email=a@b.co name=Ann\r", "error[E506]")
    session.child.expect(PROMPT)
    session.close()
    assert server.seen == []


# --- in the list ------------------------------------------------------------------------------------------------


class Terminal:
    """Standard output on a terminal."""

    def __init__(self, inner: object) -> None:
        self._inner = inner

    def isatty(self) -> bool:
        return True

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)


def test_the_list_shows_live_in_words_and_on_a_terminal_in_red(
    home: Path, server: Loopback, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(home, live(server) + '[connections.org]\nkind = "stripe"\nkey = "env:ORG_KEY"\nread_only = true\n')
    assert main(["connections"]) == 0
    lines = {line[3:].split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert " LIVE " in lines["it"]
    assert " LIVE? (its key does not tell) " in lines["org"]
    assert "read-only" in lines["org"]
    assert lines["sandbox"].startswith("*")
    assert not any("\x1b" in line for line in lines.values()), "no colours off a terminal"
    monkeypatch.setattr(sys, "stdout", Terminal(sys.stdout))
    assert main(["connections", "list"]) == 0
    shown = capsys.readouterr().out
    assert "\x1b[1;31mLIVE\x1b[0m " in shown
    assert "\x1b[1;31mLIVE\x1b[0m? (its key does not tell)" in shown


def test_the_list_as_data(home: Path, server: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
    configure(home, live(server, 'account = "acct_7"\n'))
    assert main(["connections", "list", "--format", "json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["it"] == {
        "name": "it",
        "default": False,
        "kind": "stripe",
        "mode": "live",
        "url": server.url,
        "account": "acct_7",
        "api_version": None,
        "read_only": False,
        "credential": "the environment variable LIVE_KEY",
        "problem": "",
    }
    assert load_connections({"HOME": str(home), "LIVE_KEY": LIVE_KEY}).names == ("it", "sandbox", "stripe")
