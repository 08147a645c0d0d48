"""The diagnostics of a file, as the program itself says them: of a script, a page, a fixture file, or settings."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stripe_shell.batch.runner import prepare, run_source
from stripe_shell.connections import Connections, load_connections
from stripe_shell.connections.settings.read import find_problems
from stripe_shell.convert.fixture_file import read_fixtures
from stripe_shell.convert.plan import plan_of
from stripe_shell.diagnostics import Diagnostic, SourceText, diagnostic_as_json, excerpt, sort_diagnostics
from stripe_shell.engine.load import load_program
from stripe_shell.engine.run.interpreter import Engine
from stripe_shell.engine.scope import Scope
from stripe_shell.errors import JournalDisagrees, NotSent
from stripe_shell.render.files import open_rows
from stripe_shell.repl.running import run_text
from stripe_shell.replay.errata import Errata, read_errata
from stripe_shell.replay.page import read_page
from stripe_shell.replay.runner import Replay, replay_page
from stripe_shell.spec.table import load_table
from tests.engine.support.world import NOW, Answer, FakeLinks, FakeTransport, answer
from tests.repl.fakes import FakeConsole, respond, session

ENVIRONMENT = {"TEST_KEY": "sk_test_51Abcdefghijklmnopqrstuv", "LIVE_KEY": "sk_live_51Abcdefghijklmnopqrstuv"}


def diagnostics_of(path: Path, home: Path) -> list[Diagnostic]:
    """Everything that is said of `CODE.stripe` (or `.md`, `.prompt`, `.fixture.json`, `.toml`), in its order.

    Beside it may stand `CODE.answers` (what Stripe answers), `CODE.toml` (settings) and `CODE.errata.toml`. File names
    are relative to the working directory.
    """
    source = SourceText(path.name, path.read_text(encoding="utf-8"))
    if path.suffix == ".toml":
        return find_problems(source.text, Path(path.name))
    if path.suffix == ".json":
        return read_fixtures(source)[1]
    if path.suffix == ".md":
        return _of_page(source, path)
    if path.suffix == ".prompt":
        return _of_prompt(source)
    if path.stem == "E601":
        engine = Engine(load_table(), _connections(path, home), open_rows)
        return list(plan_of(engine, load_program(source).items, _scope()).diagnostics)
    return _of_script(source, path, home)


def _scope() -> Scope:
    return Scope(now=NOW, seed="seed", environment=ENVIRONMENT)


def _of_script(source: SourceText, path: Path, home: Path) -> list[Diagnostic]:
    """What the check finds; where answers are given, what a run finds."""
    answers = path.with_suffix(".answers")
    if not answers.exists():
        engine = Engine(load_table(), _connections(path, home), open_rows)
        return list(prepare(engine, source, _scope(), lint=True).diagnostics)
    engine = Engine(load_table(), FakeLinks(FakeTransport(_answers(answers))), open_rows)
    run = run_source(engine, source, _scope(), run_id="run")
    return sort_diagnostics([*run.diagnostics, *(each for outcome in run.outcomes for each in outcome.diagnostics)])


def _answers(path: Path) -> list[Answer]:
    rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    errors = {"not_sent": NotSent, "changed": JournalDisagrees}
    return [next((errors[name](row[name]) for name in errors if name in row), None) or answer(**row) for row in rows]


def _connections(path: Path, home: Path) -> Connections:
    settings = path.with_suffix(".toml")
    copy = None
    if settings.exists():
        copy = home / settings.name
        copy.write_bytes(settings.read_bytes())
        copy.chmod(0o600)
    return load_connections({"HOME": str(home), **ENVIRONMENT}, copy, database=":memory:")


def _of_page(source: SourceText, path: Path) -> list[Diagnostic]:
    corrections = path.with_suffix(".errata.toml")
    errata = read_errata(SourceText(corrections.name, corrections.read_text())) if corrections.exists() else Errata()
    engine = Engine(load_table(), load_connections({"HOME": "/nowhere"}, database=":memory:"), open_rows)
    whole = list(replay_page(engine, read_page(source), errata, _scope(), run_id="run"))[-1]
    if not isinstance(whole, Replay):
        raise TypeError("a replay ends with its whole")
    return [*(each for result in whole.results for each in result.diagnostics), *whole.diagnostics]


class _Listener(FakeConsole):
    """A console that keeps the diagnostics themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Diagnostic] = []

    def diagnostics(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.heard += diagnostics


def _of_prompt(source: SourceText) -> list[Diagnostic]:
    """What the prompt says when the sandbox answers that it knows the object in general only."""
    state, _, _ = session(lambda _: respond({"object": "list", "data": []}, Stripe_Shell_Modelled="generic"))
    listener = _Listener()
    state.printer.console = listener
    run_text(state, source)
    return listener.heard


def as_text(diagnostics: Sequence[Diagnostic]) -> str:
    """As the program draws them; the names of requests, which differ each time, cut."""
    drawn = "".join(f"{excerpt(each)}\n" for each in diagnostics)
    return re.sub(r"req_\w+", "req_…", drawn)


def as_json(diagnostics: Sequence[Diagnostic]) -> str:
    """As `check --format json` writes them, one a line."""
    lines = "".join(f"{json.dumps(diagnostic_as_json(each), ensure_ascii=False)}\n" for each in diagnostics)
    return re.sub(r"req_\w+", "req_…", lines)
