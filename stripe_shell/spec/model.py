"""The words of the table: Entity, Operation, Field, Shape. Facts about Stripe, without behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from stripe_shell.records import derive, field, record

Kind = Literal[
    "string",  # text; `enum` lists the allowed ones, `max_length` limits it
    "integer",
    "number",  # a JSON number that need not be whole
    "boolean",
    "decimal",  # a number written as text, to keep its digits
    "time",  # epoch seconds
    "file",  # the content of an upload
    "object",  # named fields
    "map",  # any text key; `items` is the shape of every value (metadata, currency_options)
    "array",  # `items` is the shape of every element
    "union",  # one of `variants`
    "reference",  # response side: the schema named `schema`, loaded when asked for
    "any",
]

#: The ways in which Stripe delivers rows: `{object: "list"}`, `{object: "search_result"}`, and API v2's pages.
LIST_FORMS = ("list", "search_result", "v2_list")

NO_FIELDS: Mapping[str, Field] = {}


@record
class Shape:
    """What a value may look like, for a request or in a response.

    `clearable`: the empty text is taken and unsets it. `nullable`: a response may show null. `expandable`: a
    response shows an id, or with `expand` the object; then `variants` (or `schema`) name the objects. `form` keeps
    the description's own format name where one adds something (`currency`, `date-time`, `int64`), and for an object
    that delivers rows one of LIST_FORMS. `required` are the names of the fields that must be there.
    """

    kind: Kind
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
        """Whether this is an object that delivers rows under `data`."""
        return self.form in LIST_FORMS

    @property
    def row(self) -> Shape | None:
        """The shape of one row of a list, None for anything else."""
        data = self.fields.get("data") if self.is_list else None
        return data.shape.items if data else None


@record
class Field:
    """A named member of an object shape."""

    name: str
    shape: Shape
    required: bool = False
    deprecated: bool = False


@record
class Operation:
    """One of Stripe's calls.

    `params` is an object shape of everything but the path parameters; GET and DELETE put it in the query, POST
    in the body; `Field.required` says what Stripe itself requires. `documented` is true for the commands of the
    source document: `documented_params` are the document's own names in its order, `required_by_document` the dotted
    paths of the parameters that it requires (`customer`, `items.0.price`; those in the path are not repeated here).
    `aliases` maps another spelling of a parameter to its path: `{"price_id": ("items", "0", "price")}`.
    `path_words` says for each placeholder of the path what kind of object it names (`{"intent": "payment_intent"}`);
    `object_param` is the placeholder of the entity's own object, None where the path names none.
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
        """Which of Stripe's two API styles the path belongs to."""
        return "v2" if self.path.startswith("/v2/") else "v1"

    @property
    def writes(self) -> bool:
        """Whether the call can change anything."""
        return self.method != "GET"

    @property
    def outside(self) -> bool:
        """Whether the table does not know the call, which was written as method and path."""
        return not self.id

    @property
    def name(self) -> str:
        """`create customer`, as errors say it."""
        return f"{self.action} {self.entity}"


@record
class Entity:
    """What a block's `entity:` names: `customer`, `checkout.session`, `customer.balance_transaction`.

    `object` is the value of the `object` field of what comes back (None where operations differ), `schema` the
    name of its response schema. `operations` by action name.
    """

    name: str
    plural: str
    object: str | None
    schema: str | None
    operations: Mapping[str, Operation]
