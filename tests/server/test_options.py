"""The options of `serve`, as they are typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from stripe_shell.cli.arguments import parse_arguments
from stripe_shell.cli.serve import settings_of
from stripe_shell.errors import UsageError
from stripe_shell.sandbox.control.faults import Fault
from stripe_shell.server.run import ServerSettings

from .conftest import Client, running

HOME = {"HOME": "/home/jenny"}


def settings(*words: str) -> ServerSettings:
    return settings_of(parse_arguments(["serve", *words]), HOME)


def test_without_options_it_is_the_shells_own_file() -> None:
    assert settings() == ServerSettings(Path("/home/jenny/.local/share/stripe-shell/sandbox.db"))
    assert (settings().host, settings().port) == ("127.0.0.1", 12111)


def test_every_option() -> None:
    words = "--port 0 --db x.db --host ::1 --latency 100ms --rate-limit 30/m --fault 500 --fault drop,times=1"
    more = "--webhook-host a.test --webhook-host b.test --webhook-retries 1s,2m --verbose --api-version 2024-06-20"
    more += " --account new,age=3"
    assert settings(*words.split(), *more.split()) == ServerSettings(
        Path("x.db"),
        host="::1",
        port=0,
        latency=0.1,
        rate_limit=0.5,
        faults=(Fault("500"), Fault("drop", times=1)),
        webhook_hosts=("a.test", "b.test"),
        retry_after=(1.0, 120.0),
        verbose=True,
        api_version="2024-06-20",
        traits={"age": 3, "card_tokens": False, "raw_card_data": False},
    )
    assert settings("--memory").db is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--port", "http"], "--port is a number"),
        (["--latency", "soon"], "--latency is a time"),
        (["--rate-limit", "many"], "--rate-limit is a number of requests"),
        (["--fault", "nonsense"], "--fault: `nonsense` is no fault"),
        (["--webhook-retries", "1s,x"], "each of --webhook-retries is a time"),
        (["--api-version", "2024-06-21"], "`2024-06-21` is no version of Stripe's API"),
        (["--account", "old"], "--account: `old` is no kind of account"),
        (["--memory", "--db", "x"], "exclude each other"),
        (["--prot", "1"], "did you mean --port"),
    ],
)
def test_what_is_wrong_is_said(words: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        settings(*words)


def test_the_default_version_of_every_account() -> None:
    pytest.importorskip("uvicorn")
    with running("--memory", "--api-version", "2024-06-20") as address:
        for key in ("sk_test_a", "sk_test_b"):
            assert Client(address, key).send("GET", "/v1/balance").headers["stripe-version"] == "2024-06-20"


def test_it_listens_where_it_is_told_to() -> None:
    pytest.importorskip("uvicorn")
    with running("--memory", "--host", "::1") as address:
        assert address.startswith("http://[::1]:")
        assert Client(address).get("/v1/balance")["object"] == "balance"
