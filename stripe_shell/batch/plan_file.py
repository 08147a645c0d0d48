"""Plan files: a plan and everything that it was made from, so that `run PLAN.json` sends these requests or none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from stripe_shell.batch.kept_data import PLAN, parse_kept
from stripe_shell.batch.plan import PlannedWrite
from stripe_shell.batch.runner import PreparedScript
from stripe_shell.errors import JournalDisagrees, UsageError
from stripe_shell.files import OutputFile
from stripe_shell.records import record

_VERSION = 1


@record
class PlanFile:
    """A plan as it is kept: the script with the options to run it with, the id of its run, and its writes by key.

    `facts` are the hashes of script and data, and the accounts. `extent` are the writes and the money, by unit.
    """

    script: str
    options: Mapping[str, Any]
    run_id: str
    facts: Mapping[str, Any]
    extent: Mapping[str, int]
    writes: Mapping[str, PlannedWrite]


def write_plan_file(path: str, planned: PlanFile) -> None:
    """Writes a plan with mode 0600. Raises UsageError if the file cannot be written."""
    data = {
        "plan": _VERSION,
        "script": planned.script,
        "run": planned.run_id,
        "options": planned.options,
        "facts": planned.facts,
        "extent": planned.extent,
        "writes": {key: _as_list(each) for key, each in planned.writes.items()},
    }
    from pathlib import Path

    try:
        output = OutputFile(Path(path))
        output.stream.write(json.dumps(data, indent=1) + "\n")
        output.commit()
        Path(path).chmod(0o600)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from error


def _as_list(planned: PlannedWrite) -> list[object]:
    return [planned.digest, *([list(planned.open), planned.open_path] if planned.open or planned.open_path else [])]


def read_plan_file(path: str) -> PlanFile:
    """Reads a plan. Raises UsageError if it is none."""
    from pathlib import Path

    try:
        data = parse_kept(Path(path).read_text(encoding="utf-8"), PLAN)
        if data["plan"] != _VERSION:
            raise UsageError(f"{path} is a plan of another version; make a new one")
        writes = {key: PlannedWrite(each[0], *_open_parts(each)) for key, each in data["writes"].items()}
        return PlanFile(data["script"], data["options"], data["run"], data["facts"], data["extent"], writes)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise UsageError(f"{path} is not a plan of `run --plan`: {error}; a script ends in .stripe") from error


def _open_parts(written: list[Any]) -> tuple[tuple[str, ...], bool]:
    return (tuple(written[1]), bool(written[2])) if len(written) > 1 else ((), False)


def facts_of(script: PreparedScript, data: Mapping[str, str], accounts: list[str]) -> dict[str, Any]:
    """Returns what a plan depends on: hashes of the script with what it includes and of the data, and the accounts."""
    from hashlib import sha256

    sources = [sha256(source.text.encode(errors="surrogatepass")).hexdigest() for source in script.program.sources]
    return {"script": sources, "data": dict(data), "account": accounts}


def compare_facts(planned: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raises JournalDisagrees if script, data or account are not those of the plan."""
    for name, noun in (("script", "the script"), ("data", "a data file"), ("account", "the account")):
        if planned.get(name) != now[name]:
            raise JournalDisagrees(f"{noun} is not the one that was planned with. Nothing was sent; make a new plan.")
