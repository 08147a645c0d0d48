"""The command `runs settle FILE`: lists what the loops of a script created, by the stamps in its metadata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_shell.batch.stamp_search import StampedStep, list_stamped, stamped_steps
from stripe_shell.cli.arguments import Arguments
from stripe_shell.cli.setup import set_up
from stripe_shell.cli.sources import open_script
from stripe_shell.diagnostics import Diagnostic, has_errors
from stripe_shell.engine.links import Link, connection_of
from stripe_shell.engine.load import load_program
from stripe_shell.engine.script_settings import apply_directive
from stripe_shell.errors import ConfigurationError, UsageError
from stripe_shell.lang.ast import Directive
from stripe_shell.render.console import Console
from stripe_shell.spec.table import load_table

#: The columns of what is told of each object.
STAMPED = ("run", "row", "object", "id", "created")


def list_creations(
    path: str, arguments: Arguments, environ: Mapping[str, str], console: Console
) -> list[dict[str, Any]]:
    """Returns a row for each object that a run of the script stamped, by run and row; reads only.

    Raises UsageError if no loop of the script has a stamp, ConfigurationError, TransportError.
    """
    setup = set_up(arguments, environ, console)
    program = load_program(open_script(path))
    if has_errors(program.diagnostics):
        raise UsageError(f"{path} has errors; `stripe-shell check {path}` tells them")
    scope = setup.scope
    for item in program.items:
        scope = apply_directive(item, scope) if isinstance(item, Directive) else scope
    steps = list(stamped_steps(program.items, load_table()))
    if not steps:
        raise UsageError(f"no loop of {path} has `stamp=metadata.KEY` and creates something: nothing carries its stamp")
    found: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for step in steps:
        link = setup.connections.find(connection_of(step.block, scope, setup.connections), None)
        if isinstance(link, Diagnostic):
            raise ConfigurationError(f"{path}: {link.message}")
        place = (link.name, step.entity, step.key)
        if step.listed is None and place not in found:
            console.message(
                f"{path}: Stripe has no list of every {step.entity}: look at the objects that they belong to"
            )
        if place not in found:
            found[place] = _stamped(link, step) if step.listed is not None else []
    return sorted((row for rows in found.values() for row in rows), key=lambda row: (row["run"], row["row"]))


def _stamped(link: Link, step: StampedStep) -> list[dict[str, Any]]:
    """Returns a row for each stamped object of a list."""
    if step.listed is None:
        return []
    return [
        {
            "run": each.run[:12],
            "row": each.row,
            "object": each.body.get("object", ""),
            "id": each.body.get("id", ""),
            "created": each.body.get("created", ""),
        }
        for each in list_stamped(link, step.listed, step.key)
    ]
