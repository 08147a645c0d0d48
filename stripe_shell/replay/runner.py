"""Replays a page: creates the objects it needs, runs every example, compares every response."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from stripe_shell.diagnostics import Diagnostic, has_errors
from stripe_shell.engine.assertions.compare import MISSING, Difference, equals, format_value, select_values
from stripe_shell.engine.idempotency_keys import idempotency_key
from stripe_shell.engine.links import Link, connection_of
from stripe_shell.engine.outcome import EXIT_CODES, Outcome
from stripe_shell.engine.run.interpreter import Engine
from stripe_shell.engine.scope import Scope
from stripe_shell.errors import ConfigurationError
from stripe_shell.lang.ast import Block
from stripe_shell.records import field, record, replace
from stripe_shell.replay.errata import Errata, Erratum, no_longer_applies, path_text
from stripe_shell.replay.page import DocumentPage, Example
from stripe_shell.replay.seeds import Document, Seeder, SeedResult, read_document
from stripe_shell.replay.symbols import Bindings, compare, is_symbol, substitute_block, symbols_in, symbols_of_block

ExampleVerdict = Literal["passed", "failed", "skipped"]


@record
class ExampleResult:
    """The result of an example: differences or failures, applied errata, reason for skipping.

    The paths of `differences` refer to the page; `bindings` map symbols to ids after the example.
    """

    example: Example
    verdict: ExampleVerdict
    diagnostics: tuple[Diagnostic, ...] = ()
    errata: tuple[Erratum, ...] = ()
    reason: str = ""
    outcome: Outcome | None = None
    differences: tuple[Difference, ...] = ()
    bindings: Bindings = field(default_factory=dict)

    @property
    def only_differs(self) -> bool:
        """Whether the only problem is that the response differs from the page."""
        return self.verdict == "failed" and len(self.differences) == len(self.diagnostics) > 0


@record
class Replay:
    """A replayed page. `diagnostics` are those of the page or the errata as a whole."""

    results: tuple[ExampleResult, ...]
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def passed(self) -> int:
        """Returns the number of examples that responded as documented, errata applied."""
        return sum(result.verdict == "passed" for result in self.results)

    @property
    def exit_code(self) -> int:
        """Returns 2 if nothing was sent, 5 and 3 for failed calls, 4 for differences and outdated errata, else 0."""
        if not self.results and has_errors(self.diagnostics):
            return 2
        codes = {EXIT_CODES[r.outcome.status] for r in self.results if r.outcome and r.verdict == "failed"} - {0}
        if has_errors(self.diagnostics) or any(result.verdict == "failed" for result in self.results):
            codes.add(4)
        return next((code for code in (5, 3, 4, 2) if code in codes), 0)


def replay_page(
    engine: Engine, page: DocumentPage, errata: Errata, scope: Scope, *, run_id: str
) -> Iterator[ExampleResult | Replay]:
    """Runs the examples in order; yields each result, then the Replay.

    Sends nothing if an example has an error or would use a live connection: a documentation page never runs in live
    mode, not even to read. Raises the transport's exceptions while objects are created.
    """
    blocks = [example.block for example in page.examples]
    # Examples are independent, so several may save their responses under the same name.
    found = [problem for problem in engine.check(blocks, scope) if problem.code not in {"E305", "E503"}]
    problems = [*page.diagnostics, *found, *_refuse_live(engine, blocks, scope)]
    if has_errors(problems):
        yield Replay((), tuple(problems))
        return
    link = _link(engine, scope)
    runner = _Runner(engine, page, errata, scope, run_id, read_document(page.examples, errata))
    results: list[ExampleResult] = []
    for result in runner.run(link):
        results.append(result)
        yield result
    yield Replay(tuple(results), (*problems, *runner.outdated(results)))


def _link(engine: Engine, scope: Scope) -> Link:
    link = engine.links.find(scope.settings.connection, None)
    if isinstance(link, Diagnostic):
        raise ConfigurationError(link.message)
    return link


def _refuse_live(engine: Engine, blocks: Sequence[Block], scope: Scope) -> Iterator[Diagnostic]:
    """Yields E503 for the first example of every connection that is live or may be."""
    named = {connection_of(block, scope, engine.links): block for block in reversed(blocks)}
    if blocks:
        named.setdefault(scope.settings.connection, blocks[0])  # objects are created there
    for name, block in named.items():
        link = engine.links.find(name, block.connection_span)
        if isinstance(link, Link) and link.counts_as_live:
            message = f"the connection `{link.name}` is in live mode, or may be"
            label = "a page is replayed in test mode or on the sandbox"
            yield Diagnostic("E503", message, block.connection_span, label=label)


@record(frozen=False)
class _Runner:
    engine: Engine
    page: DocumentPage
    errata: Errata
    scope: Scope
    run_id: str
    document: Document

    def run(self, link: Link) -> Iterator[ExampleResult]:
        seeder = Seeder(self.document, self.errata, self.engine.table, link, self.run_id, self._create_early)
        seeded = seeder.seed()
        bindings: Bindings = seeded.bindings
        scope = self.scope
        for index, example in enumerate(self.page.examples):
            blocked = _blocked(example, seeded)
            if blocked is not None:
                yield blocked
                continue
            outcome, scope = self._send(index, bindings, scope)
            result, bindings = self._compare(example, outcome, bindings)
            yield result

    def _send(self, index: int, bindings: Bindings, scope: Scope) -> tuple[Outcome, Scope]:
        block = substitute_block(self.page.examples[index].block, bindings)
        return self.engine.run_block(block, scope, idempotency_key(self.run_id, f"example {index}"))

    def _create_early(self, index: int, bindings: Bindings) -> dict[str, Any] | None:
        outcome, _ = self._send(index, bindings, self.scope)
        return outcome.body if outcome.status == "passed" and isinstance(outcome.body, dict) else None

    def _compare(self, example: Example, outcome: Outcome, bindings: Bindings) -> tuple[ExampleResult, Bindings]:
        if outcome.status != "passed" and not _shows_error(example, outcome):
            return ExampleResult(example, "failed", outcome.diagnostics, outcome=outcome), bindings
        if example.expected is None:
            return ExampleResult(example, "passed", outcome=outcome, bindings=bindings), bindings
        errata = self.errata.of_example(example.name)
        found = [problem for e in errata if (problem := _needless(e, errata, example, outcome.body, bindings))]
        expected, shapes = _corrected(example.expected, errata)
        comparison = compare(expected, outcome.body, bindings)
        differences = [*comparison.differences, *_shape_differences(shapes, outcome.body, bindings)]
        differences = [
            replace(difference, path=_documented_path(example.expected, expected, difference.path))
            for difference in differences
        ]
        found += [self._explain(example, outcome, difference) for difference in differences]
        verdict: ExampleVerdict = "failed" if found else "passed"
        result = ExampleResult(
            example,
            verdict,
            tuple(found),
            errata,
            outcome=outcome,
            differences=tuple(differences),
            bindings=comparison.bindings,
        )
        return result, comparison.bindings

    def _explain(self, example: Example, outcome: Outcome, difference: Difference) -> Diagnostic:
        path = difference.path
        spans = (
            example.places[path[:length]] for length in range(len(path), -1, -1) if path[:length] in example.places
        )
        span = replace(span, source=self.page.source) if (span := next(spans, None)) else None
        request = f", request {outcome.request_id}" if outcome.request_id else ""
        return Diagnostic(
            "E401",
            f"{example.name}: `{path_text(difference.path)}` differs from the documentation{request}",
            span,
            label=f"actual {format_value(difference.actual)}",
            notes=("accept: replay --update, or write an erratum with its reason",),
        )

    def outdated(self, results: Sequence[ExampleResult]) -> Iterator[Diagnostic]:
        """Yields E405 for every erratum and reading that does not apply to this page."""
        names = {example.name for example in self.page.examples}
        wanted = set(self.document.needed)
        for erratum in self.errata.errata:
            if erratum.example is not None and erratum.example not in names:
                yield no_longer_applies(erratum, f"the page has no example `{erratum.example}`")
            elif erratum.symbol is not None and erratum.symbol not in wanted:
                yield no_longer_applies(erratum, f"`{erratum.symbol}` needs no seed")
            elif erratum.symbol is not None and _says_all(self.document.rows.get(erratum.symbol), erratum.seed):
                yield no_longer_applies(erratum, f"the page itself says so of {erratum.symbol}")
        for reading in self.errata.readings:
            if reading.text not in self.page.source.text:
                yield no_longer_applies(reading, f"the page does not say `{reading.text}`")


def _blocked(example: Example, seeded: SeedResult) -> ExampleResult | None:
    """Returns the result of an example that cannot run because an object it needs is missing; else None."""
    symbols = [*symbols_of_block(example.block), *symbols_in(example.expected)]
    for symbol in symbols:
        if symbol in seeded.failed:
            span = example.block.connection_span
            message = f"{example.name}: {symbol} could not be seeded"
            problem = Diagnostic("E401", message, span, label=seeded.failed[symbol])
            return ExampleResult(example, "failed", (problem,))
    for symbol in symbols:
        if symbol in seeded.skipped:
            return ExampleResult(example, "skipped", reason=seeded.skipped[symbol])
    return None


def _shows_error(example: Example, outcome: Outcome) -> bool:
    """Whether the call failed with an error response and the page documents one, so that they can be compared."""
    documented = isinstance(example.expected, dict) and "error" in example.expected
    return documented and outcome.status == "failed" and isinstance(outcome.body, dict)


# --- errata -------------------------------------------------------------------------------------------------


def _needless(
    erratum: Erratum, errata: Sequence[Erratum], example: Example, body: Any, bindings: Bindings
) -> Diagnostic | None:
    """Returns E405 if the page no longer says what is corrected, or the response matches without the correction."""
    documented = select_values(example.expected, erratum.path)
    says = documented.get("id") if erratum.row and isinstance(documented, dict) else documented
    if says is MISSING or not equals(says, erratum.says):
        return no_longer_applies(erratum, f"the page says {format_value(says)} at `{path_text(erratum.path)}`")
    if erratum.row == "absent":
        wanted = bindings.get(str(erratum.says), erratum.says)
        if _row_of_id(select_values(body, erratum.path[:-1]), wanted) is not None:
            return no_longer_applies(erratum, f"the row {erratum.says} is in the answer")
    others = [other for other in errata if other is not erratum]
    expected, shapes = _corrected(example.expected, others)
    if not compare(expected, body, bindings).differences and not list(_shape_differences(shapes, body, bindings)):
        return no_longer_applies(erratum, "the answer is as documented")
    return None


def _says_all(row: Mapping[str, Any] | None, seed: Mapping[str, Any]) -> bool:
    """Whether the page shows every parameter that an erratum adds."""
    return row is not None and all(key in row and equals(row[key], value) for key, value in seed.items())


def _corrected(expected: Any, errata: Sequence[Erratum]) -> tuple[Any, list[tuple[Erratum, Any]]]:
    """Returns the documented response with errata applied, and the rows of which only the shape is compared."""
    shapes = [(erratum, select_values(expected, erratum.path)) for erratum in errata if erratum.row == "shape"]
    dropped = {erratum.path for erratum in errata if erratum.row}
    values = {erratum.path: erratum.expect for erratum in errata if not erratum.row}
    return _rebuild(expected, (), dropped, values), shapes


def _rebuild(
    data: Any, path: tuple[str | int, ...], dropped: set[tuple[str | int, ...]], values: dict[Any, Any]
) -> Any:
    if path in values:
        return values[path]
    if isinstance(data, dict):
        return {key: _rebuild(value, (*path, key), dropped, values) for key, value in data.items()}
    if isinstance(data, list):
        return [
            _rebuild(value, (*path, index), dropped, values)
            for index, value in enumerate(data)
            if (*path, index) not in dropped
        ]
    return data


def _documented_path(documented: Any, corrected: Any, path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Returns the path of a difference in the page, with the indices of removed rows counted."""
    result: list[str | int] = []
    for step in path:
        rows, kept = select_values(documented, result), select_values(corrected, path[: len(result)])
        result.append(_documented_index(rows, kept, step) if isinstance(step, int) else step)
    return tuple(result)


def _documented_index(rows: Any, kept: Any, index: int) -> int:
    if not isinstance(rows, list) or not isinstance(kept, list) or index >= len(kept):
        return index
    return next((place for place, row in enumerate(rows) if row == kept[index]), index)


def _shape_differences(shapes: list[tuple[Erratum, Any]], body: Any, bindings: Bindings) -> Iterator[Difference]:
    """Yields the differences of rows of which only the shape is compared: existence, and the types of their members."""
    for erratum, row in shapes:
        rows = select_values(body, erratum.path[:-1])
        wanted = bindings.get(str(erratum.says), erratum.says)
        found = (
            next((r for r in rows if isinstance(r, dict) and r.get("id") == wanted), None)
            if isinstance(rows, list)
            else None
        )
        if found is None:
            yield Difference(erratum.path, row, MISSING)
            continue
        for key, value in row.items():
            if key not in found or not _same_kind(value, found[key]):
                yield Difference((*erratum.path, key), value, found.get(key, MISSING))


def _row_of_id(rows: Any, identifier: Any) -> dict[str, Any] | None:
    """Returns the row with this id, or None."""
    candidates = rows if isinstance(rows, list) else []
    return next((row for row in candidates if isinstance(row, dict) and row.get("id") == identifier), None)


def _same_kind(documented: Any, actual: Any) -> bool:
    return type(documented) is type(actual) or is_symbol(documented)
