"""The plan of a conversion: a script as a list of calls, with known values resolved and tokens for unknown ones."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal, TypeVar

from stripe_shell.convert.environment import AnyVariable
from stripe_shell.convert.fixture_file import lost
from stripe_shell.convert.references import usable_name
from stripe_shell.diagnostics import Diagnostic, SourceText, Span, has_errors
from stripe_shell.engine.evaluate import evaluate_variable
from stripe_shell.engine.resolve import BlockCall, resolve
from stripe_shell.engine.run.interpreter import Engine, with_page_size
from stripe_shell.engine.run.outputs import saved_name
from stripe_shell.engine.scope import Scope, comes_from_data, plain_text
from stripe_shell.engine.script_settings import apply_directive
from stripe_shell.engine.times import is_relative_time
from stripe_shell.engine.values import Deferred
from stripe_shell.lang.ast import (
    Arithmetic,
    Assignment,
    Block,
    Comment,
    Directive,
    Fails,
    Inserted,
    Loop,
    MoneyAmount,
    Reference,
    ScriptItem,
    references_of,
)
from stripe_shell.lang.directives import DIRECTIVES
from stripe_shell.lang.visit import Visitor, nodes_in, rewrite
from stripe_shell.records import field, record, replace
from stripe_shell.spec.shapes import response_field, shape_at
from stripe_shell.wire import ParamTree, form_pairs

N = TypeVar("N")
OriginKind = Literal["answer", "variable", "uuid", "now"]

#: A token in a text, plain or percent-encoded; `s` marks a value that is text even if it looks otherwise.
TOKEN = re.compile(r"(?:\$\{|%24%7B)(__ref\d+)(s?)(?:\}|%7D)")

#: Problems of connections, which do not matter here as nothing is sent.
_OF_CONNECTIONS = frozenset({"E208", "E503", "E504", "E506"})
#: Kinds of values that have several members.
_OBJECTS = frozenset({"object", "map", "array"})
_TEXTS = frozenset({"string", "decimal"})


@record
class Origin:
    """The origin of a value that is not known before the script runs.

    `answer`: the value at `path` in the response of step `step`. `variable`: the environment variable `name`. `uuid`:
    generated for step `step`. `now`: the time of the run. `default` replaces a missing value; None: there is no
    default.
    """

    kind: OriginKind
    step: int = 0
    name: str = ""
    path: tuple[str | int, ...] = ()
    default: str | None = None


@record
class PlanStep:
    """One call. Leaves of `call` that contain `${__ref3}` stand for the origin of that name.

    `name` is a name for a variable with its response. `fails` is the failure that must (or with `may_pass` may) occur.
    """

    name: str
    block: Block
    call: BlockCall
    comments: tuple[str, ...] = ()
    fails: Fails | None = None
    may_pass: bool = True

    @property
    def place(self) -> str:
        """The position of the step: `create customer (setup.stripe:3)`."""
        name = " ".join(plain_text(word.value) for word in self.block.words)
        span = self.block.span
        return f"{name} ({span.source.name}:{span.location()[0]})"


@record
class ConversionPlan:
    """The calls in order, the origins of their tokens, and the problems and losses of the conversion."""

    steps: tuple[PlanStep, ...]
    origins: dict[str, Origin]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def sound(self) -> bool:
        """Whether the plan covers the whole script, without errors."""
        return not has_errors(self.diagnostics)

    def needed(self, kind: OriginKind) -> frozenset[int]:
        """Returns the steps that are the origin of values of this kind."""
        return frozenset(origin.step for origin in self.origins.values() if origin.kind == kind)

    def pieces(self, text: str) -> Iterator[str | Origin]:
        """Splits a text into literal text and the origins of its tokens."""
        position = 0
        for match in TOKEN.finditer(text):
            if match.start() > position:
                yield text[position : match.start()]
            yield self.origins[match[1]]
            position = match.end()
        if position < len(text):
            yield text[position:]


def json_call(call: BlockCall) -> BlockCall:
    """Returns the call with tokens marked that are a whole value of type text, where 12 must be sent as "12"."""
    return replace(call, params={key: _marked(value, call, (key,)) for key, value in call.params.items()})


def _marked(value: ParamTree, call: BlockCall, path: tuple[str, ...]) -> ParamTree:
    if isinstance(value, dict):
        return {key: _marked(inner, call, (*path, key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [_marked(inner, call, (*path, str(index))) for index, inner in enumerate(value)]
    shape = shape_at(call.operation.params, path)
    if isinstance(value, Deferred) and TOKEN.fullmatch(value) and shape is not None and shape.kind in _TEXTS:
        return Deferred(f"{value[:-1]}s}}")
    return value


def plan_of(engine: Engine, items: Sequence[ScriptItem], scope: Scope) -> ConversionPlan:
    """Returns the plan of a script that parsed without errors. References to the environment stay references.

    Reports E601 for features without an equivalent in other formats, and W601 for those that do not change the calls
    and are left out.
    """
    scope = replace(scope, environment=AnyVariable())
    refused = _refusals(items)
    if not refused:
        found = engine.check(items, scope)
        refused = [d for d in found if d.severity == "error" and d.code not in _OF_CONNECTIONS]
    if refused:
        return ConversionPlan((), {}, tuple(refused))
    planning = _Planning(engine, scope)
    planning.visit(tuple(items))
    return ConversionPlan(
        tuple(planning.steps), planning.origins, (*planning.problems, *_several_connections(planning.steps))
    )


def _refusals(items: Sequence[ScriptItem]) -> list[Diagnostic]:
    """Returns the errors for features that no format can express, or must not; a loop is reported as a whole."""
    refusing = _Refusing()
    refusing.visit(tuple(items))
    return refusing.problems


@record
class _Refusing(Visitor):
    problems: list[Diagnostic] = field(default_factory=list)

    def visit_loop(self, loop: Loop) -> None:
        self.visit(loop.directive)

    def visit_directive(self, directive: Directive) -> None:
        """Reports E601 for a directive that changes the requests."""
        definition = DIRECTIVES[directive.name]
        if definition.unconvertible:
            message, label = (
                f"`@{directive.name}` cannot be converted",
                f"{definition.unconvertible} has no counterpart",
            )
            self.problems.append(Diagnostic("E601", message, directive.name_span, label=label))
        elif definition.names == "secret":
            self.visit(directive.argument)

    def visit_assignment(self, secret: Assignment) -> None:
        """Reports E601 for a secret written in the script."""
        parts = secret.value.parts
        if not parts or any(not isinstance(part, Reference) or part.default is not None for part in parts):
            label = f"write `@secret {secret.name} = ${{env:{secret.name.upper()}}}`"
            message = "a secret is not written into another file"
            self.problems.append(Diagnostic("E601", message, secret.value.span, label=label))


def _several_connections(steps: Sequence[PlanStep]) -> Iterator[Diagnostic]:
    """Yields an error for a second connection: a converted script has one key and could reach the wrong account."""
    first: dict[str, PlanStep] = {}
    for step in steps:
        first.setdefault(step.call.connection or "", step)
    for step in list(first.values())[1:]:
        message = f"`/{step.block.connection}` is another connection than `/{steps[0].block.connection}`"
        yield Diagnostic("E601", message, step.block.connection_span, label="convert what uses one connection")


@record(frozen=False)
class _Planning(Visitor):
    engine: Engine
    scope: Scope
    steps: list[PlanStep] = field(default_factory=list)
    origins: dict[str, Origin] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    taken: dict[str, None] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)
    tokens: dict[Origin, str] = field(default_factory=dict)
    waiting: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # All tokens share one dict: a scope for each token would take quadratic time.
        self.scope = replace(self.scope, deferred=self.waiting)

    def visit_comment(self, comment: Comment) -> None:
        """Keeps the comment for the next block."""
        self.comments.append(comment.text.strip())

    def visit_directive(self, directive: Directive) -> None:
        """Defines the variable, or applies the setting."""
        if isinstance(directive.argument, Assignment):
            self.visit(directive.argument)
        else:
            self.scope = apply_directive(self._tokenised(directive), self.scope)

    def visit_assignment(self, assignment: Assignment) -> None:
        """Defines the variable, unless the command line has set it."""
        if assignment.name in self.scope.given:
            return
        value = self._tokenised(assignment.value)
        evaluated = evaluate_variable(value, self.scope)
        self.problems += evaluated.problems
        written = not any(comes_from_data(reference, self.scope) for reference in value.references)
        self.scope = self.scope.with_variable(assignment.name, evaluated.value, written=written).next_block()

    def visit_block(self, block: Block) -> None:
        """Adds the step of the block."""
        self.problems += [*self._whole_objects(block), *self._computed(block)]
        resolved = resolve(self._tokenised(block), self.engine.table, self.scope)
        self.problems += [d for d in resolved.diagnostics if d.severity == "error"]
        saved = saved_name(block)
        if resolved.call is not None:
            self.problems += [*_lost_of(block), *_frozen_times(block, resolved.call)]
            fails = next((d for d in block.directives if isinstance(d.argument, Fails)), None)
            self.steps.append(
                PlanStep(
                    name=self._name(saved.text if saved else _answer_name(resolved.call)),
                    block=block,
                    call=with_page_size(resolved.call),
                    comments=tuple(self.comments),
                    fails=fails.argument if fails and isinstance(fails.argument, Fails) else None,
                    may_pass=fails is None or fails.name == "may_fail",
                )
            )
        for name in ("last", *([saved.text] if saved else [])):
            self.answers[name] = len(self.steps) - 1
        self.scope = self.scope.next_block()
        self.comments.clear()

    def _name(self, preferred: str) -> str:
        name = usable_name(preferred, self.taken)
        self.taken[name] = None
        return name

    def _whole_objects(self, block: Block) -> Iterator[Diagnostic]:
        """Yields errors for references to objects and lists, which other formats would send in another form."""
        for reference in (reference for param in block.params for reference in param.value.references):
            origin = self._origin(reference)
            if origin is None or origin.kind != "answer" or not self.steps:
                continue
            steps = tuple("0" if step == "*" else str(step) for step in origin.path)
            shape = response_field(self.engine.table, self.steps[origin.step].call.operation.response, steps)
            if not origin.path or (shape is not None and shape.kind in _OBJECTS and not shape.expandable):
                label = "refer to one value in it"
                yield Diagnostic("E601", f"`${{{reference.raw}}}` is an object", reference.span, label=label)

    def _computed(self, block: Block) -> Iterator[Diagnostic]:
        """Yields errors for what a run computes from values that are not known yet."""
        for part in nodes_in(block.params, Arithmetic) if "${" in block.span.text else ():
            yield from self._unknown(part, "a sum is computed by the run")
        for amount in nodes_in(block.params, MoneyAmount) if "${" in block.span.text else ():
            yield from self._unknown(amount, "an amount is computed by the run")
        for reference in nodes_in(block.params, Reference) if ":-${" in block.span.text else ():
            if isinstance(reference.default, Reference):
                yield from self._unknown(reference, "a default is a reference here")

    def _unknown(self, part: Inserted, why: str) -> Iterator[Diagnostic]:
        if any(self._origin(reference) is not None for reference in references_of(part)):
            yield Diagnostic("E601", f"`${{{part.raw}}}` cannot be converted", part.span, label=why)

    # --- references become tokens ------------------------------------------------------------------------

    def _tokenised(self, node: N) -> N:
        """Returns the node with a token in place of every reference whose value is not known yet."""
        return rewrite(node, Reference, self._token_for)

    def _token_for(self, reference: Reference) -> Reference:
        origin = self._origin(reference)
        return reference if origin is None else self._token(origin)

    def _origin(self, reference: Reference) -> Origin | None:
        name = reference.name
        if reference.namespace == "env":
            return Origin("variable", name=name, default=_text_default(reference))
        if name in self.scope.variables:
            return None
        if name in self.answers:
            return Origin("answer", step=self.answers[name], path=reference.path, default=_text_default(reference))
        if name == "uuid":
            return Origin("uuid", step=len(self.steps))
        return Origin("now") if name == "now" else None

    def _token(self, origin: Origin) -> Reference:
        name = self.tokens.setdefault(origin, f"__ref{len(self.tokens)}")
        self.origins[name] = origin
        self.waiting[name] = None
        return Reference(None, name, (), None, name, Span(SourceText("<token>", name), 0, len(name)))


def _text_default(reference: Reference) -> str | None:
    return reference.default if isinstance(reference.default, str) else None


def _answer_name(call: BlockCall) -> str:
    """Returns a variable name for the response: `customer`, `subscriptions`."""
    operation = call.operation
    if operation.outside:
        return f"{operation.action}_answer"
    return operation.entity.rpartition(".")[2] + ("s" if operation.action in {"list", "search"} else "")


def _lost_of(block: Block) -> Iterator[Diagnostic]:
    """Yields W601 for directives that do not change the call."""
    for directive in block.directives:
        what = DIRECTIVES[directive.name].lost
        if what:
            yield lost(what, directive.name_span)


def _frozen_times(block: Block, call: BlockCall) -> Iterator[Diagnostic]:
    """Yields warnings for relative times, which are computed once, at the conversion."""
    sent = {text for _, text in form_pairs(call.params)}
    for param in block.params:
        text = param.value.literal
        if text and is_relative_time(text) and text not in sent:
            yield lost(f"`{text}` stands for the time of the conversion", param.value.span, "write the time itself")
