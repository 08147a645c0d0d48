"""Runs a script: checks the whole script before anything is sent, then runs block after block."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from os.path import realpath, split
from typing import TYPE_CHECKING

from stripe_shell.diagnostics import Diagnostic, SourceText, has_errors, sort_diagnostics
from stripe_shell.engine.data_files import FindFile, find_on_disk
from stripe_shell.engine.limits import WRITES
from stripe_shell.engine.load import Program, load_program
from stripe_shell.engine.masking import secrets_of_program
from stripe_shell.engine.outcome import Outcome, OutcomeStatus, RowStatus, RunStep, exit_code
from stripe_shell.engine.resolver import Purpose, Resolver
from stripe_shell.engine.run.interpreter import Engine
from stripe_shell.engine.run.row_results import is_write, money_written, succeeded
from stripe_shell.engine.scope import Scope
from stripe_shell.lang.ast import Block, Loop
from stripe_shell.lang.visit import items_in
from stripe_shell.records import field, record
from stripe_shell.secrets import Secrets

if TYPE_CHECKING:
    from pathlib import Path

    from stripe_shell.engine.run.guard import WriteGuard
    from stripe_shell.engine.run.ledger import Ledger
    from stripe_shell.engine.run.stopping import StopRequest


#: Returns, for a script, what `Resolver.rows_checked` is.
EarlierCheck = Callable[[Program, SourceText, Scope], Callable[["Path"], "int | None"]]


@record
class PreparedScript:
    """A parsed and checked script, and the scope of its first line. Nothing has been sent.

    `secrets` mask the script's own secrets in everything shown of it, its diagnostics included. `resolver` caches the
    calls of the check for the run.
    """

    source: SourceText
    program: Program
    scope: Scope
    diagnostics: tuple[Diagnostic, ...]
    secrets: Secrets
    resolver: Resolver

    @property
    def root(self) -> str:
        """Returns the folder of the script; empty for a text that is no file."""
        return "" if self.source.name.startswith("<") else split(realpath(self.source.name))[0]

    @property
    def sound(self) -> bool:
        """Whether the check found no errors, so that the script may run."""
        return not has_errors(self.diagnostics)


@record
class ScriptRun:
    """The result of a script: the diagnostics of the check, the number of blocks by status, the scope at the end.

    `outcomes` are those of blocks outside loops, since a loop may have a million. `rows` counts the rows of loops by
    status, `writes` the writes that succeeded, those of earlier processes of the run included, `money` what they were
    about, in the smallest unit by currency. `not_run` counts the blocks after the one that stopped the
    script, a loop as one.
    """

    diagnostics: tuple[Diagnostic, ...]
    outcomes: tuple[Outcome, ...]
    scope: Scope
    counts: Mapping[OutcomeStatus, int]
    not_run: int = 0
    rows: Mapping[RowStatus, int] = field(default_factory=dict)
    writes: int = 0
    money: Mapping[str, int] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """2 if the check found an error, else that of the outcomes (language.md §8)."""
        return 2 if has_errors(self.diagnostics) else exit_code(self.counts)


def prepare(
    engine: Engine,
    source: SourceText,
    scope: Scope,
    *,
    prompt: bool = False,
    lint: bool = False,
    find_file: FindFile = find_on_disk,
    version: str | None = None,
    checked: EarlierCheck | None = None,
    purpose: Purpose = "run",
) -> PreparedScript:
    """Parses and checks a text; sends nothing.

    `prompt` allows the short forms of the prompt, such as a block without a header. `lint` adds warnings if there are
    no errors. `find_file` returns the file to read for a data file. `version` is the API version to judge by instead of
    the script's and the connections'; a block's own `@version` stays. `checked` knows data that was checked before.
    `purpose` is what the check is to keep of the rows for.
    """
    program = load_program(source, prompt=prompt)
    resolver = engine.resolver(find_file, version)
    resolver.purpose = purpose
    if checked is not None:
        resolver.rows_checked = checked(program, source, scope)
    found = [*program.diagnostics, *engine.check(program.items, scope, resolver)]
    if lint and not has_errors(found):  # A block with an error would make names look unused.
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
    ledger: Ledger | None = None,
    stop: StopRequest | None = None,
    guard: WriteGuard | None = None,
) -> ScriptRun:
    """Runs a script, unless the check found an error; calls `on_step` after every item.

    `ledger` journals the run, `stop` can stop it: a KeyboardInterrupt behind an immediate stop ends it as well.
    """
    tally = _Tally(prepared, {} if ledger is None else ledger.spent)
    if prepared.sound:
        steps = engine.run(
            prepared.program.items,
            prepared.scope,
            run_id=run_id,
            keep_going=keep_going,
            resolver=prepared.resolver,
            ledger=ledger,
            stop=stop,
            root=prepared.root,
            guard=guard,
        )
        try:
            for step in steps:
                on_step(step)
                tally.add(step)
        except KeyboardInterrupt:
            if stop is None or not stop.immediate:
                raise
    return tally.result()


class _Tally:
    """Counts the steps of a run."""

    def __init__(self, prepared: PreparedScript, spent: Mapping[str, int]) -> None:
        """Takes the writes of the rows that earlier processes of the run finished and their money, by unit."""
        items = prepared.program.items
        self._diagnostics = prepared.diagnostics
        self._scope = prepared.scope
        self._outcomes: list[Outcome] = []
        self._counts: Counter[OutcomeStatus] = Counter()
        self._rows: Counter[RowStatus] = Counter()
        self._money = Counter(spent)
        self._writes = self._money.pop(WRITES, 0)
        self._waiting = {id(item) for item in items if isinstance(item, Block | Loop)}
        #: The loop of each item inside one; both by their `id`.
        self._loops = {
            id(inner): id(item) for item in items if isinstance(item, Loop) for inner in items_in(item.items)
        }

    def add(self, step: RunStep) -> None:
        """Counts a step that has ended."""
        self._waiting.discard(self._loops.get(id(step.item), id(step.item)))
        if step.outcome is not None:
            self._counts[step.outcome.status] += 1
        if step.result is not None:
            self._rows[step.result.status] += step.result.count
            self._writes += step.result.writes
            self._money.update(step.result.money)
        elif id(step.item) not in self._loops:
            self._scope = step.scope
            if step.outcome is not None:
                self._outcomes.append(step.outcome)
                self._writes += is_write(step.outcome) and succeeded(step.outcome)
                self._money.update(money_written((step.outcome,)))

    def result(self) -> ScriptRun:
        """Returns the result of the run."""
        outcomes, left = tuple(self._outcomes), len(self._waiting)
        return ScriptRun(
            self._diagnostics, outcomes, self._scope, self._counts, left, self._rows, self._writes, self._money
        )


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
    """Prepares and runs a script; calls `on_diagnostics` with the result of the check before anything is sent."""
    prepared = prepare(engine, source, scope, prompt=prompt)
    on_diagnostics(prepared.diagnostics)
    return run_prepared(engine, prepared, run_id=run_id, keep_going=keep_going, on_step=on_step)
