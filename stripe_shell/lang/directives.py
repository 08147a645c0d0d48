"""The arguments of directives: one small function for each word after `@`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from stripe_shell.diagnostics import Span
from stripe_shell.durations import parse_duration
from stripe_shell.lang.ast import (
    Argument,
    Assignment,
    Condition,
    Duration,
    Fails,
    ForEach,
    Match,
    Name,
    Output,
    Pages,
    RawParam,
    Reference,
    Retry,
    Tags,
    Value,
)
from stripe_shell.lang.expressions import parse_condition, parse_expectation
from stripe_shell.lang.paths import parse_key
from stripe_shell.lang.reading import Mistake, Reading
from stripe_shell.lang.values import json_error, parse_value, parse_word
from stripe_shell.patterns import pattern

#: Where each directive may stand.
BLOCK_DIRECTIVES = (
    "as", "expect", "match", "fails", "may_fail", "when", "retry", "pages", "out", "idempotency_key", "timeout", "raw",
    "teardown",
)  # fmt: skip
BOTH_DIRECTIVES = ("account", "version", "tags")
TOP_DIRECTIVES = ("let", "secret", "include", "foreach", "end", "connection", "spec")
#: The shell's own commands; they work at the prompt only.
COMMANDS = ("help", "connect", "format", "save", "run", "edit", "watch", "curl", "vars", "history", "quit")
#: Directives that a block may carry several times.
REPEATABLE = ("expect", "match", "raw")
#: Names that a script cannot give to something of its own.
RESERVED_NAMES = ("last", "env", "now", "uuid")
#: The endings `@out` knows.
OUTPUT_ENDINGS = (".csv", ".json", ".jsonl")

_NAME = pattern(r"[A-Za-z_][A-Za-z0-9_]*")
_RETRY = pattern(r"([0-9]+)[ \t\r]+every[ \t\r]+(\S+)[ \t\r]+until[ \t\r]+")
_FAILS = pattern(r"(\*|[a-z][a-z0-9_]*)(?:/(\*|[A-Za-z0-9_.-]+))?\Z")
_TAG = pattern(r"[\w.:/-]+")
_FIELD = pattern(r"[\w$-][\w.$\[\]*-]*\Z")
_ASSIGNMENT = pattern(r"([^\s=]*)[ \t\r]*(=?)[ \t\r]*")
_ROWS_OF = pattern(r"(\S+)[ \t\r]+in[ \t\r]+")
_OPTION = pattern(r"([A-Za-z_]+)[ \t\r]*=[ \t\r]*")
_SPACE = pattern(r"[ \t\r]*")
CONNECTION = pattern(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def parse_argument(reading: Reading, name: str, at: Span, start: int, end: int) -> Argument | None:
    """The argument of the directive `@name` at `[start, end)`; `at` covers the word. Raises Mistake (E104, E111)."""
    if name in _WITHOUT_ARGUMENT:
        if start < end:
            raise Mistake("E111", f"`@{name}` takes no argument", reading.span(start, end), "remove it")
        return None
    if start >= end:
        raise Mistake("E111", f"`@{name}` needs an argument", at, f"write `@{name} {_USAGE[name]}`")
    return _PARSERS[name](reading, start, end)


# --- one function per directive -------------------------------------------------------------------------


def _value(reading: Reading, start: int, end: int) -> Value:
    return parse_value(reading, start, end)


def _as(reading: Reading, start: int, end: int) -> Name:
    return Name(_name(reading, start, end), reading.span(start, end))


def _match(reading: Reading, start: int, end: int) -> Match:
    before = len(reading.problems)
    value = parse_value(reading, start, end)
    if value.style != "json" and len(reading.problems) == before:
        where, why = json_error(reading.text[start:end]) or (0, "it must open with a bracket")
        at = min(start + where, end - 1)
        raise Mistake("E111", f"`@match` needs JSON: {why}", reading.span(at, at + 1), "e.g. `@match {...}`")
    return Match(value, value.span)


def _fails(reading: Reading, start: int, end: int) -> Fails:
    match = _FAILS.match(reading.text, start, end)
    if match is None:
        raise _bad(reading, "fails", start, end)
    return Fails(match[1], match[2], reading.span(start, end))


def _when(reading: Reading, start: int, end: int) -> Condition:
    return parse_condition(reading, start, end)


def _retry(reading: Reading, start: int, end: int) -> Retry:
    match = _RETRY.match(reading.text, start, end)
    if match is None:
        raise _bad(reading, "retry", start, end)
    attempts = _positive(reading, match[1], *match.span(1))
    every = _milliseconds(reading, *match.span(2))
    until = parse_expectation(reading, match.end(), end)
    return Retry(attempts, every, until, reading.span(start, end))


def _pages(reading: Reading, start: int, end: int) -> Pages:
    text = reading.text[start:end]
    if text == "all":
        return Pages(None, reading.span(start, end))
    return Pages(_positive(reading, text, start, end), reading.span(start, end))


def _out(reading: Reading, start: int, end: int) -> Output:
    file, pos = parse_word(reading, start, end)
    _check_ending(file)
    fields: tuple[str, ...] = ()
    pos = reading.skip(pos, end)
    if pos < end:
        option = _OPTION.match(reading.text, pos, end)
        if option is None or option[1] != "fields":
            label = "write `fields=id,customer.email`; a file name with blanks needs quotes"
            raise Mistake("E111", "not an option of `@out`", reading.span(pos, end), label)
        fields = tuple(_fields(reading, option.end(), end))
    return Output(file, fields, reading.span(start, end))


def _timeout(reading: Reading, start: int, end: int) -> Duration:
    return Duration(_milliseconds(reading, start, end), reading.span(start, end))


def _raw(reading: Reading, start: int, end: int) -> RawParam:
    name_start, name_end, value_start = _assignment(reading, "raw", start, end)
    key = parse_key(reading, name_start, name_end)
    return RawParam(key, parse_value(reading, value_start, end), reading.span(start, end))


def _let(reading: Reading, start: int, end: int) -> Assignment:
    name_start, name_end, value_start = _assignment(reading, "let", start, end)
    name = _name(reading, name_start, name_end)
    value = parse_value(reading, value_start, end)
    return Assignment(name, value, reading.span(name_start, name_end), reading.span(start, end))


def _tags(reading: Reading, start: int, end: int) -> Tags:
    names = []
    for name_start, name_end in _words(reading, start, end, " \t\r,"):
        if not _TAG.fullmatch(reading.text, name_start, name_end):
            raise Mistake("E111", "not a tag", reading.span(name_start, name_end), "write `@tags a, b`")
        names.append(reading.text[name_start:name_end])
    if not names:
        raise _bad(reading, "tags", start, end)
    return Tags(tuple(names), reading.span(start, end))


def _connection(reading: Reading, start: int, end: int) -> Value:
    if reading.text[start] == "/" and CONNECTION.fullmatch(reading.text, start + 1, end):
        fix = reading.fix(start, start + 1, "")
        raise Mistake("E111", "the name stands without `/` here", reading.span(start, end), "remove the `/`", fix)
    value = parse_value(reading, start, end)
    if value.literal is not None and not CONNECTION.fullmatch(value.literal):
        raise _bad(reading, "connection", start, end)
    return value


def _spec(reading: Reading, start: int, end: int) -> Value:
    value = parse_value(reading, start, end)
    if value.literal not in ("stripe", "documented"):
        raise _bad(reading, "spec", start, end)
    return value


def _foreach(reading: Reading, start: int, end: int) -> ForEach:
    match = _ROWS_OF.match(reading.text, start, end)
    if match is None:
        raise _bad(reading, "foreach", start, end)
    name = _name(reading, *match.span(1))
    if match.end() == end:
        raise _bad(reading, "foreach", start, end)
    file, pos = parse_word(reading, match.end(), end)
    options = _options(reading, pos, end)
    key = options["key"].literal if "key" in options else None
    jobs = options.get("jobs")
    on_error = options.get("on_error")
    return ForEach(
        name,
        file,
        key,
        _positive(reading, jobs.span.text, jobs.span.start, jobs.span.end) if jobs else 1,
        _on_error(on_error) if on_error else "stop",
        reading.span(start, end),
    )


# --- their parts ----------------------------------------------------------------------------------------


def _bad(reading: Reading, name: str, start: int, end: int) -> Mistake:
    return Mistake("E111", f"bad argument of `@{name}`", reading.span(start, end), f"write `@{name} {_USAGE[name]}`")


def _words(reading: Reading, start: int, end: int, separators: str) -> list[tuple[int, int]]:
    """The ranges between separators."""
    words = re.compile(f"[^{re.escape(separators)}]+")
    return [match.span() for match in words.finditer(reading.text, start, end)]


def _name(reading: Reading, start: int, end: int) -> str:
    """A name that a script gives to something."""
    name = reading.text[start:end]
    span = reading.span(start, end)
    if not _NAME.fullmatch(name):
        mended = re.sub(r"\W", "_", name, flags=re.ASCII)
        fix = reading.fix(start, end, mended) if _NAME.fullmatch(mended) and " " not in name else None
        raise Mistake("E111", f"`{name}` is not a name", span, "letters, digits and `_`, a letter first", fix)
    if name in RESERVED_NAMES:
        raise Mistake("E111", f"`{name}` is a name of the shell's own", span, "choose another one")
    return name


def _assignment(reading: Reading, directive: str, start: int, end: int) -> tuple[int, int, int]:
    """Start and end of the name, and where the value starts."""
    match = _ASSIGNMENT.match(reading.text, start, end)
    if match is None or not match[1] or not match[2]:
        raise _bad(reading, directive, start, end)
    return match.start(1), match.end(1), match.end()


def _positive(reading: Reading, text: str, start: int, end: int) -> int:
    if not re.fullmatch("[0-9]{1,9}", text) or int(text) == 0:
        raise Mistake("E111", f"`{text}` is not a number from 1 on", reading.span(start, end))
    return int(text)


def _milliseconds(reading: Reading, start: int, end: int) -> int:
    text = reading.text[start:end]
    short = text.isascii() and len(text.rstrip("hms")) < 10
    ms = round(parse_duration(text) or 0) if short else 0
    if ms <= 0:
        raise Mistake("E111", f"`{text}` is not a time", reading.span(start, end), "e.g. `500ms`, `10s`, `2m`, `1h`")
    return ms


def _check_ending(file: Value) -> None:
    last = file.parts[-1] if file.parts else None
    if isinstance(last, Reference) or (last and last.text.lower().endswith(OUTPUT_ENDINGS)):
        return
    label = "the name must end in `.csv`, `.json` or `.jsonl`"
    raise Mistake("E111", "the format of `@out` follows from the file's ending", file.span, label)


def _fields(reading: Reading, start: int, end: int) -> list[str]:
    names = []
    for name_start, name_end in _words(reading, start, end, " \t\r,"):
        if not _FIELD.match(reading.text, name_start, name_end):
            raise Mistake("E111", "not a field", reading.span(name_start, name_end), "write `fields=id,customer.email`")
        names.append(reading.text[name_start:name_end])
    if not names:
        raise Mistake("E111", "`fields=` needs at least one field", reading.span(start, end), "e.g. `fields=id,email`")
    return names


def _options(reading: Reading, pos: int, end: int) -> dict[str, Value]:
    """The `key=COLUMN`, `jobs=N` and `on_error=…` of a `@foreach`."""
    options: dict[str, Value] = {}
    pos = reading.skip(pos, end)
    while pos < end:
        match = _OPTION.match(reading.text, pos, end)
        if match is None:
            raise _bad(reading, "foreach", pos, end)
        name = match[1]
        if name not in ("key", "jobs", "on_error") or name in options:
            problem = "given twice" if name in options else "not an option of `@foreach`"
            raise Mistake("E111", f"`{name}` is {problem}", reading.span(*match.span(1)), _USAGE["foreach"])
        value, stop = parse_word(reading, match.end(), end)
        if not value.literal:
            raise Mistake("E111", f"`{name}=` needs a plain value", reading.span(pos, stop), _USAGE["foreach"])
        options[name] = value
        pos = reading.skip(stop, end)
    return options


def _on_error(value: Value) -> Literal["stop", "continue"]:
    if value.literal == "continue":
        return "continue"
    if value.literal == "stop":
        return "stop"
    raise Mistake("E111", f"`{value.literal}` is neither `stop` nor `continue`", value.span)


_WITHOUT_ARGUMENT = ("teardown", "end")
_PARSERS: dict[str, Callable[[Reading, int, int], Argument]] = {
    "as": _as,
    "expect": parse_expectation,
    "match": _match,
    "fails": _fails,
    "may_fail": _fails,
    "when": _when,
    "retry": _retry,
    "pages": _pages,
    "out": _out,
    "idempotency_key": _value,
    "timeout": _timeout,
    "raw": _raw,
    "account": _value,
    "version": _value,
    "tags": _tags,
    "let": _let,
    "secret": _let,
    "include": _value,
    "foreach": _foreach,
    "connection": _connection,
    "spec": _spec,
}
_USAGE = {
    "as": "NAME",
    "expect": "PATH OP VALUE",
    "match": "JSON",
    "fails": "TYPE[/CODE]",
    "may_fail": "TYPE[/CODE]",
    "when": "${row.plan} == pro",
    "retry": "5 every 2s until status == active",
    "pages": "all",
    "out": "FILE.csv [fields=a,b.c]",
    "idempotency_key": "TEXT",
    "timeout": "10s",
    "raw": "key=value",
    "account": "ID",
    "version": "VERSION",
    "tags": "a, b",
    "let": "NAME = VALUE",
    "secret": "NAME = VALUE",
    "include": "FILE",
    "foreach": 'row in "file.csv" key=COLUMN [jobs=N] [on_error=continue]',
    "connection": "NAME",
    "spec": "stripe",
}
