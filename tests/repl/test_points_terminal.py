"""What the prompt must show, at four sizes of a real terminal; the tests of a size share one session."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.repl.shared import SIZES, SharedSession
from tests.repl.terminal import CTRL_C, DOWN, ENTER, ESCAPE, TAB, shell

UP = "\x1b[A"
DECLINED = (
    "create payment_intent amount=500 currency=usd payment_method=pm_card_chargeDeclined confirm=true "
    'automatic_payment_methods={"enabled": true, "allow_redirects": "never"}'
)


@pytest.fixture(scope="module", params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedSession]:
    home = tmp_path_factory.mktemp("home")
    terminal = shell(home, columns=request.param[0], lines=request.param[1])
    try:
        terminal.wait("sandbox>")
        shared = SharedSession(terminal)
        shared.run('create customer email=ann@x.co name="Ann Lee" metadata.tier=gold', "✓ create customer")
        shared.run("create customer email=bob@x.co name=Bob", "✓ create customer")
        yield shared
    finally:
        terminal.close()


@pytest.fixture
def session(opened: SharedSession) -> SharedSession:
    opened.begin()
    return opened


# --- mended first ---------------------------------------------------------------------------------------


def test_a_failed_call_leaves_last_alone(session: SharedSession) -> None:
    session.run("get customer id=cus_none00000000", "resource_missing")
    session.run("@open id", "cus_")
    assert "the last success" not in session.text
    session.run("update customer id=${last.id} description=still", "✓ update customer")
    session.run("@let code = ${error.code}", "")
    session.run("@vars", "resource_missing")


def test_the_toolbar_says_what_enter_does(session: SharedSession) -> None:
    session.type("list customers")
    session.wait(lambda _: session.terminal.screen.display[-1].startswith("Enter runs it"))
    session.drop()
    session.enter("/sandbox")
    session.wait(lambda _: session.terminal.screen.display[-1].startswith("needs action, entity"))
    session.type("action: list")
    session.wait(lambda _: session.terminal.screen.display[-1].startswith("needs entity"))


def test_a_message_is_folded_with_an_indent(session: SharedSession) -> None:
    session.enter("create subscription customer=cus_none00000000 pric=x items=y")
    session.wait(lambda text: "JSON in brackets" in session.folded and text.count("sandbox> create subscription") == 2)
    typed = max(number for number, line in enumerate(session.lines) if line.endswith("pric=x items=y"))
    below = [line for line in session.lines[typed + 1 :] if line]
    message = below[: next(number for number, line in enumerate(below) if line.startswith("sandbox>"))]
    assert len(message) >= 3
    assert all(line.startswith("  ") for line in message), "the terminal has folded nothing"


def test_required_fields_are_bold_with_a_star(session: SharedSession) -> None:
    session.type("create price cur")
    session.wait("currency*")
    screen = session.terminal.screen
    row = next(number for number, line in enumerate(screen.display) if "currency*" in line)
    column = screen.display[row].index("currency*")
    assert all(screen.buffer[row][column + at].bold for at in range(len("currency*")))
    other = next((number for number, line in enumerate(screen.display) if "currency_options" in line), None)
    assert other is None or not screen.buffer[other][screen.display[other].index("currency_options")].bold


def test_a_word_and_up_stays_out_of_the_menu(session: SharedSession) -> None:
    session.run("list customers limit=1", "Enter next page")
    session.type("li")
    session.wait(lambda _: (session.written() or "").startswith("li"))
    session.type(UP)
    session.wait(lambda text: text.count("sandbox> list customers limit=1") == 2)
    session.type(DOWN)
    session.wait(lambda text: re.search(r"sandbox> li( |$)", text, re.M) is not None)


def test_no_menu_opens_inside_json(session: SharedSession) -> None:
    block = f"/sandbox{ENTER}action: create{ENTER}entity: customer{ENTER}"
    session.type(f"{block}em")
    session.wait("email*")
    session.drop()
    session.type(f"{block}address: {{{ENTER}em")
    session.wait(lambda _: re.search(r"address: \{\n *… em", session.text) is not None)
    assert "email*" not in session.text


def test_what_failed_is_kept_and_not_suggested(session: SharedSession) -> None:
    failed = "create customer emial=zed@x.co name=Zed"
    session.enter(failed)
    session.wait("no such parameter; email?")
    session.begin()
    session.type("create customer emial=zed@x.co n")
    session.wait(lambda _: session.terminal.screen.display[-1].startswith("no such parameter"))  # after a pause
    assert session.written() == "create customer emial=zed@x.co n", "nothing is suggested"
    session.type(UP)
    session.wait(lambda _: session.written() == failed)


def test_a_decline_tells_its_payment_intent(session: SharedSession) -> None:
    session.enter(DECLINED)
    session.at_prompt("card_declined")
    assert re.search(r"pi_3\w{10,}", session.text)


def test_a_wrong_currency_is_not_sent(session: SharedSession) -> None:
    session.enter("create payment_intent amount=500 currency=dollar")
    session.wait("usd?")
    session.wait(lambda text: "currency=usd" in text)
    assert "req_" not in session.text


def test_watch_redraws_a_read_and_refuses_a_write(session: SharedSession) -> None:
    session.enter("@watch 1s list customers limit=1")
    session.terminal.wait(lambda text: "Ctrl-C ends" in " ".join(text.split()))  # it draws over what was above
    session.type(CTRL_C)
    session.begin()
    session.run("@watch 1s create customer email=a@b.co name=x", "read")
    assert "✓ create customer" not in session.text


def test_a_curl_command_becomes_a_block(session: SharedSession) -> None:
    session.terminal.paste(
        "curl https://api.stripe.com/v1/customers -u sk_test_abcdefghijkl: -d name=Carl -d email=c@x.co"
    )
    session.wait("Enter takes it")
    session.type(ENTER)
    session.wait(lambda text: "name: Carl" in text and "Enter sends it" in text)
    assert "✓" not in session.text, "the first Enter takes it"
    session.type(ENTER)
    session.wait("✓ create customer")
    assert "sk_test_abcdefghijkl" not in session.text.rpartition("✓")[2]


# --- results --------------------------------------------------------------------------------------------


def test_rows_have_numbers_and_pages(session: SharedSession) -> None:
    session.run("list customers limit=1", "Enter next page")
    session.type(ENTER)
    session.wait(lambda text: re.search(r"^ ?2 ", text, re.M) is not None)
    session.at_prompt()
    session.run("@open 1", "customer")
    session.run("get customer 1", "✓ retrieve customer")


def test_the_last_result_is_sorted_counted_and_summed(session: SharedSession) -> None:
    session.run("list customers @sort email", "@open")
    emails = re.findall(r"(\w+@x\.co)", session.text.split("@sort email", 1)[1])
    assert emails == sorted(emails)
    assert len(emails) >= 2
    session.run("@count", "rows")
    session.run("@sum balance by currency", "")
    session.run("list customers | wc -l", "$ wc -l")


def test_a_result_goes_into_a_file(session: SharedSession, opened: SharedSession) -> None:
    session.run("list customers @out mine.csv", "rows → mine.csv")
    session.run("list customers > mine.json", "→ mine.json")


def test_an_answer_is_walked_into_and_compared(session: SharedSession) -> None:
    session.run("create product name=Pro", "✓ create product")
    session.run(
        "create price product=${last.id} currency=usd unit_amount=2000 recurring.interval=month", "✓ create price"
    )
    session.run("@open recurring.interval", "month")
    session.run("@open product", "Pro")
    session.run("list prices limit=1", "1")
    session.run("update price 1 nickname=Monthly", "nickname (none) → Monthly")
    assert "unit_amount" not in session.text.rpartition("update price")[2]
    session.run("@diff", "nickname (none) → Monthly")
    assert "unit_amount" not in session.text.rpartition("@diff")[2]
    session.run("@events", "price.updated")


def test_money_and_times_are_those_of_people(session: SharedSession) -> None:
    session.run("create price currency=jpy unit_amount=500 product_data.name=Yen", "500 JPY")
    session.run("create price currency=kwd unit_amount=5120 product_data.name=Dinar", "5.120 KWD")


# --- short ways -----------------------------------------------------------------------------------------


def test_an_id_is_a_command(session: SharedSession) -> None:
    session.run("list customers limit=1 @open 1", "cus_")
    name = re.findall(r"cus_[A-Za-z0-9]{14}", session.text)[-1]
    session.run(name, f"→ retrieve customer id={name}")
    session.run(f"12:00 the webhook of {name} failed", "✓ retrieve customer")
    session.run("customers limit=1", "→ list customer limit=1")
    session.run("balance", "→ retrieve balance")


def test_the_sandbox_goes_back_and_forward(session: SharedSession) -> None:
    session.run("@snapshot one", "snapshot `one`")
    session.run("create customer email=gone@x.co name=Gone", "✓ create customer")
    session.run("@undo", "is gone again")
    session.run("@clock +1mo", "→")
    session.type("@rollback ")
    session.wait(lambda text: "one" in text.rpartition("@rollback")[2])
    session.enter("one")
    session.at_prompt("back at `one`")
    session.run("@snapshot drop one", "is removed")


def test_blocks_have_names_and_the_way_back_is_there(session: SharedSession) -> None:
    session.run("@name two list customers limit=2", "@do two runs it")
    session.run("@do two", "→ list customers limit=2")
    session.run("@history 2", "@history 2")
    session.run("@curl", "curl")
    session.run("@cli", "stripe ")
    session.run("@python", "stripe")


def test_help_has_an_example_and_f1_explains(session: SharedSession) -> None:
    session.run("@help create customer", "email")
    session.type("create customer email")
    session.wait("create customer email")
    session.type("\x1bOP")
    session.wait(lambda text: text.count("email") > 2)
    session.type(f"{ESCAPE}")


# --- errors ---------------------------------------------------------------------------------------------


def test_the_corrected_line_is_typed(session: SharedSession) -> None:
    session.enter("create customer emial=ann@x.co name=Ann")
    session.wait("no such parameter; email?")
    session.wait(lambda text: "create customer email=ann@x.co" in text)
    session.wait("Tab puts it right")
    session.type(TAB + ENTER)
    session.at_prompt("✓ create customer")


def test_a_wrong_name_is_underlined_after_a_pause(session: SharedSession) -> None:
    session.type("create customer emial=ann@x.co name=Ann")
    session.wait(lambda _: session.terminal.screen.display[-1].startswith("no such parameter; email?"))
    screen = session.terminal.screen
    row = max(number for number, line in enumerate(screen.display) if "emial" in line and "=" in line)
    assert screen.buffer[row][screen.display[row].index("emial")].underscore
