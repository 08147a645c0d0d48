"""docs/language.md: its scripts run, and its messages are what the program says.

A ```stripe example runs on an empty sandbox and passes. One that is followed by a ```text block shows a mistake: it is
checked, run if the check lets it, and what is said of it is that text. A ```csv block is the file named above it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stripe_shell.batch.runner import run_source
from stripe_shell.connections import load_connections
from stripe_shell.diagnostics import SourceText, format_diagnostics, sort_diagnostics
from stripe_shell.engine.run.interpreter import Engine
from stripe_shell.engine.scope import Scope
from stripe_shell.lang.directives import DIRECTIVES
from stripe_shell.lang.expressions import SYMBOL_OPERATORS, WORD_OPERATORS
from stripe_shell.records import record
from stripe_shell.render.files import open_rows
from stripe_shell.spec.table import load_table

PAGE = (Path(__file__).parents[1] / "docs" / "language.md").read_text(encoding="utf-8")
_EXAMPLE = re.compile(r"^```stripe\n(.*?)^```$(?:\n\n^```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"^`([\w.-]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@record
class Example:
    """A script of the page, and what is said of it; None where it passes."""

    line: int
    script: str
    said: str | None


EXAMPLES = [Example(PAGE.count("\n", 0, match.start()) + 1, *match.groups()) for match in _EXAMPLE.finditer(PAGE)]


def _run(example: Example) -> tuple[int, str]:
    """The exit code, and what is wrong as the program draws it."""
    engine = Engine(load_table(), load_connections({"HOME": "/nowhere"}, database=":memory:"), open_rows)
    source = SourceText("example.stripe", example.script)
    run = run_source(engine, source, Scope(now=1_769_860_800, seed="seed"), run_id=f"line {example.line}")
    found = [*run.diagnostics, *(each for outcome in run.outcomes for each in outcome.diagnostics)]
    return run.exit_code, format_diagnostics(sort_diagnostics(found))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"line {example.line}")
def test_an_example_does_what_the_page_says(example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, content in _FILE.findall(PAGE):
        (tmp_path / name).write_text(content, encoding="utf-8")
    code, said = _run(example)
    if example.said is None:
        assert code == 0, said
        assert "error[" not in said
    else:
        assert code in {2, 3, 4}
        assert said + "\n" == example.said


def test_the_page_has_examples_of_both_kinds() -> None:
    assert PAGE.count("```stripe") == len(EXAMPLES)
    assert sum(example.said is not None for example in EXAMPLES) == PAGE.count("```text")


def test_every_directive_and_operator_is_explained() -> None:
    assert [word for word in DIRECTIVES if not re.search(rf"@{word}\b", PAGE)] == []
    table = PAGE[PAGE.index("| operator |") :].split("\n\n")[0]
    assert [word for word in (*SYMBOL_OPERATORS, *WORD_OPERATORS) if word not in table] == []
