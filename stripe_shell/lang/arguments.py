"""Arguments of directives: shared parts (names, numbers, times, lists), and the argument of `@out`."""

from __future__ import annotations

import re

from stripe_shell.durations import parse_duration
from stripe_shell.lang.ast import Output, Text, Value
from stripe_shell.lang.reading import Mistake, Reading
from stripe_shell.lang.spelling import format_argument_word
from stripe_shell.lang.values import parse_word
from stripe_shell.patterns import pattern

#: Names that a script cannot define.
RESERVED_NAMES = ("last", "env", "now", "uuid")

#: The extensions that `@out` accepts.
OUTPUT_ENDINGS = (".csv", ".json", ".jsonl", ".parquet", ".sqlite")

_NAME = pattern(r"[A-Za-z_][A-Za-z0-9_]*")
_ASSIGNMENT = pattern(r"([^\s=]*)[ \t\r]*(=?)[ \t\r]*")
_FIELD = pattern(r"""[\w$-](?:\."[^"\n]+"|[\w.$\[\]*-])*\Z""")
_FIELD_WORD = pattern(r"""(?:"[^"\n]*"|[^ \t\r,"]|")+""")
_GUARD = pattern(r"guard[ \t\r]*=[ \t\r]*formulas(?:[ \t\r]+|\Z)")
_OPTION = pattern(r"([A-Za-z_]+)[ \t\r]*=[ \t\r]*")


def bad_argument(reading: Reading, name: str, example: str, start: int, end: int) -> Mistake:
    """Returns the mistake (E111) for an argument that does not have the form of `example`."""
    label = f"write `@{name} {example}`"
    return Mistake("E111", f"bad argument of `@{name}`", reading.span(start, end), label)


def parse_name(reading: Reading, start: int, end: int) -> str:
    """Parses a name that a script defines. Raises Mistake (E111)."""
    name = reading.text[start:end]
    span = reading.span(start, end)
    if not _NAME.fullmatch(name):
        mended = re.sub(r"\W", "_", name, flags=re.ASCII)
        fix = reading.fix(start, end, mended) if _NAME.fullmatch(mended) and " " not in name else None
        raise Mistake("E111", f"`{name}` is not a name", span, "letters, digits and `_`, a letter first", fix)
    if name in RESERVED_NAMES:
        raise Mistake("E111", f"`{name}` is a name of the shell's own", span, "choose another one")
    return name


def split_assignment(reading: Reading, start: int, end: int) -> tuple[int, int, int] | None:
    """Returns the start and end of the name in `NAME = VALUE` and the start of the value; None for other texts."""
    match = _ASSIGNMENT.match(reading.text, start, end)
    return (match.start(1), match.end(1), match.end()) if match and match[1] and match[2] else None


def parse_positive(reading: Reading, start: int, end: int) -> int:
    """Parses a number from 1 to 999999999. Raises Mistake (E111)."""
    text = reading.text[start:end]
    if not re.fullmatch("[0-9]{1,9}", text) or int(text) == 0:
        raise Mistake("E111", f"`{text}` is not a number from 1 on", reading.span(start, end))
    return int(text)


def parse_milliseconds(reading: Reading, start: int, end: int) -> int:
    """Parses a duration such as `10s`, at least one millisecond. Raises Mistake (E111)."""
    text = reading.text[start:end]
    short = text.isascii() and len(text.rstrip("hms")) < 10
    ms = round(parse_duration(text) or 0) if short else 0
    if ms <= 0:
        raise Mistake("E111", f"`{text}` is not a time", reading.span(start, end), "e.g. `500ms`, `10s`, `2m`, `1h`")
    return ms


def split_words(reading: Reading, start: int, end: int, separators: str) -> list[tuple[int, int]]:
    """Returns the ranges between separators."""
    words = re.compile(f"[^{re.escape(separators)}]+")
    return [match.span() for match in words.finditer(reading.text, start, end)]


# --- @out -----------------------------------------------------------------------------------------------


def parse_output(reading: Reading, start: int, end: int) -> Output:
    """Parses `FILE [guard=formulas] [fields=a,b.c]` at `[start, end)`. Raises Mistake (E111)."""
    file, pos = parse_word(reading, start, end)
    _check_ending(file)
    pos = reading.skip(pos, end)
    guard = _GUARD.match(reading.text, pos, end)
    pos = guard.end() if guard is not None else pos
    fields: tuple[str, ...] = ()
    if pos < end:
        option = _OPTION.match(reading.text, pos, end)
        if option is None or option[1] != "fields":
            label = "write `fields=id,customer.email`, `guard=formulas`; a file name with blanks needs quotes"
            raise Mistake("E111", "not an option of `@out`", reading.span(pos, end), label)
        fields = tuple(_fields(reading, option.end(), end))
    return Output(file, fields, reading.span(start, end), guard is not None)


def _check_ending(file: Value) -> None:
    last = file.parts[-1] if file.parts else None
    if last and (not isinstance(last, Text) or last.text.lower().endswith(OUTPUT_ENDINGS)):
        return
    label = "the name must end in `.csv`, `.json`, `.jsonl`, `.parquet` or `.sqlite`"
    raise Mistake("E111", "the format of `@out` follows from the file's ending", file.span, label)


def _fields(reading: Reading, start: int, end: int) -> list[str]:
    names = []
    for match in _FIELD_WORD.finditer(reading.text, start, end):
        name_start, name_end = match.span()
        if not _FIELD.match(reading.text, name_start, name_end):
            raise Mistake("E111", "not a field", reading.span(name_start, name_end), "write `fields=id,customer.email`")
        names.append(reading.text[name_start:name_end])
    if not names:
        raise Mistake("E111", "`fields=` needs at least one field", reading.span(start, end), "e.g. `fields=id,email`")
    return names


def format_output(output: Output, _indent: str) -> str:
    """Formats `FILE [guard=formulas] [fields=a,b.c]`."""
    fields = f" fields={','.join(output.fields)}" if output.fields else ""
    return f"{format_argument_word(output.file)}{' guard=formulas' if output.guard else ''}{fields}"
