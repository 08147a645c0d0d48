"""The order of a run: blocks one after the other, loops over rows, skipped blocks, stopping and teardown."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TYPE_CHECKING, TypeGuard

from stripe_shell.diagnostics import Diagnostic
from stripe_shell.engine.foreach import LoopRow, header, rows_of
from stripe_shell.engine.idempotency_keys import SEPARATOR, idempotency_key, step_id
from stripe_shell.engine.outcome import Outcome, RunStep
from stripe_shell.engine.scope import Scope, look_up
from stripe_shell.engine.script_settings import apply_directive
from stripe_shell.lang.ast import Block, Comment, Directive, Loop, Reference, ScriptItem, Tags
from stripe_shell.lang.visit import names_given, nodes_in
from stripe_shell.records import record, replace

if TYPE_CHECKING:
    from concurrent.futures import Future

#: Runs one block in a scope under an idempotency key; returns its outcome and the scope after it.
RunBlock = Callable[[Block, Scope, str], tuple[Outcome, Scope]]

Steps = Generator[RunStep, None, Scope]


@record(frozen=False)
class Flow:
    """The state of one run of items.

    `tags` selects blocks; empty selects all. `row_key` identifies the row of the steps. `sent`: a request was sent.
    `stopped`: the remaining items must not run. `unknown`: the outcome of a write is unknown, which stops everything.
    """

    run_block: RunBlock
    run_id: str
    keep_going: bool = False
    tags: frozenset[str] = frozenset()
    row_key: str = ""
    sent: bool = False
    stopped: bool = False
    unknown: bool = False

    def run(self, items: Sequence[ScriptItem], scope: Scope) -> Steps:
        """Runs the items in order and yields their steps; `@teardown` blocks run last, after failures too."""
        seen: Counter[str] = Counter()
        at_the_end = [item for item in items if is_teardown(item)]
        try:
            for item in items:
                if is_teardown(item) or self.stopped or isinstance(item, Comment):
                    continue
                if isinstance(item, Loop):
                    scope = yield from self._loop(item, scope)
                else:
                    # Keep the scope before yielding: teardown needs it even if the consumer stops here.
                    step = self._step(item, scope, seen)
                    scope = step.scope
                    yield step
        except GeneratorExit:
            # The consumer has stopped (a closed pipe): run the teardown without yielding its steps.
            for _ in self._tear_down(at_the_end, scope, seen):
                pass
            raise
        except BaseException:
            yield from self._tear_down(at_the_end, scope, seen)
            raise
        yield from self._tear_down(at_the_end, scope, seen)
        return scope

    def _step(self, item: Block | Directive, scope: Scope, seen: Counter[str]) -> RunStep:
        if isinstance(item, Directive):
            return RunStep(item, apply_directive(item, scope))
        step = self._block(item, scope, seen)
        self._note(step)
        return step

    def _block(self, block: Block, scope: Scope, seen: Counter[str]) -> RunStep:
        key = idempotency_key(self.run_id, step_id(block, seen), self.row_key)
        if not self._selected(block, scope):
            return _skipped(block, scope, "its tags were not chosen")
        outcome, scope = self.run_block(block, scope, key)
        if self.sent and outcome.status == "invalid":
            # The check found no error beforehand, so a response or a row has caused this one.
            outcome = replace(outcome, status="failed")
        self.sent = self.sent or outcome.request is not None
        return RunStep(block, scope, outcome)

    def _selected(self, block: Block, scope: Scope) -> bool:
        own = block.argument(Tags)
        return not self.tags or not self.tags.isdisjoint(own.names if own else scope.settings.tags)

    def _note(self, step: RunStep) -> None:
        status = step.outcome.status if step.outcome else "passed"
        self.unknown = self.unknown or status == "unknown"
        self.stopped = self.unknown or (status not in {"passed", "skipped"} and not self.keep_going)

    def _tear_down(self, blocks: Sequence[Block], scope: Scope, seen: Counter[str]) -> Iterator[RunStep]:
        """Yields a step for each teardown block; skips those that refer to a response that never came."""
        for block in blocks:
            missing = [r.raw for r in nodes_in(block.items, Reference) if isinstance(look_up(r, scope), Diagnostic)]
            if missing:
                yield _skipped(block, scope, f"`{missing[0]}` was never set")
                continue
            step = self._block(block, scope, seen)
            scope = step.scope
            yield step

    # --- loops ------------------------------------------------------------------------------------------

    def _loop(self, loop: Loop, scope: Scope) -> Steps:
        rows = rows_of(loop, scope)
        jobs = header(loop).jobs
        yield from self._parallel(loop, rows, jobs) if jobs > 1 else self._one_by_one(loop, rows)
        return after_loop(loop, scope)

    def _one_by_one(self, loop: Loop, rows: Iterator[LoopRow]) -> Iterator[RunStep]:
        for row in rows:
            inner = self._inner(row)
            yield from inner.run(loop.items, row.scope)
            self._take(inner, loop)
            if self.stopped:
                return

    def _parallel(self, loop: Loop, rows: Iterator[LoopRow], jobs: int) -> Iterator[RunStep]:
        """Runs rows in parallel and yields their steps in order; after a stopping failure, lets started rows finish."""
        from concurrent.futures import ThreadPoolExecutor

        waiting: deque[tuple[Flow, Future[list[RunStep]]]] = deque()
        with ThreadPoolExecutor(jobs, thread_name_prefix="row") as pool:
            for row in rows:
                inner = self._inner(row)
                waiting.append((inner, pool.submit(_run_row, inner, loop, row)))
                if len(waiting) >= 2 * jobs:
                    yield from self._next_row(loop, waiting)
                if self.stopped:
                    break
            while waiting:
                yield from self._next_row(loop, waiting)

    def _next_row(self, loop: Loop, waiting: deque[tuple[Flow, Future[list[RunStep]]]]) -> Iterator[RunStep]:
        inner, future = waiting.popleft()
        if self.stopped and future.cancel():
            return
        yield from future.result()
        self._take(inner, loop)

    def _inner(self, row: LoopRow) -> Flow:
        key = f"{self.row_key}{SEPARATOR}{row.key}" if self.row_key else row.key
        return replace(self, row_key=key, stopped=False, unknown=False)

    def _take(self, inner: Flow, loop: Loop) -> None:
        """Takes over the state of a row's run: what was sent, and whether the loop stops."""
        self.sent = self.sent or inner.sent
        goes_on = header(loop).on_error == "continue" and not inner.unknown
        self.stopped = self.stopped or (inner.stopped and not goes_on)
        self.unknown = self.unknown or inner.unknown


def _run_row(flow: Flow, loop: Loop, row: LoopRow) -> list[RunStep]:
    return list(flow.run(loop.items, row.scope))


def is_teardown(item: ScriptItem) -> TypeGuard[Block]:
    """Whether the item is a `@teardown` block."""
    return isinstance(item, Block) and any(directive.name == "teardown" for directive in item.directives)


def _skipped(block: Block, scope: Scope, why: str) -> RunStep:
    return RunStep(block, skip_names(block, scope.next_block(), why), Outcome(block, "skipped", reason=why))


def skip_names(block: Block, scope: Scope, why: str) -> Scope:
    """Returns the scope after a skipped block: the name that it would have saved has no value."""
    cause = Diagnostic("E302", f"this block was skipped: {why}", block.connection_span)
    for name, _ in names_given((block,), "response"):
        scope = scope.with_lost(name, cause)
    return scope


def after_loop(loop: Loop, scope: Scope) -> Scope:
    """Returns the scope after a loop, where the names saved for each row have no value."""
    cause = Diagnostic("E302", "it is saved anew for each row of this loop", loop.directive.name_span)
    for name, _ in names_given(loop.items, "response"):
        scope = scope.with_lost(name, cause)
    return scope.next_block()
