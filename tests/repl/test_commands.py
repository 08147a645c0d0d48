"""The shell's own commands."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from stripe_shell.diagnostics import SourceText
from stripe_shell.discovery import module_names
from stripe_shell.errors import UsageError
from stripe_shell.lang.commands import COMMANDS
from stripe_shell.lang.cursor import cursor_context
from stripe_shell.lang.parser import parse
from stripe_shell.records import replace
from stripe_shell.repl.commands import commands
from stripe_shell.repl.running import run_text
from stripe_shell.repl.session import ReplSession
from stripe_shell.spec.table import load_table
from stripe_shell.suggest.menu import suggest
from stripe_shell.suggest.suggestion import SuggestionSources
from tests.repl.fakes import FakeConsole, session
from tests.special_files import NODES

CREATE = "create customer email=a@b.co name=Ann"


def run(state: ReplSession, text: str) -> str:
    console = state.console
    assert isinstance(console, FakeConsole)
    before = len(console.text)
    assert run_text(state, SourceText("<prompt>", text))
    return console.text[before:]


@pytest.mark.parametrize("text", ["@help", "help", "?"])
def test_general_help(text: str) -> None:
    shown = run(session()[0], text)
    assert "/your-stripe-connection" in shown
    assert "@connect [NAME]" in shown


@pytest.mark.parametrize(
    ("topic", "wanted"),
    [
        ("create customer", ["POST /v1/customers", "email", "string ≤ 512", "required by the document"]),
        ("customer create", ["POST /v1/customers"]),
        ("create subscription", ["also customer_id", "required by the document"]),
        ("create customer address", ["address.postal_code", "string ≤ 5000"]),
        ("create subscription items", ["items[].price_data.currency"]),
        ("get customers", ["GET /v1/customers/{customer}"]),
        ("customer", ["also customers", "delete_discount"]),
        ("finalize_invoice", ["invoice"]),
        ("get", ["customer", "subscription"]),
        ("@expect", ["@expect PATH OP VALUE"]),
        ("expect", ["assert something"]),
        ("@save", ["@save FILE"]),
        ("directives", ["@teardown", "@foreach"]),
    ],
)
def test_help_on_a_topic(topic: str, wanted: list[str]) -> None:
    shown = run(session()[0], f"@help {topic}")
    assert [word for word in wanted if word not in shown] == []


@pytest.mark.parametrize(
    ("topic", "hint"),
    [
        ("custmer", "did you mean `customer`?"),
        ("pay customer", "`customer` has no action `pay`"),
        ("create customer nonsense", "nothing below `nonsense`"),
    ],
)
def test_help_on_nothing(topic: str, hint: str) -> None:
    with pytest.raises(UsageError) as error:
        run(session()[0], f"@help {topic}")
    assert hint in str(error.value)


def test_format() -> None:
    state, _, _ = session()
    assert "table" in run(state, "@format")
    run(state, "@format json")
    assert "[json]" in run(state, CREATE)
    with pytest.raises(UsageError, match="did you mean `yaml`"):
        run(state, "@format yml")


def test_connect() -> None:
    state, _, _ = session()
    listed = run(state, "@connect")
    assert "* /sandbox" in listed
    assert "  /stripe   live" in listed
    assert "/stripe: LIVE · key from a test" in run(state, "@connect stripe")
    assert state.connection.name == "stripe"
    run(state, "@connect /sandbox")
    assert state.connection.name == "sandbox"
    with pytest.raises(UsageError, match="did you mean `/stripe`"):
        run(state, "@connect strpe")
    assert state.connection.name == "sandbox"


def test_vars_shows_names_and_no_secrets() -> None:
    state, _, _ = session()
    run(state, "@let plan = gold")
    run(state, "@secret code = hunter22")
    run(state, "/sandbox\naction: create\nentity: customer\nemail: a@b.co\nname: Ann\n@as ann\n")
    shown = run(state, "@vars")
    assert "plan   gold" in shown
    assert "ann    customer cus_1" in shown
    assert "code   ********" in shown


def test_history_shows_the_newest_entries() -> None:
    state, _, _ = session()
    state.environment = replace(state.environment, recall=lambda: ["one", "two", "three"])
    assert run(state, "@history 2") == "2  two\n3  three\n"
    with pytest.raises(UsageError, match="not a number"):
        run(state, "@history all")


def test_curl_gives_the_last_request_without_its_key() -> None:
    state, _, _ = session()
    with pytest.raises(UsageError, match="no request yet"):
        run(state, "@curl")
    run(state, CREATE)
    shown = run(state, "@curl")
    assert "curl" in shown
    assert "https://api.stripe.com/v1/customers" in shown
    assert "$STRIPE_API_KEY" in shown


def test_what_was_saved_can_be_run(tmp_path: Path) -> None:
    state, transport, _ = session()
    run(state, "@let who = Ann")
    run(state, "create customer email=a@b.co name=${who}")
    run(state, "list customers")
    run(state, f"@save {tmp_path / 'mine'}")
    text = (tmp_path / "mine.stripe").read_text()
    assert parse(SourceText("mine", text))[1] == ()
    again, second, _ = session()
    run(again, f"@run {tmp_path / 'mine.stripe'}")
    assert [(r.path, r.query, r.body) for r in second.sent] == [(r.path, r.query, r.body) for r in transport.sent]


def test_what_failed_is_not_saved(tmp_path: Path) -> None:
    state, _, _ = session()
    with pytest.raises(UsageError, match="nothing to save"):
        run(state, f"@save {tmp_path / 'mine'}")
    run(state, CREATE)
    run(state, f"{CREATE} nonsense=1")
    run(state, f"@save {tmp_path / 'mine'}")
    assert (tmp_path / "mine.stripe").read_text().count("create customer") == 1


def test_a_secret_is_not_saved(tmp_path: Path) -> None:
    state, _, _ = session()
    run(state, "@secret code = hunter22")
    run(state, "create customer email=a@b.co name=${code}")
    run(state, f"@save {tmp_path / 'mine'}")
    text = (tmp_path / "mine.stripe").read_text()
    assert "hunter22" not in text
    assert "@secret code = ${env:code}" in text


def test_a_file_that_exists_is_not_overwritten(tmp_path: Path) -> None:
    state, _, _ = session()
    path = tmp_path / "mine.stripe"
    path.write_text("precious")
    run(state, CREATE)
    with pytest.raises(UsageError, match="exists already"):
        run(state, f"@save {path}")
    assert path.read_text() == "precious"


@pytest.mark.parametrize(("text", "message"), [("@run", "which file"), ("@run nowhere.stripe", "cannot be read")])
def test_run_without_a_file(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        run(session()[0], text)


def test_a_script_with_a_mistake_sends_nothing(tmp_path: Path) -> None:
    state, transport, _ = session()
    path = tmp_path / "bad.stripe"
    path.write_text("/sandbox\naction: list\nentity: customers\n\n/sandbox\naction: lst\nentity: customers\n")
    assert "bad.stripe:6:9" in run(state, f"@run {path}")
    assert transport.sent == []


def test_edit_puts_the_changed_text_into_the_prompt(tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nsed -i s/Ann/Bob/ "$1"\n')
    editor.chmod(editor.stat().st_mode | stat.S_IXUSR)
    state, _, _ = session(environment={"EDITOR": str(editor)})
    with pytest.raises(UsageError, match="nothing to edit"):
        run(state, "@edit")
    run(state, CREATE)
    run(state, "@edit")
    assert state.draft == CREATE.replace("Ann", "Bob")


def test_an_editor_that_fails_changes_nothing(tmp_path: Path) -> None:
    state, _, _ = session(environment={"EDITOR": "false"})
    run(state, CREATE)
    with pytest.raises(UsageError, match="nothing was changed"):
        run(state, "@edit")
    state, _, _ = session(environment={"EDITOR": str(tmp_path / "no-editor")})
    run(state, CREATE)
    with pytest.raises(UsageError, match="set EDITOR"):
        run(state, "@edit")


@pytest.mark.parametrize("kind", NODES)
def test_a_node_or_a_link_is_not_saved_into(kind: str, tmp_path: Path) -> None:
    state, _, _ = session()
    run(state, CREATE)
    (tmp_path / "dangling.stripe").symlink_to("nowhere")
    with NODES[kind](tmp_path / "node.stripe") as node:
        before = {path.name for path in tmp_path.iterdir()}
        for name in ("node", "dangling"):
            with pytest.raises(UsageError, match="exists already"):
                run(state, f"@save {tmp_path / name}")
        node.assert_untouched()
        assert not node.received
        assert {path.name for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(("name", "why"), [("no/such/file", "No such file"), ("mine.stripe/x", "Not a directory")])
def test_a_file_that_cannot_be_saved_is_said(name: str, why: str, tmp_path: Path) -> None:
    state, _, _ = session()
    (tmp_path / "mine.stripe").write_text("precious")
    run(state, CREATE)
    with pytest.raises(UsageError, match=f"cannot be written: {why}"):
        run(state, f"@save {tmp_path / name}")
    assert (tmp_path / "mine.stripe").read_text() == "precious"


# --- the registry ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_every_module_of_the_folder_is_a_command_that_help_and_menu_name(name: str) -> None:
    command = commands()[name]
    assert command.meaning
    assert f"@{f'{name} {command.usage}'.strip()} " in run(session()[0], "@help")
    assert run(session()[0], f"@help @{name}").split() == [f"@{name}", *command.usage.split(), *command.meaning.split()]
    offered = {
        each.display: each.meta
        for each in suggest(cursor_context("@", 1), SuggestionSources(load_table(), commands=commands()))
    }
    assert offered[f"@{name}"] == command.meaning


def test_the_meaning_is_the_docstring_in_the_form_of_the_menu() -> None:
    assert commands()["save"].meaning == "write what has passed in this session as a script"
    assert commands()["format"].meaning == "how results look: table, json, jsonl, csv, yaml"


def test_commands_keep_their_order_and_new_ones_come_last(tmp_path: Path) -> None:
    for name in ("b.py", "a.py", "first.py", "_own.py", "__init__.py", "notes.txt"):
        (tmp_path / name).touch()
    assert module_names(str(tmp_path), ("gone", "first")) == ("first", "a", "b")


def test_what_stands_behind_quit_is_not_run() -> None:
    state, transport, _ = session()
    assert not run_text(state, SourceText("<prompt>", f"@quit\n{CREATE}"))
    assert transport.sent == []
