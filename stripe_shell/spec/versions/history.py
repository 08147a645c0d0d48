"""The changes between two versions of the API, for an operation or an object, as records that people can read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from stripe_shell.records import record
from stripe_shell.spec.table import Table
from stripe_shell.spec.versions.changes import read_steps, versions_between
from stripe_shell.spec.versions.known import OLDEST
from stripe_shell.spec.versions.table import table_at

Where = Literal["request", "answer"]
Sign = Literal["+", "-", "~"]


@record
class VersionDifference:
    """One thing that a version added (`+`), removed (`-`) or changed (`~`).

    `subject` is an operation (`create subscription`) of a request, or the kind of object of an answer. `path` is the
    dotted path of a parameter or member, empty for the operation or the object itself; `detail` is its type, or what
    became of it.
    """

    version: str
    where: Where
    subject: str
    sign: Sign
    path: str
    detail: str


def differences(table: Table, older: str, newer: str, entity: str | None = None) -> Iterator[VersionDifference]:
    """Yields what changed after `older`, up to and including `newer`; oldest version first.

    `entity` (a canonical name) narrows them to its operations and its object. `table` is the current table.
    """
    names = _Names(table)
    for version in versions_between(older, newer):
        for step in read_steps(version):
            for difference in _of_step(version, step, names):
                if entity is None or names.entity_of(difference) == entity:
                    yield difference


def removed_in(
    table: Table, subject: str, path: str, older: str, newer: str, *, value: str | None = None
) -> str | None:
    """Returns the version after `older`, up to `newer`, that removed a parameter or member; None if none did.

    `subject` is an operation or a kind of object, `path` dotted, with indices or without. With `value`, the version
    that removed the value of an enum.
    """
    plain = ".".join(segment for segment in path.split(".") if not segment.isdigit())
    found = None
    for difference in differences(table, older, newer):
        if (difference.subject, difference.sign) != (subject, "-" if value is None else "~"):
            continue
        gone = difference.path.replace("[]", "")
        if plain == gone or (value is None and plain.startswith(f"{gone}.")):
            values = difference.detail.rpartition("no longer ")[2].split(", ")
            found = difference.version if value is None or value in values else found
    return found


class _Names:
    """The names of operations by route, those of older versions included."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._old = table_at(table, OLDEST)
        self._found: dict[str, tuple[str, str]] = {}

    def operation(self, route: str) -> tuple[str, str]:
        """Returns an operation's name and entity; the route itself and an empty name if no table has it."""
        found = self._found.get(route)
        if found is None:
            method, _, path = route.partition(" ")
            match = self._table.match(method, path) or self._old.match(method, path)
            found = (match[0].name, match[0].entity) if match else (route, "")
            self._found[route] = found
        return found

    def entity_of(self, difference: VersionDifference) -> str:
        """Returns the entity that a difference belongs to."""
        if difference.where == "answer":
            return self._table.canonical(difference.subject) or difference.subject
        return difference.subject.partition(" ")[2]


def _of_step(version: str, step: Mapping[str, Any], names: _Names) -> Iterator[VersionDifference]:
    operations, objects = step["operations"], step["objects"]
    signs: tuple[tuple[Sign, str], ...] = (("-", "removed"), ("+", "added"))
    for sign, section in signs:
        for route in operations[section]:
            yield VersionDifference(version, "request", names.operation(route)[0], sign, "", route)
        for kind in objects[section]:
            yield VersionDifference(version, "answer", kind, sign, "", "object")
    for route, change in operations["changed"].items():
        yield from _of_change(version, "request", names.operation(route)[0], change)
    for kind, change in objects["changed"].items():
        yield from _of_change(version, "answer", kind, change)


def _of_change(version: str, where: Where, subject: str, change: Mapping[str, Any]) -> Iterator[VersionDifference]:
    for path, text in change.get("removed", {}).items():
        yield VersionDifference(version, where, subject, "-", path, text)
    for path, text in change.get("added", {}).items():
        yield VersionDifference(version, where, subject, "+", path, text)
    for path, marks in change.get("changed", {}).items():
        yield VersionDifference(version, where, subject, "~", path, _marks_text(marks))


def _marks_text(marks: Mapping[str, Any]) -> str:
    """Returns the changed marks in words: `no longer required; also: klarna, nz_bank_account`."""
    words = []
    if "type" in marks:
        words.append(f"{marks['type'][0]} became {marks['type'][1]}")
    for mark, now, gone in (
        ("required", "now required", "no longer required"),
        ("nullable", "may be null", "never null"),
        ("clearable", "can be cleared", "cannot be cleared"),
        ("expandable", "expandable", "not expandable"),
    ):
        if mark in marks:
            words.append(now if marks[mark][1] else gone)
    if "enum_added" in marks:
        words.append(f"also {', '.join(marks['enum_added'])}")
    if "enum_removed" in marks:
        words.append(f"no longer {', '.join(marks['enum_removed'])}")
    return "; ".join(words)
