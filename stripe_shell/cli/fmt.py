"""The command `fmt FILE`: rewrites scripts in the canonical form."""

from __future__ import annotations

from collections.abc import Mapping

from stripe_shell.cli.arguments import Arguments
from stripe_shell.cli.sources import open_script, read_standard_input, write_script
from stripe_shell.diagnostics import SourceText, has_errors
from stripe_shell.engine.masking import written_secrets
from stripe_shell.lang.format import format_script
from stripe_shell.lang.parser import parse
from stripe_shell.render.console import Console


def fmt(arguments: Arguments, _environ: Mapping[str, str], console: Console) -> int:
    """Rewrites the files; prints standard input to standard output. `--check` and `--diff` change nothing.

    Returns 0 on success, 4 if `--check` finds a file that is not in the canonical form, 2 if one does not parse.
    """
    code = 0
    for word in arguments.words:
        source = read_standard_input() if word == "-" else open_script(word)
        console.secrets = console.secrets.plus(*written_secrets(source))
        script, diagnostics = parse(source)
        if has_errors(diagnostics):
            console.diagnostics(diagnostics)
            code = 2
            continue
        text = format_script(script)
        if arguments.diff and text != source.text:
            console.result(_diff(source, text).removesuffix("\n"))
        if arguments.check and text != source.text:
            console.message(f"{source.shown_name}: not in the canonical form")
            code = code or 4
        elif word == "-" and not arguments.diff and not arguments.check:
            console.echo(text)
        elif text != source.text and not arguments.diff:
            write_script(source.name, text)
            console.message(f"{source.shown_name}: formatted")
    return code


def _diff(source: SourceText, text: str) -> str:
    """Returns the changes as a unified diff for `patch`."""
    import difflib

    before, after = _lines(source.text), _lines(text)
    lines = difflib.unified_diff(before, after, source.name, f"{source.shown_name} (formatted)")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(text: str) -> list[str]:
    """Returns the lines with their ends; a carriage return is part of its line."""
    lines = [f"{line}\n" for line in text.split("\n")]
    return [*lines[:-1], *([lines[-1][:-1]] if lines[-1] != "\n" else [])]
