"""A state folder of the tests' own, and at the end how many answers were compared with Stripe's description."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ANSWERS = pytest.StashKey[int]()
OPERATIONS = pytest.StashKey[set[str]]()


@pytest.fixture(scope="session", autouse=True)
def state_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the runs of scripts are noted: not among the runs of the person who tests."""
    folder = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "XDG_STATE_HOME", str(folder))
        yield folder


def pytest_configure(config: pytest.Config) -> None:
    """Begin to count."""
    config.stash[ANSWERS] = 0
    config.stash[OPERATIONS] = set()
    _heed_signals()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker tells whoever distributes the tests what it counted."""
    told = getattr(session.config, "workeroutput", None)
    if told is not None:
        told["answers"] = session.config.stash[ANSWERS]
        told["operations"] = sorted(session.config.stash[OPERATIONS])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add what a worker of pytest-xdist counted."""
    told = getattr(node, "workeroutput", {})
    node.config.stash[ANSWERS] += told.get("answers", 0)
    node.config.stash[OPERATIONS] |= set(told.get("operations", ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say it."""
    if count := config.stash[ANSWERS]:
        operations = len(config.stash[OPERATIONS])
        terminalreporter.line(f"{count} answers of {operations} operations validated against the description")


def _heed_signals() -> None:
    """Sets the signals as a terminal does, where the tests were started in the background, which ignores them."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
