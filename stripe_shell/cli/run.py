"""`run FILE`, `-c TEXT`, a block on the command line, and a script from standard input: one way for all of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence

from stripe_shell.batch.runner import Run, open_script, run_source
from stripe_shell.cli.arguments import Arguments
from stripe_shell.cli.present import Presenter
from stripe_shell.cli.setup import Setup, new_run_id, set_up
from stripe_shell.cli.streams import Streams
from stripe_shell.diagnostics import Source
from stripe_shell.engine.outcome import exit_code
from stripe_shell.errors import UsageError


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


def read_sources(arguments: Arguments) -> list[Source]:
    """The texts that the arguments name. Raises UsageError when one cannot be read."""
    if arguments.command == "block":
        return [Source("<command line>", block_text(arguments.words))]
    if arguments.command == "text":
        return [Source("<-c>", text) for text in arguments.words]
    if arguments.command == "prompt":
        return [read_standard_input()]
    return [read_standard_input() if word == "-" else open_script(word) for word in arguments.words]


def read_standard_input() -> Source:
    """Standard input as a script. Raises UsageError when it is no UTF-8 text."""
    try:
        return Source("<stdin>", sys.stdin.buffer.read().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UsageError(f"standard input is not UTF-8 text (byte {error.start})") from error


def block_text(words: Sequence[str]) -> str:
    """The words of a command line as an inline block: the shell has undone the quoting, so it is put back."""
    return " ".join(_quoted_word(word) for word in words)


def _quoted_word(word: str) -> str:
    key, equals, value = word.partition("=")
    if not equals or not value:
        return word
    plain = all(char.isalnum() or char in "_-.:/@+,%~" for char in value)
    return word if plain else f"{key}={json.dumps(value, ensure_ascii=False)}"


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
