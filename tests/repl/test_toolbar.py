"""What the prompt and the toolbar say."""

from __future__ import annotations

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import fragment_list_to_text, to_formatted_text

from stripe_shell.repl.completer import BlockCompleter
from stripe_shell.repl.fetched import FetchedIds
from stripe_shell.repl.nearby import LONG, block_around
from stripe_shell.repl.toolbar import continuation, prompt_text, toolbar
from tests.repl.fakes import session


def bar(text: str, default: str = "sandbox") -> str:
    return fragment_list_to_text(to_formatted_text(toolbar(session(default=default)[0], text, len(text))))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", "/sandbox · a test"),
        ("/sandbox\n", "needs action, entity · /sandbox · a test"),
        ("/sandbox\naction: create\nentity: customer\nemail: a@b.co\n", "needs name · /sandbox · a test"),
        ("/sandbox\naction: list\nentity: customers\n", "Enter sends it · /sandbox · a test"),
        ("/stripe\naction: list\nentity: customers\n", " LIVE  Enter sends it · /stripe · key from a test"),
        ("/eu-test\n", "needs action, entity · /eu-test · test · key from a test"),
        ("/your-connection\naction: list\nentity: prices\n", "Enter sends it · /sandbox · a test"),
        ("/nowhere\naction: list\n", "there is no connection `/nowhere`"),
    ],
)
def test_toolbar(text: str, shown: str) -> None:
    assert bar(text) == shown


def test_what_is_required_can_be_relaxed() -> None:
    state, _, _ = session()
    state.advance(state.scope.with_settings(spec="stripe"))
    text = "create customer "
    assert fragment_list_to_text(toolbar(state, text, len(text))).startswith("Enter runs it")


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (59, ""),
        (60, "customer ids are 1 min old: @refresh customer · "),
        (7300, "customer ids are 2 h old: @refresh customer · "),
    ],
)
def test_the_age_of_the_ids_that_the_menu_offers(seconds: float, shown: str) -> None:
    state, _, _ = session()
    place, text = state.id_scope(), "update customer id=cus_"
    assert place is not None
    state.fetched[place, "customer"] = FetchedIds(state.environment.clock() - seconds, 100)
    completer = BlockCompleter(state)
    list(completer.get_completions(Document(text), CompleteEvent(text_inserted=True)))
    assert fragment_list_to_text(toolbar(state, text, len(text))) == f"Enter runs it · {shown}/sandbox · a test"
    text += " name="
    list(completer.get_completions(Document(text), CompleteEvent(text_inserted=True)))
    assert "old" not in fragment_list_to_text(toolbar(state, text, len(text)))


@pytest.mark.parametrize(
    ("default", "shown"), [("sandbox", "sandbox> "), ("eu-test", "eu-test> "), ("stripe", " LIVE stripe > ")]
)
def test_prompt(default: str, shown: str) -> None:
    assert fragment_list_to_text(prompt_text(session(default=default)[0])) == shown


def test_live_is_red() -> None:
    assert prompt_text(session(default="stripe")[0])[0][0] == "class:prompt.live"


def test_lines_of_a_block_stand_below_each_other() -> None:
    assert len(fragment_list_to_text(continuation(session()[0], 9))) == 9


def test_only_the_block_at_the_cursor_of_a_long_text_is_read() -> None:
    block = "/sandbox\naction: list\nentity: customers\n"
    many = f"{block}\n" * (LONG // len(block) + 2)
    text, offset = block_around(many, len(many) - 3)
    assert text[:offset] == block[: len(block) - 2]
    assert block_around(many, 5) == (block[:-1], 5)
    assert block_around(block, 7) == (block, 7)
