"""Writes a call as the lines of a block, and parses and resolves them to verify that they make the same request."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from stripe_shell.diagnostics import Diagnostic, SourceText, Span
from stripe_shell.engine.encode import encode, fill_path
from stripe_shell.engine.evaluate import evaluate_text
from stripe_shell.engine.resolve import BlockCall, resolve
from stripe_shell.engine.scope import Scope, plain_text
from stripe_shell.engine.values import coerce, elements, read_literal
from stripe_shell.lang import build
from stripe_shell.lang.ast import Block, Directive, Key, Param, RawParam, Value
from stripe_shell.lang.build import NOWHERE
from stripe_shell.lang.format import format_block
from stripe_shell.lang.parser import parse
from stripe_shell.records import record
from stripe_shell.spec.model import Operation, Shape
from stripe_shell.spec.names import documented_name
from stripe_shell.spec.shapes import shape_at
from stripe_shell.spec.table import Table
from stripe_shell.wire import ExactFloat, ParamTree, form_pairs, form_text

_REFERENCE = re.compile(r"(?<!\$)\$\{[^}]*\}")
_PLAIN = re.compile(r"[\w./:-]+")


@record
class Leaf:
    """One parameter: its path, its value, the text of that with the script's references (None: no text), its span."""

    path: tuple[str, ...]
    value: ParamTree
    text: str | None
    span: Span


@record
class WrittenCall:
    """The lines, the host of the request, why the call is written by its path (None: it is not), and problems."""

    items: tuple[Param | Directive, ...]
    host: str
    by_path: str | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


def write_call(method: str, path: str, leaves: Sequence[Leaf], table: Table, scope: Scope) -> WrittenCall:
    """Writes the call of `method` and `path` (with the script's references) as lines.

    Uses the names of the table where it knows the operation, with `@raw` for parameters that do not fit it; otherwise
    the method and path.
    """
    wanted = _TargetCall(method.upper(), path, leaves, scope)
    found = _find_operation(method, path, table)
    why = "the table does not know it"
    if found is not None:
        operation, path_params = found
        raw: set[tuple[str, ...]] = set()
        for _ in range(len(leaves) + 2):
            items = (*_head(operation, path_params, table), *_param_lines(leaves, operation, raw))
            attempt = _attempt(items, table, scope)
            if not attempt.errors and attempt.call is not None and wanted.is_met(attempt.call):
                return WrittenCall(items, operation.host)
            more = _misfits(attempt, leaves, wanted, operation)
            if not more - raw:
                break
            raw |= more
        why = next((d.message for d in attempt.errors), "its parameters would come out otherwise")
    return _by_path(wanted, leaves, table, scope, why)


def _by_path(target: _TargetCall, leaves: Sequence[Leaf], table: Table, scope: Scope, why: str) -> WrittenCall:
    head = (build.param(("action",), build.value(target.method.lower())),)
    entity = (build.param(("entity",), build.value(target.path)),)
    as_json = target.method == "POST" and target.path.startswith("/v2/")
    lines = tuple(build.param(leaf.path, _unchecked(leaf, as_json)) for leaf in leaves)
    items = (*head, *entity, *lines)
    attempt = _attempt(items, table, scope)
    if any(error.code.startswith("E1") for error in attempt.errors):
        message = "the name of a parameter cannot be written in a script"
        return WrittenCall(items, "api", why, (Diagnostic("E601", message, leaves[0].span if leaves else None),))
    if attempt.errors:
        return WrittenCall(items, "api", why, tuple(attempt.errors))
    if attempt.call is None or not target.is_met(attempt.call):
        message = "its parameters would come out otherwise, also when it is written as a path"
        return WrittenCall(items, "api", why, (Diagnostic("E601", message, leaves[0].span if leaves else None),))
    return WrittenCall(items, attempt.call.operation.host, why)


# --- finding the operation ----------------------------------------------------------------------------------


def _find_operation(method: str, path: str, table: Table) -> tuple[Operation, dict[str, str]] | None:
    """Returns the operation of the table and the values of its placeholders, references unresolved."""
    references = _REFERENCE.findall(path)
    pieces, mark = _REFERENCE.split(path), "zz"
    while mark in path:
        mark += "z"
    marks = "".join(f"{piece}{mark}{index}{mark}" for index, piece in enumerate(pieces[:-1])) + pieces[-1]
    found = table.match(method.upper(), marks)
    if found is None:
        return None
    operation, values = found
    filled = {
        name: re.sub(rf"{mark}(\d+){mark}", lambda match: references[int(match[1])], build.escaped(text))
        for name, text in values.items()
    }
    return operation, filled


def _head(operation: Operation, path_params: dict[str, str], table: Table) -> Iterator[Param]:
    aliases = {name: alias for alias, name in table.action_aliases().items()}
    yield build.param(("action",), build.value(aliases.get(operation.action, operation.action)))
    yield build.param(("entity",), build.value(operation.entity))
    for name, text in path_params.items():
        yield build.param((documented_name(operation, name),), build.value(text))


# --- lines --------------------------------------------------------------------------------------------------


def _param_lines(
    leaves: Sequence[Leaf], operation: Operation, raw: set[tuple[str, ...]]
) -> Iterator[Param | Directive]:
    """Yields the parameters, followed by those of `@raw`."""
    for lists in _grouped(leaves, operation, raw):
        if len(lists) > 1:
            yield build.param(lists[0].path[:-1], build.value(", ".join(str(leaf.value) for leaf in lists)))
        elif lists[0].path not in raw:
            yield build.param(lists[0].path, _leaf_value(lists[0], shape_at(operation.params, lists[0].path)))
    for leaf in leaves:
        if leaf.path in raw:
            yield build.directive("raw", RawParam(Key(leaf.path, NOWHERE), _leaf_value(leaf, None), NOWHERE))


def _grouped(leaves: Sequence[Leaf], operation: Operation, raw: set[tuple[str, ...]]) -> Iterator[list[Leaf]]:
    """Yields each leaf alone, but the elements of a list of plain words together."""
    rest = list(leaves)
    while rest:
        parent = rest[0].path[:-1]
        count = 0
        while count < len(rest) and rest[count].path == (*parent, str(count)):
            count += 1
        group = rest[:count]
        shape = shape_at(operation.params, parent) if parent and count > 1 else None
        plain = all(leaf.path not in raw and leaf.text is not None and _PLAIN.fullmatch(leaf.text) for leaf in group)
        texts = [str(leaf.text) for leaf in group]
        plain = plain and elements(", ".join(texts)) == texts  # a word behind a URL would be read as a part of it
        size = count if shape is not None and shape.kind == "array" and plain else 1
        yield rest[:size]
        del rest[:size]


def _leaf_value(leaf: Leaf, shape: Shape | None) -> Value:
    if leaf.text == "${now}" and shape is not None and shape.form == "date-time":
        return build.value("now")
    return build.value(form_text(leaf.value) if leaf.text is None else leaf.text)


def _unchecked(leaf: Leaf, as_json: bool) -> Value:
    """Returns a value that the table does not type: in JSON, text that looks like a number is quoted."""
    if not as_json:
        return _leaf_value(leaf, None)
    if leaf.text is None:
        return build.value("null" if leaf.value is None else json.dumps(leaf.value))
    looks = read_literal(leaf.text) != leaf.text
    return build.value(leaf.text, "double" if looks else "bare")


# --- trying them out ----------------------------------------------------------------------------------------


@record
class _Attempt:
    """The lines parsed and resolved: the call, and the problems with the item that each concerns."""

    call: BlockCall | None
    errors: list[Diagnostic]
    wrong: list[Param | Directive]


def _attempt(items: tuple[Param | Directive, ...], table: Table, scope: Scope) -> _Attempt:
    block = Block("sandbox", items, 0, None, NOWHERE, NOWHERE)
    script, problems = parse(SourceText("<converted>", format_block(block)))
    read = script.items[0]
    if not isinstance(read, Block):
        return _Attempt(None, list(problems), [])
    resolved = resolve(read, table, scope)
    errors = [d for d in (*problems, *resolved.diagnostics) if d.severity == "error"]
    wrong = [
        item
        for item, line in zip(items, read.items, strict=False)
        if any(d.span and line.span.start <= d.span.start < max(line.span.end, d.span.start) for d in errors)
    ]
    return _Attempt(resolved.call, errors, wrong)


def _misfits(
    attempt: _Attempt, leaves: Sequence[Leaf], target: _TargetCall, operation: Operation
) -> set[tuple[str, ...]]:
    """Returns the leaves that the table rejects, or that would be sent differently."""
    paths = [item.key.path for item in attempt.wrong if isinstance(item, Param)]
    misfits = {leaf.path for leaf in leaves for path in paths if leaf.path[: len(path)] == path}
    misfits |= {leaf.path for leaf in leaves if leaf.path[0] not in operation.params.fields}
    if attempt.call is not None and not target.is_met(attempt.call):
        names = target.different(attempt.call)
        misfits |= {leaf.path for leaf in leaves if leaf.path[0] in names}
    return misfits


@record
class _TargetCall:
    """The request to match: method, path, parameters."""

    method: str
    path: str
    leaves: Sequence[Leaf]
    scope: Scope

    def is_met(self, call: BlockCall) -> bool:
        """Whether the call makes this request."""
        same_path = fill_path(call) == self._shown(self.path)
        return call.operation.method == self.method and same_path and not self.different(call)

    def different(self, call: BlockCall) -> set[str]:
        """Returns the names of the parameters that differ."""
        if call.operation.encoding == "json":
            sent = json.loads(encode(call, version="").body or b"{}", parse_float=ExactFloat)
            expected = self._tree(call)
            return {name for name in {*sent, *expected} if sent.get(name) != expected.get(name)}
        pairs, wanted = dict(form_pairs(call.params)), dict(form_pairs(self._tree(call)))
        names = {name for name in {*pairs, *wanted} if pairs.get(name) != wanted.get(name)}
        return {name.partition("[")[0] for name in names}

    def _tree(self, call: BlockCall) -> dict[str, ParamTree]:
        tree: dict[str, ParamTree] = {}
        for leaf in self.leaves:
            node = tree
            for segment in leaf.path[:-1]:
                node = node.setdefault(segment, {})
            node[leaf.path[-1] or str(len(node))] = self._expected(leaf, call)
        return {key: _lists(value) for key, value in tree.items()}

    def _expected(self, leaf: Leaf, call: BlockCall) -> Any:
        if leaf.text is None:
            return leaf.value
        shape = shape_at(call.operation.params, leaf.path)
        if leaf.text == "${now}" and shape is not None and shape.form == "date-time":
            return coerce("now", shape, clock=self.scope.clock)
        return evaluate_text(build.value(leaf.text), self.scope).value

    def _shown(self, text: str) -> str:
        return plain_text(build.value(text))


def _lists(value: ParamTree) -> ParamTree:
    """Returns the tree with dicts whose keys are 0, 1, … as lists."""
    if not isinstance(value, dict):
        return value
    inner = {key: _lists(item) for key, item in value.items()}
    return list(inner.values()) if inner and list(inner) == [str(n) for n in range(len(inner))] else inner
