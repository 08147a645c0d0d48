"""Reads the data of versions: what each changed, as scripts/compile_versions.py writes it."""

from __future__ import annotations

import json
import os
from functools import cache
from typing import Any, Final, cast

Json = dict[str, Any]

# os.path instead of pathlib, whose import takes as long as reading the list.
_DATA: Final = os.path.join(os.path.dirname(__file__), "data")  # noqa: PTH118, PTH120


@cache
def read_index() -> Json:
    """Returns `versions`, all of them, and `changed`, those with a file of changes; oldest first."""
    return _read("index")


@cache
def read_steps(version: str) -> tuple[Json, ...]:
    """Returns the steps that led to a version, in order, each with `objects` and `operations`.

    Both have `added` and `removed` (lists of names) and `changed`: by name, the members or parameters that were
    `added` and `removed` (types by dotted path) and `changed` (old and new values of the marks by path).
    """
    return tuple(_read(version)["steps"])


def versions_between(older: str, newer: str) -> tuple[str, ...]:
    """Returns the versions that changed something after `older`, up to and including `newer`; oldest first."""
    return tuple(version for version in read_index()["changed"] if older[:10] < version[:10] <= newer[:10])


def _read(name: str) -> Json:
    with open(os.path.join(_DATA, f"{name}.json"), "rb") as stream:  # noqa: PTH118, PTH123
        return cast(Json, json.loads(stream.read()))
