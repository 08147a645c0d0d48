"""Compares two releases of the official SDKs; the difference is a patch for Stripe's description (`spec_patch.py`)."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sdk_marks import unflagged
from spec_patch import Path, enumerated, parameters_schema, path_text, steps
from spec_shapes import Written

Json = dict[str, Any]
FLAGS = ("nullable", "clearable")
INNER = {"array": "[]", "list": "[]", "map": "{}"}


@dataclass(frozen=True, slots=True)
class Release:
    """The types of one release: objects by the value of `object`, operations by route."""

    objects: Mapping[str, Written]
    operations: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Place:
    """A part of the description: a component, the path within it, and the object and path that led there."""

    component: str
    local: Path
    kind: str
    start: Path


# --- two shapes --------------------------------------------------------------------------------------------------


def changes(old: Written, new: Written, path: Path = ()) -> Iterator[tuple[Path, Json]]:
    """What `new` has otherwise than `old`, each with its path; a part that is new comes whole."""
    if old == new:
        return
    marks = _marks(old, new)
    plain_old, plain_new = _bare(old), _bare(new)
    if isinstance(plain_old, dict) and isinstance(plain_new, dict):
        if "fields" in plain_old and "fields" in plain_new:
            yield from _object_changes(plain_old, plain_new, path)
            plain_old = plain_new
        elif "enum" in plain_old and "enum" in plain_new:
            marks |= _enum_changes(plain_old["enum"], plain_new["enum"])
            plain_old = plain_new
        for word, part in INNER.items():
            if word in plain_old and word in plain_new:
                yield from changes(plain_old[word], plain_new[word], (*path, part))
                plain_old = plain_new
    if plain_old != plain_new:
        yield path, {"replaced": new}
    elif marks:
        yield path, marks


def _bare(written: Written) -> Written:
    for flag in FLAGS:
        written = unflagged(written, flag)
    return written


def _marks(old: Written, new: Written) -> Json:
    return {flag: _has(new, flag) for flag in FLAGS if _has(old, flag) != _has(new, flag)}


def _has(written: Written, flag: str) -> bool:
    return flag in (written.split() if isinstance(written, str) else written)


def _enum_changes(old: list[Any], new: list[Any]) -> Json:
    added, removed = [value for value in new if value not in old], [value for value in old if value not in new]
    return ({"enum_added": added} if added else {}) | ({"enum_removed": removed} if removed else {})


def _object_changes(old: Json, new: Json, path: Path) -> Iterator[tuple[Path, Json]]:
    for name in sorted({*old["fields"], *new["fields"]}):
        here = (*path, name)
        was, needed = name in old.get("required", ()), name in new.get("required", ())
        if name not in new["fields"]:
            yield here, {"removed": True}
        elif name not in old["fields"]:
            yield here, {"added": new["fields"][name]} | ({"required": True} if needed else {})
        else:
            found = dict(changes(old["fields"][name], new["fields"][name], here))
            if was != needed:
                found[here] = found.get(here, {}) | {"required": needed}
            yield from found.items()


# --- the patch ---------------------------------------------------------------------------------------------------


def made_patch(description: Json, old: Release, new: Release, twins: Mapping[str, str]) -> Json:
    """The patch that turns the description of the old release into one of the new.

    `twins` are operations that the SDKs lack, with the one whose parameters they share.
    """
    added = {route: operation for route, operation in new.operations.items() if route not in old.operations}
    changed: dict[str, dict[str, Json]] = {}
    for route in sorted({*old.operations} & {*new.operations}):
        found = list(changes(old.operations[route]["params"], new.operations[route]["params"]))
        for target in (route, *(twin for twin, model in twins.items() if model == route)):
            if found:
                changed[target] = _fitting(description, target, found)
    schemas = {kind: shape for kind, shape in new.objects.items() if kind not in old.objects}
    return {
        "schemas": {"added": schemas, "changed": Anchoring(description, old, new).changed()},
        "operations": {"added": added, "changed": dict(sorted(changed.items()))},
    }


def _fitting(description: Json, route: str, found: Iterable[tuple[Path, Json]]) -> dict[str, Json]:
    """The changes by path, with those that the description has already left out."""
    method, path = route.split()
    root = parameters_schema(description["paths"][path][method.lower()])
    schemas = description["components"]["schemas"]
    fitting = {}
    for inner, change in found:
        if fits(root, inner, change, schemas):
            fitting[path_text(inner)] = change
        else:
            print(f"left out: {route} {path_text(inner)} {list(change)}", file=sys.stderr)
    return fitting


def fits(root: Json, path: Path, change: Json, schemas: Mapping[str, Json]) -> bool:
    """Whether a change can be made below `root`: what is added must be missing, what changes must be there."""
    found = [schema for _, schema in steps(root, path, schemas)]
    if "added" in change:
        return len(found) == len(path) - 1
    if not {"enum_added", "enum_removed"} & set(change):
        return len(found) == len(path)
    return len(found) == len(path) and enumerated(found[-1]) is not None


def undescribed(description: Json, release: Release) -> Json:
    """What the SDKs take and the description lacks, by route: older parameters that Stripe goes on serving."""
    schemas = description["components"]["schemas"]
    found: dict[str, dict[str, Json]] = {}
    for route, operation in release.operations.items():
        method, path = route.split()
        root = parameters_schema(description["paths"][path][method.lower()])
        if more := dict(_undescribed(root, operation["params"], schemas)):
            found[route] = more
    return dict(sorted(found.items()))


def _undescribed(root: Json, params: Written, schemas: Mapping[str, Json]) -> Iterator[tuple[str, Json]]:
    done: list[Path] = []
    for path in parts_of(params):
        if any(path[: len(above)] == above for above in done):
            continue
        shape = _at(params, path)
        found = [schema for _, schema in steps(root, path, schemas)]
        if len(found) == len(path) - 1:
            done.append(path)
            yield path_text(path), {"added": shape}
        elif len(found) == len(path) and (change := _wider(found[-1], shape)):
            done.append(path)
            yield path_text(path), change


def _wider(schema: Json, shape: Written) -> Json | None:
    """The change by which a schema takes what `shape` takes: more values, or objects beside a text."""
    if not isinstance(shape, dict):
        return None
    if schema.get("type") == "string" and ("fields" in shape or "union" in shape) and "enum" not in schema:
        return {"replaced": shape if "union" in shape else {"union": ["string", shape]}}
    allowed = enumerated(schema)
    more = [value for value in shape.get("enum", ()) if allowed and value not in allowed["enum"]]
    return {"enum_added": more} if more and shape.get("kind") != "boolean" else None


class Anchoring:
    """Finds for each change of an object the component of the description that it belongs to.

    A component that several objects share is changed only where all of them change alike. Elsewhere the reference to it
    is replaced by the new shape.
    """

    def __init__(self, description: Json, old: Release, new: Release) -> None:
        self._schemas: Mapping[str, Json] = description["components"]["schemas"]
        self._names = {value: name for name, value in _kinds(self._schemas)}
        self._old = old
        self._new = new
        self._uses: dict[str, set[tuple[str, Path]]] = defaultdict(set)
        self._shared_objects = sorted({*old.objects} & {*new.objects} & {*self._names})
        for kind in self._shared_objects:
            self._note_uses(kind, old.objects[kind])

    def changed(self) -> dict[str, dict[str, Json]]:
        """The changes of every component by path."""
        final: dict[str, dict[str, Json]] = defaultdict(dict)
        waiting = [
            (kind, path, change)
            for kind in self._shared_objects
            for path, change in changes(self._old.objects[kind], self._new.objects[kind])
        ]
        while waiting:
            groups: dict[tuple[str, Path], list[tuple[Place, Json]]] = defaultdict(list)
            for kind, path, change in waiting:
                for place in self._place(kind, path, change):
                    groups[place.component, place.local].append((place, change))
            waiting = []
            for (component, local), found in groups.items():
                if self._is_shared(component, found) and all(place.start for place, _ in found):
                    waiting += [raised for place, _ in found if (raised := self._raised(place)) not in waiting]
                else:
                    final[component][path_text(local)] = found[0][1]
        return {name: dict(sorted(items.items())) for name, items in sorted(final.items())}

    def _is_shared(self, component: str, found: list[tuple[Place, Json]]) -> bool:
        """Whether some of the objects that share a component do not change, or change otherwise."""
        alike = {json.dumps(change, sort_keys=True) for _, change in found}
        return len(alike) > 1 or {(place.kind, place.start) for place, _ in found} < self._uses[component]

    def _raised(self, place: Place) -> tuple[str, Path, Json]:
        """The replacement of the reference by which a place is reached."""
        return place.kind, place.start, {"replaced": _at(self._new.objects[place.kind], place.start)}

    def _place(self, kind: str, path: Path, change: Json) -> Iterator[Place]:
        """Where a change of an object belongs; nothing where the description has it already."""
        component, start = self._names[kind], 0
        root = self._schemas[component]
        found = list(steps(root, path, self._schemas))
        if not fits(root, path, change, self._schemas):
            print(f"left out: {kind} {path_text(path)} {list(change)}", file=sys.stderr)
            return
        for index, (name, _) in enumerate(found[: len(path) - 1], 1):
            if name is not None:
                component, start = name, index
        yield Place(component, path[start:], kind, path[:start])

    def _note_uses(self, kind: str, shape: Written) -> None:
        self._uses[self._names[kind]].add((kind, ()))
        for path in parts_of(shape):
            found = list(steps(self._schemas[self._names[kind]], path, self._schemas))
            if len(found) == len(path) and found[-1][0]:
                self._uses[str(found[-1][0])].add((kind, path))


def _kinds(schemas: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    for name, schema in schemas.items():
        values = schema.get("properties", {}).get("object", {}).get("enum", ())
        if len(values) == 1 and not name.startswith("deleted_"):
            yield name, values[0]


def parts_of(written: Written, path: Path = ()) -> Iterator[Path]:
    """The paths of everything that lies within a shape, what is outside first."""
    if path:
        yield path
    if isinstance(written, dict):
        for name, inner in written.get("fields", {}).items():
            yield from parts_of(inner, (*path, name))
        for word, part in INNER.items():
            if word in written:
                yield from parts_of(written[word], (*path, part))


def _at(written: Any, path: Path) -> Written:
    """The part of a shape that a path leads to."""
    for part in path:
        words = [word for word, sign in INNER.items() if sign == part and word in written]
        written = written[words[0]] if words else written["fields"][part]
    return written
