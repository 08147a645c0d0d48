"""The eleven documented commands, run over a connection."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from stripe_shell.connections import Connections
from stripe_shell.diagnostics import SourceText, format_diagnostics, has_errors
from stripe_shell.engine.load import load_program
from stripe_shell.engine.outcome import RunStep
from stripe_shell.engine.run.interpreter import Engine
from stripe_shell.engine.scope import Scope
from stripe_shell.render.files import open_rows
from stripe_shell.spec.table import load_table
from tests.fakes.web import Backend

SCRIPT = Path(__file__).with_name("documented.stripe")
NAMES = (
    "create customer",
    "update customer",
    "get customer",
    "list customers",
    "create subscription",
    "list subscriptions",
    "create product",
    "get product",
    "list products",
    "list balance transactions",
    "list plans",
)


def new_price(backend: Backend) -> str:
    """A price to subscribe to; its id."""
    form = "unit_amount=2000&currency=usd&recurring[interval]=month&product_data[name]=Gold"
    return str(backend.create("/v1/prices", form)["id"])


def run_commands(
    connections: Connections, price: str, on_step: Callable[[RunStep], None] = lambda _: None
) -> list[str]:
    """How each of them ended, `passed` or what went wrong."""
    engine = Engine(load_table(), connections, open_rows, live=True)
    scope = Scope(now=0, seed="0" * 32, environment={}, variables={"price": price})
    program = load_program(SourceText(SCRIPT.name, SCRIPT.read_text("utf-8")))
    found = [*program.diagnostics, *engine.check(program.items, scope)]
    assert not has_errors(found), format_diagnostics(found)
    outcomes = []
    for step in engine.run(program.items, scope, run_id="0" * 32):
        on_step(step)
        if step.outcome is not None:
            outcomes.append(step.outcome)
    return [
        outcome.status if outcome.status == "passed" else format_diagnostics(outcome.diagnostics)
        for outcome in outcomes
    ]
