"""`--report FORMAT=FILE`: what `run` and `replay` leave for others to read."""

from __future__ import annotations

from stripe_shell.batch.reports import Target, parse_targets, write_reports
from stripe_shell.batch.reports.record import Entry, Recorder
from stripe_shell.batch.runner import Prepared
from stripe_shell.cli.arguments import Arguments
from stripe_shell.cli.streams import Streams
from stripe_shell.engine.outcome import Step
from stripe_shell.records import record


@record
class Reporting:
    """Listens to a run, and writes the reports that were asked for; without any it does nothing."""

    targets: tuple[Target, ...]
    recorder: Recorder
    title: str

    def prepared(self, script: Prepared) -> None:
        """A script has been checked."""
        self.recorder.diagnostics(script.diagnostics)

    def step(self, step: Step) -> None:
        """One item has run."""
        if self.targets and step.outcome is not None:
            self.recorder.outcome(step.outcome)

    def add(self, entry: Entry) -> None:
        """An example has come out."""
        if self.targets:
            self.recorder.add(entry)

    def write(self, streams: Streams) -> None:
        """Write them, everything masked that the streams mask. Raises UsageError when a file cannot be written."""
        if self.targets:
            write_reports(self.targets, self.recorder.report(self.title), streams.secrets)


def open_reporting(arguments: Arguments) -> Reporting:
    """Raises UsageError for what is no report."""
    import time

    targets = parse_targets(arguments.reports)
    return Reporting(targets, Recorder(time.monotonic, time.time()), " ".join(arguments.words))
