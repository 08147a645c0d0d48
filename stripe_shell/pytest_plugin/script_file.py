"""Scripts as test files: a test for each block and each loop."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING

from .parts import FilePart, ItemFailure, PartedFile, new_run_id, set_up, shown_path, skip

if TYPE_CHECKING:
    from stripe_shell.diagnostics import Diagnostic
    from stripe_shell.engine.outcome import Outcome, RunStep
    from stripe_shell.lang.ast import Block, Loop


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
            raise self.CollectError(f"{shown_path(self)} is not UTF-8 text (byte {error.start})") from error
        engine, scope, self._secrets = set_up(self)
        prepared = prepare(engine, SourceText(shown_path(self), text), scope)
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
                skip("the script does not pass the check")
            outcomes = self._outcomes_of(item)
            if not outcomes:
                skip("a block before it did not pass" if self._stopped else "there is no row")
            if all(outcome.status == "skipped" for outcome in outcomes):
                skip(self._secrets.mask(outcomes[0].reason))
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
            self._steps = self._engine.run(items, scope, run_id=new_run_id(), resolver=resolver)
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
