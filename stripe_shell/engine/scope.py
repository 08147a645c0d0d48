"""The scope: the names that a block can refer to, passed from block to block, and their lookup."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stripe_shell.diagnostics import Diagnostic, Span, closest
from stripe_shell.engine.run.paging import is_list
from stripe_shell.engine.times import RunClock
from stripe_shell.lang.ast import Reference, Value
from stripe_shell.lang.insertions import describe_bad_reference
from stripe_shell.records import field, record, replace
from stripe_shell.secrets import Secrets, names_secret

#: Names that always exist. `last` is the previous block's response, once there is one.
BUILT_IN = ("now", "uuid", "last")

#: The members of a scope that hold names; a name is in one of them at a time.
_KINDS = ("variables", "captures", "deferred", "lost")


@record
class Capture:
    """A response saved by `@as`: its body as JSON data, and the span of the directive."""

    body: Any
    span: Span | None = None


@record
class ScopeSettings:
    """The settings of top-level directives: connection, account, version, whose required parameters apply, time zone.

    `stamp` is the name and the value of the metadata that objects created by the row of a loop receive.
    """

    connection: str | None = None
    account: str | None = None
    version: str | None = None
    spec: str = "documented"
    tags: tuple[str, ...] = ()
    timezone: str | None = None
    stamp: tuple[str, str] | None = None


@record
class Scope:
    """The names and settings defined by the lines above a block.

    `now` is epoch seconds, frozen for one run; `seed` makes `${uuid}` reproducible. `secrets` are the names of
    variables set by `@secret`. `deferred` names get their values from a later response. `lost` names should have a
    value and have none, for the reason in the diagnostic; a block that needs one is not sent. `given` are the names of
    variables from the command line, which take precedence over the script's. `written` are the names of variables whose
    value is written in the script or on the command line; all others hold data. `hidden` are the secrets of the
    environment and of the connections that were used.

    The last definition of a name counts: it is a variable, a capture, deferred or lost, and only one of these.
    """

    now: int
    seed: str
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    variables: Mapping[str, Any] = field(default_factory=dict, repr=False)
    captures: Mapping[str, Capture] = field(default_factory=dict)
    secrets: frozenset[str] = frozenset()
    deferred: Mapping[str, Any] = field(default_factory=dict)
    lost: Mapping[str, Diagnostic] = field(default_factory=dict)
    given: frozenset[str] = frozenset()
    written: frozenset[str] = frozenset()
    settings: ScopeSettings = ScopeSettings()
    ordinal: int = 0
    hidden: Secrets = field(default_factory=Secrets)

    def with_variable(self, name: str, value: Any, *, secret: bool = False, written: bool = False) -> Scope:
        """Returns the scope with a variable added; `written`: its value contains no data."""
        secrets = self.secrets | {name} if secret else self.secrets - {name}
        words = self.written | {name} if written else self.written - {name}
        return self._with("variables", {name: value}, secrets=secrets, written=words)

    def with_capture(self, name: str, body: Any, span: Span | None = None) -> Scope:
        """Returns the scope with a saved response added."""
        return self._with("captures", {name: Capture(body, span)})

    def after_response(self, body: Any, names: Mapping[str, Span | None]) -> Scope:
        """Returns the scope after a block, with its response saved under these names."""
        captures = {name: Capture(body, span) for name, span in names.items()}
        return self._with("captures", captures, ordinal=self.ordinal + 1)

    def with_deferred(self, *names: str, shape: Any = None) -> Scope:
        """Returns the scope with names added whose values come with a response of the given `shape`."""
        return self._with("deferred", dict.fromkeys(names, shape))

    def after_block(self, *names: str, shape: Any = None) -> Scope:
        """Returns the scope after a block that is not run: these names are pending, for a response of this `shape`."""
        return self._with("deferred", dict.fromkeys(("last", *names), shape), ordinal=self.ordinal + 1)

    def with_lost(self, name: str, cause: Diagnostic) -> Scope:
        """Returns the scope in which a name (or a setting such as `@account`) has no value, and why."""
        return self._with("lost", {name: cause})

    def _with(self, kind: str, given: Mapping[str, Any], **changes: Any) -> Scope:
        """Returns the scope with names moved to the member `kind`."""
        changes[kind] = {**getattr(self, kind), **given}
        for each in _KINDS:
            names = getattr(self, each)
            if names and each != kind and not names.keys().isdisjoint(given):
                changes[each] = _less(names, given)
        return replace(self, **changes)

    def with_name_of(self, name: str, other: Scope) -> Scope:
        """This scope, in which the name means what it means in `other`; nothing, where it means nothing there."""
        changes = {each: dict(_less(getattr(self, each), {name: None})) for each in _KINDS}
        for each in _KINDS:
            if name in getattr(other, each):
                changes[each][name] = getattr(other, each)[name]
        return replace(self, **changes)

    @property
    def clock(self) -> RunClock:
        """Returns the time of the run, and the time zone of dates that name none."""
        return RunClock(self.now, self.settings.timezone or "")

    def unsettled(self, span: Span) -> tuple[Diagnostic, ...]:
        """Returns E302 for every setting without a value; a block that depends on one must not be sent."""
        return tuple(_lost(name, cause, span) for name, cause in self.lost.items() if name.startswith("@"))

    def with_seed(self, seed: str) -> Scope:
        """Returns the scope with another seed, which changes `${uuid}`."""
        return replace(self, seed=seed)

    def with_settings(self, **changes: Any) -> Scope:
        """Returns the scope with changed settings."""
        lost = {name: cause for name, cause in self.lost.items() if name.removeprefix("@") not in changes}
        return replace(self, settings=replace(self.settings, **changes), lost=lost)

    def next_block(self) -> Scope:
        """Returns the scope after a block or an assignment, with a new `${uuid}`."""
        return replace(self, ordinal=self.ordinal + 1)

    def names(self) -> tuple[str, ...]:
        """Returns every name that a reference may begin with, sorted."""
        return tuple(sorted({*BUILT_IN, *self.variables, *self.captures, *self.deferred}))

    def secret_values(self) -> tuple[str, ...]:
        """Returns the texts of secrets, which must be masked wherever they are shown or stored."""
        return tuple(text for name in self.secrets for text in _texts_in(self.variables.get(name)))

    def hiding(self, secrets: Secrets) -> Scope:
        """Returns the scope with secrets added to `hidden`."""
        hidden = self.hidden.union(secrets)
        return self if hidden is self.hidden else replace(self, hidden=hidden)

    @property
    def masks(self) -> Secrets:
        """Returns the masks for the secrets of this scope."""
        return self.hidden.plus(*self.secret_values()) if self.secrets else self.hidden


def _less(names: Mapping[str, Any], gone: Mapping[str, Any]) -> Mapping[str, Any]:
    if names.keys().isdisjoint(gone):
        return names
    return {name: value for name, value in names.items() if name not in gone}


def _texts_in(value: Any) -> Iterator[str]:
    """Yields the texts of a secret: the value itself, or the texts in its JSON."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from _texts_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts_in(inner)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


@record
class FoundValue:
    """The value of a reference."""

    value: Any


@record
class PendingValue:
    """A name whose value comes with a response; `shape` is the shape of the whole response."""

    shape: Any


def look_up(reference: Reference, scope: Scope) -> FoundValue | PendingValue | Diagnostic:
    """Looks a reference up: returns its value, its default if unset, or a diagnostic (E301, E302)."""
    result = _look_up(reference, scope)
    if isinstance(result, Diagnostic) and reference.default is not None:
        return default_of(reference, scope)
    return result


def default_of(reference: Reference, scope: Scope) -> FoundValue | PendingValue | Diagnostic:
    """Returns the default of a reference, None if it has none: its text, or the value of another reference."""
    return (
        look_up(reference.default, scope) if isinstance(reference.default, Reference) else FoundValue(reference.default)
    )


def _look_up(reference: Reference, scope: Scope) -> FoundValue | PendingValue | Diagnostic:
    if reference.namespace == "env":
        return _environment(reference, scope)
    if reference.namespace is not None:
        return Diagnostic(
            "E108", f"unknown namespace `{reference.namespace}`", reference.span, label="only `env:` exists"
        )
    name = reference.name
    if name in scope.lost:
        return _lost(name, scope.lost[name], reference.span)
    if name in scope.captures:
        return _walk(reference, scope.captures[name])
    if name in scope.variables:
        return _walk(reference, Capture(scope.variables[name]))
    if name in scope.deferred:
        return PendingValue(scope.deferred[name])
    if name == "now" and not reference.path:
        return FoundValue(scope.now)
    if name == "uuid" and not reference.path:
        return FoundValue(draw_uuid(scope))
    if not name.isidentifier():  # the parser has said so
        message, label = describe_bad_reference(name)
        return Diagnostic("E108", message, reference.span, label=label)
    return undefined_name(reference, scope)


def comes_from_data(reference: Reference, scope: Scope) -> bool:
    """Whether the value comes from a row, a response or the environment, not from the script or the command line.

    A used default counts as written in the script; `now` and `uuid` are generated by the shell.
    """
    if reference.default is not None:
        found = _look_up(reference, scope)
        if isinstance(found, Diagnostic) or (isinstance(found, FoundValue) and found.value is None):
            return isinstance(reference.default, Reference) and comes_from_data(reference.default, scope)
    if reference.namespace is not None:
        return True
    if reference.name in scope.variables:
        return reference.name not in scope.written
    saved = reference.name in scope.captures or reference.name in scope.deferred
    return saved or reference.name not in {"now", "uuid"}


def is_secret(reference: Reference, scope: Scope) -> bool:
    """Whether the reference is to a `@secret`, or to a variable of the environment that holds a secret by its name."""
    if reference.namespace == "env":
        return names_secret(reference.name)
    return reference.namespace is None and reference.name in scope.secrets


def draw_uuid(scope: Scope) -> str:
    """Returns the UUID of this block: the same for the same seed and ordinal."""
    from hashlib import sha256

    digits = sha256(f"{scope.seed}/{scope.ordinal}".encode()).hexdigest()
    variant = "89ab"[int(digits[16], 16) % 4]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"


def undefined_name(reference: Reference, scope: Scope) -> Diagnostic:
    """Returns E301 with the nearest known name."""
    close = None if reference.name in {"row", "last"} else closest(reference.name, scope.names())
    hint = f"did you mean `{close}`?" if close else _how_to_define(reference.name)
    return Diagnostic("E301", f"undefined name `{reference.name}`", reference.span, label=hint)


def missing_field(
    reference: Reference, steps: tuple[str | int, ...], known: tuple[str, ...], origin: str
) -> Diagnostic:
    """Returns E302 for a missing last step: the value at the other `steps` has no such field."""
    wanted = str(steps[-1])
    close = closest(wanted, known)
    where = format_path((reference.name, *steps[:-1]))
    label = f"did you mean `{close}`?" if close else ""
    return Diagnostic("E302", f"`{where}` has no field `{wanted}`{origin}", reference.span, label=label)


def format_path(steps: tuple[str | int, ...]) -> str:
    """Formats `("items", "data", 0, "id")` as `items.data[0].id`."""
    text = ""
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) or step == "*" else (f".{step}" if text else step)
    return text


def step_into(value: Any, step: str | int) -> tuple[bool, Any]:
    """Takes one step into JSON data; returns whether it exists, and the value. `-1` is the last item of a list."""
    if isinstance(value, dict):
        return (True, value[str(step)]) if str(step) in value else (False, None)
    if isinstance(value, list) and _is_index(step) and -len(value) <= int(step) < len(value):
        return True, value[int(step)]
    return False, None


def _is_index(step: str | int) -> bool:
    return isinstance(step, int) or step.isdecimal()


def plain_text(value: Value) -> str:
    """Returns the value as written, references unresolved: for messages and for pending values."""
    return value.spelled(lambda reference: f"${{{reference.raw}}}")


def _lost(name: str, cause: Diagnostic, span: Span) -> Diagnostic:
    context = ((cause.span, cause.message),) if cause.span else ()
    return Diagnostic("E302", f"`{name}` has no value", span, label="the request was not sent", context=context)


def _environment(reference: Reference, scope: Scope) -> FoundValue | Diagnostic:
    if reference.name in scope.environment:
        value = scope.environment[reference.name]
        if _is_text(value):
            return FoundValue(value)
        return Diagnostic("E203", f"environment variable `{reference.name}` is not UTF-8 text", reference.span)
    label = f"set it, or give a default: `${{env:{reference.name}:-…}}`"
    return Diagnostic("E301", f"environment variable `{reference.name}` is not set", reference.span, label=label)


def _is_text(value: str) -> bool:
    """Whether the text can be encoded: Python represents invalid UTF-8 bytes as surrogates."""
    return value.isascii() or not any("\ud800" <= char <= "\udfff" for char in value)


def _walk(reference: Reference, capture: Capture) -> FoundValue | Diagnostic:
    value = capture.body
    for index, step in enumerate(reference.path):
        is_row = index == 0 and isinstance(step, int) and is_list(value)
        there, inner = _row(value, step) if is_row else step_into(value, step)
        if not there:
            known = tuple(value) if isinstance(value, dict) else ()
            problem = missing_field(reference, reference.path[: index + 1], known, _origin(capture))
            if is_row:
                rows = len(value["data"])
                problem = replace(problem, label=f"the list has {rows} {'row' if rows == 1 else 'rows'}, from [1] on.")
            return replace(problem, label=f"{problem.label} The request was not sent.".lstrip())
        value = inner
    return FoundValue(value)


def _row(body: Any, number: str | int) -> tuple[bool, Any]:
    """Returns whether a list has the row, and the row: 1 is the first, as the prompt shows it, and -1 the last."""
    at = int(number)
    return step_into(body["data"], at - 1 if at > 0 else at) if at != 0 else (False, None)


def _origin(capture: Capture) -> str:
    parts = []
    if isinstance(capture.body, dict) and isinstance(capture.body.get("id"), str):
        parts.append(capture.body["id"])
    if capture.span is not None:
        parts.append(f"saved on line {capture.span.location()[0]}")
    return f" ({', '.join(parts)})" if parts else ""


def _how_to_define(name: str) -> str:
    if name == "last":
        return "no block has run yet"
    if name == "row":
        return "`row` exists inside `@foreach row in …`"
    return f"define it with `@let {name} = …`, `@as {name}` or `--var {name}=…`"
