"""Reads the shape notation of the data files, which scripts/spec_shapes.py writes, into Shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from .model import Field, Shape, ShapeKind

#: A shape in the notation: a string such as `"string <=5000 clearable"`, or a JSON object for a compound shape.
ShapeNotation = Any

_FLAGS = ("clearable", "nullable")


class ShapeReader:
    """Converts the notation to Shapes; equal leaves share one Shape, and `#name` refers to `shared[name]`."""

    def __init__(self, shared: Mapping[str, ShapeNotation], leaves: dict[str, Shape]) -> None:
        self._shared = shared
        self._leaves = leaves
        self._built: dict[str, Shape] = {}

    def read(self, written: ShapeNotation) -> Shape:
        """Returns the shape of a notation."""
        if isinstance(written, str):
            return self._named(written[1:]) if written[0] == "#" else self._leaf(written)
        return self._composite(written)

    def _named(self, name: str) -> Shape:
        shape = self._built.get(name)
        if shape is None:
            shape = self._built[name] = self.read(self._shared[name])
        return shape

    def _leaf(self, text: str) -> Shape:
        shape = self._leaves.get(text)
        if shape is None:
            shape = self._leaves[text] = _leaf_shape(text)
        return shape

    def _composite(self, written: dict[str, ShapeNotation]) -> Shape:
        flags: dict[str, Any] = {flag: True for flag in _FLAGS if flag in written}
        if "fields" in written:
            return Shape("object", fields=self._fields(written), form=written.get("form"), **flags)
        if "array" in written:
            return Shape("array", items=self.read(written["array"]), **flags)
        if "enum" in written:
            return Shape(written.get("kind", "string"), enum=tuple(written["enum"]), **flags)
        if "map" in written:
            return Shape("map", items=self.read(written["map"]), **flags)
        if "union" in written:
            return Shape("union", variants=tuple(self.read(item) for item in written["union"]), **flags)
        if "list" in written:
            return self._list(written, flags)
        return _expandable(written["expandable"], flags)

    def _fields(self, written: dict[str, ShapeNotation]) -> dict[str, Field]:
        required = written.get("required", ())
        deprecated = written.get("deprecated", ())
        return {
            name: Field(name, self.read(shape), name in required, name in deprecated)
            for name, shape in written["fields"].items()
        }

    def _list(self, written: dict[str, ShapeNotation], flags: dict[str, Any]) -> Shape:
        shapes = {
            "data": Shape("array", items=self.read(written["list"])),
            "has_more": self._leaf("boolean"),
            "object": Shape("string", enum=("list",)),
            "url": Shape("string", pattern=written.get("url")),
        }
        fields = {name: Field(name, shape, required=True) for name, shape in shapes.items()}
        return Shape("object", fields=fields, form="list", **flags)


def _leaf_shape(text: str) -> Shape:
    kind, *words = text.split()
    facts: dict[str, Any] = {}
    for word in words:
        if word in _FLAGS:
            facts[word] = True
        elif word.startswith("<="):
            facts["max_length"] = int(word[2:])
        else:
            facts["form"] = word[1:]
    if kind.startswith("@"):
        return Shape("reference", schema=kind[1:], **facts)
    return Shape(cast(ShapeKind, kind), **facts)


def _expandable(schemas: list[str], flags: dict[str, Any]) -> Shape:
    if len(schemas) == 1:
        return Shape("reference", schema=schemas[0], expandable=True, **flags)
    variants = tuple(Shape("reference", schema=schema) for schema in schemas)
    return Shape("union", variants=variants, expandable=True, **flags)
