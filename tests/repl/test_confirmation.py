"""Live writes: what is asked, what has to be typed, and that nothing else sends anything, counted at a server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from stripe_shell.wire import Request, Response
from tests.repl.remote import LIVE_KEY, Remote, at_prompt, echo, listening, remote_shell, respond
from tests.repl.terminal import CTRL_C, CTRL_D, ENTER, Terminal

SIZES = [(80, 24), (120, 40), (60, 20), (100, 6)]
ACCOUNT = {"id": "acct_1AbcDef9x2f", "object": "account", "settings": {"dashboard": {"display_name": "Acme"}}}
ANN = {"id": "cus_NffrFeUf", "object": "customer", "name": "Ann Lee", "email": "ann@x.co", "livemode": True}


def answer(request: Request) -> Response:
    if request.path == "/v1/account":
        return respond(ACCOUNT)
    if request.path == "/v1/customers/cus_NffrFeUf" and request.method == "GET":
        return respond(ANN)
    return echo(request)


@pytest.fixture
def remote() -> Iterator[Remote]:
    with listening() as server:
        server.answer = answer
        yield server


def flat(terminal: Terminal) -> str:
    return " ".join(" ".join(terminal.lines).split())


def ask(terminal: Terminal, line: str, asked: str) -> None:
    terminal.enter(line)
    terminal.wait(lambda _: flat(terminal).endswith(f"Type {asked} to send it, d to see the request:"))


def refuse(terminal: Terminal, keys: str) -> None:
    count = flat(terminal).count("nothing was sent")
    if keys in (CTRL_C, CTRL_D):
        terminal.type(keys)
    else:
        terminal.enter(keys)
    terminal.wait(lambda text: flat(terminal).count("nothing was sent") > count and at_prompt(text))


CASES = [
    (
        "delete customer id=cus_NffrFeUf",
        "this deletes for good the customer Ann Lee · ann@x.co (cus_NffrFeUf)",
        "cus_NffrFeUf or its last six characters",
        "frFeUf",
        ["y", "yes", "customer", "cus_", "rFeUf", "CUS_NFFRFEUF"],
    ),
    (
        "create payment_intent amount=4_200 currency=usd",
        "this creates a payment intent, 42.00 USD",
        "4200",
        "4200",
        ["y", "42", "4201", "payment_intent"],
    ),
    (
        "create customer email=bob@x.co name=Bob",
        "this creates a customer, email bob@x.co, with name",
        "bob@x.co",
        "bob@x.co",
        ["y", "customer", "ann@x.co"],
    ),
    (
        "create product name=Tea",
        "LIVE stripe Acme …9x2f via",
        "9x2f, the end of the account's id,",
        "9x2f",
        ["y", "product", "x2f"],
    ),
]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("case", CASES, ids=["delete", "payment", "email", "account"])
def test_only_the_right_answer_sends(
    tmp_path: Path, remote: Remote, size: tuple[int, int], case: tuple[str, str, str, str, list[str]]
) -> None:
    line, words, asked, right, wrong = case
    with remote_shell(tmp_path, remote, key=LIVE_KEY, size=size) as terminal:
        for keys in [*wrong, "", CTRL_C, CTRL_D]:
            ask(terminal, line, asked)
            assert words in flat(terminal)
            assert "LIVE" in flat(terminal)
            refuse(terminal, keys)
        assert remote.writes == []
        ask(terminal, line, asked)
        terminal.enter(right)
        terminal.wait(lambda text: "req_1" in text and at_prompt(text))
        assert len(remote.writes) == 1


def test_a_question_costs_at_most_one_get(tmp_path: Path, remote: Remote) -> None:
    with remote_shell(tmp_path, remote, key=LIVE_KEY) as terminal:
        ask(terminal, "delete customer id=cus_NffrFeUf", "cus_NffrFeUf or its last six characters")
        assert [(request.method, request.path) for request in remote.sent] == [("GET", "/v1/customers/cus_NffrFeUf")]
        refuse(terminal, "n")
        ask(terminal, "create payment_intent amount=4200 currency=usd", "4200")
        assert len(remote.sent) == 1
        refuse(terminal, "n")
        for _ in range(2):
            ask(terminal, "create product name=Tea", "9x2f, the end of the account's id,")
            refuse(terminal, "n")
        assert [request.path for request in remote.sent[1:]] == ["/v1/account"]


def test_d_shows_the_request_and_sends_nothing(tmp_path: Path, remote: Remote) -> None:
    with remote_shell(tmp_path, remote, key=LIVE_KEY) as terminal:
        ask(terminal, "create customer email=bob@x.co name=Bob", "bob@x.co")
        terminal.enter("d")
        terminal.wait("POST /v1/customers")
        terminal.wait("name=Bob")
        terminal.wait(lambda text: text.count("d to see the request:") == 2)
        assert remote.sent == []
        terminal.enter("bob@x.co")
        terminal.wait(lambda _: len(remote.writes) == 1)


@pytest.mark.parametrize("pasted", [True, False])
def test_a_pasted_block_does_not_confirm_itself(tmp_path: Path, remote: Remote, pasted: bool) -> None:
    """Also where the terminal brackets no paste, so that what follows the block is typed ahead."""
    with remote_shell(tmp_path, remote, key=LIVE_KEY) as terminal:
        lines = f"delete customer id=cus_NffrFeUf{ENTER}cus_NffrFeUf{ENTER}frFeUf{ENTER}"
        if pasted:
            terminal.paste(lines)
            terminal.wait("frFeUf")
            terminal.type(ENTER)
        else:
            terminal.type(lines * 3)
        terminal.wait(lambda _: flat(terminal).endswith("d to see the request:") or "error" in flat(terminal))
        assert remote.writes == []
        terminal.type(ENTER)
        terminal.wait(at_prompt)
        assert remote.writes == []


def test_a_loop_is_confirmed_by_the_number_of_its_writes(tmp_path: Path, remote: Remote) -> None:
    (tmp_path / "rows.csv").write_text("email\n" + "".join(f"{number}@x.co\n" for number in range(13)))
    (tmp_path / "all.stripe").write_text(
        '@foreach row in "rows.csv"\n/stripe\naction: create\nentity: customer\nemail: ${row.email}\nname: x\n@end\n'
    )
    with remote_shell(tmp_path, remote, key=LIVE_KEY) as terminal:
        ask(terminal, "@run all.stripe", "13, the number of writes,")
        refuse(terminal, "1")
        assert remote.writes == []
        ask(terminal, "@run all.stripe", "13, the number of writes,")
        terminal.enter("13")
        terminal.wait(lambda _: len(remote.writes) == 13)


def test_an_account_that_cannot_be_read_leaves_a_number_that_changes(tmp_path: Path, remote: Remote) -> None:
    refusal = respond({"error": {"type": "invalid_request_error", "message": "no"}}, 403)
    remote.answer = lambda request: refusal if request.path == "/v1/account" else answer(request)
    asked = []
    with remote_shell(tmp_path, remote, key=LIVE_KEY) as terminal:
        for _ in range(3):
            terminal.enter("create product name=Tea")
            terminal.wait(lambda _: flat(terminal).endswith("to send it, d to see the request:"))
            asked.append(flat(terminal).rpartition("Type ")[2].split()[0])
            refuse(terminal, "product")
        assert all(len(each) == 4 and each.isdecimal() for each in asked)
        assert len(set(asked)) > 1
        assert remote.writes == []


def seconds_left(text: str) -> int | None:
    """How long `@live` lasts still, as the last prompt says."""
    found = re.findall(r" (\d+):(\d\d) ", text)
    return int(found[-1][0]) * 60 + int(found[-1][1]) if found else None


@pytest.mark.parametrize("size", SIZES)
def test_live_lets_creates_and_updates_through_and_counts_down(
    tmp_path: Path, remote: Remote, size: tuple[int, int]
) -> None:
    with remote_shell(tmp_path, remote, key=LIVE_KEY, size=size) as terminal:
        terminal.enter("@live 10m")
        terminal.wait("Type 9x2f")
        terminal.enter("9x2f")
        left = seconds_left(terminal.wait(lambda text: seconds_left(text) is not None)) or 0
        terminal.wait(lambda text: (seconds_left(text) or left) <= left - 2)
        terminal.enter("create customer email=bob@x.co name=Bob")
        terminal.wait(lambda text: len(remote.writes) == 1 and at_prompt(text))
        for line, asked in [
            ("delete customer id=cus_NffrFeUf", "cus_NffrFeUf or its last six characters"),
            ("create refund payment_intent=pi_3AbcDefGhi amount=500", "500"),
            ("create payout amount=700 currency=usd", "700"),
            ("cancel subscription id=sub_1AbcDefGhi", "sub_1AbcDefGhi or its last six characters"),
            (
                "update subscription id=sub_1AbcDefGhi cancel_at_period_end=true",
                "sub_1AbcDefGhi or its last six characters",
            ),
        ]:
            ask(terminal, line, asked)
            refuse(terminal, "y")
        assert len(remote.writes) == 1
        terminal.enter("@live off")
        terminal.wait(at_prompt)
        ask(terminal, "create customer email=bob@x.co name=Bob", "bob@x.co")
        refuse(terminal, "y")
        assert len(remote.writes) == 1
