"""Diagnostics: problems as data, with source location and fix, and their formatting as text and JSON."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Literal

from stripe_shell.escaping import source_line, visible
from stripe_shell.records import field, record

Severity = Literal["error", "warning", "note"]

#: Maps every diagnostic code to its title. docs/diagnostics.md documents a code under the same title.
CODES: dict[str, str] = {
    # E1xx: syntax errors.
    "E101": "not a line of the language",
    "E102": "missing space after the colon",
    "E103": "parameter outside a block",
    "E104": "bad parameter name",
    "E105": "duplicate parameter",
    "E106": "value that never closes",
    "E107": "bad escape in a quoted value",
    "E108": "bad reference",
    "E109": "bad block header",
    "E110": "unknown directive",
    "E111": "bad directive argument",
    "E112": "directive in the wrong place",
    "E113": "`@foreach` and `@end` do not match",
    "E114": "bad `Response:` section",
    "E115": "text after a closing quote",
    "E116": "directive given twice",
    # E2xx: the block does not match the table of operations.
    "E201": "unknown parameter",
    "E202": "missing parameter",
    "E203": "wrong type of value",
    "E204": "value not among the allowed ones",
    "E205": "unknown action",
    "E206": "unknown entity",
    "E207": "the entity has no such action",
    "E208": "unknown connection",
    "E209": "two names for one parameter, with different values",
    "E210": "value out of range",
    "E211": "directive does not fit the action",
    # E3xx: missing names and files.
    "E301": "undefined name",
    "E302": "no such field in a saved response",
    "E303": "file cannot be read",
    "E304": "include cycle",
    "E305": "name defined twice",
    "E306": "row without a key of its own",
    "E307": "path out of data leaves its folder",
    "E308": "sum or amount that cannot be computed",
    "E309": "secret in the name of a file",
    "E310": "two blocks of a loop write one file",
    # E4xx: the response differs from what the script or page expects.
    "E401": "response differs from the documentation",
    "E402": "expectation failed",
    "E403": "call failed",
    "E404": "call succeeded, failure was expected",
    "E405": "erratum no longer applies",
    # E5xx: transport and connection errors.
    "E501": "not sent",
    "E502": "outcome unknown",
    "E503": "live mode refuses writes",
    "E504": "connection is not usable",
    "E505": "bad settings",
    "E506": "connection is read-only",
    "E507": "journal disagrees with the script",
    "E508": "limit of writes reached",
    # E601: conversion errors.
    "E601": "cannot be converted",
    # Wxxx: warnings.
    "W101": "text that looks like JSON",
    "W201": "value outside the range, Stripe clamps it",
    "W203": "placeholder connection",
    "W204": "object without behaviour of its own in the sandbox",
    "W205": "the response may not have this field",
    "W206": "outside the table",
    "W207": "deprecated by Stripe",
    "W208": "currency that is not in the list",
    "W301": "name that nothing uses",
    "W302": "block that never runs",
    "W303": "write that is made again",
    "W304": "delimiter of a data file that was guessed",
    "W305": "secret sent as a value",
    "W306": "file that is written twice",
    "W601": "lost in the conversion",
}


@lru_cache(maxsize=8)
def _line_starts(text: str) -> list[int]:
    """Returns the offset of each line of `text`; cached, since every diagnostic of a file asks for it."""
    starts = [0]
    while found := text.find("\n", starts[-1]) + 1:
        starts.append(found)
    return starts


@record
class SourceText:
    """A text and the name that diagnostics show for it (a path as given, `<stdin>`, `<prompt>`)."""

    name: str
    text: str

    @property
    def shown_name(self) -> str:
        """The name as text of one line."""
        return visible(self.name)

    def location(self, offset: int) -> tuple[int, int]:
        """Returns the line and column of `offset`, both 1-based; columns count code points."""
        starts = _line_starts(self.text)
        number = bisect_right(starts, offset)
        return number, offset - starts[number - 1] + 1

    def line(self, number: int) -> str:
        """Returns the text of line `number` (1-based) without its line end; empty if there is no such line."""
        starts = _line_starts(self.text)
        if not 0 < number <= len(starts):
            return ""
        end = starts[number] - 1 if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r")


@record
class Span:
    """The half-open range `[start, end)` of code points in a source."""

    source: SourceText
    start: int
    end: int

    def shown_line(self, number: int) -> str:
        """Returns the text of line `number` for an excerpt, with unsafe characters replaced."""
        return source_line(self.source.line(number))

    def location(self) -> tuple[int, int]:
        """Returns the line and column of the start, both 1-based."""
        return self.source.location(self.start)

    @property
    def text(self) -> str:
        """The text that the span covers."""
        return self.source.text[self.start : self.end]

    def to(self, other: Span) -> Span:
        """Returns the span from the start of this one to the end of `other`."""
        return Span(self.source, self.start, other.end)


@record
class Fix:
    """An edit of the source that removes the problem: replaces the text of `span` with `replacement`."""

    span: Span
    replacement: str
    title: str = "check --fix"


@record
class Diagnostic:
    """One problem.

    `message` says what is wrong; `label` is printed after the carets and says what to do; `context` lists other places
    that explain the problem, each with a text; `notes` are printed below and have no place. All these texts are made
    lines of their own, since they may quote what came from outside.
    """

    code: str
    message: str
    span: Span | None = None
    severity: Severity = "error"
    label: str = ""
    fix: Fix | None = None
    context: tuple[tuple[Span, str], ...] = ()
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise ValueError(f"diagnostic code {self.code} is not listed in CODES")
        for name in ("message", "label"):
            text = getattr(self, name)
            if not text.isprintable() or len(text) > _LONGEST_TEXT:
                object.__setattr__(self, name, visible(_shortened(text)))
        if not all(note.isprintable() and len(note) <= _LONGEST_TEXT for note in self.notes):
            object.__setattr__(self, "notes", tuple(visible(_shortened(note)) for note in self.notes))


def close_words(word: str, known: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """Returns up to `most` words of `known` that are similar to `word`, best first, for "did you mean"."""
    from difflib import get_close_matches

    return tuple(get_close_matches(word, list(known), n=most, cutoff=0.6))


def likeness(one: str, other: str) -> float:
    """Returns how similar two words are, from 0 to 1."""
    from difflib import SequenceMatcher

    return SequenceMatcher(None, other, one).ratio()


def did_you_mean(names: Sequence[str]) -> str:
    """Returns the question for one name or several: "did you mean `line1` or `line2`?"."""
    *first, last = (f"`{name}`" for name in names)
    return f"did you mean {', '.join(first)}{' or ' * bool(first)}{last}?"


def closest(word: str, known: Iterable[str]) -> str | None:
    """Returns the word of `known` that is most similar to `word`, or None if none is close."""
    return next(iter(close_words(word, known, most=1)), None)


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether any diagnostic is an error, and not a warning or a note."""
    return any(diagnostic.severity == "error" for diagnostic in diagnostics)


def sort_diagnostics(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Returns the diagnostics without duplicates, by file in order of first appearance, then by position.

    Diagnostics without a span come last.
    """
    unique = dict.fromkeys(diagnostics)
    names = dict.fromkeys(diagnostic.span.source.name for diagnostic in unique if diagnostic.span)
    order = {name: number for number, name in enumerate(names)}

    def place(diagnostic: Diagnostic) -> tuple[int, int, str]:
        span = diagnostic.span
        return (order[span.source.name], span.start, diagnostic.code) if span else (len(order), 0, diagnostic.code)

    return sorted(unique, key=place)


def format_diagnostics(diagnostics: Sequence[Diagnostic]) -> str:
    """Returns the excerpts of all diagnostics, one below the other; the empty string if there are none."""
    return "\n".join(excerpt(diagnostic) for diagnostic in diagnostics)


def excerpt(diagnostic: Diagnostic) -> str:
    """Returns the diagnostic as text: message, source lines with carets, fix and notes."""
    head = f"{diagnostic.severity}[{diagnostic.code}]: {diagnostic.message}"
    lines = [head]
    if diagnostic.span is not None:
        lines += _place(diagnostic, diagnostic.span)
    lines += [f"    = {note}" for note in diagnostic.notes]
    return "\n".join(lines)


def diagnostic_as_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """Returns the diagnostic as a JSON object for `--format json`: code, severity, message, location and fix."""
    row: dict[str, Any] = {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
    }
    if diagnostic.span is not None:
        row |= _range(diagnostic.span)
    if diagnostic.label:
        row["hint"] = diagnostic.label
    if diagnostic.context:
        row["context"] = [_range(span) | {"message": text} for span, text in diagnostic.context]
    if diagnostic.notes:
        row["notes"] = list(diagnostic.notes)
    if diagnostic.fix is not None:
        row["fix"] = _range(diagnostic.fix.span) | {"replacement": diagnostic.fix.replacement}
    return row


def _range(span: Span) -> dict[str, Any]:
    line, column = span.location()
    end_line, end_column = span.source.location(span.end)
    return {
        "file": span.source.name,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
    }


#: The most characters of a source line in an excerpt, and of them in front of the place.
_LONGEST_LINE, _IN_FRONT = 240, 80
#: The most characters of a message, a label or a note.
_LONGEST_TEXT = 1000


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"


@record
class _ShownLine:
    """A source line as an excerpt shows it: the part around the place of a very long one, from column `first` on."""

    text: str
    first: int = 0


def _shown_line(span: Span, number: int, column: int) -> _ShownLine:
    """Returns line `number` for an excerpt; `column` (1-based) is the place in it."""
    text = span.shown_line(number)
    if len(text) <= _LONGEST_LINE:
        return _ShownLine(text)
    first = max(0, min(column - 1 - _IN_FRONT, len(text) - _LONGEST_LINE))
    part = text[first : first + _LONGEST_LINE]
    head, tail = "…" if first else "", "…" if first + _LONGEST_LINE < len(text) else ""
    return _ShownLine(f"{head}{part[len(head) : len(part) - len(tail)]}{tail}", first)


def _place(diagnostic: Diagnostic, span: Span) -> list[str]:
    line, column = span.location()
    shown = _shown_line(span, line, column)
    marks: dict[int, list[str]] = {}
    for other, text in diagnostic.context:
        if other.source == span.source:
            marks.setdefault(other.location()[0], []).append(f"- {visible(text)}")
    hint = "  ".join(part for part in (diagnostic.label, _fix_title(diagnostic.fix)) if part)
    start = column - 1 - shown.first
    carets = "^" * min(_caret_width(span, line), max(1, len(shown.text) - start))
    marks.setdefault(line, []).append(f"{_indent(shown.text[:start])}{carets} {hint}".rstrip())
    gutter = len(str(max(marks)))
    rows = [f"{'':{gutter}} --> {span.source.shown_name}:{line}:{column}"]
    for number in sorted(marks):
        text = shown.text if number == line else _shown_line(span, number, 1).text
        rows.append(f"{number:>{gutter}} | {text}".rstrip())
        rows += [f"{'':{gutter}} | {mark}" for mark in marks[number]]
    rows += [
        f"{'':{gutter}} ::: {other.source.shown_name}:{other.location()[0]} {visible(text)}"
        for other, text in diagnostic.context
        if other.source != span.source
    ]
    return rows


def _fix_title(fix: Fix | None) -> str:
    """Returns the mention of the fix; empty for a source that is not a file (`<prompt>`, `<stdin>`)."""
    return f"(fix: {fix.title})" if fix and not fix.span.source.name.startswith("<") else ""


def _indent(before: str) -> str:
    """Returns the padding before the carets: as wide as the text above them, with tabs kept."""
    return "".join("\t" if char == "\t" else " " * cells(char) for char in before)


def _caret_width(span: Span, line: int) -> int:
    column = span.location()[1]
    shown = span.source.line(line)[column - 1 : column - 1 + span.end - span.start]
    return max(1, sum(cells(char) for char in shown))


#: Categories of characters that take no column of their own; the vowels of Hangul that join a syllable are letters.
_WITHOUT_WIDTH = frozenset({"Mn", "Me", "Cf"})
_SOFT_HYPHEN = "\u00ad"


def cells(char: str) -> int:
    """Returns how many terminal columns a character takes: 2 for wide ones, 0 for combining and invisible ones."""
    if char.isascii():
        return 1
    import unicodedata

    if (unicodedata.category(char) in _WITHOUT_WIDTH and char != _SOFT_HYPHEN) or "\u1160" <= char <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
