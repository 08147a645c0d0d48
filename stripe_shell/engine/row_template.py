"""A block that was resolved once, to be filled in for many rows: only its references are evaluated again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stripe_shell.diagnostics import Diagnostic
from stripe_shell.engine.evaluate import Evaluation, evaluate, evaluate_text
from stripe_shell.engine.resolve import HEADERS, BlockCall, ParamPath, Resolution, directive_texts
from stripe_shell.engine.scope import Scope, ScopeSettings
from stripe_shell.engine.stamps import stamps
from stripe_shell.engine.values import Deferred
from stripe_shell.lang.ast import Block, Directive, Output, RawParam, Text, Value
from stripe_shell.records import record, replace
from stripe_shell.spec.currencies import currency_problems
from stripe_shell.spec.model import Shape
from stripe_shell.spec.names import resolve_name
from stripe_shell.spec.shapes import shape_at
from stripe_shell.spec.validate import member_problems, required_names
from stripe_shell.wire import ParamTree, encode_pair, form_name, form_pairs

#: Stands for the value of a leaf while the static parts of a form are encoded; no parameter contains it.
_HOLE = "\0hole {}\0"


@record
class _Leaf:
    """A parameter with references: its value and shape, its place in the tree, and its name in a form.

    `value` is None for the stamp of the row.
    """

    value: Value | None
    shape: Shape | None
    path: tuple[str | int, ...]
    name: str


@record
class RowTemplate:
    """The call of a block, in which the values of some parameters are missing: those with references.

    It holds for scopes with the same `now` and `settings`, but for the text of their stamp. `form` is the encoded form,
    with the index of a leaf in place of its pairs; None for calls that send no form. `currencies`: some of the leaves
    are currency codes. `has_texts`: directives that are sent as headers have references too.
    """

    settings: ScopeSettings
    now: int
    block: Block
    call: BlockCall
    leaves: tuple[_Leaf, ...]
    path_values: Mapping[str, Value]
    required: frozenset[str]
    form: tuple[str | int, ...] | None
    currencies: bool
    has_texts: bool

    def fill(self, scope: Scope) -> Resolution | None:
        """Returns what `resolve` returns for this scope; None if it must be asked, as a value may have a problem."""
        if not self._holds_in(scope):
            return None
        values = [_value_of(leaf, scope) for leaf in self.leaves]
        texts = [evaluate_text(value, scope) for value in self.path_values.values()]
        if any(each.problems for each in (*values, *texts)) or not all(each.value.strip() for each in texts):
            return None
        plain = [each.value for each in values]
        params = _filled(self.call.params, self.leaves, plain)
        problems: list[Diagnostic] = []
        headers = directive_texts(self.block, scope, problems) if self.has_texts else {}
        if problems or any(isinstance(each, dict) for each in plain) or not self._is_valid(params):
            return None
        paths = dict(zip(self.path_values, [each.value for each in texts], strict=True))
        call = replace(
            self.call,
            params=params,
            path_params={**self.call.path_params, **paths},
            form=self._fill_form(params, plain),
            **headers,
        )
        return Resolution(call, (), call.operation)

    def _holds_in(self, scope: Scope) -> bool:
        own, other = self.settings, scope.settings
        if self.now != scope.now:
            return False
        if own.stamp is not None and other.stamp is not None and own.stamp[0] == other.stamp[0]:
            other = replace(other, stamp=own.stamp)
        return own == other

    def _is_valid(self, params: Mapping[str, ParamTree]) -> bool:
        """Whether the parameters that contain leaves are valid, as far as their values are known."""
        shape = self.call.operation.params
        some = {name: params[name] for name in [str(leaf.path[0]) for leaf in self.leaves]}
        for problem in member_problems(some, shape, self.required):
            if not isinstance(problem.value, Deferred):
                return False
        return not self.currencies or next(currency_problems(some, shape), None) is None

    def _fill_form(
        self, params: Mapping[str, ParamTree], values: Sequence[ParamTree]
    ) -> tuple[Mapping[str, ParamTree], str] | None:
        if self.form is None:
            return None
        return params, "&".join(
            [part if isinstance(part, str) else self._pairs(part, values[part]) for part in self.form]
        )

    def _pairs(self, index: int, value: ParamTree) -> str:
        if isinstance(value, str):
            return encode_pair(self.leaves[index].name, value)
        return "&".join([encode_pair(name, text) for name, text in form_pairs({self.leaves[index].name: value})])


def row_template(block: Block, call: BlockCall, scope: Scope) -> RowTemplate | None:
    """Returns the template of a block that resolved to `call`, without a diagnostic, in this scope.

    Returns None for a block whose references do more than set the values of single parameters.
    """
    operation = call.operation
    if operation.outside or operation.encoding == "multipart" or any(map(_decides_more, block.directives)):
        return None
    named = [(param.value, resolve_name(operation, param.key.path)) for param in block.own_params]
    paths = [name.path for _, name in named if name.path is not None]
    path_values = {name.path_param: value for value, name in named if name.path_param is not None}
    varying = [(value, name.path) for value, name in named if name.path is not None and _varies(value)]
    if len({*paths, *path_values}) < len(named) or ("limit",) in paths:
        return None
    leaves = [_leaf(value, path, call, paths) for value, path in varying]
    stamp = scope.settings.stamp
    if stamp is not None and stamps(operation) and ("metadata", stamp[0]) not in paths:
        leaves.append(_stamp_leaf(stamp, call))
    if not all(leaves):
        return None
    found = tuple([leaf for leaf in leaves if leaf is not None])
    codes = _filled(call.params, found, ["\0"] * len(found))
    return RowTemplate(
        scope.settings,
        scope.now,
        block,
        call,
        found,
        {name: value for name, value in path_values.items() if _varies(value)},
        frozenset(required_names(operation, document=scope.settings.spec != "stripe")),
        None if operation.method == "POST" and operation.encoding == "json" else tuple(_form(call, found)),
        next(currency_problems(codes, operation.params), None) is not None,
        any(_is_text(directive) and "${" in directive.span.text for directive in block.directives),
    )


def _varies(value: Value) -> bool:
    return any(not isinstance(part, Text) for part in value.parts)


def _decides_more(directive: Directive) -> bool:
    """Whether the directive adds parameters, or chooses the table by a value that may change from row to row."""
    return isinstance(directive.argument, RawParam) or (directive.name == "version" and "${" in directive.span.text)


def _is_text(directive: Directive) -> bool:
    """Whether the directive is one that `directive_texts` evaluates."""
    return directive.name in HEADERS or isinstance(directive.argument, Output)


def _leaf(value: Value, path: ParamPath, call: BlockCall, paths: Sequence[ParamPath]) -> _Leaf | None:
    """Returns the leaf of a parameter; None if its place may depend on its value."""
    shape = shape_at(call.operation.params, path)
    if shape is not None and shape.kind == "file":
        return None
    tree: ParamTree = call.params
    steps: list[str | int] = []
    for depth, segment in enumerate(path):
        if isinstance(tree, list):
            numbers = {other[depth] for other in paths if other[:depth] == path[:depth] and len(other) > depth}
            if numbers != {str(index) for index in range(len(tree))}:
                return None
            steps.append(int(segment))
        elif isinstance(tree, dict) and segment in tree:
            steps.append(segment)
        else:
            return None
        tree = tree[steps[-1]]
    return None if isinstance(tree, dict) else _Leaf(value, shape, tuple(steps), form_name(path))


def _stamp_leaf(stamp: tuple[str, str], call: BlockCall) -> _Leaf | None:
    """Returns the leaf of the row's stamp; None if the metadata is one value, on which it depends."""
    metadata = call.params.get("metadata")
    if not isinstance(metadata, dict) or metadata.get(stamp[0]) != stamp[1]:
        return None
    path = ("metadata", stamp[0])
    return _Leaf(None, shape_at(call.operation.params, path), path, form_name(path))


def _value_of(leaf: _Leaf, scope: Scope) -> Evaluation:
    if leaf.value is not None:
        return evaluate(leaf.value, leaf.shape, scope)
    return Evaluation(scope.settings.stamp[1] if scope.settings.stamp is not None else "")


def _filled(
    params: Mapping[str, ParamTree], leaves: Sequence[_Leaf], values: Sequence[ParamTree]
) -> dict[str, ParamTree]:
    """Returns a copy of the parameters with other values of the leaves; what has no leaf is shared."""
    filled = dict(params)
    copied: set[tuple[str | int, ...]] = set()
    for leaf, value in zip(leaves, values, strict=True):
        node: Any = filled
        for depth, step in enumerate(leaf.path[:-1], 1):
            if leaf.path[:depth] not in copied:
                copied.add(leaf.path[:depth])
                node[step] = node[step].copy()
            node = node[step]
        node[leaf.path[-1]] = value
    return filled


def _form(call: BlockCall, leaves: Sequence[_Leaf]) -> Iterator[str | int]:
    """Yields the encoded pairs of the parameters, and the index of each leaf where its pairs belong."""
    holes = {_HOLE.format(index): index for index in range(len(leaves))}
    for name, text in form_pairs(_filled(call.params, leaves, list(holes))):
        yield holes[text] if text in holes else encode_pair(name, text)
