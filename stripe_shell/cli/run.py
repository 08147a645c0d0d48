"""The commands `run FILE` and `-c TEXT`, a block on the command line, and a script on standard input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from stripe_shell.batch.frozen_data import FrozenData
from stripe_shell.batch.runner import EarlierCheck, PreparedScript, prepare
from stripe_shell.cli import garbage
from stripe_shell.cli.arguments import Arguments
from stripe_shell.cli.setup import Setup, new_run_id, set_up
from stripe_shell.cli.sources import read_sources
from stripe_shell.engine.data_files import find_on_disk
from stripe_shell.errors import OutcomeUnknown, UsageError
from stripe_shell.records import replace
from stripe_shell.render.console import Console
from stripe_shell.render.run_printer import RunPrinter

if TYPE_CHECKING:
    from stripe_shell.batch.plan_file import PlanFile
    from stripe_shell.cli.report import ReportWriter
    from stripe_shell.engine.resolver import Purpose


def run(arguments: Arguments, environ: Mapping[str, str], console: Console) -> int:
    """Checks every source, then runs them in order, each with its own scope; sends nothing if one has an error.

    Stops after one that fails, unless `--keep-going`.
    """
    planned: PlanFile | None = None
    if isinstance(arguments.plan, str) or any(word.lower().endswith(".json") for word in arguments.words):
        from stripe_shell.cli.planning import open_plan

        arguments, planned = open_plan(arguments)
    reporting = _reporting(arguments, console)
    # What sends no write may show those for a live connection.
    setup = set_up(
        replace(arguments, live=arguments.live or arguments.dry_run or bool(arguments.plan)), environ, console
    )
    printer = RunPrinter(console, arguments.format, quiet=arguments.command == "block", show=arguments.show)
    data: list[FrozenData] = []
    code = 3
    try:
        code = _run_all(arguments, setup, printer, reporting, data, planned=planned)
    except KeyboardInterrupt:
        _tell_left_open(arguments)
        raise
    finally:
        for each in data:
            each.discard()
        problem = "" if reporting is None else _write_reports(reporting, console)
        for words in [*console.problems, *([problem] if problem else [])]:
            console.message(f"stripe-shell: {words}")
            code = code or (3 if console.lenient else 1)
    return code


def _tell_left_open(arguments: Arguments) -> None:
    """Raises OutcomeUnknown for a run interrupted before it began, if writes of an earlier process are still open."""
    if arguments.command != "run":
        return
    from stripe_shell.batch.batch_run import writes_left_open

    left = sum(writes_left_open(word, arguments.runs_dir) for word in arguments.words)
    if left:
        raise OutcomeUnknown(f"interrupted; {left} writes of an earlier process have no known outcome: start it again")


def _write_reports(reporting: ReportWriter, console: Console) -> str:
    """Writes the reports; returns what could not be written, in words."""
    try:
        reporting.write(console)
    except UsageError as error:
        return str(error)
    return ""


def _run_all(
    arguments: Arguments,
    setup: Setup,
    printer: RunPrinter,
    reporting: ReportWriter | None,
    data: list[FrozenData],
    *,
    planned: PlanFile | None,
) -> int:
    """Checks and runs all scripts; adds the copies of their data files to `data`, one for each script."""
    scripts = _prepare_all(arguments, setup, printer, data)
    if reporting is not None:
        for script in scripts:
            reporting.prepared(script)
    if not all(script.sound for script in scripts):
        printer.close("nothing was sent")
        return 2
    garbage.enable_collector()
    if arguments.dry_run:
        return _dry_run(arguments, setup, scripts, printer.console)
    from stripe_shell.cli.script_run import ScriptRunner

    runner = ScriptRunner(arguments, setup, printer, reporting, planned=planned)
    codes: list[int] = []
    for script, frozen in zip(scripts, data, strict=True):
        codes.append(runner.run(script, frozen))
        if runner.interrupted or (codes[-1] and not arguments.keep_going):
            break
    return gravest(codes)


def _prepare_all(
    arguments: Arguments, setup: Setup, printer: RunPrinter, data: list[FrozenData]
) -> list[PreparedScript]:
    """Parses and checks every source; prints their problems, with secrets masked."""
    typed = arguments.command in {"block", "text"}
    scripts: list[PreparedScript] = []
    for source in read_sources(arguments):
        scope = replace(setup.scope, seed=new_run_id())
        data.append(FrozenData())
        find_file = find_on_disk if arguments.dry_run else data[-1].find
        known = _checked_before(arguments, setup, data[-1], printer.console)
        scripts.append(
            prepare(
                setup.engine,
                source,
                scope,
                prompt=typed,
                find_file=find_file,
                checked=known,
                purpose=_purpose(arguments),
            )
        )
        printer.console.mask(scripts[-1].secrets)
        printer.checked(scripts[-1].diagnostics)
        if arguments.rows is not None and scripts[-1].sound:
            from stripe_shell.batch.chosen_rows import check_selection

            check_selection(scripts[-1], setup.engine.rows)
    return scripts


def _purpose(arguments: Arguments) -> Purpose:
    if arguments.dry_run:
        return "dry run"
    return "plan" if arguments.plan or arguments.confirm else "run"


def _checked_before(arguments: Arguments, setup: Setup, data: FrozenData, console: Console) -> EarlierCheck | None:
    """Returns what knows the data that an unfinished run has checked; None if the rows must be checked now."""
    if arguments.command != "run" or arguments.dry_run or arguments.new or not arguments.words[0].endswith(".stripe"):
        return None
    from stripe_shell.batch.run_facts import CheckedBefore
    from stripe_shell.cli.recorded_options import record_options

    return CheckedBefore(data, setup.connections, record_options(arguments, console.secrets), arguments.runs_dir)


def _reporting(arguments: Arguments, console: Console) -> ReportWriter | None:
    """Returns the writer of the requested reports, or None."""
    if not arguments.reports:
        return None
    if arguments.dry_run:
        raise UsageError("--report tells how a run went; --dry-run sends nothing")
    from stripe_shell.cli.report import open_reporting

    return open_reporting(arguments, console)


def _dry_run(arguments: Arguments, setup: Setup, scripts: Sequence[PreparedScript], console: Console) -> int:
    """Tells the totals of each script, as far as they are known; with `--show`, and of typed blocks, each request."""
    from stripe_shell.engine.run_totals import run_totals
    from stripe_shell.render.exchange import render_request
    from stripe_shell.render.totals import render_totals

    typed = arguments.command != "run"
    for script in scripts:
        items, resolver = script.program.items, script.resolver
        if arguments.show or typed:
            requests = setup.engine.preview(items, script.scope, run_id=new_run_id(), resolver=resolver)
            for request in requests:
                console.result(render_request(request) + "\n")
        if not typed:
            console.result("\n".join(render_totals(script.source.name, run_totals(items, resolver, setup.engine.tags))))
    if not typed:
        console.message("nothing was sent" if arguments.show else "nothing was sent; `--show` shows each request")
    return 0


def gravest(codes: Sequence[int]) -> int:
    """Returns the first of 6, 5, those of signals, 3, 4, 2, 1 that occurs in `codes`, else 0."""
    return next((code for code in (6, 5, 130, 143, 129, 3, 4, 2, 1) if code in codes), 0)
