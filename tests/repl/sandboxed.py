"""A session on real connections: a sandbox in memory or in a file, and others that the test adds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from stripe_shell.connections import Connections, load_connections
from stripe_shell.diagnostics import SourceText
from stripe_shell.engine.run.interpreter import Engine
from stripe_shell.engine.scope import Scope
from stripe_shell.errors import ShellError
from stripe_shell.records import replace
from stripe_shell.render.files import open_rows
from stripe_shell.render.run_printer import RunPrinter
from stripe_shell.repl.running import run_text
from stripe_shell.repl.session import NOWHERE, ReplSession
from stripe_shell.spec.table import load_table
from tests.repl.fakes import FakeConsole


class Sandboxed:
    """A session, and what it shows."""

    def __init__(
        self,
        home: Path,
        database: str = ":memory:",
        environ: Mapping[str, str] | None = None,
        connections: Connections | None = None,
        now: float = 1_700_000_000.0,
    ) -> None:
        self.console = FakeConsole()
        self.answers: list[str] = []
        self.questions: list[str] = []
        environment = {"HOME": str(home), **(environ or {})}
        made = connections or load_connections(environment, database=database, undo=True)
        engine = Engine(load_table(), made, open_rows, live=True)
        around = replace(NOWHERE, seed="session", clock=lambda: now, confirm=self._confirm)
        scope = Scope(now=int(now), seed="seed", environment=environment)
        self.console.secrets = made.secrets
        self.state = ReplSession(engine, scope, made, RunPrinter(self.console, repeats=True), around)

    def type(self, text: str) -> str:
        """What is shown for a text; a command that cannot be carried out says why, as at the prompt."""
        before = len(self.console.text)
        try:
            run_text(self.state, SourceText("<prompt>", text))
        except ShellError as error:
            self.console.message(str(error))
        return self.console.text[before:]

    def value(self, path: str) -> str:
        """A field of the last answer."""
        body = self.state.scope.captures["last"].body
        for step in path.split("."):
            body = body[int(step)] if step.isdecimal() else body[step]
        return str(body)

    def _confirm(self, question: str) -> str:
        self.questions.append(question)
        return self.answers.pop(0) if self.answers else ""
