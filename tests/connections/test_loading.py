"""Connections: which there are, which one is meant, where keys come from, and what a wrong setting says."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from stripe_shell.connections import Connections, load_connections
from stripe_shell.connections.connection import LazyTransport
from stripe_shell.connections.credentials import key_mode, key_problem
from stripe_shell.connections.factory import base_problem
from stripe_shell.diagnostics import Diagnostic, SourceText, Span
from stripe_shell.engine.links import Link
from stripe_shell.errors import ConfigurationError
from stripe_shell.wire import Request, Response, Transport

TEST_KEY = "sk_test_51Abcdefghijklmnopqrstuv"
LIVE_KEY = "rk_live_51Abcdefghijklmnopqrstuv"


def load(tmp_path: Path, config: str | None = None, **environ: str) -> Connections:
    path = None
    if config is not None:
        path = tmp_path / "connections.toml"
        path.write_text(config)
        path.chmod(0o600)
    return load_connections({"HOME": str(tmp_path), **environ}, path)


# -- which connections there are -------------------------------------------------------------------------------------


def test_without_anything_the_sandbox_is_the_default(tmp_path: Path) -> None:
    connections = load(tmp_path)
    assert connections.names == ("sandbox", "stripe")
    assert connections.default.kind == "sandbox"
    assert connections.default.mode == "sandbox"
    assert connections.default.origin == f"{tmp_path}/.local/share/stripe-shell/sandbox.db"


def test_a_key_makes_stripe_the_default(tmp_path: Path) -> None:
    default = load(tmp_path, STRIPE_API_KEY=TEST_KEY).default
    assert (default.name, default.mode) == ("stripe", "test")
    assert default.origin == "the environment variable STRIPE_API_KEY"


def test_the_settings_file_outranks_the_key_and_the_command_line_outranks_both(tmp_path: Path) -> None:
    config = 'default = "eu"\n[connections.eu]\nkind = "stripe"\nkey = "env:EU"\n'
    assert load(tmp_path, config, STRIPE_API_KEY=TEST_KEY, EU=LIVE_KEY).default.name == "eu"
    chosen = load_connections({"HOME": str(tmp_path)}, tmp_path / "connections.toml", default="/sandbox")
    assert chosen.default.name == "sandbox"


def test_an_unknown_default_of_the_command_line_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no connection `sandbx`; did you mean `sandbox`"):
        load_connections({"HOME": str(tmp_path)}, default="sandbx")


def test_the_key_is_not_shown_anywhere(tmp_path: Path) -> None:
    connections = load(tmp_path, STRIPE_API_KEY=TEST_KEY)
    link = connections.find("stripe")
    assert TEST_KEY not in f"{connections.default!r} {link!r} {vars(connections)!r}"
    assert "sk_test_…stuv" in repr(connections.default)
    assert connections.secrets.values == {TEST_KEY}


# -- which one is meant ----------------------------------------------------------------------------------------------


def test_no_name_and_a_placeholder_mean_the_default(tmp_path: Path) -> None:
    connections = load(tmp_path, STRIPE_API_KEY=TEST_KEY)
    assert connections.find(None) is connections.find("your-stripe-connection") is connections.find("stripe")
    assert connections.placeholder("your-stripe-connection")
    assert not connections.placeholder("stripe")
    assert not connections.placeholder(None)


def test_a_placeholder_that_is_configured_is_none(tmp_path: Path) -> None:
    connections = load(tmp_path, '[connections.your-box]\nkind = "sandbox"\n', STRIPE_API_KEY=TEST_KEY)
    link = connections.find("your-box")
    assert isinstance(link, Link)
    assert link.mode == "sandbox"
    assert not connections.placeholder("your-box")


@pytest.mark.parametrize("name", ["live-eu2", "live-EU", "Sandbox", "your", "yourstripe", "", "/stripe"])
def test_a_mistyped_name_never_reaches_an_account(tmp_path: Path, name: str) -> None:
    config = '[connections.live-eu]\nkind = "stripe"\nkey = "env:EU"\n'
    span = Span(SourceText("a.stripe", f"/{name}"), 0, len(name) + 1)
    found = load(tmp_path, config, EU=LIVE_KEY, STRIPE_API_KEY=TEST_KEY).find(name, span)
    assert isinstance(found, Diagnostic)
    assert found.code == "E208"
    assert found.span == span
    assert found.fix is None


def test_did_you_mean(tmp_path: Path) -> None:
    found = load(tmp_path).find("sandbx")
    assert isinstance(found, Diagnostic)
    assert found.label == "did you mean `/sandbox`?"
    assert found.notes == ("known: `/sandbox`, `/stripe`",)


def test_settings_reach_the_link(tmp_path: Path) -> None:
    config = '[connections.eu]\nkind = "stripe"\nkey = "env:EU"\naccount = "acct_1"\napi_version = "2026-01-01.x"\n'
    link = load(tmp_path, config, EU=LIVE_KEY).find("eu")
    assert isinstance(link, Link)
    assert (link.mode, link.account, link.version) == ("live", "acct_1", "2026-01-01.x")


# -- keys and addresses ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "mode"),
    [
        ("sk_test_x", "test"),
        ("rk_test_x", "test"),
        ("sk_live_x", "live"),
        ("rk_live_x", "live"),
        ("sk_org_live_x", "live"),
        ("sk_org_test_x", "test"),
        ("sk_org_x", "unknown"),
        ("xsk_test_x", "unknown"),
        ("", "unknown"),
    ],
)
def test_mode_of_a_key(key: str, mode: str) -> None:
    assert key_mode(key) == mode


def test_unknown_counts_as_live(tmp_path: Path) -> None:
    link = load(tmp_path, STRIPE_API_KEY="token-of-something").find(None)
    assert isinstance(link, Link)
    assert link.counts_as_live


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("", "empty"),
        (f"{TEST_KEY}\n", "line end"),
        (f" {TEST_KEY}", "blank"),
        ("sk_test_abc def", "blank"),
        ("sk_test_abc\u200b", "no key has"),
        ("sk_test_\x07abc", "no key has"),
        ("pk_test_abcdefgh", "publishable"),
        ("whsec_abcdefgh", "webhook"),
    ],
)
def test_a_key_that_cannot_be_one(tmp_path: Path, key: str, words: str) -> None:
    connections = load(tmp_path, STRIPE_API_KEY=key)
    found = connections.find(None)
    assert isinstance(found, Diagnostic)
    assert found.code == "E504"
    assert words in found.message
    with pytest.raises(ConfigurationError, match=words) as caught:
        connections.default.open()
    for text in (found.message, str(caught.value)):
        assert not key.strip() or key.strip() not in text
    assert isinstance(connections.find("sandbox"), Link), "the others still work"


def test_good_keys_have_no_problem() -> None:
    assert key_problem(TEST_KEY) == key_problem("sk_org_x") == key_problem("anything") == ""


def test_stripe_without_a_key_says_which_variable(tmp_path: Path) -> None:
    found = load(tmp_path).find("stripe")
    assert isinstance(found, Diagnostic)
    assert "set the environment variable STRIPE_API_KEY" in found.message


@pytest.mark.parametrize(
    "base", ["https://proxy.example.com/x", "http://localhost:12111", "http://127.0.0.1:1", "http://[::1]:8080"]
)
def test_addresses_that_are_fine(base: str) -> None:
    assert base_problem(base) == ""


@pytest.mark.parametrize(
    ("base", "words"),
    [
        ("http://example.com", "in the clear"),
        ("http://127.0.0.1.example.com", "in the clear"),
        ("http://localhost.example.com", "in the clear"),
        ("ftp://localhost", "must look like"),
        ("example.com", "must look like"),
        ("https://", "must look like"),
        ("https://a b", "must look like"),
        ("https://user:password@example.com", "alone"),
        ("https://example.com?x=1", "alone"),
        ("https://example.com:port", "not a URL"),
        ("http://[::1", "not a URL"),
    ],
)
def test_addresses_that_are_not(tmp_path: Path, base: str, words: str) -> None:
    assert words in base_problem(base)
    with pytest.raises(ConfigurationError, match=words):
        load(tmp_path, STRIPE_API_KEY=TEST_KEY, STRIPE_API_BASE=base).default.open()


def test_the_address_of_the_environment_is_for_stripe_alone(tmp_path: Path) -> None:
    config = '[connections.eu]\nkind = "stripe"\nkey = "env:EU"\n'
    environ = {"EU": LIVE_KEY, "STRIPE_API_KEY": TEST_KEY, "STRIPE_API_BASE": "http://localhost:1"}
    connections = load(tmp_path, config, **environ)
    bases = {name: connection.base_url for name in ("eu", "stripe") if (connection := connections.get(name))}
    assert bases == {"eu": None, "stripe": "http://localhost:1"}


# -- the settings file -----------------------------------------------------------------------------------------------


def test_an_empty_file_says_nothing(tmp_path: Path) -> None:
    assert load(tmp_path, "").spec == "documented"


def test_spec_is_read(tmp_path: Path) -> None:
    assert load(tmp_path, 'spec = "stripe"').spec == "stripe"


def test_the_file_is_found_where_xdg_says(tmp_path: Path) -> None:
    folder = tmp_path / "stripe-shell"
    folder.mkdir()
    (folder / "connections.toml").write_text('spec = "stripe"')
    (folder / "connections.toml").chmod(0o600)
    assert load_connections({"HOME": "/nowhere", "XDG_CONFIG_HOME": str(tmp_path)}).spec == "stripe"
    assert load_connections({"HOME": "/nowhere", "XDG_CONFIG_HOME": "relative"}).spec == "documented"


def test_a_key_in_the_file(tmp_path: Path) -> None:
    config = f'[connections.eu]\nkind = "stripe"\nkey = "{LIVE_KEY}"\n'
    connections = load(tmp_path, config)
    connection = connections.get("eu")
    assert connection is not None
    assert (connection.mode, connection.origin) == ("live", f"the settings file {tmp_path}/connections.toml")
    assert connections.secrets.values == {LIVE_KEY}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o644])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    load(tmp_path, "")
    (tmp_path / "connections.toml").chmod(mode)
    with pytest.raises(ConfigurationError, match=r"Others can read .*/connections.toml.*chmod 600"):
        load_connections({"HOME": str(tmp_path)}, tmp_path / "connections.toml")


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_connections({}, tmp_path / "none.toml")


# -- opening ---------------------------------------------------------------------------------------------------------


class Silent:
    """A transport that answers 204."""

    def send(self, request: Request) -> Response:
        return Response(204, {}, b"")


def test_a_connection_is_opened_once_and_only_when_used() -> None:
    opened: list[Transport] = []

    def open_it() -> Transport:
        opened.append(Silent())
        return opened[-1]

    transport = LazyTransport(open_it)
    assert not opened
    transport.send(Request("GET", "/v1/balance"))
    transport.send(Request("GET", "/v1/balance"))
    assert len(opened) == 1


def test_the_sandbox_lives_in_a_private_file(tmp_path: Path) -> None:
    pytest.importorskip("stripe_shell.sandbox.app")
    link = load(tmp_path).find("sandbox")
    assert isinstance(link, Link)
    assert link.transport.send(Request("GET", "/v1/customers")).status == 200
    file = tmp_path / ".local/share/stripe-shell/sandbox.db"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_sandbox_in_memory_leaves_no_file(tmp_path: Path) -> None:
    pytest.importorskip("stripe_shell.sandbox.app")
    link = load_connections({"HOME": str(tmp_path)}, database=":memory:").find("sandbox")
    assert isinstance(link, Link)
    assert link.transport.send(Request("GET", "/v1/customers")).status == 200
    assert list(tmp_path.iterdir()) == []


def test_a_sandbox_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    pytest.importorskip("stripe_shell.sandbox.app")
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match=r"sandbox\.db cannot be used"):
        load_connections({"HOME": str(tmp_path)}, database=str(tmp_path / "file" / "sandbox.db")).default.open()


def test_finding_connections_imports_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys; from stripe_shell.connections import load_connections\n"
        f"load_connections({{'HOME': {str(tmp_path)!r}, 'STRIPE_API_KEY': {TEST_KEY!r}}}).find(None)\n"
        "print(sorted({'requests', 'pydantic', 'rich', 'sqlite3', 'tomllib', 'prompt_toolkit'} & set(sys.modules)))"
    )
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environ)
    assert done.stdout.strip() == "[]"
