"""Checks `--rows` against the data of a script before anything is sent."""

from __future__ import annotations

from stripe_shell.batch.runner import PreparedScript
from stripe_shell.engine.check.script import walk
from stripe_shell.engine.foreach import rows_of
from stripe_shell.engine.run.row_selection import RowSelection
from stripe_shell.errors import UsageError
from stripe_shell.lang.ast import Loop


def check_selection(script: PreparedScript, selection: RowSelection | None) -> None:
    """Raises UsageError if the script has no loop, or its data no row with one of the keys."""
    name = script.source.name
    if not any(isinstance(item, Loop) for item in script.program.items):
        raise UsageError(f"--rows chooses rows of a loop, and {name} has none")
    missing = set(selection.keys if selection else ())
    for item, scope in walk(script.program.items, script.resolver, script.scope):
        if missing and isinstance(item, Loop):
            if id(item) not in script.resolver.row_counts:
                return  # the rows are known when the loop is reached
            if id(item) in script.resolver.late_loops:
                return  # Its keys are not known yet.
            missing -= {row.key for row in rows_of(item, scope, script.resolver.find_file) if row.key in missing}
    if missing:
        listed = ", ".join(f"`{key}`" for key in sorted(missing)[:5])
        raise UsageError(f"--rows: no row of {name} has the key {listed}. Nothing was sent.")
