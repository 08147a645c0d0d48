"""@try in a real terminal: a waiting line while it fetches, and Ctrl-C ends that. Only GETs are sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from stripe_shell.wire import Request, Response
from tests.repl.remote import Remote, at_prompt, echo, listening, remote_shell
from tests.repl.terminal import CTRL_C, unfolded

SIZES = [(80, 24), (120, 40), (60, 20), (100, 6)]
CUSTOMER = "cus_NffrFeUfNV2Hib"


@pytest.fixture
def remote() -> Iterator[Remote]:
    with listening() as remote:
        yield remote


@pytest.mark.parametrize("size", SIZES)
def test_a_line_counts_while_try_fetches_and_ctrl_c_stops_it(
    tmp_path: Path, remote: Remote, size: tuple[int, int]
) -> None:
    answered = Event()

    def late(request: Request) -> Response:
        answered.wait(60)
        return echo(request)

    remote.answer = late
    with remote_shell(tmp_path, remote, size=size) as terminal:
        terminal.enter(f"@try update customer {CUSTOMER} name=Anne")
        terminal.wait(lambda text: re.search(r"@try · 1 of at most 30 GETs · cus_\w+ · \d s", text) is not None)
        terminal.type(CTRL_C)
        terminal.wait(lambda text: "you stopped waiting; only GETs were sent" in unfolded(text) and at_prompt(text))
        answered.set()
        remote.answer = echo
        terminal.enter(f"@try update customer {CUSTOMER} name=Anne")
        terminal.wait(lambda text: "Type yes:" in unfolded(text))
        assert "of at most" not in "".join(terminal.screen.display[-2:])
        terminal.enter("no")
        terminal.wait(lambda text: "nothing was sent" in text and at_prompt(text))
        assert remote.writes == []
