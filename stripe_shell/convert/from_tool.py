"""Reads a line of Stripe's command-line tool (`stripe customers create --email=…`) as a call."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

from stripe_shell.convert.foreign import ForeignCall, NotConverted
from stripe_shell.records import field, record
from stripe_shell.spec.model import Operation
from stripe_shell.spec.table import Table
from stripe_shell.wire import decode_form, form_text

#: Options that say nothing about the parameters; those with a value, and those without.
_WITH_VALUE = frozenset({"--api-key", "--color", "--config", "--device-name", "--log-level", "--project-name", "-p"})
_WITHOUT = frozenset({"--live", "--confirm", "-c", "--show-headers", "-s", "--dark-style", "--help", "-h"})
_METHODS = ("get", "post", "delete")
_OTHER = frozenset({"listen", "trigger", "login", "logs", "fixtures", "samples", "serve", "open", "config", "status"})
_SHORT = {"-e": "expand[]", "-l": "limit", "-a": "starting_after", "-b": "ending_before"}


@record(frozen=False)
class _Read:
    """What the line says: its words, its parameters as form text, and its headers."""

    words: list[str] = field(default_factory=list)
    form: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)


def calls_of_tool(text: str, table: Table) -> Iterator[ForeignCall]:
    """Yields the call of the line. Raises NotConverted for a command that is no call."""
    try:
        words = shlex.split(text.replace("\\\r\n", "\\\n"), comments=True)
    except ValueError as error:
        raise NotConverted(f"the line is not complete: {error}") from None
    read = _Read()
    _read_words(words[1:], read)
    if not read.words or read.words[0] in _OTHER:
        raise NotConverted(f"`stripe {' '.join(read.words[:1])}` is no call of the API".replace(" `", "`"))
    params = decode_form("&".join(read.form))
    method, path = _raw(read.words, table) if read.words[0] in _METHODS else _named(read.words, params, table)
    headers = read.headers
    yield ForeignCall(
        method, path, params, headers.get("account"), headers.get("version"), headers.get("idempotency_key")
    )


def _read_words(words: list[str], read: _Read) -> None:
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if not word.startswith("-"):
            read.words.append(word)
        elif name in _WITHOUT and not equals:
            continue
        else:
            _read_option(name, value if equals else next(rest, ""), read)


def _read_option(name: str, value: str, read: _Read) -> None:
    if name in {"-d", "--data"}:
        read.form.append(_encoded(*value.partition("=")[::2]))
    elif name in {"-i", "--idempotency"}:
        read.headers["idempotency_key"] = value
    elif name == "--stripe-account":
        read.headers["account"] = value
    elif name in {"-v", "--stripe-version"}:
        read.headers["version"] = value
    elif name in _SHORT or name == "--expand":
        read.form.append(_encoded(_SHORT.get(name, "expand[]"), value))
    elif name not in _WITH_VALUE:
        head, *inner = name.lstrip("-").replace("-", "_").split(".")
        read.form.append(_encoded(head + "".join(f"[{step}]" for step in inner), value))


def _encoded(name: str, value: str) -> str:
    from urllib.parse import quote_plus

    return f"{name}={quote_plus(form_text(value))}"


def _raw(words: list[str], table: Table) -> tuple[str, str]:
    """`stripe get cus_…`, `stripe post /v1/customers`."""
    from stripe_shell.convert.ids import path_of_id

    method, target = words[0].upper(), words[1] if len(words) > 1 else ""
    path = target if target.startswith("/") else path_of_id(target, table)
    if path is None:
        raise NotConverted(f"`{target}` is no path and no id of an object")
    return method, path if path.startswith(("/v1/", "/v2/")) else f"/v1{path}"


def _named(words: list[str], params: dict[str, Any], table: Table) -> tuple[str, str]:
    """`stripe checkout sessions create`, `stripe customers update cus_…`."""
    operation, values = find_words(words, table)
    return operation.method, fill(operation, values, params)


def find_words(words: list[str], table: Table) -> tuple[Operation, list[str]]:
    """Returns the operation that resource words and an action name, and the words behind them.

    Raises NotConverted when there is none.
    """
    for size in (3, 2, 1):
        entity = table.canonical(".".join(words[:size])) or table.canonical("_".join(words[:size]))
        if entity is None or len(words) <= size:
            continue
        action = words[size]
        for name in (action, {"modify": "update", "del": "delete"}.get(action, "")):
            if (operation := table.operation(name, entity)) is not None:
                return operation, words[size + 1 :]
        raise NotConverted(f"`{entity}` has no action `{action}`; it has {', '.join(table.actions(entity))}")
    raise NotConverted(f"`{' '.join(words[:2])}` is no resource of Stripe's API")


def fill(operation: Operation, values: list[Any], params: dict[str, Any]) -> str:
    """Returns the path with the values of its placeholders, in their order, else from `params`, which lose them."""
    from stripe_shell.convert.foreign import CodeReference

    path = operation.path
    rest = list(values)
    for name in operation.path_params:
        value = rest.pop(0) if rest else params.pop(name, None)
        if value is None:
            raise NotConverted(f"the {name} is missing: `{operation.name}` takes an id")
        path = path.replace(f"{{{name}}}", f"${{{value.text}}}" if isinstance(value, CodeReference) else str(value))
    return path
