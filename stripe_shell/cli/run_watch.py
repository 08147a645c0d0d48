"""Watches a run: shows its progress, notices interruptions, and runs the command of `--notify`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType

from stripe_shell.batch.batch_run import has_loops
from stripe_shell.batch.interruptions import Interruptions
from stripe_shell.batch.notify import Notifier, RunEvent, parse_command
from stripe_shell.batch.pressure import Pressure
from stripe_shell.batch.progress import Progress
from stripe_shell.batch.run_facts import count_rows
from stripe_shell.batch.runner import PreparedScript, ScriptRun
from stripe_shell.batch.ticker import Ticker
from stripe_shell.cli.arguments import Arguments
from stripe_shell.engine.outcome import RowStatus
from stripe_shell.render.console import Console


class RunWatch:
    """A context in which a run of a script is watched. Raises UsageError for a `--notify` that names no program."""

    def __init__(self, arguments: Arguments, script: PreparedScript, console: Console) -> None:
        self.pressure = Pressure()
        self.interruptions = Interruptions()
        name = script.source.name
        self.progress = Progress(name, time.monotonic, total=count_rows(script), pressure=self.pressure)
        self._console = console
        self._name = name
        self._run_id = ""
        self._ticker = self._new_ticker() if arguments.command == "run" and has_loops(script.program.items) else None
        self._notifier: Notifier | None = None
        if arguments.notify is not None:
            words, environ = parse_command(arguments.notify), script.scope.environment
            self._notifier = Notifier(words, environ, lambda: console.secrets, console.message)

    def begin(self, run_id: str, writes: int) -> None:
        """Notes the id of the run, and how many writes earlier processes of it made in rows that they finished."""
        self._run_id = run_id
        self.progress.go_on(writes)

    def __enter__(self) -> RunWatch:
        if self._ticker is not None:
            self._ticker.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._ticker is not None:
            self._ticker.__exit__(kind, error, trace)

    def end(self, result: ScriptRun, code: int, *, stopped: bool) -> None:
        """Tells `--notify` that the run has ended or stopped, and waits for its commands."""
        event: RunEvent = "stop" if stopped or result.rows.get("not run") or result.not_run else "end"
        self._notify(event, result.rows, writes=result.writes, code=code)
        if self._notifier is not None:
            self._notifier.wait()

    def _new_ticker(self) -> Ticker:
        console = self._console
        encoding = str(getattr(console.err, "encoding", "") or "").lower().replace("-", "")
        return Ticker(
            self.progress,
            console,
            terminal=console.message_width is not None and not console.dumb,
            clock=time.monotonic,
            plain=not encoding.startswith("utf"),
            on_wait=self._tell_wait,
        )

    def _tell_wait(self) -> None:
        rows: dict[RowStatus, int] = {**self.progress.rows, "not run": self.progress.left}
        self._notify("waiting", rows, writes=self.progress.writes, waits_for=self.pressure.limit)

    def _notify(self, event: RunEvent, rows: Mapping[RowStatus, int], **facts: object) -> None:
        if self._notifier is not None:
            self._notifier.tell(event, rows, script=self._name, run=self._run_id, **facts)
