"""What is filled in for a row is what resolving the block for that row returns: the call, its request, its problems."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest

from stripe_shell.diagnostics import SourceText
from stripe_shell.engine import resolver
from stripe_shell.engine.encode import encode
from stripe_shell.engine.resolve import Resolution, resolve
from stripe_shell.engine.resolver import Resolver
from stripe_shell.engine.scope import Scope
from stripe_shell.lang.ast import Block
from stripe_shell.lang.parser import parse
from stripe_shell.spec.model import Operation, Shape
from stripe_shell.spec.table import Table, load_table

NOW = 1_790_000_000
VALUES: Sequence[Any] = [
    "Ann", "", "12", "-3", "1.5", "true", "usd", "eur", "xyz", "now+3d", "2026-01-31T00:00:00Z", "a,b", "ü&=%", "cus_1",
    "x" * 600, "[1]", '{"a": 1}', "${row.b}", "card", "month", "pm_card_visa", "all", " ", "\0hole 0\0", "2_000",
    7, 0, -1, True, False, None, 1.25, ["a", "b"], [], ["usd", 3], {"a": "b"}, {"0": "b"}, {},
]  # fmt: skip


def block_of(text: str) -> Block:
    block = parse(SourceText("rows.stripe", text))[0].items[0]
    assert isinstance(block, Block)
    return block


def scope_of(row: dict[str, Any]) -> Scope:
    scope = Scope(now=NOW, seed="s", environment={"KEY": "k"}).with_variable("word", "w", written=True)
    return scope.with_variable("row", row)


def stamped(scopes: Sequence[Scope], key: str) -> list[Scope]:
    """The scopes of rows whose loop has `stamp=metadata.KEY`."""
    return [scope.with_settings(stamp=(key, f"run7/{number}")) for number, scope in enumerate(scopes)]


def requests_of(resolution: Resolution) -> Any:
    call = resolution.call
    if call is None or call.operation.encoding == "multipart":
        return call
    return encode(call, version="v", idempotency_key="k"), call.spans


def compare(text: str, scopes: Sequence[Scope], table: Table) -> None:
    block, shared = block_of(text), Resolver(table)
    for scope in scopes:
        wanted = resolve(block, shared.table_of(block, scope), scope)
        found = shared.resolve(block, scope)
        assert found == wanted
        assert requests_of(found) == requests_of(wanted)


def lines_of(operation: Operation, draw: random.Random) -> list[str]:
    lines = [f"{name}: {draw.choice(['x_1', '${row.a}', 'x_${row.b}'])}" for name in operation.path_params]
    for name, field in operation.params.fields.items():
        if field.required or draw.random() < 0.2:
            lines += lines_for(name, field.shape, draw)
    return lines


def lines_for(name: str, shape: Shape, draw: random.Random) -> list[str]:
    if shape.kind == "union" and draw.random() < 0.7:
        return lines_for(name, draw.choice(shape.variants), draw)
    if shape.kind == "object" and shape.fields:
        names = [each for each in shape.fields if each in shape.required or draw.random() < 0.3]
        return [line for each in names for line in lines_for(f"{name}.{each}", shape.fields[each].shape, draw)]
    if shape.kind == "array" and shape.items is not None and draw.random() < 0.7:
        places = draw.choice([("0",), ("0", "1"), ("1",), ("",)])
        return [line for place in places for line in lines_for(f"{name}[{place}]", shape.items, draw)]
    if shape.kind == "map":
        return [f"{name}.a: ${{row.b}}", f"{name}.b: {draw.choice(shape.enum or ('c',))}"]
    literal = draw.choice([*shape.enum, "3", "usd", "true", "now", '["a"]', '{"a": "${row.c}"}'])
    written = draw.choice([literal, "${row.a}", "${row.b}", "x${row.c}", "${env:KEY}", '"${row.a}"'])
    return [f"{name}: {written}"]


@pytest.mark.parametrize("seed", range(20))
def test_rows_of_every_kind_of_call(seed: int) -> None:
    table, draw = load_table(), random.Random(seed)
    entities = sorted(table.entities())
    for _ in range(25):
        entity = table.entity(draw.choice(entities))
        assert entity is not None
        action = draw.choice(sorted(entity.operations))
        lines = lines_of(entity.operations[action], draw)
        text = "\n".join([f"/sandbox {action} {entity.name}", *lines, ""])
        rows = [{name: draw.choice(VALUES) for name in "abc"} for _ in range(6)]
        plain = [dict.fromkeys("abc", value) for value in ("Ann", "Ben")]
        scopes = [scope_of(row) for row in (*plain, *rows)]
        compare(text, scopes, table)
        compare(text, stamped(scopes, draw.choice("ab")), table)


@pytest.mark.parametrize(
    "lines",
    [
        ["email: ${row.a}", "name: ${row.b}"],
        ["email: ${row.a}", "email: ${row.b}"],
        ["email: a@b.co", "name: A", "metadata.x: ${row.a}", "metadata.y: ${later.id}"],
        ["email: ${later.email}", "name: ${row.a}"],
        ["email: ${row.a}", "name: A", "metadata: ${row.b}"],
        ["email: ${row.a}", "name: A", 'metadata: {"x": "${row.b}", "y": "1"}'],
        ["email: ${row.a}", "name: A", "metadata: ${later.email}"],
        ["email: a@b.co", "name: A", "@idempotency_key ${row.a}"],
        ["email: a@b.co", "name: ${row.b}", "@account ${row.a}"],
        ["email: a@b.co", "name: ${row.b}", "@version ${row.a}"],
        ["email: a@b.co", "name: ${row.b}", "@version 2020-08-27"],
        ["email: a@b.co", "name: ${row.b}", "@raw new=${row.a}"],
        ["email: a@b.co", "name: ${row.b:-none}", "description: ${word}"],
        ["email: a@b.co", "name: A", 'shipping: {"name": "${row.a}", "address": {"city": "${row.b}"}}'],
        ["email: a@b.co", "name: A", "preferred_locales[0]: ${row.a}", "preferred_locales[1]: ${row.b}"],
        ["email: a@b.co", "name: A", "preferred_locales: ${row.a}"],
        ["emial: ${row.a}"],
        ["/ create subscription", "customer: ${row.a}", "customer_id: ${row.b}", "items[0].price: price_1"],
        ["/ list customers", "limit: ${row.a}"],
        ["/ list customers", "limit: 3", "email: ${row.a}", "expand[]: ${row.b}"],
        ["/ retrieve customer", "id: ${row.a}", "customer_id: ${row.b}"],
    ],
)
def test_rows_of_one_call(lines: list[str]) -> None:
    head = lines[0].replace("/", "/sandbox") if lines[0].startswith("/") else "/sandbox create customer"
    scopes = [scope_of({"a": "Ann", "b": "Ben"}), scope_of({"a": "Cid", "b": "Dan"})]
    scopes += [scope_of({"a": left, "b": right}) for left in VALUES for right in VALUES[:12]]
    later = [scope.with_deferred("later") for scope in scopes]
    saved = [scope.with_capture("later", {"id": "cus_2", "email": None}) for scope in scopes]
    same = [scope_of({"a": value, "b": value}) for value in ("Eve", "Fay", "5", "6", 7, 500)]
    every, text = [*same, *scopes, *later, *saved], "\n".join([head, *lines[lines[0].startswith("/") :], ""])
    compare(text, every, load_table())
    compare(text, stamped(every, "x"), load_table())


def test_settings_that_change_are_heeded() -> None:
    rows = [scope_of({"a": name}) for name in ("Ann", "Ben", "Cid")]
    others = [row.with_settings(account="acct_2") for row in rows] + [row.with_settings(spec="stripe") for row in rows]
    others += [*stamped(rows, "x"), *stamped(rows, "y"), *stamped(others, "x")]
    compare("/sandbox create customer email=${row.a}\n", [*rows, *others, *rows], load_table())
    compare("/sandbox create customer email=${row.a}\n", [*stamped(rows, "x"), *others, *rows], load_table())


@pytest.mark.parametrize("key", ["", "x"])
def test_rows_are_filled_in(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    calls = []

    def count(block: Block, table: Table, scope: Scope) -> Resolution:
        calls.append(scope)
        return resolve(block, table, scope)

    monkeypatch.setattr(resolver, "resolve", count)
    block = block_of("/sandbox create customer email=${row.a} name=A metadata.b=${row.b}\n")
    shared = Resolver(load_table())
    scopes = [scope_of({"a": f"{number}@b.co", "b": number}) for number in range(50)]
    for scope in [*scopes[:10], *stamped(scopes, key)] if key else scopes:
        shared.resolve(block, scope)
    assert len(calls) == (3 if key else 2)  # the check has no stamps
