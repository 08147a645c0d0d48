"""What the prompt adds to the keys works in emacs mode and in vi mode alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from prompt_toolkit.enums import EditingMode

from tests.repl.driver import (
    CTRL_C,
    DOWN,
    ENTER,
    META_ENTER,
    TAB,
    UP,
    Moment,
    chosen,
    drive,
    offered,
    paste,
    prompt_is,
    text_is,
)

LEFT, ESCAPE, EDIT, PAGE_UP, CTRL_N = "\x1b[D", "\x1b", "\x18\x05", "\x1b[5~", "\x0e"
CREATE = "create customer email=a@b.co name=Ann"
BLOCK = "/sandbox\naction: create\nentity: customer\n"
TYPED = BLOCK.replace("\n", ENTER)

each_mode = pytest.mark.parametrize("mode", EditingMode)


@each_mode
def test_enter_in_the_middle_of_a_line_runs_it(tmp_path: Path, mode: EditingMode) -> None:
    assert len(drive(tmp_path, CREATE + LEFT * 5 + ENTER, mode=mode).transport.sent) == 1


@each_mode
def test_alt_enter_begins_a_line(tmp_path: Path, mode: EditingMode) -> None:
    driven = drive(tmp_path, CREATE + META_ENTER, (text_is(f"{CREATE}\n"), CTRL_C), mode=mode)
    assert driven.transport.sent == []


@each_mode
@pytest.mark.parametrize("key", [TAB, CTRL_N])
def test_the_menu_is_entered_on_purpose(tmp_path: Path, mode: EditingMode, key: str) -> None:
    drive(
        tmp_path,
        f"{TYPED}em",
        (offered("email"), UP),
        (lambda moment: moment.buffer.document.cursor_position_row == 2, DOWN + "a"),
        (text_is(f"{BLOCK}ema"), key),
        (chosen("email"), ENTER),
        (lambda moment: moment.buffer.text.endswith("email: "), CTRL_C),
        mode=mode,
    )


@each_mode
def test_esc_restores_the_text(tmp_path: Path, mode: EditingMode) -> None:
    drive(
        tmp_path,
        f"{TYPED}em",
        (offered("email"), TAB),
        (chosen("email"), ESCAPE),
        (lambda moment: moment.buffer.text == f"{BLOCK}em" and moment.buffer.complete_state is None, CTRL_C),
        mode=mode,
    )


def test_esc_ends_inserting_in_vi_mode(tmp_path: Path) -> None:
    drive(
        tmp_path, "list customersx", ESCAPE, (is_at(14), "x"), (text_is("list customers"), ENTER), mode=EditingMode.VI
    )


def is_at(cursor: int) -> Callable[[Moment], bool]:
    return lambda moment: moment.buffer.cursor_position == cursor


@each_mode
def test_history_answers_to_a_beginning_and_as_a_whole(tmp_path: Path, mode: EditingMode) -> None:
    drive(
        tmp_path,
        "list prices" + ENTER,
        (prompt_is(2), "@vars" + ENTER),
        (prompt_is(3), "li" + UP),
        (text_is("list prices"), DOWN),
        (text_is("li"), CTRL_C),
        (prompt_is(4), PAGE_UP + PAGE_UP),
        (text_is("list prices"), CTRL_C),
        mode=mode,
    )


@each_mode
def test_the_editor_opens_the_text(tmp_path: Path, mode: EditingMode) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nsed -i s/Ann/Bob/ "$1"\n')
    editor.chmod(0o755)
    drive(tmp_path, CREATE + EDIT, (text_is(CREATE.replace("Ann", "Bob")), CTRL_C), mode=mode)


@each_mode
def test_pasted_text_is_inserted(tmp_path: Path, mode: EditingMode) -> None:
    driven = drive(tmp_path, "x", paste("list prices\n"), (text_is("xlist prices\n"), CTRL_C), mode=mode)
    assert driven.transport.sent == []


@each_mode
def test_a_search_is_dropped_by_esc(tmp_path: Path, mode: EditingMode) -> None:
    drive(
        tmp_path,
        "list prices" + ENTER,
        (prompt_is(2), "@va\x12list\x12"),
        (lambda moment: moment.shown == "list prices", ESCAPE),
        (lambda moment: moment.buffer.text == "@va" and not moment.searching, CTRL_C),
        mode=mode,
    )
