"""The option `--report FORMAT=FILE` of `run` and `replay`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.batch.reports import Target, parse_targets, write_reports
from stripe_shell.batch.reports.record import EntryVerdict, Recorder, ReportCheck, ReportEntry, entry_of
from stripe_shell.batch.runner import PreparedScript
from stripe_shell.cli.arguments import Arguments
from stripe_shell.diagnostics import excerpt
from stripe_shell.engine.assertions.compare import format_value
from stripe_shell.engine.outcome import RunStep
from stripe_shell.records import record, replace
from stripe_shell.render.console import Console
from stripe_shell.replay.errata import path_text
from stripe_shell.replay.runner import ExampleResult

if TYPE_CHECKING:
    from stripe_shell.batch.reports.live import LiveReport


@record
class ReportWriter:
    """Records a run and writes the requested reports."""

    targets: tuple[Target, ...]
    recorder: Recorder
    title: str
    live: tuple[LiveReport, ...] = ()

    def prepared(self, script: PreparedScript) -> None:
        """Records the diagnostics of a checked script."""
        self.recorder.diagnostics(script.diagnostics)

    def step(self, step: RunStep) -> None:
        """Records an item that has run."""
        if step.outcome is not None:
            self.recorder.outcome(step.outcome, step.row)
        if step.result is not None:
            for report in self.live:
                report.row(step.result)

    def example(self, result: ExampleResult) -> None:
        """Records an example of a documentation page."""
        self.recorder.add(_example_entry(result))

    def write(self, console: Console) -> None:
        """Writes the reports, with the console's secrets masked. Raises UsageError if a file cannot be written."""
        report = self.recorder.report(self.title)
        for live in self.live:
            live.end(report)
        write_reports(self.targets, report, console.secrets)


def _example_entry(result: ExampleResult) -> ReportEntry:
    """Returns an example as an entry: a failed call is an error, a different response a failure."""
    span = result.example.block.span
    bare = ReportEntry(result.example.name, span.source.name, span.location()[0], "failed", "failed", 0.0, 0.0)
    entry = entry_of(result.outcome) if result.outcome is not None else bare
    called = result.outcome is not None and result.outcome.status == "passed"
    verdict: EntryVerdict = "error" if result.verdict == "failed" and not called else result.verdict
    checks = tuple(
        ReportCheck(path_text(found.path), False, format_value(found.expected), format_value(found.actual))
        for found in result.differences
    )
    problems = tuple(excerpt(diagnostic) for diagnostic in result.diagnostics if diagnostic.severity == "error")
    kept = () if result.verdict == "passed" else checks
    return replace(
        entry, name=result.example.name, verdict=verdict, checks=kept, problems=problems, reason=result.reason
    )


def open_reporting(arguments: Arguments, console: Console) -> ReportWriter:
    """Returns the writer of the reports named by `--report`. Raises UsageError for an invalid one."""
    import time

    targets, title, began = parse_targets(arguments.reports), " ".join(arguments.words), time.time()
    live: tuple[LiveReport, ...] = ()
    if any(target.format == "jsonl" for target in targets):
        from stripe_shell.batch.reports.live import LiveReport

        paths = (target.path for target in targets if target.format == "jsonl")
        live = tuple(LiveReport(path, title, began, lambda: console.secrets) for path in paths)

    def tell(entry: ReportEntry) -> None:
        for report in live:
            report.entry(entry)

    return ReportWriter(targets, Recorder(time.monotonic, began, on_entry=tell), title, live)
