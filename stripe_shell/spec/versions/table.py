"""The table of an older version: the current one with the changes of all later versions taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from stripe_shell.records import replace
from stripe_shell.spec.model import Entity, Field, Operation, Shape
from stripe_shell.spec.table import Table
from stripe_shell.spec.versions.changes import read_steps, versions_between
from stripe_shell.spec.versions.details import OBJECTS, OPERATIONS
from stripe_shell.spec.versions.known import OLDEST, is_older
from stripe_shell.spec.versions.removed import REMOVED, RemovedOperation
from stripe_shell.spec.versions.undo import undo

#: From this version on, lists do not take `include[]=total_count`.
UNCOUNTED: Final = "2025-03-31.basil"
_INCLUDE: Final = Field("include", Shape("array", items=Shape("string", enum=("total_count",))))

#: Schemas of deleted objects that keep all members, with those of the objects.
_WHOLE: Final = {"deleted_discount": "discount"}

_PLACEHOLDER: Final = re.compile(r"\{[^}]*\}")


@cache
def table_at(table: Table, version: str) -> Table:
    """Returns the table as a known version has it: `table` itself unless the version is older.

    A version before 2020-08-27 gets the table of 2020-08-27.
    """
    if not is_older(version, table.version):
        return table
    return VersionTable(table, OLDEST if is_older(version, OLDEST) else version)


class VersionTable(Table):
    """The table of one version. Shapes are patched when they are asked for."""

    def __init__(self, current: Table, version: str) -> None:
        super().__init__(current.folder)
        self._current = current
        self._version = version
        #: The steps to take back, newest first.
        self._steps = tuple(
            step
            for later in reversed(versions_between(version, current.version))
            for step in reversed(read_steps(later))
        )
        self._removed = tuple(removed for removed in REMOVED if is_older(version, removed.gone))
        self._changes = {section: self._changes_by_name(section) for section in ("objects", "operations")}
        self._add_details()
        self._add_removed()

    @property
    def version(self) -> str:
        """Returns the version that the table describes."""
        return self._version

    def schema(self, name: str) -> Shape:
        """Returns the response schema called `name` as the version has it. Raises KeyError if there is none."""
        known = name in self._schemas
        shape = super().schema(name)
        if known:
            return shape
        kind = shape.fields.get("object")
        if kind is not None and kind.shape.enum and self.schema_of_object(kind.shape.enum[0]) == _WHOLE.get(name, name):
            for change in self._changes["objects"].get(kind.shape.enum[0], ()):
                shape = undo(self._current, shape, change, request=False)
        self._schemas[name] = shape
        return shape

    def _read_entity(self, name: str) -> Entity:
        entity = super()._read_entity(name)
        removed = {old.operation.action: old for old in self._removed if old.operation.entity == name}
        return replace(entity, operations=_VersionOperations(self, entity.operations, removed))

    def operation_at(self, operation: Operation) -> Operation:
        """Returns an operation of the current table with the parameters of this version."""
        params = operation.params
        for change in self._changes["operations"].get(_route(operation.method, operation.path), ()):
            params = undo(self._current, params, change, request=True)
        if operation.response.form == "list" and is_older(self._version, UNCOUNTED):
            params = replace(params, fields={**params.fields, "include": _INCLUDE})
        return operation if params is operation.params else replace(operation, params=params)

    def _changes_by_name(self, section: str) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for step in self._steps:
            for name, change in step[section]["changed"].items():
                key = _route(*name.split(" ")) if section == "operations" else name
                found.setdefault(key, []).append(change)
        return found

    def _add_details(self) -> None:
        """Appends what the compared sources leave open, which is inside of what they name."""
        for section, details in (("objects", OBJECTS), ("operations", OPERATIONS)):
            for name, found in details.items():
                older = [each.as_change() for each in found if is_older(self._version, each.gone)]
                if older:
                    self._changes[section].setdefault(name, []).extend(older)

    def _add_removed(self) -> None:
        """Enters the operations that later versions lack into the index."""
        entities = {name: dict(row) for name, row in self._index["entities"].items()}
        for old in self._removed:
            row = entities[old.operation.entity]
            route = f"{old.operation.method} {old.operation.path}"
            row["operations"] = {**row["operations"], old.operation.action: route}
        self._index = {**self._index, "entities": entities}


class _VersionOperations(Mapping[str, Operation]):
    """An entity's operations by action, each patched on first access."""

    def __init__(
        self, table: VersionTable, current: Mapping[str, Operation], removed: Mapping[str, RemovedOperation]
    ) -> None:
        self._table = table
        self._current = current
        self._removed = removed
        self._built: dict[str, Operation] = {}

    def __getitem__(self, action: str) -> Operation:
        operation = self._built.get(action)
        if operation is None:
            old = self._removed.get(action)
            if old is None:
                operation = self._table.operation_at(self._current[action])
            else:
                operation = replace(old.operation, params=old.params(self._table))
            self._built[action] = operation
        return operation

    def __iter__(self) -> Iterator[str]:
        yield from self._current
        yield from self._removed

    def __len__(self) -> int:
        return len(self._current) + len(self._removed)


def _route(method: str, path: str) -> str:
    """Returns a route without the names of its placeholders, which differ between sources."""
    return f"{method} {_PLACEHOLDER.sub('{}', path)}"
