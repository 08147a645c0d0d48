"""Where a key goes is said wherever it is used, when the address is not Stripe's own: on standard error, once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stripe_shell.cli import main
from stripe_shell.connections.addresses import base_problem, stranger
from tests.connections.conftest import Load
from tests.fakes.stripe import FakeStripe
from tests.fakes.web import Backend, Loopback, serving

KEY = "sk_test_51Abcdefghijklmnopqrstuv"
LIVE_KEY = "sk_live_51Abcdefghijklmnopqrstuv"
READ = ["-c", "/eu\naction: list\nentity: customers\n"]
WRITES = "".join(f"/eu\naction: create\nentity: customer\nname: {name}\nemail: {name}@x.co\n\n" for name in "ab")

Run = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize(
    ("base", "address"),
    [
        ("", ""),
        ("https://api.stripe.com", ""),
        ("https://API.Stripe.com:8443/x", ""),
        ("https://api.stripe.com.example.com", "api.stripe.com.example.com"),
        ("https://evilstripe.com", "evilstripe.com"),
        ("https://stripe.com.", "stripe.com."),
        ("https://example.com/api.stripe.com", "example.com"),
        ("http://127.0.0.1:4242/v1", "127.0.0.1:4242"),
        ("http://[::1]:4242", "[::1]:4242"),
    ],
)
def test_addresses_of_stripe_and_of_others(base: str, address: str) -> None:
    assert stranger(base) == address
    assert not base or base_problem(base) == ""


@pytest.mark.parametrize(
    "base",
    [
        "https://example.com\\.stripe.com",
        "https://example.com\\@api.stripe.com",
        "https://example.com;.stripe.com",
        "https://example.com&.stripe.com",
        "https://example.com%2f.stripe.com",
        "https://example.com%23.stripe.com",
        "https://example.com#.stripe.com",
        "https://example.com?.stripe.com",
        "https://example.com#",
        "https://example.com/x\\y",
        "https://.stripe.com",
        "https://-.stripe.com",
        "http://[::1%25example]",
    ],
)
def test_a_host_that_one_parser_ends_elsewhere_cannot_be_used(base: str) -> None:
    assert base_problem(base)


@pytest.fixture
def server(backend: Backend) -> Iterator[Loopback]:
    """A server of one's own that answers as Stripe does, whatever the key."""

    def answer(seen: object) -> object:
        fake.key = str(seen.headers["authorization"]).removeprefix("Bearer ")  # type: ignore[attr-defined]
        return fake(seen)  # type: ignore[arg-type]

    fake = FakeStripe(backend, KEY)
    with serving(answer) as served:  # type: ignore[arg-type]
        yield served


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], server: Loopback
) -> Iterator[Run]:
    """Runs the command line with a connection `/eu` to the server; its port is `PORT` in what is returned."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "STRIPE_API_KEY", "STRIPE_API_BASE"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / ".config" / "stripe-shell" / "connections.toml"
    path.parent.mkdir(parents=True)
    path.write_text(f'[connections.eu]\nkind = "stripe"\nkey = "env:EU"\nurl = "{server.url}"\n')
    path.chmod(0o600)
    monkeypatch.setenv("EU", KEY)
    monkeypatch.chdir(tmp_path)

    def run_it(*words: str) -> tuple[int, str, str]:
        code = main(list(words))
        shown = capsys.readouterr()
        return code, *(text.replace(server.host, "HOST") for text in shown)  # type: ignore[return-value]

    yield run_it


LINE = "/eu: test, key from the environment variable EU, sent to HOST\n"


@pytest.mark.parametrize(
    "words",
    [READ, ["run", "a.stripe"], ["--connection", "eu", "create", "customer", "name=A", "email=a@x.co"]],
    ids=["text", "run", "one-shot"],
)
def test_it_is_said_once_before_what_is_sent(run: Run, tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "a.stripe").write_text(WRITES)
    code, out, err = run(*words)
    assert code == 0, err
    assert err.startswith(LINE)
    assert (out + err).count("HOST") == 1


def test_nothing_is_said_of_a_sandbox(run: Run) -> None:
    _, out, err = run("--memory", "--connection", "sandbox", "list", "customers")
    assert "sent to" not in out + err


def test_lists_and_tests_of_connections_say_it(run: Run) -> None:
    _, out, _ = run("connections", "list")
    assert "environment variable EU, sent to HOST\n" in out
    assert out.count("sent to") == 1
    _, out, _ = run("connections", "test", "eu")
    assert "reached          http://HOST in " in out


def test_plans_and_confirmations_say_it(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.stripe").write_text(WRITES)
    code, out, _ = run("run", "a.stripe", "--plan")
    assert code == 0
    assert out.splitlines()[2] == "  sent to HOST, which is not Stripe's own address"
    monkeypatch.setenv("EU", LIVE_KEY)
    asked: list[str] = []
    monkeypatch.setattr("stripe_shell.cli.planning.has_terminal", lambda: True)
    monkeypatch.setattr(
        "stripe_shell.cli.planning.read_answer", lambda ask, stop: ask() or asked.append("read") or "no"
    )
    code, _, err = run("run", "a.stripe", "--live", "--new")
    assert (code, asked) == (2, ["read"])
    assert "LIVE MODE: 2 writes to HOST. Type their number" in err


def test_reports_say_it_at_their_head(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.stripe").write_text(WRITES)
    formats = ("json", "jsonl", "html", "junit", "tap")
    assert run("run", "a.stripe", *(word for name in formats for word in ("--report", f"{name}=r.{name}")))[0] == 0
    host = json.loads((tmp_path / "r.json").read_text())["addresses"]["eu"]
    assert host.startswith("127.0.0.1:")
    assert json.loads((tmp_path / "r.jsonl").read_text().splitlines()[-1])["addresses"] == {"eu": host}
    assert f"<p>/eu: sent to {host}</p>" in (tmp_path / "r.html").read_text().partition("</header>")[0]
    assert f'<property name="address of /eu" value="{host}"/>' in (tmp_path / "r.junit").read_text()
    assert (tmp_path / "r.tap").read_text().splitlines()[2] == f"# /eu: sent to {host}"


def test_the_server_of_a_token_is_said(load: Load) -> None:
    connection = load(
        '[connections.pink]\nkind = "proxy"\nurl = "https://proxy.example{path}"\n'
        'headers = { Authorization = "Bearer {token}" }\n'
        'token.oauth2_client_credentials = { url = "https://login.example/token", client_id = "a", '
        'client_secret = "env:PINK" }\n',
        PINK="a-client-secret",
    ).get("pink")
    assert connection is not None
    assert connection.description == (
        "/pink: perhaps LIVE, its key does not tell, key from client credentials, their secret from the environment "
        "variable PINK, exchanged at login.example, sent to proxy.example"
    )
