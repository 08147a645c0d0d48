"""The data classes of the table: Entity, Operation, Field and Shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from stripe_shell.records import derive, field, record

ShapeKind = Literal[
    "string",  # text; `enum` lists the allowed values, `max_length` limits it
    "integer",
    "number",  # a JSON number that may have a fraction
    "boolean",
    "decimal",  # a number written as text, which keeps its digits
    "time",  # epoch seconds
    "file",  # the content of an upload
    "object",  # named fields
    "map",  # arbitrary string keys; `items` is the shape of every value (metadata, currency_options)
    "array",  # `items` is the shape of every element
    "union",  # one of `variants`
    "reference",  # response only: the schema named `schema`, loaded on demand
    "any",
]

#: The forms of a list response: `{object: "list"}`, `{object: "search_result"}`, and API v2's pages.
LIST_FORMS = ("list", "search_result", "v2_list")

NO_FIELDS: Mapping[str, Field] = {}


@record
class Shape:
    """The type of a value in a request or a response.

    `clearable`: the empty string is accepted and unsets the value. `nullable`: a response may contain null.
    `expandable`: a response contains an id, or with `expand` the object; then `variants` (or `schema`) name the
    objects. `form` is the format of the OpenAPI description where it adds something (`currency`, `date-time`, `int64`),
    and for a list response one of LIST_FORMS. `required` are the names of the required fields.
    """

    kind: ShapeKind
    fields: Mapping[str, Field] = field(default_factory=lambda: NO_FIELDS)
    items: Shape | None = None
    variants: tuple[Shape, ...] = ()
    schema: str | None = None
    enum: tuple[str, ...] = ()
    max_length: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    pattern: str | None = None
    form: str | None = None
    clearable: bool = False
    nullable: bool = False
    expandable: bool = False
    required: tuple[str, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        derive(self, "required", tuple([name for name, member in self.fields.items() if member.required]))

    @property
    def is_list(self) -> bool:
        """Whether this is an object with rows under `data`."""
        return self.form in LIST_FORMS

    @property
    def row(self) -> Shape | None:
        """Returns the shape of one row of a list, None for anything else."""
        data = self.fields.get("data") if self.is_list else None
        return data.shape.items if data else None


@record
class Field:
    """A named field of an object shape."""

    name: str
    shape: Shape
    required: bool = False
    deprecated: bool = False


@record
class Operation:
    """An API operation.

    `params` is an object shape of all parameters except those in the path; GET and DELETE send them in the query, POST
    in the body; `Field.required` says what Stripe itself requires. `documented` is true for the commands of the source
    document: `documented_params` are the document's names in its order, `required_by_document` the dotted paths of the
    parameters that it requires (`customer`, `items.0.price`; without path parameters). `aliases` maps another spelling
    of a parameter to its path: `{"price_id": ("items", "0", "price")}`. `path_words` maps each placeholder of the path
    to the kind of object that it identifies (`{"intent": "payment_intent"}`); `object_param` is the placeholder of the
    entity's own object, None if the path has none.
    """

    entity: str
    action: str
    id: str
    method: Literal["GET", "POST", "DELETE"]
    path: str
    path_params: tuple[str, ...]
    params: Shape
    response: Shape
    host: Literal["api", "files", "meter-events"] = "api"
    encoding: Literal["form", "json", "multipart"] = "form"
    deprecated: bool = False
    documented: bool = False
    documented_params: tuple[str, ...] = ()
    required_by_document: tuple[str, ...] = ()
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    path_words: Mapping[str, str] = field(default_factory=dict)
    object_param: str | None = None

    @property
    def version(self) -> Literal["v1", "v2"]:
        """Returns the API namespace of the path: `v1` or `v2`."""
        return "v2" if self.path.startswith("/v2/") else "v1"

    @property
    def writes(self) -> bool:
        """Whether the operation can change anything."""
        return self.method != "GET"

    @property
    def outside(self) -> bool:
        """Whether the operation is absent from the table and was written as method and path."""
        return not self.id

    @property
    def name(self) -> str:
        """Returns `create customer`, the name in error messages."""
        return f"{self.action} {self.entity}"


@record
class Entity:
    """An entity, the value of `entity:` in a block: `customer`, `checkout.session`, `customer.balance_transaction`.

    `object` is the `object` field of the response (None if operations differ), `schema` the name of the response
    schema. `operations` maps action names to operations.
    """

    name: str
    plural: str
    object: str | None
    schema: str | None
    operations: Mapping[str, Operation]
