"""The order of a run: blocks one after the other, loops over rows, skipped blocks, stopping and teardown."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, TypeGuard

from stripe_shell.diagnostics import Diagnostic, has_errors
from stripe_shell.engine.data_files import BadData, FindFile, find_on_disk
from stripe_shell.engine.foreach import LoopRow, ReadRows, header, loop_rows, read_source, rows_of, source_name
from stripe_shell.engine.idempotency_keys import SEPARATOR, count_steps, loop_id, numbered, row_id, step_base
from stripe_shell.engine.outcome import Outcome, RowResult, RowStatus, RunStep
from stripe_shell.engine.resolver import Feed
from stripe_shell.engine.run.error_limit import ErrorLimit
from stripe_shell.engine.run.ledger import Ledger, StepLedger, StepPlace
from stripe_shell.engine.run.loop_files import LoopFiles, OpenFile, open_files
from stripe_shell.engine.run.loop_speed import FindPaces, LoopSpeed, loop_pace
from stripe_shell.engine.run.row_lines import RowLines
from stripe_shell.engine.run.row_results import (
    deciding_outcome,
    is_write,
    money_written,
    row_name,
    row_status,
    succeeded,
    written_ids,
)
from stripe_shell.engine.run.row_selection import RowSelection, SelectedRows
from stripe_shell.engine.scope import Scope, look_up
from stripe_shell.engine.script_settings import apply_directive
from stripe_shell.engine.stamps import stamp_row
from stripe_shell.errors import NotSent
from stripe_shell.lang.ast import Block, Comment, Directive, Loop, Reference, ScriptItem, Tags
from stripe_shell.lang.visit import blocks_in, names_given, nodes_in
from stripe_shell.pace import Pace
from stripe_shell.records import field, record, replace

if TYPE_CHECKING:
    from concurrent.futures import Future

    from stripe_shell.engine.run.stopping import StopRequest

#: Runs one block in a scope, with the journal of its step, the paces of its loops, and what takes its rows if they are
#: for the file of a loop; returns its outcome and the scope after it.
RunBlock = Callable[[Block, Scope, StepLedger, tuple[Pace, ...], RowLines | None], tuple[Outcome, Scope]]

#: Returns the step of a row that is planned as a whole; None if its blocks must be planned one by one.
PlanRow = Callable[[LoopRow], RunStep | None]

Steps = Generator[RunStep, None, Scope]

#: A row that was handed to a thread, and its steps to come.
WaitingRow = tuple["Flow", LoopRow, "Future[list[RunStep]]"]


@record(frozen=False)
class Flow:
    """The state of one run of items.

    `tags` selects blocks; empty selects all. `rows` selects rows of the outermost loops; None selects all. `root` is
    the folder of the script, `seen` counts the steps so far, `bases` are their ids without ordinals, by block.
    `late_loops` are the `id`s of loops whose rows become known in the run; `check_late` checks these. `feeds` are the
    blocks that write their files. `planning`: nothing is written.
    `loop`, `row_key` and `row_name` identify the row of the steps, `row_id` the outermost row, and `inner` the row
    below it; they are empty outside of loops. `limit` counts the failures of a loop, `passed` the rows that an earlier
    process finished since the last one that runs.
    `jobs` is how many rows run at once, whatever the loops say; `paces` are those of the loops around the steps.
    `files` are those of the loop that runs, `lines` what the row has for them and for those of loops around it;
    `shared` are the `id`s of the blocks whose rows go there. `plan_rows` returns what plans the rows of a loop as a
    whole, None if there is nothing.
    `sent`: a request was sent. `left_out`: a loop did not run all its rows, as they are not selected. `interrupted`: an
    item did not run because of `stop`. `stopped`: the remaining items must not run.
    `unknown`: the outcome of a write is unknown, which stops everything.
    """

    run_block: RunBlock
    ledger: Ledger
    stop: StopRequest
    keep_going: bool = False
    tags: frozenset[str] = frozenset()
    root: str = ""
    rows: RowSelection | None = None
    find_file: FindFile = find_on_disk
    clock: Callable[[], float] = time.monotonic
    seen: Counter[str] = field(default_factory=Counter)
    bases: dict[int, str] = field(default_factory=dict)
    loop: str = ""
    row_key: str = ""
    row_name: str = ""
    row_id: str = ""
    inner: str = ""
    limit: ErrorLimit | None = None
    passed: Counter[RowStatus] = field(default_factory=Counter)
    jobs: int | None = None
    find_paces: FindPaces = lambda loop, scope: ()
    paces: tuple[Pace, ...] = ()
    late_loops: Set[int] = frozenset()
    feeds: Mapping[int, Feed] = field(default_factory=dict)
    planning: bool = False
    check_late: Callable[[Loop, Scope, ReadRows], Sequence[Diagnostic]] = lambda loop, scope, rows: ()
    open_file: OpenFile = lambda block, scope: None
    plan_rows: Callable[[Loop, Scope, Counter[str]], PlanRow | None] = lambda loop, scope, seen: None
    files: LoopFiles = field(default_factory=LoopFiles)
    lines: RowLines = field(default_factory=RowLines)
    shared: Set[int] = frozenset()
    sent: bool = False
    left_out: bool = False
    stopped: bool = False
    interrupted: bool = False
    unknown: bool = False

    def run(self, items: Sequence[ScriptItem], scope: Scope) -> Steps:
        """Runs the items in order and yields their steps; `@teardown` blocks run last, after failures too."""
        at_the_end = [item for item in items if is_teardown(item)]
        try:
            for item in items:
                if isinstance(item, Comment) or is_teardown(item):
                    continue
                if self._stops_before(item):
                    yield from self._count_rows(item, scope)
                elif isinstance(item, Loop):
                    scope = yield from self._loop(item, scope)
                else:
                    # Keep the scope before yielding: teardown needs it even if the consumer stops here.
                    step = self._step(item, scope)
                    scope = step.scope
                    yield step
        except GeneratorExit:
            # The consumer has stopped (a closed pipe): run the teardown without yielding its steps.
            for _ in self._tear_down(at_the_end, scope):
                pass
            raise
        except BaseException:
            yield from self._tear_down(at_the_end, scope)
            raise
        yield from self._tear_down(at_the_end, scope)
        return scope

    def _stops_before(self, item: ScriptItem) -> bool:
        """Whether the item must not run. Rows that have started may end, unless the stop is immediate.

        A block behind a loop of which rows are left out waits for the process that runs them.
        """
        self.stopped = self.stopped or (self.left_out and not self.loop and isinstance(item, Block))
        if self.stopped:
            return True
        stops = self.stop.immediate if self.loop else self.stop.requested
        self.interrupted = self.interrupted or (stops and isinstance(item, Block | Loop))
        return stops

    def _step(self, item: Block | Directive, scope: Scope) -> RunStep:
        if isinstance(item, Directive):
            return RunStep(item, apply_directive(item, scope))
        step = self._block(item, scope)
        self._note(step)
        return step

    def _block(self, block: Block, scope: Scope) -> RunStep:
        if id(block) not in self.bases:
            self.bases[id(block)] = step_base(block, self.root)
        step = numbered(self.bases[id(block)], self.seen)
        place = StepPlace(step, self.row_key, self.row_name, self.row_id, self.inner)
        if not is_selected(block, scope, self.tags):
            return self._named(_skipped(block, scope, "its tags were not chosen"))
        lines = self.lines if id(block) in self.shared else None
        outcome, scope = self.run_block(block, scope, self.ledger.step(place, block), self.paces, lines)
        if self.sent and outcome.status == "invalid":
            # The check found no error beforehand, so a response or a row has caused this one.
            outcome = replace(outcome, status="failed")
        self.sent = self.sent or outcome.request is not None
        return self._named(RunStep(block, scope, outcome))

    def _named(self, step: RunStep) -> RunStep:
        """Returns the step with the name of its row, in its diagnostics too."""
        if not self.row_name or step.outcome is None:
            return step
        note = f"in {self.row_name}"
        found = tuple([replace(each, notes=(*each.notes, note)) for each in step.outcome.diagnostics])
        outcome = replace(step.outcome, diagnostics=found) if found else step.outcome
        return RunStep(step.item, step.scope, outcome, self.row_name)

    def _note(self, step: RunStep) -> None:
        status = step.outcome.status if step.outcome else "passed"
        self.unknown = self.unknown or status in {"unknown", "changed"}
        stopped = step.outcome is not None and step.outcome.stopped
        self.interrupted = self.interrupted or stopped
        if stopped and status == "failed" and step.outcome is not None:
            self.stop.request(step.outcome.diagnostics[-1].message)
        self.stopped = self.unknown or stopped or (status not in {"passed", "skipped"} and not self.keep_going)

    def _tear_down(self, blocks: Sequence[Block], scope: Scope) -> Iterator[RunStep]:
        """Yields a step for each teardown block; skips those that refer to a response that never came."""
        for block in blocks:
            missing = [r.raw for r in nodes_in(block.items, Reference) if isinstance(look_up(r, scope), Diagnostic)]
            if missing:
                yield self._named(_skipped(block, scope, f"`{missing[0]}` was never set"))
                continue
            step = self._block(block, scope)
            scope = step.scope
            yield step

    # --- loops ------------------------------------------------------------------------------------------

    def _loop(self, loop: Loop, scope: Scope) -> Steps:
        """Runs the rows of a loop; yields the steps of each row, then its result, unless the loop is in another one."""
        name = loop_id(loop, self.seen)
        found, source = self._source(loop, name, scope)
        if has_errors(found):
            yield self._unreadable(loop, found, scope)
            return after_loop(loop, scope)
        files, refused = open_files(loop, scope, self.shared, self.open_file, wanted=not self.tags)
        if refused:
            yield from self._unwritten(loop, refused, scope)
            return after_loop(loop, scope)
        for path in files.partials():
            self.ledger.note_file(path)
        around = self.limit, self.paces, self.files, self.shared
        self.limit = self.limit if self.loop else ErrorLimit(header(loop).max_errors, self.stop)
        self.paces = (*self.paces, *loop_pace(loop))
        self.files, self.shared = files, self.shared | files.blocks
        rows = self._selected_rows(name, source)
        try:
            yield from self._rows(loop, name, rows, scope)
        finally:
            unwritten = files.close()
        self.limit, self.paces, self.files, self.shared = around
        for file in files.written if not self.loop else ():
            yield RunStep(loop, scope, file=file)
        yield from self._unwritten(loop, unwritten, scope)
        count_steps(loop, self.seen, self.root)
        return after_loop(loop, scope)

    def _rows(self, loop: Loop, name: str, rows: SelectedRows, scope: Scope) -> Iterator[RunStep]:
        speed = self._speed(loop, scope)
        plan_row = None if self.loop else self.plan_rows(loop, scope, self.seen)
        if plan_row is not None:
            yield from self._planned(loop, name, rows, plan_row)
        elif speed.one_by_one:
            yield from self._one_by_one(loop, name, rows)
        else:
            yield from self._parallel(loop, name, rows, speed, scope)
        left = yield from self._left(loop, name, rows)
        yield from self._recalled(loop, scope, rows)
        yield from self._not_run(loop, scope, left + rows.left_out)
        self.left_out = self.left_out or rows.left_out > 0

    def _left(self, loop: Loop, name: str, rows: SelectedRows) -> Generator[RunStep, None, int]:
        """Goes through the rows that run no more: yields the results of finished ones, returns the number of others."""
        left = 0
        for row in rows:
            inner, finished = self._begin(loop, name, row)
            left += finished is None
            if finished is not None:
                yield finished
                self._take(inner, loop)
        return left

    def _unwritten(self, loop: Loop, outcomes: Sequence[Outcome], scope: Scope) -> Iterator[RunStep]:
        """Yields the steps of files that could not be written."""
        for outcome in outcomes:
            step = self._named(RunStep(loop, scope, outcome))
            self._note(step)
            yield step

    def _source(self, loop: Loop, name: str, scope: Scope) -> tuple[Sequence[Diagnostic], Iterator[LoopRow]]:
        """Returns the rows of a loop; those that became known in the run are kept and checked first.

        The diagnostics are those of this check, or say why the rows cannot be kept.
        """
        if id(loop) not in self.late_loops:
            return (), rows_of(loop, scope, self.find_file)
        feed = self.feeds.get(id(loop))
        try:
            if feed is not None and feed.writes and self.planning:
                raise NotSent("the run writes this file: a plan makes none of the writes that its rows come from")
            read: ReadRows = partial(read_source, loop, scope, self.find_file)
            anew = feed is not None and feed.loop
            read = read if self.loop else self.ledger.keep_rows(name, read, anew=anew)
            found = self.check_late(loop, scope, read)
        except OSError as error:
            reason = f"`{source_name(loop, scope)}` cannot be read: {error.strerror or error}"
            return (Diagnostic("E303", reason, header(loop).file.span),), iter(())
        except (BadData, NotSent) as error:
            return (Diagnostic("E303", str(error), header(loop).file.span),), iter(())
        return found, loop_rows(loop, scope, read(), source_name(loop, scope))

    def _unreadable(self, loop: Loop, found: Sequence[Diagnostic], scope: Scope) -> RunStep:
        """Returns the step of a loop that has no valid rows."""
        blocks = list(blocks_in(loop.items))
        if not blocks:
            return RunStep(loop, scope)
        step = RunStep(loop, scope, Outcome(blocks[0], "failed", diagnostics=tuple(found)))
        self._note(step)
        return step

    def _speed(self, loop: Loop, scope: Scope) -> LoopSpeed:
        """Returns the speed of a loop; in a loop in a loop the rows run one by one, unless it says otherwise."""
        written = header(loop).jobs
        most = written if isinstance(written, int) else 1 if self.loop else None
        if self.jobs is not None and not self.loop:
            most = self.jobs
        return LoopSpeed(most, () if most == 1 else self.find_paces(loop, scope))

    def _selected_rows(self, name: str, rows: Iterator[LoopRow]) -> SelectedRows:
        """Returns the rows of a loop that shall run; in a loop in a loop all of them do."""
        if self.loop:
            return SelectedRows(rows)
        ledger, has_files = self.ledger, bool(self.files.files)
        return SelectedRows(
            rows,
            self.rows,
            finished=lambda row: ledger.finished(row, row_id(name, row.key), "") is not None,
            # The lines of a row that is done take their place in the file.
            recall=lambda row: None if has_files else ledger.recall_row(row_id(name, row.key)),
        )

    def _recalled(self, loop: Loop, scope: Scope, rows: SelectedRows) -> Iterator[RunStep]:
        """Yields the results of the rows that were only counted so far."""
        for status, count in rows.recalled.items():
            self.passed[status] += count
            yield RunStep(loop, scope, result=RowResult(loop.span.start, status, count=count, recalled=True))
        rows.recalled.clear()

    def _count_rows(self, item: ScriptItem, scope: Scope) -> Iterator[RunStep]:
        """Yields the result of the rows of a loop that does not run, unless its data cannot be read."""
        if isinstance(item, Loop):
            with suppress(BadData, OSError):
                yield from self._not_run(item, scope, sum(1 for _ in rows_of(item, scope, self.find_file)))

    def _not_run(self, loop: Loop, scope: Scope, count: int, name: str = "") -> Iterator[RunStep]:
        if count and not self.loop:
            yield RunStep(loop, scope, result=RowResult(loop.span.start, "not run", name, count=count))

    def _planned(self, loop: Loop, name: str, rows: SelectedRows, plan_row: PlanRow) -> Iterator[RunStep]:
        for row in rows:
            step = plan_row(row)
            if step is not None:
                self.sent = True
                yield step
            else:
                inner, finished = self._begin(loop, name, row)
                yield from inner.run_row(loop, row) if finished is None else (finished,)
                self._take(inner, loop)
            if self._ends():
                return

    def _one_by_one(self, loop: Loop, name: str, rows: SelectedRows) -> Iterator[RunStep]:
        for row in rows:
            yield from self._recalled(loop, row.around, rows)
            inner, finished = self._begin(loop, name, row)
            yield from inner.run_row(loop, row) if finished is None else (finished,)
            self._take(inner, loop)
            if self._ends():
                return

    def _parallel(self, loop: Loop, name: str, rows: SelectedRows, speed: LoopSpeed, scope: Scope) -> Iterator[RunStep]:
        """Runs rows in parallel and yields their steps in order; after a stopping failure, lets started rows finish."""
        from stripe_shell.engine.run.row_pool import RowPool

        waiting: deque[WaitingRow] = deque()
        pool: RowPool[list[RunStep]] = RowPool(speed.jobs)
        try:
            for row in rows:
                yield from self._recalled(loop, row.around, rows)
                inner, finished = self._begin(loop, name, row)
                future = pool.submit(partial(inner.collect_row, loop, row)) if finished is None else _ended(finished)
                waiting.append((inner, row, future))
                if len(waiting) >= 2 * speed.jobs():
                    yield from self._next_row(loop, waiting)
                if self._ends():
                    break
            while waiting:
                yield from self._next_row(loop, waiting)
        except KeyboardInterrupt:
            yield from self._leave(loop, waiting)
            left = yield from self._left(loop, name, rows)
            yield from self._not_run(loop, scope, left)
            raise
        finally:
            pool.close()

    def _ends(self) -> bool:
        """Whether no more rows are begun. Those of a loop in a loop are part of a row, which may end."""
        stops = self.stop.immediate if self.loop else self.stop.requested
        self.interrupted = self.interrupted or (stops and bool(self.loop))
        return self.stopped or stops

    def _leave(self, loop: Loop, waiting: deque[WaitingRow]) -> Iterator[RunStep]:
        """Yields the steps of rows that have ended, and the results of those under way, without waiting for them."""
        for inner, row, future in waiting:
            if future.done():
                yield from future.result()
                self._take(inner, loop)
            elif not self.loop and self.ledger.sends(inner.row_id):
                result = RowResult(loop.span.start, "unknown", inner.row_name, row.key, row.data.values)
                yield RunStep(loop, row.scope, result=result)
            else:
                future.cancel()
                yield from self._not_run(loop, row.scope, 1, inner.row_name)

    def _next_row(self, loop: Loop, waiting: deque[WaitingRow]) -> Iterator[RunStep]:
        inner, row, future = waiting.popleft()
        if self._ends() and future.cancel():
            yield from self._not_run(loop, row.scope, 1, inner.row_name)
            return
        yield from future.result()
        self._take(inner, loop)

    def collect_row(self, loop: Loop, row: LoopRow) -> list[RunStep]:
        """Runs a row as `run_row`; returns its steps when it has ended."""
        return list(self.run_row(loop, row))

    def run_row(self, loop: Loop, row: LoopRow) -> Iterator[RunStep]:
        """Runs the items of a loop for one row; yields their steps, then the result, unless another loop is around."""
        nested = bool(self.inner)
        if self.stop.requested and not nested:  # it waited for a thread when the run was stopped
            self.interrupted = True
            yield RunStep(loop, row.scope, result=RowResult(loop.span.start, "not run", self.row_name))
            return
        outcomes: list[Outcome] = []
        began = self.clock()
        for step in self.run(loop.items, stamp_row(header(loop).stamp, row.scope, self.ledger.run_id, self.row_key)):
            outcomes += [step.outcome] if step.outcome is not None else []
            yield step
        status = row_status(outcomes, interrupted=self.interrupted)
        if status not in {"done", "skipped"}:
            self.lines.clear()
        if nested:
            return
        result = RowResult(
            loop.span.start,
            status,
            self.row_name,
            row.key,
            row.data.values,
            deciding_outcome(outcomes),
            written_ids(outcomes),
            sum(is_write(outcome) and succeeded(outcome) for outcome in outcomes),
            self.clock() - began,
            money=money_written(outcomes),
        )
        self.ledger.end_row(row, self.row_id, result, self.lines)
        if self.limit is not None:
            self.limit.note(result, self.passed)
        yield RunStep(loop, row.scope, result=result)

    def _begin(self, loop: Loop, name: str, row: LoopRow) -> tuple[Flow, RunStep | None]:
        """Returns the state of a row's run, and its step if an earlier process of the run finished it."""
        inner = self._inner(loop, name, row)
        result = None if self.loop else self.ledger.finished(row, inner.row_id, inner.row_name)
        if result is None:
            inner.passed, self.passed = self.passed, Counter()
            return inner, None
        self.passed[result.status] += 1
        if self.shared:
            self.ledger.recall_lines(inner.row_id, inner.lines)
        return inner, RunStep(loop, row.scope, result=replace(result, loop=loop.span.start))

    def _inner(self, loop: Loop, name: str, row: LoopRow) -> Flow:
        """Returns the state of a row's run; in an inner loop its name and key follow those of the outer row."""
        place = row_name(row, header(loop).key)
        nested = bool(self.loop)
        return replace(
            self,
            loop=name,
            row_key=f"{self.row_key}{SEPARATOR}{row.key}" if nested else row.key,
            row_name=f"{self.row_name}, {place}" if nested else place,
            row_id=self.row_id if nested else row_id(name, row.key),
            inner=SEPARATOR.join((self.inner, name, row.key)) if nested else "",
            seen=Counter(self.seen),
            lines=RowLines({**self.lines.values, **row.data.values}),
            stopped=False,
            interrupted=False,
            unknown=False,
        )

    def _take(self, inner: Flow, loop: Loop) -> None:
        """Takes over the state of a row's run: what was sent, its lines, and whether the loop stops."""
        if self.shared:
            self.files.take(inner.lines, self.lines)
        self.sent = self.sent or inner.sent
        self.interrupted = self.interrupted or inner.interrupted
        goes_on = header(loop).on_error == "continue" and not inner.unknown
        self.stopped = self.stopped or (inner.stopped and not goes_on)
        self.unknown = self.unknown or inner.unknown


def is_selected(block: Block, scope: Scope, tags: frozenset[str]) -> bool:
    """Whether the block has one of the tags, or no tags are chosen."""
    own = block.argument(Tags)
    return not tags or not tags.isdisjoint(own.names if own else scope.settings.tags)


def _ended(step: RunStep) -> Future[list[RunStep]]:
    """Returns what a thread returns for a row, of one that needs no thread."""
    from concurrent.futures import Future

    future: Future[list[RunStep]] = Future()
    future.set_result([step])
    return future


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
