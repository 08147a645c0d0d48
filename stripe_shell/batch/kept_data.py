"""Checks the form of JSON data that an earlier process kept: journals and plans, which others may have written."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from typing import Any

from stripe_shell.records import record

#: What data must look like: a type, a predicate, a list of one form, a mapping with values of one form (`Each`), or
#: members by name, where `name?` may be missing or null. Other members are allowed.
DataForm = type | Callable[[Any], bool] | list[Any] | Mapping[str, Any]

#: The latest time that is one, in epoch seconds: the end of the year 9999.
_LATEST = 253_402_300_799


@record
class Each:
    """The form of a mapping with any names."""

    form: DataForm


def parse_kept(text: str | bytes, form: DataForm) -> Any:
    """Returns JSON data of the form. Raises ValueError, which says what is wrong, for everything else."""
    try:
        data = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    wrong = misfit(data, form)
    if wrong is not None:
        raise ValueError(f"`{wrong}` is not as it was written" if wrong else "it is not as it was written")
    return data


def misfit(data: Any, form: Any) -> str | None:
    """Returns the path of the first part that does not have the form, empty for the whole; None if there is none."""
    if isinstance(form, Each):
        return _misfit_of(data, dict.fromkeys(data, form.form)) if isinstance(data, dict) else ""
    if isinstance(form, Mapping):
        return _misfit_of(data, form) if isinstance(data, dict) else ""
    if isinstance(form, list):
        holds = isinstance(data, list) and all(misfit(item, form[0]) is None for item in data)
    elif isinstance(form, type):
        holds = isinstance(data, form) and (form is bool or not isinstance(data, bool))
    else:
        holds = form(data)
    return None if holds else ""


def _misfit_of(data: Mapping[str, Any], members: Mapping[str, Any]) -> str | None:
    for written, form in members.items():
        name = written if written in data else written.removesuffix("?")
        if name != written and data.get(name) is None:
            continue
        if name not in data:
            return name
        wrong = misfit(data[name], form)
        if wrong is not None:
            return f"{name}.{wrong}" if wrong else name
    return None


def is_time(value: Any) -> bool:
    """Whether a value is a time in epoch seconds."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LATEST


def is_path(value: Any) -> bool:
    """Whether a value may be the path of a file."""
    if not isinstance(value, str) or not value or "\0" in value:
        return False
    try:
        os.fsencode(value)
    except UnicodeEncodeError:
        return False
    return True


def _is_write(value: Any) -> bool:
    """Whether a value is a hash, perhaps with the names of open parameters and whether the path is open."""
    return (
        isinstance(value, list)
        and len(value) in (1, 3)
        and isinstance(value[0], str)
        and misfit(value[1:2], [[str]]) is None
    )


def is_digest(value: Any) -> bool:
    """Whether a value consists of hexadecimal digits, as ids of runs and hashes do."""
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]+", value) is not None


#: The options of a run (`cli.recorded_options`).
OPTIONS: DataForm = {
    "connection?": str, "spec?": lambda value: value in ("documented", "stripe"), "tags?": str, "keep_going?": bool,
    "db?": is_path, "runs_dir?": is_path, "folder?": is_path, "rows?": str,
    "variables?": Each(lambda value: value is None or isinstance(value, str)),
}  # fmt: skip

#: The first entry of a journal, as far as others than its own run read it.
START_ENTRY: DataForm = {
    "t": str, "run": is_digest, "identity?": is_digest, "script": is_path, "account?": [str], "mode?": [str],
    "time?": is_time, "options?": OPTIONS,
}  # fmt: skip
#: The entry of a row that has ended: its number, its name, its status, and the cells of its line.
ROW_ENTRY: DataForm = {"r": is_digest, "n": str, "st": str, "x": dict}
#: The last entry of a journal.
END_ENTRY: DataForm = {"t": str, "time?": is_time, "rows?": Each(int)}

#: A plan of `run --plan`.
PLAN: DataForm = {
    "plan": int, "script": is_path, "run": is_digest, "options": OPTIONS, "facts": Each(lambda value: True),
    "extent": Each(int), "writes": Each(_is_write),
}  # fmt: skip
