"""The options of a run that its journal keeps, so that another process can go on with it from any folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stripe_shell.cli.arguments import Arguments
from stripe_shell.errors import UsageError
from stripe_shell.records import replace
from stripe_shell.secrets import Secrets

#: Options that are kept as they are; `--live` is given anew to each process that writes in live mode.
_KEPT = ("connection", "spec", "tags", "keep_going")


def record_options(arguments: Arguments, secrets: Secrets) -> dict[str, Any]:
    """Returns the options as JSON data; a variable whose value is a secret is kept without the value."""
    variables = {name: value if secrets.mask(value) == value else None for name, value in arguments.variables}
    recorded: dict[str, Any] = {name: getattr(arguments, name) for name in _KEPT}
    recorded |= {"db": _absolute(arguments.db), "runs_dir": _absolute(arguments.runs_dir)}
    recorded |= {"variables": variables, "folder": str(Path.cwd())}
    return {name: value for name, value in recorded.items() if value}


def restore_options(arguments: Arguments, script: str, recorded: Mapping[str, Any]) -> Arguments:
    """Returns the arguments of `run` for a recorded run; those that are given take precedence.

    Raises UsageError if a variable was not kept because it is a secret, and is not given now.
    """
    given = dict(arguments.variables)
    variables: dict[str, str | None] = {**recorded.get("variables", {}), **given}
    missing = [name for name, value in variables.items() if value is None]
    if missing:
        raise UsageError(f"the value of `{missing[0]}` was not kept, as it is a secret: give it with --var again")
    kept = {name: recorded[name] for name in (*_KEPT, "db") if name in recorded and not getattr(arguments, name)}
    if arguments.memory:
        kept.pop("db", None)
    found = tuple((name, value) for name, value in variables.items() if value is not None)
    return replace(arguments, command="run", words=(script,), variables=found, **kept)


def _absolute(path: str | None) -> str | None:
    return str(Path(path).expanduser().absolute()) if path and path != ":memory:" else path
