"""Showing how a run goes: results to standard output, one line for each block and what is wrong to standard error."""

from __future__ import annotations

from stripe_shell.batch.runner import PreparedScript
from stripe_shell.cli.streams import Console
from stripe_shell.diagnostics import Diagnostic
from stripe_shell.engine.outcome import Outcome, RunStep
from stripe_shell.engine.run.interpreter import secrets_of
from stripe_shell.records import field, record
from stripe_shell.render.summary import summary_line


@record(frozen=False)
class RunPrinter:
    """Shows steps as they happen. `quiet` leaves out the line for each block: a single one shows its result alone.

    `mentioned` is what has been said, and is not said again.
    """

    console: Console
    format: str | None = None
    quiet: bool = False
    mentioned: set[str | Diagnostic] = field(default_factory=set)

    def prepared(self, script: PreparedScript) -> None:
        """What the check found, warnings too."""
        self.console.mask(script.secrets)
        self._show_diagnostics(script.diagnostics)

    def close(self, text: str) -> None:
        """How a script went as a whole."""
        if not self.quiet:
            self.console.message(text)

    def step(self, step: RunStep) -> None:
        """One item that has run."""
        self.console.mask(secrets_of(step.scope))
        if step.outcome is not None:
            self.outcome(step.outcome)

    def outcome(self, outcome: Outcome) -> None:
        """Result, line, diagnostics."""
        if outcome.status in {"passed", "unexpected"} and outcome.written_to is None and _has_result(outcome):
            self.console.render(outcome.body, self.format)
        if not self.quiet:
            self.console.message(summary_line(outcome))
        elif _has_more(outcome):
            self.console.message("there are more rows; `limit=all` brings all of them")
        self._show_diagnostics(outcome.diagnostics)
        self._note_generic(outcome)

    def _show_diagnostics(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        self.console.diagnostics([diagnostic for diagnostic in diagnostics if diagnostic not in self.mentioned])
        self.mentioned.update(diagnostics)

    def _note_generic(self, outcome: Outcome) -> None:
        """Say once for each entity that the sandbox does not know its behaviour."""
        response, call = outcome.response, outcome.call
        if response is None or call is None or response.header("Stripe-Shell-Modelled") != "generic":
            return
        entity = call.operation.entity
        if entity not in self.mentioned:
            self.mentioned.add(entity)
            self.console.message(f"note: the sandbox keeps `{entity}` objects, but does not know their behaviour")


def _has_result(outcome: Outcome) -> bool:
    return outcome.body is not None and outcome.response is not None and outcome.response.ok


def _has_more(outcome: Outcome) -> bool:
    body = outcome.body
    return isinstance(body, dict) and bool(body.get("has_more") is True or body.get("next_page_url"))
