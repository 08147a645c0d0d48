"""The command `runs list|show|resume|retry|settle|forget`: looks at runs with a journal, and goes on with them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from shutil import rmtree
from typing import Any

from stripe_shell.batch.known_folders import known_folders
from stripe_shell.batch.run_folder import FoundRun, RunLock, find_runs, is_running, lock_name
from stripe_shell.batch.run_overview import COUNTED, RunOverview, find_run, overview_of
from stripe_shell.batch.run_rows import ROW_COLUMNS, row_lines
from stripe_shell.cli.arguments import Arguments
from stripe_shell.diagnostics import closest
from stripe_shell.errors import ConfigurationError, JournalDisagrees, UsageError
from stripe_shell.escaping import visible
from stripe_shell.records import replace
from stripe_shell.render.console import Console

RunsCommand = Callable[[Arguments, Mapping[str, str], Console], int]

#: The columns of `runs list`.
_LISTED = ("run", "script", "when", "account", "mode", "state", *COUNTED, "oldest open")
#: The columns that a table of rows shows; the other formats have all.
_SHOWN = ("row", "status", "step", "http", "code", "message", "id")


def runs(arguments: Arguments, environ: Mapping[str, str], console: Console) -> int:
    """Runs the subcommand named by the first word; without one, `list`."""
    name = arguments.words[0] if arguments.words else "list"
    command = _COMMANDS.get(name)
    if command is None:
        meant = closest(name, _COMMANDS)
        hint = f"did you mean `{meant}`?" if meant else f"one of {', '.join(_COMMANDS)}"
        raise UsageError(f"runs: unknown word `{name}`; {hint}")
    return command(arguments, environ, console)


def find_named(arguments: Arguments, environ: Mapping[str, str]) -> FoundRun:
    """Returns the run that the second word names. Raises UsageError."""
    if len(arguments.words) != 2:
        raise UsageError(f"runs {arguments.words[0]} RUN; `stripe-shell runs` lists them")
    return find_run(arguments.words[1], known_folders(environ, arguments.runs_dir))


# --- looking ----------------------------------------------------------------------------------------------------


def _list(arguments: Arguments, environ: Mapping[str, str], console: Console) -> int:
    if len(arguments.words) > 1:
        raise UsageError(f"runs list takes no words; `{arguments.words[1]}` is left over")
    found = [run for folder in known_folders(environ, arguments.runs_dir) for run in find_runs(folder)]
    found.sort(key=lambda run: float(run.start.get("time", 0)), reverse=True)
    rows, problems = [], []
    for run in found:
        try:
            rows.append(_cells(overview_of(run)))
        except (OSError, JournalDisagrees, ValueError, KeyError) as error:
            problems.append(f"{run.folder.name} cannot be read: {error}")
    print_rows(rows, _LISTED, arguments, console)
    for problem in problems:
        console.message(f"stripe-shell: {problem}")
    if not rows and not problems:
        console.message("there are no runs; `stripe-shell run FILE` keeps one of each script that writes")
    return 0


def _cells(overview: RunOverview) -> dict[str, Any]:
    start = overview.run.start
    return {
        "run": overview.name,
        "script": start.get("script", ""),
        "when": _time(start.get("time")),
        "account": ", ".join(start.get("account", ())),
        "mode": ", ".join(dict.fromkeys(start.get("mode", ()))),
        "state": overview.state,
        **{name: overview.rows.get(name, 0) for name in COUNTED},
        "oldest open": "" if overview.oldest is None else age_in_words(time.time() - overview.oldest),
    }


def _time(seconds: Any) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds)) if isinstance(seconds, int | float) else ""


def age_in_words(seconds: float) -> str:
    """Returns an age as `40 s`, `12 min`, `5 h` or `3 d`."""
    for unit, length in (("d", 48 * 3600), ("h", 2 * 3600), ("min", 120)):
        if seconds >= length:
            return f"{seconds // {'d': 86400, 'h': 3600, 'min': 60}[unit]:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def _show(arguments: Arguments, environ: Mapping[str, str], console: Console) -> int:
    run = find_named(arguments, environ)
    wanted = arguments.status and arguments.status.replace("-", " ")
    rows = [line for line in row_lines(run.folder) if wanted is None or line["status"] == wanted]
    columns = ROW_COLUMNS if arguments.format in {"csv", "json"} else _SHOWN
    print_rows(rows, columns, arguments, console)
    return 0


def print_rows(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], arguments: Arguments, console: Console
) -> None:
    """Prints rows as JSON, as CSV, or as a table whose lines are not cut."""
    if arguments.format == "json":
        console.data([{name: row[name] for name in columns} for row in rows], indent=2)
        return
    if arguments.format == "csv":
        from stripe_shell.render.formats.csv import cell_text, csv_line

        lines = [csv_line(columns), *(csv_line(cell_text(row[name]) for name in columns) for row in rows)]
        console.result("".join(lines).rstrip("\n"))
        return
    if not rows:
        return
    cells = [list(columns), *([visible(str(row[name])) for name in columns] for row in rows)]
    widths = [max(len(line[index]) for line in cells) for index in range(len(columns))]
    for line in cells:
        console.result("  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip())


def _settle(arguments: Arguments, environ: Mapping[str, str], console: Console) -> int:
    """Tells what became of each open write of a run, or what a script created; returns 5 while one is unknown."""
    from stripe_shell.cli.settle import SETTLED, settle_run

    if len(arguments.words) == 2 and arguments.words[1].endswith(".stripe"):
        return _list_stamped(arguments, environ, console)
    run = find_named(arguments, environ)
    rows, left = settle_run(run, arguments, environ, console)
    print_rows(rows, SETTLED, arguments, console)
    if not rows:
        console.message(f"{run.folder.name} has no write whose outcome is unknown")
    elif not left:
        console.message(f"{run.folder.name}: all outcomes are known; `runs resume {run.folder.name}` goes on")
    else:
        console.message(f"{run.folder.name}: {left} of its writes are open. None was sent again.")
    return 5 if left else 0


def _list_stamped(arguments: Arguments, environ: Mapping[str, str], console: Console) -> int:
    from stripe_shell.cli.settle_stamps import STAMPED, list_creations

    rows = list_creations(arguments.words[1], arguments, environ, console)
    print_rows(rows, STAMPED, arguments, console)
    if not rows:
        console.message(f"nothing that {arguments.words[1]} created carries a stamp")
    return 0


# --- going on ---------------------------------------------------------------------------------------------------


def _resume(arguments: Arguments, environ: Mapping[str, str], console: Console) -> int:
    return _go_on(arguments, environ, console, retry=False)


def _retry(arguments: Arguments, environ: Mapping[str, str], console: Console) -> int:
    return _go_on(arguments, environ, console, retry=True)


def _go_on(arguments: Arguments, environ: Mapping[str, str], console: Console, *, retry: bool) -> int:
    """Runs the script of a run again, with the options of its journal and those given now, in its folder."""
    from stripe_shell.cli.recorded_options import restore_options
    from stripe_shell.cli.run import run as run_script

    run = find_named(arguments, environ)
    if run.finished:
        console.message(f"{run.folder.name} has finished: nothing of it is left to do")
        return 0
    recorded = run.start.get("options", {})
    with suppress(OSError):
        os.chdir(recorded.get("folder", "."))
    restored = restore_options(arguments, os.path.relpath(run.start["script"]), recorded)
    restored = replace(restored, resume=retry, run_id=run.start["run"], runs_dir=str(run.folder.parent.resolve()))
    return run_script(replace(restored, format=None), environ, console)


def _forget(arguments: Arguments, environ: Mapping[str, str], console: Console) -> int:
    """Removes a run; refuses while the outcome of a write is unknown, unless `--yes`."""
    run = find_named(arguments, environ)
    if is_running(run):
        raise ConfigurationError(f"{run.folder.name} is running. Nothing was removed.")
    lock = RunLock(run.folder.parent, lock_name(run.start))
    try:
        found = overview_of(run)
        if found.open_writes and not arguments.yes:
            count = f"{found.open_writes} writes" if found.open_writes > 1 else "1 write"
            raise ConfigurationError(
                f"The outcome of {count} of {found.name} is unknown, and only its journal knows of them. "
                f"`runs settle {found.name}` finds out; `--yes` forgets them. Nothing was removed."
            )
        rmtree(run.folder)
    finally:
        lock.release()
    console.message(f"{run.folder.name} is forgotten")
    return 0


_COMMANDS: Mapping[str, RunsCommand] = {
    "list": _list,
    "show": _show,
    "resume": _resume,
    "retry": _retry,
    "settle": _settle,
    "forget": _forget,
}
