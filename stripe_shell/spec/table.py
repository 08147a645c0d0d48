"""Looks up entities, operations, paths and response schemas in the data files, each of which is read on demand."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, cast

from stripe_shell.records import replace

from .model import Entity, Operation, Shape
from .names import NameResolution, resolve_name
from .notation import ShapeReader

__all__ = ["NameResolution", "Table", "load_table", "resolve_name"]

# os.path instead of pathlib, whose import takes as long as reading the whole index.
_DATA: Final = os.path.join(os.path.dirname(__file__), "data")  # noqa: PTH118, PTH120
_METHODS: Final = ("GET", "POST", "DELETE")

Json = dict[str, Any]


@cache
def load_table() -> Table:
    """Returns the table of the package. Reads only the index."""
    return Table(_DATA)


class Table:
    """The API table, read from the files below `folder` (a path). Its content is constant."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._index = _read_json(folder, "index")
        self._entities: dict[str, Entity] = {}
        self._found: dict[tuple[str, str], Operation] = {}
        self._leaves: dict[str, Shape] = {}
        self._schemas: dict[str, Shape] = {}
        self._readers: dict[str, tuple[ShapeReader, Json]] = {}
        self._schema_index: _SchemaIndex | None = None
        self._routes: Mapping[str, Json] | None = None

    @property
    def version(self) -> str:
        """Returns the version of Stripe's API that the table describes, such as `2026-10-28.endive`."""
        version: str = self._index["version"]
        return version

    @property
    def general_parameters(self) -> tuple[str, ...]:
        """Returns the names that the document lists for every command: `action`, `entity`, `id`, `email`, …"""
        general = self._index["general"]
        return (*general["required"], *general["optional"])

    def entities(self) -> tuple[str, ...]:
        """Returns the canonical names of all entities, sorted."""
        return tuple(self._index["entities"])

    def canonical(self, name: str) -> str | None:
        """Returns the canonical name of an entity, given its singular, plural or object name; None if unknown."""
        if name in self._index["entities"]:
            return name
        return cast("str | None", self._index["aliases"].get(name))

    def plural(self, entity: str) -> str:
        """Returns the plural of a canonical entity name. Raises KeyError for an unknown entity."""
        return cast(str, self._index["entities"][entity]["plural"])

    def actions(self, entity: str) -> tuple[str, ...]:
        """Returns the actions of an entity under Stripe's names, sorted; empty for an unknown entity."""
        name = self.canonical(entity)
        return tuple(self._index["entities"][name]["operations"]) if name else ()

    def canonical_action(self, action: str) -> str:
        """Returns Stripe's name for an action: `retrieve` for the document's `get`."""
        return cast(str, self._index["actions"].get(action, action))

    def action_aliases(self) -> Mapping[str, str]:
        """Returns the document's names for actions: `{"get": "retrieve"}`."""
        return cast("Mapping[str, str]", self._index["actions"])

    def entity(self, name: str) -> Entity | None:
        """Returns the entity called `name`, or None."""
        canonical = self.canonical(name)
        return self._load(canonical) if canonical else None

    def operation(self, action: str, entity: str) -> Operation | None:
        """Returns the operation, given Stripe's or the document's action name and any entity name; None if unknown."""
        operation = self._found.get((action, entity))
        if operation is None:
            holder = self.entity(entity)
            operation = holder.operations.get(self.canonical_action(action)) if holder else None
            if operation is not None:
                self._found[action, entity] = operation
        return operation

    def operations(self) -> Iterator[Operation]:
        """Yields all operations, by entity and action. Reads every file."""
        for name in self.entities():
            yield from self._load(name).operations.values()

    def match(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        """Returns the operation of a request and the values of its path parameters, or None.

        `path` is the percent-encoded path without the query. A literal segment takes precedence over a placeholder.
        """
        if self._routes is None:
            self._routes = self._build_routes()
        root = self._routes.get(method)
        if root is None:
            return None
        segments = path.split("/")
        values: list[str] = []
        leaf = _walk(root, segments, 1, values)
        if leaf is None:
            return None
        operation: Operation | None = leaf.get("operation")
        if operation is None:
            entity, action = leaf["name"]
            operation = leaf["operation"] = self._load(entity).operations[action]
        return operation, dict(zip(operation.path_params, values, strict=True))

    def schemas(self) -> tuple[str, ...]:
        """Returns the names of all response schemas, sorted."""
        return tuple(sorted(self._schema_places.files))

    def schema(self, name: str) -> Shape:
        """Returns the response schema called `name`. Raises KeyError if there is none."""
        shape = self._schemas.get(name)
        if shape is None:
            reader, written = self._schema_file(self._schema_places.files[name])
            shape = self._schemas[name] = reader.read(written[name])
        return shape

    def schema_of_object(self, value: str) -> str | None:
        """Returns the name of the schema whose field `object` has this value, or None."""
        return self._schema_places.objects.get(value)

    @property
    def _schema_places(self) -> _SchemaIndex:
        if self._schema_index is None:
            self._schema_index = _SchemaIndex(_read_json(self.folder, "schemas"))
        return self._schema_index

    def _schema_file(self, name: str) -> tuple[ShapeReader, Json]:
        if name not in self._readers:
            written = _read_json(self.folder, "schemas", name)
            self._readers[name] = ShapeReader({}, self._leaves), written
        return self._readers[name]

    def _load(self, name: str) -> Entity:
        """Returns the entity with this canonical name, read from its file."""
        entity = self._entities.get(name)
        if entity is None:
            entity = self._entities[name] = self._read_entity(name)
        return entity

    def _read_entity(self, name: str) -> Entity:
        row = self._index["entities"][name]
        written = _read_json(self.folder, "entities", name)
        reader = ShapeReader(written.get("shared", {}), self._leaves)
        operations = _Operations(name, written["operations"], reader)
        return Entity(name, row["plural"], row["object"], row["schema"], operations)

    def _build_routes(self) -> Mapping[str, Json]:
        roots: dict[str, Json] = {method: {} for method in _METHODS}
        for entity, row in self._index["entities"].items():
            for action, route in row["operations"].items():
                method, path = route.split(" ")
                node = roots[method]
                for segment in path.split("/")[1:]:
                    node = node.setdefault("{}" if segment.startswith("{") else segment, {})
                node[""] = {"name": (entity, action)}
        return roots


class _SchemaIndex:
    """The file of each response schema, and the schema of each `object` value."""

    def __init__(self, written: Json) -> None:
        self.files = {name: file for file, names in written["files"].items() for name in names}
        self.objects: Mapping[str, str] = written["objects"]


class _Operations(Mapping[str, Operation]):
    """An entity's operations by action, each built on first access."""

    def __init__(self, entity: str, written: Json, reader: ShapeReader) -> None:
        self._entity = entity
        self._written = written
        self._reader = reader
        self._built: dict[str, Operation] = {}

    def __getitem__(self, action: str) -> Operation:
        operation = self._built.get(action)
        if operation is None:
            built = _operation(self._entity, action, self._written[action], self._reader)
            operation = self._built[action] = built
        return operation

    def __iter__(self) -> Iterator[str]:
        return iter(self._written)

    def __len__(self) -> int:
        return len(self._written)


def _operation(entity: str, action: str, written: Json, reader: ShapeReader) -> Operation:
    method, path = written["route"].split(" ")
    words: Mapping[str, str] = written.get("path", {})
    document = written.get("document")
    operation = Operation(
        entity=entity,
        action=action,
        id=written["id"],
        method=method,
        path=path,
        path_params=tuple(words),
        params=reader.read(written["params"]),
        response=reader.read(written["response"]),
        host=written.get("host", "api"),
        encoding=written.get("encoding", "form"),
        deprecated=written.get("deprecated", False),
        documented=document is not None,
        documented_params=tuple(document["params"]) if document else (),
        aliases={name: tuple(keys) for name, keys in written.get("aliases", {}).items()},
        path_words=words,
        object_param=written.get("object"),
    )
    return replace(operation, required_by_document=_required(operation, document)) if document else operation


def _required(operation: Operation, document: Json) -> tuple[str, ...]:
    """Returns the parameters that the document requires, under Stripe's names and without path parameters."""
    resolutions = (resolve_name(operation, (name,)) for name in document["required"])
    return tuple(".".join(resolution.path) for resolution in resolutions if resolution.path)


def _walk(node: Json, segments: list[str], index: int, values: list[str]) -> Json | None:
    """Returns the leaf of the path tree for the segments from `index`; appends placeholder values to `values`."""
    if index == len(segments):
        return cast("Json | None", node.get(""))
    segment = segments[index]
    inner = node.get(segment) if segment not in ("", "{}") else None
    if inner is not None:
        leaf = _walk(inner, segments, index + 1, values)
        if leaf is not None:
            return leaf
    inner = node.get("{}")
    if inner is None or not segment:
        return None
    values.append(_decoded(segment))
    leaf = _walk(inner, segments, index + 1, values)
    if leaf is None:
        values.pop()
    return leaf


def _decoded(segment: str) -> str:
    if "%" not in segment:
        return segment
    from urllib.parse import unquote

    return unquote(segment)


def _read_json(folder: str, *names: str) -> Json:
    """Returns the content of the JSON file `names` below `folder`."""
    with open(os.path.join(folder, *names) + ".json", "rb") as stream:  # noqa: PTH118, PTH123
        return cast(Json, json.loads(stream.read()))
