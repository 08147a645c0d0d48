"""`check FILE`: everything that is wrong with scripts, and what mends it; nothing is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from stripe_shell.batch.runner import Prepared, prepare
from stripe_shell.cli.arguments import Arguments
from stripe_shell.cli.setup import Setup, set_up
from stripe_shell.cli.sources import open_script, read_standard_input, write_script
from stripe_shell.cli.streams import Streams
from stripe_shell.diagnostics import Diagnostic, Source, diagnostic_as_json
from stripe_shell.errors import UsageError


def check(arguments: Arguments, environ: Mapping[str, str], streams: Streams) -> int:
    """0 when no file has an error, else 2. With `--fix` what can be mended is mended first, in the files."""
    if arguments.fix and "-" in arguments.words:
        raise UsageError("--fix mends files; standard input is none")
    setup = set_up(arguments, environ, streams)
    failed = False
    for word in arguments.words:
        script = _check(setup, read_standard_input() if word == "-" else open_script(word), streams)
        if arguments.fix:
            script = _fix_file(setup, script, streams)
        _report(script.diagnostics, arguments, streams)
        failed = failed or not script.sound
        if not script.diagnostics and arguments.format != "json":
            streams.say(f"{word if word != '-' else '<stdin>'}: no problem found")
    return 2 if failed else 0


def _check(setup: Setup, source: Source, streams: Streams) -> Prepared:
    """Every problem of the text and of what it includes; what it hides is hidden from then on."""
    script = prepare(setup.engine, source, setup.scope, doubts=True)
    streams.hide(script.secrets)
    return script


def apply_fixes(source: Source, diagnostics: Sequence[Diagnostic]) -> tuple[str, int]:
    """The text with every fix for it applied, and how many; of two that overlap the first one counts."""
    fixes = [d.fix for d in diagnostics if d.fix is not None and d.fix.span.source == source]
    text, done, end = source.text, 0, len(source.text) + 1
    for fix in sorted(dict.fromkeys(fixes), key=lambda item: item.span.start, reverse=True):
        if fix.span.end <= end:
            text = text[: fix.span.start] + fix.replacement + text[fix.span.end :]
            done, end = done + 1, fix.span.start
    return text, done


def _fix_file(setup: Setup, script: Prepared, streams: Streams) -> Prepared:
    """Mend the file, again and again while that finds more to mend; then say what is left."""
    total, longest = 0, len(script.source.text)
    while total <= longest:
        text, done = apply_fixes(script.source, script.diagnostics)
        if not done:
            break
        total += done
        script = _check(setup, Source(script.source.name, text), streams)
    if total:
        write_script(script.source.name, script.source.text)
        streams.say(f"{script.source.name}: {total} fixed")
    return script


def _report(found: Sequence[Diagnostic], arguments: Arguments, streams: Streams) -> None:
    if arguments.format == "json":
        for diagnostic in found:
            streams.result(json.dumps(diagnostic_as_json(diagnostic), ensure_ascii=False))
    else:
        streams.diagnose(found)
