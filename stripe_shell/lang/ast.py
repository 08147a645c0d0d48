"""The syntax tree of the language: frozen nodes, each with its span; equality ignores the span."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeVar

from stripe_shell.diagnostics import SourceText, Span
from stripe_shell.records import derive, field, record

A = TypeVar("A")

# --- values ---------------------------------------------------------------------------------------------


@record
class Text:
    """Literal text of a value, with escapes already decoded."""

    text: str
    span: Span = field(compare=False, repr=False)


@record
class Reference:
    """`${namespace:name}` or `${name.path[0]:-default}`.

    `namespace` is `env` or None. `name` is the first word (`customer`, `row`, `last`, `now`, `PRICE_ID`), `path` the
    steps below it; `raw` is the text between the braces without the default, which the span covers too. The default is
    a text or another reference.
    """

    namespace: str | None
    name: str
    path: tuple[str | int, ...]
    default: str | Reference | None
    raw: str
    span: Span = field(compare=False, repr=False)


#: How a result becomes a whole number.
Rounding = Literal["half-up", "half-even", "down", "up"]


@record
class Arithmetic:
    """`${A op B}` or `${A op B rounding}`: an exact operation on two numbers, each a reference or written out.

    `raw` is the text between the braces.
    """

    left: Reference | str
    operator: Literal["+", "-", "*", "/"]
    right: Reference | str
    rounding: Rounding | None
    raw: str
    span: Span = field(compare=False, repr=False)


@record
class MoneyAmount:
    """`${AMOUNT as CURRENCY}`: an amount such as `12.50` in the smallest unit of a currency, a code or a reference.

    `raw` is the text between the braces.
    """

    amount: Reference
    currency: Reference | str
    raw: str
    span: Span = field(compare=False, repr=False)


#: What stands between `${` and `}`.
Inserted = Reference | Arithmetic | MoneyAmount
Part = Text | Inserted

#: How a value is written: `heredoc` between three double quotes, `literal_heredoc` between three single ones, `json`
#: for valid JSON that begins with a bracket.
Style = Literal["bare", "double", "single", "heredoc", "literal_heredoc", "json"]


@record
class Value:
    """The value of a parameter or directive: alternating literal text and what is inserted.

    Adjacent texts are merged; an empty value has no parts. In style `json` the texts are the JSON source as written,
    and what is inserted stands inside its strings.
    """

    style: Style
    parts: tuple[Part, ...]
    span: Span = field(compare=False, repr=False)

    @property
    def literal(self) -> str | None:
        """The text, or None if something is inserted into it."""
        texts = [part.text for part in self.parts if isinstance(part, Text)]
        return "".join(texts) if len(texts) == len(self.parts) else None

    @property
    def sole_insertion(self) -> Inserted | None:
        """The reference, sum or amount that makes up the whole unquoted value, or None."""
        if self.style == "bare" and len(self.parts) == 1 and not isinstance(self.parts[0], Text):
            return self.parts[0]
        return None

    def spelled(self, spell: Callable[[Inserted], str]) -> str:
        """Returns the text, with everything inserted formatted by `spell`."""
        return "".join([part.text if isinstance(part, Text) else spell(part) for part in self.parts])

    @property
    def inserted(self) -> tuple[Inserted, ...]:
        """Everything inserted into the value, in order."""
        return tuple([part for part in self.parts if not isinstance(part, Text)])

    @property
    def references(self) -> tuple[Reference, ...]:
        """Every reference in the value, in order, those of sums, amounts and defaults included."""
        return tuple([reference for part in self.inserted for reference in references_of(part)])


@record
class ListValue:
    """`[a, "b c", ${x}]` on the right side of an expectation."""

    items: tuple[Value, ...]
    span: Span = field(compare=False, repr=False)


Operand = Value | ListValue


def references_of(part: Inserted) -> list[Reference]:
    """Returns the references of a part, each before the reference that is its default."""
    if isinstance(part, Reference):
        return [part, *(references_of(part.default) if isinstance(part.default, Reference) else ())]
    members = (part.left, part.right) if isinstance(part, Arithmetic) else (part.amount, part.currency)
    return [reference for member in members if isinstance(member, Reference) for reference in references_of(member)]


# --- paths into a response ------------------------------------------------------------------------------


@record
class Path:
    """A path into a response: `items.data[0].price.id`, `data[*].status`, `$http`.

    Steps are names, 0-based indexes, and `*` for `[*]`. A name step `*` cannot occur. `$`-names are one step.
    """

    steps: tuple[str | int, ...]
    text: str
    span: Span = field(compare=False, repr=False)


@record
class Key:
    """A parameter name as a path: `items[0].price` is `("items", "0", "price")`, `k[]` is `("k", "")`.

    After `metadata.` the rest is one literal segment. `spans` has one span per segment.
    """

    path: tuple[str, ...]
    span: Span = field(compare=False, repr=False)
    spans: tuple[Span, ...] = field(default=(), compare=False, repr=False)


# --- directives -----------------------------------------------------------------------------------------

Operator = Literal[
    "==", "!=", "<", "<=", ">", ">=", "~", "!~", "in", "contains", "startswith", "endswith",
    "exists", "absent", "is", "count",
]  # fmt: skip


@record
class Expectation:
    """`@expect [all|any] PATH OP VALUE`; for `count`, `count_operator` is the comparison after it.

    `exists` and `absent` have no operand.
    """

    path: Path
    operator: Operator
    operand: Operand | None
    quantifier: Literal["all", "any"] | None
    count_operator: Operator | None
    span: Span = field(compare=False, repr=False)


@record
class Condition:
    """`VALUE OP VALUE` of `@when`; `count_operator` and a missing right side are as in an expectation."""

    left: Value
    operator: Operator
    right: Operand | None
    count_operator: Operator | None
    span: Span = field(compare=False, repr=False)


@record
class Name:
    """The argument of `@as NAME`."""

    text: str
    span: Span = field(compare=False, repr=False)

    @property
    def name(self) -> str:
        """The name itself."""
        return self.text

    @property
    def name_span(self) -> Span:
        """The span of the name."""
        return self.span


@record
class Match:
    """The argument of `@match JSON`."""

    value: Value
    span: Span = field(compare=False, repr=False)


@record
class Fails:
    """`@fails TYPE[/CODE]`, `@may_fail TYPE[/CODE]`; TYPE may be `*` for any."""

    type: str
    code: str | None
    span: Span = field(compare=False, repr=False)


@record
class Retry:
    """`@retry N every 2s until EXPR`; the pause in milliseconds."""

    attempts: int
    every_ms: int
    until: Expectation
    span: Span = field(compare=False, repr=False)


@record
class Pages:
    """`@pages all [jobs=N]` (count None) or `@pages 5`."""

    count: int | None
    span: Span = field(compare=False, repr=False)
    jobs: int = 1


@record
class Output:
    """`@out FILE [guard=formulas] [fields=a,b.c]`."""

    file: Value
    fields: tuple[str, ...]
    span: Span = field(compare=False, repr=False)
    guard: bool = False


@record
class Assignment:
    """`@let NAME = VALUE`, `@secret NAME = VALUE`."""

    name: str
    value: Value
    name_span: Span = field(compare=False, repr=False)
    span: Span = field(compare=False, repr=False)


@record
class RawParam:
    """`@raw key=value`."""

    key: Key
    value: Value
    span: Span = field(compare=False, repr=False)


@record
class Duration:
    """`@timeout 10s`, in milliseconds."""

    ms: int
    span: Span = field(compare=False, repr=False)


@record
class Tags:
    """`@tags a, b`."""

    names: tuple[str, ...]
    span: Span = field(compare=False, repr=False)


@record
class Total:
    """`@total AMOUNT CURRENCY`: the money that a write is about, in the smallest unit of the currency."""

    amount: Value
    currency: Value
    span: Span = field(compare=False, repr=False)


@record
class MostWritten:
    """`@most N writes` or `@most AMOUNT CURRENCY`; `amount` as written, `unit` is `writes` or a currency."""

    amount: str
    unit: str
    span: Span = field(compare=False, repr=False)


@record
class ForEach:
    """`@foreach NAME in FILE` and its options; or `@foreach NAME in ${LIST}`, where `file` is one reference.

    `key` are the columns that identify a row. `jobs` is None if it is not written. `rate` is in requests a second.
    `max_errors` is a number or a share such as `2%`. `where` selects rows, `failed` is the file of those that failed,
    `stamp` the key of metadata that receives run and row. `delimiter` and `encoding` are those of a CSV file.
    """

    name: str
    file: Value
    span: Span = field(compare=False, repr=False)
    key: tuple[str, ...] = ()
    jobs: int | Literal["auto"] | None = None
    rate: float | None = None
    on_error: Literal["stop", "continue"] = "stop"
    max_errors: str | None = None
    where: Condition | None = None
    failed: Value | None = None
    stamp: str | None = None
    delimiter: str | None = None
    encoding: str | None = None

    @property
    def name_span(self) -> Span:
        """Where the name stands."""
        return Span(self.span.source, self.span.start, self.span.start + len(self.name))


#: A plain value argument (`Value`) belongs to idempotency_key, account, version, spec, timezone, connection, include,
#: and to the shell's own commands at the prompt; None to teardown, end and commands without argument.
Argument = (
    Expectation | Condition | Name | Match | Fails | Retry | Pages | Output | Assignment | RawParam | Duration
    | Tags | ForEach | Total | MostWritten | Value
)  # fmt: skip

# --- lines and blocks -----------------------------------------------------------------------------------


@record
class Comment:
    """A `#` line, without the `#` and trailing blanks. `detached`: a blank line follows it."""

    text: str
    detached: bool
    span: Span = field(compare=False, repr=False)


@record
class Param:
    """`key: value`; an empty value unsets."""

    key: Key
    value: Value
    span: Span = field(compare=False, repr=False)


@record
class Directive:
    """`@name argument`. `name_span` covers `@name`."""

    name: str
    argument: Argument | None
    name_span: Span = field(compare=False, repr=False)
    span: Span = field(compare=False, repr=False)


@record
class ResponseSection:
    """`Response:` and the JSON below it, as written. `json_span` covers the JSON."""

    text: str
    json_span: Span = field(compare=False, repr=False)
    span: Span = field(compare=False, repr=False)


_WORDS = frozenset({("action",), ("entity",)})


@record
class Block:
    """A block: one API call.

    `connection` is the word after `/`, None in an inline form without a header. The first `inline` of `items` are the
    parameters on the header line (action and entity among them); the others follow in the order of the lines. `params`
    and `directives` are those among the items, in order; `action` and `entity` are the parameters of those names,
    `own_params` all others.
    """

    connection: str | None
    items: tuple[Param | Directive | Comment, ...]
    inline: int
    response: ResponseSection | None
    connection_span: Span = field(compare=False, repr=False)
    span: Span = field(compare=False, repr=False)
    action: Param | None = field(init=False, compare=False, repr=False)
    entity: Param | None = field(init=False, compare=False, repr=False)
    params: tuple[Param, ...] = field(init=False, compare=False, repr=False)
    own_params: tuple[Param, ...] = field(init=False, compare=False, repr=False)
    directives: tuple[Directive, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        params = [item for item in self.items if isinstance(item, Param)]
        words = {param.key.path: param for param in reversed(params) if param.key.path in _WORDS}
        derive(self, "action", words.get(("action",)))
        derive(self, "entity", words.get(("entity",)))
        derive(self, "params", tuple(params))
        derive(self, "own_params", tuple([param for param in params if param.key.path not in _WORDS]))
        derive(self, "directives", tuple([item for item in self.items if isinstance(item, Directive)]))

    def argument(self, kind: type[A]) -> A | None:
        """Returns the first argument of the class `kind` among the directives, or None."""
        for directive in self.directives:
            if isinstance(directive.argument, kind):
                return directive.argument
        return None

    @property
    def words(self) -> tuple[Param, ...]:
        """The parameters `action` and `entity`, as far as present."""
        return tuple(param for param in (self.action, self.entity) if param is not None)


@record
class Loop:
    """`@foreach … @end` and the items between them; `directive.argument` is a ForEach."""

    directive: Directive
    items: tuple[ScriptItem, ...]
    span: Span = field(compare=False, repr=False)


ScriptItem = Block | Directive | Comment | Loop


@record
class Script:
    """A parsed script."""

    items: tuple[ScriptItem, ...]
    source: SourceText = field(compare=False, repr=False)
