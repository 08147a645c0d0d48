"""Plans: what a run would write and to how much money, and the guard that holds a run to its plan."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from hashlib import sha256
from urllib.parse import parse_qsl

from stripe_shell.diagnostics import Diagnostic
from stripe_shell.engine.block_tally import has_open_amount
from stripe_shell.engine.foreach import LoopRow, ReadRows
from stripe_shell.engine.limits import WRITES
from stripe_shell.engine.links import Link
from stripe_shell.engine.outcome import Outcome, RowResult, RowStatus, RunStep, UnsentWrite
from stripe_shell.engine.resolve import BlockCall
from stripe_shell.engine.run.guard import Fuse, NotPlanned
from stripe_shell.engine.run.ledger import Ledger, RowsWritten, StepLedger, StepPlace
from stripe_shell.engine.run.row_lines import RowLines
from stripe_shell.engine.run_totals import source_text
from stripe_shell.engine.values import Deferred
from stripe_shell.errors import JournalDisagrees
from stripe_shell.lang.ast import Block, Loop
from stripe_shell.records import field, record
from stripe_shell.wire import ParamTree, Request, Response, form_name

#: How many requests of a plan are shown in full.
_SHOWN = 3


@record
class PlannedWrite:
    """A write of a plan: a hash of its request without the parameters in `open`, which a response is to bring.

    `open_path`: the path has such a part too.
    """

    digest: str
    open: tuple[str, ...] = ()
    open_path: bool = False


@record(frozen=False)
class PlanGroup:
    """The writes of one operation in one loop; `place` is the loop's source, empty outside of loops.

    `money` is in the smallest unit by currency, `open` counts the writes whose amount a response of the run is to
    tell, `unpriced` those about which nothing tells an amount.
    `undecided` counts those whose `@when` depends on a response. `skipped` counts why blocks are skipped. `last` is the
    last call with its planned write: rows may share a call.
    """

    place: str
    operation: str
    writes: int = 0
    money: Counter[str] = field(default_factory=Counter)
    open: int = 0
    unpriced: int = 0
    undecided: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    last: tuple[BlockCall, PlannedWrite] | None = None

    def planned(self, write: UnsentWrite) -> PlannedWrite:
        """Returns the write as it is kept in the plan."""
        if self.last is None or self.last[0] is not write.call:
            names, open_path = _open_parts(write.call)
            digest = _digest(write.request, names, open_path=open_path)
            self.last = write.call, PlannedWrite(digest, names, open_path)
        return self.last[1]


@record(frozen=False)
class RunPlan:
    """The requests that a run would send. `writes` are by idempotency key; `requests` counts all requests by operation.

    `unknown_loops` are the sources of loops whose rows only a response tells, where nothing was read.
    """

    groups: dict[tuple[str, str], PlanGroup] = field(default_factory=dict)
    writes: dict[str, PlannedWrite] = field(default_factory=dict)
    first: list[Request] = field(default_factory=list)
    requests: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    problems: list[Diagnostic] = field(default_factory=list)

    @property
    def extent(self) -> Mapping[str, int]:
        """Returns the number of writes and the money by currency, by unit."""
        total: Counter[str] = Counter()
        for group in self.groups.values():
            total[WRITES] += group.writes
            total.update(group.money)
        return total

    def add(self, step: RunStep, place: str) -> None:
        """Adds a step of the planning run; `place` is the source of the loop around it."""
        if step.result is not None:
            self.rows[step.result.status] += step.result.count
        if step.unsent:
            self.rows["done"] += 1
        for write in step.unsent:
            self.requests[write.call.operation.name] += 1
            if write.request.writes:
                self._add_write(self._group(place, write.call.operation.name), write)
        outcome = step.outcome
        if outcome is None or outcome.recalled:
            return
        if outcome.status not in {"passed", "skipped"}:
            self.problems += outcome.diagnostics
            return
        request = outcome.request
        if request is not None:
            self.requests[outcome.name] += 1
        if outcome.status == "skipped":
            self._group(place, outcome.name).skipped[outcome.reason] += 1
        elif request is not None and request.writes and outcome.response is None and outcome.call is not None:
            write = UnsentWrite(outcome.block, outcome.call, request, outcome.money)
            self._add_write(self._group(place, outcome.name), write, undecided=bool(outcome.reason))

    def _group(self, place: str, name: str) -> PlanGroup:
        group = self.groups.get((place, name))
        if group is None:
            group = self.groups[place, name] = PlanGroup(place, name)
        return group

    def _add_write(self, group: PlanGroup, write: UnsentWrite, *, undecided: bool = False) -> None:
        request, money = write.request, write.money
        group.writes += 1
        if money is None and has_open_amount(write.block, write.call):
            group.open += 1
        elif money is None:
            group.unpriced += 1
        else:
            group.money[money.currency] += money.amount
        group.undecided += undecided
        if len(self.first) < _SHOWN:
            self.first.append(request)
        planned = group.planned(write)
        self.writes[request.idempotency_key or planned.digest] = planned


def _open_parts(call: BlockCall) -> tuple[tuple[str, ...], bool]:
    """Returns the names of the parameters that depend on a response, and whether the path does."""
    names = tuple(sorted(_deferred_names(call.params, ())))
    return names, any(isinstance(value, Deferred) for value in call.path_params.values())


def _deferred_names(value: ParamTree, path: tuple[str, ...]) -> Iterator[str]:
    if isinstance(value, Deferred):
        yield form_name(path)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _deferred_names(inner, (*path, str(name)))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _deferred_names(inner, (*path, str(index)))


def _digest(request: Request, open_names: tuple[str, ...], *, open_path: bool) -> str:
    """Returns a hash of what a request asks for, without the parts that depend on a response."""
    body: object = (request.body or b"").decode(errors="replace")
    if open_names:
        pairs = parse_qsl(str(body), keep_blank_values=True)
        body = sorted(pair for pair in pairs if not pair[0].startswith(open_names))
        body = [] if request.headers.get("Content-Type", "").startswith("application/json") else body
    account = request.headers.get("Stripe-Account", "")
    parts = [request.method, "" if open_path else request.path, request.query, account, body]
    return sha256(json.dumps(parts).encode(errors="surrogatepass")).hexdigest()[:32]


class PlanGuard:
    """Holds a run to a plan: a write that is not in it is left out, one that differs from it stops the run."""

    def __init__(self, writes: Mapping[str, PlannedWrite], fuse: Fuse) -> None:
        self._writes = writes
        self._fuse = fuse

    def admit(self, outcome: Outcome) -> None:
        """Admits a write that is as it was planned. Raises NotPlanned, JournalDisagrees and LimitReached."""
        request = outcome.request
        if request is not None:
            planned = self._planned(request)
            if planned is None:
                raise NotPlanned("it is not in the plan")
            if _digest(request, planned.open, open_path=planned.open_path) != planned.digest:
                raise JournalDisagrees("what the plan relied on has changed, and this would be another request")
        self._fuse.admit(outcome)

    def note(self, outcome: Outcome) -> None:
        """Counts a write that was sent before."""
        self._fuse.note(outcome)

    def release(self, outcome: Outcome) -> None:
        """Takes back a write that was refused."""
        self._fuse.release(outcome)

    def _planned(self, request: Request) -> PlannedWrite | None:
        key = request.idempotency_key or _digest(request, (), open_path=False)
        return self._writes.get(key)


class PlanningLedger:
    """The journal of a run as a planning run sees it: it knows what was done, and nothing is added to it."""

    def __init__(self, inner: Ledger) -> None:
        self._inner = inner

    @property
    def run_id(self) -> str:
        """Returns the id of the run."""
        return self._inner.run_id

    @property
    def spent(self) -> Mapping[str, int]:
        """Returns the writes of finished rows and their money, by unit."""
        return self._inner.spent

    @property
    def has_sent(self) -> bool:
        """Whether an earlier process of the run sent anything."""
        return self._inner.has_sent

    def step(self, place: StepPlace, block: Block) -> StepLedger:
        """Returns the journal of a step, to which nothing is added."""
        return _PlanningStep(self._inner.step(place, block))

    def finished(self, row: LoopRow, row_id: str, name: str) -> RowResult | None:
        """Returns the result of a row that an earlier process finished."""
        return self._inner.finished(row, row_id, name)

    def recall_row(self, row_id: str) -> RowStatus | None:
        """Returns the status of a finished row of which nothing more is to be told."""
        return self._inner.recall_row(row_id)

    def sends(self, row_id: str) -> bool:
        """Returns False: nothing is written."""
        return False

    def keep_rows(self, loop: str, read: ReadRows, *, anew: bool = False) -> ReadRows:
        """Keeps the rows of a loop, so that the run has those of the plan."""
        return self._inner.keep_rows(loop, read, anew=anew)

    def note_file(self, partial: str) -> None:
        """Does nothing: a plan writes no file."""

    def end_row(self, row: LoopRow, row_id: str, result: RowResult, lines: RowLines) -> None:
        """Does nothing."""

    def recall_lines(self, row_id: str, lines: RowLines) -> None:
        """Does nothing: a plan writes no file."""


@record
class _PlanningStep:
    inner: StepLedger

    @property
    def key(self) -> str:
        return self.inner.key

    def recall(self, request: Request, link: Link) -> Response | None:
        return self.inner.recall(request, link)

    def announce(self, request: Request, link: Link) -> Request:
        return request

    def settle(self, outcome: Outcome) -> None:
        pass

    def rows_written(self, request: Request, file: str) -> RowsWritten | None:
        return None

    def note_rows(self, request: Request, written: RowsWritten) -> bool:
        return False


def gather(steps: Iterator[RunStep], loops: Mapping[int, Loop]) -> RunPlan:
    """Returns the plan of the steps of a planning run; `loops` are the loops around each item, by its `id`."""
    plan = RunPlan()
    for step in steps:
        loop = step.item if isinstance(step.item, Loop) else loops.get(id(step.item))
        plan.add(step, "" if loop is None else source_text(loop))
    return plan
