"""Plans: what a run would write and to how much money, and the guard that holds a run to its plan."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from hashlib import sha256
from urllib.parse import parse_qsl

from stripe_shell.diagnostics import Diagnostic
from stripe_shell.engine.foreach import LoopRow, ReadRows, header
from stripe_shell.engine.limits import WRITES
from stripe_shell.engine.links import Link
from stripe_shell.engine.outcome import Outcome, RowResult, RowStatus, RunStep
from stripe_shell.engine.run.guard import Fuse, NotPlanned, extent_of
from stripe_shell.engine.run.ledger import Ledger, RowsWritten, StepLedger, StepPlace
from stripe_shell.engine.run.row_lines import RowLines
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

    `money` is in the smallest unit by currency, `unpriced` counts the writes about which nothing tells an amount.
    `undecided` counts those whose `@when` depends on a response. `skipped` counts why blocks are skipped.
    """

    place: str
    operation: str
    writes: int = 0
    money: Counter[str] = field(default_factory=Counter)
    unpriced: int = 0
    undecided: int = 0
    skipped: Counter[str] = field(default_factory=Counter)


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
            self._group(place, outcome).skipped[outcome.reason] += 1
        elif request is not None and request.writes and outcome.response is None:
            self._add_write(self._group(place, outcome), outcome, request)

    def _group(self, place: str, outcome: Outcome) -> PlanGroup:
        return self.groups.setdefault((place, outcome.name), PlanGroup(place, outcome.name))

    def _add_write(self, group: PlanGroup, outcome: Outcome, request: Request) -> None:
        group.writes += 1
        extent = {unit: amount for unit, amount in extent_of(outcome).items() if unit != WRITES}
        group.money.update(extent)
        group.unpriced += not extent
        group.undecided += bool(outcome.reason)
        if len(self.first) < _SHOWN:
            self.first.append(request)
        names, open_path = _open_parts(outcome)
        planned = PlannedWrite(_digest(request, names, open_path=open_path), names, open_path)
        self.writes[request.idempotency_key or planned.digest] = planned


def _open_parts(outcome: Outcome) -> tuple[tuple[str, ...], bool]:
    """Returns the names of the parameters that depend on a response, and whether the path does."""
    call = outcome.call
    if call is None:
        return (), False
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
        plan.add(step, "" if loop is None else header(loop).file.span.text.strip("\"'"))
    return plan
