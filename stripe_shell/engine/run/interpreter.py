"""The engine: checks, previews and runs blocks; sends each call and evaluates its response."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence, Set
from functools import partial
from typing import TYPE_CHECKING, Any

from stripe_shell.diagnostics import Diagnostic, has_errors
from stripe_shell.engine.assertions.block import BlockAssertions, assertions_of, facts_of
from stripe_shell.engine.assertions.conditions import evaluate_until, evaluate_when, retry_of
from stripe_shell.engine.check.block import check_block
from stripe_shell.engine.check.script import after_unsent, check_items, check_late_loop, walk
from stripe_shell.engine.data_files import FindFile, find_on_disk
from stripe_shell.engine.encode import encode, takes_key
from stripe_shell.engine.fields import FieldSteps
from stripe_shell.engine.foreach import ReadRows, header, rows_of
from stripe_shell.engine.idempotency_keys import SEPARATOR, count_steps, idempotency_key, loop_id, step_id
from stripe_shell.engine.limits import limits_of, money_of
from stripe_shell.engine.links import Link, Links, connection_of
from stripe_shell.engine.load import Program
from stripe_shell.engine.outcome import Outcome, OutcomeStatus, RunStep
from stripe_shell.engine.resolve import LARGEST_PAGE, BlockCall
from stripe_shell.engine.resolver import Resolver
from stripe_shell.engine.run.block_exchange import RunObserver, evaluate_outcome, recall_response, send_request
from stripe_shell.engine.run.flow import Flow, PlanRow, RunBlock, is_selected, skip_names
from stripe_shell.engine.run.guard import Fuse, LimitReached, NotPlanned, WriteGuard, account_for, admitted
from stripe_shell.engine.run.ledger import Ledger, NoLedger, StepLedger, UnrecordedStep
from stripe_shell.engine.run.loop_speed import paced, paces_of
from stripe_shell.engine.run.messages import (
    explain_changed,
    explain_limit,
    explain_unanswered,
    explain_unmet,
)
from stripe_shell.engine.run.outputs import Outputs, saved_name
from stripe_shell.engine.run.row_lines import RowLines
from stripe_shell.engine.run.row_selection import RowSelection, SelectedRows
from stripe_shell.engine.run.row_target import OpenRows, StreamRows
from stripe_shell.engine.run.unsent_rows import unsent_loop
from stripe_shell.engine.scope import PendingValue, Scope, look_up
from stripe_shell.engine.stamps import stamp_row
from stripe_shell.errors import JournalDisagrees, TransportError
from stripe_shell.lang.ast import Block, Loop, Reference, Retry, ScriptItem
from stripe_shell.lang.visit import nodes_in
from stripe_shell.pace import Pace
from stripe_shell.records import field, record, replace
from stripe_shell.secrets import Secrets
from stripe_shell.spec.table import Table
from stripe_shell.wire import Request

if TYPE_CHECKING:
    from stripe_shell.engine.run.stopping import StopRequest


@record
class Engine:
    """Runs blocks and scripts. Stateless: the scope is passed from step to step.

    Pass the same `resolver` to `check`, `preview` and `run` so that each block is resolved once. `live` allows writes
    on connections that count as live. `tags` selects blocks; empty selects all. `rows` selects rows of the outermost
    loops; None selects all. `jobs` is how many of their rows run at once; None leaves that to the loops. `sleep` waits
    a number of seconds between the polls of `@retry`, and for a turn. `observer` is told what is sent. `stream` opens
    what takes the rows of a list of several pages that nothing else refers to; without it they are joined in the
    outcome's `body`. `spools` are the names of responses that only loops go through, with the fields of rows that these
    need: such a list of several pages is kept in a file.
    """

    table: Table
    links: Links
    open_rows: OpenRows
    live: bool = False
    tags: frozenset[str] = frozenset()
    rows: RowSelection | None = None
    jobs: int | None = None
    sleep: Callable[[float], None] = time.sleep
    observer: RunObserver = field(default_factory=RunObserver)
    stream: StreamRows | None = None
    spools: Mapping[str, Set[FieldSteps]] = field(default_factory=dict)

    @property
    def _outputs(self) -> Outputs:
        return Outputs(self.table, self.open_rows, self.stream, self.spools)

    def observed(self, observer: RunObserver) -> Engine:
        """Returns a copy of the engine that tells `observer` what is sent."""
        return replace(self, observer=observer)

    def resolver(self, find_file: FindFile = find_on_disk, version: str | None = None) -> Resolver:
        """Returns a new resolver for the items of one run; `version` replaces the script's own API version."""
        resolver = Resolver(self.table, find_file, self.links, version)
        resolver.selection = self.rows
        return resolver

    def check(self, items: Sequence[ScriptItem], scope: Scope, resolver: Resolver | None = None) -> list[Diagnostic]:
        """Returns all problems of the items that can be found without sending a request."""
        return check_items(items, resolver or self.resolver(), self.links, scope, live=self.live)

    def lint(self, program: Program, scope: Scope) -> list[Diagnostic]:
        """Returns the lint warnings of a script: unused names, unreachable blocks, repeated writes."""
        from stripe_shell.engine.check.lint import lint

        return list(lint(program, self.table, scope))

    def preview(
        self,
        items: Sequence[ScriptItem],
        scope: Scope,
        *,
        run_id: str,
        resolver: Resolver | None = None,
        each_row: bool = True,
    ) -> Iterator[Request]:
        """Yields the requests that a run would send, with references to responses as written. Sends nothing.

        Without `each_row` it leaves out loops whose rows are known.
        """
        yield from self._preview(items, scope, resolver or self.resolver(), run_id, "", each_row=each_row)

    def _preview(
        self,
        items: Sequence[ScriptItem],
        scope: Scope,
        resolver: Resolver,
        run_id: str,
        row_key: str,
        *,
        seen: Counter[str] | None = None,
        each_row: bool = True,
    ) -> Iterator[Request]:
        seen = Counter() if seen is None else seen
        for item, inner in walk(items, resolver, scope):
            if isinstance(item, Loop):
                loop_id(item, seen)
                if id(item) in resolver.late_loops:
                    unknown = inner.with_deferred(header(item).name)
                    yield from self._preview(item.items, unknown, resolver, run_id, row_key, seen=Counter(seen))
                    count_steps(item, seen)
                    continue
                selection = None if row_key else self.rows
                rows = SelectedRows(rows_of(item, inner, resolver.find_file), selection) if each_row else ()
                for row in rows:
                    key = f"{row_key}{SEPARATOR}{row.key}" if row_key else row.key
                    stamped = stamp_row(header(item).stamp, row.scope, run_id, key)
                    yield from self._preview(item.items, stamped, resolver, run_id, key, seen=Counter(seen))
                count_steps(item, seen)
            elif isinstance(item, Block):
                key = idempotency_key(run_id, step_id(item, seen), row_key)
                request = self._preview_block(item, inner, resolver, key)
                yield from [request] if request else []

    def _preview_block(self, block: Block, scope: Scope, resolver: Resolver, key: str) -> Request | None:
        if evaluate_when(block, scope).holds is False or not is_selected(block, scope, self.tags):
            return None
        link = self.links.find(connection_of(block, scope, self.links), block.connection_span)
        call = resolver.resolve(block, scope).call
        if call is None or not isinstance(link, Link):
            return None
        return self._encode(with_page_size(call), link, key)

    def run(
        self,
        items: Sequence[ScriptItem],
        scope: Scope,
        *,
        run_id: str,
        keep_going: bool = False,
        resolver: Resolver | None = None,
        ledger: Ledger | None = None,
        stop: StopRequest | None = None,
        root: str = "",
        guard: WriteGuard | None = None,
    ) -> Generator[RunStep, None, None]:
        """Runs the items in order and yields their steps; stops after a block that did not pass, unless `keep_going`.

        Always stops after a write whose outcome is unknown. Once a request was sent, a block that does not resolve
        counts as failed, not invalid: `check` found it valid, so the value of a response caused it.

        `ledger` journals the run, `stop` can stop it, `root` is the folder of the script. `guard` decides about each
        write; without one the limits of `@most` do.
        """
        resolver = resolver or self.resolver()
        ledger = ledger or NoLedger(run_id)
        limits = limits_of(items)
        guard = guard or Fuse(limits, ledger.spent if limits else {})
        flow = self._flow(
            partial(self.run_step, resolver=resolver, guard=guard),
            ledger,
            resolver,
            stop,
            root,
            keep_going=keep_going,
            jobs=self.jobs,
            find_paces=partial(paces_of, links=self.links),
            open_file=partial(self._outputs.open_for_loop, resolver=resolver),
        )
        yield from flow.run(items, scope)

    def plan(
        self,
        items: Sequence[ScriptItem],
        scope: Scope,
        *,
        ledger: Ledger,
        resolver: Resolver,
        stop: StopRequest | None = None,
        root: str = "",
    ) -> Generator[RunStep, None, None]:
        """Yields the steps of a run that carries out what reads, and only resolves what writes.

        The outcome of a write has its request and no response. `ledger` knows what earlier processes did, `stop` can
        stop it. Of a loop that only writes, and of which nothing was done, there is one step for each row.
        """

        def plan_rows(loop: Loop, scope: Scope, seen: Counter[str]) -> PlanRow | None:
            if self.tags or ledger.has_sent:
                return None
            planned = unsent_loop(
                loop, scope, seen, resolver=resolver, links=self.links, run_id=ledger.run_id, root=root
            )
            return planned.plan_row if planned is not None else None

        flow = self._flow(
            partial(self.plan_step, resolver=resolver),
            ledger,
            resolver,
            stop,
            root,
            keep_going=True,
            planning=True,
            open_file=partial(self._outputs.open_for_plan, resolver=resolver),
            plan_rows=plan_rows,
        )
        yield from flow.run(items, scope)

    def _flow(
        self,
        run_block: RunBlock,
        ledger: Ledger,
        resolver: Resolver,
        stop: StopRequest | None,
        root: str,
        *,
        keep_going: bool,
        **options: Any,
    ) -> Flow:
        """Returns what goes through the items of a script; `options` are the fields that only a run or a plan sets."""
        from stripe_shell.engine.run.stopping import StopRequest

        return Flow(
            run_block,
            ledger,
            stop or StopRequest(),
            keep_going,
            self.tags,
            root,
            self.rows,
            resolver.find_file,
            late_loops=resolver.late_loops,
            feeds=resolver.feeds,
            check_late=partial(self._check_late, resolver=resolver),
            **options,
        )

    def _check_late(self, loop: Loop, scope: Scope, rows: ReadRows, *, resolver: Resolver) -> Sequence[Diagnostic]:
        return check_late_loop(loop, scope, rows, resolver, self.links, live=self.live)

    def run_block(
        self, block: Block, scope: Scope, key: str, *, resolver: Resolver | None = None
    ) -> tuple[Outcome, Scope]:
        """Runs one block; returns its outcome and the next scope. `key` is its idempotency key unless it sets one."""
        return self.run_step(block, scope, UnrecordedStep(key), resolver=resolver or self.resolver())

    def run_step(
        self,
        block: Block,
        scope: Scope,
        step: StepLedger,
        paces: tuple[Pace, ...] = (),
        lines: RowLines | None = None,
        *,
        resolver: Resolver,
        guard: WriteGuard | None = None,
    ) -> tuple[Outcome, Scope]:
        """Runs one block of a run with the journal of its step; returns its outcome and the next scope.

        `paces` are those that the loops around the block ask for. `lines` takes the rows of its response if they are
        for the file of a loop. `guard` may refuse a write.
        """
        verdict = evaluate_when(block, scope)
        if verdict.problems:
            return Outcome(block, _unsent_status(verdict.problems), diagnostics=verdict.problems), scope
        if not verdict.holds:
            why = f"`{verdict.text}` does not hold: {scope.masks.mask(verdict.actual)}"
            return Outcome(block, "skipped", reason=why), skip_names(block, scope.next_block(), why)
        ask = partial(self._outcome, block, scope, resolver, step, paces=paces, lines=lines, guard=guard)
        retry = retry_of(block)
        outcome = ask() if retry is None else self._poll(retry, ask, scope)
        return outcome, self._hiding(outcome, scope_after(outcome, scope))

    def _poll(self, retry: Retry, ask: Callable[[], Outcome], scope: Scope) -> Outcome:
        """Repeats the request until the condition holds; after the last attempt the outcome is `unexpected`."""
        outcome = ask()
        for attempt in range(1, retry.attempts + 1):
            if outcome.response is None:
                return outcome
            verdict = evaluate_until(retry.until, scope, facts_of(outcome, scope))
            if verdict.holds or verdict.problems:
                return replace(outcome, diagnostics=(*outcome.diagnostics, *verdict.problems))
            if attempt < retry.attempts:
                self.sleep(retry.every_ms / 1000)
                outcome = ask()
        if outcome.status not in {"passed", "unexpected"}:
            return outcome
        unmet = explain_unmet(retry, scope.masks.mask(verdict.actual))
        return replace(outcome, status="unexpected", diagnostics=(*outcome.diagnostics, unmet))

    def plan_step(
        self,
        block: Block,
        scope: Scope,
        step: StepLedger,
        paces: tuple[Pace, ...] = (),
        lines: RowLines | None = None,
        *,
        resolver: Resolver,
    ) -> tuple[Outcome, Scope]:
        """Carries out a block that reads; of one that writes returns the outcome with its unsent request.

        A block whose condition or values depend on a response that a write is yet to bring is planned with these
        values as written; one that reads is skipped.
        """
        verdict = evaluate_when(block, scope)
        operation = resolver.operation(block)
        known = verdict.holds and operation is not None and not operation.writes
        if operation is None or verdict.holds is False or (known and not _waits(block, scope)):
            return self.run_step(block, scope, step, paces, lines, resolver=resolver)
        if verdict.problems:
            return Outcome(block, _unsent_status(verdict.problems), diagnostics=verdict.problems), scope
        drafted = self._draft(block, scope, resolver)
        if has_errors(drafted.diagnostics) or drafted.call is None:
            return drafted, scope_after(drafted, scope)
        after = after_unsent(block, resolver, scope)
        if not operation.writes:
            return replace(drafted, status="skipped", reason="it reads what a write of this run brings"), after
        link = self.links.find(drafted.connection, block.connection_span)
        request = None if isinstance(link, Diagnostic) else self._encode(drafted.call, link, step.key)
        if request is not None and not isinstance(link, Diagnostic) and step.recall(request, link) is not None:
            return self.run_step(block, scope, step, paces, lines, resolver=resolver)
        undecided = "" if verdict.holds else "its `@when` depends on a response"
        return replace(drafted, status="passed", request=request, reason=undecided), after

    def _draft(self, block: Block, scope: Scope, resolver: Resolver) -> Outcome:
        """Returns the outcome of a block before it is sent: its call and its money, or its problems."""
        link = self.links.find(connection_of(block, scope, self.links), block.connection_span)
        if isinstance(link, Diagnostic):
            return Outcome(block, "invalid", diagnostics=(link,))
        resolved, assertions = resolver.resolve(block, scope), resolver.assertions(block, scope)
        call = resolved.call
        money = money_of(block, call, scope) if call is not None and call.operation.writes else None
        untold = (money,) if isinstance(money, Diagnostic) else ()
        refusals = check_block(block, resolved.operation, link, live=self.live)
        lost = scope.unsettled(block.connection_span)
        found = (*resolved.diagnostics, *assertions.problems, *untold, *lost, *refusals)
        status = _unsent_status(found) if has_errors(found) or call is None else "failed"
        told = None if isinstance(money, Diagnostic) else money
        draft = Outcome(block, status, link.name, call, diagnostics=found, money=told)
        return replace(draft, origin=link.origin, address=link.address)

    def _outcome(
        self,
        block: Block,
        scope: Scope,
        resolver: Resolver,
        step: StepLedger,
        *,
        paces: tuple[Pace, ...],
        lines: RowLines | None,
        guard: WriteGuard | None,
    ) -> Outcome:
        drafted = self._draft(block, scope, resolver)
        if drafted.call is None or has_errors(drafted.diagnostics):
            return drafted
        link = self.links.find(drafted.connection, block.connection_span)
        if isinstance(link, Diagnostic):
            return replace(drafted, status="invalid", diagnostics=(link,))
        found, assertions = drafted.diagnostics, resolver.assertions(block, scope)
        draft = replace(drafted, diagnostics=())
        link = paced(link, paces, self.sleep)
        outcome = self._exchange(
            draft, drafted.call, link, scope, step=step, block_assertions=assertions, lines=lines, guard=guard
        )
        return replace(outcome, diagnostics=(*found, *outcome.diagnostics)) if found else outcome

    def _exchange(
        self,
        draft: Outcome,
        call: BlockCall,
        link: Link,
        scope: Scope,
        *,
        step: StepLedger,
        block_assertions: BlockAssertions,
        request: Request | None = None,
        lines: RowLines | None = None,
        guard: WriteGuard | None = None,
    ) -> Outcome:
        """Sends the call, unless its response can be recalled, journals what becomes of it and returns its outcome.

        Sends `request` instead of encoding the call, if given. `guard` may refuse a write.
        """
        call = with_page_size(call)
        name = saved_name(draft.block)
        outcome = replace(draft, status="failed", call=call, saved_as=name.text if name else None)
        try:
            request = request or self._encode(call, link, step.key)
            outcome = replace(outcome, request=request)
            open_file = partial(self._outputs.open, link=link, scope=scope, step=step, lines=lines)
            recalled = recall_response(outcome, link, step, open_file)
            outcome = recalled or send_request(admitted(outcome, guard), link, step, open_file, self.observer)
        except LimitReached as error:
            return replace(outcome, diagnostics=(explain_limit(error, outcome),), stopped=True)
        except NotPlanned as error:
            return replace(outcome, status="skipped", reason=str(error))
        except JournalDisagrees as error:
            return replace(outcome, status="changed", diagnostics=(explain_changed(error, outcome),))
        except TransportError as error:
            return replace(outcome, diagnostics=(explain_unanswered(error, outcome),))
        account_for(outcome, guard)
        if not outcome.recalled:
            step.settle(outcome)
        if outcome.diagnostics or outcome.stopped:
            return outcome
        return evaluate_outcome(outcome, block_assertions, scope.hiding(link.secrets()))

    def resend(self, outcome: Outcome, scope: Scope) -> tuple[Outcome, Scope]:
        """Sends the request of a block again: the same bytes under the same idempotency key.

        Raises ValueError for an outcome without a request.
        """
        block, call, request = outcome.block, outcome.call, outcome.request
        link = self.links.find(outcome.connection, block.connection_span)
        if call is None or request is None:
            raise ValueError("the block sent no request")
        if isinstance(link, Diagnostic):
            return Outcome(block, "invalid", diagnostics=(link,)), scope
        assertions, step = assertions_of(block, scope), UnrecordedStep(request.idempotency_key or "")
        draft = Outcome(block, "failed", link.name, call, origin=link.origin, address=link.address)
        again = self._exchange(draft, call, link, scope, step=step, block_assertions=assertions, request=request)
        return again, self._hiding(again, scope_after(again, scope))

    def _hiding(self, outcome: Outcome, scope: Scope) -> Scope:
        """Returns the scope with the credentials hidden that the outcome's connection knows by now."""
        if outcome.response is None:
            return scope
        link = self.links.find(outcome.connection, outcome.block.connection_span)
        return scope if isinstance(link, Diagnostic) else scope.hiding(link.secrets())

    def _encode(self, call: BlockCall, link: Link, key: str) -> Request:
        return encode(
            call,
            version=link.version or self.table.version,
            account=link.account,
            idempotency_key=(call.idempotency_key or key) if takes_key(call) else None,
        )


def _waits(block: Block, scope: Scope) -> bool:
    """Whether the block refers to a response that a write is yet to bring."""
    return any(isinstance(look_up(each, scope), PendingValue) for each in nodes_in(block.items, Reference))


def with_page_size(call: BlockCall) -> BlockCall:
    """Returns the call with the largest `limit` if it asks for several pages and sets no limit."""
    if call.pages == 1 or "limit" in call.params or "limit" not in call.operation.params.fields:
        return call
    return replace(call, params={**call.params, "limit": LARGEST_PAGE})


def secrets_of(scope: Scope) -> Secrets:
    """Returns the masks for everything of this run that is shown or stored."""
    return scope.masks


def _unsent_status(diagnostics: Sequence[Diagnostic]) -> OutcomeStatus:
    """Returns `failed` (exit code 3) if a response lacks a field, `invalid` (2) for errors in the script."""
    errors = [d for d in diagnostics if d.severity == "error"]
    return "failed" if errors and all(d.code == "E302" for d in errors) else "invalid"


def scope_after(outcome: Outcome, scope: Scope) -> Scope:
    """Returns the scope with the response under its names; without a response, those names lose their values."""
    name = saved_name(outcome.block)
    names = {"last": outcome.block.span, **({name.text: name.span} if name else {})}
    if outcome.body is not None:
        body = outcome.body if outcome.spool is None else {**outcome.body, "data": outcome.spool}
        return scope.after_response(body, names)
    scope = scope.next_block()
    for word in names:
        cause = Diagnostic("E302", "this block brought no answer", outcome.block.connection_span)
        scope = scope.with_lost(word, cause)
    return scope
