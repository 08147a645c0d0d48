"""Named blocks, numbers of the history, logs, @watch, parts of @save, @python and @cli."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from stripe_shell.convert.pasted import block_of
from stripe_shell.engine.run.interpreter import Engine
from stripe_shell.lang.cursor import cursor_context
from stripe_shell.records import replace
from stripe_shell.repl.completer import suggestion_sources
from stripe_shell.spec.table import load_table
from stripe_shell.suggest.menu import suggest
from tests.repl.fakes import session
from tests.repl.sandboxed import Sandboxed
from tests.repl.test_commands import run

ANN = "create customer email=ann@x.co name=Ann"


def remembering(shell: Sandboxed, *texts: str) -> None:
    shell.state.environment = replace(shell.state.environment, recall=lambda: texts)


# --- named blocks ---------------------------------------------------------------------------------------------------


def test_a_named_block_runs_with_values(tmp_path: Path) -> None:
    shell = Sandboxed(tmp_path)
    shown = shell.type("@name new create customer email=${mail} name=Ann")
    assert "@do new runs it" in shown
    shown = shell.type("@do new mail=bob@x.co")
    assert "→ create customer email=${mail} name=Ann" in shown
    assert shell.value("email") == "bob@x.co"
    again = Sandboxed(tmp_path)  # it is kept from session to session
    assert again.type("@name") == "new\n"
    assert "undefined name `mail`" in again.type("@do new")


def test_the_last_block_is_named(tmp_path: Path) -> None:
    shell = Sandboxed(tmp_path)
    assert "what is `ann`?" in shell.type("@name ann")
    shell.type(f"/sandbox\n{ANN.replace(' email', chr(10) + 'email').replace('create customer', 'action: create')}\n")
    shell.type(ANN)
    shell.type("@name ann")
    shell.type("@do ann")
    assert shell.value("name") == "Ann"


def test_a_block_s_file_is_private(tmp_path: Path) -> None:
    shell = Sandboxed(tmp_path)
    shell.type(f"@name ann {ANN}")
    file = tmp_path / ".config/stripe-shell/blocks/ann.stripe"
    assert file.read_text() == f"{ANN}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    shell.type("@name drop ann")
    assert not file.exists()


@pytest.mark.parametrize(
    "text",
    [
        "create token card.number=4242424242424242 card.exp_month=1 card.exp_year=2030 card.cvc=123",
        "create customer email=a name=sk_live_abcdefghijklmnop1234",
    ],
)
def test_secrets_are_not_stored_in_named_blocks(tmp_path: Path, text: str) -> None:
    shell = Sandboxed(tmp_path)
    assert "which is not stored" in shell.type(f"@name pay {text}")
    assert not list(tmp_path.rglob("*.stripe"))


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("@do", "which block?"),
        ("@do anne", "did you mean `ann`?"),
        ("@do zzz", "there are ann"),
        ("@do ann name", "`name` is not name=value"),
        ("@name 1x create customer", "is no name of a block"),
        ("@name ../x create customer", "is no name of a block"),
        ("@name drop zzz", "there is no block `zzz`"),
    ],
)
def test_mistakes_with_names(tmp_path: Path, typed: str, why: str) -> None:
    shell = Sandboxed(tmp_path)
    shell.type(f"@name ann {ANN}")
    assert why in shell.type(typed)


def test_names_are_offered(tmp_path: Path) -> None:
    shell = Sandboxed(tmp_path)
    shell.type(f"@name ann-new {ANN}")
    context = cursor_context("@do a", 5)
    offered = [each.text for each in suggest(context, suggestion_sources(shell.state, context))]
    assert "ann-new" in offered


# --- history --------------------------------------------------------------------------------------------------------


def test_history_has_numbers_that_do_takes(tmp_path: Path) -> None:
    shell = Sandboxed(tmp_path)
    remembering(shell, "list customers\n", "/sandbox\naction: list\nentity: products\n", ANN)
    shown = shell.type("@history")
    assert shown == "1  list customers\n2  /sandbox\n   action: list\n   entity: products\n3  " + ANN + "\n"
    assert shell.type("@history 1") == f"3  {ANN}\n"
    assert f"→ {ANN}" in shell.type("@do 3")
    assert shell.value("name") == "Ann"


def test_what_cannot_run_again(tmp_path: Path) -> None:
    shell = Sandboxed(tmp_path)
    remembering(shell, "@do 1", "create token card.number=********")
    assert "entry 1 is a @do itself" in shell.type("@do 1")
    assert "entry 2 had a secret in it" in shell.type("@do 2")
    assert "there is no entry 3" in shell.type("@do 3")


def test_a_live_write_of_the_history_is_confirmed() -> None:
    state, transport, _ = session(default="stripe", live=True)
    state.environment = replace(state.environment, recall=lambda: [ANN])
    assert "nothing was sent" in run(state, "@do 1")
    assert transport.sent == []


# --- logs -----------------------------------------------------------------------------------------------------------


def test_a_log_has_what_is_typed_and_shown(tmp_path: Path) -> None:
    shell = Sandboxed(tmp_path)
    file = tmp_path / "session.txt"
    assert "goes to" in shell.type(f"@log {file}")
    shell.type("/sandbox\naction: list\nentity: customers\n")
    shell.type("create token card.number=4242424242424242 card.exp_month=1 card.exp_year=2030 card.cvc=987")
    shell.type("@secret word = hushhush123")
    shell.type("create customer email=a@b.co name=x description=${word}")
    assert "is complete" in shell.type("@log off")
    shell.type("list products")
    text = file.read_text()
    assert "sandbox> /sandbox\n       … action: list" in text
    assert "list customer" in text
    assert "987" not in text
    assert "hushhush123" not in text
    assert "4242424242424242" not in text
    assert "list products" not in text
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "there is no log" in shell.type("@log off")
    assert "which file?" in shell.type("@log")


def test_a_log_that_cannot_be_written(tmp_path: Path) -> None:
    shell = Sandboxed(tmp_path)
    assert "cannot be written" in shell.type(f"@log {tmp_path}")
    assert "list customer" in shell.type("list customers")


# --- watching -------------------------------------------------------------------------------------------------------


class Patience:
    """Waits so many times without waiting, and is interrupted then."""

    def __init__(self, shell: Sandboxed, count: int) -> None:
        self.waited: list[float] = []
        self.count = count
        engine = shell.state.engine
        assert isinstance(engine, Engine)
        shell.state.engine = replace(engine, sleep=self.wait)

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        if len(self.waited) == self.count:
            raise KeyboardInterrupt


def test_a_read_is_drawn_until_ctrl_c(tmp_path: Path) -> None:
    shell = Sandboxed(tmp_path)
    patience = Patience(shell, 3)
    shown = shell.type("@watch 5s list customers")
    assert shown.count("every 5 s · list customer · 22:13:20 UTC · Ctrl-C ends") == 3
    assert patience.waited == [5.0, 5.0, 5.0]
    assert shell.state.kept.items == []
    shell.type("list products")
    patience.waited.clear()
    assert shell.type("@watch 1m").count("every 60 s · list product ·") == 3


def test_a_watched_block_that_fails_ends(tmp_path: Path) -> None:
    shell = Sandboxed(tmp_path)
    Patience(shell, 9)
    assert shell.type("@watch 5s get customer id=cus_Nobody12345678").count("Ctrl-C ends") == 1


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        (f"@watch 5s {ANN}", "@watch repeats reads alone; `create customer` writes"),
        ("@watch", "how often?"),
        ("@watch 100ms list customers", "at least every second"),
        ("@watch 5s", "there is no block yet"),
        ("@watch 5s @let a = 1", "@watch repeats one block"),
    ],
)
def test_what_is_not_watched(tmp_path: Path, typed: str, why: str) -> None:
    assert why in Sandboxed(tmp_path).type(typed)


def test_the_last_write_is_not_watched(tmp_path: Path) -> None:
    shell = Sandboxed(tmp_path)
    shell.type(ANN)
    assert "`create customer` writes" in shell.type("@watch 5s")


# --- saving ---------------------------------------------------------------------------------------------------------


def test_steps_are_numbered_and_saved_in_part(tmp_path: Path) -> None:
    shell = Sandboxed(tmp_path)
    for text in ("list customers", ANN, "list products"):
        shell.type(text)
    numbered = shell.type("@save").split("\n")
    assert [line.split()[0] for line in numbered if line] == ["1", "2", "3"]
    assert "customer" in numbered[1]
    assert "2 saved to" in shell.type(f"@save {tmp_path}/part.stripe 2..3")
    text = (tmp_path / "part.stripe").read_text()
    assert "ann@x.co" in text
    assert "customers" not in text
    assert "1 saved to" in shell.type(f"@save {tmp_path}/one 1")
    assert "there are the steps 1..3" in shell.type(f"@save {tmp_path}/no 2..4")
    assert not (tmp_path / "no.stripe").exists()


# --- the way back ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        ANN,
        "create customer email=a@b.co name='Ann Lee' metadata.order=6735 address.city=Rome",
        "list customers limit=3",
        'create product name="Pro \'26" active=true',
    ],
)
@pytest.mark.parametrize("command", ["@cli", "@python", "@curl"])
def test_the_way_back_sends_the_same(tmp_path: Path, typed: str, command: str) -> None:
    """What @cli, @python and @curl write becomes the same block again when it is pasted."""
    shell = Sandboxed(tmp_path)
    shell.type(typed)
    assert shell.state.last is not None
    sent = shell.state.last.request
    written = shell.type(command)
    block = block_of(written.strip(), load_table(), "sandbox").text
    shell.type(f"{block}\n")
    assert shell.state.last.request is not None
    assert sent is not None
    again = shell.state.last.request
    assert (again.method, again.path, again.query, sorted(again.body.split(b"&"))) == (
        sent.method,
        sent.path,
        sent.query,
        sorted(sent.body.split(b"&")),
    )


@pytest.mark.parametrize("command", ["@cli", "@python"])
def test_there_is_no_request_yet(tmp_path: Path, command: str) -> None:
    assert "there is no request yet" in Sandboxed(tmp_path).type(command)
