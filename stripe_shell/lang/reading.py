"""What every part of the parser shares: the text being read and the problems found in it so far."""

from __future__ import annotations

from stripe_shell.diagnostics import Diagnostic, Fix, SourceText, Span
from stripe_shell.lang.lines import BLANKS


class Mistake(Exception):
    """A problem that ends the reading of one line; the parser notes it and goes on with the next line."""

    def __init__(self, code: str, message: str, span: Span, label: str = "", fix: Fix | None = None) -> None:
        super().__init__(message)
        self.diagnostic = Diagnostic(code, message, span, label=label, fix=fix)


class Reading:
    """A source being read, and its problems in the order of their discovery."""

    __slots__ = ("problems", "source", "text")

    def __init__(self, source: SourceText) -> None:
        self.source = source
        self.text = source.text
        self.problems: list[Diagnostic] = []

    def span(self, start: int, end: int) -> Span:
        """The range `[start, end)` of the source."""
        return Span(self.source, start, end)

    def skip(self, pos: int, end: int) -> int:
        """The first place from `pos` on that is not blank, `end` at most."""
        while pos < end and self.text[pos] in BLANKS:
            pos += 1
        return pos

    def fix(self, start: int, end: int, replacement: str, title: str = "check --fix") -> Fix:
        """Put `replacement` where `[start, end)` is."""
        return Fix(Span(self.source, start, end), replacement, title)

    def problem(
        self,
        code: str,
        message: str,
        span: Span,
        label: str = "",
        *,
        fix: Fix | None = None,
        context: tuple[tuple[Span, str], ...] = (),
    ) -> None:
        """Note an error and go on."""
        self.problems.append(Diagnostic(code, message, span, label=label, fix=fix, context=context))
