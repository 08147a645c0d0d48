"""The argument of `@foreach`: its name, its source, and one definition for each option."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from stripe_shell.diagnostics import SourceText, Span, closest
from stripe_shell.lang.arguments import bad_argument, parse_name, parse_positive
from stripe_shell.lang.ast import Condition, ForEach, Text, Value
from stripe_shell.lang.escapes import unescape
from stripe_shell.lang.expressions import parse_condition
from stripe_shell.lang.lines import BLANKS
from stripe_shell.lang.reading import Mistake, Reading
from stripe_shell.lang.spelling import format_argument_word, format_condition, format_metadata_key
from stripe_shell.lang.values import parse_value, parse_word
from stripe_shell.patterns import pattern
from stripe_shell.records import record

#: The argument of `@foreach` as shown in messages.
LOOP_EXAMPLE = 'row in "file.csv" key=COLUMN [jobs=N] [on_error=continue] [max_errors=N]'

_ROWS_OF = pattern(r"(\S+)[ \t\r]+in[ \t\r]+")
_OPTION = pattern(r"([A-Za-z_]+)[ \t\r]*=[ \t\r]*")
_ITEM = r"""(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s,"']+)"""
#: The value of an option: a list of quoted texts and words, else all up to the next blank.
_OPTION_VALUE = pattern(rf"{_ITEM}(?:,{_ITEM})*(?=[ \t\r]|\Z)|\S+")
_COLUMN = pattern(r""""(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^,\s]+""")
_PLAIN_COLUMN = pattern(r"""[^\s,"'\[{$][^\s,"']*""")
_LIMIT = pattern(r"[0-9]{1,9}|[0-9]{1,2}(?:\.[0-9]+)?%|100%")
_RATE = pattern(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)/s")
_ENCODING = pattern(r"[A-Za-z0-9][A-Za-z0-9_.:-]*")
_STAMP = pattern(r"metadata(?:\.|\[)")
#: The span of values that are made to be formatted.
_NOWHERE = Span(SourceText("<option>", ""), 0, 0)


@record
class LoopOption:
    """The definition of an option of `@foreach`.

    `parse` parses the value in a range of the text and raises Mistake (E111); `format` formats it after `name=`.
    `default` is the value of an option that is not written, which the formatter omits. `meaning` is shown in the menu,
    `choices` are the values suggested there.
    """

    name: str
    meaning: str
    parse: Callable[[Reading, int, int], Any]
    format: Callable[[Any], str] = str
    default: Any = None
    choices: tuple[str, ...] = ()


def parse_foreach(reading: Reading, start: int, end: int) -> ForEach:
    """Parses `NAME in FILE` or `NAME in ${LIST}` and the options at `[start, end)`. Raises Mistake (E111)."""
    match = _ROWS_OF.match(reading.text, start, end)
    if match is None:
        raise _bad_loop(reading, start, end)
    name = parse_name(reading, *match.span(1))
    if match.end() == end:
        raise _bad_loop(reading, start, end)
    file, pos = parse_word(reading, match.end(), end)
    return ForEach(name, file, reading.span(start, end), **_options(reading, pos, end))


def format_foreach(loop: ForEach, _indent: str) -> str:
    """Formats `NAME in FILE` and the options that differ from their defaults."""
    words = [loop.name, "in", format_argument_word(loop.file)]
    for option in LOOP_OPTIONS.values():
        value = getattr(loop, option.name)
        if value != option.default:
            words.append(f"{option.name}={option.format(value)}")
    return " ".join(words)


def _bad_loop(reading: Reading, start: int, end: int) -> Mistake:
    return bad_argument(reading, "foreach", LOOP_EXAMPLE, start, end)


def _options(reading: Reading, pos: int, end: int) -> dict[str, Any]:
    """Parses the options and returns their values by name."""
    options: dict[str, Any] = {}
    pos = reading.skip(pos, end)
    while pos < end:
        match = _OPTION.match(reading.text, pos, end)
        if match is None:
            raise _bad_loop(reading, pos, end)
        name = match[1]
        if name in options:
            raise Mistake("E111", f"`{name}` is given twice", reading.span(*match.span(1)), "remove one of them")
        if name not in LOOP_OPTIONS:
            raise _unknown_option(reading, *match.span(1))
        value = _OPTION_VALUE.match(reading.text, match.end(), end)
        if value is None:
            raise Mistake("E111", f"`{name}=` needs a value", reading.span(pos, match.end()), LOOP_EXAMPLE)
        options[name] = LOOP_OPTIONS[name].parse(reading, *value.span())
        pos = reading.skip(value.end(), end)
    return options


def _unknown_option(reading: Reading, start: int, end: int) -> Mistake:
    name = reading.text[start:end]
    close = closest(name, tuple(LOOP_OPTIONS))
    label = f"did you mean `{close}`?" if close else f"one of {', '.join(LOOP_OPTIONS)}"
    fix = reading.fix(start, end, close) if close else None
    return Mistake("E111", f"`{name}` is not an option of `@foreach`", reading.span(start, end), label, fix)


# --- the values of options ------------------------------------------------------------------------------


def _plain(reading: Reading, start: int, end: int) -> Value:
    """Parses a value without references."""
    value = parse_value(reading, start, end)
    if not value.literal:
        raise Mistake("E111", "an option takes a plain value", reading.span(start, end), "write it out, without `${…}`")
    return value


def _key(reading: Reading, start: int, end: int) -> tuple[str, ...]:
    names: list[str] = []
    pos = start
    while pos < end:
        match = _COLUMN.match(reading.text, pos, end)
        if match is None:
            label = "write `key=COLUMN`, or `key=A,B` for several"
            raise Mistake("E111", "a column is missing", reading.span(start, end), label)
        name = _plain(reading, *match.span()).literal or ""
        if name in names:
            raise Mistake("E111", f"the column `{name}` is named twice", reading.span(start, end), "remove one of them")
        names.append(name)
        pos = match.end() + 1
    return tuple(names)


def _format_key(names: tuple[str, ...]) -> str:
    return ",".join([name if _PLAIN_COLUMN.fullmatch(name) else _quoted(name) for name in names])


def _jobs(reading: Reading, start: int, end: int) -> int | Literal["auto"]:
    if _plain(reading, start, end).literal == "auto":
        return "auto"
    return parse_positive(reading, start, end)


def _rate(reading: Reading, start: int, end: int) -> float:
    text = _plain(reading, start, end).literal or ""
    match = _RATE.fullmatch(text)
    if match is None or not float(match[1]):
        label = "requests a second, e.g. `rate=20/s`"
        raise Mistake("E111", f"`{text}` is not a rate", reading.span(start, end), label)
    return float(match[1])


def _format_rate(rate: float) -> str:
    return f"{rate:.3f}".rstrip("0").rstrip(".") + "/s"


def _on_error(reading: Reading, start: int, end: int) -> Literal["stop", "continue"]:
    text = _plain(reading, start, end).literal
    if text == "continue":
        return "continue"
    if text == "stop":
        return "stop"
    raise Mistake("E111", f"`{text}` is neither `stop` nor `continue`", reading.span(start, end))


def _max_errors(reading: Reading, start: int, end: int) -> str:
    text = _plain(reading, start, end).literal or ""
    if not _LIMIT.fullmatch(text):
        label = "e.g. `max_errors=20`, `max_errors=2%`"
        raise Mistake("E111", f"`{text}` is not a number of rows", reading.span(start, end), label)
    return text


def _where(reading: Reading, start: int, end: int) -> Condition:
    """Parses the condition between the quotes, as written."""
    quote = reading.text[start]
    if (
        quote not in "\"'"
        or not reading.text[start + 1 : end - 1].strip(BLANKS)
        or reading.text.find(quote, start + 1) != end - 1
    ):
        label = 'write e.g. `where="${row.plan} == pro"`; inside, the other quotes are free'
        raise Mistake("E111", "`where=` takes a condition in quotes", reading.span(start, end), label)
    inner = reading.text[start + 1 : end - 1].rstrip(BLANKS)
    return parse_condition(reading, reading.skip(start + 1, end - 1), start + 1 + len(inner))


def _format_where(condition: Condition) -> str:
    text = format_condition(condition)
    if '"' in text and "'" in text:
        text = condition.span.text
    return f"'{text}'" if '"' in text else f'"{text}"'


def _failed(reading: Reading, start: int, end: int) -> Value:
    value = parse_value(reading, start, end)
    last = value.parts[-1].text if value.parts and isinstance(value.parts[-1], Text) else ""
    if not last.lower().endswith(".csv"):
        label = 'e.g. `failed="failed.csv"`'
        raise Mistake("E111", "`failed=` names a file that ends in `.csv`", reading.span(start, end), label)
    return value


def _stamp(reading: Reading, start: int, end: int) -> str:
    text = _plain(reading, start, end).literal or ""
    match = _STAMP.match(text)
    name = text[match.end() :] if match else ""
    name = name.removesuffix("]") if text.startswith("metadata[") else name
    if not name or len(name) > 40 or set(name) & set("[]"):
        label = "a key of at most 40 characters, e.g. `stamp=metadata.batch`"
        raise Mistake("E111", f"`{text}` is not a key of metadata", reading.span(start, end), label)
    return name


def _format_stamp(name: str) -> str:
    return _quoted(f"metadata.{name}") if " " in name else f"metadata.{format_metadata_key(name)}"


def _delimiter(reading: Reading, start: int, end: int) -> str:
    text = unescape(reading, start, end).strip("\"'")
    if len(text) != 1 or text in "\"'\r\n":
        label = 'one character, e.g. `delimiter=";"` or `delimiter="\\t"`'
        raise Mistake("E111", "not a delimiter", reading.span(start, end), label)
    return text


def _encoding(reading: Reading, start: int, end: int) -> str:
    text = _plain(reading, start, end).literal or ""
    if not _ENCODING.fullmatch(text):
        label = "e.g. `utf-8`, `latin-1`, `cp1252`, `utf-16`"
        raise Mistake("E111", f"`{text}` is not the name of an encoding", reading.span(start, end), label)
    return text


def _quoted(text: str) -> str:
    return format_argument_word(Value("double", (Text(text, _NOWHERE),), _NOWHERE))


def _format_plain(text: str) -> str:
    return format_argument_word(Value("bare", (Text(text, _NOWHERE),), _NOWHERE))


_OPTIONS = (
    LoopOption("key", "the column that tells rows apart", _key, _format_key, ()),
    LoopOption("jobs", "how many rows at once", _jobs, choices=("auto",)),
    LoopOption("rate", "at most so many requests a second: 20/s", _rate, _format_rate),
    LoopOption("on_error", "go on behind a row that fails", _on_error, default="stop", choices=("continue",)),
    LoopOption("max_errors", "stop behind so many rows that failed, or such a share", _max_errors),
    LoopOption("where", "only the rows for which this holds", _where, _format_where),
    LoopOption("failed", "the file of the rows that failed", _failed, format_argument_word),
    LoopOption("stamp", "note run and row in the metadata of what is created", _stamp, _format_stamp),
    LoopOption("delimiter", "what separates the cells of a CSV file", _delimiter, _quoted),
    LoopOption("encoding", "the encoding of the file, if it is not UTF-8", _encoding, _format_plain),
)

#: Every option of `@foreach` by its name, in the order of the menu and of the formatter.
LOOP_OPTIONS = {each.name: each for each in _OPTIONS}
