"""`check FILE`: everything that is wrong with scripts, and what mends it; nothing is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from stripe_shell.cli.arguments import Arguments
from stripe_shell.cli.setup import Setup, set_up
from stripe_shell.cli.sources import open_script, read_standard_input
from stripe_shell.cli.streams import Streams
from stripe_shell.diagnostics import Diagnostic, Source, diagnostic_as_json, has_errors, sort_diagnostics
from stripe_shell.engine.program import load_program


def check(arguments: Arguments, environ: Mapping[str, str], streams: Streams) -> int:
    """0 when no file has an error, else 2. With `--fix` what can be mended is mended first, in the files."""
    setup = set_up(arguments, environ)
    failed = False
    for word in arguments.words:
        source = read_standard_input() if word == "-" else open_script(word)
        found = check_source(setup, source)
        if arguments.fix and word != "-":
            source, found = _fix_file(setup, source, found, streams)
        _report(found, arguments, streams)
        failed = failed or has_errors(found)
        if not found and arguments.format != "json":
            streams.say(f"{source.name}: no problem found")
    return 2 if failed else 0


def check_source(setup: Setup, source: Source) -> list[Diagnostic]:
    """Every problem of the text and of what it includes, in order."""
    program = load_program(source)
    return sort_diagnostics((*program.diagnostics, *setup.engine.check(program.items, setup.scope)))


def apply_fixes(source: Source, diagnostics: Sequence[Diagnostic]) -> tuple[str, int]:
    """The text with every fix for it applied, and how many; of two that overlap the first one counts."""
    fixes = [d.fix for d in diagnostics if d.fix is not None and d.fix.span.source == source]
    text, done, end = source.text, 0, len(source.text) + 1
    for fix in sorted(dict.fromkeys(fixes), key=lambda item: item.span.start, reverse=True):
        if fix.span.end <= end:
            text = text[: fix.span.start] + fix.replacement + text[fix.span.end :]
            done, end = done + 1, fix.span.start
    return text, done


def _fix_file(
    setup: Setup, source: Source, found: list[Diagnostic], streams: Streams
) -> tuple[Source, list[Diagnostic]]:
    """Mend the file, again and again while that finds more to mend; then say what is left."""
    total = 0
    while True:
        text, done = apply_fixes(source, found)
        if not done or total > len(source.text):
            break
        total += done
        source = Source(source.name, text)
        found = check_source(setup, source)
    if total:
        Path(source.name).write_bytes(source.text.encode())
        streams.say(f"{source.name}: {total} fixed")
    return source, found


def _report(found: Sequence[Diagnostic], arguments: Arguments, streams: Streams) -> None:
    if arguments.format == "json":
        for diagnostic in found:
            streams.result(json.dumps(diagnostic_as_json(diagnostic), ensure_ascii=False))
    else:
        streams.diagnose(found)
