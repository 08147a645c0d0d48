"""The command `runs settle RUN`: finds out what became of writes whose outcome is unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from getpass import getuser
from socket import gethostname
from typing import Any

from stripe_shell.batch.batch_run import name_account
from stripe_shell.batch.journal import Journal
from stripe_shell.batch.journal_state import read_journal
from stripe_shell.batch.open_writes import UnansweredWrite, unanswered_writes
from stripe_shell.batch.run_folder import JOURNAL, FoundRun, RunLock, lock_name
from stripe_shell.batch.settlement import SettledWrite, Settlement
from stripe_shell.cli.arguments import Arguments
from stripe_shell.cli.recorded_options import restore_options
from stripe_shell.cli.setup import Setup, set_up
from stripe_shell.diagnostics import Diagnostic
from stripe_shell.engine.links import Link
from stripe_shell.errors import ConfigurationError, JournalDisagrees, UsageError
from stripe_shell.render.console import Console
from stripe_shell.spec.table import load_table

#: The columns of what is told of each write.
SETTLED = ("row", "step", "key", "verdict", "id", "reason")


def settle_run(
    run: FoundRun, arguments: Arguments, environ: Mapping[str, str], console: Console
) -> tuple[list[dict[str, Any]], int]:
    """Settles the open writes of a run; returns a row for each, and how many are open still.

    Raises ConfigurationError if the run is running, JournalDisagrees for another account, TransportError.
    """
    recorded = restore_options(arguments, run.start["script"], run.start.get("options", {}))
    setup = set_up(recorded, environ, console)
    lock = RunLock(run.folder.parent, lock_name(run.start))
    try:
        state = read_journal(run.folder / JOURNAL)
        writes = _chosen(unanswered_writes(state), arguments)
        if not writes:
            return [], 0
        _check_account(run, {write.connection for write in writes}, setup)
        journal = Journal(run.folder / JOURNAL)
        try:
            settlement = Settlement(
                run.start["run"], state, journal, load_table(), lambda name: _link(setup, name), console.secrets
            )
            settled = _decide(settlement, writes, arguments)
        finally:
            journal.close()
        return [_row(each) for each in settled], len(state.open_steps())
    finally:
        lock.release()


def _decide(settlement: Settlement, writes: Sequence[UnansweredWrite], arguments: Arguments) -> list[SettledWrite]:
    """Takes the person's decision about writes, or asks Stripe. Raises UsageError for a decision about several."""
    if arguments.done is None and not arguments.not_done:
        return settlement.search(writes)
    if len(writes) > 1 and not arguments.keys:
        keys = ", ".join(f"{write.key or 'no key'} ({write})" for write in writes)
        raise UsageError(f"{len(writes)} writes are open; name those that this is about with --key: {keys}")
    person = f"{_user()} on {gethostname()}"
    if arguments.done is not None:
        if len(writes) > 1:
            raise UsageError("--done is about one write; name it with --key")
        return [settlement.accept(writes[0], arguments.done, person)]
    return [settlement.reject(write, person) for write in writes]


def _chosen(writes: Sequence[UnansweredWrite], arguments: Arguments) -> list[UnansweredWrite]:
    """Returns the writes that `--key` names, by the beginnings of their keys or by their rows; without it all."""
    if not arguments.keys:
        return list(writes)
    for key in arguments.keys:
        if not any(_is_named(write, key) for write in writes):
            raise UsageError(f"no open write has the key `{key}`")
    return [write for write in writes if any(_is_named(write, key) for key in arguments.keys)]


def _is_named(write: UnansweredWrite, key: str) -> bool:
    return (bool(write.key) and write.key.startswith(key)) or write.row == key


def _check_account(run: FoundRun, connections: set[str], setup: Setup) -> None:
    """Raises JournalDisagrees if a connection leads to another account than that of the run."""
    known = run.start.get("account", ())
    for name in connections:
        link = _link(setup, name)
        names = {name_account(link), f"{link.name}: {link.identify()}"}
        if names.isdisjoint(known):
            raise JournalDisagrees(f"{run.folder.name} went to {', '.join(known)}, /{name} leads to {min(names)}.")


def _link(setup: Setup, name: str) -> Link:
    link = setup.connections.find(name, None)
    if isinstance(link, Diagnostic):
        raise ConfigurationError(f"/{name}: {link.message}")
    return link


def _user() -> str:
    try:
        return getuser()
    except (OSError, KeyError):
        return "somebody"


def _row(settled: SettledWrite) -> dict[str, Any]:
    write = settled.write
    told = (
        settled.reason
        if settled.verdict == "done"
        else f"{settled.reason} ({write.request.method} {write.request.path})"
    )
    return {
        "row": write.row,
        "step": write.name,
        "key": write.key,
        "verdict": settled.verdict,
        "id": settled.made,
        "reason": told,
    }
