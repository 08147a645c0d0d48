"""What a person sees of completion: the program in a real pseudo-terminal, in windows of four sizes."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.repl.terminal import CTRL_C, ENTER, TAB, Terminal, shell

SIZES = [(80, 24), (120, 40), (60, 20), (100, 6)]
LEFT = "\x1b[D"

each_size = pytest.mark.parametrize(("columns", "lines"), SIZES)


@contextmanager
def opened(home: Path, columns: int = 80, lines: int = 24) -> Iterator[Terminal]:
    terminal = shell(home, columns=columns, lines=lines)
    try:
        terminal.wait("sandbox>")
        yield terminal
    finally:
        terminal.close()


def visible(terminal: Terminal) -> str:
    """The screen alone, without what has scrolled away."""
    return "\n".join(line.rstrip() for line in terminal.screen.display)


def wait_screen(terminal: Terminal, *wanted: str, without: str = "\0") -> str:
    """Waits until all these texts are on the screen, and one is not."""
    terminal.wait(lambda _: all(text in visible(terminal) for text in wanted) and without not in visible(terminal))
    return visible(terminal)


def is_bold(terminal: Terminal, word: str) -> bool:
    """Whether the word is drawn bold where it stands in the menu: in the last line that has it."""
    rows = [row for row, line in enumerate(terminal.screen.display) if word in line]
    column = terminal.screen.display[rows[-1]].index(word)
    return all(terminal.screen.buffer[rows[-1]][column + at].bold for at in range(len(word)))


@each_size
def test_required_fields_are_bold_with_a_star(tmp_path: Path, columns: int, lines: int) -> None:
    with opened(tmp_path, columns, lines) as terminal:
        terminal.type("create price ")
        wait_screen(terminal, "currency*", "three letters: usd")
        assert is_bold(terminal, "currency*")
        assert not is_bold(terminal, "three letters")


@each_size
def test_an_optional_field_is_not_bold(tmp_path: Path, columns: int, lines: int) -> None:
    with opened(tmp_path, columns, lines) as terminal:
        terminal.type("create customer descr")
        wait_screen(terminal, "description", "your own words")
        assert not is_bold(terminal, "your own words")
        row = next(line for line in terminal.screen.display if "your own words" in line)
        assert "description " in row
        assert not is_bold(terminal, row.split()[0])


@each_size
def test_in_the_middle_of_a_word_its_rest_is_replaced(tmp_path: Path, columns: int, lines: int) -> None:
    with opened(tmp_path, columns, lines) as terminal:
        terminal.type(f"list customers limit=5{LEFT * 14}")
        terminal.type(TAB)
        wait_screen(terminal, "customer.bank_accounts")
        terminal.type(TAB + TAB)
        wait_screen(terminal, "list customer.balance_transactions limit=5")


def test_tab_writes_the_only_item_whole(tmp_path: Path) -> None:
    with opened(tmp_path) as terminal:
        terminal.type(f"create customer phon{LEFT}{LEFT}{TAB}")
        wait_screen(terminal, "create customer phone=")
        terminal.type(CTRL_C)


def test_what_has_its_letters_alone_is_no_action(tmp_path: Path) -> None:
    """`ct` has two letters of `create` in order."""
    with opened(tmp_path) as terminal:
        terminal.type(f"ct{TAB}")
        terminal.enter("x")
        shown = terminal.wait("unknown action `ctx`")
        assert "create " not in shown.partition("sandbox> ")[2].split("ctx")[0]


# --- ids ------------------------------------------------------------------------------------------------


@each_size
def test_an_id_is_found_by_its_label_in_any_script(tmp_path: Path, columns: int, lines: int) -> None:
    with opened(tmp_path, columns, lines) as terminal:
        for name, email in (("Ann Lee", "ann@x.co"), ("Зоя", "zoe@x.co"), ("王伟", "wei@x.co")):
            terminal.enter(f'create customer email={email} name="{name}"')
            terminal.wait(lambda text, email=email: "req_" in text.split(email)[-1] and ended(text))
        for part, label in (
            ("lee", "Ann Lee · ann@x.co · now"),
            ("зо", "Зоя · zoe@x.co · now"),
            ("王", "王伟 · wei@x.co"),
        ):
            terminal.type(f"get customer id={part}")
            shown = wait_screen(terminal, label)
            assert "cus_" in next(line for line in shown.split("\n") if label in line)
            terminal.type(TAB)
            terminal.wait(lambda text: "get customer id=cus_" in text.split("sandbox>")[-1])
            terminal.drop()


def ended(text: str) -> bool:
    """An empty prompt waits on the last line that has one."""
    prompts = [line for line in text.split("\n") if line.startswith("sandbox>")]
    return bool(prompts) and prompts[-1] == "sandbox>"


# --- test cards, dates, countries -----------------------------------------------------------------------


@each_size
def test_test_cards_stand_with_what_they_do(tmp_path: Path, columns: int, lines: int) -> None:
    with opened(tmp_path, columns, lines) as terminal:
        terminal.type("create payment_intent payment_method=expired")
        wait_screen(
            terminal,
            "pm_card_chargeDeclinedExpiredCard",
            "declined: expi" if columns < 80 else "declined: expired_card",
        )
        terminal.type(TAB)
        wait_screen(terminal, "payment_method=pm_card_charge")


def test_a_live_prompt_offers_no_test_card(tmp_path: Path) -> None:
    program = "import sys; from stripe_shell.cli import main; raise SystemExit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", program, "--connection", "stripe"]
    terminal = Terminal(command, tmp_path, environment={"STRIPE_API_KEY": "sk_live_" + "a1" * 12})
    try:
        terminal.wait("LIVE stripe")
        terminal.type("create payment_intent payment_method=pm")
        terminal.wait("payment_method=pm")
        terminal.type(" confirm=")  # its menu is drawn behind the one that would have stood before it
        terminal.wait("false")
        assert "pm_card" not in terminal.text
    finally:
        terminal.close()


@each_size
def test_times_stand_with_their_date(tmp_path: Path, columns: int, lines: int) -> None:
    with opened(tmp_path, columns, lines) as terminal:
        terminal.type("create subscription trial_end=now+14")
        day = (datetime.now(UTC) + timedelta(days=14)).strftime("%b %Y")
        shown = wait_screen(terminal, "now+14d", day)
        assert re.search(rf"now\+14d +\w{{3}} \d\d? {day}", shown)


@each_size
def test_a_country_is_found_by_its_name(tmp_path: Path, columns: int, lines: int) -> None:
    with opened(tmp_path, columns, lines) as terminal:
        terminal.type("create customer address.country=germ")
        wait_screen(terminal, "Germany")
        terminal.type(TAB + ENTER)
        wait_screen(terminal, "address.country=DE", without="Germany")


def test_a_word_for_a_currency_is_none(tmp_path: Path) -> None:
    with opened(tmp_path) as terminal:
        terminal.enter("create price currency=dollar amount=5")
        terminal.wait("not one of its values; usd?")
        assert "req_" not in terminal.text


# --- files ----------------------------------------------------------------------------------------------


@each_size
def test_files_are_offered_folder_by_folder(tmp_path: Path, columns: int, lines: int) -> None:
    (tmp_path / "nightly").mkdir()
    (tmp_path / "nightly" / "sync.stripe").write_text("list customers\n", encoding="utf-8")
    (tmp_path / ".secret.stripe").write_text("", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("", encoding="utf-8")
    with opened(tmp_path, columns, lines) as terminal:
        terminal.type("@run ")
        shown = wait_screen(terminal, "nightly/", without=".secret")
        assert "notes.txt" not in shown
        terminal.type(TAB + ENTER)
        wait_screen(terminal, "@run nightly/")
        terminal.type(f"s{TAB}")
        wait_screen(terminal, "@run nightly/sync.stripe")
        terminal.type(ENTER + ENTER)  # the first one takes the item
        terminal.wait(lambda text: "list customers" in text and ended(text))


def test_hidden_files_are_offered_after_a_dot(tmp_path: Path) -> None:
    (tmp_path / ".secret.stripe").write_text("", encoding="utf-8")
    with opened(tmp_path) as terminal:
        terminal.type("@run .")
        wait_screen(terminal, ".secret.stripe")


# --- JSON -----------------------------------------------------------------------------------------------


@each_size
@pytest.mark.parametrize(
    "typed",
    ['create customer metadata={"em', 'create customer metadata={"a": "b", "na', '{"em', "create price tiers=[{am"],
)
def test_nothing_opens_by_itself_inside_json(tmp_path: Path, columns: int, lines: int, typed: str) -> None:
    with opened(tmp_path, columns, lines) as terminal:
        terminal.type(typed)
        terminal.wait(typed)
        terminal.type(TAB + "x")
        terminal.wait(f"{typed}x")
        above_the_toolbar = visible(terminal).rpartition("\n")[0]
        assert not any(word in above_the_toolbar for word in ("email*", "name*", "amount_", "string", "required"))


@each_size
def test_a_reference_inside_json_is_offered_to_who_asks(tmp_path: Path, columns: int, lines: int) -> None:
    with opened(tmp_path, columns, lines) as terminal:
        typed = 'create customer metadata={"a": "${'
        terminal.type(typed)
        terminal.wait(typed)
        terminal.type("e")
        terminal.wait(f"{typed}e")
        assert "env:" not in visible(terminal)
        terminal.type("\x7f" + TAB)
        wait_screen(terminal, "env:", "uuid" if lines > 6 else "now")
