"""Documentation pages as test files: a test for each example."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from .parts import FilePart, ItemFailure, PartedFile, new_run_id, set_up, shown_path, skip

if TYPE_CHECKING:
    from stripe_shell.diagnostics import Diagnostic
    from stripe_shell.replay.runner import ExampleResult, Replay


class PageFile(PartedFile):
    """A documentation page, with its examples as tests."""

    def collect(self) -> Iterator[FilePart]:
        """Yields a test for each example and one for the page as a whole (text and errata); none for other files."""
        from stripe_shell.diagnostics import SourceText
        from stripe_shell.errors import ConfigurationError
        from stripe_shell.replay.errata import Errata, find_errata, read_errata
        from stripe_shell.replay.page import read_page

        try:
            page = read_page(SourceText(shown_path(self), self.path.read_bytes().decode("utf-8-sig")))
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
            engine, scope, self._secrets = set_up(self)
            self._events = replay_page(engine, self._page, self._errata, scope, run_id=new_run_id())
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
                skip("the page does not pass the check")
            result = self._results[index]
            if result.verdict == "skipped":
                skip(result.reason)
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
