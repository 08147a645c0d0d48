"""Running what was submitted: order, failures, what is said once, confirmation, Ctrl-C and late answers."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from threading import Event

import pytest

from stripe_shell.diagnostics import SourceText
from stripe_shell.errors import NoAnswer
from stripe_shell.records import replace
from stripe_shell.repl.running import run_text
from stripe_shell.repl.session import ReplSession
from stripe_shell.suggest.known import IdScope
from stripe_shell.wire import Request, Response
from tests.repl.fakes import FakeConsole, FakeTransport, echo, respond, session

CREATE = "/sandbox\naction: create\nentity: customer\nemail: {0}@x.co\nname: {0}\n"


def run(state: ReplSession, text: str) -> bool:
    return run_text(state, SourceText("<prompt>", text))


def test_a_block_is_sent_and_its_result_shown() -> None:
    state, transport, console = session()
    assert run(state, CREATE.format("ann"))
    assert [(request.method, request.path) for request in transport.sent] == [("POST", "/v1/customers")]
    assert '"email": "ann@x.co"' in console.text
    assert "create customer cus_1" in console.text
    assert "req_1" in console.text
    assert "3 ms" in console.text


def test_two_blocks_run_in_order_and_both_are_shown() -> None:
    state, transport, console = session()
    run(state, CREATE.format("ann") + "\n" + CREATE.format("bob") + "\n")
    assert [request.body.split(b"&")[0] for request in transport.sent] == [b"email=ann%40x.co", b"email=bob%40x.co"]
    assert console.text.index("ann@x.co") < console.text.index("bob@x.co")


def test_the_same_block_twice_is_two_requests_with_two_keys() -> None:
    state, transport, _ = session()
    run(state, CREATE.format("ann"))
    run(state, CREATE.format("ann"))
    assert len({request.idempotency_key for request in transport.sent}) == 2


def test_a_mistake_anywhere_keeps_everything_from_being_sent() -> None:
    state, transport, console = session()
    run(state, CREATE.format("ann") + "\n" + CREATE.format("bob").replace("name", "nmae"))
    assert transport.sent == []
    assert "did you mean `name`?" in console.text
    assert "^^^^" in console.text


def test_after_a_failure_the_rest_is_not_run_and_that_is_said() -> None:
    def refuse(request: Request) -> Response:
        return respond({"error": {"type": "card_error", "code": "card_declined", "message": "no"}}, 402)

    state, transport, console = session(refuse)
    run(state, CREATE.format("ann") + "\n" + CREATE.format("bob"))
    assert len(transport.sent) == 1
    assert "402 card_declined" in console.text
    assert "1 more was not run" in console.text
    assert state.kept.items == []


def test_names_reach_the_next_submission() -> None:
    state, transport, _ = session()
    run(state, CREATE.format("ann") + "@as ann\n")
    run(state, "update customer id=${ann.id} name=Bo")
    run(state, "get customer id=${last.id}")
    assert [request.path for request in transport.sent[1:]] == ["/v1/customers/cus_1", "/v1/customers/cus_1"]


def test_now_is_the_time_of_the_submission() -> None:
    state, transport, _ = session()
    times = iter([100.0, 200.0])
    state.environment = replace(state.environment, clock=lambda: next(times))
    run(state, "list customers created.gte=now")
    run(state, "list customers created.gte=now")
    assert [request.query for request in transport.sent] == ["created[gte]=100", "created[gte]=200"]


def test_ids_are_learnt_for_their_connection_alone() -> None:
    state, _, _ = session()
    run(state, "list customers")
    assert [each.id for each in state.known.find(IdScope("sandbox", "sandbox"), "customer", "", 5)] == ["cus_1"]
    assert not state.known.kinds(IdScope("stripe", "live"))


def test_a_placeholder_means_the_connection_in_use_and_is_explained_once() -> None:
    state, transport, console = session(default="stripe", live=False)
    run(state, "@connect sandbox")
    for _ in range(2):
        run(state, CREATE.format("ann").replace("/sandbox", "/your-stripe-connection"))
    assert len(transport.sent) == 2
    assert console.text.count("W203") == 1
    assert state.last is not None
    assert state.last.connection == "sandbox"


def test_an_object_without_behaviour_is_mentioned_once() -> None:
    state, _, console = session(lambda request: respond({"id": "x"}, Stripe_Shell_Modelled="generic"))
    for _ in range(2):
        run(state, CREATE.format("ann"))
    assert console.text.count("W204") == 1


def test_a_refused_key_says_where_it_came_from() -> None:
    error = {"error": {"type": "invalid_request_error", "message": "Invalid API Key"}}
    state, _, console = session(lambda request: respond(error, 401), default="stripe")
    run(state, "list customers")
    assert "the credential came from a test" in console.text


def test_an_unknown_connection_is_refused_with_a_hint() -> None:
    state, transport, console = session()
    run(state, CREATE.format("ann").replace("/sandbox", "/sandbx"))
    assert transport.sent == []
    assert "did you mean `/sandbox`?" in console.text


def test_secrets_are_masked() -> None:
    state, transport, console = session()
    run(state, "@secret code = hunter22")
    run(state, "create customer email=a@b.co name=${code}")
    assert b"hunter22" in transport.sent[0].body
    assert "hunter22" not in console.text


def test_a_secret_on_a_line_with_a_mistake_is_masked() -> None:
    state, _, console = session()
    run(state, "@secret code = hunter22\n\n@let 1x = hunter22\n")
    assert "error[" in console.text
    assert "hunter22" not in console.text


@pytest.mark.parametrize("word", ["quit", "exit", "@quit", "@exit"])
def test_leaving(word: str) -> None:
    state, _, _ = session()
    assert run(state, word) is False


def test_commands_between_blocks_run_in_their_place() -> None:
    state, transport, _ = session()
    run(state, f"{CREATE.format('ann')}\n@connect eu-test\n\n{CREATE.format('bob').replace('/sandbox', '/your-x')}")
    assert len(transport.sent) == 2
    assert state.last is not None
    assert state.last.connection == "eu-test"


def test_an_unknown_command_is_an_error_with_a_hint() -> None:
    state, _, console = session()
    run(state, "@hlep")
    assert "did you mean `@help`?" in console.text


# --- live -----------------------------------------------------------------------------------------------


def live_session(answer: str) -> tuple[ReplSession, FakeTransport, list[str]]:
    state, transport, _ = session(default="stripe", live=True)
    asked: list[str] = []

    def confirm(question: str) -> str:
        asked.append(question)
        return answer

    state.environment = replace(state.environment, confirm=confirm)
    return state, transport, asked


@pytest.mark.parametrize(("answer", "sent"), [("cus_7", 1), ("yes", 0), ("y", 0), ("", 0)])
def test_a_live_write_wants_the_id_typed(answer: str, sent: int) -> None:
    state, transport, asked = live_session(answer)
    run(state, "delete customer id=cus_7")
    assert len(transport.writes) == sent
    assert "cus_7" in asked[0]
    assert "LIVE" in asked[0]


def test_a_live_creation_wants_the_email_typed() -> None:
    state, transport, _ = live_session("a@b.co")
    run(state, "create customer email=a@b.co name=x")
    assert len(transport.writes) == 1


@pytest.mark.parametrize(("answer", "sent"), [("2000", 1), ("2_000", 0), ("payment_intent", 0), ("", 0)])
def test_a_live_payment_wants_the_amount_typed(answer: str, sent: int) -> None:
    state, transport, asked = live_session(answer)
    run(state, "create payment_intent amount=2_000 currency=usd")
    assert len(transport.writes) == sent
    assert asked == [
        "LIVE stripe: this creates a payment intent, 20.00 USD.\nType 2000 to send it, d to see the request: "
    ]


def test_live_reads_and_test_writes_ask_nothing() -> None:
    state, transport, asked = live_session("")
    run(state, "list customers")
    run(state, CREATE.format("ann").replace("/sandbox", "/eu-test"))
    assert len(transport.sent) == 2
    assert asked == []


def test_without_the_option_a_live_write_is_refused() -> None:
    state, transport, console = session(default="stripe", live=False)
    run(state, "create customer email=a@b.co name=x")
    assert transport.sent == []
    assert "E503" in console.text


# --- Ctrl-C ---------------------------------------------------------------------------------------------


class Slow:
    """Answers only when it is let go; presses Ctrl-C when it is asked."""

    def __init__(self, answer: Callable[[Request], Response] = echo) -> None:
        self.go = Event()
        self.answer = answer

    def __call__(self, request: Request) -> Response:
        os.kill(os.getpid(), signal.SIGINT)
        assert self.go.wait(20)
        return self.answer(request)


def interrupted(
    text: str, answer: Callable[[Request], Response] = echo
) -> tuple[ReplSession, FakeTransport, FakeConsole, Callable[[], None]]:
    slow = Slow(answer)
    state, transport, console = session(slow)
    reports: SimpleQueue[Callable[[], None]] = SimpleQueue()
    state.environment = replace(state.environment, late=reports.put)
    run(state, text)

    def let_go() -> None:
        slow.go.set()
        while state.unanswered:
            reports.get(timeout=20)()

    return state, transport, console, let_go


def test_ctrl_c_during_a_write_says_that_nobody_knows_and_gives_the_key() -> None:
    state, transport, console, let_go = interrupted(CREATE.format("ann") + "\n" + CREATE.format("bob"))
    key = transport.sent[0].idempotency_key
    assert "the outcome is unknown" in console.text
    assert f"@idempotency_key {key}" in console.text
    assert "1 more was not run" in console.text
    assert list(state.unanswered.values()) == [f"POST /v1/customers (idempotency key {key})"]
    let_go()
    assert len(transport.sent) == 1


def test_the_late_answer_is_shown_when_it_comes() -> None:
    state, _, console, let_go = interrupted(CREATE.format("ann"))
    assert "late answer" not in console.text
    let_go()
    assert "late answer: ok         create customer cus_1" in console.text
    assert state.unanswered == {}
    assert "last" not in state.scope.captures
    assert [each.id for each in state.known.find(IdScope("sandbox", "sandbox"), "customer", "", 5)] == ["cus_1"]


def test_a_late_failure_is_shown_too() -> None:
    def fail(request: Request) -> Response:
        return respond({"error": {"type": "card_error", "message": "no money"}}, 402)

    _, _, console, let_go = interrupted(CREATE.format("ann"), fail)
    let_go()
    assert "late answer: FAILED" in console.text
    assert "no money" in console.text


def test_ctrl_c_during_a_read_says_that_nothing_changed() -> None:
    _, _, console, let_go = interrupted("list customers")
    assert "a read changes nothing" in console.text
    assert "idempotency" not in console.text
    let_go()


def test_the_session_goes_on_after_ctrl_c() -> None:
    state, transport, _, let_go = interrupted(CREATE.format("ann"))
    let_go()
    transport.answer = echo
    assert run(state, CREATE.format("bob"))
    assert len(transport.sent) == 2


def test_ctrl_c_in_a_loop_sends_no_more_rows(tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("email\n" + "".join(f"{number}@x.co\n" for number in range(50)))
    loop = f'@foreach row in "{rows}"\ncreate customer email=${{row.email}} name=x\n@end\n'.replace(
        "create customer", "/sandbox create customer"
    )
    _, transport, console, let_go = interrupted(loop)
    assert "no more rows are sent" in console.text
    let_go()
    assert len(transport.sent) == 1


# --- scripts --------------------------------------------------------------------------------------------


def failing_update(request: Request) -> Response:
    if request.path.endswith("/cus_1") and request.method == "POST":
        return respond({"error": {"type": "invalid_request_error", "message": "no"}}, 400)
    return echo(request)


def test_teardown_runs_at_the_end_whatever_happened() -> None:
    state, transport, console = session(failing_update)
    teardown = "/sandbox\naction: delete\nentity: customer\nid: ${ann.id}\n@teardown\n"
    update = "/sandbox\naction: update\nentity: customer\nid: ${ann.id}\nname: x\n"
    listing = "/sandbox\naction: list\nentity: customers\n"
    run(state, "\n".join([CREATE.format("ann") + "@as ann\n", teardown, update, listing]))
    assert [request.method for request in transport.sent] == ["POST", "POST", "DELETE"]
    assert "1 more was not run" in console.text


def test_what_stands_behind_a_script_runs_when_the_script_has_passed(tmp_path: Path) -> None:
    path = tmp_path / "mine.stripe"
    path.write_text(CREATE.format("ann"))
    state, transport, _ = session()
    run(state, f"@run {path}\n\n{CREATE.format('bob')}")
    assert [request.body[-3:] for request in transport.sent] == [b"ann", b"bob"]
    path.write_text(CREATE.format("ann").replace("name:", "nmae:"))
    run(state, f"@run {path}\n\n{CREATE.format('bob')}")
    assert len(transport.sent) == 2


def test_a_loop_shows_how_many_rows_have_passed_and_is_saved_as_a_loop(tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("email\na@x.co\nb@x.co\n")
    state, transport, console = session()
    run(state, f'@foreach row in "{rows}"\n/sandbox create customer email=${{row.email}} name=x\n@end\n')
    assert len(transport.sent) == 2
    assert console.text == "✓ 2 passed · create customer 2\n"
    assert [type(item).__name__ for item in state.kept.items] == ["Loop"]


# --- last and error -------------------------------------------------------------------------------------


def declining(request: Request) -> Response:
    """Refuses every update, answers all else."""
    if request.method == "POST" and request.path.count("/") > 2:
        body = {"error": {"type": "invalid_request_error", "code": "resource_missing", "message": "No such customer"}}
        return respond(body, 404)
    return echo(request)


def test_a_failure_leaves_last_and_is_error() -> None:
    state, transport, _ = session(declining)
    run(state, CREATE.format("ann"))
    run(state, "update customer id=cus_9 name=Bo")
    run(state, "get customer id=${last.id}")
    assert transport.sent[-1].path == "/v1/customers/cus_1"
    run(state, "create customer email=a@b.co name=${error.code}")
    assert b"name=resource_missing" in (transport.sent[-1].body or b"")


def test_what_was_never_answered_leaves_last() -> None:
    def silent(request: Request) -> Response:
        if request.path.count("/") > 2 and request.method == "GET":
            raise NoAnswer("the network is down")
        return echo(request)

    state, transport, _ = session(silent)
    run(state, CREATE.format("ann"))
    run(state, "get customer id=cus_9")
    run(state, "update customer id=${last.id} name=${error.code}")
    assert transport.sent[-1].path == "/v1/customers/cus_1"
    assert transport.sent[-1].body == b"name=E501"


def test_a_first_failure_leaves_last_undefined() -> None:
    state, _, console = session(declining)
    run(state, "update customer id=cus_9 name=Bo")
    run(state, "get customer id=${last.id}")
    assert "no block has run yet" in console.text


def test_a_decline_names_its_intent_and_its_charge() -> None:
    intent = {"id": "pi_9", "object": "payment_intent", "status": "requires_payment_method"}
    error = {"type": "card_error", "code": "card_declined", "charge": "ch_7", "payment_intent": intent}
    state, _, console = session(lambda request: respond({"error": error}, 402))
    run(state, CREATE.format("ann"))
    assert "payment intent: pi_9 (requires_payment_method)" in console.text
    assert "charge: ch_7" in console.text


def test_a_loop_shows_the_rows_that_failed(tmp_path: Path) -> None:
    def refuse(request: Request) -> Response:
        if b"b%40x.co" in (request.body or b""):
            return respond({"error": {"type": "invalid_request_error", "message": "No such e-mail"}}, 400)
        return echo(request)

    rows = tmp_path / "rows.csv"
    rows.write_text("email\na@x.co\nb@x.co\nc@x.co\n")
    state, _, console = session(refuse)
    run(
        state,
        f'@foreach row in "{rows}" on_error=continue\n/sandbox create customer email=${{row.email}} name=x\n@end\n',
    )
    assert console.text.count("create customer failed: 400") == 1
    assert "No such e-mail" in console.text
    assert "cus_1" not in console.text
    assert console.text.endswith("✗ 2 passed, 1 failed · create customer 2\n")


def test_a_script_shows_how_many_blocks_have_passed(tmp_path: Path) -> None:
    script = tmp_path / "three.stripe"
    script.write_text(CREATE.format("ann") + "\n" + CREATE.format("bob") + "\n/sandbox list customers\n")
    state, transport, console = session()
    run(state, f"@run {script}")
    assert len(transport.sent) == 3
    assert console.text == "✓ 3 passed · create customer 2, list customer 1\n"
    run(state, CREATE.format("eve"))
    assert '"email": "eve@x.co"' in console.text
