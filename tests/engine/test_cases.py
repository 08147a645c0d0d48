"""Scripts with their golden siblings: `x.stripe` sends the requests in `x.requests` and comes out as in `x.out`.

`x.json` are the answers in turn: a body, or `{"status": …, "body": …, "headers": …}`. `UPDATE_GOLDEN=1` writes the
siblings anew.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from stripe_shell.batch.runner import ScriptRun
from stripe_shell.diagnostics import format_diagnostics, sort_diagnostics
from stripe_shell.render.exchange import render_request
from stripe_shell.render.summary import summary_line
from stripe_shell.wire import Response
from tests.engine.support.world import World, answer

CASES = sorted((Path(__file__).parent / "cases").glob("*.stripe"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_script_sends_these_requests_and_comes_out_so(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    world = World(answers_of(path.with_suffix(".json")))
    run = world.run(path.read_bytes().decode(), name=path.name)
    requests = "\n\n".join(render_request(request) for request in world.requests)
    compare(path.with_suffix(".requests"), requests + "\n" if requests else "")
    compare(path.with_suffix(".out"), "\n".join([*lines_of(run), *files_in(tmp_path)]) + "\n")


def answers_of(path: Path) -> list[Response]:
    if not path.exists():
        return []
    rows = json.loads(path.read_text())
    return [answer(**row) if "body" in row else answer(row) for row in rows]


def lines_of(run: ScriptRun) -> list[str]:
    lines = [format_diagnostics(sort_diagnostics(run.diagnostics))] if run.diagnostics else []
    for outcome in run.outcomes:
        lines.append(summary_line(outcome))
        lines += [f"  {'+' if a.passed else '-'} {a.path} {a.expected} (actual {a.actual})" for a in outcome.assertions]
        shown = [d for d in outcome.diagnostics if d not in run.diagnostics]
        if shown:
            lines.append(format_diagnostics(sort_diagnostics(shown)))
    return [*lines, f"exit {run.exit_code}"]


def files_in(folder: Path) -> list[str]:
    return [f"== {path.name}\n{path.read_text().rstrip()}" for path in sorted(folder.iterdir())]


def compare(golden: Path, text: str) -> None:
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_bytes(text.encode())
    assert text == golden.read_bytes().decode()
