"""The HTTP types shared by all transports: Request, Response and the Transport protocol; form encoding and decoding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from stripe_shell.patterns import pattern
from stripe_shell.records import derive, field, record

if TYPE_CHECKING:
    import re

#: The ASCII characters that are percent-encoded in a form: in a value, and in a name.
_SPECIAL = pattern(r"[^A-Za-z0-9_.~-]")
_SPECIAL_IN_NAME = pattern(r"[^A-Za-z0-9_.~\[\]-]")

#: A parameter tree: strings, numbers, booleans and None as leaves, lists and dicts with string keys above them.
ParamTree = Any


@record
class Request:
    """One HTTP request, without host and credential.

    `path` begins with `/v1/` or `/v2/`; `query` and `body` are encoded, empty if there is none. `headers` are those
    that the call sets (`Stripe-Version`, `Stripe-Account`, `Content-Type`); the transport adds the credential.
    `idempotency_key` is None for calls without one. `host` is `api`, `files` or `meter-events`. `timeout_ms` is in
    milliseconds; None uses the connection's timeout. `retries` is how often the transport may send it again; None uses
    the connection's setting. `operation` names the operation, as `POST /v1/customers/{customer}`, for its rate.
    """

    method: str
    path: str
    query: str = ""
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    idempotency_key: str | None = None
    host: str = "api"
    timeout_ms: int | None = None
    retries: int | None = field(default=None, compare=False, repr=False)
    operation: str = field(default="", compare=False, repr=False)

    @property
    def target(self) -> str:
        """Returns path and query as in the request line."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def writes(self) -> bool:
        """Whether the request can change anything (every method but GET)."""
        return self.method != "GET"


@record
class Response:
    """One HTTP response: `status`, `headers` (names as sent), the raw `body`, and `elapsed` in milliseconds."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    elapsed: float = 0.0
    #: The body as `parse_ahead` has read it, until `json` hands it out.
    _parsed: list[Any] = field(compare=False, repr=False, init=False)

    def __post_init__(self) -> None:
        derive(self, "_parsed", [])

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    def header(self, name: str) -> str | None:
        """Returns the header `name`, ignoring case, or None."""
        wanted, length = name.lower(), len(name)
        for key, value in self.headers.items():
            if len(key) == length and key.lower() == wanted:
                return value
        return None

    def json(self) -> Any:
        """Returns the body as JSON, with fractional numbers as `ExactFloat`. Raises ValueError if it is not JSON."""
        return self._parsed.pop() if self._parsed else parse_json(self.body)

    def parse_ahead(self) -> Any:
        """Returns what `json` returns, and keeps it for the next call of `json`, so that it is parsed once."""
        self._parsed[:] = [parse_json(self.body)]
        return self._parsed[0]


class Transport(Protocol):
    """The interface of a transport."""

    def send(self, request: Request) -> Response:
        """Sends the request and returns the response, whatever its status.

        Raises NotSent if nothing was sent, OutcomeUnknown if a write got no readable response, NoAnswer if a read got
        none.
        """
        ...


class ExactFloat(float):
    """A JSON number with a fraction or an exponent that keeps its spelling: `12.10` stays `12.10`.

    Calculates and compares as a float; `str` returns the original text, so that it is sent and shown unchanged.
    """

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str | float) -> ExactFloat:
        number = super().__new__(cls, text)
        number.text = str(text)
        return number

    def __repr__(self) -> str:
        return self.text

    __str__ = __repr__


def parse_json(text: str | bytes, fractions: list[str] | None = None) -> Any:
    """Returns JSON as Python values: integers exact, other numbers as `ExactFloat`.

    Appends the texts of those other numbers to `fractions`, if given. Raises ValueError for invalid JSON, for `NaN` and
    `Infinity`, and for excessive nesting.
    """
    import json  # imported with the first response

    def noted(number: str) -> ExactFloat:
        if fractions is not None:
            fractions.append(number)
        return ExactFloat(number)

    try:
        return json.loads(text, parse_float=noted, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("nested too deep to be read") from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"`{name}` is not JSON")


def encode_form(tree: Mapping[str, ParamTree]) -> str:
    """Returns a parameter tree as Stripe's v1 form encoding: `a[b]`, arrays as `k[0]`, brackets not escaped.

    `True` and `False` become `true` and `false`, None the empty string, which unsets a parameter. Empty lists and dicts
    have no form encoding of their own and become the empty string too.
    """
    return "&".join([encode_pair(name, text) for name, text in form_pairs(tree)])


def encode_pair(name: str, text: str) -> str:
    """Returns one parameter of a form, percent-encoded."""
    return f"{_quote_key(name)}={_quote(text)}"


def form_name(path: Sequence[str]) -> str:
    """Returns the name of a parameter in a form: `a[b][0]`."""
    return path[0] + "".join([f"[{segment}]" for segment in path[1:]])


def form_pairs(tree: Mapping[str, ParamTree]) -> Iterator[tuple[str, str]]:
    """Yields the parameters as `(name, text)` in the order of the tree, names with brackets, not percent-encoded."""
    for name, value in tree.items():
        yield from _pairs(name, value)


def _pairs(name: str, value: ParamTree) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _pairs(f"{name}[{key}]", inner)
    elif isinstance(value, list | tuple) and value:
        for index, inner in enumerate(value):
            yield from _pairs(f"{name}[{index}]", inner)
    else:
        yield name, form_text(value)


def form_text(value: ParamTree) -> str:
    """Returns a leaf as form text."""
    if value is True:
        return "true"
    if value is False:
        return "false"
    if value is None or value == [] or value == {}:
        return ""
    return str(value)


def _quote(text: str) -> str:
    if not text.isascii():
        return _percent(text, "")
    return text if text.isalnum() else _SPECIAL.sub(_escape, text)


def _quote_key(text: str) -> str:
    return _SPECIAL_IN_NAME.sub(_escape, text) if text.isascii() else _percent(text, "[]")


def _escape(match: re.Match[str]) -> str:
    return f"%{ord(match[0]):02X}"


def _percent(text: str, safe: str) -> str:
    from urllib.parse import quote

    return quote(text, safe=safe, errors="surrogatepass")


#: The maximum nesting of a name; Stripe's own go to 6. A deeper name is taken as one literal name.
MAX_DEPTH = 32


class Elements(list[ParamTree]):
    """A list whose elements were written without an index (`k[]`): no map with numbers for keys, as `k[0]` can be."""


class _Elements(dict[str, ParamTree]):
    """The elements of an `Elements` by their index, while it is decoded."""


def decode_form(text: str) -> dict[str, ParamTree]:
    """Returns form text as a parameter tree whose leaves are strings: the inverse of `encode_form`.

    Accepts `k[]` as well as `k[0]`, and `k[][a]`, which starts a new element if the last one already has `a`; a dict
    whose keys are exactly 0…n-1 becomes a list. If a name is used both as a leaf and as a branch, or twice, the last
    one wins, as at Stripe.
    """
    root: dict[str, ParamTree] = {}
    for pair in text.split("&"):
        if not pair:
            continue
        name, _, value = pair.partition("=")
        if "%" in pair or "+" in pair:
            name, value = _unquote(name), _unquote(value)
        if "[" in name:
            _insert(root, split_name(name), value)
        else:
            root[name] = value
    return {key: _lists(value) if isinstance(value, dict) else value for key, value in root.items()}


def _unquote(text: str) -> str:
    if "+" in text:
        text = text.replace("+", " ")
    if "%" not in text:
        return text
    head, *rest = text.split("%")
    found = bytearray(head, "utf-8", "surrogatepass")
    for part in rest:
        found += _escaped(part[:2])
        found += part[2:].encode("utf-8", "surrogatepass")
    return found.decode("utf-8", "surrogatepass")


def _escaped(digits: str) -> bytes:
    """Returns the byte for two hexadecimal digits after a percent sign; anything else is kept as written."""
    if len(digits) == 2 and digits.isascii() and digits.isalnum():
        try:
            return bytes((int(digits, 16),))
        except ValueError:
            pass
    return b"%" + digits.encode("utf-8", "surrogatepass")


def split_name(name: str) -> list[str]:
    """Returns `a[b][0]` as `["a", "b", "0"]`, `k[]` as `["k", ""]`; a name with unbalanced brackets is one segment."""
    head, bracket, rest = name.partition("[")
    if not bracket or not rest.endswith("]") or not head:
        return [name]
    path = [head, *rest[:-1].split("][")]
    return path if len(path) <= MAX_DEPTH else [name]


def _insert(root: dict[str, ParamTree], path: list[str], value: str) -> None:
    node = root
    for depth, segment in enumerate(path[:-1]):
        key = segment if segment or depth == 0 else _element(node, path[depth + 1])
        inner = node.get(key)
        if not isinstance(inner, dict):
            inner = node[key] = {} if path[depth + 1] else _Elements()
        node = inner
    last = path[-1]
    node[str(len(node)) if last == "" and len(path) > 1 else last] = value


def _element(node: dict[str, ParamTree], member: str) -> str:
    """Returns the index that empty brackets stand for: the last element, or a new one if that already has `member`."""
    last = node.get(str(len(node) - 1))
    return str(len(node) - 1 if isinstance(last, dict) and member and member not in last else len(node))


def _lists(value: ParamTree) -> ParamTree:
    if not isinstance(value, dict):
        return value
    inner = {key: _lists(item) for key, item in value.items()}
    indexes = [str(index) for index in range(len(inner))]
    if not inner or inner.keys() != set(indexes):
        return inner
    return (Elements if isinstance(value, _Elements) else list)(inner[index] for index in indexes)
