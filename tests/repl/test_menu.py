"""The completion menu: when it opens by itself, whose the arrows are, how Esc takes back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from prompt_toolkit.input import PipeInput

from tests.repl.driver import (
    CTRL_C,
    CTRL_D,
    DOWN,
    ENTER,
    META_ENTER,
    TAB,
    UP,
    Driver,
    Moment,
    chosen,
    drive,
    offered,
    prompt_is,
    text_is,
)

CTRL_N, CTRL_P, CTRL_SPACE, ESCAPE, SHIFT_TAB, BACKSPACE = "\x0e", "\x10", "\x00", "\x1b", "\x1b[Z", "\x7f"
BLOCK = "/sandbox\naction: create\nentity: customer\n"
TYPED = BLOCK.replace("\n", ENTER)


def cursor_in(row: int, text: str) -> Callable[[Moment], bool]:
    """The cursor is in the row, and the text is this one."""
    return lambda moment: moment.buffer.text == text and moment.buffer.document.cursor_position_row == row


def without_menu(text: str) -> Callable[[Moment], bool]:
    return lambda moment: moment.buffer.text == text and moment.buffer.complete_state is None


# --- the arrows -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [UP, CTRL_P])
def test_up_in_a_block_goes_up_past_an_open_menu(tmp_path: Path, key: str) -> None:
    drive(tmp_path, f"{TYPED}em", (offered("email"), key), (cursor_in(2, f"{BLOCK}em"), CTRL_C))


def test_down_does_not_enter_an_open_menu(tmp_path: Path) -> None:
    drive(tmp_path, f"{TYPED}em", (offered("email"), DOWN + "a"), (text_is(f"{BLOCK}ema"), CTRL_C))


def test_up_on_a_word_searches_history_past_an_open_menu(tmp_path: Path) -> None:
    drive(
        tmp_path,
        "list prices" + ENTER,
        (prompt_is(2), "@vars" + ENTER),
        (prompt_is(3), "li"),
        (offered("list"), UP),
        (text_is("list prices"), DOWN),
        (text_is("li"), CTRL_C),
    )


@pytest.mark.parametrize("key", [TAB, CTRL_N])
def test_tab_and_ctrl_n_enter_an_open_menu(tmp_path: Path, key: str) -> None:
    drive(
        tmp_path,
        f"{TYPED}tax_exempt: ",
        (offered("reverse"), key),
        (chosen("exempt"), DOWN),
        (chosen("none"), UP),
        (chosen("exempt"), CTRL_N),
        (chosen("none"), CTRL_P),
        (chosen("exempt"), SHIFT_TAB),
        (text_is(f"{BLOCK}tax_exempt: "), CTRL_C),
    )


def test_ctrl_space_enters_without_choosing(tmp_path: Path) -> None:
    drive(
        tmp_path,
        f"{TYPED}tax_exempt: ",
        (offered("reverse"), CTRL_SPACE + "re" + BACKSPACE + BACKSPACE),
        (without_menu(f"{BLOCK}tax_exempt: "), CTRL_SPACE),
        (offered("reverse"), DOWN),
        (chosen("exempt"), ENTER),
        (text_is(f"{BLOCK}tax_exempt: exempt"), CTRL_C),
    )


def test_tab_opens_the_menu_and_down_moves_in_it(tmp_path: Path) -> None:
    drive(tmp_path, TYPED, (text_is(BLOCK), TAB), (offered("email"), DOWN), (chosen("email"), CTRL_C))


def test_tab_takes_the_only_item(tmp_path: Path) -> None:
    text = f"{BLOCK}tax_exempt: rev"
    opened = text.replace("\n", ENTER), (offered("reverse"), ESCAPE)
    drive(tmp_path, *opened, (without_menu(text), TAB), (text_is(f"{text}erse"), CTRL_C))


# --- Esc ------------------------------------------------------------------------------------------------


def test_esc_closes_the_menu_and_restores_the_text(tmp_path: Path) -> None:
    driven = drive(
        tmp_path,
        f"{TYPED}em",
        (offered("email"), TAB),
        (chosen("email"), ESCAPE),
        (without_menu(f"{BLOCK}em"), "ail: a@b.co"),
        (text_is(f"{BLOCK}email: a@b.co"), CTRL_C),
    )
    assert driven.transport.sent == []


class Patient(Driver):
    """A prompt that waits for the second of two keys as long as it takes."""

    def _drive(self, pipe: PipeInput) -> None:
        self.prompt.reader.app.timeoutlen = None
        super()._drive(pipe)


def test_esc_waits_for_no_second_key(tmp_path: Path) -> None:
    steps = [(text_is(""), f"{TYPED}em"), (offered("email"), ESCAPE), (without_menu(f"{BLOCK}em"), CTRL_C)]
    driven = Patient(tmp_path, [*steps, (prompt_is(2), CTRL_D)])
    assert driven.prompt.reader.app.ttimeoutlen <= 0.1


def test_after_esc_enter_goes_on(tmp_path: Path) -> None:
    drive(tmp_path, f"{TYPED}em", (offered("email"), ESCAPE), (without_menu(f"{BLOCK}em"), ENTER),
          (text_is(f"{BLOCK}em\n"), CTRL_C))  # fmt: skip


def test_alt_enter_with_an_open_menu_is_no_esc(tmp_path: Path) -> None:
    drive(tmp_path, "list cust", (offered("customers"), META_ENTER), (text_is("list cust\n"), CTRL_C))


# --- when it opens by itself ----------------------------------------------------------------------------


def menus(driven_text: str, tmp_path: Path) -> list[list[str]]:
    """The menus of the frames that show the text at its end, typed key by key."""
    text = driven_text.replace(ENTER, "\n")
    driven = drive(tmp_path, *driven_text, (text_is(text), CTRL_C))
    return [frame for frame, shown in zip(driven.frames, driven.texts, strict=True) if shown == text]


@pytest.mark.parametrize("typed", [f"{TYPED}e", "list c", "@f", f"{TYPED}tax_exempt: ", "create customer "])
def test_it_opens_while_a_word_is_typed(tmp_path: Path, typed: str) -> None:
    assert menus(typed, tmp_path)[-1]


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        TYPED,
        f"{TYPED}  ",
        f"{TYPED}metadata: {{{ENTER}em",
        f"{TYPED}metadata: {{{ENTER}",
        'create customer metadata={"a": "b", em',
        '{"em',
        f'{TYPED}description: """{ENTER}em',
        'create customer description="""em',
        f"{TYPED}# em",
    ],
)
def test_it_does_not_open(tmp_path: Path, typed: str) -> None:
    assert not any(menus(typed, tmp_path))


def test_behind_json_it_opens_again(tmp_path: Path) -> None:
    assert menus(f'{TYPED}metadata: {{"a": 1}}{ENTER}em', tmp_path)[-1]
