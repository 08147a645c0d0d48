"""Scripts with their golden siblings. `ok/x.stripe` has its tree in `x.ast` and its canonical text in `x.fmt`;
`errors/x.stripe` has its problems, as they are drawn, in `x.out`. `UPDATE_GOLDEN=1` writes them anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stripe_shell.diagnostics import Diagnostic, SourceText, format_diagnostics, has_errors
from stripe_shell.lang.ast import Script
from stripe_shell.lang.format import format_script
from stripe_shell.lang.parser import parse

from .dump import dump

HERE = Path(__file__).parent
OK = sorted((HERE / "ok").glob("*.stripe"))
ERRORS = sorted((HERE / "errors").glob("*.stripe"))


def _read(path: Path) -> tuple[Script, tuple[Diagnostic, ...]]:
    return parse(SourceText(path.name, path.read_bytes().decode()))


def _compare(golden: Path, text: str) -> None:
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_bytes(text.encode())
    assert text == golden.read_bytes().decode()


@pytest.mark.parametrize("path", OK, ids=lambda path: path.stem)
def test_a_good_script_has_this_tree(path: Path) -> None:
    script, diagnostics = _read(path)
    assert format_diagnostics(diagnostics) == ""
    _compare(path.with_suffix(".ast"), dump(script))


@pytest.mark.parametrize("path", OK, ids=lambda path: path.stem)
def test_a_good_script_has_this_canonical_text_that_means_the_same(path: Path) -> None:
    script, _ = _read(path)
    formatted = format_script(script)
    _compare(path.with_suffix(".fmt"), formatted)
    again, diagnostics = parse(SourceText(path.name, formatted))
    assert not has_errors(diagnostics)
    assert again == script
    assert format_script(again) == formatted


@pytest.mark.parametrize("path", ERRORS, ids=lambda path: path.stem)
def test_a_bad_script_has_these_problems(path: Path) -> None:
    _, diagnostics = _read(path)
    assert has_errors(diagnostics)
    _compare(path.with_suffix(".out"), format_diagnostics(diagnostics) + "\n")


@pytest.mark.parametrize("path", ERRORS, ids=lambda path: path.stem)
def test_every_fix_changes_the_text_it_points_at(path: Path) -> None:
    source = SourceText(path.name, path.read_bytes().decode())
    for diagnostic in parse(source)[1]:
        if diagnostic.fix is not None:
            assert diagnostic.fix.span.text != diagnostic.fix.replacement
