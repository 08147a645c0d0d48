"""What the tests of transports share: the whole command on a script with one write, and a transport that is alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stripe_shell.cli import main
from stripe_shell.errors import TransportError
from stripe_shell.secrets import Credential
from stripe_shell.transports.proxy import ProxyForm, ProxyTransport
from stripe_shell.transports.retry import RetryPolicy
from stripe_shell.transports.sending import Sender
from stripe_shell.transports.stripe import HttpClient, Limits, StripeTransport
from stripe_shell.transports.tokens import CachedToken, IssuedToken
from stripe_shell.wire import Request, Response

KEY = "sk_test_51Abcdefghijklmnop"
WRITE = Request("POST", "/v1/customers", body=b"email=a%40b.co", idempotency_key="ss1-0123")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy and no CA bundle but those of a test."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


class Command:
    """The command line on a script with one write; without retries and journal, so that a case is one request."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._settings = home / ".config" / "stripe-shell" / "connections.toml"
        self._settings.parent.mkdir(parents=True)
        self._script = home / "write.stripe"
        self._script.write_text("/it\naction: create\nentity: customer\nname: Ann\nemail: a@b.co\n")
        self._capsys = capsys
        self.err = ""

    def run(self, url: str, more: str = "") -> int:
        """The exit code of `stripe-shell run`; what it says is in `err`."""
        settings = f'[connections.it]\nkind = "stripe"\nkey = "env:IT"\nurl = "{url}"\nretries = 0\n{more}'
        self._settings.write_text(settings)
        self._settings.chmod(0o600)
        code = main(["run", str(self._script), "--no-journal"])
        self.err = self._capsys.readouterr().err
        assert KEY not in self.err
        return code


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "STRIPE_API_KEY", "STRIPE_API_BASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("IT", KEY)
    return Command(tmp_path, capsys)


def transport(url: str, retries: int = 0, **limits: Any) -> StripeTransport:
    sender = Sender(RetryPolicy(retries), sleep=lambda seconds: None)
    return StripeTransport(Credential(KEY), bases={"api": url}, sender=sender, limits=Limits(**limits))


def proxied(url: str, token: Callable[[HttpClient], IssuedToken], retries: int = 0) -> ProxyTransport:
    sender = Sender(RetryPolicy(retries), sleep=lambda seconds: None)
    form = ProxyForm("Pink", f"{url}/p{{path}}", {"auth-token": "{token}"})
    return ProxyTransport(form, lambda exchange: CachedToken(lambda: token(exchange), lambda: 0.0), sender=sender)


def outcome(line: Any, request: Request = WRITE) -> Response | TransportError:
    try:
        answer: Response = line.send(request)
    except TransportError as error:
        return error
    return answer
