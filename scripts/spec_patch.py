"""Applies a patch of facts to Stripe's OpenAPI description, in place.

A patch says, in the notation of `spec_shapes.py`, what a later version has otherwise than the description:

    {"schemas": {"added": {name: shape}, "changed": {name: {path: change}}},
     "operations": {"added": {route: operation}, "changed": {route: {path: change}},
                    "undescribed": {route: {path: change}}}}

Undescribed parameters are those that Stripe serves although its own description lacks them. A path is `a.b[].c`, with
`[]` for the elements of an array and `{}` for the values of a map. A change has `added` (a shape), `removed` (true),
`replaced` (a shape), or any of `enum_added`, `enum_removed`, `nullable`, `clearable`; and `required` where that mark is
set or changes, `deprecated` (true) where Stripe says to leave it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from spec_shapes import KINDS, REF, Written

Json = dict[str, Any]
#: `("phases", "[]", "items")`
Path = tuple[str, ...]

EMPTY_TEXT: Json = {"type": "string", "enum": [""]}
FORMATS = {kind: (base, form) for (base, form), kind in KINDS.items()}
RANGE = {"gt", "gte", "lt", "lte"}
HOSTS = {"files": "https://files.stripe.com/", "meter_events": "https://meter-events.stripe.com/"}
FORM, JSON_BODY = "application/x-www-form-urlencoded", "application/json"


def apply_patch(description: Json, patch: Json) -> None:
    """Change `description` as `patch` says; exits when the patch names what is not there."""
    schemas = description["components"]["schemas"]
    schemas |= {name: schema_of(shape) for name, shape in patch["schemas"]["added"].items()}
    for name, changes in patch["schemas"]["changed"].items():
        for path, change in changes.items():
            _apply(schemas[name], segments(path), change, schemas, f"{name}: {path}")
    for route, operation in patch["operations"]["added"].items():
        method, path = route.split()
        description["paths"].setdefault(path, {})[method.lower()] = operation_of(method, path, operation)
    for part in ("changed", "undescribed"):
        for route, changes in patch["operations"].get(part, {}).items():
            _apply_to_operation(description, route, changes)


def segments(path: str) -> Path:
    """`a.b[].c` as its parts."""
    return tuple(re.findall(r"\[\]|\{\}|[^.\[\]{}]+", path))


def path_text(path: Path) -> str:
    """The parts of a path as text; the inverse of `segments`."""
    return "".join(part if part in ("[]", "{}") else f".{part}" for part in path).removeprefix(".")


# --- where a path leads ----------------------------------------------------------------------------------------


def steps(schema: Json, path: Path, schemas: Mapping[str, Json]) -> Iterator[tuple[str | None, Json]]:
    """The schemas along a path: for each part the component that it leads into, if any, and the schema there.

    Ends early where the path leads nowhere.
    """
    for index, part in enumerate(path):
        following = path[index + 1] if index + 1 < len(path) else None
        inner = _child(schema, part)
        if inner is None:
            return
        name, schema = _resolved(inner, following, schemas)
        yield name, schema


def _child(schema: Json, part: str) -> Json | None:
    found: Json | None
    if part == "[]":
        found = schema.get("items") or schema.get("properties", {}).get("data", {}).get("items")
    elif part == "{}":
        found = schema.get("additionalProperties") or None
    else:
        found = schema.get("properties", {}).get(part)
    return found


def _resolved(schema: Json, following: str | None, schemas: Mapping[str, Json]) -> tuple[str | None, Json]:
    """The component that a schema refers to, and the schema itself; of a union the variant that has the next part."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(REF)
        return name, schemas[name]
    if "anyOf" not in schema or "x-expansionResources" in schema:
        return None, schema
    found = [_resolved(variant, following, schemas) for variant in schema["anyOf"] if variant != EMPTY_TEXT]
    fitting = [item for item in found if following and _child(item[1], following) is not None]
    return (fitting or [item for item in found if _has_parts(item[1])] or found)[0]


def _has_parts(schema: Json) -> bool:
    return bool({"properties", "items", "additionalProperties"} & set(schema))


# --- changes -----------------------------------------------------------------------------------------------------


def _apply(root: Json, path: Path, change: Json, schemas: Mapping[str, Json], where: str) -> None:
    """Make one change below `root`."""
    *above, last = path
    parent = root
    for count, (_, schema) in enumerate(steps(root, path, schemas), 1):
        if count <= len(above):
            parent = schema
    holder, key = _holder(parent, last)
    if holder is None or ("added" not in change) != (key in holder):
        raise SystemExit(f"the patch does not fit the description: {where}")
    if change.get("removed"):
        del holder[key]
    elif "added" in change or "replaced" in change:
        holder[key] = schema_of(change.get("added", change.get("replaced")))
        if change.get("deprecated"):
            holder[key]["deprecated"] = True
    else:
        _mark(holder[key], change)
    if "required" in change or "removed" in change:
        _require(parent, last, needed=change.get("required", False))


def _holder(schema: Json, part: str) -> tuple[Json | None, str]:
    """The dict and the key under which a part's schema lies."""
    if part == "{}":
        return schema, "additionalProperties"
    if part == "[]":
        return (schema, "items") if "items" in schema else (schema["properties"]["data"], "items")
    if schema.get("type", "object") != "object" or "anyOf" in schema:
        return None, part
    return schema.setdefault("properties", {}), part


def _require(schema: Json, name: str, *, needed: bool) -> None:
    names = set(schema.get("required", ())) - {name} | ({name} if needed else set())
    schema["required"] = sorted(names)


def _mark(schema: Json, change: Json) -> None:
    """Change the values and the marks of a schema."""
    if "nullable" in change:
        _replace(schema, {**_nullable(schema), "nullable": change["nullable"]})
    if "clearable" in change:
        kept = [item for item in schema.get("anyOf", [dict(schema)]) if item != EMPTY_TEXT]
        _replace(schema, {"anyOf": [*kept, EMPTY_TEXT]} if change["clearable"] else kept[0])
    if "enum_added" in change or "enum_removed" in change:
        target = enumerated(schema)
        if target is None:
            raise SystemExit(f"the patch changes the values of what has none: {change}")
        values = [value for value in target["enum"] if value not in change.get("enum_removed", ())]
        target["enum"] = values + [value for value in change.get("enum_added", ()) if value not in values]


def enumerated(schema: Json) -> Json | None:
    """The schema with the allowed values: this one or a variant of it; None where any value is allowed."""
    return next((item for item in (schema, *schema.get("anyOf", ())) if item.get("enum", [""]) != [""]), None)


def _nullable(schema: Json) -> Json:
    """The schema in the form that a mark can stand beside."""
    return {"anyOf": [dict(schema)]} if "$ref" in schema else schema


def _replace(schema: Json, new: Json) -> None:
    new = dict(new)
    schema.clear()
    schema.update(new)


def _apply_to_operation(description: Json, route: str, changes: Mapping[str, Json]) -> None:
    """Change the parameters of an operation, wherever they travel."""
    method, path = route.split()
    operation = description["paths"][path][method.lower()]
    root = parameters_schema(operation)
    for inner, change in changes.items():
        _apply(root, segments(inner), change, description["components"]["schemas"], f"{route}: {inner}")
    set_parameters(operation, root, JSON_BODY if path.startswith("/v2/") else FORM, query=method == "GET")


def parameters_schema(operation: Json) -> Json:
    """What an operation takes beside its path, query and body together, as the schema of one object."""
    query = [item for item in operation.get("parameters", ()) if item["in"] == "query"]
    body: Json = next(iter(operation.get("requestBody", {}).get("content", {}).values()), {"schema": {}})["schema"]
    required = {item["name"] for item in query if item.get("required")} | set(body.get("required", ()))
    properties = {item["name"]: item["schema"] for item in query} | body.get("properties", {})
    return {"type": "object", "properties": properties, "required": sorted(required)}


def set_parameters(operation: Json, schema: Json, media: str, *, query: bool) -> None:
    """Let an operation take the members of an object, in its query or in its body."""
    kept = [item for item in operation.get("parameters", ()) if item["in"] != "query"]
    if not query:
        content = operation.setdefault("requestBody", {}).setdefault("content", {})
        content[next(iter(content), media)] = {"schema": {**schema, "additionalProperties": False}}
        operation["parameters"] = kept
        return
    required = schema.get("required", ())
    operation["parameters"] = kept + [
        {"name": name, "in": "query", "required": name in required, "schema": inner}
        for name, inner in schema["properties"].items()
    ]


# --- new operations ------------------------------------------------------------------------------------------------


def operation_of(method: str, path: str, written: Json) -> Json:
    """An operation of the description for one of the patch: `params`, `response`, and `host` where it has its own."""
    names = re.findall(r"\{(\w+)\}", path)
    parameters = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
    response = {"content": {JSON_BODY: {"schema": schema_of(written["response"])}}}
    operation: Json = {
        "operationId": operation_id(method, path),
        "parameters": parameters,
        "responses": {"200": response},
    }
    media = JSON_BODY if path.startswith("/v2/") else FORM
    set_parameters(operation, schema_of(written["params"]), media, query=method == "GET")
    if host := written.get("host"):
        operation["servers"] = [{"url": HOSTS[host]}]
    return operation


def operation_id(method: str, path: str) -> str:
    """The id in the manner of the description: `PostSubscriptionsSubscriptionPause`, `GetV2CoreEventsId`."""
    words = re.findall(r"[a-zA-Z0-9]+", path.removeprefix("/v1/"))
    return method.capitalize() + "".join(word[0].upper() + word[1:] for word in words)


# --- from the notation to a schema -----------------------------------------------------------------------------------


def schema_of(written: Written) -> Json:
    """The schema that `request_shape` and `response_shape` write as `written`."""
    if isinstance(written, str):
        return _leaf(written)
    schema = _composite(written)
    if written.get("nullable"):
        schema["nullable"] = True
    return {"anyOf": [*schema.get("anyOf", [schema]), EMPTY_TEXT]} if written.get("clearable") else schema


def _leaf(text: str) -> Json:
    kind, *words = text.split()
    if kind.startswith("@"):
        reference = {"$ref": REF + kind[1:]}
        return {"anyOf": [reference], "nullable": True} if "nullable" in words else reference
    schema: Json = {} if kind == "any" else {"type": "object" if kind == "map" else kind}
    if kind in FORMATS:
        schema["type"], schema["format"] = FORMATS[kind]
    for word in words:
        if word.startswith("<="):
            schema["maxLength"] = int(word[2:])
        elif word.startswith(":"):
            schema["format"] = word[1:]
    if "nullable" in words:
        schema["nullable"] = True
    return {"anyOf": [schema, EMPTY_TEXT]} if "clearable" in words else schema


def _composite(written: Json) -> Json:
    if "fields" in written:
        return _object(written)
    if "array" in written:
        return {"type": "array", "items": schema_of(written["array"])}
    if "map" in written:
        return {"type": "object", "additionalProperties": schema_of(written["map"])}
    if "enum" in written:
        boolean = written.get("kind") == "boolean"
        values = [value == "true" for value in written["enum"]] if boolean else written["enum"]
        return {"type": written.get("kind", "string"), "enum": list(values)}
    if "union" in written:
        ranged = any(isinstance(part, dict) and set(part.get("fields", ())) == RANGE for part in written["union"])
        return {"anyOf": [schema_of("integer" if ranged and part == "time" else part) for part in written["union"]]}
    if "list" in written:
        return _list(written)
    references = [{"$ref": REF + name} for name in written["expandable"]]
    text = {"type": "string", "maxLength": 5000}
    return {"anyOf": [text, *references], "x-expansionResources": {"oneOf": references}}


def _object(written: Json) -> Json:
    fields = written["fields"]
    if set(fields) == RANGE and set(fields.values()) == {"time"}:
        return {
            "title": "range_query_specs",
            "type": "object",
            "properties": {name: {"type": "integer"} for name in fields},
        }
    schema: Json = {"type": "object", "properties": {name: schema_of(shape) for name, shape in fields.items()}}
    if not fields:
        schema["additionalProperties"] = False
    for name in written.get("deprecated", ()):
        schema["properties"][name]["deprecated"] = True
    return schema | ({"required": list(written["required"])} if "required" in written else {})


def _list(written: Json) -> Json:
    url = {"pattern": "^" + written["url"]} if "url" in written else {}
    properties = {
        "data": {"type": "array", "items": schema_of(written["list"])},
        "has_more": {"type": "boolean"},
        "object": {"type": "string", "enum": ["list"]},
        "url": {"type": "string"} | url,
    }
    return {"type": "object", "properties": properties, "required": sorted(properties)}
