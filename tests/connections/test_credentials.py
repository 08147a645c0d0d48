"""Where keys come from: every source, what it says of itself, and what it says when there is nothing to be had."""

from __future__ import annotations

import sys
import types
from collections.abc import Mapping
from pathlib import Path

import pytest

from stripe_shell.connections import ConnectionObserver, Connections, load_connections
from stripe_shell.connections.credentials import CredentialSources, is_slow, look_up, origin_of, source_problem
from stripe_shell.diagnostics import Diagnostic
from stripe_shell.engine.links import Link
from stripe_shell.errors import ConfigurationError
from stripe_shell.secrets import Secrets, public_environment

KEY = "sk_test_51Abcdefghijklmnopqrstuv"


def world(environ: Mapping[str, str] | None = None, line: str | None = None) -> CredentialSources:
    def ask(name: str) -> str:
        if line is None:
            raise ConfigurationError(f"nobody to ask for {name}")
        return line

    return CredentialSources(environ or {}, ask, lambda: {"PATH": "/usr/bin:/bin"})


def found(source: str, given: CredentialSources) -> str:
    """The credential, or what is wrong."""
    result = look_up("eu", source, given)
    return result.credential.reveal() if result.credential else f"! {result.problem}"


def test_from_the_environment() -> None:
    assert found("env:EU", world({"EU": KEY})) == KEY
    assert found("env:EU", world({"eu": KEY})) == "! set the environment variable EU to its key"


def test_from_a_file_that_nobody_else_can_read(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(f"{KEY}\n")
    path.chmod(0o600)
    assert found(f"file:{path}", world()) == KEY
    path.chmod(0o640)
    assert found(f"file:{path}", world()) == f"! others can read {path}; run `chmod 600` on it"
    assert found(f"file:{tmp_path}/none", world()) == f"! {tmp_path}/none cannot be read: No such file or directory"
    path.write_bytes(b"\xff\xfe")
    path.chmod(0o600)
    assert found(f"file:{path}", world()) == f"! {path} holds no text"


def test_from_a_command(tmp_path: Path) -> None:
    assert found(f"exec:printf '%s\\n%s' {KEY} more", world()) == KEY
    assert found("exec:false", world()) == "! the command `false` ended with 1"
    assert found("exec:no-such-program --key x", world()).startswith(
        "! the command `no-such-program` cannot be started"
    )
    assert found("exec:echo 'a", world()) == "! the command `echo` cannot be read: a quote is not closed"
    assert found("exec:echo $HOME; echo b", world()) == "$HOME; echo b", "there is no shell"


def test_a_command_does_not_see_our_keys(tmp_path: Path) -> None:
    config = '[connections.a]\nkind = "stripe"\nkey = "env:A_KEY"\n[connections.b]\nkind = "stripe"\nkey = "exec:env"\n'
    environ = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "A_KEY": KEY, "OTHER": "rk_live_0123456789abcdef"}
    script = tmp_path / "show"
    script.write_text('#!/bin/sh\nenv | tr "\\n" ":"\n')
    script.chmod(0o700)
    connections = load(tmp_path, config.replace("exec:env", f"exec:{script}"), environ)
    connections.find("b")
    shown = connections.get("b")
    assert shown is not None
    assert shown.credential is not None
    seen = shown.credential.reveal()
    assert "PATH=/usr/bin:/bin" in seen
    assert KEY not in seen
    assert "rk_live" not in seen, "nor anything that looks like a key"


def test_what_is_started_keeps_a_usable_environment() -> None:
    environ = {"PATH": "/usr/bin1", "PIN": "1", "URL": "https://u:long-password@x", "LANG": "C"}
    assert public_environment(environ, Secrets().plus("1", "long-password")) == {"PATH": "/usr/bin1", "LANG": "C"}


def test_from_standard_input() -> None:
    assert found("stdin:", world(line=KEY)) == KEY
    assert found("stdin:", world()) == "! nobody to ask for eu"


def test_from_a_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    keyring, errors = types.ModuleType("keyring"), types.ModuleType("keyring.errors")
    errors.KeyringError = type("KeyringError", (Exception,), {})  # type: ignore[attr-defined]
    keyring.get_password = lambda service, user: {("stripe", "eu"): KEY}.get((service, user))  # type: ignore[attr-defined]
    keyring.errors = errors  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)
    assert found("keyring:stripe/eu", world()) == KEY
    assert found("keyring:stripe/us", world()) == "! the keyring has nothing for `us` of `stripe`"

    def fail(service: str, user: str) -> str:
        raise errors.KeyringError(f"secret words about {user}")

    keyring.get_password = fail  # type: ignore[attr-defined]
    assert found("keyring:stripe/eu", world()) == "! the keyring cannot be used: KeyringError"
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert found("keyring:stripe/eu", world()) == "! keyrings need an extra: pip install 'stripe-shell[keyring]'"


def test_a_text_without_a_source_is_the_credential_itself() -> None:
    for text in (KEY, "eyJhbGciOiJSUzI1NiJ9.e30.x-y_z", "-----BEGIN PRIVATE KEY-----\nMIIE: x\n", "Aa:b"):
        assert found(text, world()) == text
        assert source_problem(text) == ""
    assert found("value:env:A", world()) == "env:A"


@pytest.mark.parametrize(
    ("source", "origin", "slow"),
    [
        ("env:EU", "the environment variable EU", False),
        ("file:~/key", "the file ~/key", False),
        ("keyring:stripe/eu", "the keyring (stripe/eu)", True),
        ("exec:pass show stripe --hidden-word", "the command `pass`", True),
        ("stdin:", "standard input", True),
        (KEY, "the settings file", False),
    ],
)
def test_where_it_comes_from_in_words(source: str, origin: str, slow: bool) -> None:
    assert origin_of(source, "the settings file") == origin
    assert is_slow(source) == slow


# --- when ------------------------------------------------------------------------------------------------------


def load(
    home: Path, config: str, environ: Mapping[str, str], observer: ConnectionObserver | None = None
) -> Connections:
    path = home / "connections.toml"
    path.write_text(config)
    path.chmod(0o600)
    return load_connections(environ, path, observer=observer or ConnectionObserver())


def test_a_command_is_only_started_when_its_connection_is_used(tmp_path: Path) -> None:
    mark = tmp_path / "started"
    config = f'[connections.b]\nkind = "stripe"\nkey = "exec:touch {mark}"\n[connections.c]\nkind = "sandbox"\n'
    connections = load(tmp_path, config, {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"})
    assert connections.get("b") is not None
    assert connections.secrets.values == frozenset()
    connections.find("c")
    assert not mark.exists()
    answer = connections.find("b")
    assert mark.exists()
    assert isinstance(answer, Diagnostic)
    assert "the key is empty" in answer.message


def test_a_command_is_started_once(tmp_path: Path) -> None:
    script = tmp_path / "count"
    script.write_text(f"#!/bin/sh\necho x >> {tmp_path}/times\necho {KEY}\n")
    script.chmod(0o700)
    config = f'[connections.b]\nkind = "stripe"\nkey = "exec:{script}"\n'
    connections = load(tmp_path, config, {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"})
    first, second = connections.find("b"), connections.find("b")
    assert isinstance(first, Link)
    assert first is second
    assert first.mode == "test"
    assert (tmp_path / "times").read_text() == "x\n"


def test_every_credential_is_told_before_it_is_used(tmp_path: Path) -> None:
    heard: list[str] = []
    pem = "-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANBgkqhkiG9w0B\\n-----END PRIVATE KEY-----"
    config = (
        f'[connections.b]\nkind = "stripe"\nkey = "exec:echo {KEY}"\n'
        '[connections.p]\nkind = "paragon"\nproject = "x"\nuser = "u"\ntoken = { rs256_jwt = { key = "env:PEM" } }\n'
    )
    environ = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "PEM": pem}
    connections = load(tmp_path, config, environ, ConnectionObserver(secret=heard.append))
    assert heard == [pem, "MIIEvQIBADANBgkqhkiG9w0B"]
    connections.find("b")
    assert heard[2:] == [KEY]


def test_a_signing_key_that_is_none(tmp_path: Path) -> None:
    config = (
        '[connections.p]\nkind = "paragon"\nproject = "x"\nuser = "u"\ntoken = { rs256_jwt = { key = "env:PEM" } }\n'
    )
    answer = load(tmp_path, config, {"HOME": str(tmp_path), "PEM": "nothing of the kind"}).find("p")
    assert isinstance(answer, Diagnostic)
    assert "PEM: the signing key is not an RSA private key in PEM form" in answer.message
