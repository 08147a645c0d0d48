"""Prints outcomes in a run and at the prompt: results, one line for each block, and diagnostics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stripe_shell.diagnostics import Diagnostic
from stripe_shell.escaping import visible
from stripe_shell.records import field, record

if TYPE_CHECKING:
    from stripe_shell.engine.outcome import Outcome, RunStep, WrittenFile
    from stripe_shell.render.console import Console


#: The diagnostics of rows that fail alike are shown so often.
SHOWN_ALIKE = 3


@record(frozen=False)
class RunPrinter:
    """Prints results to standard output, everything else to standard error.

    `format` names the format of results; None chooses by the stream. `quiet` omits the line for each block, as for a
    single block on the command line. `repeats` prints a diagnostic each time it occurs, as the prompt does; otherwise
    each is printed once. Notes W203 and W204 are printed once either way.

    Of the rows of a loop only failures are printed, unless `show`: a line for each, and the diagnostics of the first
    three that failed alike.
    """

    console: Console
    format: str | None = None
    quiet: bool = False
    repeats: bool = False
    show: bool = False
    _alike: Counter[tuple[str, str]] = field(default_factory=Counter)
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

    def outcome(self, outcome: Outcome, row: str = "") -> None:
        """Prints the result of a block, its summary line and its diagnostics; `row` is the name of its row."""
        if _has_result(outcome):
            self.console.render(outcome.body, self.format)
        if not self.quiet:
            self.console.message(f"{_summary(outcome)}{f' in {visible(row)}' if row else ''}")
        elif _has_more(outcome):
            self.console.message("there are more rows; `limit=all` brings all of them")
        self.problems(outcome)

    def problems(self, outcome: Outcome) -> None:
        """Prints the diagnostics of a block that the check has not printed."""
        self.diagnose([each for each in outcome.diagnostics if each not in self._checked])
        self.diagnose(_note_generic(outcome))

    def step(self, step: RunStep) -> None:
        """Prints the outcome of a step; of a row only a failure, unless `show`."""
        if step.file is not None:
            self._message(_file_line(step.file))
        if step.outcome is None:
            return
        if step.outcome.recalled and step.outcome.status == "passed" and not step.row:
            self._message(f"{_summary(step.outcome)} (by an earlier run)")
        elif not step.row or self.show:
            self.outcome(step.outcome, step.row)
        elif step.outcome.status not in {"passed", "skipped"}:
            self._message(f"{_summary(step.outcome)} in {visible(step.row)}")
            self.diagnose([each for each in step.outcome.diagnostics if self._is_new(each)])
        else:
            self.diagnose(_note_generic(step.outcome))

    def repeated(self) -> None:
        """Prints how often diagnostics occurred that were not printed."""
        for (code, place), count in self._alike.items():
            more = count - SHOWN_ALIKE
            if more > 0:
                self._message(f"{code} at {place}: the same in {more:,} more {'row' if more == 1 else 'rows'}")

    def _is_new(self, diagnostic: Diagnostic) -> bool:
        """Whether fewer than three rows failed alike so far, and the check has not printed the diagnostic."""
        line = diagnostic.span.location()[0] if diagnostic.span else 0
        place = f"{diagnostic.span.source.shown_name}:{line}" if diagnostic.span else ""
        self._alike[diagnostic.code, place] += 1
        return diagnostic not in self._checked and self._alike[diagnostic.code, place] <= SHOWN_ALIKE

    def late(self, outcome: Outcome) -> None:
        """Prints a response that arrived after Ctrl-C: its summary line and its errors."""
        self.console.message(f"late answer: {_summary(outcome)}")
        self.console.diagnostics([each for each in outcome.diagnostics if each.severity == "error"])

    def _message(self, text: str) -> None:
        if not self.quiet:
            self.console.message(text)

    def close(self, text: str) -> None:
        """Prints the summary of a whole script."""
        self._message(text)

    def _once(self, diagnostic: Diagnostic) -> str | Diagnostic | None:
        """Returns the key under which the diagnostic is printed only once; None if it is printed each time."""
        if not self.repeats or diagnostic.code == "W204":
            return diagnostic
        return diagnostic.code if diagnostic.code == "W203" else None


def _summary(outcome: Outcome) -> str:
    """Calls `summary_line`, imported late so that the first prompt appears before the engine is loaded."""
    from stripe_shell.render.summary import summary_line

    return summary_line(outcome)


def _file_line(file: WrittenFile) -> str:
    """Calls `file_line`, imported late as `summary_line` is."""
    from stripe_shell.render.summary import file_line

    return file_line(file)


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
