"""`run FILE`, `-c TEXT`, a block on the command line, and a script from standard input: one way for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stripe_shell.batch.runner import Run, run_source
from stripe_shell.cli.arguments import Arguments
from stripe_shell.cli.present import Presenter
from stripe_shell.cli.setup import Setup, new_run_id, set_up
from stripe_shell.cli.sources import read_sources
from stripe_shell.cli.streams import Streams
from stripe_shell.diagnostics import Source
from stripe_shell.engine.outcome import exit_code


def run(arguments: Arguments, environ: Mapping[str, str], streams: Streams) -> int:
    """Run every source in turn, each with a scope of its own; stop after one that fails, unless `--keep-going`."""
    setup = set_up(arguments, environ)
    streams.secrets = setup.connections.secrets
    single = arguments.command == "block"
    presenter = Presenter(streams, arguments.format, quiet=single, verbose=arguments.verbose)
    codes: list[int] = []
    for source in read_sources(arguments):
        codes.append(_run_one(arguments, setup, source, presenter))
        if codes[-1] and not arguments.keep_going:
            break
    return _gravest(codes)


def _run_one(arguments: Arguments, setup: Setup, source: Source, presenter: Presenter) -> int:
    if arguments.dry_run:
        return _dry_run(setup, source, presenter, prompt=arguments.command in {"block", "text"})
    result = run_source(
        setup.engine,
        source,
        setup.scope,
        run_id=new_run_id(),
        keep_going=arguments.keep_going,
        prompt=arguments.command in {"block", "text"},
        on_diagnostics=presenter.diagnostics,
        on_step=presenter.step,
    )
    if not presenter.quiet:
        presenter.streams.say(_closing_line(source, result))
    return result.exit_code


def _dry_run(setup: Setup, source: Source, presenter: Presenter, *, prompt: bool) -> int:
    from stripe_shell.diagnostics import has_errors
    from stripe_shell.engine.program import load_program
    from stripe_shell.render.exchange import render_request

    program = load_program(source, prompt=prompt)
    found = (*program.diagnostics, *setup.engine.check(program.items, setup.scope))
    presenter.diagnostics(found)
    if has_errors(found):
        return 2
    for request in setup.engine.preview(program.items, setup.scope, run_id=new_run_id()):
        presenter.streams.result(render_request(request) + "\n")
    return 0


def _closing_line(source: Source, result: Run) -> str:
    if not result.outcomes:
        return f"{source.name}: nothing was sent"
    passed = sum(outcome.status in {"passed", "skipped"} for outcome in result.outcomes)
    failed = len(result.outcomes) - passed
    return f"{source.name}: {passed} passed, {failed} failed"


def _gravest(codes: Sequence[int]) -> int:
    """The first of 6, 5, 3, 4 that occurred, then 2, then 1."""
    return next((code for code in (6, 5, 3, 4, 2, 1) if code in codes), exit_code(()))
