"""The directives: one definition for each word after `@`, with the parser and the formatter of its argument.

The parser, the formatter, the highlighter, the menu, `@help`, the check, the lint and the converters all read these
definitions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from stripe_shell.diagnostics import Span
from stripe_shell.durations import format_duration
from stripe_shell.lang.arguments import (
    bad_argument,
    format_output,
    parse_milliseconds,
    parse_name,
    parse_output,
    parse_positive,
    split_assignment,
    split_words,
)
from stripe_shell.lang.ast import (
    Argument,
    Assignment,
    Duration,
    Fails,
    Match,
    Name,
    Pages,
    RawParam,
    Retry,
    Tags,
    Value,
)
from stripe_shell.lang.expressions import parse_condition, parse_expectation
from stripe_shell.lang.limits import (
    MOST_EXAMPLE,
    TOTAL_EXAMPLE,
    format_most,
    format_total,
    parse_most,
    parse_total,
)
from stripe_shell.lang.loops import LOOP_EXAMPLE, format_foreach, parse_foreach
from stripe_shell.lang.paths import parse_key
from stripe_shell.lang.reading import Mistake, Reading
from stripe_shell.lang.spelling import (
    format_condition,
    format_expectation,
    format_key,
    format_value,
)
from stripe_shell.lang.values import json_error, parse_value
from stripe_shell.patterns import pattern
from stripe_shell.records import record

#: Where a directive is valid: in a block, outside of blocks, or both.
DirectivePlace = Literal["block", "both", "top"]

#: What an argument is, for completion; `text` is free text, for which nothing is suggested.
ArgumentKind = Literal[
    "account", "assignment", "condition", "connection", "error", "expectation", "loop", "output", "response name",
    "retry", "script", "text", "version",
]  # fmt: skip

#: What a directive names: the response of its block, a variable, a masked variable, a row.
Named = Literal["response", "variable", "secret", "row"]


@record
class DirectiveDefinition:
    """The definition of `@name`.

    `parse` parses its argument in a range of the text and raises Mistake (E111); None for a directive without one.
    `format` formats it after `@name `, given the indentation of the line. `usage` and `meaning` are shown in the menu
    and by `@help`, `meaning_at_top` for a directive of both places outside of blocks. `example` is shown in messages;
    if empty, `usage` is.

    `highlight` is how the argument is coloured: as the value of a parameter, as `NAME = VALUE`, or word by word.
    `completes` names the completion of the argument, `choices` are suggested words with their meanings.

    `repeatable`: a block may have it several times. `excludes`: directives that are invalid in the same block. `names`:
    what its argument names. `setting`: it applies to all blocks after it. `header`: its text is sent as a header.
    `changes_call`: it changes the block's request. `deliberate`: a repeated write with it is intended. `unconvertible`:
    the feature's name, for formats without an equivalent; `lost`: what a conversion omits with a warning.
    """

    name: str
    place: DirectivePlace
    usage: str
    meaning: str
    parse: Callable[[Reading, int, int], Argument] | None = None
    format: Callable[[Any, str], str] = format_value
    example: str = ""
    meaning_at_top: str = ""
    highlight: Literal["value", "assignment", "words"] = "words"
    completes: ArgumentKind | None = None
    choices: tuple[tuple[str, str], ...] = ()
    repeatable: bool = False
    excludes: tuple[str, ...] = ()
    names: Named | None = None
    setting: bool = False
    header: bool = False
    changes_call: bool = False
    deliberate: bool = False
    unconvertible: str = ""
    lost: str = ""


_RETRY = pattern(r"([0-9]+)[ \t\r]+every[ \t\r]+(\S+)[ \t\r]+until[ \t\r]+")
_ALL_PAGES = pattern(r"all(?:[ \t\r]+jobs[ \t\r]*=[ \t\r]*(\S+))?")
_FAILS = pattern(r"(\*|[a-z][a-z0-9_]*)(?:/(\*|[A-Za-z0-9_.-]+))?\Z")
_TAG = pattern(r"[\w.:/-]+")
CONNECTION = pattern(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def parse_argument(reading: Reading, directive: DirectiveDefinition, at: Span, start: int, end: int) -> Argument | None:
    """Parses the argument of a directive at `[start, end)`; `at` covers `@name`. Raises Mistake (E104, E111)."""
    if directive.parse is None:
        if start < end:
            raise Mistake("E111", f"`@{directive.name}` takes no argument", reading.span(start, end), "remove it")
        return None
    if start >= end:
        raise Mistake(
            "E111",
            f"`@{directive.name}` needs an argument",
            at,
            f"write `@{directive.name} {directive.example or directive.usage}`",
        )
    return directive.parse(reading, start, end)


def format_directive(name: str, argument: Argument | None, indent: str = "") -> str:
    """Formats `@name argument`; a prompt command takes a plain value. `indent` is that of the line."""
    if argument is None:
        return f"@{name}"
    directive = DIRECTIVES.get(name)
    text = directive.format(argument, indent) if directive else format_value(argument, indent)  # type: ignore[arg-type]
    return f"@{name} {text}".rstrip(" ")


def setting_text(name: str, text: str) -> str:
    """Returns the value of a directive; empty for `none`, which takes back an account or a version."""
    directive = DIRECTIVES[name]
    return "" if text == "none" and directive.setting and directive.header else text


def directives_at(place: Literal["block", "top"]) -> dict[str, tuple[str, str]]:
    """Returns the usage and meaning, by name, of the directives valid in a block, or outside of blocks."""
    return {
        each.name: (each.usage, (place == "top" and each.meaning_at_top) or each.meaning)
        for each in DIRECTIVES.values()
        if each.place in (place, "both")
    }


# --- arguments: a parser and a formatter each -----------------------------------------------------------


def _as(reading: Reading, start: int, end: int) -> Name:
    return Name(parse_name(reading, start, end), reading.span(start, end))


def _format_as(name: Name, _indent: str) -> str:
    return name.text


def _match(reading: Reading, start: int, end: int) -> Match:
    before = len(reading.problems)
    value = parse_value(reading, start, end)
    if value.style != "json" and len(reading.problems) == before:
        where, why = json_error(reading.text[start:end]) or (0, "it must open with a bracket")
        at = min(start + where, end - 1)
        raise Mistake("E111", f"`@match` needs JSON: {why}", reading.span(at, at + 1), "e.g. `@match {...}`")
    return Match(value, value.span)


def _format_match(match: Match, indent: str) -> str:
    return format_value(match.value, indent)


def _fails(reading: Reading, start: int, end: int) -> Fails:
    match = _FAILS.match(reading.text, start, end)
    if match is None:
        raise _bad(reading, "fails", start, end)
    return Fails(match[1], match[2], reading.span(start, end))


def _format_fails(fails: Fails, _indent: str) -> str:
    return f"{fails.type}/{fails.code}" if fails.code else fails.type


def _retry(reading: Reading, start: int, end: int) -> Retry:
    match = _RETRY.match(reading.text, start, end)
    if match is None:
        raise _bad(reading, "retry", start, end)
    attempts = parse_positive(reading, *match.span(1))
    every = parse_milliseconds(reading, *match.span(2))
    until = parse_expectation(reading, match.end(), end)
    return Retry(attempts, every, until, reading.span(start, end))


def _format_retry(retry: Retry, _indent: str) -> str:
    return f"{retry.attempts} every {format_duration(retry.every_ms)} until {format_expectation(retry.until)}"


def _pages(reading: Reading, start: int, end: int) -> Pages:
    match = _ALL_PAGES.fullmatch(reading.text, start, end)
    if match is not None:
        jobs = parse_positive(reading, *match.span(1)) if match[1] else 1
        return Pages(None, reading.span(start, end), jobs)
    return Pages(parse_positive(reading, start, end), reading.span(start, end))


def _format_pages(pages: Pages, _indent: str) -> str:
    if pages.count is not None:
        return str(pages.count)
    return "all" if pages.jobs == 1 else f"all jobs={pages.jobs}"


def _timeout(reading: Reading, start: int, end: int) -> Duration:
    return Duration(parse_milliseconds(reading, start, end), reading.span(start, end))


def _format_timeout(duration: Duration, _indent: str) -> str:
    return format_duration(duration.ms)


def _raw(reading: Reading, start: int, end: int) -> RawParam:
    name_start, name_end, value_start = _assignment(reading, "raw", start, end)
    key = parse_key(reading, name_start, name_end)
    return RawParam(key, parse_value(reading, value_start, end), reading.span(start, end))


def _format_raw(raw: RawParam, indent: str) -> str:
    return f"{format_key(raw.key, inline=True)}={format_value(raw.value, indent)}"


def _let(reading: Reading, start: int, end: int) -> Assignment:
    name_start, name_end, value_start = _assignment(reading, "let", start, end)
    name = parse_name(reading, name_start, name_end)
    value = parse_value(reading, value_start, end)
    return Assignment(name, value, reading.span(name_start, name_end), reading.span(start, end))


def _format_let(assignment: Assignment, indent: str) -> str:
    return f"{assignment.name} = {format_value(assignment.value, indent)}"


def _tags(reading: Reading, start: int, end: int) -> Tags:
    names = []
    for name_start, name_end in split_words(reading, start, end, " \t\r,"):
        if not _TAG.fullmatch(reading.text, name_start, name_end):
            raise Mistake("E111", "not a tag", reading.span(name_start, name_end), "write `@tags a, b`")
        names.append(reading.text[name_start:name_end])
    if not names:
        raise _bad(reading, "tags", start, end)
    return Tags(tuple(names), reading.span(start, end))


def _format_tags(tags: Tags, _indent: str) -> str:
    return ", ".join(tags.names)


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


# --- the parts that they share --------------------------------------------------------------------------


def _bad(reading: Reading, name: str, start: int, end: int) -> Mistake:
    directive = DIRECTIVES[name]
    return bad_argument(reading, name, directive.example or directive.usage, start, end)


def _assignment(reading: Reading, directive: str, start: int, end: int) -> tuple[int, int, int]:
    """Returns the start and end of the name, and the start of the value."""
    found = split_assignment(reading, start, end)
    if found is None:
        raise _bad(reading, directive, start, end)
    return found


# --- the definitions ------------------------------------------------------------------------------------


_DEFINITIONS = (
    DirectiveDefinition(
        "as", "block", "NAME", "save the response under a name",
        _as, _format_as, completes="response name", names="response",
    ),
    DirectiveDefinition(
        "expect", "block", "PATH OP VALUE", "assert something of the response",
        parse_expectation, format_expectation, completes="expectation",
        repeatable=True, lost="`@expect` is not checked",
    ),
    DirectiveDefinition(
        "match", "block", "JSON", "the response contains this",
        _match, _format_match, highlight="value", completes="text", repeatable=True, lost="`@match` is not checked",
    ),
    DirectiveDefinition(
        "fails", "block", "TYPE[/CODE]", "the call must fail so",
        _fails, _format_fails, completes="error", excludes=("may_fail",), deliberate=True,
    ),
    DirectiveDefinition(
        "may_fail", "block", "TYPE[/CODE]", "the call may fail so",
        _fails, _format_fails, completes="error", excludes=("fails",), deliberate=True,
    ),
    DirectiveDefinition(
        "when", "block", "VALUE OP VALUE", "skip the block unless this holds",
        parse_condition, format_condition, "${row.plan} == pro", completes="condition",
        repeatable=True, deliberate=True, unconvertible="a condition",
    ),
    DirectiveDefinition(
        "retry", "block", "N every 2s until [all|any] PATH OP VALUE", "ask again until this holds",
        _retry, _format_retry, "5 every 2s until status == active", completes="retry", unconvertible="polling",
    ),
    DirectiveDefinition(
        "pages", "block", "all [jobs=N]", "follow the pages of a list",
        _pages, _format_pages, example="all", choices=(("all", "every page"), ("5", "at most so many")),
        lost="only the first page is asked for",
    ),
    DirectiveDefinition(
        "out", "block", "FILE [guard=formulas] [fields=a,b.c]",
        "write the rows to a .csv, .json, .jsonl, .parquet or .sqlite file",
        parse_output, format_output, "FILE.csv [fields=a,b.c]", completes="output", lost="`@out` writes no file",
    ),
    DirectiveDefinition(
        "total", "block", "AMOUNT CURRENCY", "the money that the write is about",
        parse_total, format_total, TOTAL_EXAMPLE, completes="text",
    ),
    DirectiveDefinition(
        "idempotency_key", "block", "TEXT", "send this idempotency key",
        parse_value, highlight="value", choices=(("${uuid}", "a new one for each block"),),
        header=True, deliberate=True,
    ),
    DirectiveDefinition(
        "timeout", "block", "10s", "wait no longer for this call",
        _timeout, _format_timeout, choices=(("10s", "ten seconds"), ("30s", "half a minute"), ("2m", "two minutes")),
    ),
    DirectiveDefinition(
        "raw", "block", "KEY=VALUE", "send a parameter that the table does not know",
        _raw, _format_raw, "key=value", highlight="assignment", completes="text", repeatable=True, changes_call=True,
    ),
    DirectiveDefinition(
        "teardown", "block", "", "run at the end, whatever happened",
        unconvertible="what runs at the end whatever happened",
    ),
    DirectiveDefinition(
        "let", "top", "NAME = VALUE", "a variable, used as ${NAME}",
        _let, _format_let, highlight="assignment", completes="assignment", names="variable",
    ),
    DirectiveDefinition(
        "secret", "top", "NAME = VALUE", "a variable that is never shown or stored",
        _let, _format_let, highlight="assignment", completes="assignment", names="secret",
    ),
    DirectiveDefinition(
        "include", "top", "FILE", "read a script here", parse_value, highlight="value", completes="script"
    ),
    DirectiveDefinition(
        "foreach", "top", 'ROW in "FILE.csv" key=COLUMN', "repeat for every row of a file, up to @end",
        parse_foreach, format_foreach, LOOP_EXAMPLE, completes="loop", names="row", unconvertible="a loop",
    ),
    DirectiveDefinition("end", "top", "", "end of @foreach"),
    DirectiveDefinition(
        "connection", "top", "NAME", "the connection of blocks that name none",
        _connection, completes="connection", setting=True, changes_call=True,
    ),
    DirectiveDefinition(
        "account", "both", "ID", "act for this connected account; none: as the connection does",
        parse_value, meaning_at_top="act for this connected account from here on; none: as the connection does again",
        highlight="value", completes="account", setting=True, header=True, changes_call=True,
    ),
    DirectiveDefinition(
        "version", "both", "VERSION", "use this version of the API; none: the connection's",
        parse_value, meaning_at_top="use this version of the API from here on; none: the connection's again",
        highlight="value", completes="version", setting=True, header=True, changes_call=True,
    ),
    DirectiveDefinition(
        "spec", "top", "stripe", "ask for no more parameters than Stripe does",
        _spec, setting=True, changes_call=True,
        choices=(("stripe", "what Stripe itself requires"), ("documented", "what the document requires too")),
    ),
    DirectiveDefinition(
        "timezone", "top", "NAME", "the time zone of dates that name none",
        parse_value, highlight="value", setting=True, changes_call=True,
        choices=(("UTC", ""), ("Europe/Berlin", "a place of the time zone database"), ("America/New_York", "")),
    ),
    DirectiveDefinition(
        "most", "top", "N writes", "stop before more than so many writes, or so much money",
        parse_most, format_most, MOST_EXAMPLE, completes="text", unconvertible="a limit of what is written",
    ),
    DirectiveDefinition(
        "tags", "both", "A, B", "tags that select blocks",
        _tags, _format_tags, "a, b", meaning_at_top="tags of the blocks from here on",
        completes="text", setting=True, changes_call=True,
    ),
)  # fmt: skip

#: Every directive by its name, in the order of the menu and of `@help directives`.
DIRECTIVES: Mapping[str, DirectiveDefinition] = {each.name: each for each in _DEFINITIONS}
