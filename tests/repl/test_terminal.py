"""The whole program in a pseudo-terminal, as a person sees it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.repl.terminal import CTRL_C, CTRL_D, DOWN, ENTER, ROOT, TAB, Terminal, shell, unfolded

DOCUMENT = ROOT / ".." / "shared" / "seed" / "stripe-connection.txt"

SIZES = [(80, 24), (120, 40)]

CREATE = """\
/your-stripe-connection
action: create
entity: customer
email: customer@example.com
name: John Doe
description: New customer for subscription service
"""


@contextmanager
def opened(home: Path, *options: str, columns: int = 80, lines: int = 24) -> Iterator[Terminal]:
    terminal = shell(home, *options, columns=columns, lines=lines)
    try:
        terminal.wait("sandbox>")
        yield terminal
    finally:
        terminal.close()


def prompts(count: int, name: str = "sandbox") -> Callable[[str], bool]:
    """So many prompts stand on the screen, the last one empty and waiting."""

    def hold(text: str) -> bool:
        lines = [line for line in text.split("\n") if line.startswith(f"{name}>")]
        return len(lines) >= count and lines[-1] == f"{name}>"

    return hold


@pytest.mark.parametrize(("columns", "lines"), SIZES)
def test_type_and_complete(tmp_path: Path, columns: int, lines: int) -> None:
    with opened(tmp_path, columns=columns, lines=lines) as terminal:
        terminal.type(f"/sandbox{ENTER}action: create{ENTER}entity: customer{ENTER}em")
        shown = terminal.wait("string ≤ 512")
        terminal.wait("needs email, name")
        assert any(line.split()[:1] == ["email*"] and "string ≤ 512" in line for line in shown.split("\n"))
        terminal.type(TAB + ENTER)
        terminal.wait(lambda text: "… email:" in text and "≤ 512" not in text)
        terminal.type(f"ann@x.co{ENTER}tax_exempt: ")
        terminal.wait("reverse")
        terminal.type(TAB + DOWN + ENTER)
        terminal.wait("tax_exempt: none")
        terminal.type(f"{ENTER}name: Ann{ENTER}{ENTER}")
        shown = terminal.wait(prompts(2))
        assert any(line.startswith("● customer  cus_") for line in shown.split("\n"))
        assert any(line.startswith("✓ create customer  ") for line in shown.split("\n"))
        assert any(line.split() == ["email", "ann@x.co"] for line in shown.split("\n"))


@pytest.mark.parametrize(("columns", "lines"), SIZES)
@pytest.mark.skipif(not DOCUMENT.exists(), reason="the source document is not here")
def test_the_document_s_own_example(tmp_path: Path, columns: int, lines: int) -> None:
    text = DOCUMENT.read_text()
    start = text.index("/your-stripe-connection\naction: create")
    example = text[start : text.index("Response:", start)]
    with opened(tmp_path, columns=columns, lines=lines) as terminal:
        terminal.paste(example)
        terminal.wait("description: New customer")
        terminal.type(ENTER)
        shown = terminal.wait(prompts(2))
        assert "cus_" in shown
        assert any(line.split()[:1] == ["email"] and "customer@example.com" in line for line in shown.split("\n"))
        assert any(line.startswith("✓ create customer  ") and "  req_" in line for line in shown.split("\n"))


@pytest.mark.parametrize(("columns", "lines"), SIZES)
def test_two_blocks_pasted_at_once(tmp_path: Path, columns: int, lines: int) -> None:
    with opened(tmp_path, columns=columns, lines=lines) as terminal:
        terminal.paste((CREATE + "\n" + CREATE.replace("John", "Jane")).replace("\n", "\r\n"))
        terminal.wait("name: Jane Doe")
        terminal.type(ENTER)
        shown = terminal.wait(prompts(2))
        results = [line.split()[1:] for line in shown.split("\n") if line.split()[:1] == ["name"]]
        assert results == [["John", "Doe"], ["Jane", "Doe"]]
        assert shown.count("W203") == 1


def test_a_mistake_shows_its_caret(tmp_path: Path) -> None:
    with opened(tmp_path) as terminal:
        terminal.paste(CREATE.replace("email:", "emial:"))
        terminal.type(ENTER)
        shown = terminal.wait("did you mean `email`?").split("\n")
        caret = next(number for number, line in enumerate(shown) if "^ did you mean" in line)
        assert shown[caret].index("^") == shown[caret - 1].index("emial")
        terminal.wait(prompts(2))


def test_ctrl_c_keeps_the_prompt_and_ctrl_d_leaves(tmp_path: Path) -> None:
    with opened(tmp_path) as terminal:
        terminal.type("delete customer id=cus_1")
        terminal.wait("id=cus_1")
        terminal.drop()
        terminal.run("@format")
        terminal.type(CTRL_D)
        assert terminal.wait_end() == 0


def test_an_interrupt_from_elsewhere_abandons_the_line_alone(tmp_path: Path) -> None:
    with opened(tmp_path) as terminal:
        terminal.type("create cust")
        terminal.wait("> create cust")
        os.kill(terminal.child.pid, signal.SIGINT)
        terminal.wait(prompts(2))
        terminal.run("@format")
        terminal.type(CTRL_D)
        assert terminal.wait_end() == 0


def test_enter_accepts_and_does_not_run(tmp_path: Path) -> None:
    with opened(tmp_path) as terminal:
        terminal.type("create customer email=a@b.co name=Ann tax_exempt=rev")
        terminal.wait(lambda text: "reverse" in text)
        terminal.type(TAB + ENTER)
        terminal.wait("tax_exempt=reverse")
        assert "req_" not in terminal.text
        terminal.type(ENTER)
        terminal.wait(prompts(2))
        assert "req_" in terminal.text


def test_ids_that_were_seen_are_offered(tmp_path: Path) -> None:
    with opened(tmp_path, columns=120, lines=40) as terminal:
        terminal.run("create customer email=ann@x.co name=Ann")
        terminal.type("update customer id=")
        terminal.type(TAB)
        terminal.wait("Ann · ann@x.co")
        terminal.type(CTRL_C)


def test_a_live_connection_is_red_and_says_so(tmp_path: Path) -> None:
    program = "import sys; from stripe_shell.cli import main; raise SystemExit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", program, "--connection", "stripe"]
    terminal = Terminal(command, tmp_path, environment={"STRIPE_API_KEY": "sk_live_" + "a1" * 12})
    try:
        terminal.wait("key from the environment variable STRIPE_API_KEY")
        terminal.wait(lambda _: "STRIPE_API_KEY" in terminal.screen.display[-1])
        row = next(number for number, line in enumerate(terminal.screen.display) if "LIVE stripe" in line)
        column = terminal.screen.display[row].index("LIVE")
        assert terminal.screen.buffer[row][column].bg == "red"
        assert "LIVE" in terminal.screen.display[-1]
        assert "a1a1a1" not in terminal.text
        terminal.enter("create customer email=a@b.co name=x")
        terminal.wait("Type a@b.co to send it")
        terminal.enter("y")
        terminal.wait("nothing was sent")
    finally:
        terminal.close()


def test_the_history_is_private_and_lasts(tmp_path: Path) -> None:
    with opened(tmp_path) as terminal:
        terminal.run("@secret code = hunter22")
        terminal.run("@let plan = gold")
        terminal.type(CTRL_D)
        assert terminal.wait_end() == 0
    path = tmp_path / "state" / "stripe-shell" / "history"
    assert path.stat().st_mode & 0o777 == 0o600
    assert "hunter22" not in path.read_text()
    with opened(tmp_path) as terminal:
        terminal.type("\x1b[A")
        terminal.wait("@let plan = gold")


def test_colours_arrive_after_the_first_prompt(tmp_path: Path) -> None:
    with opened(tmp_path) as terminal:
        terminal.type("@let x = 1")
        terminal.wait("@let x = 1")

        def coloured(_: str) -> bool:
            row = terminal.screen.display.index(next(line for line in terminal.screen.display if "@let" in line))
            return bool(terminal.screen.buffer[row][terminal.screen.display[row].index("@let")].fg == "magenta")

        terminal.wait(coloured)


# --- Ctrl-C while an answer is awaited ------------------------------------------------------------------


@contextmanager
def slow(home: Path) -> Iterator[tuple[Terminal, Path]]:
    fifo = home / "answer"
    os.mkfifo(fifo)
    terminal = Terminal([sys.executable, str(Path(__file__).with_name("slow_shell.py")), str(fifo)], home)
    try:
        terminal.wait("sandbox>")
        yield terminal, fifo
    finally:
        terminal.close()


def test_the_first_prompt_stands_without_what_it_does_not_need(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from stripe_shell.cli import main\n"
        "from stripe_shell.repl.app import run_prompt\n"
        "import stripe_shell.repl.app as app\n"
        "def stop(self):\n"
        "    known = {'json', 'ssl', '_hashlib', 'pathlib', 'sqlite3', 'requests', 'rich', 'pygments', 'pydantic'}\n"
        "    known |= {'stripe_shell.spec.table', 'stripe_shell.lang.parser', 'stripe_shell.sandbox.app'}\n"
        "    known |= {'shutil', 'datetime', 'tempfile', 'xml.dom', 'prompt_toolkit.shortcuts.dialogs'}\n"
        "    known |= {'prompt_toolkit.key_binding.bindings.vi'}\n"
        "    late = {name for name, each in sys.modules.items() if type(each).__name__ == 'LateModule'}\n"
        "    print('LOADED', sorted(known & set(sys.modules) - late), 'END')\n"
        "    return 0\n"
        "def run(*given, **options):\n"
        "    app._import_prompt_toolkit()\n"
        "    from stripe_shell.repl.prompt import Prompt\n"
        "    Prompt.run = stop\n"
        "    return run_prompt(*given, **options)\n"
        "app.run_prompt = run\n"
        "raise SystemExit(main(['--memory']))\n"
    )
    terminal = Terminal([sys.executable, "-c", program], tmp_path, columns=200)
    try:
        terminal.wait("END")
        assert "LOADED [] END" in terminal.text
    finally:
        terminal.close()


def test_ctrl_c_ends_the_wait_and_the_answer_still_comes(tmp_path: Path) -> None:
    with slow(tmp_path) as (terminal, fifo):
        terminal.enter("create customer email=a@b.co name=Ann")
        with fifo.open("w"):  # opens once the request is under way, and ends it when it closes
            terminal.type(CTRL_C)
            shown = terminal.wait(lambda text: "never with a new key" in unfolded(text))
            assert "the outcome is unknown" in shown
            assert "@idempotency_key ss1-" in " ".join(shown.split())
            terminal.wait(prompts(2))
            terminal.type("@fo")
            terminal.wait("@format")
        terminal.wait("late answer: ok")
        shown = terminal.wait(lambda text: text.rstrip().split("late answer")[1].count("sandbox> @fo") == 1)
        assert "create customer cus_1" in shown
        terminal.run("rmat json")
        terminal.type(CTRL_D)
        assert terminal.wait_end() == 0


def test_leaving_with_an_answer_outstanding_says_so(tmp_path: Path) -> None:
    with slow(tmp_path) as (terminal, fifo):
        terminal.enter("create customer email=a@b.co name=Ann")
        with fifo.open("w"):
            terminal.type(CTRL_C)
            terminal.wait(prompts(2))
            terminal.type(CTRL_D)
            terminal.wait("no answer yet to POST /v1/customers")
            assert terminal.wait_end() == 0
