"""Waiting at the prompt: the line that counts, keys typed meanwhile, Ctrl-C, and late, silent or lost answers."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Semaphore

import pytest

from stripe_shell.wire import Request, Response, decode_form
from tests.repl.remote import Remote, at_prompt, echo, listening, remote_shell, respond
from tests.repl.terminal import CTRL_C, CTRL_D, ENTER, unfolded

SIZES = [(80, 24), (120, 40), (60, 20), (100, 6)]
CREATE = "create customer email=a@b.co name=Ann"


@pytest.fixture
def remote() -> Iterator[Remote]:
    with listening() as server:
        yield server


def counted(text: str) -> int:
    """The seconds that the waiting line counts, 0 without one. A busy machine may leave out some."""
    found = re.findall(r"(?:POST|GET) /v1/customers · (\d+) s", text)
    return int(found[-1]) if found else 0


class Late:
    """Answers when it is let go."""

    def __init__(self, answer: Callable[[Request], Response] = echo) -> None:
        self.go = Event()
        self.answer = answer

    def __call__(self, request: Request) -> Response:
        assert self.go.wait(20)
        return self.answer(request)


@pytest.mark.parametrize("size", SIZES)
def test_a_line_counts_while_an_answer_is_late_and_the_result_erases_it(
    tmp_path: Path, remote: Remote, size: tuple[int, int]
) -> None:
    remote.answer = late = Late()
    with remote_shell(tmp_path, remote, size=size) as terminal:
        terminal.enter(CREATE)
        first = counted(terminal.wait(lambda text: counted(text) > 0 and " s   Ctrl-C stops waiting" in text))
        terminal.wait(lambda text: counted(text) >= first + 2)
        late.go.set()
        shown = terminal.wait(at_prompt)
        assert "POST /v1/customers ·" not in shown
        assert "✓ create customer  " in shown


def test_a_quick_answer_shows_no_line(tmp_path: Path, remote: Remote) -> None:
    seen: list[str] = []
    with remote_shell(tmp_path, remote) as terminal:
        terminal.enter(CREATE)
        terminal.wait(lambda text: bool(seen.append(text)) or ("req_1" in text and at_prompt(text)))
    assert not any("stops waiting" in text for text in seen)


@pytest.mark.parametrize("size", SIZES)
def test_what_is_typed_meanwhile_stands_in_the_next_prompt_and_is_not_sent(
    tmp_path: Path, remote: Remote, size: tuple[int, int]
) -> None:
    remote.answer = late = Late()
    with remote_shell(tmp_path, remote, size=size) as terminal:
        terminal.enter(CREATE)
        first = counted(terminal.wait(lambda text: counted(text) > 0 and "Ctrl-C stops waiting" in text))
        terminal.type(f"list prodx\x7fucts limit=3{ENTER}")
        terminal.wait(lambda text: counted(text) > first)
        assert "list prod" not in terminal.text
        late.go.set()
        shown = terminal.wait(lambda text: re.search(r"> list products limit=3$", text, re.M) is not None)
        assert shown.count("list prod") == 1
        assert [request.method for request in remote.sent] == ["POST"]
        terminal.type(ENTER)
        terminal.wait(lambda _: len(remote.sent) == 2)
        assert remote.sent[1].target == "/v1/products?limit=3"


def test_the_line_tells_of_another_attempt(tmp_path: Path, remote: Remote) -> None:
    limited = respond({"error": {"type": "rate_limit_error", "message": "slow down"}}, 429, Retry_After="2")
    answers = iter([limited])
    remote.answer = lambda request: next(answers, None) or echo(request)
    with remote_shell(tmp_path, remote) as terminal:
        terminal.enter(CREATE)
        terminal.wait(lambda text: re.search(r"try 2 of 3 \(429, again in \d s\)   Ctrl-C stops", text) is not None)
        shown = terminal.wait(at_prompt)
        assert "sent again in" not in shown
        assert "try 2" not in shown
        assert len({request.idempotency_key for request in remote.sent}) == 1


@pytest.mark.parametrize("size", SIZES)
def test_ctrl_c_says_at_once_what_is_unknown_with_its_key(
    tmp_path: Path, remote: Remote, size: tuple[int, int]
) -> None:
    remote.answer = Late()
    with remote_shell(tmp_path, remote, size=size) as terminal:
        took, usual = [], []
        for number in (1, 2, 3):
            terminal.enter(CREATE)
            terminal.wait(lambda text: "Ctrl-C stops waiting" in text and len(remote.sent) == number)  # noqa: B023
            begun = time.monotonic()
            terminal.type(CTRL_C)
            shown = terminal.wait(at_prompt)
            took.append(time.monotonic() - begun)
            begun = time.monotonic()
            terminal.run("@format json")
            usual.append(time.monotonic() - begun)
            joined = re.sub(r"\s+", "", shown)
            assert "theoutcomeisunknown" in joined
            assert f"{remote.sent[number - 1].idempotency_key}" in joined
        assert min(took) < 5 * min(usual), "it waits for nothing"
        terminal.type(CTRL_D)
        terminal.wait("no answer yet to POST /v1/customers")
        assert terminal.wait_end() == 0


def test_no_key_waits_for_a_server_that_never_answers(tmp_path: Path, remote: Remote) -> None:
    remote.answer = Late()
    with remote_shell(tmp_path, remote) as terminal:
        terminal.enter("list customers")
        terminal.wait(lambda text: counted(text) > 0)
        terminal.type(CTRL_C)
        terminal.wait(lambda text: "a read changes nothing" in unfolded(text))
        terminal.wait(at_prompt)
        terminal.run("@format json")


def test_a_connection_that_drops_is_tried_again_and_then_unknown(tmp_path: Path, remote: Remote) -> None:
    remote.answer = lambda _: None
    with remote_shell(tmp_path, remote) as terminal:
        terminal.enter(CREATE)
        terminal.wait("try 3 of 3 (")
        shown = terminal.wait(at_prompt)
        assert "the outcome is unknown" in shown
        assert len(remote.sent) == 3


# --- lists and loops ------------------------------------------------------------------------------------


class Pages:
    """A list without end, of 100 rows a page; one page for each turn of `more`."""

    def __init__(self, turns: int) -> None:
        self.more = Semaphore(turns)

    def __call__(self, request: Request) -> Response:
        if request.path.count("/") > 2:
            return echo(request)
        assert self.more.acquire(timeout=60)
        start = int(decode_form(request.query).get("starting_after", "cus_0")[4:])
        rows = [{"id": f"cus_{start + n}", "object": "customer"} for n in range(1, 101)]
        return respond({"object": "list", "data": rows, "has_more": True, "url": "/v1/customers"})


@pytest.mark.parametrize("size", SIZES)
def test_a_list_counts_its_pages_and_ctrl_c_keeps_what_has_come(
    tmp_path: Path, remote: Remote, size: tuple[int, int]
) -> None:
    remote.answer = pages = Pages(36)
    with remote_shell(tmp_path, remote, size=size) as terminal:
        terminal.run("@format csv")
        terminal.enter("list customers limit=all")
        terminal.wait("page 36 · 3,600 rows · ")
        pages.more.release()
        terminal.wait("page 37 · 3,700 rows · ")
        assert re.search(r"page 37 · 3,700 rows · [\d,]+/s   Ctrl-C stops waiting", terminal.text)
        terminal.type(CTRL_C)
        shown = terminal.wait(lambda text: "3,700 rows of 37 pages" in text and at_prompt(text))
        assert "page 37 ·" not in shown
        assert "late answer" not in shown
        terminal.enter("get customer id=${last.data[3699].id}")
        terminal.wait(lambda _: any(request.path == "/v1/customers/cus_3700" for request in remote.sent))
        pages.more.release(5)
        terminal.wait(at_prompt)
        assert sum("starting_after" in request.query for request in remote.sent) == 37  # beside the ids for the menu


def test_ctrl_c_in_a_list_leaves_the_rows_in_its_file(tmp_path: Path, remote: Remote) -> None:
    remote.answer = pages = Pages(3)
    with remote_shell(tmp_path, remote) as terminal:
        terminal.paste("/stripe\naction: list\nentity: customers\nlimit: all\n@out rows.csv\n")
        terminal.wait("@out rows.csv")
        terminal.type(ENTER)
        terminal.wait("page 3 · 300 rows")
        terminal.type(CTRL_C)
        terminal.wait("300 rows of 3 pages have come, and stay in the file")
        pages.more.release()
        terminal.wait("late answer: ok")
        assert len((tmp_path / "rows.csv").read_text().splitlines()) == 401


def test_a_loop_and_a_script_count_their_blocks(tmp_path: Path, remote: Remote) -> None:
    (tmp_path / "rows.csv").write_text("email\n" + "".join(f"{number}@x.co\n" for number in range(50)))
    (tmp_path / "all.stripe").write_text(
        '@foreach row in "rows.csv"\n/stripe\naction: create\nentity: customer\nemail: ${row.email}\nname: x\n@end\n'
    )
    turns = Semaphore(7)

    def answer(request: Request) -> Response:
        assert turns.acquire(timeout=60)
        return echo(request)

    remote.answer = answer
    with remote_shell(tmp_path, remote) as terminal:
        terminal.enter("@run all.stripe")
        terminal.wait("7 blocks done · ")
        terminal.wait("POST /v1/customers")
        terminal.type(CTRL_C)
        terminal.wait("no more rows are sent")
        key = remote.sent[-1].idempotency_key
        terminal.wait(lambda text: at_prompt(text) and f"{key}" in re.sub(r"\s+", "", text))
        turns.release(50)
        terminal.wait("late answer: ok")
        assert len(remote.sent) == 8


def test_a_dumb_terminal_is_told_once_and_nothing_is_drawn_over(tmp_path: Path, remote: Remote) -> None:
    remote.answer = late = Late()
    with remote_shell(tmp_path, remote, TERM="dumb") as terminal:
        terminal.enter(CREATE)
        terminal.wait(lambda text: counted(text) > 0 and " s   Ctrl-C stops waiting" in text)
        late.go.set()
        shown = terminal.wait(at_prompt)
        assert shown.count("stops waiting") == 1


# --- @resend --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_resend_sends_the_same_bytes_under_the_same_key(tmp_path: Path, remote: Remote, size: tuple[int, int]) -> None:
    remote.answer = lambda _: None
    with remote_shell(tmp_path, remote, size=size) as terminal:
        terminal.run("@secret code = hunter22")
        terminal.enter("create customer email=a@b.co name=${code}")
        terminal.wait(lambda text: "the outcome is unknown" in re.sub(r"\s+", " ", text) and at_prompt(text))
        remote.answer = echo
        terminal.enter("@resend")
        terminal.wait("✓ create customer  ")
        terminal.wait(at_prompt)
        assert len(remote.sent) == 4
        assert len({(request.body, request.idempotency_key) for request in remote.sent}) == 1
        assert remote.sent[3].body == b"email=a%40b.co&name=hunter22"
        shown = terminal.text.replace("${code}", "")
        assert shown.count("hunter22") == 1, "only where it was typed"
        terminal.enter("@resend")
        terminal.wait("there is nothing to send again")


def test_resend_after_ctrl_c_and_not_once_the_answer_has_come(tmp_path: Path, remote: Remote) -> None:
    remote.answer = late = Late()
    with remote_shell(tmp_path, remote) as terminal:
        terminal.enter(CREATE)
        terminal.wait("Ctrl-C stops waiting")
        terminal.type(CTRL_C)
        terminal.wait(at_prompt)
        assert "stops waiting" not in terminal.text
        terminal.enter("@resend")
        terminal.wait("Ctrl-C stops waiting")
        terminal.type(CTRL_C)
        terminal.wait(lambda text: unfolded(text).count("never with a new key") == 2 and at_prompt(text))
        late.go.set()
        terminal.wait(lambda text: text.count("late answer: ok") == 2)
        terminal.enter("@resend")
        terminal.wait("there is nothing to send again")
        assert len({request.idempotency_key for request in remote.sent}) == 1
