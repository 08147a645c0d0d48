"""The scripts that move the table to a later version: reading the SDKs, comparing them, applying the difference."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from stripe_shell.spec import table as table_module
from tests.spec.compiler import SCRIPTS, compiler, script

DATA = Path(table_module.__file__).parent / "data"
PATCH = json.loads((SCRIPTS / "spec_patch.json").read_text())

# --- the notation, there and back ------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", sorted((DATA / "schemas").glob("*.json")), ids=lambda file: file.stem)
def test_response_shapes_go_back_to_schemas(file: Path) -> None:
    shapes, patch = script("spec_shapes"), script("spec_patch")
    for name, written in json.loads(file.read_text()).items():
        assert shapes.response_shape(patch.schema_of(written)) == written, name


@pytest.mark.parametrize("route", PATCH["operations"]["added"])
def test_request_shapes_go_back_to_schemas(route: str) -> None:
    shapes, patch = script("spec_shapes"), script("spec_patch")
    operation = PATCH["operations"]["added"][route]
    for name, written in operation["params"]["fields"].items():
        if name != "metadata":
            assert shapes.request_shape(patch.schema_of(written)) == written, name


def test_ids_of_operations() -> None:
    made = script("spec_patch").operation_id
    assert made("POST", "/v1/subscriptions/{subscription}/pause") == "PostSubscriptionsSubscriptionPause"
    assert made("GET", "/v2/core/event_destinations/{id}") == "GetV2CoreEventDestinationsId"


# --- a patch ---------------------------------------------------------------------------------------------------------


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def text(*values: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(values)}


SHELF = {"type": "object", "properties": {"wood": {"type": "string"}, "colour": text("red", "blue")}}
RACK = {
    "type": "object",
    "required": ["object"],
    "properties": {"object": text("rack"), "left": ref("shelf"), "right": ref("shelf")},
}
BODY = {"type": "object", "properties": {"label": {"type": "string"}, "shelves": {"type": "array", "items": SHELF}}}


def description() -> dict[str, Any]:
    form = "application/x-www-form-urlencoded"
    answer = {"200": {"content": {"application/json": {"schema": ref("rack")}}}}
    post = {
        "operationId": "PostRacks",
        "requestBody": {"content": {form: {"schema": BODY}}},
        "responses": answer,
    }
    limit = {"name": "limit", "in": "query", "schema": {"type": "integer"}}
    get = {"operationId": "GetRacks", "parameters": [limit], "responses": answer}
    made = {
        "paths": {"/v1/racks": {"post": post, "get": get}},
        "components": {"schemas": {"shelf": SHELF, "rack": RACK}},
    }
    return deepcopy(made)


def patch_of(**operations: Any) -> dict[str, Any]:
    return {"schemas": {"added": {}, "changed": {}}, "operations": {"added": {}, "changed": {}} | operations}


def patched(patch: dict[str, Any]) -> dict[str, Any]:
    found = description()
    script("spec_patch").apply_patch(found, patch)
    return found


def test_parameters_are_added_removed_and_changed() -> None:
    changes = {
        "height": {"added": "integer", "required": True},
        "label": {"removed": True},
        "shelves[].colour": {"enum_added": ["green"], "enum_removed": ["red"]},
        "shelves[].wood": {"clearable": True},
    }
    found = patched(patch_of(changed={"POST /v1/racks": changes}))
    operation = compiler().written_operation("post", "/v1/racks", found["paths"]["/v1/racks"]["post"])
    shelf = {"fields": {"colour": {"enum": ["blue", "green"]}, "wood": "string clearable"}}
    assert operation["params"] == {
        "fields": {"height": "integer", "shelves": {"array": shelf}},
        "required": ["height"],
    }


def test_parameters_of_a_query() -> None:
    found = patched(patch_of(undescribed={"GET /v1/racks": {"colour": {"added": {"enum": ["red"]}}}}))
    operation = compiler().written_operation("get", "/v1/racks", found["paths"]["/v1/racks"]["get"])
    assert operation["params"] == {"fields": {"colour": {"enum": ["red"]}, "limit": "integer"}}


def test_a_new_operation() -> None:
    added = {"params": {"fields": {"expand": {"array": "string"}}}, "response": "@rack"}
    found = patched(patch_of(added={"POST /v1/racks/{rack}/paint": added}))
    operation = found["paths"]["/v1/racks/{rack}/paint"]["post"]
    written = compiler().written_operation("post", "/v1/racks/{rack}/paint", operation)
    assert written == {
        "id": "PostRacksRackPaint",
        "route": "POST /v1/racks/{rack}/paint",
        "params": {"fields": {"expand": {"array": "string"}}},
        "response": "@rack",
    }


@pytest.mark.parametrize(
    "change",
    [{"label": {"added": "string"}}, {"weight": {"removed": True}}, {"a.b": {"nullable": True}}],
)
def test_a_patch_for_another_description_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(SystemExit, match="does not fit the description: POST /v1/racks"):
        patched(patch_of(changed={"POST /v1/racks": change}))


def test_a_patch_of_another_version_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "patch.json"
    file.write_text(json.dumps({"base": {"version": "2020-01-01"}} | patch_of()))
    with pytest.raises(SystemExit, match="starts from 2020-01-01"):
        compiler().patched(description() | {"info": {"version": "2030-01-01"}}, file)


# --- two releases ----------------------------------------------------------------------------------------------------


def release(left: dict[str, Any], right: dict[str, Any]) -> Any:
    rack = {"fields": {"object": {"enum": ["rack"]}, "left": {"fields": left}, "right": {"fields": right}}}
    return script("spec_changes").Release({"rack": rack}, {})


def test_a_shared_part_changes_where_all_of_its_places_change() -> None:
    old, wood = {"wood": "string"}, {"wood": "string", "age": "integer"}
    made = script("spec_changes").made_patch(description(), release(old, old), release(wood, wood), {})
    assert made["schemas"]["changed"] == {"shelf": {"age": {"added": "integer"}}}


def test_a_shared_part_is_replaced_where_one_of_its_places_changes() -> None:
    old, wood = {"wood": "string"}, {"wood": "string", "age": "integer"}
    made = script("spec_changes").made_patch(description(), release(old, old), release(old, wood), {})
    assert made["schemas"]["changed"] == {"rack": {"right": {"replaced": {"fields": wood}}}}
    found = patched(made)["components"]["schemas"]
    assert found["shelf"] == SHELF
    assert set(found["rack"]["properties"]["right"]["properties"]) == {"wood", "age"}


def test_changes_of_parameters_and_older_ones() -> None:
    module = script("spec_changes")
    params = {"fields": {"label": "string", "shelves": {"array": {"fields": {"wood": "string"}}}}}
    later = {"fields": {"label": "string", "shelves": {"array": {"fields": {"wood": "string", "age": "integer"}}}}}
    old = module.Release({}, {"POST /v1/racks": {"params": params}})
    new = module.Release({}, {"POST /v1/racks": {"params": later}})
    made = module.made_patch(description(), old, new, {})
    assert made["operations"]["changed"] == {"POST /v1/racks": {"shelves[].age": {"added": "integer"}}}
    assert module.undescribed(description(), new) == {"POST /v1/racks": {"shelves[].age": {"added": "integer"}}}
    assert module.undescribed(description(), old) == {}


# --- the SDKs' types -------------------------------------------------------------------------------------------------

RACK_CLASS = '''
from stripe._book import Book

class Rack(StripeObject):
    OBJECT_NAME: ClassVar[Literal["rack"]] = "rack"

    class Shelf(StripeObject):
        wood: Optional[str]
        from_: int
        """
        Time at which the shelf was put up. Measured in seconds since the Unix epoch.
        """
        _field_remappings = {"from_": "from"}

    books: Optional[ListObject["Book"]]
    created: int
    first: Optional[ExpandableField["Book"]]
    object: Literal["rack"]
    shelf: Optional[Shelf]
    state: Union[Literal["new", "old"], str]
'''
BOOK_CLASS = """
class Book(StripeObject):
    OBJECT_NAME: ClassVar[Literal["book"]] = "book"
    object: Literal["book"]
"""
RACK_PARAMS = '''
class RackCreateParams(TypedDict):
    label: str
    """
    What is written on it, up to 20 characters.
    """
    metadata: NotRequired["Literal['']|Dict[str, str]|UntypedStripeObject[str]"]
    price: NotRequired[Decimal]
    shelves: NotRequired["Literal['']|List[RackCreateParamsShelf]"]
    since: NotRequired["RackCreateParamsSince|int"]

class RackCreateParamsShelf(TypedDict):
    wood: "Literal['']|Literal['oak', 'pine']|str"

class RackCreateParamsSince(TypedDict):
    gt: NotRequired[int]
    gte: NotRequired[int]
    lt: NotRequired[int]
    lte: NotRequired[int]
'''
RACK_SERVICE = """
from stripe._rack import Rack
from stripe.params._rack_create_params import RackCreateParams

class RackService:
    def create(self, params: "RackCreateParams", options: Optional["RequestOptions"] = None) -> "Rack":
        return cast("Rack", self._request("post", "/v1/racks", base_address="api", params=params))

    def empty(self, rack: str, options=None) -> "Rack":
        return self._request("post", "/v1/racks/{rack}/empty".format(rack=sanitize_id(rack)), base_address="files")
"""
DECLARATIONS = """
import { Book, DeletedBook } from './Books.js';
export interface Rack {
    /**
     * Prose: with a colon?
     */
    books?: ApiList<Book>;
    created: number;
    first: string | Book | DeletedBook | null;
    object: 'rack';
    shelf?: Rack.Shelf;
    state: Rack.State;
}
export declare namespace Rack {
    interface Shelf {
        from: number;
        wood: string | null;
    }
    type State = 'new' | 'old' | OtherString;
}
"""


@pytest.fixture
def sdk(tmp_path: Path) -> Any:
    folder = tmp_path / "stripe"
    (folder / "params").mkdir(parents=True)
    (folder / "_rack.py").write_text(RACK_CLASS)
    (folder / "_book.py").write_text(BOOK_CLASS)
    (folder / "params" / "_rack_create_params.py").write_text(RACK_PARAMS)
    (folder / "_rack_service.py").write_text(RACK_SERVICE)
    return script("sdk_types").PythonSdk(folder)


def test_objects_of_the_python_sdk(sdk: Any) -> None:
    fields = sdk.objects()["rack"]["fields"]
    assert fields == {
        "books": {"list": "@book", "nullable": True},
        "created": "time",
        "first": {"expandable": ["book"], "nullable": True},
        "object": {"enum": ["rack"]},
        "shelf": {
            "fields": {"from": "time", "wood": "string <=5000 nullable"},
            "required": ["from"],
            "nullable": True,
        },
        "state": {"enum": ["new", "old"]},
    }


def test_operations_of_the_python_sdk(sdk: Any) -> None:
    found = sdk.operations()
    assert found["POST /v1/racks/{rack}/empty"].written == {
        "host": "files",
        "params": {"fields": {}},
        "response": "@rack",
    }
    params = found["POST /v1/racks"].params
    assert params["required"] == ["label"]
    times = {"fields": {"gt": "time", "gte": "time", "lt": "time", "lte": "time"}}
    shelf = {"fields": {"wood": {"enum": ["oak", "pine"], "clearable": True}}, "required": ["wood"]}
    assert params["fields"] == {
        "label": "string <=20",
        "metadata": {"map": "string <=500 clearable", "clearable": True},
        "price": "decimal",
        "shelves": {"array": shelf, "clearable": True},
        "since": {"union": [times, "time"]},
    }


def test_marks_of_the_node_sdk(sdk: Any, tmp_path: Path) -> None:
    folder = tmp_path / "esm" / "resources"
    folder.mkdir(parents=True)
    (folder / "Racks.d.ts").write_text(DECLARATIONS)
    marked = script("sdk_marks").NodeSdk(tmp_path).marked("rack", sdk.objects()["rack"])
    assert marked["required"] == ["created", "object", "state"]
    assert marked["fields"]["books"] == {"list": "@book"}
    assert marked["fields"]["first"] == {"expandable": ["book", "deleted_book"], "nullable": True}
    assert marked["fields"]["shelf"] == {
        "fields": {"from": "time", "wood": "string <=5000 nullable"},
        "required": ["from"],
    }


def test_what_the_table_lacks_is_named(sdk: Any, tmp_path: Path) -> None:
    found = list(script("spec_age").lacking(sdk, table_module.load_table()))
    assert found == ["POST /v1/racks", "POST /v1/racks/{rack}/empty"]
    (tmp_path / "stripe" / "_rack_service.py").write_text(RACK_SERVICE.replace("/v1/racks", "/v1/customers"))
    newer = script("sdk_types").PythonSdk(tmp_path / "stripe")
    assert list(script("spec_age").lacking(newer, table_module.load_table())) == [
        "POST /v1/customers label",
        "POST /v1/customers price",
        "POST /v1/customers shelves",
        "POST /v1/customers since",
        "POST /v1/customers/{rack}/empty",
    ]
