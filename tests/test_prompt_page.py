"""docs/prompt.md: what is typed in its examples runs on a sandbox, and answers what the page shows.

In a ```console example `sandbox> ` and `… ` stand before what is typed. Lines of output that follow must be among what
is written, in this order; `…` stands for any text. All examples of the page are one session.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest

from stripe_shell.connections import load_connections
from stripe_shell.diagnostics import SourceText
from stripe_shell.engine.run.interpreter import Engine
from stripe_shell.engine.scope import Scope
from stripe_shell.records import record, replace
from stripe_shell.render.console import Console
from stripe_shell.render.files import open_rows
from stripe_shell.render.run_printer import RunPrinter
from stripe_shell.repl.commands import commands
from stripe_shell.repl.running import run_text
from stripe_shell.repl.session import NOWHERE, ReplSession
from stripe_shell.repl.settings import template
from stripe_shell.repl.short_ways import short_way
from stripe_shell.spec.table import load_table

PAGE = (Path(__file__).parents[1] / "docs" / "prompt.md").read_text(encoding="utf-8")
_EXAMPLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PROMPT, _MORE = "sandbox> ", re.compile(r" +… ?")


class TerminalText(StringIO):
    """A terminal that keeps what is written to it."""

    def isatty(self) -> bool:
        return True


@record(frozen=False)
class Typed:
    """A text that is submitted, and the lines of output that the page shows below it."""

    line: int
    text: str
    output: list[str]


def typed_texts(page: str) -> Iterator[Typed]:
    """What is typed in the examples, in order."""
    for example in _EXAMPLE.finditer(page):
        last: Typed | None = None
        for number, line in enumerate(example[1].splitlines(), page.count("\n", 0, example.start()) + 2):
            more = _MORE.match(line)
            if line.startswith(_PROMPT):
                if last is not None:
                    yield last
                last = Typed(number, line.removeprefix(_PROMPT), [])
            elif last is None:
                raise ValueError(f"line {number}: an example begins with `{_PROMPT}`")
            elif more and not last.output:
                last.text += f"\n{line[more.end() :]}"
            else:
                last.output.append(line)
        if last is not None:
            yield last


def missing_lines(expected: list[str], shown: str) -> list[str]:
    """The expected lines that are not among those shown, in order."""
    rest, lines = [], iter(line.rstrip() for line in shown.splitlines())
    for line in expected:
        wanted = re.compile(re.escape(line.rstrip()).replace("…", ".*"))
        if not any(wanted.fullmatch(each) for each in lines):
            rest.append(line)
    return rest


def new_session(home: Path) -> tuple[ReplSession, StringIO]:
    """A session on an empty sandbox in memory."""
    written = TerminalText()
    console = Console(written, written, plain=True)
    connections = load_connections({"HOME": str(home)}, database=":memory:", undo=True)
    engine = Engine(load_table(), connections, open_rows)
    environment = replace(NOWHERE, seed="session", clock=lambda: 1_769_860_800.0)
    scope = Scope(now=1_769_860_800, seed="seed", environment={"HOME": str(home)})
    return ReplSession(engine, scope, connections, RunPrinter(console, repeats=True), environment), written


def test_the_examples_of_the_page_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    session, written = new_session(tmp_path)
    for typed in typed_texts(PAGE):
        before = len(written.getvalue())
        assert run_text(session, SourceText("<prompt>", typed.text)), f"line {typed.line} leaves"
        shown = written.getvalue()[before:]
        assert missing_lines(typed.output, shown) == [], f"line {typed.line} shows\n{shown}"
        assert typed.output or "error[" not in shown, f"line {typed.line} shows\n{shown}"


def test_every_example_is_read() -> None:
    assert PAGE.count("```console") == len(_EXAMPLE.findall(PAGE))
    assert [typed.text for typed in typed_texts(PAGE)][1] == "/sandbox\naction: list\nentity: customers\n"


def test_output_that_is_not_shown_is_missed() -> None:
    assert missing_lines(["a …", "c"], "a b\nx\nc\n") == []
    assert missing_lines(["c", "a"], "a\nc\n") == ["a"]


def test_short_ways_mean_what_the_table_says() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|$", PAGE.partition("\n## Short ways\n")[2], re.MULTILINE)
    meant = [(typed, found.text if (found := short_way(typed, load_table())) else "") for typed, _ in rows[:13]]
    assert meant == rows[:13]
    assert rows[12] == ("balance", "retrieve balance")


def test_the_settings_of_the_page_are_those_of_the_template() -> None:
    assert f"```toml\n{template()}```" in PAGE


def test_every_command_is_on_the_page() -> None:
    table = PAGE.partition("\n## Commands\n")[2]
    assert [name for name in commands() if f"| `@{name}" not in table] == []
