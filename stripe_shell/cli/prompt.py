"""The interactive prompt, which `stripe-shell` without arguments opens on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from stripe_shell.cli.arguments import Arguments
from stripe_shell.cli.setup import LazyEngine, set_up
from stripe_shell.records import replace
from stripe_shell.render.console import Console

if TYPE_CHECKING:
    from stripe_shell.engine.run.interpreter import Engine


def prompt(arguments: Arguments, environ: Mapping[str, str], console: Console) -> int:
    """Opens the prompt; returns 0 at its end. Needs no `--live`, since the prompt asks to confirm each live write."""
    from stripe_shell.repl.app import run_prompt

    setup = set_up(replace(arguments, live=True), environ, console, announce=False, undo=True)
    setup.connections.find(None)  # Opens the connection, so that the first prompt shows whether it is live.
    # Variables set at the prompt take precedence over those of the command line.
    scope = replace(setup.scope, given=frozenset())
    engine = cast("Engine", LazyEngine(lambda: setup.engine))
    return run_prompt(engine, scope, setup.connections, console, format_name=arguments.format)
