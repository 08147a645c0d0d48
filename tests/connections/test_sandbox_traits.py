"""The setting `traits` of a sandbox connection: what the account in a new file is like."""

from __future__ import annotations

from pathlib import Path

import pytest

from stripe_shell.errors import ConfigurationError
from stripe_shell.spec.table import load_table
from stripe_shell.transports.sandbox import open_sandbox
from stripe_shell.wire import Request


def test_the_account_in_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    opened = open_sandbox(path, load_table(), traits="legacy,country=DE")
    assert opened.send(Request("GET", "/v1/account")).json()["country"] == "DE"
    later = open_sandbox(path, load_table(), traits="country=FR")
    assert later.send(Request("GET", "/v1/account")).json()["country"] == "DE"


def test_no_traits() -> None:
    with pytest.raises(ConfigurationError, match="`old` is no kind of account"):
        open_sandbox(None, load_table(), traits="old")
