"""The pytest plugin: collects the blocks of `.stripe` files, and with `--stripe-docs` the examples of pages, as tests.

Each file has its own sandbox, and its blocks run in order: running a single block first runs those before it. The shell
is imported only when a file is collected.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from stripe_shell.diagnostics import Diagnostic
    from stripe_shell.engine.outcome import Outcome, RunStep
    from stripe_shell.engine.run.interpreter import Engine
    from stripe_shell.engine.scope import Scope
    from stripe_shell.lang.ast import Block, Loop
    from stripe_shell.replay.runner import ExampleResult, Replay
    from stripe_shell.secrets import Secrets

#: The suffixes of files that may be documentation pages.
PAGES = (".md", ".rst", ".txt")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the command line options."""
    group = parser.getgroup("stripe-shell", "scripts and documentation pages of stripe-shell")
    group.addoption("--stripe-docs", action="store_true", help="collect documentation pages too (.md, .rst, .txt)")
    group.addoption("--stripe-connection", metavar="NAME", help="the default connection (else a sandbox for each file)")
    group.addoption(
        "--stripe-var",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a variable for ${NAME}; several allowed",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Raises pytest.UsageError for a malformed `--stripe-var` before anything is collected."""
    config.addinivalue_line("markers", "xdist_group(name): tests that pytest-xdist runs in one process")
    for text in config.getoption("--stripe-var"):
        name, equals, _ = text.partition("=")
        if not equals or not name.isidentifier():
            raise pytest.UsageError(f"--stripe-var {text}: write NAME=VALUE")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collects scripts, and documentation pages if `--stripe-docs` is given."""
    if file_path.suffix == ".stripe":
        return ScriptFile.from_parent(parent, path=file_path)
    if file_path.suffix in PAGES and parent.config.getoption("--stripe-docs"):
        return PageFile.from_parent(parent, path=file_path)
    return None


class ItemFailure(Exception):
    """The error for a failed test; its message is what is shown, with secrets masked."""


class FilePart(pytest.Item):
    """A test: a block, a loop, an example, or the check of a whole file."""

    def __init__(self, *, line: int, run: Callable[[FilePart], None], **options: Any) -> None:
        super().__init__(**options)
        self.line = line
        self.run = run

    def runtest(self) -> None:
        """Runs the test. Raises Failure."""
        self.run(self)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Returns the diagnostic of a Failure instead of a traceback."""
        return str(excinfo.value) if isinstance(excinfo.value, ItemFailure) else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Returns path, line (0-based) and name of the test."""
        return self.path, self.line - 1, self.name


class PartedFile(pytest.File):
    """A file whose tests depend on each other, so that pytest-xdist runs them all in one process."""

    def _new_part(self, name: str, line: int, run: Callable[[FilePart], None]) -> FilePart:
        part: FilePart = FilePart.from_parent(self, name=name, line=line, run=run)
        part.add_marker(pytest.mark.xdist_group(str(self.path)))
        return part


# --- scripts ------------------------------------------------------------------------------------------------


class ScriptFile(PartedFile):
    """A script, with its blocks and loops as tests."""

    def collect(self) -> Iterator[FilePart]:
        """Yields a test for the check if that finds an error, then one for each block and each loop."""
        from stripe_shell.batch.runner import prepare
        from stripe_shell.diagnostics import SourceText
        from stripe_shell.engine.load import read_text
        from stripe_shell.lang.ast import Block, Loop

        self._steps: Generator[RunStep, None, None] | None = None
        self._outcomes: dict[int, list[Outcome]] = {}
        self._finished: dict[int, bool] = {}
        try:
            text = read_text(self.path)
        except UnicodeDecodeError as error:
            raise self.CollectError(f"{_shown_path(self)} is not UTF-8 text (byte {error.start})") from error
        engine, scope, self._secrets = _set_up(self)
        prepared = prepare(engine, SourceText(_shown_path(self), text), scope)
        self._secrets = self._secrets.plus(*prepared.secrets.values)
        self._prepared, self._engine = prepared, engine
        if not prepared.sound:
            yield self._new_part("check", 1, lambda _: self._fail(prepared.diagnostics))
        for item in prepared.program.items:
            if isinstance(item, Block | Loop):
                line = item.span.location()[0]
                yield self._new_part(f"{_name_of(item)} (line {line})", line, self._run(item))

    def teardown(self) -> None:
        """Runs the `@teardown` blocks, even if the selected tests end before them."""
        if self._steps is not None:
            self._steps.close()
            self._steps = None

    def _run(self, item: Block | Loop) -> Callable[[FilePart], None]:
        def run(part: FilePart) -> None:
            if not self._prepared.sound:
                _skip("the script does not pass the check")
            outcomes = self._outcomes_of(item)
            if not outcomes:
                _skip("a block before it did not pass" if self._stopped else "there is no row")
            if all(outcome.status == "skipped" for outcome in outcomes):
                _skip(self._secrets.mask(outcomes[0].reason))
            self._report_outcomes(part, outcomes)

        return run

    @property
    def _stopped(self) -> bool:
        return any(o.status not in {"passed", "skipped"} for found in self._outcomes.values() for o in found)

    def _outcomes_of(self, item: Block | Loop) -> list[Outcome]:
        """Returns the outcomes of the block, or of every block of the loop; first runs all items before it."""
        from stripe_shell.engine.run.interpreter import secrets_of
        from stripe_shell.lang.ast import Loop
        from stripe_shell.lang.visit import items_in

        if not self._finished:
            prepared = self._prepared
            items, scope, resolver = prepared.program.items, prepared.scope, prepared.resolver
            self._steps = self._engine.run(items, scope, run_id=_run_id(), resolver=resolver)
            self._homes = {
                id(inner): id(loop)
                for loop in self._prepared.program.items
                if isinstance(loop, Loop)
                for inner in items_in(loop.items)
            }
            self._finished[0] = True
        while self._steps is not None and not self._is_over(item):
            step = next(self._steps, None)
            if step is None:
                self._steps = None
                break
            self._secrets = self._secrets.plus(*secrets_of(step.scope).values)
            if step.outcome is not None:
                home = self._homes.get(id(step.item), id(step.item))
                self._outcomes.setdefault(home, []).append(step.outcome)
                self._last = home
        return self._outcomes.get(id(item), [])

    def _is_over(self, item: Block | Loop) -> bool:
        """Whether the item has finished: a block once it has an outcome, a loop once another item follows."""
        from stripe_shell.lang.ast import Block

        there = id(item) in self._outcomes
        return there and (isinstance(item, Block) or self._last != id(item))

    def _report_outcomes(self, part: FilePart, outcomes: list[Outcome]) -> None:
        """Fails the test if an outcome failed, and adds requests and responses to the report as sections."""
        from stripe_shell.diagnostics import excerpt
        from stripe_shell.render.exchange import render_exchange

        failed = [outcome for outcome in outcomes if outcome.status not in {"passed", "skipped"}]
        for outcome in failed:
            if outcome.request is not None:
                text = render_exchange(outcome.request, outcome.response)
                part.add_report_section("call", f"exchange of {outcome.name}", self._secrets.mask(text))
        if failed:
            problems = [d for outcome in failed for d in outcome.diagnostics if d.severity == "error"]
            raise ItemFailure(self._secrets.mask("\n".join(map(excerpt, problems)) or failed[0].status))

    def _fail(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        from stripe_shell.diagnostics import format_diagnostics

        raise ItemFailure(self._secrets.mask(format_diagnostics(diagnostics)))


def _name_of(item: Block | Loop) -> str:
    from stripe_shell.engine.foreach import header
    from stripe_shell.engine.scope import plain_text
    from stripe_shell.lang.ast import Loop

    if isinstance(item, Loop):
        return f"foreach {header(item).name}"
    return " ".join(plain_text(word.value) for word in item.words) or "block"


# --- pages --------------------------------------------------------------------------------------------------


class PageFile(PartedFile):
    """A documentation page, with its examples as tests."""

    def collect(self) -> Iterator[FilePart]:
        """Yields a test for each example and one for the page as a whole (text and errata); none for other files."""
        from stripe_shell.diagnostics import SourceText
        from stripe_shell.errors import ConfigurationError
        from stripe_shell.replay.errata import Errata, find_errata, read_errata
        from stripe_shell.replay.page import read_page

        try:
            page = read_page(SourceText(_shown_path(self), self.path.read_bytes().decode("utf-8-sig")))
        except UnicodeDecodeError:
            return
        if not page.examples:
            return
        found = find_errata(self.path, os.environ)
        self._page = page
        try:
            self._errata = read_errata(SourceText(str(found), found.read_text("utf-8"))) if found else Errata()
        except ConfigurationError as error:
            raise self.CollectError(str(error)) from error
        self._events: Iterator[ExampleResult | Replay] | None = None
        self._results: list[ExampleResult] = []
        self._whole: Replay | None = None
        for index, example in enumerate(page.examples):
            line = example.block.span.location()[0]
            yield self._new_part(f"{example.name} (line {line})", line, self._run(index))
        yield self._new_part("page", 1, self._run_whole)

    def _advance(self) -> bool:
        """Reads the next event of the replay; returns False at the end."""
        from stripe_shell.errors import ShellError
        from stripe_shell.replay.runner import ExampleResult, replay_page

        if self._events is None:
            engine, scope, self._secrets = _set_up(self)
            self._events = replay_page(engine, self._page, self._errata, scope, run_id=_run_id())
        try:
            event = next(self._events, None)
        except ShellError as error:
            raise ItemFailure(self._secrets.mask(str(error))) from error
        if isinstance(event, ExampleResult):
            self._results.append(event)
        elif event is not None:
            self._whole = event
        return event is not None

    def _run(self, index: int) -> Callable[[FilePart], None]:
        def run(part: FilePart) -> None:
            while len(self._results) <= index and self._advance():
                pass
            if len(self._results) <= index:
                _skip("the page does not pass the check")
            result = self._results[index]
            if result.verdict == "skipped":
                _skip(result.reason)
            if result.verdict == "failed":
                self._fail(result.diagnostics)

        return run

    def _run_whole(self, part: FilePart) -> None:
        while self._advance():
            pass
        if self._whole is not None and any(d.severity == "error" for d in self._whole.diagnostics):
            self._fail(self._whole.diagnostics)

    def _fail(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        from stripe_shell.diagnostics import format_diagnostics

        errors = [diagnostic for diagnostic in diagnostics if diagnostic.severity == "error"]
        raise ItemFailure(self._secrets.mask(format_diagnostics(errors)))


# --- what both need -----------------------------------------------------------------------------------------


def _skip(reason: str) -> NoReturn:
    """Skips the test, reported at the test's own location."""
    raise pytest.skip.Exception(reason, _use_item_location=True)


def _set_up(node: pytest.Collector) -> tuple[Engine, Scope, Secrets]:
    """Returns an engine over a sandbox of this file's own, or over the connection given on the command line."""
    from stripe_shell.connections import load_connections
    from stripe_shell.engine.run.interpreter import Engine
    from stripe_shell.engine.scope import Scope, ScopeSettings
    from stripe_shell.errors import ConfigurationError
    from stripe_shell.render.files import open_rows
    from stripe_shell.secrets import Secrets
    from stripe_shell.spec.table import load_table

    variables = dict(text.split("=", 1) for text in node.config.getoption("--stripe-var"))
    chosen = node.config.getoption("--stripe-connection") or "sandbox"
    try:
        connections = load_connections(os.environ, default=chosen, database=":memory:")
    except ConfigurationError as error:
        raise node.CollectError(str(error)) from error
    scope = Scope(
        now=int(time.time()),
        seed=_run_id(),
        environment=os.environ,
        variables=variables,
        given=frozenset(variables),
        written=frozenset(variables),
        settings=ScopeSettings(spec=connections.spec),
    )
    keys = [connection.credential.reveal() for connection in _opened(connections) if connection.credential]
    return Engine(load_table(), connections, open_rows), scope, Secrets().plus(*keys)


def _opened(connections: Any) -> Iterator[Any]:
    yield from (connection for name in connections.names if (connection := connections.get(name)))


def _run_id() -> str:
    return os.urandom(16).hex()


def _shown_path(node: pytest.File) -> str:
    """Returns the path as diagnostics show it: relative to the folder where pytest was started, if inside it."""
    try:
        return str(node.path.relative_to(node.config.invocation_params.dir))
    except ValueError:
        return str(node.path)
