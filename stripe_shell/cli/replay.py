"""The command `replay PAGE`: runs the examples of documentation pages as tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stripe_shell.cli import garbage
from stripe_shell.cli.arguments import Arguments
from stripe_shell.cli.setup import Setup, new_run_id, set_up
from stripe_shell.cli.sources import open_script, write_script
from stripe_shell.diagnostics import sort_diagnostics
from stripe_shell.errors import UsageError
from stripe_shell.records import record, replace
from stripe_shell.render.console import Console
from stripe_shell.replay.errata import Errata, find_errata, read_errata
from stripe_shell.replay.page import DocumentPage, read_page
from stripe_shell.replay.runner import ExampleResult, Replay, replay_page

if TYPE_CHECKING:
    from stripe_shell.cli.report import ReportWriter
    from stripe_shell.replay.update import PageChange

_WORDS = {"passed": "ok", "failed": "FAILED", "skipped": "skipped"}


def replay(arguments: Arguments, environ: Mapping[str, str], console: Console) -> int:
    """Replays every page, each in a sandbox of its own unless a connection or a database is given."""
    reporting = _reporting(arguments, console)
    garbage.enable_collector()
    try:
        codes = [_Replaying(arguments, environ, console, reporting, path).run() for path in arguments.words]
    finally:
        if reporting is not None:
            reporting.write(console)
    return next((code for code in (6, 5, 3, 4, 2, 1) if code in codes), 0)


def _reporting(arguments: Arguments, console: Console) -> ReportWriter | None:
    if not arguments.reports:
        return None
    from stripe_shell.cli.report import open_reporting

    return open_reporting(arguments, console)


@record
class _Replaying:
    """The replay of one page."""

    arguments: Arguments
    environ: Mapping[str, str]
    console: Console
    reporting: ReportWriter | None
    path: str

    def run(self) -> int:
        """Replays the page, prints the results, and applies `--update`."""
        if self.path == "-" and self.arguments.update:
            raise UsageError("--update writes into the page, and standard input is none")
        page = read_page(open_script(self.path))
        if not page.examples:
            label = "a block is a line `/connection` and lines `key: value` below it"
            raise UsageError(f"{self.path} has no example: {label}")
        errata = self._find_errata()
        whole = self._replay(page, errata, show=not self.arguments.update)
        if not self.arguments.update:
            return self._close(whole, whole.results, errata, whole.exit_code)
        changes, results = self._changes(page, whole, errata)
        for result in results:
            self._show(result)
        if changes:
            from stripe_shell.replay.update import apply_changes

            write_script(self.path, apply_changes(page.source.text, changes))
            for change in changes:
                self.console.result(f"updated  {change.what}")
        return self._close(whole, results, errata, Replay(tuple(results), whole.diagnostics).exit_code)

    def _replay(self, page: DocumentPage, errata: Errata, *, show: bool) -> Replay:
        setup = self._set_up()
        for event in replay_page(setup.engine, page, errata, setup.scope, run_id=new_run_id()):
            if isinstance(event, Replay):
                return event
            if show:
                self._show(event)
        raise AssertionError("a replay ends with its whole")

    def _set_up(self) -> Setup:
        setup = set_up(self.arguments, self.environ, self.console)
        default = setup.connections.default
        if default.kind == "sandbox" and self.arguments.db is None and self.arguments.connection is None:
            return set_up(replace(self.arguments, memory=True), self.environ, self.console)
        return setup

    def _find_errata(self) -> Errata:
        """Returns the errata of `--errata`, else of `<page>.errata.toml` beside the page or in $STRIPE_SHELL_ERRATA."""
        if self.arguments.errata:
            return read_errata(open_script(self.arguments.errata))
        found = find_errata(Path(self.path), self.environ)
        return read_errata(open_script(str(found))) if found else Errata()

    # --- updating -------------------------------------------------------------------------------------------

    def _changes(
        self, page: DocumentPage, whole: Replay, errata: Errata
    ) -> tuple[list[PageChange], list[ExampleResult]]:
        """Returns the changes to the page, and the results as they are after the changes."""
        from stripe_shell.replay.update import changed_leaves, new_answer, page_symbols

        symbols = page_symbols(page)
        new_only = self.arguments.update == "new"
        others = self._replay_again(page, errata) if new_only else ()
        table = self._set_up().engine.table
        changes: list[PageChange] = []
        results: list[ExampleResult] = []
        for index, result in enumerate(whole.results):
            found: Sequence[PageChange] | None = None
            if new_only:
                other = others[index] if index < len(others) else None
                answer = new_answer(result, other, table, symbols)
                found = [answer] if answer else None
            elif result.only_differs:
                found = changed_leaves(result, symbols)
                result = replace(result, verdict="passed", diagnostics=()) if found else result  # noqa: PLW2901
            changes += found or ()
            results.append(result)
        return changes, results

    def _replay_again(self, page: DocumentPage, errata: Errata) -> Sequence[ExampleResult]:
        """Replays the page again, if it ran in a temporary sandbox."""
        connections = self._set_up().connections
        if connections.default.kind != "sandbox" or self.arguments.db is not None:
            return ()
        return self._replay(page, errata, show=False).results

    # --- showing --------------------------------------------------------------------------------------------

    def _show(self, result: ExampleResult) -> None:
        if self.reporting is not None:
            self.reporting.example(result)
        line = result.example.block.span.location()[0]
        place = f"{result.example.block.span.source.name}:{line}"
        reason = f"  {result.reason}" if result.reason else ""
        self.console.result(f"{_WORDS[result.verdict]:<8} {result.example.name}  ({place}){reason}")
        for erratum in result.errata:
            self.console.result(f"         erratum: {erratum.title}: {erratum.reason}")
        self.console.diagnostics(result.diagnostics)

    def _close(self, whole: Replay, results: Sequence[ExampleResult], errata: Errata, code: int) -> int:
        self.console.diagnostics(sort_diagnostics(whole.diagnostics))
        if self.reporting is not None:
            self.reporting.recorder.diagnostics(whole.diagnostics)
        for erratum in errata.errata:
            if erratum.symbol:
                self.console.result(f"         erratum: {erratum.title}: {erratum.reason}")
        for reading in errata.readings:
            self.console.result(f"         reading: {reading.settled}: {reading.reason}")
        skipped = sum(result.verdict == "skipped" for result in results)
        passed = sum(result.verdict == "passed" for result in results)
        tail = f", {skipped} skipped" if skipped else ""
        self.console.result(f"{self.path}: {passed} of {len(results)} examples{tail}; {len(errata.errata)} errata")
        return code
