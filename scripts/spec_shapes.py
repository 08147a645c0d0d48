"""From the schemas of Stripe's OpenAPI description to the notation of the table's data files.

A shape is written as short text, `"string <=5000 clearable"`, or as an object when it has parts:
`{"fields": {…}, "required": […]}`, `{"array": shape}`, `{"map": shape}`, `{"union": [shape, …]}`,
`{"enum": […]}`, `{"list": shape, "url": "/v1/…"}`, `{"expandable": [schema, …]}`. `"@customer"` refers to a schema
by name, `"#card"` to a shape under `shared` in the same file. Flags: `clearable`, `nullable`; `:currency` keeps a
format's name. `stripe_shell/spec/notation.py` reads it back.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]
#: A shape in the notation.
Written = str | dict[str, Any]

REF = "#/components/schemas/"
KINDS: dict[tuple[str, str | None], str] = {
    ("integer", "unix-time"): "time",
    ("string", "decimal"): "decimal",
    ("string", "binary"): "file",
}
KEPT_FORMATS = ("currency", "date-time", "int64")
LIST_FIELDS = {"data", "has_more", "object", "url"}
SHARED_MINIMUM = 160  # characters: a shorter shape is written in place
METADATA_VALUE_MAXIMUM = 500


def request_shape(schema: Schema, name: str = "") -> Written:
    """Returns the shape of a parameter."""
    if "anyOf" in schema:
        return _request_union(schema["anyOf"], name)
    if name == "metadata" and isinstance(schema.get("additionalProperties"), dict):
        return {"map": f"string <={METADATA_VALUE_MAXIMUM} clearable", "clearable": True}
    if schema.get("title") == "range_query_specs":
        return {"fields": dict.fromkeys(sorted(schema["properties"]), "time")}
    written = _plain(schema, request_shape)
    return flagged(written, "clearable") if schema.get("nullable") else written


def _request_union(variants: list[Schema], name: str) -> Written:
    """Returns the shape of an `anyOf` parameter. A variant that allows only the empty string becomes a flag."""
    kept = [variant for variant in variants if variant.get("enum") != [""]]
    ranged = any(variant.get("title") == "range_query_specs" for variant in kept)
    shapes = ["time" if ranged and v == {"type": "integer"} else request_shape(v, name) for v in kept]
    written: Written = shapes[0] if len(shapes) == 1 else {"union": shapes}
    return flagged(written, "clearable") if len(kept) < len(variants) else written


def response_shape(schema: Schema, name: str = "") -> Written:
    """Returns the shape of a value in a response."""
    if "$ref" in schema:
        return f"@{_ref_name(schema)}"
    written = _response_union(schema) if "anyOf" in schema else _plain(schema, response_shape)
    return flagged(written, "nullable") if schema.get("nullable") else written


def _response_union(schema: Schema) -> Written:
    if "x-expansionResources" in schema:
        return {"expandable": [_ref_name(item) for item in schema["x-expansionResources"]["oneOf"]]}
    shapes: list[Written] = [response_shape(variant) for variant in schema["anyOf"]]
    return shapes[0] if len(shapes) == 1 else {"union": shapes}


def _ref_name(schema: Schema) -> str:
    return str(schema["$ref"]).removeprefix(REF)


def _plain(schema: Schema, inner: Any) -> Written:
    """Returns the shape of a schema without union or reference; `inner` converts what it contains."""
    kind: str = schema.get("type", "object" if "properties" in schema else "any")
    if kind == "array":
        return {"array": inner(schema["items"])}
    if kind == "object":
        return _object(schema, inner)
    if "enum" in schema:
        return _enum(schema)
    form: str | None = schema.get("format")
    words: list[str] = [KINDS.get((kind, form), kind)]
    if "maxLength" in schema:
        words.append(f"<={schema['maxLength']}")
    if form and form in KEPT_FORMATS:
        words.append(f":{form}")
    return " ".join(words)


def _enum(schema: Schema) -> Written:
    values = [json.dumps(value) if isinstance(value, bool) else value for value in schema["enum"]]
    written: dict[str, Any] = {"enum": [value for value in values if value != ""]}
    if schema["type"] != "string":
        written["kind"] = schema["type"]
    if "" in values:
        written["clearable"] = True
    return written


def _object(schema: Schema, inner: Any) -> Written:
    properties = schema.get("properties", {})
    if _is_list(properties):
        url = properties["url"].get("pattern", "").removeprefix("^")
        return {"list": inner(properties["data"]["items"])} | ({"url": url} if url else {})
    if not properties:
        values = schema.get("additionalProperties")
        return {"map": inner(values)} if isinstance(values, dict) else "map" if values is None else {"fields": {}}
    written: dict[str, Any] = {"fields": {key: inner(properties[key], key) for key in sorted(properties)}}
    if form := _list_form(properties):
        written["form"] = form
    if required := sorted(schema.get("required", [])):
        written["required"] = required
    if deprecated := sorted(key for key, value in properties.items() if value.get("deprecated")):
        written["deprecated"] = deprecated
    return written


def _is_list(properties: Schema) -> bool:
    return set(properties) == LIST_FIELDS and properties["object"].get("enum") == ["list"]


def _list_form(properties: Schema) -> str | None:
    """Returns the list form of an object with rows, None for a plain list or another object."""
    kind = properties.get("object", {}).get("enum")
    if kind in (["list"], ["search_result"]):
        return str(kind[0])
    return "v2_list" if {"data", "next_page_url"} <= set(properties) else None


def flagged(written: Written, flag: str) -> Written:
    """The same shape with a flag set."""
    if isinstance(written, dict):
        return {**written, flag: True}
    return written if flag in written.split() else f"{written} {flag}"


def references(written: Any) -> Iterator[str]:
    """Yields the names of all schemas that a shape refers to."""
    if isinstance(written, str):
        if written.startswith("@"):
            yield written[1:].split()[0]
    elif isinstance(written, list):
        for item in written:
            yield from references(item)
    elif isinstance(written, dict):
        yield from written.get("expandable", [])
        for key, value in written.items():
            if key not in ("enum", "required", "deprecated", "expandable"):
                yield from references(value)


def share(roots: dict[str, Written]) -> tuple[dict[str, Written], dict[str, Written]]:
    """Returns the shapes with large repeated parts moved to a table, and that table by name."""
    counts: Counter[str] = Counter()
    for root in roots.values():
        _count(root, counts)
    names: dict[str, str] = {}
    shared: dict[str, Written] = {}
    new = {key: _replace(root, key, counts, names, shared) for key, root in roots.items()}
    return new, dict(sorted(shared.items()))


def _key(written: Written) -> str:
    return json.dumps(written, sort_keys=True)


def _count(written: Any, counts: Counter[str]) -> None:
    """Counts every part once for each place outside a larger part that was already counted."""
    if not isinstance(written, dict):
        return
    key = _key(written)
    counts[key] += 1
    if counts[key] == 1:
        for _, inner in _parts(written):
            _count(inner, counts)


def _parts(written: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from written.get("fields", {}).items()
    for word in ("array", "map", "list"):
        if word in written:
            yield "", written[word]
    for inner in written.get("union", []):
        yield "", inner


def _replace(written: Any, hint: str, counts: Counter[str], names: dict[str, str], shared: dict[str, Any]) -> Any:
    if not isinstance(written, dict):
        return written
    key = _key(written)
    worth = counts[key] > 1 and len(key) >= SHARED_MINIMUM
    if worth and key in names:
        return f"#{names[key]}"

    def inner(part: Any, name: str = "") -> Any:
        return _replace(part, name or hint, counts, names, shared)

    new = dict(written)
    if "fields" in new:
        new["fields"] = {name: inner(part, name) for name, part in new["fields"].items()}
    for word in ("array", "map", "list"):
        if word in new:
            new[word] = inner(new[word])
    if "union" in new:
        new["union"] = [inner(part) for part in new["union"]]
    if not worth:
        return new
    names[key] = name = _free_name(hint, shared)
    shared[name] = new
    return f"#{name}"


def _free_name(hint: str, taken: Mapping[str, Any]) -> str:
    base = re.sub(r"[^a-z0-9_]", "", hint) or "shape"
    number = 1
    while (name := base if number == 1 else f"{base}.{number}") in taken:
        number += 1
    return name
