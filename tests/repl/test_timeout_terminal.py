"""`@timeout` at the prompt: a server that trickles its answer is left at the deadline, in every phase of it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.attack.slow_peers import DRIPS, dripping
from tests.repl.remote import Remote, at_prompt, remote_shell
from tests.repl.terminal import ENTER

CREATE = "/stripe\naction: create\nentity: customer\nname: Ann\nemail: a@x.co\n@timeout 400ms\n"
GET = "/stripe\naction: get\nentity: customer\nid: cus_1\n@timeout 400ms\n"


def said(text: str) -> str:
    """What the screen says, without the bars that stand before the lines of an excerpt."""
    return " ".join(text.replace("|", " ").split())


@pytest.mark.parametrize("phase", DRIPS)
def test_a_write_ends_at_its_deadline_and_is_unknown(tmp_path: Path, phase: str) -> None:
    with dripping(*DRIPS[phase]) as url:
        remote = Remote()
        remote.url = url
        with remote_shell(tmp_path, remote) as terminal:
            began = time.monotonic()
            terminal.paste(CREATE)
            terminal.type(ENTER)
            terminal.wait("POST /v1/customers ·")
            shown = said(terminal.wait(lambda text: "unknown" in text and at_prompt(text)))
            seconds = time.monotonic() - began
    # Two retries under the same key, with waits of at most 0.5 and 1 s; the answer would take 50 minutes.
    assert seconds < 20
    assert "no answer within 0.4 s" in shown
    assert "the outcome is unknown" in shown
    assert "ss1-" in shown


def test_a_read_ends_at_its_deadline_and_changes_nothing(tmp_path: Path) -> None:
    with dripping(*DRIPS["body"]) as url:
        remote = Remote()
        remote.url = url
        with remote_shell(tmp_path, remote) as terminal:
            began = time.monotonic()
            terminal.paste(GET)
            terminal.type(ENTER)
            shown = said(terminal.wait(lambda text: "within 0.4 s" in said(text) and at_prompt(text)))
            seconds = time.monotonic() - began
            terminal.run("@format json")
    assert seconds < 20
    assert "unknown" not in shown
