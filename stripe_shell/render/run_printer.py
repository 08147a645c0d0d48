"""Prints outcomes in a run and at the prompt: results, one line for each block, and diagnostics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from stripe_shell.diagnostics import Diagnostic
from stripe_shell.records import field, record

if TYPE_CHECKING:
    from stripe_shell.engine.outcome import Outcome
    from stripe_shell.render.console import Console


@record(frozen=False)
class RunPrinter:
    """Prints results to standard output, everything else to standard error.

    `format` names the format of results; None chooses by the stream. `quiet` omits the line for each block, as for a
    single block on the command line. `repeats` prints a diagnostic each time it occurs, as the prompt does; otherwise
    each is printed once. Notes W203 and W204 are printed once either way.
    """

    console: Console
    format: str | None = None
    quiet: bool = False
    repeats: bool = False
    _checked: frozenset[Diagnostic] = frozenset()
    _said: set[str | Diagnostic] = field(default_factory=set)

    def checked(self, found: Sequence[Diagnostic]) -> None:
        """Prints the diagnostics of the check; blocks that run later do not repeat them."""
        self.diagnose(found)
        self._checked = frozenset(found)

    def diagnose(self, found: Sequence[Diagnostic]) -> None:
        """Prints diagnostics, except those printed before that are printed only once."""
        self.console.diagnostics([each for each in found if self._once(each) not in self._said])
        self._said.update(key for each in found if (key := self._once(each)) is not None)

    def outcome(self, outcome: Outcome) -> None:
        """Prints the result of a block, its summary line and its diagnostics."""
        if _has_result(outcome):
            self.console.render(outcome.body, self.format)
        if not self.quiet:
            self.console.message(_summary(outcome))
        elif _has_more(outcome):
            self.console.message("there are more rows; `limit=all` brings all of them")
        self.diagnose([each for each in outcome.diagnostics if each not in self._checked])
        self.diagnose(_note_generic(outcome))

    def late(self, outcome: Outcome) -> None:
        """Prints a response that arrived after Ctrl-C: its summary line and its errors."""
        self.console.message(f"late answer: {_summary(outcome)}")
        self.console.diagnostics([each for each in outcome.diagnostics if each.severity == "error"])

    def close(self, text: str) -> None:
        """Prints the summary of a whole script."""
        if not self.quiet:
            self.console.message(text)

    def _once(self, diagnostic: Diagnostic) -> str | Diagnostic | None:
        """Returns the key under which the diagnostic is printed only once; None if it is printed each time."""
        if not self.repeats or diagnostic.code == "W204":
            return diagnostic
        return diagnostic.code if diagnostic.code == "W203" else None


def _summary(outcome: Outcome) -> str:
    """Calls `summary_line`, imported late so that the first prompt appears before the engine is loaded."""
    from stripe_shell.render.summary import summary_line

    return summary_line(outcome)


def _has_result(outcome: Outcome) -> bool:
    answered = outcome.response is not None and outcome.response.ok
    return answered and outcome.body is not None and outcome.written_to is None


def _has_more(outcome: Outcome) -> bool:
    body = outcome.body
    return isinstance(body, dict) and bool(body.get("has_more") is True or body.get("next_page_url"))


def _note_generic(outcome: Outcome) -> tuple[Diagnostic, ...]:
    """Returns W204 for an object that the sandbox stores without modelling its behaviour."""
    response, call = outcome.response, outcome.call
    if response is None or call is None or response.header("Stripe-Shell-Modelled") != "generic":
        return ()
    message = f"the sandbox keeps `{call.operation.entity}` objects, but does not know their behaviour"
    return (Diagnostic("W204", message, severity="note"),)
