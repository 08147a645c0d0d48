"""The command `check FILE`: reports and fixes the problems of scripts; sends nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stripe_shell.batch.runner import PreparedScript, prepare
from stripe_shell.cli.arguments import Arguments
from stripe_shell.cli.setup import Setup, set_up
from stripe_shell.cli.sources import open_script, read_standard_input, write_script
from stripe_shell.diagnostics import Diagnostic, SourceText, diagnostic_as_json
from stripe_shell.errors import UsageError
from stripe_shell.render.console import Console


def check(arguments: Arguments, environ: Mapping[str, str], console: Console) -> int:
    """Returns 0 if no file has an error, else 2. `--fix` first applies fixes to the files."""
    if arguments.fix and "-" in arguments.words:
        raise UsageError("--fix mends files; standard input is none")
    version = _version_of(arguments)
    setup = set_up(arguments, environ, console)
    failed = False
    for word in arguments.words:
        script = _check_source(setup, read_standard_input() if word == "-" else open_script(word), console)
        if arguments.fix:
            script = _fix_file(setup, script, console)
        if version:
            script = _check_in_version(setup, script, version)
        _report(script.diagnostics, arguments, console)
        failed = failed or not script.sound
        if not script.diagnostics and arguments.format != "json":
            name = word if word != "-" else "<stdin>"
            console.message(f"{name}: {f'nothing breaks in {version}' if version else 'no problem found'}")
    return 2 if failed else 0


def _version_of(arguments: Arguments) -> str | None:
    if arguments.version is None:
        return None
    from stripe_shell.cli.versions import named_version

    if arguments.fix:
        raise UsageError("--fix mends what is wrong today; leave --version out")
    return named_version(arguments.version)


def _check_in_version(setup: Setup, script: PreparedScript, version: str) -> PreparedScript:
    """Returns what breaks when the script, or its account, moves to a version; a block's own `@version` stays."""
    from stripe_shell.cli.versions import what_breaks

    then = prepare(setup.engine, script.source, script.scope, version=version)
    return what_breaks(setup.engine.table, then, version)


def _check_source(setup: Setup, source: SourceText, console: Console) -> PreparedScript:
    """Prints every problem of the text and of its includes; masks its secrets from then on."""
    script = prepare(setup.engine, source, setup.scope, lint=True)
    console.mask(script.secrets)
    return script


def apply_fixes(source: SourceText, diagnostics: Sequence[Diagnostic]) -> tuple[str, int]:
    """Returns the text with its fixes applied, and their number; of two overlapping fixes only the first is applied."""
    fixes = [d.fix for d in diagnostics if d.fix is not None and d.fix.span.source == source]
    text, done, end = source.text, 0, len(source.text) + 1
    for fix in sorted(dict.fromkeys(fixes), key=lambda item: item.span.start, reverse=True):
        if fix.span.end <= end:
            text = text[: fix.span.start] + fix.replacement + text[fix.span.end :]
            done, end = done + 1, fix.span.start
    return text, done


def _fix_file(setup: Setup, script: PreparedScript, console: Console) -> PreparedScript:
    """Applies fixes to the file until there are none left, then prints the remaining problems."""
    total, longest = 0, len(script.source.text)
    while total <= longest:
        text, done = apply_fixes(script.source, script.diagnostics)
        if not done:
            break
        total += done
        script = _check_source(setup, SourceText(script.source.name, text), console)
    if total:
        write_script(script.source.name, script.source.text)
        console.message(f"{script.source.shown_name}: {total} fixed")
    return script


def _report(diagnostics: Sequence[Diagnostic], arguments: Arguments, console: Console) -> None:
    if arguments.format == "json":
        for diagnostic in diagnostics:
            console.data(diagnostic_as_json(diagnostic))
    else:
        console.diagnostics(diagnostics)
