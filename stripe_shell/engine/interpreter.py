"""The walk of a block: resolve, validate, encode, send, expect; and of a script, block after block."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from stripe_shell.diagnostics import Diagnostic
from stripe_shell.engine.check import check_block, check_items, walk
from stripe_shell.engine.encode import encode, takes_key
from stripe_shell.engine.evaluate import evaluate_operand, evaluate_text, evaluate_variable
from stripe_shell.engine.expect import Assertion, Facts, differences, judge
from stripe_shell.engine.failures import explain_assertion, explain_error, explain_unanswered
from stripe_shell.engine.keys import idempotency_key, step_id
from stripe_shell.engine.links import Link, Links
from stripe_shell.engine.outcome import Outcome, Status
from stripe_shell.engine.paging import Exchange, follow_pages, is_list
from stripe_shell.engine.resolve import LARGEST_PAGE, Call, resolve
from stripe_shell.engine.scope import Scope
from stripe_shell.engine.settings import apply_setting
from stripe_shell.errors import NoAnswer, NotSent, OutcomeUnknown, TransportError
from stripe_shell.lang.ast import (
    Assignment,
    Block,
    Directive,
    Expectation,
    Fails,
    Item,
    Match,
    Name,
    Output,
)
from stripe_shell.records import record, replace
from stripe_shell.secrets import Secrets
from stripe_shell.spec.table import Table
from stripe_shell.wire import Request, Response


class RowSink(Protocol):
    """A file that takes the rows of a result one page after the other."""

    def write(self, rows: Sequence[Any]) -> None:
        """Add rows of JSON data."""
        ...

    def close(self) -> None:
        """Finish the file: only now it stands under its name."""
        ...

    def discard(self) -> None:
        """Leave nothing behind."""
        ...


#: Opens the file of an `@out`: path and fields (none: all). Raises OSError, or ShellError for an unknown ending.
OpenRows = Callable[[str, tuple[str, ...]], RowSink]


@record
class Step:
    """One item that has run: its outcome if it was a block, and the scope of what comes next."""

    item: Item
    scope: Scope
    outcome: Outcome | None = None


@record
class Engine:
    """Runs blocks and scripts. Has no state of its own: what changes is the scope, handed from step to step.

    `live`: writes are allowed on connections that count as live.
    """

    table: Table
    links: Links
    open_rows: OpenRows
    live: bool = False

    def check(self, items: Sequence[Item], scope: Scope) -> list[Diagnostic]:
        """Everything that can be known to be wrong without sending anything."""
        return check_items(items, self.table, self.links, scope, live=self.live)

    def preview(self, items: Sequence[Item], scope: Scope, *, run_id: str) -> Iterator[Request]:
        """The requests that a run would send, references to responses left as they are written. Sends nothing."""
        seen: Counter[str] = Counter()
        for item, inner in walk(items, self.table, scope):
            if not isinstance(item, Block):
                continue
            link = self.links.find(item.connection or inner.settings.connection, item.connection_span)
            call = resolve(item, self.table, inner).call
            key = idempotency_key(run_id, step_id(item, seen))
            if call is not None and isinstance(link, Link):
                yield self._encode(with_page_size(call), link, key)

    def run(self, items: Sequence[Item], scope: Scope, *, run_id: str, keep_going: bool = False) -> Iterator[Step]:
        """Run the items in order; stop after a block that did not pass, unless `keep_going`.

        A write whose outcome is unknown always stops the run. What can be known beforehand, `check` knows.
        """
        seen: Counter[str] = Counter()
        for item in items:
            if isinstance(item, Block):
                key = idempotency_key(run_id, step_id(item, seen))
                outcome, scope = self.run_block(item, scope, key)
                yield Step(item, scope, outcome)
                if outcome.status == "unknown" or (outcome.status not in {"passed", "skipped"} and not keep_going):
                    return
            elif isinstance(item, Directive):
                scope = apply_directive(item, scope)
                yield Step(item, scope)

    def run_block(self, block: Block, scope: Scope, key: str) -> tuple[Outcome, Scope]:
        """One block, and the scope after it. `key` is its idempotency key unless it names one itself."""
        link = self.links.find(block.connection or scope.settings.connection, block.connection_span)
        if isinstance(link, Diagnostic):
            return Outcome(block, "invalid", diagnostics=(link,)), scope
        resolved = resolve(block, self.table, scope)
        refusals = check_block(block, resolved.call, link, live=self.live)
        found = (*resolved.diagnostics, *refusals)
        if resolved.call is None or any(d.severity == "error" for d in refusals):
            return Outcome(block, _unsent_status(found), link.name, resolved.call, diagnostics=found), scope
        outcome = self._exchange(block, resolved.call, link, scope, key)
        outcome = replace(outcome, diagnostics=(*found, *outcome.diagnostics))
        return outcome, _scope_after(outcome, scope)

    def _exchange(self, block: Block, call: Call, link: Link, scope: Scope, key: str) -> Outcome:
        name = saved_name(block)
        outcome = Outcome(block, "failed", link.name, call, saved_as=name.text if name else None)
        call = with_page_size(call)
        try:
            request = self._encode(call, link, key)
            outcome = replace(outcome, request=request)
            response = _send(link, request)
            outcome = replace(outcome, response=response)
            outcome = self._receive(outcome, Exchange(request, response), link, scope)
        except TransportError as error:
            status: Status = "unknown" if isinstance(error, OutcomeUnknown) else "failed"
            return replace(outcome, status=status, diagnostics=(explain_unanswered(error, outcome),))
        return judge_outcome(outcome, scope)

    def _encode(self, call: Call, link: Link, key: str) -> Request:
        return encode(
            call,
            version=link.version or self.table.version,
            account=link.account,
            idempotency_key=(call.idempotency_key or key) if takes_key(call) else None,
        )

    def _receive(self, outcome: Outcome, exchange: Exchange, link: Link, scope: Scope) -> Outcome:
        """The outcome with its body: all pages that the block asks for, written to its file if it names one."""
        output = next((d.argument for d in outcome.block.directives if isinstance(d.argument, Output)), None)
        count = outcome.call.pages if outcome.call else 1
        if not exchange.response.ok or (count == 1 and output is None):
            return replace(outcome, body=read_body(exchange))
        sink = self._open_sink(output, scope)
        try:
            body = _collect(link, exchange, count, sink)
        except BaseException:
            if sink is not None:
                sink.discard()
            raise
        if sink is not None and output is not None:
            sink.close()
            outcome = replace(outcome, written_to=evaluate_text(output.file, scope).value)
        return replace(outcome, body=body)

    def _open_sink(self, output: Output | None, scope: Scope) -> RowSink | None:
        if output is None:
            return None
        path = evaluate_text(output.file, scope).value
        try:
            return self.open_rows(path, output.fields)
        except OSError as error:
            raise NotSent(f"{path} cannot be written: {error.strerror or error}") from error


def _send(link: Link, request: Request) -> Response:
    """Send it; Ctrl-C while a write is under way leaves its outcome open."""
    try:
        return link.transport.send(request)
    except KeyboardInterrupt:
        if request.writes:
            raise OutcomeUnknown("interrupted while the request was under way") from None
        raise


def _collect(link: Link, first: Exchange, count: int | None, sink: RowSink | None) -> Any:
    """The pages as one body. With a sink the rows go there, and the body keeps only how many there were."""
    merged: Any = None
    written = 0
    for number, exchange in enumerate(follow_pages(link.transport, first), start=1):
        body = read_body(exchange)
        if not exchange.response.ok:
            message = body.get("error", {}).get("message", "") if isinstance(body, dict) else ""
            raise NoAnswer(f"page {number} could not be read: {exchange.response.status} {message}".rstrip())
        rows = body["data"] if is_list(body) else [body]
        if sink is not None:
            sink.write(rows)
            written += len(rows)
        merged = _merge(merged, body, keep_rows=sink is None)
        if number == count:
            break
    if sink is not None and is_list(merged):
        merged = {**merged, "data": [], "written": written}
    return merged


def _merge(merged: Any, body: Any, *, keep_rows: bool) -> Any:
    if merged is None or not is_list(body):
        return body
    rows = [*merged["data"], *body["data"]] if keep_rows else []
    return {**merged, **body, "data": rows}


def read_body(exchange: Exchange) -> Any:
    """The body as JSON data, None when it is none and the status is no success.

    Raises OutcomeUnknown when a write succeeded and its answer cannot be read, NoAnswer for a read.
    """
    try:
        return exchange.response.json()
    except ValueError:
        if not exchange.response.ok:
            return None
        message = f"{exchange.response.status} came back, but its body is no JSON"
        raise (OutcomeUnknown(message) if exchange.request.writes else NoAnswer(message)) from None


def with_page_size(call: Call) -> Call:
    """The call with the largest page when several pages are wanted and the block says nothing of their size."""
    if call.pages == 1 or "limit" in call.params or "limit" not in call.operation.params.fields:
        return call
    return replace(call, params={**call.params, "limit": LARGEST_PAGE})


def judge_outcome(outcome: Outcome, scope: Scope) -> Outcome:
    """How the exchange ended: as the block's `@fails`, `@match` and `@expect` say."""
    response = outcome.response
    assert response is not None  # noqa: S101 (a caller's mistake, not a user's)
    fails = next((d.argument for d in outcome.block.directives if isinstance(d.argument, Fails)), None)
    if not response.ok and is_indeterminate(outcome):
        return replace(outcome, status="unknown", diagnostics=(explain_error(outcome),))
    if fails is None and not response.ok:
        return replace(outcome, status="failed", diagnostics=(explain_error(outcome),))
    assertions, problems = judge_all(outcome, scope)
    if fails is not None:
        assertions = (_judge_failure(fails, outcome), *assertions)
    if problems:
        return replace(outcome, status="invalid", assertions=assertions, diagnostics=problems)
    found = tuple(explain_assertion(assertion) for assertion in assertions if not assertion.passed)
    return replace(outcome, status="unexpected" if found else "passed", assertions=assertions, diagnostics=found)


def is_indeterminate(outcome: Outcome) -> bool:
    """Whether a write was answered 5xx without the word that it may simply be sent again."""
    response, request = outcome.response, outcome.request
    if response is None or request is None or not request.writes or response.status < 500:
        return False
    return (response.header("Stripe-Should-Retry") or "").lower() != "true"


def judge_all(outcome: Outcome, scope: Scope) -> tuple[tuple[Assertion, ...], tuple[Diagnostic, ...]]:
    """Every `@expect` and `@match` of the block, and references of theirs that have no value."""
    assertions: list[Assertion] = []
    problems: list[Diagnostic] = []
    facts = facts_of(outcome, scope)
    inner = scope.with_capture("last", outcome.body)
    for directive in outcome.block.directives:
        if isinstance(directive.argument, Expectation):
            right, found = evaluate_operand(directive.argument.operand, inner)
            problems += found
            if not found:
                assertions.append(judge(directive.argument, right, facts))
        elif isinstance(directive.argument, Match):
            evaluated = evaluate_variable(directive.argument.value, inner)
            problems += evaluated.problems
            if not evaluated.problems:
                assertions += _judge_match(directive, evaluated.value, outcome.body)
    return tuple(assertions), tuple(problems)


def _judge_match(directive: Directive, expected: Any, body: Any) -> list[Assertion]:
    found = differences(expected, body)
    if not found:
        return [Assertion(directive.span, "@match", passed=True, expected="", actual="")]
    return [Assertion(directive.span, "@match", passed=False, expected=str(item), actual="") for item in found]


def _judge_failure(fails: Fails, outcome: Outcome) -> Assertion:
    error = outcome.body.get("error", {}) if isinstance(outcome.body, dict) else {}
    wanted = fails.type if fails.code is None else f"{fails.type}/{fails.code}"
    kind, codes = error.get("type"), {error.get("code"), error.get("decline_code")}
    response = outcome.response
    passed = (
        response is not None
        and not response.ok
        and fails.type in {"*", kind}
        and (fails.code is None or fails.code in codes)
    )
    if response is not None and response.ok:
        actual = f"the call succeeded ({response.status})"
    else:
        actual = "/".join(str(word) for word in (kind, error.get("code"), error.get("decline_code")) if word)
    return Assertion(fails.span, "@fails", passed=passed, expected=wanted, actual=actual)


def facts_of(outcome: Outcome, scope: Scope) -> Facts:
    """What expectations can ask of an outcome."""
    response = outcome.response
    special: dict[str, Any] = {}
    if response is not None:
        special = {
            "$http": response.status,
            "$ms": round(response.elapsed),
            "$request_id": outcome.request_id,
            "$replayed": (response.header("Idempotent-Replayed") or "").lower() == "true",
        }
    return Facts(outcome.body, special, scope.now)


def apply_directive(directive: Directive, scope: Scope) -> Scope:
    """The scope after a top-level directive: a variable more, or another setting."""
    if isinstance(directive.argument, Assignment):
        value = evaluate_variable(directive.argument.value, scope).value
        return scope.with_variable(directive.argument.name, value, secret=directive.name == "secret")
    return apply_setting(directive, scope)


def secrets_of(scope: Scope) -> Secrets:
    """What must be masked wherever something of this run is shown or stored."""
    return Secrets().plus(*scope.secret_values())


def _unsent_status(diagnostics: Sequence[Diagnostic]) -> Status:
    """A field that this response happens to lack is a failed call (3); all else is the text's fault (2)."""
    errors = [d for d in diagnostics if d.severity == "error"]
    return "failed" if errors and all(d.code == "E302" for d in errors) else "invalid"


def _scope_after(outcome: Outcome, scope: Scope) -> Scope:
    scope = scope.next_block()
    if outcome.body is None:
        return scope
    scope = scope.with_capture("last", outcome.body, outcome.block.span)
    name = saved_name(outcome.block)
    return scope.with_capture(name.text, outcome.body, name.span) if name else scope


def saved_name(block: Block) -> Name | None:
    """The name that `@as` gives the response."""
    return next((d.argument for d in block.directives if d.name == "as" and isinstance(d.argument, Name)), None)
