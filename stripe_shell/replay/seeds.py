"""Creates the objects that a page uses before it creates them, from the rows it shows, in dependency order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from stripe_shell.engine.encode import encode
from stripe_shell.engine.idempotency_keys import idempotency_key
from stripe_shell.engine.links import Link
from stripe_shell.engine.resolve import BlockCall
from stripe_shell.records import record
from stripe_shell.replay.errata import Errata
from stripe_shell.replay.page import Example
from stripe_shell.replay.symbols import Bindings, compare, is_symbol, substitute, symbols_in, symbols_of_block
from stripe_shell.spec.model import Operation
from stripe_shell.spec.table import Table
from stripe_shell.wire import Request, Response


@record
class SeedResult:
    """The created objects (`bindings` of symbols to ids), and why others could not be created (`skipped`, `failed`)."""

    bindings: Bindings
    skipped: Mapping[str, str]
    failed: Mapping[str, str]


@record
class Document:
    """The objects of a page's symbols, as the page documents them.

    `creators` maps a symbol to the index of the example that creates it, or the object that it is part of. `needed` are
    the symbols used before that; `answers` the documented response of each example.
    """

    rows: Mapping[str, dict[str, Any]]
    creators: Mapping[str, int]
    needed: tuple[str, ...]
    answers: tuple[Any, ...]


def read_document(examples: Sequence[Example], errata: Errata) -> Document:
    """Collects the rows, the example that creates each symbol, and the symbols used before their creation."""
    rows: dict[str, dict[str, Any]] = {}
    creators: dict[str, int] = {}
    parts: dict[str, int] = {}
    for index, example in enumerate(examples):
        for row in _rows_in(example.expected):
            rows[row["id"]] = {**row, **rows.get(row["id"], {})}
        created = example.expected.get("id") if isinstance(example.expected, dict) else None
        if example.name.startswith("create ") and created is not None and is_symbol(created):
            creators.setdefault(created, index)
            for symbol in _parts_of(example, errata):
                parts.setdefault(symbol, index)
    creators = {**parts, **creators}
    wanted = [
        symbol
        for index, example in enumerate(examples)
        for symbol in (*symbols_of_block(example.block), *_objects_of(example, errata))
        if creators.get(symbol, len(examples)) > index
    ]
    return Document(rows, creators, tuple(dict.fromkeys(wanted)), tuple(example.expected for example in examples))


def _parts_of(example: Example, errata: Errata) -> Iterator[str]:
    """Yields the symbols of objects inside a response that are created with it, such as subscription items."""
    given = {*symbols_of_block(example.block), *(erratum.symbol for erratum in errata.errata)}
    yield from (row["id"] for row in _rows_in(example.expected) if row["id"] not in given)


def _rows_in(data: Any) -> Iterator[dict[str, Any]]:
    """Yields every object with a documented id."""
    if isinstance(data, dict):
        if is_symbol(data.get("id")):
            yield data
        for value in data.values():
            yield from _rows_in(value)
    elif isinstance(data, list):
        for value in data:
            yield from _rows_in(value)


def _objects_of(example: Example, errata: Errata) -> Iterator[str]:
    """Yields the symbols in a response of objects that are not created with it.

    The parts of a created object (subscription items) are created with it; a price in such a part is not.
    """
    expected = example.expected
    if not isinstance(expected, dict):
        return
    if isinstance(expected.get("data"), list) or not example.name.startswith("create "):
        yield from symbols_in(expected)
    else:
        known = {erratum.symbol for erratum in errata.errata}
        yield from (symbol for symbol in symbols_in(expected) if symbol != expected.get("id") and symbol in known)


@record(frozen=False)
class Seeder:
    """Creates the objects that a page needs. `create_example` runs a create example early and returns its body.

    When the example runs again in its turn, its idempotency key returns the same object.
    """

    document: Document
    errata: Errata
    table: Table
    link: Link
    run_id: str
    create_example: Callable[[int, Bindings], dict[str, Any] | None]

    def seed(self) -> SeedResult:
        """Creates all objects."""
        state = _State({}, {}, {})
        for symbol in self.document.needed:
            self._make(symbol, state, ())
        return SeedResult(state.bindings, state.skipped, state.failed)

    def _make(self, symbol: str, state: _State, chain: tuple[str, ...]) -> None:
        if state.knows(symbol):
            return
        if symbol in chain:
            state.failed[symbol] = f"{' → '.join((*chain, symbol))} depend on each other"
            return
        if symbol in self.document.creators:
            self._run_creator(symbol, state, chain)
            return
        row = self.document.rows.get(symbol)
        if row is None:
            state.failed[symbol] = f"the page never shows what {symbol} is"
            return
        parameters = {**{k: v for k, v in row.items() if k != "id"}, **self.errata.seeds(symbol)}
        self._make_dependencies(parameters, symbol, state, chain)
        operation = self.table.operation("create", str(row.get("object")))
        if operation is None or any(name not in parameters for name in operation.path_params):
            self._put(symbol, row, state)
        else:
            self._create(symbol, row, operation, state)

    def _make_dependencies(self, data: Any, symbol: str, state: _State, chain: tuple[str, ...]) -> None:
        for other in symbols_in(data):
            if other != symbol:
                self._make(other, state, (*chain, symbol))

    def _run_creator(self, symbol: str, state: _State, chain: tuple[str, ...]) -> None:
        index = self.document.creators[symbol]
        body = self.create_example(index, state.bindings)
        if body is None or "id" not in body:
            state.failed[symbol] = "its create example did not succeed when it was run early"
            return
        state.bindings |= compare(self.document.answers[index], body, state.bindings).bindings
        if symbol not in state.bindings:
            state.failed[symbol] = "its create example answered no such object when it was run early"

    def _create(self, symbol: str, row: Mapping[str, Any], operation: Operation, state: _State) -> None:
        known = operation.params.fields
        names = {**row, **self.errata.seeds(symbol)}
        path_params = {name: str(substitute(names[name], state.bindings)) for name in operation.path_params}
        parameters = {key: value for key, value in row.items() if key in known and key != "id"}
        tree = substitute({**parameters, **self.errata.seeds(symbol)}, state.bindings)
        lacking = [name for name, field in known.items() if field.required and name not in tree]
        if lacking:
            missing = ", ".join(f"`{name}`" for name in lacking)
            state.failed[symbol] = f"the page does not say its {missing}: an erratum can (`symbol`, `seed`)"
            return
        body = self._send(BlockCall(operation, path_params, tree), f"seed {symbol}")
        if "id" not in body:
            state.failed[symbol] = _message(body, "it could not be created")
            return
        state.bindings[symbol] = body["id"]
        self._bring_to_status(symbol, row, body, state)

    def _bring_to_status(self, symbol: str, row: Mapping[str, Any], body: Mapping[str, Any], state: _State) -> None:
        """Cancels an object that the page shows as canceled. Adds a failure to `state`."""
        if row.get("status") != "canceled" or body.get("status") == "canceled":
            return
        operation = self.table.operation("cancel", str(row.get("object")))
        if operation is None or operation.path_params != (operation.object_param,):
            return
        answer = self._send(
            BlockCall(operation, dict.fromkeys(operation.path_params, body["id"]), {}), f"cancel {symbol}"
        )
        if answer.get("status") != "canceled":
            state.failed[symbol] = "it could not be canceled"

    def _put(self, symbol: str, row: dict[str, Any], state: _State) -> None:
        """Seeds an object without a create operation in the sandbox; skips it on other connections."""
        if self.link.mode != "sandbox":
            state.skipped[symbol] = f"{symbol}: a {row.get('object')} cannot be created on a real account"
            return
        body = json.dumps({"objects": [substitute(row, state.bindings)]}).encode()
        response = self.link.transport.send(Request("POST", "/_sandbox/seed", body=body))
        if response.ok:
            state.bindings[symbol] = symbol
        else:
            state.failed[symbol] = _message(_body(response), "it could not be put there")

    def _send(self, call: BlockCall, step: str) -> dict[str, Any]:
        """Sends a call and returns the body, empty if it is not an object. Raises the transport's exceptions."""
        version = self.link.version or self.table.version
        key = idempotency_key(self.run_id, step)
        request = encode(call, version=version, account=self.link.account, idempotency_key=key)
        return _body(self.link.transport.send(request))


def _body(response: Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _message(body: Mapping[str, Any], otherwise: str) -> str:
    error = body.get("error")
    return str(error.get("message", otherwise)) if isinstance(error, dict) else otherwise


@record(frozen=False)
class _State:
    bindings: dict[str, str]
    skipped: dict[str, str]
    failed: dict[str, str]

    def knows(self, symbol: str) -> bool:
        return symbol in self.bindings or symbol in self.skipped or symbol in self.failed
