"""Files with their golden siblings: what each becomes in other forms, and what is said about it.

`x.json` becomes `x.json.stripe`; `x.stripe` becomes `x.fixtures`, `x.sh` and `x.python`; `.out` holds what was said.
`UPDATE_GOLDEN=1` writes the siblings anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scripts.fixture_files import OneLink
from stripe_shell.convert.fixture_file import read_fixtures
from stripe_shell.convert.from_fixtures import script_of_fixtures
from stripe_shell.convert.plan import plan_of
from stripe_shell.convert.to_curl import curl_of
from stripe_shell.convert.to_fixtures import fixtures_of
from stripe_shell.convert.to_python import python_of
from stripe_shell.diagnostics import Diagnostic, SourceText, format_diagnostics, has_errors, sort_diagnostics
from stripe_shell.engine.load import load_program
from stripe_shell.engine.run.interpreter import Engine
from stripe_shell.engine.scope import Scope
from stripe_shell.lang.format import format_script
from stripe_shell.render.files import open_rows
from stripe_shell.spec.table import load_table

CASES = Path(__file__).parent / "cases"
NOW = 1_769_860_800


@pytest.mark.parametrize("path", sorted(CASES.glob("*.json")), ids=lambda path: path.stem)
def test_a_fixture_file_becomes_this_script(path: Path) -> None:
    file, found = read_fixtures(SourceText(path.name, path.read_text()))
    text = ""
    if file is not None and not has_errors(found):
        converted = script_of_fixtures(file, load_table(), "your-stripe-connection")
        found += converted.diagnostics
        text = format_script(converted.script) if converted.script else ""
    compare(path.with_suffix(".json.stripe"), text)
    compare(path.with_suffix(".json.out"), shown(found))


@pytest.mark.parametrize("target", ["fixtures", "sh", "python"])
@pytest.mark.parametrize(
    "path", sorted(p for p in CASES.glob("*.stripe") if ".json" not in p.name), ids=lambda path: path.stem
)
def test_a_script_becomes_this(path: Path, target: str) -> None:
    engine = Engine(load_table(), OneLink(None), open_rows, live=True)
    program = load_program(SourceText(path.name, path.read_text()))
    plan = plan_of(engine, program.items, Scope(now=NOW, seed="seed"))
    text, found = "", plan.diagnostics
    if plan.sound:
        writers = {
            "fixtures": lambda: fixtures_of(plan),
            "sh": lambda: curl_of(plan, path.name, engine.table.version),
            "python": lambda: python_of(plan, path.name, engine.table.version),
        }
        converted = writers[target]()
        found = (*found, *converted.diagnostics)
        text = "" if has_errors(found) else converted.text
    compare(path.with_name(f"{path.stem}.{target}"), text)
    compare(path.with_name(f"{path.stem}.{target}.out"), shown(found))


def shown(found: tuple[Diagnostic, ...] | list[Diagnostic]) -> str:
    text = format_diagnostics(sort_diagnostics(found))
    return f"{text}\n" if text else ""


def compare(golden: Path, text: str) -> None:
    if os.environ.get("UPDATE_GOLDEN"):
        if text:
            golden.write_bytes(text.encode())
        else:
            golden.unlink(missing_ok=True)
    assert text == (golden.read_bytes().decode() if golden.exists() else "")
