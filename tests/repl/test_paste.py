"""Pasted calls: the block is shown while they stand there, and Enter takes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from stripe_shell.repl.paste import foreign_form, looks_finished
from tests.repl.driver import ENTER, META_ENTER, drive, paste, text_is
from tests.repl.sandboxed import Sandboxed
from tests.repl.terminal import ENTER as RETURN
from tests.repl.test_terminal import opened, prompts

CURL = """\
curl https://api.stripe.com/v1/customers \\
  -u "sk_live_abcdefghijklmnop1234:" \\
  -d name="Jenny Rosen" \\
  -d email=jenny@example.com"""
BLOCK = "/sandbox\naction: create\nentity: customer\nname: Jenny Rosen\nemail: jenny@example.com\n"


def test_enter_takes_the_block_and_enter_sends_it(tmp_path: Path) -> None:
    driven = drive(tmp_path, paste(CURL), (text_is(CURL), ENTER), (text_is(BLOCK), ENTER))
    assert [request.path for request in driven.transport.sent] == ["/v1/customers"]
    assert b"Jenny" in driven.transport.sent[0].body


def test_enter_above_the_last_line_takes_it_too(tmp_path: Path) -> None:
    driven = drive(tmp_path, paste(CURL), (text_is(CURL), "\x1b[A\x1b[A" + ENTER), (text_is(BLOCK), "\x03"))
    assert driven.transport.sent == []


def test_a_line_that_goes_on_is_not_taken_yet(tmp_path: Path) -> None:
    begun = CURL.split("\n", maxsplit=1)[0]
    driven = drive(tmp_path, begun, (text_is(begun), ENTER), (text_is(f"{begun}\n"), "\x03"))
    assert driven.transport.sent == []


def test_alt_enter_inserts_a_line_all_the_same(tmp_path: Path) -> None:
    drive(
        tmp_path,
        paste("stripe customers list"),
        (text_is("stripe customers list"), META_ENTER),
        (text_is("stripe customers list\n"), "\x03"),
    )


def test_no_key_reaches_history(tmp_path: Path) -> None:
    drive(tmp_path, paste(CURL), (text_is(CURL), ENTER), (text_is(BLOCK), "\x03"))
    kept = (tmp_path / ".local/state/stripe-shell/history").read_text()
    assert "Jenny" in kept
    assert "abcdefghijklmnop1234" not in kept


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    shell = Sandboxed(tmp_path)
    shown = shell.type("stripe.Customer.create(api_key='sk_test_abcdefghijkl1234', name='a', email='b')")
    assert "`api_key` is left out" in shown
    assert shell.state.draft.startswith("/sandbox\naction: create")
    shell.state.draft = ""
    shown = shell.type("stripe listen --forward-to localhost:4242")
    assert "this is a line of Stripe's tool, and no block can be made of it" in shown
    assert shell.state.draft == ""


@pytest.mark.parametrize(
    "text",
    [
        "create customer description='see stripe.Customer.create(x)' email=a name=b",
        "/sandbox\naction: create\nentity: customer\nemail: a\nname: b\ndescription: stripe.Customer.create(x)\n",
        "@let a = stripe.x.create(1)",
        "# stripe.x.create(1)",
        "list customers",
    ],
)
def test_a_text_of_the_language_stays_one(text: str) -> None:
    assert foreign_form(text) == ""


@pytest.mark.parametrize(
    ("text", "finished"),
    [("curl x", True), ("curl x \\", False), ("curl x \\  ", False), ("a.create({", False), ("a.create({})", True)],
)
def test_looks_finished(text: str, finished: bool) -> None:
    assert looks_finished(text) is finished


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (120, 40), (60, 20)])
def test_the_block_is_shown_below(tmp_path: Path, columns: int, lines: int) -> None:
    with opened(tmp_path, columns=columns, lines=lines) as terminal:
        terminal.run("@vars")
        terminal.paste(CURL)
        shown = terminal.wait("Enter takes it as this block")
        assert "name: Jenny Rosen" in shown
        terminal.type(RETURN)
        terminal.wait(lambda text: "… email: jenny@example.com" in text)
        terminal.type(RETURN)
        assert "cus_" in terminal.wait(prompts(4))


def test_in_a_small_window_one_line_is_shown(tmp_path: Path) -> None:
    with opened(tmp_path, columns=100, lines=12) as terminal:
        terminal.run("@vars")
        terminal.paste(CURL)
        shown = terminal.wait("Enter takes it as this block")
        assert "entity: customer" not in shown
