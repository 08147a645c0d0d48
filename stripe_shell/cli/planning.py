"""Plans on the command line: `run --plan`, `--confirm`, and the question that a live run asks on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stripe_shell.batch.plan import PlanGuard, PlanningLedger, RunPlan, gather
from stripe_shell.batch.plan_file import PlanFile, compare_facts, read_plan_file, write_plan_file
from stripe_shell.batch.runner import PreparedScript
from stripe_shell.cli.arguments import Arguments
from stripe_shell.cli.recorded_options import restore_options
from stripe_shell.diagnostics import format_diagnostics, sort_diagnostics
from stripe_shell.engine.limits import WRITES, limits_of
from stripe_shell.engine.money import NoAmount, format_amounts, parse_amount
from stripe_shell.engine.run.guard import Fuse, exceeded, explain_extent
from stripe_shell.errors import UsageError
from stripe_shell.escaping import visible
from stripe_shell.lang.ast import Loop, ScriptItem
from stripe_shell.lang.visit import items_in, loops_in
from stripe_shell.records import record, replace
from stripe_shell.render.exchange import render_request
from stripe_shell.render.totals import counted, format_extent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stripe_shell.engine.run.interpreter import Engine
    from stripe_shell.engine.run.ledger import Ledger
    from stripe_shell.engine.run.stopping import StopRequest
    from stripe_shell.render.console import Console

#: Stripe's limits in live mode, in requests a second: of an account, and of one operation.
_RATE, _OPERATION_RATE = 100, 25
#: The question looks so often, in seconds, whether a signal has stopped the run.
_LOOK = 0.05
#: The most reasons of skipped blocks that are shown for a group.
_REASONS = 5


def make_plan(engine: Engine, script: PreparedScript, ledger: Ledger, stop: StopRequest) -> RunPlan:
    """Carries out what the script reads, and returns the plan of what it writes; it is not complete after a `stop`."""
    items = script.program.items
    steps = replace(engine, live=True).plan(
        items, script.scope, ledger=PlanningLedger(ledger), resolver=script.resolver, root=script.root, stop=stop
    )
    return gather(steps, _loops_around(items))


def _loops_around(items: Sequence[ScriptItem]) -> Mapping[int, Loop]:
    """Returns the innermost loop around each item, by the `id` of the item."""
    return {id(inner): loop for loop in loops_in(items) for inner in items_in(loop.items)}


def plan_guard(script: PreparedScript, plan: RunPlan, ledger: Ledger) -> PlanGuard:
    """Returns the guard that holds the run of a script to its plan."""
    limits = limits_of(script.program.items)
    return PlanGuard(plan.writes, Fuse(limits, ledger.spent if limits else {}))


def refusal_of(script: PreparedScript, plan: RunPlan, ledger: Ledger) -> str:
    """Returns why a plan must not be carried out: `@most` is exceeded; empty if nothing speaks against it."""
    limits = limits_of(script.program.items)
    spent = ledger.spent if limits else {}
    total = {unit: plan.extent.get(unit, 0) + spent.get(unit, 0) for unit in {*plan.extent, *spent}}
    return exceeded(limits, total)


def show_plan(
    console: Console, name: str, plan: RunPlan, *, limited: bool, addresses: Sequence[str] = (), to_result: bool = True
) -> None:
    """Writes the plan to standard output, or as messages: its totals, the time it takes, and its first requests.

    `addresses` are those of the servers that are written to and are not Stripe's.
    """
    where = [f"  sent to {address}, which is not Stripe's own address" for address in addresses]
    lines = [*_totals(name, plan), *where, f"  {_time(plan) if limited else 'no rate limit here'}"]
    text = "\n".join(map(visible, lines))  # reasons quote responses
    say = console.result if to_result else console.message
    end = "\n" if to_result else ""
    say(f"{text}{end}")
    for request in plan.first:
        say(f"\n{render_request(request)}{end}")


def _totals(name: str, plan: RunPlan) -> list[str]:
    lines = [f"plan of {name}: {format_extent(sum(plan.rows.values()), plan.extent)}"]
    for group in plan.groups.values():
        place = f"{group.place}, " if group.place else ""
        parts = [counted(group.writes, "write")] if group.writes else []
        parts += [f"{sum(group.skipped.values()):,} skipped"] if group.skipped else []
        parts += [format_amounts(group.money)] if group.money else []
        parts += [f"{group.unpriced:,} without an amount"] if group.unpriced and group.money else []
        parts += [f"{group.open:,} whose amount is not known yet"] if group.open else []
        parts += [f"{group.undecided:,} of them depend on a response"] if group.undecided else []
        lines.append(f"  {place}{group.operation}: {' · '.join(parts)}")
        lines += [f"    skipped {count:,}: {reason}" for reason, count in group.skipped.most_common(_REASONS)]
    return lines


def _time(plan: RunPlan) -> str:
    """Returns how long the run takes at the pace of live mode."""
    slowest = max((count / _OPERATION_RATE for count in plan.requests.values()), default=0)
    seconds = max(slowest, sum(plan.requests.values()) / _RATE)
    return f"about {_duration(seconds)} at {_RATE} requests a second, {_OPERATION_RATE} of one operation"


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def parse_confirmation(texts: Sequence[str]) -> Mapping[str, int]:
    """Returns what `--confirm` says by unit: `2000 writes`, `412300.00 usd`. Raises UsageError for other texts."""
    said: dict[str, int] = {}
    for text in [each.strip() for word in texts for each in word.split(",") if each.strip()]:
        number, _, unit = text.replace("_", "").partition(" ")
        unit = unit.strip().lower()
        if unit in {"write", WRITES} and number.isascii() and number.isdecimal():
            said[WRITES] = int(number)
            continue
        amount = parse_amount(number, unit) if unit else NoAmount("")
        if isinstance(amount, NoAmount):
            raise UsageError(f'--confirm takes "2000 writes" or "412300.00 usd", not `{text}`')
        said[unit] = amount
    return said


def disagreement(said: Mapping[str, int], extent: Mapping[str, int]) -> str:
    """Returns what `--confirm` and the plan disagree about, in words; empty if they agree.

    Whoever confirms money must name all the currencies of the plan.
    """
    money = {unit for unit in extent if unit != WRITES and extent[unit]}
    units = set(said) | (money if set(said) - {WRITES} else set())
    for unit in sorted(units, key=lambda each: (each != WRITES, each)):
        planned, given = extent.get(unit, 0), said.get(unit)
        if planned != given:
            return f"--confirm says {_worded(unit, given)}, the plan {_worded(unit, planned)}"
    return ""


def _worded(unit: str, count: int | None) -> str:
    if count is None:
        return f"nothing of {unit}"
    return explain_extent(unit, count)


def has_terminal() -> bool:
    """Whether a person can be asked."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def ask_for_count(console: Console, count: int, stop: StopRequest, addresses: Sequence[str] = ()) -> bool:
    """Asks the person at the terminal to type the number of writes; what was typed before is discarded."""
    where = f" to {' and '.join(addresses)}" if addresses else ""
    question = f"LIVE MODE: {counted(count, 'write')}{where}. Type their number to send them, anything else to leave."
    return is_count(read_answer(partial(console.message, question), stop), count)


def is_count(answer: str, count: int) -> bool:
    """Whether an answer is this number, with or without separators of thousands."""
    return answer.strip() in {str(count), f"{count:,}", f"{count:_}"}


def read_answer(ask: Callable[[], None], stop: StopRequest) -> str:
    """Asks, and returns a line that is typed from then on, empty if a signal stops the run."""
    import select
    import termios

    termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
    ask()
    # A `readline` goes on behind a signal handler that only notes the signal.
    while not stop.requested:
        if select.select([sys.stdin], [], [], _LOOK)[0]:
            return sys.stdin.readline()
    return ""


@record
class Decision:
    """The decision about a run before its first write: it ends with `code`, or goes on under `guard`."""

    code: int | None = None
    guard: PlanGuard | None = None


@record
class PlannedRun:
    """A run that may have to be planned or confirmed before its first write.

    `script` has the scope of the run, `ledger` is its journal. `facts` are what a plan depends on, `options` what it
    is run with again. `stop` ends it while it is planned or asked for. `live`: it writes in live mode. `planned` is the
    plan that was given, None for a script. `addresses` are those of the servers that are written to and are not
    Stripe's.
    """

    arguments: Arguments
    engine: Engine
    script: PreparedScript
    ledger: Ledger
    console: Console
    facts: Mapping[str, Any]
    options: Mapping[str, Any]
    live: bool
    planned: PlanFile | None
    stop: StopRequest
    addresses: Sequence[str] = ()

    def decide(self) -> Decision:
        """Plans the run if that is asked for or needed, and asks for what must be confirmed."""
        arguments = self.arguments
        if self.planned is not None:
            compare_facts(self.planned.facts, self.facts)
            limits = limits_of(self.script.program.items)
            guard = PlanGuard(self.planned.writes, Fuse(limits, self.ledger.spent if limits else {}))
            return self._confirm(self.planned.extent, guard)
        if not (arguments.plan or arguments.confirm or self.live):
            return Decision()
        plan = make_plan(self.engine, self.script, self.ledger, self.stop)
        name = self.script.source.name
        if self.stop.requested:
            self.console.message(f"{name}: stopped before it was planned: {self.stop.reason}. Nothing was written.")
            return Decision(3)
        if plan.problems:
            self.console.message(format_diagnostics(sort_diagnostics(plan.problems)))
            self.console.message(f"{name}: it cannot be planned; nothing was written")
            return Decision(3)
        if arguments.plan or not arguments.confirm:
            show_plan(
                self.console, name, plan, limited=self.live, addresses=self.addresses, to_result=bool(arguments.plan)
            )
        refusal = refusal_of(self.script, plan, self.ledger)
        if refusal:
            self.console.message(f"{name}: the plan is {refusal}. Nothing was written.")
            return Decision(2)
        if arguments.plan:
            self._keep(plan)
            return Decision(0)
        return self._confirm(plan.extent, plan_guard(self.script, plan, self.ledger))

    def _keep(self, plan: RunPlan) -> None:
        if self.arguments.plan_file:
            script = str(Path(self.script.source.name).absolute())
            planned = PlanFile(script, self.options, self.ledger.run_id, self.facts, plan.extent, plan.writes)
            write_plan_file(self.arguments.plan_file, planned)
            self.console.message(f"`stripe-shell run {self.arguments.plan_file}` sends exactly this")

    def _confirm(self, extent: Mapping[str, int], guard: PlanGuard) -> Decision:
        """Returns the guard if the extent of the plan is confirmed, where that is needed, else the code 2."""
        name, count = self.script.source.name, extent.get(WRITES, 0)
        if self.arguments.confirm:
            words = disagreement(parse_confirmation(self.arguments.confirm), extent)
            if words:
                self.console.message(f"{name}: {words}. Nothing was written.")
                return Decision(2)
        elif self.live and count:
            if not has_terminal():
                wanted = explain_extent(WRITES, count).replace(",", "")
                self.console.message(f'{name}: live mode wants `--confirm "{wanted}"`. Nothing was written.')
                return Decision(2)
            if not ask_for_count(self.console, count, self.stop, self.addresses):
                self.console.message(f"{name}: not confirmed. Nothing was written.")
                return Decision(2)
        return Decision(guard=guard)


def is_plan_name(word: str) -> bool:
    """Whether a word of the command line names a plan."""
    return word.lower().endswith(".json")


def open_plan(arguments: Arguments) -> tuple[Arguments, PlanFile | None]:
    """Returns the arguments of `run` with a `PLAN.json` taken apart: where to write a plan, or the plan to carry out.

    Raises UsageError for a plan that cannot be read, and for scripts beside it.
    """
    files = [word for word in arguments.words if is_plan_name(word)]
    scripts = tuple(word for word in arguments.words if word not in files)
    if isinstance(arguments.plan, str):
        if not is_plan_name(arguments.plan):
            raise UsageError(f"--plan={arguments.plan}: the name of a plan ends in .json")
        files.append(arguments.plan)
    if arguments.command != "run" or not files:
        return arguments, None
    if arguments.plan:
        if len(files) > 1 or len(scripts) != 1:
            raise UsageError("`run FILE --plan PLAN.json` takes one script and one plan")
        return replace(arguments, words=scripts, plan_file=files[0]), None
    if len(arguments.words) > 1:
        raise UsageError(f"{files[0]} is a plan, and is run alone")
    planned = read_plan_file(files[0])
    restored = restore_options(arguments, planned.script, planned.options)
    rows = planned.options.get("rows")
    return replace(restored, run_id=planned.run_id, rows=rows, runs_dir=planned.options.get("runs_dir")), planned
