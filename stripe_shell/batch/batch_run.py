"""A run of a script with a journal: begun or resumed, protected by a lock, and ended."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from shutil import rmtree
from typing import Any

from stripe_shell import __version__
from stripe_shell.batch.edits import find_edits
from stripe_shell.batch.frozen_data import FrozenData
from stripe_shell.batch.journal import END, RESUMED, START, Journal, JournalUnwritable
from stripe_shell.batch.journal_state import JournalState, read_journal
from stripe_shell.batch.ledger import EditPolicy, JournalLedger
from stripe_shell.batch.missing_lines import find_missing_lines
from stripe_shell.batch.recovery import open_writes, resend_open_writes
from stripe_shell.batch.run_facts import count_rows, hash_sources, is_unedited, rows_by_file
from stripe_shell.batch.run_folder import (
    JOURNAL,
    KEPT_FOR,
    FoundRun,
    RunLock,
    create_folder,
    find_runs,
    remove_old_runs,
    run_identity,
    runs_folder,
    unwritable,
)
from stripe_shell.batch.runner import PreparedScript
from stripe_shell.batch.steps_table import StepEntry, steps_table
from stripe_shell.engine.check.script import walk
from stripe_shell.engine.foreach import header
from stripe_shell.engine.links import Link, Links, connection_of
from stripe_shell.engine.loop_outputs import lines_id, shared_blocks
from stripe_shell.engine.outcome import RowStatus
from stripe_shell.engine.run.flow import is_teardown
from stripe_shell.engine.run.paging import has_pages
from stripe_shell.engine.run.stopping import StopRequest
from stripe_shell.engine.scope import Scope
from stripe_shell.errors import JournalDisagrees, NotSent, OutcomeUnknown, RunStopped, TransportError
from stripe_shell.files import remove_partial
from stripe_shell.lang.ast import Block, Loop, Output, Pages, Reference, ScriptItem
from stripe_shell.lang.visit import blocks_in, directives_in, nodes_in
from stripe_shell.records import field, record, replace
from stripe_shell.secrets import Secrets
from stripe_shell.wire import Request


@record
class JournalOptions:
    """The options of a run with a journal.

    `folder` is `--runs-dir`. `new` starts over. `retry` repeats what Stripe refused. `edits` decides about steps that
    took effect and were edited since. `run_id` names the unfinished run to go on with; empty: the latest one that fits.
    `recorded` are the options of the command line, which another process needs to go on with the run. Finished runs are
    removed after `kept_for` seconds.
    """

    folder: str | None = None
    new: bool = False
    retry: bool = False
    edits: EditPolicy = "refuse"
    run_id: str = ""
    recorded: Mapping[str, Any] = field(default_factory=dict)
    kept_for: float = KEPT_FOR


@record
class BatchRun:
    """A run in progress; `now` and the seed of `${uuid}` in its scope are those of its journal.

    `writes`: the script writes to Stripe. Of one that only writes lists to files nothing is kept when it is finished.
    """

    run_id: str
    folder: Path
    scope: Scope
    ledger: JournalLedger
    lock: RunLock
    resumed: bool
    teardown: bool
    writes: bool

    def recover(self, links: Links) -> int:
        """Sends writes without an answer again; returns their number.

        Raises OutcomeUnknown if any of them is too old for that.
        """
        waiting = open_writes(self.ledger)
        old = [write for write in waiting if write.too_old]
        if old:
            listed = "\n  ".join(str(write) for write in old)
            raise OutcomeUnknown(
                f"{len(old)} writes have no known outcome, and are too old to be sent again safely:\n  {listed}\n"
                f"`stripe-shell runs settle {self.folder.name}` asks Stripe what became of them. Nothing was sent now."
            )
        return sum(1 for _ in resend_open_writes(self.ledger, links))

    @property
    def accounts(self) -> list[str]:
        """Returns the accounts of the connections that the run writes to."""
        return list(self.ledger.state.start.get("account", ()))

    def end(self, code: int, rows: Mapping[RowStatus, int] | None = None, *, planned: bool = False) -> None:
        """Journals how the process ended, and releases the lock. `rows` counts the rows by status, if all are counted.

        A run that failed, that was only `planned`, or of which rows are left, stays unfinished.
        """
        left = bool(rows and rows.get("not run"))
        entry: dict[str, Any] = {"t": END, "time": round(time.time(), 3), "code": code}
        entry |= {"rows": dict(rows)} if rows is not None else {}
        entry["finished"] = ((code == 0 and not left) or self.teardown) and not planned
        with suppress(JournalUnwritable):  # the journal keeps the problem, which the run reports
            self.ledger.journal.append(entry)
        self.ledger.journal.close()
        if entry["finished"] and not self.writes:
            rmtree(self.folder, ignore_errors=True)
        self.lock.release()


def has_loops(items: Sequence[ScriptItem]) -> bool:
    """Whether a script has a loop."""
    return any(isinstance(item, Loop) for item in items)


def is_batch(items: Sequence[ScriptItem]) -> bool:
    """Whether a script may run for long: it has a loop, or a list that is followed to its end or written to a file."""
    long = (Pages, Output)
    return has_loops(items) or any(isinstance(each.argument, long) for each in directives_in(items))


def writing_links(items: Sequence[ScriptItem], script: PreparedScript, links: Links) -> list[Link]:
    """Returns the connections that blocks of the script write to."""
    found: dict[str, Link] = {}
    for item, scope in _blocks(items, script, script.scope):
        operation = script.resolver.operation(item)
        link = links.find(connection_of(item, scope, links), None)
        if operation is not None and operation.writes and isinstance(link, Link):
            found[link.name] = link
    return list(found.values())


def exporting_links(items: Sequence[ScriptItem], script: PreparedScript, links: Links) -> list[Link]:
    """Returns the connections whose lists blocks of the script write to files, page by page."""
    found: dict[str, Link] = {}
    for item, scope in _blocks(items, script, script.scope):
        link = links.find(connection_of(item, scope, links), None)
        if item.argument(Output) is not None and has_pages(item) and isinstance(link, Link):
            found[link.name] = link
    return list(found.values())


def _blocks(items: Sequence[ScriptItem], script: PreparedScript, scope: Scope) -> Iterator[tuple[Block, Scope]]:
    """Yields every block with the scope of its settings."""
    for item, inner in walk(items, script.resolver, scope):
        for block in blocks_in((item,)):
            yield block, inner


@record
class RunSetup:
    """The parts of a run to begin: the checked script, its connections and the copies of its data files.

    `links` are the connections that the script writes to (`writes`: there are any), or whose lists it writes to files.
    `run_id` is the id of a new run. `secrets` are the values of `@secret` by name, `masks` returns everything that must
    not be stored, and `say` is called with messages for the person.
    """

    script: PreparedScript
    links: Sequence[Link]
    writes: bool
    data: FrozenData
    options: JournalOptions
    run_id: str
    secrets: Mapping[str, str]
    masks: Callable[[], Secrets]
    stop: StopRequest
    say: Callable[[str], None]

    @property
    def path(self) -> Path:
        """Returns the real path of the script."""
        return Path(os.path.realpath(self.script.source.name))

    @property
    def identity(self) -> str:
        """Returns what this run has in common with other runs of the script over the same data files."""
        return run_identity(self.path, self.data.hashes)


def begin_run(setup: RunSetup) -> BatchRun:
    """Begins a run of a script over its data, or resumes the unfinished one.

    Sends one request for the account of each connection if the script has loops; other scripts know a connection by
    its key. Raises ConfigurationError if the journal cannot be written or
    another process runs the script, JournalDisagrees if script, data or account do not fit the unfinished run, and
    TransportError.
    """
    path = setup.path
    runs = runs_folder(path, setup.options.folder)
    lock = RunLock(runs, f"{path.stem}-{setup.identity}")
    try:
        if lock.taken_over:
            setup.say(f"the lock was left by {lock.taken_over}, which has ended; it is taken over")
        remove_old_runs(runs, time.time(), setup.options.kept_for)
        is_long = has_loops(setup.script.program.items)
        account = [name_account(link) if is_long else f"{link.name}: {link.identify()}" for link in setup.links]
        found = None if setup.options.new else _unfinished(_wanted(runs, setup.options), setup.identity, account)
        folder = found.folder if found else create_folder(runs, path, setup.run_id)
        return _open(setup, folder, lock, account, resumed=found is not None)
    except RunStopped as error:
        lock.release()
        raise stopped_early(runs, setup.identity, error) from error
    except BaseException:
        lock.release()
        raise


def stopped_early(runs: Path, identity: str, error: RunStopped) -> TransportError:
    """Returns the error of a run that was stopped before it began: earlier writes may still have no known outcome."""
    for run in find_runs(runs):
        if run.start.get("identity") == identity and not run.finished:
            waiting = read_journal(run.folder / JOURNAL).open_steps()
            if waiting:
                return OutcomeUnknown(f"{error} {len(waiting)} writes of an earlier process have no known outcome.")
    return error


def writes_left_open(script: str, elsewhere: str | None) -> int:
    """Returns how many writes of unfinished runs of a script have no known outcome; `elsewhere` is `--runs-dir`."""
    path = Path(os.path.realpath(script))
    unfinished = [run for run in find_runs(runs_folder(path, elsewhere)) if not run.finished]
    mine = [run for run in unfinished if run.start.get("script") == str(path)]
    return sum(len(read_journal(run.folder / JOURNAL, repair=False).open_steps()) for run in mine)


def _open(setup: RunSetup, folder: Path, lock: RunLock, account: list[str], *, resumed: bool) -> BatchRun:
    """Reads the journal of an unfinished run, or starts one; keeps the data files in the folder."""
    script = setup.script
    table = steps_table(script.program.items, script.scope, script.resolver, script.root)
    every_step = setup.options.edits == "rerun"
    state = read_journal(folder / JOURNAL, every_step=every_step) if resumed else None
    if state is not None and not _has_lines(state, script.program.items):
        state = read_journal(folder / JOURNAL, every_step=True)
    facts = _facts(setup, account, table, run_id=None if state is None else str(state.start["run"]))
    if state is not None and setup.options.edits == "refuse" and not is_unedited(facts, state.begun):
        _refuse_edits(setup, state, table, folder)
    for path in folder.glob("rows*.csv") if state is not None and state.runs_again else ():
        path.unlink()  # what became of the rows is told again, from the journal or when they run
    untold = None if state is None else find_missing_lines(folder, state)
    for partial in state.partials if state is not None else ():
        remove_partial(partial)
    state = state or JournalState(facts)
    try:
        setup.data.keep(folder)
        journal = Journal(folder / JOURNAL)
    except OSError as error:
        raise unwritable(folder, error) from error
    journal.append(facts, lasting=True)
    scope = replace(script.scope, now=int(state.start["now"]), seed=str(state.start["seed"]))
    ledger = JournalLedger(
        str(state.start["run"]),
        journal,
        state,
        table,
        setup.stop,
        setup.options.edits,
        setup.options.retry,
        setup.secrets,
        setup.masks,
        untold=untold,
        sources=_list_names(script.program.items),
    )
    teardown = any(is_teardown(item) for item in script.program.items)
    return BatchRun(ledger.run_id, folder, scope, ledger, lock, resumed, teardown, setup.writes)


def _has_lines(state: JournalState, items: Sequence[ScriptItem]) -> bool:
    """Whether every earlier process kept the lines of rows for the files that the loops write now.

    Otherwise the rows run again, and their writes are recalled.
    """
    wanted = set(_kept_lines(items))
    return all(wanted <= set(entry.get("lines", ())) for entry in state.begun)


def _kept_lines(items: Sequence[ScriptItem]) -> list[str]:
    """Returns the ids of the lines that rows of the outermost loops of a script have for the files of these loops."""
    loops = [item for item in items if isinstance(item, Loop)]
    return [lines_id(output) for loop in loops for _, output in shared_blocks(loop)]


def _list_names(items: Sequence[ScriptItem]) -> frozenset[str]:
    """Returns the names of the saved lists that the outermost loops of a script run over."""
    loops = [header(item).file for item in items if isinstance(item, Loop)]
    return frozenset(reference.name for file in loops for reference in nodes_in(file, Reference))


def _facts(
    setup: RunSetup, account: list[str], table: Mapping[str, StepEntry], *, run_id: str | None
) -> dict[str, Any]:
    """Returns the first entry of a journal, or the entry of a process that goes on with the run `run_id`."""
    script = setup.script
    common = {
        "time": round(time.time(), 3),
        "pid": os.getpid(),
        **hash_sources(script.program.items, script.source, script.scope, run_id or setup.run_id),
        "data": setup.data.hashes,
        "rows": rows_by_file(script),
        "total": count_rows(script),
        "steps": {step: entry.as_json() for step, entry in table.items()},
        "lines": _kept_lines(script.program.items),
    }
    if run_id is not None:
        return {"t": RESUMED, **common}
    return {
        "t": START,
        "v": 1,
        "run": setup.run_id,
        "identity": setup.identity,
        "script": str(setup.path),
        "account": account,
        "mode": [link.mode for link in setup.links],
        "program": __version__,
        "version": [link.version or setup.script.resolver.table.version for link in setup.links],
        "own": [link.version for link in setup.links],
        "options": dict(setup.options.recorded),
        "now": script.scope.now,
        "seed": script.scope.seed,
        **common,
    }


def name_account(link: Link) -> str:
    """Returns the account of a connection, and its mode; a hash of the key if the key may not read it.

    Raises TransportError.
    """
    response = link.transport.send(Request("GET", "/v1/account", headers=_headers(link)))
    if response.status == 401:
        raise NotSent(f"Not sent: Stripe refuses the key of /{link.name} (401).")
    body = response.json() if response.ok else {}
    name = body.get("id") if isinstance(body, dict) and body.get("id") else link.identify()
    own = f" {link.identify()}" if link.mode == "sandbox" and link.identify() != name else ""
    return f"{link.name}: {name}{own}".rstrip()


def _headers(link: Link) -> dict[str, str]:
    return {"Stripe-Account": link.account} if link.account else {}


def _wanted(runs: Path, options: JournalOptions) -> list[FoundRun]:
    """Returns the runs that may be gone on with: the one that the options name, else all.

    Raises JournalDisagrees if the named run is not in the folder.
    """
    found = find_runs(runs)
    if not options.run_id:
        return found
    named = [run for run in found if run.start.get("run") == options.run_id and not run.finished]
    if not named:
        raise JournalDisagrees(f"{runs} has no unfinished run {options.run_id[:12]}. Nothing was sent.")
    return named


def _unfinished(runs: Sequence[FoundRun], identity: str, account: list[str]) -> FoundRun | None:
    """Returns the unfinished run of the script over the same data files.

    Raises JournalDisagrees if there are only runs on another account.
    """
    unfinished = [run for run in runs if not run.finished and run.start.get("identity") == identity]
    mine = next((run for run in unfinished if run.start.get("account") == account), None)
    if mine is None and unfinished:
        other = unfinished[0]
        raise JournalDisagrees(
            f"The unfinished run {other.folder.name} of this script went to another account "
            f"({', '.join(other.start.get('account', ()))}), this one would go to {', '.join(account)}. Nothing was "
            "sent; finish it with its connection, or start over with `--new`."
        )
    return mine


def _refuse_edits(setup: RunSetup, state: JournalState, table: Mapping[str, StepEntry], folder: Path) -> None:
    """Raises JournalDisagrees if what took effect is no longer in the script or in the data as it was."""
    found = find_edits(setup.script, state, table, folder / JOURNAL)
    if found:
        listed = "\n  ".join(found)
        raise JournalDisagrees(
            f"The unfinished run {folder.name} does not fit the script and its data any more:\n  {listed}\n"
            "Nothing was sent. Take the edits back, or run again with `--accept-edits=keep` (what exists stays as it "
            "is), `--accept-edits=rerun` (what was edited is sent again), or `--new` (everything is sent again)."
        )


def refuse_unjournalled(links: Sequence[Link]) -> None:
    """Raises NotSent for a run without a journal that would write in live mode."""
    live = [link.name for link in links if link.counts_as_live]
    if live:
        raise NotSent(f"Not sent: `--no-journal` is not for live mode, and /{live[0]} counts as live.")
