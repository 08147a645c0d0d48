"""Keys at the prompt: what Enter does, what completion does, what is pasted, how one leaves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from prompt_toolkit.document import Document

from stripe_shell.wire import Request, Response
from tests.repl.driver import (
    CTRL_A,
    CTRL_C,
    CTRL_D,
    DOWN,
    ENTER,
    META_ENTER,
    RIGHT,
    TAB,
    UP,
    Driver,
    Moment,
    chosen,
    drive,
    offered,
    paste,
    prompt_is,
    suggested,
    text_is,
)
from tests.repl.fakes import respond

BLOCK = "/sandbox\naction: create\nentity: customer\nemail: ann@x.co\nname: Ann"
TYPED = BLOCK.replace("\n", ENTER)


def test_a_block_is_sent_by_an_empty_line(tmp_path: Path) -> None:
    driven = drive(tmp_path, TYPED + ENTER + ENTER)
    assert [request.body for request in driven.transport.sent] == [b"email=ann%40x.co&name=Ann"]
    assert driven.code == 0


def test_before_the_empty_line_nothing_is_sent(tmp_path: Path) -> None:
    driven = drive(tmp_path, TYPED + ENTER, (text_is(f"{BLOCK}\n"), CTRL_C))
    assert driven.transport.sent == []


@pytest.mark.parametrize("line", ["create customer email=a@b.co name=Ann", "@let x = 1", "help", "?", "@vars"])
def test_one_line_is_enough_for_a_command_and_an_inline_block(tmp_path: Path, line: str) -> None:
    driven = drive(tmp_path, line + ENTER)
    assert not any("\n" in text for text in driven.texts)


def test_enter_goes_on_inside_open_json(tmp_path: Path) -> None:
    text = BLOCK + "\nmetadata: {"
    driven = drive(
        tmp_path, text.replace("\n", ENTER) + ENTER, (text_is(f"{text}\n"), f'"a": "1"{ENTER}}}{ENTER}{ENTER}')
    )
    assert b"metadata[a]=1" in driven.transport.sent[0].body


def test_empty_lines_inside_a_heredoc_do_not_send(tmp_path: Path) -> None:
    text = BLOCK + '\ndescription: """\none\n\ntwo\n"""'
    driven = drive(tmp_path, text.replace("\n", ENTER) + ENTER + ENTER)
    assert len(driven.transport.sent) == 1
    assert b"description=one%0A%0Atwo" in driven.transport.sent[0].body


def test_enter_in_the_middle_of_a_line_splits_it(tmp_path: Path) -> None:
    driven = drive(
        tmp_path, BLOCK.replace("\n", ENTER) + CTRL_A + ENTER, (text_is(BLOCK.replace("\nname", "\n\nname")), CTRL_C)
    )
    assert driven.transport.sent == []


def test_meta_enter_begins_a_line_wherever_the_cursor_is(tmp_path: Path) -> None:
    line = "create customer email=a@b.co name=Ann"
    drive(tmp_path, line + META_ENTER, (text_is(f"{line}\n"), CTRL_C))
    driven = drive(tmp_path, line + CTRL_A + META_ENTER, (text_is(f"\n{line}"), CTRL_C))
    assert driven.transport.sent == []


def test_an_empty_line_does_nothing(tmp_path: Path) -> None:
    driven = drive(tmp_path, ENTER + "   " + ENTER)
    assert driven.transport.sent == []
    assert driven.code == 0


# --- completion -----------------------------------------------------------------------------------------


def test_enter_takes_the_highlighted_completion_and_runs_nothing(tmp_path: Path) -> None:
    driven = drive(
        tmp_path,
        "/sandbox\raction: create\rentity: customer\rem",
        (offered("email"), TAB),
        (chosen("email"), ENTER),
        (text_is("/sandbox\naction: create\nentity: customer\nemail: "), CTRL_C),
    )
    assert driven.transport.sent == []


def test_enter_without_a_highlighted_completion_takes_none(tmp_path: Path) -> None:
    driven = drive(
        tmp_path,
        "/sandbox\raction: create\rentity: custom",
        (offered("customer"), ENTER),
        (text_is("/sandbox\naction: create\nentity: custom\n"), CTRL_C),
    )
    assert driven.transport.sent == []


def test_a_complete_command_is_not_sent_by_taking_a_completion(tmp_path: Path) -> None:
    driven = drive(
        tmp_path,
        "create customer email=a@b.co name=Ann tax_exempt=re",
        (offered("reverse"), TAB),
        (chosen("reverse"), ENTER),
        (text_is("create customer email=a@b.co name=Ann tax_exempt=reverse"), ENTER),
    )
    assert len(driven.transport.sent) == 1


def test_what_may_follow_is_offered_at_once(tmp_path: Path) -> None:
    drive(
        tmp_path,
        "/sandbox\raction: create\rentity: customer\rtax_ex",
        (offered("tax_exempt"), TAB),
        (chosen("tax_exempt"), ENTER),
        (offered("reverse"), TAB + DOWN),
        (chosen("none"), CTRL_C),
    )


def test_ids_that_were_seen_are_offered(tmp_path: Path) -> None:
    drive(tmp_path, "list customers" + ENTER, (prompt_is(2), "get customer id=c"), (offered("cus_1"), CTRL_C))


def test_the_menu_does_not_blink(tmp_path: Path) -> None:
    """Once it is there, no frame is without it while the word goes on."""
    driven = drive(
        tmp_path,
        "/sandbox\raction: create\rentity: c",
        *((offered("customer"), key) for key in "ustome"),
        (text_is("/sandbox\naction: create\nentity: custome"), CTRL_C),
    )
    pairs = zip(driven.texts, driven.frames, strict=True)
    shown = [
        bool(frame) for text, frame in pairs if text.endswith(("entity: c", "cu", "cus", "cust", "custo", "custom"))
    ]
    assert all(shown[shown.index(True) :])


# --- pasting --------------------------------------------------------------------------------------------


def test_pasted_text_is_inserted_whole_and_offers_nothing(tmp_path: Path) -> None:
    driven = drive(tmp_path, paste(BLOCK), (text_is(BLOCK), CTRL_C))
    assert not any(driven.frames)
    assert driven.transport.sent == []


@pytest.mark.parametrize("ending", ["", "\n", "\n\n"])
def test_two_pasted_blocks_run_both(tmp_path: Path, ending: str) -> None:
    both = f"{BLOCK}\n\n{BLOCK.replace('Ann', 'Bob')}{ending}"
    enters = ENTER * (1 if ending else 2)
    driven = drive(tmp_path, paste(both), (text_is(both), enters))
    assert [request.body[-3:] for request in driven.transport.sent] == [b"Ann", b"Bob"]


def test_line_ends_of_another_system(tmp_path: Path) -> None:
    driven = drive(tmp_path, paste(BLOCK.replace("\n", "\r\n") + "\r\n"), (text_is(f"{BLOCK}\n"), ENTER))
    assert driven.transport.sent[0].body == b"email=ann%40x.co&name=Ann"


def test_an_empty_line_between_header_and_body(tmp_path: Path) -> None:
    text = BLOCK.replace("/sandbox\n", "/sandbox\n\n")
    driven = drive(tmp_path, paste(text), (text_is(text), ENTER + ENTER))
    assert len(driven.transport.sent) == 1


def test_a_pasted_line_is_not_run_by_its_own_line_end(tmp_path: Path) -> None:
    driven = drive(tmp_path, paste("delete customer id=cus_1\n"), (text_is("delete customer id=cus_1\n"), CTRL_C))
    assert driven.transport.sent == []


def test_a_paste_into_a_line(tmp_path: Path) -> None:
    driven = drive(tmp_path, "create customer name=Ann email=", paste("ann@x.co"), ENTER)
    assert driven.transport.sent[0].body == b"name=Ann&email=ann%40x.co"


# --- history --------------------------------------------------------------------------------------------


def test_a_line_of_before_is_offered_and_taken(tmp_path: Path) -> None:
    driven = drive(
        tmp_path,
        "create customer email=a@b.co name=Ann" + ENTER,
        (prompt_is(2), "create cu"),
        (suggested("stomer email=a@b.co name=Ann"), RIGHT),
        (text_is("create customer email=a@b.co name=Ann"), ENTER),
    )
    assert len(driven.transport.sent) == 2


def test_up_brings_the_last_block_back(tmp_path: Path) -> None:
    driven = drive(tmp_path, TYPED + ENTER + ENTER, (prompt_is(2), UP), (text_is(BLOCK), ENTER + ENTER))
    assert len(driven.transport.sent) == 2


def test_a_secret_does_not_come_back(tmp_path: Path) -> None:
    drive(tmp_path, "@secret code = hunter22" + ENTER, (prompt_is(2), UP), (text_is("@secret code ="), CTRL_C))
    assert "hunter22" not in (tmp_path / ".local/state/stripe-shell/history").read_text()


CARD = "create customer email=a@b.co name=Ann description='4242 4242 4242 4242'"


def test_a_card_comes_back_until_the_shell_is_left(tmp_path: Path) -> None:
    drive(tmp_path, CARD + ENTER, (prompt_is(2), UP), (text_is(CARD), CTRL_C))
    assert "4242" not in (tmp_path / ".local/state/stripe-shell/history").read_text()
    drive(tmp_path, UP, (text_is(CARD.replace("4242 4242 4242 4242", "********")), CTRL_C))


@pytest.mark.parametrize(
    ("line", "suggestion"),
    [
        ("create customer email=a@b.co name=Ann", "stomer email=a@b.co name=Ann"),
        ("create customer emial=a@b.co name=Ann", None),  # the check refuses it
        ("create customer email=a@b.co )(*&", None),  # it does not parse
        ("create cupon", None),
    ],
)
def test_what_failed_is_recalled_and_never_suggested(tmp_path: Path, line: str, suggestion: str | None) -> None:
    # What can be put right stands in the second prompt; Ctrl-C drops it.
    second = (lambda moment: moment.prompt == 2, CTRL_C)
    driven = drive(tmp_path, line + ENTER, second, (prompt_is(3), UP), (text_is(line), CTRL_C))
    assert suggestion_for(driven, "create cu") == suggestion


def suggestion_for(driven: Driver, text: str) -> str | None:
    """What is suggested behind the text after the session."""
    reader = driven.prompt.reader
    assert reader.auto_suggest is not None
    found = reader.auto_suggest.get_suggestion(reader.default_buffer, Document(text))
    return found.text if found else None


@pytest.mark.parametrize(("status", "suggestion"), [(200, "stomer email=a@b.co name=Ann"), (402, None)])
def test_a_call_that_the_server_refuses_is_not_suggested(tmp_path: Path, status: int, suggestion: str | None) -> None:
    def answer(_: Request) -> Response:
        return respond({"id": "cus_1", "error": {"type": "card_error", "message": "no"}}, status)

    driven = drive(tmp_path, "create customer email=a@b.co name=Ann" + ENTER, answer=answer)
    assert suggestion_for(driven, "create cu") == suggestion


@pytest.mark.parametrize(("command", "suggestion"), [("@run nowhere.stripe", None), ("@help customer", " customer")])
def test_a_command_that_fails_is_not_suggested(tmp_path: Path, command: str, suggestion: str | None) -> None:
    driven = drive(tmp_path, command + ENTER)
    assert suggestion_for(driven, command.split(maxsplit=1)[0]) == suggestion


def test_page_up_goes_to_an_older_entry_from_any_line(tmp_path: Path) -> None:
    drive(
        tmp_path,
        "@vars" + ENTER,
        (prompt_is(2), TYPED + ENTER + ENTER),
        (prompt_is(3), UP),
        (text_is(BLOCK), UP + UP + "\x1b[5~"),
        (text_is("@vars"), "\x1b[6~"),
        (text_is(BLOCK), CTRL_C),
    )


# --- searching ------------------------------------------------------------------------------------------

CTRL_R, CTRL_G, ESCAPE = "\x12", "\x07", "\x1b"


def previewed(text: str) -> Callable[[Moment], bool]:
    """The search shows this text."""
    return lambda moment: moment.shown == text


@pytest.mark.parametrize(("wanted", "found"), [("ann", "@let b = ann"), ("Ann", "@let a = Ann"), ("LET", "")])
def test_search_ignores_case_until_a_capital_is_typed(tmp_path: Path, wanted: str, found: str) -> None:
    drive(
        tmp_path,
        "@let a = Ann" + ENTER,
        (prompt_is(2), "@let b = ann" + ENTER),
        (prompt_is(3), CTRL_R + wanted),
        (previewed(found), ENTER),
        (text_is(found), CTRL_C),
    )


def test_a_search_that_finds_nothing_says_so(tmp_path: Path) -> None:
    drive(
        tmp_path,
        "@let a = Ann" + ENTER,
        (prompt_is(2), CTRL_R + "let b"),
        (lambda moment: moment.toolbar == "nothing found for `let b`", "\x7f\x7f"),
        (lambda moment: "nothing" not in moment.toolbar, ESCAPE),
        (lambda moment: moment.buffer.text == "" and not moment.searching, CTRL_C),
    )


def test_esc_ends_a_search_with_the_text_of_before(tmp_path: Path) -> None:
    drive(
        tmp_path,
        "@let a = Ann" + ENTER,
        (prompt_is(2), "list cu" + CTRL_R + "let"),
        (previewed("@let a = Ann"), ESCAPE),
        (lambda moment: moment.buffer.text == "list cu" and not moment.searching, "x"),
        (text_is("list cux"), CTRL_C),
    )


@pytest.mark.parametrize("leave", [ESCAPE, CTRL_G, CTRL_C])
def test_leaving_a_search_that_has_moved_on_restores_the_text(tmp_path: Path, leave: str) -> None:
    drive(
        tmp_path,
        "@let a = Ann" + ENTER,
        (prompt_is(2), "@let b = Bob" + ENTER),
        (prompt_is(3), "list cu" + CTRL_R + "let" + CTRL_R + CTRL_R),
        (previewed("@let a = Ann"), leave),
        (lambda moment: moment.buffer.text == "list cu" and not moment.searching, "x"),
        (text_is("list cux"), CTRL_C),
    )


def test_alt_enter_in_a_search_takes_what_was_found_and_runs_nothing(tmp_path: Path) -> None:
    driven = drive(
        tmp_path,
        "list customers" + ENTER,
        (prompt_is(2), CTRL_R + "list"),
        (previewed("list customers"), META_ENTER),
        (lambda moment: "\n" in moment.buffer.text and not moment.searching, CTRL_C),
    )
    assert len(driven.transport.sent) == 1


# --- the editor -----------------------------------------------------------------------------------------

EDIT = "\x18\x05"


@pytest.fixture
def editor(tmp_path: Path) -> Callable[[str], None]:
    """Makes a shell script the editor of the session; `$1` is the file."""

    def make(script: str) -> None:
        path = tmp_path / "editor"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    return make


def test_ctrl_x_ctrl_e_edits_what_is_being_written(tmp_path: Path, editor: Callable[[str], None]) -> None:
    editor('sed -i s/Ann/Bob/ "$1"')
    driven = drive(tmp_path, TYPED + EDIT, (text_is(BLOCK.replace("Ann", "Bob")), ENTER + ENTER))
    assert [request.body for request in driven.transport.sent] == [b"email=ann%40x.co&name=Bob"]


def test_edit_below_a_block_edits_the_block(tmp_path: Path, editor: Callable[[str], None]) -> None:
    editor('sed -i s/Ann/Bob/ "$1"')
    driven = drive(tmp_path, f"{TYPED}{ENTER}@edit{ENTER}", (text_is(BLOCK.replace("Ann", "Bob")), ENTER + ENTER))
    assert [request.body for request in driven.transport.sent] == [b"email=ann%40x.co&name=Bob"]


@pytest.mark.parametrize("script", ["exit 1", 'rm "$1"; exit 3', "kill -9 $$", 'rm "$1"'])
def test_an_editor_that_fails_leaves_the_text(tmp_path: Path, editor: Callable[[str], None], script: str) -> None:
    editor(script)
    driven = drive(
        tmp_path, TYPED + EDIT, (text_is(BLOCK), "x"), (text_is(f"{BLOCK}x"), CTRL_C)
    )  # fmt: skip
    assert "nothing was changed" in driven.console.text


def test_an_interrupt_is_the_editor_s_own(tmp_path: Path, editor: Callable[[str], None]) -> None:
    editor('kill -INT $PPID; sed -i s/Ann/Bob/ "$1"')
    drive(tmp_path, TYPED + EDIT, (text_is(BLOCK.replace("Ann", "Bob")), CTRL_C))


# --- leaving --------------------------------------------------------------------------------------------


def test_ctrl_c_abandons_the_line_alone(tmp_path: Path) -> None:
    driven = drive(
        tmp_path, "delete customer id=cus_1", (text_is("delete customer id=cus_1"), CTRL_C), (prompt_is(2), "@vars\r")
    )
    assert driven.transport.sent == []
    assert driven.code == 0


def test_ctrl_d_with_text_does_not_leave(tmp_path: Path) -> None:
    driven = drive(tmp_path, "@vars", (text_is("@vars"), CTRL_D + ENTER))
    assert driven.code == 0
    assert driven.transport.sent == []


def test_a_failure_does_not_end_the_prompt(tmp_path: Path) -> None:
    def broken(_: Request) -> Response:
        raise RuntimeError("out of order")

    driven = drive(
        tmp_path,
        "list customers" + ENTER,
        (prompt_is(2), "@run nowhere.stripe" + ENTER),
        (prompt_is(3), "@watch" + ENTER),
        (prompt_is(4), ")(*&" + ENTER),
        answer=broken,
    )
    assert "internal error, please report it: RuntimeError: out of order" in driven.console.text
    assert "nowhere.stripe cannot be read" in driven.console.text
    assert "how often?" in driven.console.text
    assert "E101" in driven.console.text
    assert driven.code == 0


# --- live -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("typed", "sent"), [("cus_7", 1), ("y", 0), (CTRL_C, 0), (CTRL_D, 0)])
def test_a_live_write_is_confirmed_by_the_id(tmp_path: Path, typed: str, sent: int) -> None:
    answer = typed if typed in {CTRL_C, CTRL_D} else typed + ENTER
    driven = drive(tmp_path, "delete customer id=cus_7" + ENTER, default="stripe", confirmation=answer)
    assert len(driven.transport.writes) == sent
    assert ("nothing was sent" in driven.console.text) is (sent == 0)
    assert driven.code == 0


# --- a long paste ---------------------------------------------------------------------------------------


def test_many_blocks_pasted_at_once(tmp_path: Path) -> None:
    many = "\n".join(f"{BLOCK.replace('Ann', f'Ann {number}')}\n" for number in range(100))
    driven = drive(tmp_path, paste(many), (text_is(many), ENTER))
    assert len(driven.transport.sent) == 100


def test_below_a_long_paste_names_are_still_offered(tmp_path: Path) -> None:
    many = f"{BLOCK}\n\n" * 200 + "/sandbox\naction: create\nentity: customer\n"
    drive(tmp_path, paste(many), (text_is(many), "ema"), (offered("email"), TAB), (chosen("email"), CTRL_C))
