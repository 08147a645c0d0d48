"""Converts a fixture file to a script that sends the same requests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from stripe_shell.convert.environment import AnyVariable
from stripe_shell.convert.fixture_file import Fixture, FixtureFile, lost
from stripe_shell.convert.references import translate, usable_name
from stripe_shell.convert.written import Leaf, WrittenCall, write_call
from stripe_shell.diagnostics import Diagnostic, has_errors
from stripe_shell.engine.scope import Scope, ScopeSettings
from stripe_shell.escaping import visible
from stripe_shell.lang import build
from stripe_shell.lang.ast import Block, Comment, Directive, Fails, Name, Script, ScriptItem
from stripe_shell.records import field, record, replace
from stripe_shell.spec.table import Table
from stripe_shell.wire import ParamTree, split_name

#: The tool's default base URLs.
_BASES = {"api": "https://api.stripe.com", "files": "https://files.stripe.com"}
_METER_EVENTS = "https://meter-events.stripe.com"

#: Request headers that are written as directives.
_DIRECTIVES = {"stripe-version": "version", "stripe-account": "account", "idempotency-key": "idempotency_key"}


@record
class ConvertedScript:
    """The script (None if a request cannot be converted), and the problems and losses of the conversion."""

    script: Script | None
    diagnostics: tuple[Diagnostic, ...]


def script_of_fixtures(file: FixtureFile, table: Table, connection: str) -> ConvertedScript:
    """Returns the script: each request is a block over the connection `/connection`."""
    conversion = _Conversion(file, table, connection)
    blocks = [block for fixture in file.fixtures if (block := conversion.block(fixture))]
    tail = list(conversion.environment())
    if has_errors(conversion.problems):
        return ConvertedScript(None, tuple(conversion.problems))
    items: list[ScriptItem] = [build.comment(f"From {file.source.name}, a fixture file of Stripe's command-line tool.")]
    items.append(build.directive("spec", build.value("stripe")))
    items += [_without_unused(block, conversion.used) for block in blocks]
    return ConvertedScript(Script((*items, *tail), file.source), tuple(conversion.problems))


def _without_unused(block: Block, used: set[str]) -> Block:
    """Returns the block without its `@as` if nothing refers to that name."""
    kept = tuple(
        item
        for item in block.items
        if not (isinstance(item, Directive) and isinstance(item.argument, Name) and item.argument.text not in used)
    )
    return Block(block.connection, kept, 0, None, block.connection_span, block.span)


@record(frozen=False)
class _Conversion:
    """The state of a conversion. `names` maps the tool's names of earlier requests to the script's."""

    file: FixtureFile
    table: Table
    connection: str
    names: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    taken: dict[str, None] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)

    def block(self, fixture: Fixture) -> Block | None:
        """Returns the request as a block. Returns None and adds to `problems` if it cannot be converted."""
        before = len(self.problems)
        path = self._text(fixture.path, *fixture.place, "path")
        leaves = list(self._leaves(fixture))
        directives = [*self._failure(fixture), *self._headers(fixture), *self._key(fixture)]
        if has_errors(self.problems[before:]):
            self._name(fixture)
            return None
        written = write_call(fixture.method, path, leaves, self.table, self._scope())
        self._explain(written, fixture)
        self._check_base(fixture, written)
        name = self._name(fixture)
        items = (*written.items, build.directive("as", Name(name, build.NOWHERE)), *directives)
        return Block(self.connection, items, 0, None, build.NOWHERE, build.NOWHERE)

    def environment(self) -> Iterator[Comment]:
        """Yields the variables that the tool would write to `.env`, as comments, since a script writes no such file."""
        for variable, text in self.file.env.items():
            translated = self._text(text, "env", variable)
            label = "it stays as a comment"
            self.problems.append(lost(f"`{variable}` is not written to `.env`", self.file.span("env", variable), label))
            yield build.comment(f"{variable}={translated}")

    def _text(self, text: str, *place: str | int) -> str:
        translated = translate(text, self.names, self.file.span(*place), self.problems)
        self.used.update(re.findall(r"(?<!\$)\$\{(\w+)", translated))
        return translated

    def _scope(self) -> Scope:
        return Scope(
            now=0,
            seed="",
            environment=AnyVariable(),
            deferred=dict.fromkeys(self.names.values()),
            settings=ScopeSettings(spec="stripe"),
        )

    def _name(self, fixture: Fixture) -> str:
        """Returns the script's name for the request, a new one if an earlier request has it."""
        name = usable_name(fixture.name, self.taken)
        if fixture.name in self.names:
            message = f"`{fixture.name}` names an earlier request too"
            label = f"this one becomes `{name}`, and later references mean it"
            self.problems.append(lost(message, self.file.span(*fixture.place, "name"), label))
        self.names[fixture.name] = name
        self.taken[name] = None
        return name

    # --- parameters -----------------------------------------------------------------------------------------

    def _leaves(self, fixture: Fixture) -> Iterator[Leaf]:
        for key, value in fixture.params.items():
            yield from self._leaf(tuple(split_name(key)), value, (*fixture.place, "params", key))

    def _leaf(self, path: tuple[str, ...], value: ParamTree, place: tuple[str | int, ...]) -> Iterator[Leaf]:
        if isinstance(value, Mapping) and value:
            for key, inner in value.items():
                yield from self._leaf((*path, key), inner, (*place, key))
        elif isinstance(value, list) and value:
            for index, inner in enumerate(value):
                yield from self._leaf((*path, str(index)), inner, (*place, index))
        elif value in ({}, []):
            message = f"`{place[-1]}` is empty, and a form cannot say that"
            self.problems.append(lost(message, self.file.span(*place)))
        elif any(visible(part) != part for part in path):
            message = "the name of a parameter has characters that no script can hold"
            self.problems.append(lost(message, self.file.span(*place)))
        else:
            text = self._text(value, *place) if isinstance(value, str) else None
            yield Leaf(path, value, text, self.file.span(*place))

    # --- what is not a parameter -----------------------------------------------------------------------------

    def _failure(self, fixture: Fixture) -> Iterator[Directive]:
        if fixture.expected_error is None:
            return
        if not re.fullmatch(r"[a-z][a-z0-9_]*", fixture.expected_error):
            span = self.file.span(*fixture.place, "expected_error_type")
            self.problems.append(Diagnostic("E601", f"`{fixture.expected_error}` is not a type of error", span))
        # The tool continues both after this failure and after success.
        yield build.directive("may_fail", Fails(fixture.expected_error, None, build.NOWHERE))

    def _headers(self, fixture: Fixture) -> Iterator[Directive]:
        for header, text in fixture.headers.items():
            place = (*fixture.place, "headers", header)
            name = _DIRECTIVES.get(header.lower())
            if name is not None:
                yield build.directive(name, build.value(self._text(text, *place)))
            elif header.lower() != "content-type":
                self.problems.append(lost(f"the header `{header}` cannot be sent", self.file.span(*place)))

    def _key(self, fixture: Fixture) -> Iterator[Directive]:
        if fixture.idempotency_key is not None:
            text = self._text(fixture.idempotency_key, *fixture.place, "idempotency_key")
            yield build.directive("idempotency_key", build.value(text))

    def _check_base(self, fixture: Fixture, written: WrittenCall) -> None:
        base = _METER_EVENTS if written.host == "meter-events" else _BASES.get(written.host, "")
        if fixture.api_base is not None and fixture.api_base.rstrip("/") != base:
            span = self.file.span(*fixture.place, "api_base")
            label = "it is sent where the connection leads"
            self.problems.append(lost(f"`{fixture.api_base}` is the address of another server", span, label))

    def _explain(self, written: WrittenCall, fixture: Fixture) -> None:
        span = self.file.span(*fixture.place, "path")
        self.problems += [replace(diagnostic, span=span, fix=None) for diagnostic in written.diagnostics]
        if written.by_path is not None:
            message, label = f"`{fixture.name}` is written as a path: {written.by_path}", "nothing about it is checked"
            self.problems.append(Diagnostic("W206", message, span, severity="warning", label=label))
