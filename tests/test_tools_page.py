"""docs/tools.md: what is converted there comes out as it is printed, and its options exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.fixture_files import OneLink
from stripe_shell.cli.arguments import REPORTS
from stripe_shell.convert.fixture_file import read_fixtures
from stripe_shell.convert.from_fixtures import script_of_fixtures
from stripe_shell.convert.plan import plan_of
from stripe_shell.convert.to_curl import curl_of
from stripe_shell.convert.to_python import python_of
from stripe_shell.diagnostics import SourceText
from stripe_shell.engine.load import load_program
from stripe_shell.engine.run.interpreter import Engine
from stripe_shell.engine.scope import Scope
from stripe_shell.lang.format import format_script
from stripe_shell.render.files import open_rows
from stripe_shell.spec.table import load_table

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "tools.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_fixture_file_becomes_the_script() -> None:
    file, problems = read_fixtures(SourceText("fixtures.json", blocks("json")[0]))
    assert file is not None
    assert problems == []
    converted = script_of_fixtures(file, load_table(), "your-stripe-connection")
    assert converted.script is not None
    assert converted.diagnostics == ()
    assert format_script(converted.script) == blocks("stripe")[0]


@pytest.mark.parametrize(("language", "write"), [("sh", curl_of), ("python", python_of)])
def test_the_script_becomes_what_is_printed(language: str, write: object) -> None:
    engine = Engine(load_table(), OneLink(None), open_rows, live=True)
    program = load_program(SourceText("page.stripe", blocks("stripe")[1]))
    plan = plan_of(engine, program.items, Scope(now=0, seed="s"))
    assert plan.diagnostics == ()
    writer = curl_of if write is curl_of else python_of
    assert writer(plan, "page.stripe", engine.table.version).text == blocks(language)[0]


def test_the_words_of_the_page_are_those_of_the_program() -> None:
    assert tuple(re.findall(r"^\| `(junit|html|jsonl?|tap)` \|", PAGE, re.MULTILINE)) == REPORTS
    plugin = (ROOT / "stripe_shell" / "pytest_plugin" / "__init__.py").read_text()
    options = re.findall(r'addoption\(\s*"(--stripe-\w+)"', plugin)
    assert re.findall(r"^\| `(--stripe-\w+)", PAGE, re.MULTILINE) == options
    hooks = (ROOT / ".pre-commit-hooks.yaml").read_text()
    assert re.findall(r"- id: (\S+)", PAGE) == re.findall(r"- id: (\S+)", hooks)
    assert (ROOT / "docs" / "report.png").exists()
