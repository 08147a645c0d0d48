"""What is kept of what was typed, where, and who is offered it again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document

from stripe_shell.repl.history import (
    HistoryEntry,
    HistoryFile,
    HistoryPlace,
    PromptHistory,
    SuggestFromHistory,
    header_names,
    history_path,
)
from stripe_shell.repl.redact import hide_secrets, redact
from stripe_shell.secrets import MASK, Secrets
from tests.special_files import NODES

SANDBOX, LIVE, TEST = ("sandbox", "sandbox"), ("stripe", "live"), ("stripe", "test")


class Somewhere:
    """A prompt whose connection can be changed."""

    def __init__(self, path: Path, here: HistoryPlace = SANDBOX) -> None:
        self.here = here
        self.history = PromptHistory(
            HistoryFile(path),
            self.way,
            lambda text: redact(text, Secrets()),
            lambda text: hide_secrets(text, Secrets()),
        )

    def way(self, name: str | None) -> HistoryPlace | None:
        if name is None or name.startswith("your-"):
            return self.here
        return {"sandbox": SANDBOX, "stripe": LIVE}.get(name)

    def suggestion(self, text: str) -> str:
        found = SuggestFromHistory(self.history, self.way).get_suggestion(Buffer(), Document(text))
        return found.text if found else ""


def test_kept_from_session_to_session(tmp_path: Path) -> None:
    path = tmp_path / "state" / "history"
    Somewhere(path).history.append_string("create customer name=Ann\n")
    assert Somewhere(path).history.get_strings() == ["create customer name=Ann"]


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "state" / "history"
    Somewhere(path).history.append_string("help")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_text("")
    path.chmod(0o644)
    Somewhere(path).history.append_string("help")
    assert path.stat().st_mode & 0o777 == 0o600


def test_every_connection_and_mode_has_its_own(tmp_path: Path) -> None:
    path = tmp_path / "history"
    prompt = Somewhere(path)
    prompt.history.append_string("list customers")
    prompt.here = LIVE
    prompt.history.append_string("delete customer id=cus_1")
    assert prompt.history.get_strings() == ["delete customer id=cus_1"]
    prompt.here = TEST
    assert prompt.history.get_strings() == []
    prompt.here = SANDBOX
    assert prompt.history.get_strings() == ["list customers"]


def test_the_newest_comes_first_when_it_is_loaded(tmp_path: Path) -> None:
    prompt = Somewhere(tmp_path / "history")
    for text in ("one", "two"):
        prompt.history.append_string(text)

    async def load() -> list[str]:
        return [text async for text in prompt.history.load()]

    assert asyncio.run(load()) == ["two", "one"]


def test_the_same_twice_is_kept_once(tmp_path: Path) -> None:
    prompt = Somewhere(tmp_path / "history")
    for _ in range(2):
        prompt.history.append_string("list customers")
    assert prompt.history.get_strings() == ["list customers"]


def test_a_file_that_cannot_be_used_disturbs_nobody(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    prompt = Somewhere(blocked / "history")
    prompt.history.append_string("help")
    assert prompt.history.get_strings() == ["help"]


def test_broken_lines_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "history"
    HistoryFile(path).append(HistoryEntry("help", SANDBOX, SANDBOX))
    with path.open("a") as file:
        file.write('{"at": [}\nnull\n{"at": [], "to": 1, "text": "x"}\n{"text"\n')
    HistoryFile(path).append(HistoryEntry("list customers", SANDBOX, SANDBOX))
    assert [entry.text for entry in HistoryFile(path).read()] == ["help", "list customers"]


@given(st.text(max_size=50), st.tuples(st.text(), st.text()), st.none() | st.tuples(st.text(), st.text()))
def test_what_is_written_is_read(text: str, at: HistoryPlace, to: HistoryPlace | None) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        file = HistoryFile(Path(folder) / "history")
        file.append(HistoryEntry(text, at, to))
        expected = [text.encode(errors="replace").decode() for text in (text, *at, *(to or ()))]
        read = file.read()[0]
        assert [read.text, *read.at, *(read.to or ())] == expected


@pytest.mark.parametrize(
    ("environ", "path"),
    [
        ({"XDG_STATE_HOME": "/s"}, "/s/stripe-shell/history"),
        ({"XDG_STATE_HOME": "relative", "HOME": "/h"}, "/h/.local/state/stripe-shell/history"),
        ({"HOME": "/h"}, "/h/.local/state/stripe-shell/history"),
    ],
)
def test_where_it_is(environ: dict[str, str], path: str) -> None:
    assert str(history_path(environ)) == path


# --- suggestions ----------------------------------------------------------------------------------------


def test_the_rest_of_a_line_is_offered(tmp_path: Path) -> None:
    prompt = Somewhere(tmp_path / "history")
    prompt.history.append_string("/sandbox\naction: create\nentity: customer\nemail: ann@x.co\n")
    assert prompt.suggestion("/sandbox\naction: create\nentity: customer\nem") == "ail: ann@x.co"
    assert prompt.suggestion("/sandbox\naction: cr") == "eate"
    assert prompt.suggestion("/sandbox\n") == ""


def test_nothing_of_another_mode_is_offered(tmp_path: Path) -> None:
    prompt = Somewhere(tmp_path / "history")
    prompt.history.append_string("delete customer id=cus_sandbox")
    prompt.here = LIVE
    assert prompt.suggestion("delete cu") == ""


def test_what_was_typed_here_for_another_connection_is_not_offered_here(tmp_path: Path) -> None:
    prompt = Somewhere(tmp_path / "history")
    prompt.history.append_string("/stripe\naction: delete\nentity: customer\nid: cus_live\n")
    assert prompt.suggestion("/sandbox\naction: delete\nentity: customer\nid: cus") == ""
    assert prompt.suggestion("/stripe\naction: delete\nentity: customer\nid: cus") == "_live"


def test_what_went_to_several_connections_is_offered_nowhere(tmp_path: Path) -> None:
    prompt = Somewhere(tmp_path / "history")
    prompt.history.append_string("/stripe\naction: list\nentity: prices\n\n/sandbox\naction: list\nentity: plans\n")
    assert prompt.suggestion("/sandbox\naction: li") == ""


def test_what_failed_is_kept_and_not_suggested(tmp_path: Path) -> None:
    prompt = Somewhere(tmp_path / "history")
    prompt.history.append_string("create customer emial=a@b.co")
    prompt.history.mark_failed()
    for each in (prompt, Somewhere(tmp_path / "history")):
        assert each.history.get_strings() == ["create customer emial=a@b.co"]
        assert each.suggestion("create cu") == ""


def test_what_passed_later_is_suggested(tmp_path: Path) -> None:
    prompt = Somewhere(tmp_path / "history")
    prompt.history.append_string("get customer id=cus_1")
    prompt.history.mark_failed()
    prompt.history.append_string("get customer id=cus_1")
    for each in (prompt, Somewhere(tmp_path / "history")):
        assert each.suggestion("get cu") == "stomer id=cus_1"


def test_a_failure_is_of_the_newest_entry_alone(tmp_path: Path) -> None:
    prompt = Somewhere(tmp_path / "history")
    prompt.history.append_string("get customer id=cus_1")
    prompt.history.append_string("get customer id=cus_2")
    prompt.history.mark_failed()
    prompt.history.append_string("  ")
    prompt.history.mark_failed()
    for each in (prompt, Somewhere(tmp_path / "history")):
        assert each.suggestion("get cu") == "stomer id=cus_1"


@pytest.mark.parametrize("line", ["create token card.number=4242424242424242", "@let k = sk_test_abcdefghijklmnop1234"])
def test_a_line_with_something_masked_is_not_suggested(tmp_path: Path, line: str) -> None:
    prompt = Somewhere(tmp_path / "history")
    prompt.history.append_string(line)
    assert prompt.suggestion(line[:8]) == ""


def test_header_names() -> None:
    assert header_names("/a\naction: x\n\n  /b get c\n") == ["a", "b"]
    assert header_names("list customers") == [None]


# --- secrets --------------------------------------------------------------------------------------------

PUBLIC = ["list customers", "/sandbox\naction: create\nentity: customer\nemail: a@b.co\n", "@let x = 1", "@help secret"]


@pytest.mark.parametrize("text", PUBLIC)
def test_what_is_public_is_kept_as_it_is(text: str) -> None:
    assert redact(text, Secrets()) == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("@secret code = hunter22", "@secret code ="),
        ("@secret: code = hunter22", "@secret: code ="),
        ("@secret hunter22", "@secret "),
        ('@secret code = """\nhunter22\n"""', "@secret code ="),
        ('@secret code = """\nhunter22', "@secret code ="),
        ("@secret code = hunter22\n@let x = 1", "@secret code =\n@let x = 1"),
        ("  @secret code=hunter22", "  @secret code="),
        ("create token card.number=4242424242424242", "create token card.number=********"),
        ("/a get token\ncard[cvc]: 123\n", "/a get token\ncard[cvc]: ********\n"),
        ("@let key = sk_test_abcdefghijklmnop1234", "@let key = sk_test_…1234"),
        ("create customer name=hunter22", "create customer name=********"),
    ],
)  # fmt: skip
def test_secrets_are_not_kept(text: str, kept: str) -> None:
    assert redact(text, Secrets(frozenset({"hunter22"}))).rstrip("\n") == kept.rstrip("\n")


CARDS = [
    "4242424242424242",
    "4242 4242 4242 4242",
    "4242-4242-4242-4242",
    "378282246310005",
    "3782 822463 10005",
    "6011000990139424",
    "4222222222222",
    "4000 0566 5566 5556",
    "6304000000000000018",
    "4242\u00a04242\u20114242  4242",
]


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize(
    "text",
    [
        "@let card = {}",
        "create customer description='paid with {} today'",
        "/sandbox\naction: create\nentity: customer\nname: {}\n",
        "# {} is what she said",
        "not the language at all: {}, 7 times",
        'create customer metadata={{"a": "{}"}}',
        'create customer description="""\n{}\n',
        "@let cards = {}, 10 {} 12/30",
    ],
)
def test_a_card_number_is_not_kept_wherever_it_stands(text: str, card: str) -> None:
    kept = redact(text.format(card, card), Secrets())
    assert card not in kept
    assert MASK in kept
    assert [word for word in text.replace("{{", "{").replace("}}", "}").split("{}") if word not in kept] == []


@pytest.mark.parametrize(
    "text",
    [
        "@let n = 4242424242424243",
        "@let t = 1769860800",
        "@let s = 424242424242",
        "list charges limit=10 created.gte=1700000000",
        "4242\n4242\n4242\n4242",
        "@let d = 2026-11-28 17:05",
        "@let b = 42424242424242424242424242",
    ],
)
def test_other_numbers_are_kept(text: str) -> None:
    assert redact(text, Secrets()) == text


@given(st.text(alphabet="0123456789 -x\n", max_size=60))
def test_of_what_is_masked_nothing_needs_masking_again(text: str) -> None:
    kept = redact(f"# {text}", Secrets())
    assert redact(kept, Secrets()) == kept


def test_within_the_session_a_card_comes_back_and_a_secret_does_not(tmp_path: Path) -> None:
    typed = "@let card = 4242 4242 4242 4242\n@secret code = hunter22"
    prompt = Somewhere(tmp_path / "history")
    prompt.history.append_string(typed)
    assert list(prompt.history.load_history_strings()) == ["@let card = 4242 4242 4242 4242\n@secret code ="]
    assert prompt.history.get_strings() == ["@let card = ********\n@secret code ="]
    assert list(Somewhere(tmp_path / "history").history.load_history_strings()) == prompt.history.get_strings()
    assert "4242" not in (tmp_path / "history").read_text()


def test_an_entry_is_recalled_once(tmp_path: Path) -> None:
    prompt = Somewhere(tmp_path / "history")
    for text in ("list customers", "list prices", "list customers"):
        prompt.history.append_string(text)
    assert list(prompt.history.load_history_strings()) == ["list customers", "list prices"]


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30))
def test_the_value_of_a_secret_never_reaches_the_file(noise: str) -> None:
    kept = redact(f"{noise}\n@secret code = hunter22\n{noise}", Secrets())
    assert "hunter22" not in kept or "hunter22" in noise or "@secret" not in _line_of_secret(noise)


def _line_of_secret(noise: str) -> str:
    """What stands before may open a value that swallows the line; then it is no directive."""
    from stripe_shell.lang.lines import read_lines

    text = f"{noise}\n@secret code = hunter22\n{noise}"
    return "".join(text[line.body : line.word] for line in read_lines(text) if line.kind == "directive")


@pytest.mark.parametrize("kind", NODES)
def test_a_node_instead_of_the_file_keeps_its_mode_and_is_not_read(kind: str, tmp_path: Path) -> None:
    with NODES[kind](tmp_path / "history") as node:
        file = HistoryFile(node.path)
        assert file.read() == []
        file.append(HistoryEntry("help", SANDBOX, SANDBOX))
        node.assert_untouched()
        assert node.received is None or b'"help"' in node.received
