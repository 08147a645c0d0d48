"""After an error: one sure correction is typed, of several suggestions Tab takes one after the other."""

from __future__ import annotations

from pathlib import Path

from tests.repl.driver import CTRL_C, ENTER, TAB, drive, text_is
from tests.repl.terminal import shell

WRONG = "create refund charge=ch_1 reason=bored"


def test_tab_puts_one_suggestion_after_the_other_in_the_place(tmp_path: Path) -> None:
    head = WRONG.removesuffix("bored")
    drive(
        tmp_path,
        f"{WRONG}{ENTER}",
        (lambda moment: moment.prompt == 2 and moment.buffer.text == WRONG, TAB),
        (text_is(f"{head}duplicate"), TAB),
        (text_is(f"{head}fraudulent"), TAB),
        (text_is(f"{head}requested_by_customer"), TAB),
        (text_is(f"{head}duplicate"), CTRL_C),
    )


def test_the_sure_correction_is_typed_and_tab_goes_to_its_end(tmp_path: Path) -> None:
    right = "create customer email=a@b.co name=Ann"
    drive(
        tmp_path,
        f"create customer emial=a@b.co name=Ann{ENTER}",
        (
            lambda moment: moment.prompt == 2 and moment.buffer.text == right and moment.buffer.cursor_position == 21,
            TAB,
        ),
        (lambda moment: moment.buffer.text == right and moment.buffer.cursor_position == len(right), " phone=1"),
        (text_is(f"{right} phone=1"), CTRL_C),
    )


def test_tab_goes_through_names_that_are_equally_near(tmp_path: Path) -> None:
    wrong = "create customer email=a@b.co name=Ann address.line3=x"
    drive(
        tmp_path,
        f"{wrong}{ENTER}",
        (lambda moment: moment.prompt == 2 and moment.buffer.text == wrong, TAB),
        (text_is(wrong.replace("line3", "line1")), TAB),
        (text_is(wrong.replace("line3", "line2")), CTRL_C),
    )


def test_the_choices_end_with_another_change_of_the_text(tmp_path: Path) -> None:
    drive(
        tmp_path,
        f"{WRONG}{ENTER}",
        (lambda moment: moment.prompt == 2 and moment.buffer.text == WRONG, "x"),
        (text_is(f"{WRONG}x"), TAB + "y"),
        (text_is(f"{WRONG}xy"), CTRL_C),
    )


def test_tab_on_the_screen(tmp_path: Path) -> None:
    terminal = shell(tmp_path)
    try:
        terminal.wait("sandbox>")
        terminal.enter(WRONG)
        terminal.wait(lambda text: "Tab puts it right" in text and text.count("reason=bored") >= 2)
        terminal.type(TAB)
        terminal.wait("reason=duplicate")
    finally:
        terminal.close()
