"""Reads a call of an official library: Python, Node, Ruby, PHP. Their literals are close enough for one reader."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from stripe_shell.convert.foreign import CodeReference, ForeignCall, NotConverted
from stripe_shell.convert.from_tool import fill, find_words
from stripe_shell.patterns import pattern
from stripe_shell.records import record
from stripe_shell.spec.table import Table

_CHAIN = pattern(r"\$?[A-Za-z_]\w*(?:\s*(?:\.|::|->)\s*[A-Za-z_]\w*)+\s*\(")
_TOKEN = pattern(
    r"""\s+|\#[^\n]*|//[^\n]*|/\*.*?\*/"""
    r"""|(?P<string>[bur]?(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`))"""
    r"""|(?P<number>-?\d[\d_]*(?:\.\d+)?)(?![\w])"""
    r"""|(?P<name>[:$]?[A-Za-z_]\w*(?:(?:\.|->|\?\.)[A-Za-z_]\w*|\[(?:\d+|"\w+"|'\w+')\])*(?P<call>\()?)"""
    r"""|(?P<sign>=>|\*\*|[{}\[\](),:=])""",
    re.S,
)
_WORDS: Final = {
    "true": True, "True": True, "false": False, "False": False,
    "null": None, "None": None, "nil": None, "undefined": None, "NULL": None,
}  # fmt: skip
#: Words that begin a chain and name no resource.
_CLIENTS: Final = frozenset({"stripe", "client", "stripe_client", "v1"})
_OPTIONS: Final = {
    "idempotency_key": "idempotency_key", "idempotencyKey": "idempotency_key",
    "stripe_account": "account", "stripeAccount": "account",
    "stripe_version": "version", "stripeVersion": "version", "apiVersion": "version",
}  # fmt: skip
_CREDENTIALS: Final = frozenset({"api_key", "apiKey"})
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r"}


def calls_of_snippet(text: str, table: Table) -> Iterator[ForeignCall]:
    """Yields the calls to Stripe in a snippet. Raises NotConverted when there is none, or one is more than literals."""
    found, why = [], "there is no call of Stripe's library in it"
    position = 0
    while match := _CHAIN.search(text, position):
        position = match.end()
        words = _words_of(match[0])
        try:
            operation_words = find_words(words, table)
        except NotConverted as error:
            why = str(error) if words and table.canonical(words[0]) else why
            continue
        arguments = _Reader(text, match.end()).arguments()
        found.append(_call(operation_words, arguments))
    if not found:
        raise NotConverted(why)
    yield from found


def _words_of(chain: str) -> list[str]:
    """`stripe.checkout.Session.create(` as `checkout`, `session`, `create`."""
    names = [_snake(name) for name in re.findall(r"[A-Za-z_]\w*", chain)]
    while names and names[0] in _CLIENTS:
        names = names[1:]
    return names


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _call(found: Any, arguments: _Arguments) -> ForeignCall:
    operation, _ = found
    objects = [value for value in arguments.positional if isinstance(value, dict)]
    values = [value for value in arguments.positional if not isinstance(value, dict)]
    params: dict[str, Any] = dict(objects[0]) if objects else {}
    params |= arguments.named
    for name in ("params", "options"):
        if isinstance(inner := params.get(name), dict):
            del params[name]
            params |= inner
    for each in objects[1:]:
        params |= each
    options = {word: str(params.pop(name)) for name, word in _OPTIONS.items() if name in params}
    notes = tuple(f"`{name}` is left out" for name in _CREDENTIALS if params.pop(name, None) is not None)
    if "id" in params and not values and operation.path_params:
        values = [params.pop("id")]
    params = {name: value for name, value in params.items() if value is not None}
    path = fill(operation, values, params)
    account, version, key = (options.get(name) for name in ("account", "version", "idempotency_key"))
    return ForeignCall(operation.method, path, params, account, version, key, notes)


# --- literals -------------------------------------------------------------------------------------------------------


@record
class _Arguments:
    positional: list[Any]
    named: dict[str, Any]


@record
class _Token:
    kind: str
    text: str


class _Reader:
    """Reads literals from a position of the text on. Raises NotConverted for code."""

    def __init__(self, text: str, position: int) -> None:
        self._text = text
        self._position = position
        self._token = self._next()

    def arguments(self) -> _Arguments:
        """Reads the arguments of a call up to its closing bracket."""
        found = _Arguments([], {})
        self._entries(")", found)
        return found

    def _next(self) -> _Token:
        while self._position < len(self._text):
            match = _TOKEN.match(self._text, self._position)
            if match is None:
                raise NotConverted(
                    f"`{self._text[self._position : self._position + 20].strip()}` is more than a literal"
                )
            self._position = match.end()
            if match["call"]:
                raise NotConverted(f"`{match['name']}…)` is code: put its value there")
            for kind in ("string", "number", "name", "sign"):
                if match[kind] is not None:
                    return _Token(kind, match[kind])
        return _Token("end", "")

    def _take(self) -> _Token:
        token, self._token = self._token, self._next()
        return token

    def _is(self, *signs: str) -> bool:
        return self._token.kind == "sign" and self._token.text in signs

    def _entries(self, closing: str, found: _Arguments) -> None:
        """Reads values and named values up to the closing sign, which is taken only where more may follow."""
        while not self._is(closing):
            if self._token.kind == "end":
                raise NotConverted(f"the call is not complete: `{closing}` is missing")
            if self._is("**"):
                raise NotConverted("`**` is code: write its values out")
            key = self._token
            value = self._value()
            if self._is(":", "=>", "="):
                self._take()
                found.named[_key(key)] = self._value()
            elif key.kind == "name" and key.text.endswith(":"):
                found.named[_key(key)] = self._value()
            else:
                found.positional.append(value)
            if self._is(","):
                self._take()
        if self._text[self._position - 1] != ")" or closing != ")":
            self._take()

    def _value(self) -> Any:
        token = self._token
        if token.kind == "sign" and token.text in "{[(":
            self._take()
            inner = _Arguments([], {})
            self._entries({"{": "}", "[": "]", "(": ")"}[token.text], inner)
            return inner.named if inner.named or token.text == "{" else inner.positional
        if token.kind not in {"string", "number", "name"}:
            raise NotConverted(f"`{token.text or 'the end'}` where a value is expected")
        self._take()
        return _literal(token)


def _literal(token: _Token) -> Any:
    text = token.text
    if token.kind == "string":
        return _unquoted(text)
    if token.kind == "number":
        number = text.replace("_", "")
        return number if "." in number else int(number)
    if text in _WORDS:
        return _WORDS[text]
    if text.startswith(":"):
        return text[1:]
    plain = re.sub(r"\[[\"'](\w+)[\"']\]", r".\1", text.lstrip("$").replace("->", ".").replace("?.", "."))
    return CodeReference(_snake(plain))


def _unquoted(text: str) -> str:
    quote = text[-1]
    inner = text[text.index(quote) + 1 : -1]
    if quote == "`" and "${" in inner:
        raise NotConverted(f"{text} is code: put its value there")
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), inner, flags=re.S)


def _key(token: _Token) -> str:
    return _unquoted(token.text) if token.kind == "string" else token.text.strip(":")
