"""Runs one script: with a journal if it writes to something that lasts, with patience, and stopped by signals."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from stripe_shell.batch.batch_run import is_batch, writing_links
from stripe_shell.batch.kept_rows import forget_kept_rows
from stripe_shell.batch.patience import PatienceSettings, PatientLinks
from stripe_shell.batch.plan_file import facts_of
from stripe_shell.batch.row_file import RowFiles, failed_paths
from stripe_shell.batch.runner import PreparedScript, ScriptRun, run_prepared
from stripe_shell.batch.signals import RunSignals
from stripe_shell.batch.totals import closing_line
from stripe_shell.cli.arguments import Arguments
from stripe_shell.cli.journalled import JournalledScript, begin, wants_journal
from stripe_shell.cli.planning import Decision, PlannedRun
from stripe_shell.cli.recorded_options import record_options
from stripe_shell.cli.run_watch import RunWatch
from stripe_shell.cli.setup import Setup, new_run_id
from stripe_shell.durations import parse_duration
from stripe_shell.engine.foreach import spooled_lists
from stripe_shell.engine.limits import WRITES
from stripe_shell.engine.outcome import RunStep
from stripe_shell.engine.run.interpreter import Engine, secrets_of
from stripe_shell.engine.run.ledger import NoLedger
from stripe_shell.engine.run.stopping import StopRequest
from stripe_shell.errors import OutputNotWritten, RunStopped, UsageError
from stripe_shell.lang.ast import Reference
from stripe_shell.lang.visit import nodes_in
from stripe_shell.records import record, replace
from stripe_shell.render.run_printer import RunPrinter
from stripe_shell.render.stream_rows import stream_rows

if TYPE_CHECKING:
    from stripe_shell.batch.frozen_data import FrozenData
    from stripe_shell.batch.plan import PlanGuard
    from stripe_shell.batch.plan_file import PlanFile
    from stripe_shell.cli.report import ReportWriter


#: How long a batch sends again what was not executed.
PATIENCE = "10m"


@record(frozen=False)
class ScriptRunner:
    """Runs scripts one after the other; `interrupted`: a signal stopped one of them.

    `unshown`: an answer could not be shown. `failed_rows` are the files of `failed=` of a script that runs without a
    journal.
    """

    arguments: Arguments
    setup: Setup
    printer: RunPrinter
    reporting: ReportWriter | None
    interrupted: bool = False
    unshown: bool = False
    planned: PlanFile | None = None
    failed_rows: RowFiles | None = None

    def run(self, script: PreparedScript, frozen: FrozenData) -> int:
        """Runs a script over the copies of its data files; returns its exit code."""
        stop = StopRequest()
        watch = RunWatch(self.arguments, script, self.printer.console)
        names = {reference.name for reference in nodes_in(tuple(script.program.items), Reference)}
        engine = self._patient_engine(script, stop, watch)
        if "last" not in names:  # else the rows of the last list are kept
            stream = partial(stream_rows, self.printer.console, self.printer.format)
            engine = replace(engine, stream=stream, spools=spooled_lists(script.program.items))
        grace = _seconds(self.arguments.grace, "--grace")
        with RunSignals(stop, grace, watch.progress.line, watch.interruptions.note) as signals, watch:
            try:
                journalled = self._begin(engine, script, frozen, stop)
            except RunStopped as error:
                self.interrupted = True
                self.printer.close(f"{script.source.shown_name}: {error}")
                return signals.exit_code or 3
            self.failed_rows = self._failed_rows(script) if journalled is None else None
            run_id = new_run_id() if journalled is None else journalled.run.run_id
            try:
                decision = self._decide(engine, script, journalled, frozen, run_id, stop=stop)
            except BaseException:
                if journalled is not None:
                    self._leave(journalled, 6)
                raise
            if decision.code is not None:
                self.interrupted = signals.received != 0
                code = signals.exit_code or decision.code
                return code if journalled is None else self._leave(journalled, code)
            watch.begin(run_id, 0 if journalled is None else journalled.run.ledger.spent.get(WRITES, 0))
            result = self._run(
                engine, script, stop, journalled, run_id=run_id, count=watch.progress.step, guard=decision.guard
            )
            self.interrupted = signals.received != 0
        code = self._exit_code(result, signals.exit_code, journalled)
        code = self._close(script, journalled, result, code)
        watch.end(result, code, stopped=stop.requested)
        return code

    def _decide(
        self,
        engine: Engine,
        script: PreparedScript,
        journalled: JournalledScript | None,
        frozen: FrozenData,
        run_id: str,
        *,
        stop: StopRequest,
    ) -> Decision:
        """Plans the run and asks for what must be confirmed, as far as the command line and the mode want it."""
        arguments = self.arguments
        links = writing_links(script.program.items, script, engine.links) if arguments.command == "run" else []
        live = any(link.counts_as_live for link in links)
        if journalled is not None and self.planned is None and not journalled.run.ledger.has_sent:
            forget_kept_rows(journalled.run.folder)
        if not (live or arguments.plan or arguments.confirm or self.planned):
            return Decision()

        ledger = NoLedger(run_id) if journalled is None else journalled.run.ledger
        accounts = [each.identify() for each in links] if journalled is None else journalled.run.accounts
        options = {**record_options(arguments, self.printer.console.secrets), "rows": arguments.rows}
        return PlannedRun(
            arguments,
            engine,
            script if journalled is None else replace(script, scope=journalled.run.scope),
            ledger,
            self.printer.console,
            facts_of(script, frozen.hashes, accounts),
            options,
            live,
            self.planned,
            stop,
            sorted({link.address for link in links} - {""}),
        ).decide()

    def _leave(self, journalled: JournalledScript, code: int) -> int:
        """Ends a run that was planned and not carried out."""
        journalled.rows.close()
        journalled.run.end(code, None, planned=True)
        return code

    def _failed_rows(self, script: PreparedScript) -> RowFiles | None:
        """Returns the files of `failed=` for a script without a journal; None if it names none."""
        paths = failed_paths(script)
        return RowFiles(None, lambda: self.printer.console.secrets, lambda name: {}, paths) if paths else None

    def _close(self, script: PreparedScript, journalled: JournalledScript | None, result: ScriptRun, code: int) -> int:
        """Ends the journal or the files of failed rows; returns the exit code."""
        if journalled is not None:
            return journalled.close(self.printer.console, result, code)
        if self.failed_rows is None:
            return code
        self.failed_rows.close()
        for problem in dict.fromkeys(self.failed_rows.problems):
            self.printer.console.message(f"{script.source.name}: {problem}")
        return code or (3 if self.failed_rows.problems else 0)

    def _begin(
        self, engine: Engine, script: PreparedScript, frozen: FrozenData, stop: StopRequest
    ) -> JournalledScript | None:
        """Begins or resumes the run of a script that wants a journal. Raises RunStopped if a signal comes first."""
        if not wants_journal(self.arguments, self.setup, script):
            return None
        console = self.printer.console
        console.lenient = True
        return begin(
            self.arguments,
            engine.links,
            script,
            frozen,
            console=console,
            stop=stop,
            kept_for=self.setup.connections.keep_runs * 24 * 3600.0,
        )

    def _patient_engine(self, script: PreparedScript, stop: StopRequest, watch: RunWatch) -> Engine:
        """Returns the engine; its connections are patient for batches in files, and wherever `--patience` is given."""
        wanted = self.arguments.patience
        if self.arguments.command != "run" or not (wanted or is_batch(script.program.items)):
            return self.setup.engine

        def say(words: str) -> None:
            self.printer.console.message(f"{script.source.shown_name}: {words}")

        seconds = _seconds(wanted or PATIENCE, "--patience")
        settings = PatienceSettings(seconds, stop, say, pressure=watch.pressure, interruptions=watch.interruptions)
        return replace(self.setup.engine, links=PatientLinks(self.setup.connections, settings))

    def _run(
        self,
        engine: Engine,
        script: PreparedScript,
        stop: StopRequest,
        journalled: JournalledScript | None,
        *,
        run_id: str,
        count: Callable[[RunStep], None],
        guard: PlanGuard | None = None,
    ) -> ScriptRun:
        name, console = script.source.shown_name, self.printer.console
        result: ScriptRun | None = None
        try:
            result = run_prepared(
                engine,
                script if journalled is None else replace(script, scope=journalled.run.scope),
                run_id=run_id,
                keep_going=self.arguments.keep_going,
                on_step=lambda step: self._show(step, journalled, count),
                ledger=None if journalled is None else journalled.run.ledger,
                stop=stop,
                guard=guard,
            )
        except BrokenPipeError:
            self.printer.close(f"{name}: stopped, as nobody reads the results any more")
            raise
        finally:
            if journalled is not None and result is None:
                journalled.close(console, None, 1)
        if self.reporting is not None:
            self.reporting.recorder.not_run += result.not_run
        self.printer.repeated()
        self._tell_end(name, result, stop, journalled)
        return result

    def _show(self, step: RunStep, journalled: JournalledScript | None, count: Callable[[RunStep], None]) -> None:
        """Counts, records and prints a step, with its secrets masked.

        A step that cannot be shown stays recorded, and the run goes on: what was sent was sent.
        """
        count(step)
        self.printer.console.mask(secrets_of(step.scope))
        if journalled is not None:
            journalled.step(step)
        elif self.failed_rows is not None and step.result is not None:
            self.failed_rows.add(step.result)
        if self.reporting is not None:
            self.reporting.step(step)
        try:
            self.printer.step(step)
        except (OSError, OutputNotWritten):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the step itself has been carried out
            self.unshown = True
            name = step.outcome.name if step.outcome is not None else "a step"
            what = f"what came of {name} cannot be shown ({type(error).__name__})"
            self.printer.console.message(f"stripe-shell: {what}, a mistake of this program's own; it is recorded")

    def _tell_end(self, name: str, result: ScriptRun, stop: StopRequest, journalled: JournalledScript | None) -> None:
        """Says which writes nobody waited for, why the run stopped, and the totals."""
        for words in journalled.unanswered() if journalled is not None else ():
            self.printer.console.message(f"UNKNOWN    {words}")
        if stop.requested:
            self.printer.close(f"{name}: stopped: {stop.reason}")
        self.printer.close(f"{name}: {closing_line(result)}")

    def _exit_code(self, result: ScriptRun, signal_code: int, journalled: JournalledScript | None) -> int:
        """Returns 5 for unknown outcomes, else the code of the signal that stopped the run, else that of the run."""
        unknown = result.rows.get("unknown") or result.counts.get("unknown")
        if unknown or (journalled is not None and journalled.unanswered()):
            return 5 if result.exit_code != 6 else 6
        return signal_code or result.exit_code or (3 if self.unshown else 0)


def _seconds(text: str, option: str) -> float:
    milliseconds = parse_duration(text)
    if milliseconds is None:
        raise UsageError(f"{option} is a time such as 10s, 5m or 1h, not `{text}`")
    return milliseconds / 1000
