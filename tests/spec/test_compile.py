"""The compile script: what it makes of a small description, and that the data in the tree are what it makes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from stripe_shell.spec import table as table_module
from stripe_shell.spec.model import Shape
from stripe_shell.spec.table import Table, load_table
from tests.spec.compiler import compiler, description

DATA = Path(table_module.__file__).parent / "data"


# --- a small description -------------------------------------------------------------------------------------


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def call(response: Any, query: list[Any] | None = None, body: Any = None, **more: Any) -> dict[str, Any]:
    form = {"application/x-www-form-urlencoded": {"schema": body or {"properties": {}}}}
    return {
        "description": "Prose that must not be copied.",
        "parameters": query or [],
        "requestBody": {"content": form},
        "responses": {"200": {"content": {"application/json": {"schema": response}}}},
        **more,
    }


PATH_ID = {"name": "rack", "in": "path", "required": True, "schema": {"type": "string"}}
LIMIT = {"name": "limit", "in": "query", "schema": {"type": "integer", "description": "Prose."}}
RACK_BODY = {
    "required": ["label"],
    "properties": {
        "metadata": {"anyOf": [{"type": "object", "additionalProperties": {"type": "string"}}, {"enum": [""]}]},
        "label": {"type": "string", "maxLength": 20},
        "height": {"anyOf": [{"type": "integer"}, {"type": "string", "enum": [""]}]},
        "opens": {"anyOf": [{"type": "string", "enum": ["now"]}, {"type": "integer", "format": "unix-time"}]},
    },
}
BOOKS = {
    "properties": {
        "data": {"type": "array", "items": ref("book")},
        "has_more": {"type": "boolean"},
        "object": {"type": "string", "enum": ["list"]},
        "url": {"type": "string", "pattern": "^/v1/racks"},
    },
}
SMALL = {
    "info": {"version": "2030-01-01.tiny"},
    "paths": {
        "/v1/racks": {"post": call(ref("rack"), body=RACK_BODY, operationId="PostRacks")},
        "/v1/racks/{rack}": {"get": call(ref("rack"), [PATH_ID], operationId="GetRacksRack")},
        "/v1/racks/{rack}/dust": {"post": call(ref("rack"), [PATH_ID], operationId="PostRacksRackDust")},
        "/v1/racks/{rack}/lamp": {"get": call(ref("rack"), [PATH_ID], operationId="GetRacksRackLamp")},
        "/v1/racks/{rack}/books": {"get": call(BOOKS, [PATH_ID, LIMIT], operationId="GetRacksRackBooks")},
    },
    "components": {
        "schemas": {
            "rack": {
                "description": "Prose.",
                "required": ["object"],
                "properties": {
                    "object": {"type": "string", "enum": ["rack"]},
                    "lamp": {"nullable": True, "anyOf": [ref("lamp")]},
                    "owner": {
                        "anyOf": [{"type": "string"}, ref("reader")],
                        "x-expansionResources": {"oneOf": [ref("reader")]},
                    },
                },
            },
            "lamp": {"properties": {"bright": {"type": "boolean"}}},
            "book": {"properties": {"object": {"type": "string", "enum": ["book"]}}},
            "reader": {"properties": {"object": {"type": "string", "enum": ["reader"]}}},
            "error": {"properties": {"error": {"type": "object"}}},
            "nobody_mentions_it": {"properties": {}},
        }
    },
}
SERVICES = """
_subservices = {"racks": ["stripe._rack_service", "RackService"]}
"""
RACK_SERVICE = '''
class RackService:
    def create(self, params):
        """Prose."""
        return cast("Rack", self._request("post", "/v1/racks", params=params))

    async def create_async(self, params):
        return await self._request_async("post", "/v1/racks")

    def retrieve(self, rack):
        return self._request("get", "/v1/racks/{id}".format(id=sanitize_id(rack)))

    def vanished(self):
        return self._request("get", "/v1/not_in_the_description")
'''
DOCUMENT: dict[str, Any] = {
    "actions": {"get": "retrieve"},
    "general": {"required": ["action"], "optional": []},
    "command": [{"action": "create", "entity": "rack", "params": ["label", "colour"], "required": ["label"]}],
    "alias": [{"action": "create", "entity": "rack", "name": "colour", "path": ["metadata", "colour"]}],
}


@pytest.fixture
def sdk(tmp_path: Path) -> Path:
    folder = tmp_path / "stripe"
    folder.mkdir()
    (folder / "_v1_services.py").write_text(SERVICES)
    (folder / "_v2_services.py").write_text("_subservices = {}\n")
    (folder / "_rack_service.py").write_text(RACK_SERVICE)
    return folder


def compiled(sdk: Path) -> dict[str, str]:
    files: dict[str, str] = compiler().compiled_files(SMALL, sdk, DOCUMENT)
    return files


@pytest.fixture
def small(sdk: Path, tmp_path: Path) -> Table:
    folder = tmp_path / "data"
    compiler().write(compiled(sdk), folder)
    return Table(str(folder))


def test_names_come_from_the_sdk_and_else_from_the_path(small: Table) -> None:
    assert [operation.name for operation in small.operations()] == [
        "create rack",
        "dust rack",
        "retrieve rack",
        "retrieve_lamp rack",
        "list rack.book",
    ]


def test_a_document_for_another_description_is_refused(sdk: Path) -> None:
    other = DOCUMENT | {"command": [{"action": "fly", "entity": "rack", "params": [], "required": []}]}
    with pytest.raises(SystemExit, match="no `fly rack`"):
        compiler().compiled_files(SMALL, sdk, other)


def test_an_unknown_host_is_refused(sdk: Path) -> None:
    paths = {"/v1/racks": {"get": call(ref("rack"), operationId="X", servers=[{"url": "https://other.test/"}])}}
    with pytest.raises(SystemExit, match=r"GET /v1/racks .* https://other\.test/"):
        compiler().compiled_files(SMALL | {"paths": paths}, sdk, DOCUMENT)


def test_requests_of_a_small_description(small: Table) -> None:
    create = small.operation("create", "racks")
    assert create is not None
    fields = create.params.fields
    assert (fields["label"].required, fields["label"].shape.max_length) == (True, 20)
    assert fields["height"].shape == Shape("integer", clearable=True)
    assert [variant.kind for variant in fields["opens"].shape.variants] == ["string", "time"]
    assert fields["metadata"].shape.items == Shape("string", max_length=500, clearable=True)
    assert (create.documented, create.documented_params) == (True, ("label", "colour"))
    assert create.aliases == {"colour": ("metadata", "colour")}
    books = small.operation("list", "rack.book")
    assert books is not None
    assert (list(books.params.fields), books.path_params, books.object_param) == (["limit"], ("rack",), None)


def test_responses_of_a_small_description(small: Table) -> None:
    rack = small.schema("rack").fields
    assert rack["owner"].shape == Shape("reference", schema="reader", expandable=True)
    assert rack["lamp"].shape == Shape("reference", schema="lamp", nullable=True)
    assert small.schemas() == ("book", "error", "lamp", "rack", "reader")
    assert small.schema_of_object("reader") == "reader"
    books = small.operation("list", "rack.book")
    assert books is not None and books.response.row == Shape("reference", schema="book")


def test_no_prose_is_copied_and_the_result_is_always_the_same(sdk: Path) -> None:
    files = compiled(sdk)
    assert files == compiled(sdk)
    assert not any("Prose" in text for text in files.values())
    assert set(files) == {
        "index.json",
        "schemas.json",
        "entities/rack.json",
        "entities/rack.book.json",
        "schemas/rack.json",
        "schemas/book.json",
        "schemas/reader.json",
        "schemas/lamp.parts.json",
        "schemas/error.parts.json",
    }


def test_differences_are_named(sdk: Path, tmp_path: Path) -> None:
    files = compiled(sdk)
    folder = tmp_path / "data"
    compiler().write(files, folder)
    assert compiler().differences(files, folder) == []
    (folder / "index.json").write_text("{}\n")
    (folder / "schemas" / "book.json").unlink()
    (folder / "entities" / "ghost.json").write_text("{}\n")
    assert compiler().differences(files, folder) == [
        "missing: schemas/book.json",
        "left over: entities/ghost.json",
        "differs: index.json",
    ]
    compiler().write(files, folder)
    assert compiler().differences(files, folder) == []


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("customer", "customers"),
        ("tax_id", "tax_ids"),
        ("capability", "capabilities"),
        ("address", "addresses"),
        ("batch", "batches"),
        ("charge", "charges"),
        ("day", "days"),
        ("people", "people"),
        ("history", "history"),
    ],
)
def test_plurals(one: str, many: str) -> None:
    assert compiler().plural(one) == many
    assert compiler().plural(many) == many
    assert compiler().singular(many) == one


def test_pretty_json_is_the_same_json() -> None:
    value = {"short": [1, 2], "long": [f"word-{n} with spaces" for n in range(40)], "deep": {"a" * 90: {"b" * 40: []}}}
    text = compiler().pretty(value)
    assert json.loads(text) == value
    assert max(map(len, text.splitlines())) <= 140
    assert compiler().pretty({"a": [1]}) == '{"a": [1]}'


# --- the data in the tree ------------------------------------------------------------------------------------


def test_the_data_are_what_the_script_makes() -> None:
    source = description()
    document = compiler().tomllib.loads((DATA.parent / "documented.toml").read_text())
    files = compiler().compiled_files(source, compiler().package_folder("stripe"), document)
    assert compiler().differences(files, DATA) == []


def test_the_sdk_names_nearly_all_operations() -> None:
    source = description()
    places = {compiler().route(method, path) for method, path, _ in compiler().operations_of(source)}
    named = places & set(compiler().sdk_names(compiler().package_folder("stripe")))
    assert (len(places), len(named)) == (703, 648)


def test_requests_are_those_of_the_description() -> None:
    """Read back through the table, every parameter is what the description says, at every depth."""
    table = load_table()
    found = {operation.id: operation for operation in table.operations()}
    for _, _, operation in compiler().operations_of(description()):
        ours = found[operation["operationId"]]
        query = {p["name"]: p for p in operation.get("parameters", []) if p["in"] == "query"}
        contents = operation.get("requestBody", {}).get("content", {})
        body: Any = next(iter(contents.values()), {"schema": {}})["schema"]
        properties = {name: p["schema"] for name, p in query.items()} | body.get("properties", {})
        required = {name for name, p in query.items() if p.get("required")} | set(body.get("required", []))
        compare({"type": "object", "properties": properties, "required": required}, ours.params, ours.name)


def test_responses_are_those_of_the_description() -> None:
    table = load_table()
    schemas = description()["components"]["schemas"]
    for name in table.schemas():
        compare(schemas[name], table.schema(name), name)


def compare(schema: Mapping[str, Any], shape: Shape, where: str) -> None:
    """Fails where a shape read from the data is not what the schema says; an independent reading of both."""
    alternatives = [s for s in schema.get("anyOf", [schema]) if s.get("enum") != [""]]
    if "x-expansionResources" in schema:
        assert shape.expandable, where
        targets = [target["$ref"].rpartition("/")[2] for target in schema["x-expansionResources"]["oneOf"]]
        assert [variant.schema for variant in shape.variants or (shape,)] == targets, where
        return
    if len(alternatives) > 1:
        assert shape.kind == "union" and len(shape.variants) == len(alternatives), where
        for inner, variant in zip(alternatives, shape.variants, strict=True):
            compare(inner, variant, where)
        return
    if "$ref" in (only := alternatives[0]):
        assert (shape.kind, shape.schema) == ("reference", only["$ref"].rpartition("/")[2]), where
        return
    assert list(shape.enum) == [str(value).lower() if value is True else value for value in values_of(only)], where
    for inner, below, name in parts(only, shape):
        compare(inner, below, f"{where}.{name}")
    assert shape.kind in KINDS[only.get("type", "object")], where
    if only.get("properties"):
        assert set(shape.fields) == set(only["properties"]), where
        assert {f.name for f in shape.fields.values() if f.required} == set(only.get("required", ())), where
    if not only.get("enum") and only.get("type") == "string":
        assert shape.max_length == only.get("maxLength"), where


KINDS = {
    "string": ("string", "decimal", "file"),
    "integer": ("integer", "time"),
    "number": ("number",),
    "boolean": ("boolean",),
    "array": ("array",),
    "object": ("object", "map"),
}


def values_of(schema: Mapping[str, Any]) -> list[Any]:
    return [value for value in schema.get("enum", []) if value != ""]


def parts(schema: Mapping[str, Any], shape: Shape) -> Iterator[tuple[Mapping[str, Any], Shape, str]]:
    for name, inner in schema.get("properties", {}).items():
        if name != "metadata" and not shape.is_list:
            yield inner, shape.fields[name].shape, name
    if shape.is_list and shape.row and "data" in schema["properties"]:
        yield schema["properties"]["data"]["items"], shape.row, "data"
    if "items" in schema and shape.items:
        yield schema["items"], shape.items, "[]"
