"""Resolves a block to a call: looks its names up in the table, types its values and reports every problem."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_shell.diagnostics import Diagnostic, Span, has_errors
from stripe_shell.engine.api_versions import check_version
from stripe_shell.engine.check.messages import ProblemPlace, explain, explain_missing, suggestions
from stripe_shell.engine.evaluate import Evaluation, evaluate, evaluate_text
from stripe_shell.engine.operation_lookup import find_operation, words_span
from stripe_shell.engine.paths import confine, evaluate_output, output_of
from stripe_shell.engine.scope import Scope, step_into
from stripe_shell.engine.stamps import stamped
from stripe_shell.engine.values import Deferred, read_literal
from stripe_shell.lang.ast import Block, Duration, Key, Pages, Param, RawParam, Value
from stripe_shell.lang.directives import DIRECTIVES, setting_text
from stripe_shell.patterns import pattern
from stripe_shell.records import field, record
from stripe_shell.spec.currencies import currency_problems
from stripe_shell.spec.model import Operation, Shape
from stripe_shell.spec.names import documented_name, resolve_name
from stripe_shell.spec.problems import Problem
from stripe_shell.spec.shapes import shape_at
from stripe_shell.spec.table import Table
from stripe_shell.spec.validate import required_names, validate
from stripe_shell.wire import ParamTree, encode_form

ParamPath = tuple[str, ...]

#: The most rows on one page of a list.
LARGEST_PAGE = 100

#: The most characters of an idempotency key.
LONGEST_KEY = 255

#: Directives that set a request header.
HEADERS = frozenset(each.name for each in DIRECTIVES.values() if each.header)

#: The characters allowed in a header's value.
_HEADER_TEXT = pattern(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")


@record
class BlockCall:
    """The call of a block, checked and typed.

    `params` are the parameters by Stripe's names, `path_params` those of the path. `spans` maps parameter paths to
    where they are written. `connection` is the name after `/`, None for the default one. Times are epoch seconds,
    amounts are in the smallest currency unit. `form` are the parameters with their encoded form, if it is known
    already; it holds for these very parameters only.
    """

    operation: Operation
    path_params: Mapping[str, str]
    params: Mapping[str, ParamTree]
    connection: str | None = None
    account: str | None = None
    version: str | None = None
    idempotency_key: str | None = None
    timeout_ms: int | None = None
    pages: int | None = 1
    spans: Mapping[ParamPath, Span] = field(default_factory=dict, compare=False, repr=False)
    form: tuple[Mapping[str, ParamTree], str] | None = field(default=None, compare=False, repr=False)

    def encode_form(self) -> str:
        """Returns the parameters as a form."""
        known = self.form
        return known[1] if known is not None and known[0] is self.params else encode_form(self.params)


@record
class Resolution:
    """The result of resolving a block: the call (None on errors), the operation if known, and the diagnostics."""

    call: BlockCall | None
    diagnostics: tuple[Diagnostic, ...]
    operation: Operation | None = None


def resolve(block: Block, table: Table, scope: Scope) -> Resolution:
    """Resolves the block in this scope to its call and all its diagnostics."""
    problems: list[Diagnostic] = []
    operation = find_operation(block, table, problems)
    if operation is None:
        for param in block.own_params:
            problems += evaluate_text(param.value, scope).problems
        directive_texts(block, scope, problems)
        return Resolution(None, tuple(problems))
    draft = _Draft(operation, scope, problems)
    if operation.outside:
        draft.add_path(block.entity)
    for param in block.own_params:
        draft.add(param)
    draft.add_raw(block)
    draft.check(words_span(block))
    call = draft.call(block)
    return Resolution(None if has_errors(problems) else call, tuple(problems), operation)


# --- parameters -----------------------------------------------------------------------------------------


@record(frozen=False)
class _Draft:
    """A call under construction: gathers parameters and problems."""

    operation: Operation
    scope: Scope
    problems: list[Diagnostic]
    path_params: dict[str, str] = field(default_factory=dict)
    params: dict[str, ParamTree] = field(default_factory=dict)
    raw: dict[str, ParamTree] = field(default_factory=dict)
    raw_spans: dict[ParamPath, Span] = field(default_factory=dict)
    spans: dict[ParamPath, Span] = field(default_factory=dict)
    key_spans: dict[ParamPath, Span] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    pages: int | None = 1

    def add(self, param: Param) -> None:
        """Adds a parameter: looks up its name, types its value, and inserts it into the tree."""
        if self.operation.outside:
            self._add_unchecked(param)
            return
        if _wants_all_pages(param, self.operation):
            self.pages = None
            return
        name = resolve_name(self.operation, param.key.path)
        if name.path_param is not None:
            self._add_path_param(name.path_param, param)
            return
        path = name.path if name.path is not None else param.key.path
        shape = shape_at(self.operation.params, path)
        evaluated = self._evaluate(param.value, shape)
        self.problems += evaluated.problems
        if evaluated.problems:
            self.broken.add(path[0])
            return
        self._insert(path, evaluated.value, param)

    def _evaluate(self, value: Value, shape: Shape | None) -> Evaluation:
        evaluated = evaluate(value, shape, self.scope)
        return confine(value, evaluated, self.scope) if shape is not None and shape.kind == "file" else evaluated

    def add_path(self, entity: Param | None) -> None:
        """Adds the references of a path that the block writes out."""
        for name, reference in zip(self.operation.path_params, entity.value.references if entity else (), strict=True):
            value = Value("bare", (reference,), reference.span)
            self._add_path_param(name, Param(Key(("entity",), reference.span), value, reference.span))

    def _add_unchecked(self, param: Param) -> None:
        """Adds a parameter outside the table. Within JSON its literal form decides its type."""
        evaluated = evaluate(param.value, None, self.scope)
        self.problems += evaluated.problems
        value = evaluated.value
        if self.operation.encoding == "json" and param.value.style == "bare" and param.value.literal:
            value = read_literal(value)
        if not evaluated.problems:
            self._insert(param.key.path, value, param)

    def _add_path_param(self, name: str, param: Param) -> None:
        evaluated = evaluate_text(param.value, self.scope)
        self.problems += evaluated.problems
        if evaluated.problems:
            self.broken.add(name)
        elif not evaluated.value.strip():
            label = "write the id of the object"
            self.problems.append(Diagnostic("E202", f"`{param.key.span.text}` is empty", param.span, label=label))
            self.broken.add(name)
        elif name in self.path_params and self.path_params[name] != evaluated.value:
            self._conflict((name,), param)
        else:
            self.path_params[name] = evaluated.value
            self.spans[(name,)] = param.value.span

    def _insert(self, path: ParamPath, value: Any, param: Param) -> None:
        node: dict[str, ParamTree] = self.params
        for segment in path[:-1]:
            inner = node.setdefault(segment, {})
            if not isinstance(inner, dict):
                self._conflict(path, param)
                return
            node = inner
        last = path[-1] or str(len(node))
        if last in node and not _same(node[last], value):
            self._conflict(path, param)
            return
        node[last] = value
        full = (*path[:-1], last)
        self.spans[full] = param.value.span if param.value.parts else param.span
        self.key_spans[full] = param.key.span

    def _conflict(self, path: ParamPath, param: Param) -> None:
        other = next((span for known, span in self.spans.items() if known[: len(path)] == path), None)
        context = ((other, "the other value"),) if other else ()
        message = f"`{param.key.span.text}` is given twice, with different values"
        self.problems.append(Diagnostic("E209", message, param.span, label="keep one of the two", context=context))

    def add_raw(self, block: Block) -> None:
        """Adds the parameters of `@raw`, which are not in the table and are not checked."""
        for directive in block.directives:
            if isinstance(directive.argument, RawParam):
                raw = directive.argument
                shape = shape_at(self.operation.params, raw.key.path)
                evaluated = self._evaluate(raw.value, shape if shape is not None and shape.kind == "file" else None)
                self.problems += evaluated.problems
                if _is_taken(self.params, raw.key.path) or _is_taken(self.raw, raw.key.path):
                    message = f"`{raw.key.span.text}` is given twice"
                    self.problems.append(Diagnostic("E209", message, raw.span, label="keep one of the two"))
                else:
                    _put(self.raw, raw.key.path, evaluated.value)
                    self.raw_spans[raw.key.path] = raw.span

    def check(self, missing_at: Span) -> None:
        """Validates the parameters against the table; adds the problems: unknown, missing, wrong type, not allowed."""
        if self.operation.outside:
            self.params = {name: _numbered(value) for name, value in self.params.items()}
            return
        for name, value in self.params.items():
            if isinstance(value, dict):
                self.params[name] = _lists(value, self._shape(name))
        required = required_names(self.operation, document=self.scope.settings.spec != "stripe")
        problems = validate(self.params, self.operation.params, required)
        problems += currency_problems(self.params, self.operation.params)
        known_otherwise = self.broken | self.raw.keys() | self._meant(problems)
        for problem in problems:
            if problem.kind == "missing" and problem.path[0] in known_otherwise:
                continue
            if problem.kind == "unknown" or not isinstance(problem.value, Deferred):
                place = ProblemPlace(self._span(problem.path), self._key_span(problem.path), missing_at)
                self.problems.append(explain(problem, self.operation, place, self.scope.masks))
        for name in self.operation.path_params:
            if name not in self.path_params and name not in known_otherwise:
                place = ProblemPlace(None, None, missing_at)
                self.problems.append(explain_missing(documented_name(self.operation, name), self.operation, place))

        self._warn_of_limit()

    def _meant(self, problems: list[Problem]) -> set[str]:
        """Returns the parameters, those of the path included, that unknown names probably stand for."""
        meant: set[str] = set()
        for problem in problems:
            for word in suggestions(problem, self.operation) if problem.kind == "unknown" else ():
                found = resolve_name(self.operation, (word,))
                meant.add(found.path_param or (found.path[0] if found.path else word))
        return meant

    def _warn_of_limit(self) -> None:
        limit = self.params.get("limit")
        pages = {"starting_after", "page"} & self.operation.params.fields.keys()
        if isinstance(limit, int) and not 1 <= limit <= LARGEST_PAGE and pages and self.operation.version == "v1":
            clamped = min(max(limit, 1), LARGEST_PAGE)
            message = f"`limit` {limit} is outside 1 to {LARGEST_PAGE}: Stripe takes it as {clamped}"
            label = "`@pages all` brings everything" if limit > LARGEST_PAGE else ""
            self.problems.append(Diagnostic("W201", message, self._span(("limit",)), severity="warning", label=label))

    def _shape(self, name: str) -> Shape | None:
        return self.operation.params.fields[name].shape if name in self.operation.params.fields else None

    def _span(self, path: ParamPath) -> Span | None:
        """Returns the span of the value at the path; inside JSON, the span of the whole JSON value."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.spans:
                return self.spans[path[:length]]
        return next((span for known, span in self.spans.items() if known[: len(path)] == path), None)

    def _key_span(self, path: ParamPath) -> Span | None:
        """Returns the span of the name at the path, if it has a line of its own."""
        return next((span for known, span in self.key_spans.items() if known[: len(path)] == path), None)

    def call(self, block: Block) -> BlockCall:
        """Returns the call of the gathered parameters and the block's directives."""
        words = directive_texts(block, self.scope, self.problems)
        settings = self.scope.settings
        pages, timeout = block.argument(Pages), block.argument(Duration)
        return BlockCall(
            operation=self.operation,
            path_params=self.path_params,
            params=stamped(_merged(self.params, self.raw), self.operation, settings.stamp),
            connection=block.connection,
            account=words.get("account", settings.account),
            version=words.get("version", settings.version),
            idempotency_key=words.get("idempotency_key"),
            pages=pages.count if pages else self.pages,
            timeout_ms=timeout.ms if timeout else None,
            spans={**self.spans, **self.raw_spans},
        )


def directive_texts(block: Block, scope: Scope, problems: list[Diagnostic]) -> dict[str, str]:
    """Returns the texts of directives that are sent as headers.

    Mutates `problems`: adds those of these directives and of `@out`.
    """
    words: dict[str, str] = {}
    output = output_of(block)
    problems += evaluate_output(output, scope).problems if output else ()
    for directive in block.directives:
        if directive.name in HEADERS and isinstance(directive.argument, Value):
            evaluated = evaluate_text(directive.argument, scope)
            problems += evaluated.problems
            words[directive.name] = setting_text(directive.name, evaluated.value)
            if not evaluated.problems:
                problems += check_header(directive.name, evaluated.value, directive.argument.span)
    return words


def check_header(name: str, text: str, span: Span) -> list[Diagnostic]:
    """Returns the problems of a directive sent as a header. An empty account or version resets it and is valid."""
    if text == "" and name != "idempotency_key":
        return []
    if not _HEADER_TEXT.fullmatch(text):
        return [Diagnostic("E210", f"`@{name}` takes printable ASCII, without blanks at its ends", span)]
    if name == "idempotency_key" and len(text) > LONGEST_KEY:
        return [Diagnostic("E210", f"an idempotency key has {LONGEST_KEY} characters at the most", span)]
    return check_version(text, span) if name == "version" and setting_text(name, text) else []


def _wants_all_pages(param: Param, operation: Operation) -> bool:
    """Whether the parameter is `limit: all`, which means `@pages all`."""
    return param.key.path == ("limit",) and param.value.literal == "all" and "limit" in operation.params.fields


def _same(left: Any, right: Any) -> bool:
    """Whether two values for one parameter agree, as far as known before responses arrive."""
    if isinstance(left, Deferred) or isinstance(right, Deferred):
        return True
    return type(left) is type(right) and bool(left == right)


def _is_taken(tree: ParamTree, path: ParamPath) -> bool:
    """Whether the tree has a value at the path, or a leaf above it."""
    for segment in path:
        if not isinstance(tree, dict | list):
            return True
        there, tree = step_into(tree, segment) if segment else (False, None)
        if not there:
            return False
    return True


def _merged(known: ParamTree, raw: ParamTree) -> Any:
    """Returns both trees merged; where they overlap both have branches."""
    if isinstance(known, list) and isinstance(raw, dict):
        numbered = _merged({str(index): item for index, item in enumerate(known)}, raw)
        in_order = all(key.isdecimal() for key in numbered)
        return [numbered[key] for key in sorted(numbered, key=int)] if in_order else numbered
    if isinstance(known, dict) and isinstance(raw, dict):
        return {**known, **{key: _merged(known[key], raw[key]) if key in known else _numbered(raw[key]) for key in raw}}
    return raw


def _numbered(raw: ParamTree) -> Any:
    """Returns the tree with dicts whose keys are 0, 1, … as lists, since no shape says where lists are."""
    if not isinstance(raw, dict):
        return raw
    in_order = raw and list(raw) == [str(index) for index in range(len(raw))]
    return [_numbered(item) for item in raw.values()] if in_order else {key: _numbered(raw[key]) for key in raw}


def _put(tree: dict[str, ParamTree], path: ParamPath, value: Any) -> None:
    node = tree
    for segment in path[:-1]:
        inner = node.setdefault(segment, {})
        if not isinstance(inner, dict):
            inner = node[segment] = {}
        node = inner
    node[path[-1] or str(len(node))] = value


def _lists(value: Any, shape: Shape | None) -> Any:
    """Returns the value with numbered dicts as lists wherever the shape is an array."""
    if not isinstance(value, dict) or shape is None:
        return value
    array = _variant(shape, "array")
    if array is not None and value and all(key.isdecimal() for key in value):
        return [_lists(value[key], array.items) for key in sorted(value, key=int)]
    return {key: _lists(item, shape_at(shape, (key,))) for key, item in value.items()}


def _variant(shape: Shape, kind: str) -> Shape | None:
    if shape.kind == kind:
        return shape
    return next((variant for variant in shape.variants if variant.kind == kind), None)
