"""Runs one script with a journal: begins or resumes it, tells how it went, and how to go on."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from stripe_shell.batch.batch_run import (
    BatchRun,
    JournalOptions,
    RunSetup,
    begin_run,
    exporting_links,
    refuse_unjournalled,
    stopped_early,
    writing_links,
)
from stripe_shell.batch.frozen_data import FrozenData
from stripe_shell.batch.journal_state import row_entries
from stripe_shell.batch.known_folders import note_folder
from stripe_shell.batch.row_file import RowFiles, failed_paths
from stripe_shell.batch.run_folder import JOURNAL
from stripe_shell.batch.runner import PreparedScript, ScriptRun
from stripe_shell.cli.arguments import Arguments
from stripe_shell.cli.recorded_options import record_options
from stripe_shell.cli.setup import Setup, new_run_id
from stripe_shell.engine.links import Links
from stripe_shell.engine.outcome import RowStatus, RunStep
from stripe_shell.engine.paths import output_of
from stripe_shell.engine.run.stopping import StopRequest
from stripe_shell.engine.script_settings import apply_directive
from stripe_shell.errors import OutcomeUnknown, RunStopped
from stripe_shell.lang.ast import Directive
from stripe_shell.lang.visit import directives_in
from stripe_shell.records import record
from stripe_shell.render.console import Console

_GO_ON: Mapping[RowStatus, str] = {
    "not run": "run it again to go on with the rest",
    "failed": "`--resume` sends again what was refused",
}


@record
class JournalledScript:
    """A script that runs with a journal, and its row files."""

    run: BatchRun
    rows: RowFiles
    script: PreparedScript

    def step(self, step: RunStep) -> None:
        """Writes the line of a row that has ended."""
        if step.result is not None:
            self.rows.add(step.result)

    def unanswered(self) -> list[str]:
        """Returns the writes that were sent and not waited for, in words."""
        flights = self.run.ledger.writes_in_flight()
        return [f"{each.name}{f' in {each.row}' if each.row else ''}: its key is {each.key}" for each in flights]

    def close(self, console: Console, result: ScriptRun | None, code: int) -> int:
        """Ends the run, says what could not be written and how to go on; returns the exit code."""
        self.rows.close()
        self.run.end(code, None if result is None else result.rows)
        problems = list(dict.fromkeys(self.rows.problems))
        if self.run.ledger.journal.problem:
            problems.append(f"the journal cannot be written: {self.run.ledger.journal.problem}")
        for problem in problems:
            console.message(f"{self.script.source.shown_name}: {problem}")
        code = code or (3 if problems else 0)
        if result is not None and (code or result.rows.get("not run")):
            console.message(f"{self.script.source.shown_name}: {self._how_to_go_on(result)}")
        return code

    def _how_to_go_on(self, result: ScriptRun) -> str:
        words = [text for status, text in _GO_ON.items() if result.rows.get(status) or self._fits(status, result)]
        if any(outcome.status == "failed" and output_of(outcome.block) is not None for outcome in result.outcomes):
            words = ["run it again to go on with the file where it was"]
        words.append("`--new` starts over")
        files = [self.run.folder / "rows.csv", *self.rows.failed_files()] if result.rows else [self.run.folder]
        shown = ", ".join(_relative(path) for path in files)
        return f"run {self.run.run_id[:12]} is not finished: {'; '.join(words)}; see {shown}"

    def _fits(self, status: RowStatus, result: ScriptRun) -> bool:
        """Whether the advice for rows of a status fits blocks outside of loops too."""
        statuses = {outcome.status for outcome in result.outcomes}
        return bool(result.not_run) if status == "not run" else "failed" in statuses


def wants_journal(arguments: Arguments, setup: Setup, script: PreparedScript) -> bool:
    """Whether the run of a script keeps a journal: it is a file, and writes to something that outlives the process,
    or writes a list of it to a file.

    Raises NotSent for `--no-journal` in live mode.
    """
    if arguments.command != "run" or script.source.name.startswith("<"):
        return False
    items = script.program.items
    links = writing_links(items, script, setup.connections)
    if arguments.no_journal:
        refuse_unjournalled(links)
        return False
    return any(link.lasting for link in (*links, *exporting_links(items, script, setup.connections)))


def begin(
    arguments: Arguments,
    links: Links,
    script: PreparedScript,
    data: FrozenData,
    *,
    console: Console,
    stop: StopRequest,
    kept_for: float,
) -> JournalledScript:
    """Begins or resumes the run of a script; finished runs are removed after `kept_for` seconds.

    Raises what `begin_run` and `recover` raise.
    """
    name = script.source.name
    items = script.program.items
    writing = writing_links(items, script, links)
    run = begin_run(
        RunSetup(
            script,
            list({link.name: link for link in (*writing, *exporting_links(items, script, links))}.values()),
            bool(writing),
            data,
            _journal_options(arguments, console, kept_for),
            run_id=new_run_id(),
            secrets=secret_values(script),
            masks=lambda: console.secrets,
            stop=stop,
            say=lambda words: console.message(f"{name}: {words}"),
        )
    )
    note_folder(run.folder.parent, script.scope.environment)
    rows = RowFiles(run.folder, lambda: console.secrets, _finder(run), failed_paths(script))
    journalled = JournalledScript(run, rows, script)
    if run.resumed:
        _go_on(journalled, links, console)
    return journalled


def _journal_options(arguments: Arguments, console: Console, kept_for: float) -> JournalOptions:
    edits: Any = arguments.accept_edits or "refuse"
    return JournalOptions(
        arguments.runs_dir,
        arguments.new,
        arguments.resume,
        edits,
        run_id=arguments.run_id,
        recorded=record_options(arguments, console.secrets),
        kept_for=kept_for,
    )


def _go_on(journalled: JournalledScript, links: Links, console: Console) -> None:
    """Sends again the writes of an earlier process that have no answer. Raises what `recover` raises."""
    run, name = journalled.run, journalled.script.source.name
    try:
        finished = len(run.ledger.state.finished)
        console.message(f"{name}: going on with run {run.run_id[:12]}, {finished:,} rows of it are done")
        again = run.recover(links)
        if again:
            console.message(f"{name}: {again} writes without an answer were sent again under the same keys")
    except RunStopped as error:
        journalled.close(console, None, 5)
        raise stopped_early(run.folder.parent, str(run.ledger.state.start["identity"]), error) from error
    except BaseException as error:
        journalled.close(console, None, 5 if isinstance(error, OutcomeUnknown) else 3)
        raise


def secret_values(script: PreparedScript) -> dict[str, str]:
    """Returns the values of `@secret` by name."""
    scope = script.scope
    for item in script.program.items:
        if isinstance(item, Directive):
            scope = apply_directive(item, scope)
    names = {d.argument.name for d in directives_in(script.program.items) if d.name == "secret" and d.argument}  # type: ignore[union-attr]
    values = {name: scope.variables.get(name) for name in names}
    return {name: value for name, value in values.items() if isinstance(value, str) and value}


def _finder(run: BatchRun) -> Callable[[str], Mapping[str, Any]]:
    """Returns what finds the columns of a finished row in the journal, by its name; the journal is read once."""
    found: dict[str, Mapping[str, Any]] = {}

    def find(name: str) -> Mapping[str, Any]:
        if not found:
            found.update({entry["n"]: entry["x"] for entry in row_entries(run.folder / JOURNAL)})
        return found.get(name, {"_status": "done"})

    return find


def _relative(path: Path) -> str:
    with suppress(ValueError):
        return os.path.relpath(path)
    return str(path)
