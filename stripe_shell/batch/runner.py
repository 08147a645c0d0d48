"""Running a script: everything is checked before anything is sent, then block after block."""

from __future__ import annotations

from collections.abc import Callable

from stripe_shell.diagnostics import Diagnostic, Source, has_errors
from stripe_shell.engine.interpreter import Engine, Step
from stripe_shell.engine.outcome import Outcome, exit_code
from stripe_shell.engine.program import load_program
from stripe_shell.engine.scope import Scope
from stripe_shell.records import record


@record
class Run:
    """How a script went: the diagnostics of the check, the outcomes so far, the scope at the end, the exit code."""

    diagnostics: tuple[Diagnostic, ...]
    outcomes: tuple[Outcome, ...]
    scope: Scope

    @property
    def exit_code(self) -> int:
        """2 when the check found an error, else what the outcomes say (language.md §8)."""
        return 2 if has_errors(self.diagnostics) else exit_code(outcome.status for outcome in self.outcomes)


def run_source(
    engine: Engine,
    source: Source,
    scope: Scope,
    *,
    run_id: str,
    keep_going: bool = False,
    prompt: bool = False,
    on_diagnostics: Callable[[tuple[Diagnostic, ...]], None] = lambda _: None,
    on_step: Callable[[Step], None] = lambda _: None,
) -> Run:
    """Parse, check and run a text; `prompt` allows what may only be typed at the prompt (a header left out).

    `on_diagnostics` hears what the check found before anything is sent, `on_step` every item as it has run.
    """
    program = load_program(source, prompt=prompt)
    found = (*program.diagnostics, *engine.check(program.items, scope))
    on_diagnostics(found)
    if has_errors(found):
        return Run(found, (), scope)
    outcomes: list[Outcome] = []
    for step in engine.run(program.items, scope, run_id=run_id, keep_going=keep_going):
        on_step(step)
        scope = step.scope
        if step.outcome is not None:
            outcomes.append(step.outcome)
    return Run(found, tuple(outcomes), scope)
