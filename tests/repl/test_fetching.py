"""Ids of the account for the menu: which connections are asked, how often, and what `@refresh` says."""

from __future__ import annotations

import sys
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from stripe_shell.connections.settings.schema import FetchPolicy
from stripe_shell.diagnostics import SourceText
from stripe_shell.errors import UsageError
from stripe_shell.records import replace
from stripe_shell.repl.fetching import fetch_in_background, list_operation
from stripe_shell.repl.running import run_text
from stripe_shell.spec.table import load_table
from stripe_shell.suggest.known import IdScope
from stripe_shell.wire import Request, Response
from tests.loopback import listening
from tests.repl.fakes import respond, session
from tests.repl.terminal import TAB, Terminal

ANN = {"id": "cus_ann", "object": "customer", "name": "Ann Lee", "email": "ann@x.co", "livemode": False}
ZOE = {"id": "cus_zoe", "object": "customer", "name": "Зоя Ли", "email": "zoe@x.co", "livemode": False}
PRO = {"id": "price_pro", "object": "price", "nickname": "Pro", "unit_amount": 2000, "currency": "usd"}


def account(request: Request) -> Response:
    rows = {"/v1/customers": [ANN, ZOE], "/v1/prices": [PRO]}.get(request.path, [])
    return respond({"object": "list", "data": rows, "has_more": False})


def wait_for(state: Any, place: IdScope, noun: str, policy: FetchPolicy) -> bool:
    """Asks for ids in the background; whether they arrived. A call that is never sent is known at once."""
    arrived = Event()
    connection = state.connections.get(place.connection)
    connection.profile = replace(connection.profile, fetch_ids=policy)
    before = len(state.fetched)
    fetch_in_background(state, place, noun, arrived.set)
    return len(state.fetched) > before and arrived.wait(20)


@pytest.mark.parametrize(
    ("connection", "mode", "policy", "asked"),
    [
        ("sandbox", "sandbox", "test", True),
        ("eu-test", "test", "test", True),
        ("stripe", "live", "test", False),
        ("stripe", "live", "always", True),
        ("eu-test", "test", "never", False),
        ("sandbox", "sandbox", "never", False),
    ],
)
def test_where_ids_are_fetched(connection: str, mode: str, policy: FetchPolicy, *, asked: bool) -> None:
    state, transport, _ = session(account)
    assert wait_for(state, IdScope(connection, mode), "customer", policy) == asked
    assert [request.target for request in transport.sent] == ["/v1/customers?limit=100"] * asked
    assert all(not request.writes for request in transport.sent)


def test_one_call_for_each_kind() -> None:
    state, transport, _ = session(account)
    place = IdScope("eu-test", "test")
    assert wait_for(state, place, "customer", "test")
    assert not wait_for(state, place, "customer", "test")
    assert wait_for(state, place, "price", "test")
    assert [request.path for request in transport.sent] == ["/v1/customers", "/v1/prices"]
    assert [each.id for each in state.known.find(place, "customer", "lee", 5)] == ["cus_ann"]


def test_it_is_said_once() -> None:
    state, _, console = session(account)
    state.environment = replace(state.environment, late=lambda report: report())
    wait_for(state, IdScope("eu-test", "test"), "customer", "test")
    wait_for(state, IdScope("eu-test", "test"), "price", "test")
    assert console.text.count("the menu fetches ids from /eu-test") == 1


def test_the_account_of_the_block_is_asked() -> None:
    state, transport, _ = session(account)
    wait_for(state, IdScope("eu-test", "test", "acct_2"), "customer", "test")
    assert transport.sent[0].headers["Stripe-Account"] == "acct_2"


def test_a_mode_that_turns_out_otherwise_brings_no_ids() -> None:
    state, _, _ = session(account)
    place = IdScope("eu-test", "live")
    operation = list_operation(load_table(), "customer")
    assert operation is not None
    from stripe_shell.repl.fetching import fetch_ids

    assert "test mode" in fetch_ids(state, place, operation).problem
    assert not state.known.find(place, "customer", "", 5)


@pytest.mark.parametrize(
    ("noun", "listed"),
    [("customer", True), ("price", True), ("test_helpers.test_clock", True), ("subscription_item", False),
     ("customer.card", False), ("token", False), ("balance", False), ("nonsense", False)],
)  # fmt: skip
def test_what_can_be_listed(noun: str, *, listed: bool) -> None:
    assert (list_operation(load_table(), noun) is not None) == listed


# --- @refresh -------------------------------------------------------------------------------------------


def refresh(text: str, answer: Any = account, times: int = 1, **options: Any) -> tuple[str, list[str]]:
    state, transport, console = session(answer, **options)
    seconds = iter(range(0, 10_000, 120))
    state.environment = replace(state.environment, clock=lambda: next(seconds))
    for _ in range(times):
        run_text(state, SourceText("<prompt>", text))
    return console.text, [request.target for request in transport.sent]


def test_refresh_asks_for_one_list() -> None:
    shown, sent = refresh("@refresh customers")
    assert "customer: 2 ids, 2 new" in shown
    assert sent == ["/v1/customers?limit=100"]


def test_refresh_says_how_old_the_last_ones_were() -> None:
    shown, sent = refresh("@refresh customer", times=2)
    assert "customer: 2 ids, 0 new (the last ones were 2 min old)" in shown
    assert len(sent) == 2


def test_refresh_works_in_live_mode_as_it_was_asked_for() -> None:
    live = {**ANN, "livemode": True}
    shown, sent = refresh("@refresh customer", lambda _: respond({"object": "list", "data": [live]}), default="stripe")
    assert "customer: 1 ids, 1 new" in shown
    assert len(sent) == 1


def test_refresh_alone_fetches_what_was_fetched() -> None:
    shown, sent = refresh("@refresh customer\n\n@refresh price\n\n@refresh")
    assert sent == [f"/v1/{name}?limit=100" for name in ("customers", "prices", "customers", "prices")]
    assert shown.count("customer: 2 ids") == 2


def test_a_refusal_is_shown() -> None:
    shown, _ = refresh("@refresh customer", lambda _: respond({"error": {"message": "this key cannot"}}, 403))
    assert "customer: this key cannot" in shown


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@refresh", "no ids have been fetched from /sandbox yet; e.g. @refresh customer"),
        ("@refresh custmer", "unknown entity `custmer`; did you mean `customer`?"),
        ("@refresh subscription_item", "no list of all objects"),
    ],
)
def test_refresh_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message.replace("?", r"\?")):
        refresh(text)


# --- in a real terminal ---------------------------------------------------------------------------------


def on_a_test_account(address: str, home: Path, key: str = "sk_test_" + "a1" * 12) -> Terminal:
    program = "import sys; from stripe_shell.cli import main; raise SystemExit(main(sys.argv[1:]))"
    environment = {"STRIPE_API_KEY": key, "STRIPE_API_BASE": address}
    command = [sys.executable, "-c", program, "--connection", "stripe"]
    terminal = Terminal(command, home, columns=120, lines=40, environment=environment)
    label = "stripe via " if "test" in key else "LIVE stripe via "
    terminal.wait(lambda text: any(line.strip().startswith(label) for line in text.split("\n")[1:]))
    return terminal


def test_ids_of_the_account_appear_by_themselves(tmp_path: Path) -> None:
    sent: list[str] = []

    def answer(request: Request) -> Response:
        sent.append(request.target)
        return account(request)

    with listening(answer) as address:
        terminal = on_a_test_account(address, tmp_path)
        try:
            terminal.type("create subscription customer=")
            shown = terminal.wait("Ann Lee · ann@x.co")
            assert "the menu fetches ids from /stripe" in shown
            terminal.type("ли")
            terminal.wait(lambda text: "cus_zoe" in text.split("\n")[-2] or "Зоя Ли" in text)
            terminal.wait(lambda _: not any("Ann Lee" in line for line in terminal.screen.display))
            terminal.type(TAB)
            terminal.wait("customer=cus_zoe")
            assert sent == ["/v1/customers?limit=100"]
        finally:
            terminal.close()


def test_a_key_never_waits_for_the_account(tmp_path: Path) -> None:
    """The server answers after the person has gone on and has seen every key."""
    answering = Event()

    def answer(request: Request) -> Response:
        answering.wait(60)
        return account(request)

    with listening(answer) as address:
        terminal = on_a_test_account(address, tmp_path)
        try:
            terminal.type("create subscription customer=")
            terminal.wait("the menu fetches ids")
            terminal.type("cus_1 description=typed")
            terminal.wait("customer=cus_1 description=typed")
            terminal.type("\x17\x17customer=")
            terminal.wait(
                lambda text: "create subscription customer=" in text and "typed" not in text.split("customer=")[-1]
            )
            answering.set()
            terminal.wait("Ann Lee · ann@x.co")
        finally:
            answering.set()
            terminal.close()


def test_a_live_account_is_not_asked(tmp_path: Path) -> None:
    sent: list[str] = []

    def answer(request: Request) -> Response:
        sent.append(request.target)
        return respond({"object": "list", "data": [{**ANN, "livemode": True}]})

    with listening(answer) as address:
        terminal = on_a_test_account(address, tmp_path, "sk_live_" + "a1" * 12)
        try:
            terminal.type("get customer id=")
            terminal.wait("get customer id=")
            terminal.type("\x15")
            terminal.run("@refresh customer", "customer: 1 ids, 1 new")
            assert sent == ["/v1/customers?limit=100"]
            terminal.type("get customer id=lee")
            terminal.wait("Ann Lee · ann@x.co")
        finally:
            terminal.close()
