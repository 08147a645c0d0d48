"""Running a script: everything is checked before anything is sent, then block after block."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from stripe_shell.diagnostics import Diagnostic, SourceText, has_errors, sort_diagnostics
from stripe_shell.engine.load import Program, load_program
from stripe_shell.engine.masking import secrets_of_program
from stripe_shell.engine.outcome import Outcome, OutcomeStatus, RunStep, exit_code
from stripe_shell.engine.resolver import Resolver
from stripe_shell.engine.run.interpreter import Engine
from stripe_shell.engine.scope import Scope
from stripe_shell.lang.ast import Block, Loop
from stripe_shell.lang.visit import items_in
from stripe_shell.records import record
from stripe_shell.secrets import Secrets


@record
class PreparedScript:
    """A script that has been read and checked, and the scope of its first line; nothing was sent.

    `secrets` mask its own wherever something is shown of it, the diagnostics among it. `resolver` has the calls of the
    check for the run.
    """

    source: SourceText
    program: Program
    scope: Scope
    diagnostics: tuple[Diagnostic, ...]
    secrets: Secrets
    resolver: Resolver

    @property
    def sound(self) -> bool:
        """Whether it may be run."""
        return not has_errors(self.diagnostics)


@record
class ScriptRun:
    """How a script went: the diagnostics of the check, how often blocks ended so, the scope at the end.

    `outcomes` are those of blocks outside loops: a loop may have a million. `not_run` counts the blocks (a loop is one)
    behind what stopped the script.
    """

    diagnostics: tuple[Diagnostic, ...]
    outcomes: tuple[Outcome, ...]
    scope: Scope
    counts: Mapping[OutcomeStatus, int]
    not_run: int = 0

    @property
    def exit_code(self) -> int:
        """2 when the check found an error, else what the outcomes say (language.md §8)."""
        return 2 if has_errors(self.diagnostics) else exit_code(self.counts)


def prepare(
    engine: Engine, source: SourceText, scope: Scope, *, prompt: bool = False, lint: bool = False
) -> PreparedScript:
    """Parse and check a text; `prompt` allows what may only be typed at the prompt (a header left out). With `lint`
    what is no mistake and hardly meant is told too, once there is no mistake left."""
    program = load_program(source, prompt=prompt)
    resolver = engine.resolver()
    found = [*program.diagnostics, *engine.check(program.items, scope, resolver)]
    if lint and not has_errors(found):  # what stands in a block with a mistake would look unused
        found += engine.lint(program, scope)
    return PreparedScript(
        source, program, scope, tuple(sort_diagnostics(found)), secrets_of_program(program, scope), resolver
    )


def run_prepared(
    engine: Engine,
    prepared: PreparedScript,
    *,
    run_id: str,
    keep_going: bool = False,
    on_step: Callable[[RunStep], None] = lambda _: None,
) -> ScriptRun:
    """Run a script, unless the check has found an error; `on_step` hears every item as it has run."""
    scope, items = prepared.scope, prepared.program.items
    outcomes: list[Outcome] = []
    counts: Counter[OutcomeStatus] = Counter()
    waiting = {id(item): item for item in items if isinstance(item, Block | Loop)}
    homes = {id(inner): id(item) for item in items if isinstance(item, Loop) for inner in items_in(item.items)}
    if prepared.sound:
        for step in engine.run(items, scope, run_id=run_id, keep_going=keep_going, resolver=prepared.resolver):
            on_step(step)
            waiting.pop(homes.get(id(step.item), id(step.item)), None)
            if step.outcome is not None:
                counts[step.outcome.status] += 1
            if id(step.item) not in homes:
                scope = step.scope
                outcomes += [step.outcome] if step.outcome else []
    return ScriptRun(prepared.diagnostics, tuple(outcomes), scope, counts, len(waiting))


def run_source(
    engine: Engine,
    source: SourceText,
    scope: Scope,
    *,
    run_id: str,
    keep_going: bool = False,
    prompt: bool = False,
    on_diagnostics: Callable[[tuple[Diagnostic, ...]], None] = lambda _: None,
    on_step: Callable[[RunStep], None] = lambda _: None,
) -> ScriptRun:
    """`prepare` and `run_prepared` in one; `on_diagnostics` hears what the check found before anything is sent."""
    prepared = prepare(engine, source, scope, prompt=prompt)
    on_diagnostics(prepared.diagnostics)
    return run_prepared(engine, prepared, run_id=run_id, keep_going=keep_going, on_step=on_step)
