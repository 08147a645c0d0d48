"""The command `convert FILE`: converts scripts to other formats, and fixture files of Stripe's command-line tool."""

from __future__ import annotations

from collections.abc import Mapping

from stripe_shell.cli.arguments import Arguments
from stripe_shell.cli.setup import Setup, set_up
from stripe_shell.cli.sources import open_script, read_standard_input
from stripe_shell.convert.fixture_file import looks_like_fixtures
from stripe_shell.diagnostics import Diagnostic, SourceText, has_errors
from stripe_shell.errors import UsageError
from stripe_shell.records import replace
from stripe_shell.render.console import Console

#: The name of the default connection in converted scripts.
PLACEHOLDER = "your-stripe-connection"


def convert(arguments: Arguments, environ: Mapping[str, str], console: Console) -> int:
    """Writes the converted text to standard output, losses to standard error; returns 2 if it cannot be converted."""
    if len(arguments.words) != 1:
        raise UsageError("convert takes one file")
    word = arguments.words[0]
    source = read_standard_input() if word == "-" else open_script(word)
    fixtures = looks_like_fixtures(source.text) or source.name.lower().endswith((".json", ".jsonc"))
    target = arguments.to or ("stripe" if fixtures else None)
    if target is None:
        raise UsageError("convert: into what? --to fixtures, curl or python")
    if (target == "stripe") is not fixtures:
        kind, forms = ("a fixture file", "stripe") if fixtures else ("a script", "fixtures, curl or python")
        raise UsageError(f"convert: {source.name} is {kind}; --to {forms}")
    # Nothing is sent, so live connections are allowed.
    setup = set_up(replace(arguments, connection=None, live=True), environ, console)
    text, found = _from_fixtures(arguments, setup, source) if fixtures else _from_script(setup, source, target, console)
    console.diagnostics(found)
    if text is None or has_errors(found):
        return 2
    console.result(text.removesuffix("\n"))
    return 0


def _from_fixtures(arguments: Arguments, setup: Setup, source: SourceText) -> tuple[str | None, tuple[Diagnostic, ...]]:
    from stripe_shell.convert.fixture_file import read_fixtures
    from stripe_shell.convert.from_fixtures import script_of_fixtures
    from stripe_shell.lang.format import format_script

    file, found = read_fixtures(source)
    if file is None or has_errors(found):
        return None, tuple(found)
    converted = script_of_fixtures(file, setup.engine.table, arguments.connection or PLACEHOLDER)
    text = format_script(converted.script) if converted.script else None
    return text, (*found, *converted.diagnostics)


def _from_script(
    setup: Setup, source: SourceText, target: str, console: Console
) -> tuple[str | None, tuple[Diagnostic, ...]]:
    from stripe_shell.convert.plan import plan_of
    from stripe_shell.engine.load import load_program
    from stripe_shell.engine.masking import secrets_of_program

    program = load_program(source, prompt=source.name == "<stdin>")
    console.mask(secrets_of_program(program, setup.scope))
    if has_errors(program.diagnostics):
        return None, program.diagnostics
    plan = plan_of(setup.engine, program.items, setup.scope)
    if not plan.sound:
        return None, plan.diagnostics
    match target:
        case "fixtures":
            from stripe_shell.convert.to_fixtures import fixtures_of

            converted = fixtures_of(plan)
        case "curl":
            from stripe_shell.convert.to_curl import curl_of

            converted = curl_of(plan, source.name, setup.engine.table.version)
        case _:
            from stripe_shell.convert.to_python import python_of

            converted = python_of(plan, source.name, setup.engine.table.version)
    return converted.text, (*plan.diagnostics, *converted.diagnostics)
