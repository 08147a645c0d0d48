"""Folds messages and diagnostics at the width of a terminal, with a hanging indent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from stripe_shell.diagnostics import Diagnostic, Span, cells
from stripe_shell.escaping import visible
from stripe_shell.patterns import pattern
from stripe_shell.records import record
from stripe_shell.render.typed_line import TypedLine

_WORD = pattern(r"\s*(?:`[^`]+`\S*|\S+)")
_PLAIN_WORD = pattern(r"\s*\S+")
_PLAIN_NAME = pattern(r"[\w.\[\]-]+")
_SUGGESTED = pattern(r"did you mean ((?:`[^`\s]+`(?:, | or )?)+)\?")
_QUOTED = pattern(r"`([^`\s]+)`")

#: The width of what stands around the place in a source line that is wider than the screen.
_CONTEXT = 24

#: Short titles for a line at the prompt, by diagnostic code.
_TITLES = {
    "E110": "no such directive",
    "E201": "no such parameter",
    "E204": "not one of its values",
    "E205": "no such action",
    "E206": "no such entity",
    "E207": "it has no such action",
    "E208": "no such connection",
}

#: The codes whose suggestion may be typed in: not those of a connection, which decides where a block goes.
_CORRECTED = frozenset({"E110", "E201", "E204", "E205", "E206", "E207"})

#: The labels that list what may be meant, by diagnostic code.
_CHOICES = {"E201": pattern(r"it exists as (.+)"), "E204": pattern(r"one of: ([\w, -]+)")}

_KEY_HINT = "Tab puts it right"


def width_of(text: str) -> int:
    """Returns how many columns the text takes."""
    return len(text) if text.isascii() else sum(map(cells, text))


def fold(text: str, width: int) -> str:
    """Returns the text with every line that is wider than `width` folded at blanks, two columns further in.

    A word is never broken, nor is what stands in backquotes unless it is wider than a line.
    """
    return "\n".join(row for line in text.split("\n") for row in fold_line(line, width))


def fold_line(line: str, width: int, indent: int | None = None) -> list[str]:
    """Returns one line as rows; the second and later ones begin with `indent` blanks."""
    if width_of(line) <= width:
        return [line]
    indent = min(len(line) - len(line.lstrip()) + 2 if indent is None else indent, width // 2)
    rows, row = [], ""
    for word in _words(line, width - indent):
        if row.strip() and width_of(row) + width_of(word) > width:
            rows.append(row)
            row = " " * indent + word.lstrip()
        else:
            row += word
    return [*rows, row]


def _words(line: str, most: int) -> Iterator[str]:
    for match in _WORD.finditer(line):
        if width_of(match[0].strip()) <= most:
            yield match[0]
        else:
            yield from _PLAIN_WORD.findall(match[0])


# --- diagnostics ----------------------------------------------------------------------------------------


def fold_diagnostics(diagnostics: Sequence[Diagnostic], width: int) -> str:
    """Returns the diagnostics as `format_diagnostics` does, folded; of a wide source line the part around the place."""
    return "\n".join(row for diagnostic in diagnostics for row in _excerpt(diagnostic, width))


def _excerpt(diagnostic: Diagnostic, width: int) -> Iterator[str]:
    head = f"{diagnostic.severity}[{diagnostic.code}]: {diagnostic.message}"
    yield from fold_line(head, width, 4)
    if diagnostic.span is not None:
        yield from _place(diagnostic, diagnostic.span, width)
    for note in diagnostic.notes:
        yield from fold_line(f"    = {note}", width, 6)


def _place(diagnostic: Diagnostic, span: Span, width: int) -> Iterator[str]:
    line, column = span.location()
    here = [(other, text) for other, text in diagnostic.context if other.source == span.source]
    numbers = sorted({line, *(other.location()[0] for other, _ in here)})
    gutter = len(str(numbers[-1]))
    bar = f"{'':{gutter}} | "
    yield f"{'':{gutter}} --> {span.source.shown_name}:{line}:{column}"
    for number in numbers:
        at = column if number == line else 1
        shown = _surroundings(span.shown_line(number), at - 1, _length(span, line), width - len(bar))
        yield f"{number:>{gutter}} | {shown.text}".rstrip()
        for other, text in here:
            if other.location()[0] == number:
                yield from fold_line(f"{bar}- {visible(text)}", width, len(bar) + 2)
        if number == line:
            yield from _marked(shown, _hint(diagnostic), bar, width)
    for other, text in diagnostic.context:
        if other.source != span.source:
            yield from fold_line(
                f"{'':{gutter}} ::: {other.source.shown_name}:{other.location()[0]} {visible(text)}", width, 6
            )


def _hint(diagnostic: Diagnostic) -> str:
    fix = diagnostic.fix
    title = f"(fix: {fix.title})" if fix and not fix.span.source.name.startswith("<") else ""
    return "  ".join(part for part in (diagnostic.label, title) if part)


def _length(span: Span, line: int) -> int:
    """Returns how many characters of its first line the span covers, at least one."""
    column = span.location()[1]
    return max(1, min(span.end - span.start, len(span.source.line(line)) - column + 1))


@record
class _Surroundings:
    """A part of a source line; the place begins at column `before` of it and takes `marked` columns."""

    text: str
    before: int
    marked: int


def _surroundings(line: str, start: int, length: int, width: int) -> _Surroundings:
    line = line.replace("\t", " ")
    place = line[start : start + length]
    marked = max(1, width_of(place))
    if width_of(line) <= width:
        return _Surroundings(line, width_of(line[:start]), marked)
    first, last = start, start + length
    room = width - min(marked, width - 4) - 2
    while room > 0 and (first > 0 or last < len(line)):
        if first > 0 and (start - first < _CONTEXT or last >= len(line)):
            first -= 1
            room -= cells(line[first])
        elif last < len(line):
            room -= cells(line[last])
            last += 1
    head, tail = "…" if first else "", "…" if last < len(line) else ""
    before = width_of(head + line[first:start])
    text = line[first:last]
    while width_of(head + text + tail) > width:
        text = text[:-1]
        tail = "…"
    return _Surroundings(f"{head}{text}{tail}", before, min(marked, width - before))


def _marked(shown: _Surroundings, hint: str, bar: str, width: int) -> Iterator[str]:
    """Yields the carets with the hint behind them if it fits, else below."""
    carets = f"{bar}{' ' * shown.before}{'^' * shown.marked}"
    if width_of(carets) + 1 + width_of(hint) <= width:
        yield f"{carets} {hint}".rstrip()
        return
    yield carets
    room = width - len(bar) - 2
    yield from (f"{bar}  {row}" for row in fold_line(hint, room, 0))


# --- a line at the prompt -------------------------------------------------------------------------------


def is_on(line: TypedLine, diagnostics: Iterable[Diagnostic]) -> bool:
    """Whether all diagnostics have their place on the line that was typed, and no other place explains them."""
    return "\n" not in line.text and all(
        each.span is not None and each.span.source.text == line.text and not each.context for each in diagnostics
    )


def under_line(diagnostics: Sequence[Diagnostic], line: TypedLine, width: int) -> str:
    """Returns the diagnostics as they stand under the line that was typed.

    Of a line that takes several rows of the screen, the part around each place is repeated above its carets.
    """
    rows: list[str] = []
    hinted = _hinted(diagnostics)
    wraps = line.indent + width_of(line.text) >= width
    for diagnostic in diagnostics:
        if diagnostic.span is None:
            continue
        start, length = diagnostic.span.start, max(1, diagnostic.span.end - diagnostic.span.start)
        shown = _surroundings(line.text, start, length, width - 4 if wraps else width * 10)
        bar = "  " if wraps else " " * line.indent
        if wraps:
            rows.append(f"{bar}{shown.text}")
        rows += _under(diagnostic, shown, bar, width, _KEY_HINT if diagnostic in hinted else "")
        for note in diagnostic.notes:
            rows += fold_line(f"  = {note}", width, 4)
    return "\n".join(rows)


def _hinted(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Returns the diagnostics that Tab puts right in the next prompt: the sure ones, else the first with choices."""
    sure = [each for each in diagnostics if correction(each) is not None]
    return sure or [each for each in diagnostics if choices(each) is not None][:1]


def _under(diagnostic: Diagnostic, shown: _Surroundings, bar: str, width: int, hint: str) -> list[str]:
    words = short_words(diagnostic)
    rows = list(_marked(shown, words, bar, width))
    if not hint:
        return rows
    room = width - 1 - width_of(rows[-1]) - len(hint)
    if room >= 2:
        rows[-1] += " " * room + hint
    else:
        rows.append(hint.rjust(width - 1))
    return rows


def short_words(diagnostic: Diagnostic) -> str:
    """Returns what is wrong in a few words, with the suggestion: `no such parameter; email?`."""
    meant, title = " or ".join(_meant(diagnostic)), _TITLES.get(diagnostic.code)
    kind = "" if diagnostic.severity == "error" else f"{diagnostic.severity}: "
    if meant and title:
        return f"{kind}{title}; {meant}?"
    return kind + "; ".join(part for part in (diagnostic.message, diagnostic.label) if part)


def _meant(diagnostic: Diagnostic) -> list[str]:
    """Returns the words that were probably meant, several if they are equally near."""
    if diagnostic.fix is not None:
        return [diagnostic.fix.replacement]
    match = _SUGGESTED.search(diagnostic.label)
    return _QUOTED.findall(match[1]) if match else []


def correction(diagnostic: Diagnostic) -> tuple[int, int, str] | None:
    """Returns start, end and text of the edit that puts the diagnostic right; None if it is not sure."""
    if diagnostic.span is None or diagnostic.code not in _CORRECTED or diagnostic.severity != "error":
        return None
    meant, span = _meant(diagnostic), diagnostic.fix.span if diagnostic.fix else diagnostic.span
    if len(meant) != 1 or not span.text.strip() or any(char.isspace() for char in span.text):
        return None
    return span.start, span.end, meant[0]


def choices(diagnostic: Diagnostic) -> tuple[int, int, tuple[str, ...]] | None:
    """Returns start, end and the words that may stand there instead; None if no such words are known."""
    span = diagnostic.span
    if span is None or diagnostic.severity != "error" or not _PLAIN_NAME.fullmatch(span.text):
        return None
    meant = _meant(diagnostic) if diagnostic.code in _CORRECTED else []
    if len(meant) > 1:
        start = span.start + span.text.rfind(".") + 1 if "." not in meant[0] else span.start
        return start, span.end, tuple(meant)
    listed = _CHOICES.get(diagnostic.code)
    match = listed.fullmatch(diagnostic.label) if listed else None
    return (span.start, span.end, tuple(word.strip("` ") for word in match[1].split(","))) if match else None


def corrected(text: str, diagnostics: Iterable[Diagnostic]) -> tuple[str, int] | None:
    """Returns the text put right, and the place of the first correction; None if no diagnostic says how."""
    edits = sorted({edit for each in diagnostics if (edit := correction(each)) is not None})
    if not edits:
        return None
    place = edits[0][0] + len(edits[0][2])
    for start, end, meant in reversed(edits):
        text = text[:start] + meant + text[end:]
    return text, place
