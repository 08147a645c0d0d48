"""Results as a person sees them, in a real pseudo-terminal of four sizes; and the session of the README."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.repl.terminal import CTRL_D, ROOT, Terminal, shell

SIZES = [(80, 24), (120, 40), (60, 20), (100, 6)]

ANN = 'create customer email=ann@x.co name="Ann Lee"'


class Typist:
    """Enters lines at the prompt; each waits for the next prompt and gives what is shown above it."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal

    def __call__(self, line: str) -> list[str]:
        return self.terminal.run(line)


@contextmanager
def typing(home: Path, columns: int = 80, lines: int = 24, **environment: str) -> Iterator[Typist]:
    terminal = shell(home, columns=columns, lines=lines, environment=environment)
    try:
        terminal.wait("sandbox>")
        yield Typist(terminal)
    finally:
        terminal.close()


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """A script that creates 130 customers, and fails for one of them."""
    emails = [f"a{number}@x.co" for number in range(130)]
    (tmp_path / "rows.csv").write_text("email,name\n" + "".join(f"{email},N{email[1:-5]}\n" for email in emails))
    script = tmp_path / "many.stripe"
    script.write_text("@foreach row in rows.csv\n/sandbox create customer email=${row.email} name=${row.name}\n@end\n")
    return script


@pytest.mark.parametrize(("columns", "lines"), SIZES)
def test_a_card_and_a_change_fit_the_screen(tmp_path: Path, columns: int, lines: int) -> None:
    with typing(tmp_path, columns, lines) as typed:
        card = typed(ANN)
        shown = [line for line in card if line.strip()]
        assert any(line.startswith("● customer  cus_") for line in shown)
        assert any(line.startswith("✓ create customer  ") for line in shown)
        assert any(line.split() == ["email", "ann@x.co"] for line in shown)
        assert len(shown) <= 12
        change = typed("update customer id=${last.id} name=Anne")
        assert any("name  Ann Lee → Anne" in line for line in change)


@pytest.mark.parametrize(("columns", "lines"), SIZES)
def test_a_script_of_130_writes_shows_its_sum_and_a_list_its_pages(
    tmp_path: Path, rows: Path, columns: int, lines: int
) -> None:
    with typing(tmp_path, columns, lines) as typed:
        assert [line for line in typed(f"@run {rows.name}") if line] == ["✓ 130 passed · create customer 130"]
        page = typed("list customers limit=3")
        assert [line.split()[0] for line in page[:4]] == ["#", "1", "2", "3"]
        assert page[4].startswith("3 of 130+ · Enter next page")
        assert max(map(len, page)) <= columns
        more = typed("")
        assert [line.split()[0] for line in more[1:4]] == ["4", "5", "6"]
        assert more[4].startswith("4-6 of 130+ · Enter next page")
        changed = typed("update customer 5 name=Bo")
        assert any("name  N125 → Bo" in line for line in changed)
        assert typed("") == []


def test_a_long_value_is_cut_and_shown_in_full(tmp_path: Path) -> None:
    with typing(tmp_path) as typed:
        typed(f"create customer email=ann@x.co name={'x' * 120}")
        page = typed("list customers")
        assert any("x…  ann@x.co" in line for line in page)
        assert "name cut, @full shows all" in page[-1]
        assert "x" * 120 in "".join(typed("@full"))


def test_no_value_drives_the_terminal(tmp_path: Path) -> None:
    with typing(tmp_path) as typed:
        card = typed(r'create customer email=ann@x.co name="two\u202e\u001b]0;owned\u0007" description="שלום 山田 🎉"')
        assert any(r"two\u202e\u001b]0;owned\u0007" in line for line in card)
        assert typed.terminal.screen.title != "owned"
        assert any("שלום" in line for line in card)


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_without_colours(tmp_path: Path, environment: dict[str, str]) -> None:
    with typing(tmp_path, **environment) as typed:
        typed(ANN)
        typed("@format json")
        typed("list customers")
        screen = typed.terminal.screen
        results = [
            screen.buffer[row][column].fg
            for row, line in enumerate(screen.display)
            if line.startswith(("●", "  email", "{", '  "'))
            for column in range(screen.columns)
        ]
        assert results
        assert set(results) == {"default"}


@pytest.mark.parametrize(("columns", "lines"), SIZES)
def test_ascii_stands_for_signs_where_the_locale_is_not_utf_8(tmp_path: Path, columns: int, lines: int) -> None:
    with typing(tmp_path, columns, lines, LANG="de_CH.ISO-8859-1") as typed:
        card = typed(ANN)
        assert any(line.startswith("* customer  cus_") for line in card)
        assert any(re.match(r"\+ create customer  \d+ ms  req_", line) for line in card)
        assert "name  Ann Lee > Zo" in " ".join(typed("update customer id=${last.id} name=Zo"))
        typed.terminal.enter("/sandbox")
        typed.terminal.wait(lambda text: any(line.strip() == "~" for line in text.split("\n")))
        assert typed.terminal.text.isascii()


def test_chosen_fields_are_kept_for_the_next_session(tmp_path: Path) -> None:
    with typing(tmp_path) as typed:
        typed(ANN)
        typed("list customers")
        assert typed("@fields email,id")[0].split() == ["#", "email", "id"]
    with typing(tmp_path) as typed:
        typed(ANN)
        assert typed("list customers")[0].split() == ["#", "email", "id"]


def test_a_pager_gets_what_is_taller_than_the_screen(tmp_path: Path) -> None:
    with typing(tmp_path, 80, 12, PAGER="cat >paged; echo PAGED") as typed:
        typed(ANN)
        assert "PAGED" in typed("@open")
        assert "next_invoice_sequence" in (tmp_path / "paged").read_text()
        assert "PAGED" not in typed("list customers")


def test_a_command_of_the_system_is_shown_and_runs(tmp_path: Path) -> None:
    with typing(tmp_path) as typed:
        typed(ANN)
        assert [line for line in typed("list customers | grep -c ann@x.co") if line] == ["$ grep -c ann@x.co", "1"]


VARIABLE = re.compile(r"\b[a-z]+_[A-Za-z0-9]{14}\b|\b\d+ ms\b|\b\d{1,2} [A-Z][a-z]{2} \d{4}(?: \d\d:\d\d)?")


def test_the_session_of_the_readme_looks_as_it_does(tmp_path: Path) -> None:
    session = re.findall(r"```\n(\$ scripts/start --memory\n.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[0]
    wanted = session.splitlines()[1:]
    terminal = shell(tmp_path, columns=100, lines=60)
    try:
        terminal.wait("sandbox>")
        for number, line in enumerate(wanted):
            if line.startswith("sandbox> "):
                terminal.wait(lambda _: terminal.at_prompt)
                terminal.enter(line.removeprefix("sandbox> "))
            elif re.match(r" +…", line):
                terminal.wait("\n".join(each.rstrip() for each in wanted[:number]).split("\n")[-1])
                terminal.enter(line.partition("…")[2].strip())
        text = terminal.wait(lambda text: text.count("\nsandbox> ") >= 3)
        shown = [line for line in text.split("\n") if line]
        assert [VARIABLE.sub("…", line) for line in shown[: len(wanted)]] == [
            VARIABLE.sub("…", line) for line in wanted
        ]
        terminal.type(CTRL_D)
    finally:
        terminal.close()
