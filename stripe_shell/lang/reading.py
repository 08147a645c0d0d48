"""The state shared by the parsers: the source text and the problems found so far."""

from __future__ import annotations

from stripe_shell.diagnostics import Diagnostic, Fix, SourceText, Span
from stripe_shell.lang.lines import BLANKS


class Mistake(Exception):
    """A problem that prevents parsing a line; the parser records it and continues with the next line."""

    def __init__(self, code: str, message: str, span: Span, label: str = "", fix: Fix | None = None) -> None:
        super().__init__(message)
        self.diagnostic = Diagnostic(code, message, span, label=label, fix=fix)


class Reading:
    """A source being parsed, and its problems in the order of discovery."""

    __slots__ = ("problems", "source", "text")

    def __init__(self, source: SourceText) -> None:
        self.source = source
        self.text = source.text
        self.problems: list[Diagnostic] = []

    def span(self, start: int, end: int) -> Span:
        """Returns the span `[start, end)` of the source."""
        return Span(self.source, start, end)

    def skip(self, pos: int, end: int) -> int:
        """Returns the first position from `pos` that is not blank, at most `end`."""
        while pos < end and self.text[pos] in BLANKS:
            pos += 1
        return pos

    def fix(self, start: int, end: int, replacement: str, title: str = "check --fix") -> Fix:
        """Returns a fix that replaces `[start, end)` by `replacement`."""
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
        """Records an error, after which parsing continues."""
        self.problems.append(Diagnostic(code, message, span, label=label, fix=fix, context=context))
