"""The prompt: what `stripe-shell` without arguments opens on a terminal."""

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
    """Open the prompt; 0 when the person leaves it. Live writes need no `--live` here: each is confirmed by typing."""
    from stripe_shell.repl.app import run_prompt

    setup = set_up(replace(arguments, live=True), environ, console, announce=False, undo=True)
    setup.connections.find(None)  # whether it is live has to stand in the first prompt
    # What is typed later outranks what the command line gave.
    scope = replace(setup.scope, given=frozenset())
    engine = cast("Engine", LazyEngine(lambda: setup.engine))
    return run_prompt(engine, scope, setup.connections, console, format_name=arguments.format)
