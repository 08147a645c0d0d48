"""Reads and runs what stands behind a block on its line: `@sort amount`, `| COMMAND`, `> FILE`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from stripe_shell.lang.lines import STRING
from stripe_shell.patterns import pattern
from stripe_shell.records import record

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession

#: The words that may stand behind a block, for its result. `@out` is no command but a directive of a block, which is
#: what it does here for a block on one line.
BEHIND = ("chart", "count", "events", "fields", "full", "open", "out", "sort", "sum")

_BEGINS = pattern(rf"(?P<pipe>\|)|(?P<file>>)(?=[ \t])|@(?P<command>{'|'.join(BEHIND)})(?=[ \t]|\Z)")
_LITERAL = pattern(r"'[^'\n]*'")
_CLOSES = {"{": "}", "[": "]"}


@record
class TrailingCommand:
    """`name` is the name of a command, `|` or `>`; `argument` is what stands behind it."""

    name: str
    argument: str


def split_trailing(text: str) -> tuple[str, list[TrailingCommand]]:
    """Returns a text of one line without what stands behind the block, and that; other texts are returned whole.

    What is quoted or in brackets belongs to the block. Everything behind `|` is one command line.
    """
    line = text.strip()
    starts_with = _BEGINS.match(line)
    if "\n" in line or line[:1] in "#" or (line[:1] == "@" and starts_with is None):
        return text, []
    places = list(_places(line))
    if not places:
        return text, []
    found: list[TrailingCommand] = []
    for at, place in enumerate(places):
        match = _BEGINS.match(line, place)
        assert match is not None  # noqa: S101 (the places are those of matches)
        name = match["pipe"] or match["file"] or match["command"]
        end = len(line) if name == "|" or at + 1 == len(places) else places[at + 1]
        found.append(TrailingCommand(name, line[match.end() : end].strip()))
        if name == "|":
            break
    return line[: places[0]].rstrip(), found


def _places(line: str) -> Iterator[int]:
    """Yields where a command begins: at the start of the line, or behind a blank that is not in a value."""
    pos, closing = 0, ""
    while pos < len(line):
        char = line[pos]
        quoted = STRING.match(line, pos) or _LITERAL.match(line, pos) if char in "\"'" else None
        if quoted is not None:
            pos = quoted.end()
            continue
        if char in _CLOSES:
            closing = f"{_CLOSES[char]}{closing}"
        elif closing and char == closing[0]:
            closing = closing[1:]
        elif not closing and (pos == 0 or line[pos - 1] in " \t") and _BEGINS.match(line, pos):
            yield pos
        pos += 1


def run_trailing(
    session: ReplSession, head: str, behind: list[TrailingCommand], run_head: Callable[[str], bool]
) -> bool:
    """Runs a block, then what stands behind it on its result, of which the last one alone is shown.

    Returns False if the session is to end. Raises UsageError for a command that cannot be carried out.
    """
    results = session.results
    before = results.last
    results.held = True
    try:
        goes_on = run_head(head) if head else True
        if head and (results.last is before or not goes_on):
            return goes_on
        for number, each in enumerate(behind, start=1):
            results.held = number < len(behind)
            _carry_out(session, each)
    finally:
        results.held = False
    return True


def _carry_out(session: ReplSession, command: TrailingCommand) -> None:
    from stripe_shell.repl.commands import commands
    from stripe_shell.repl.sending_on import pipe_result, write_result

    if command.name == "|":
        pipe_result(session, command.argument)
    elif command.name in (">", "out"):
        write_result(session, command.argument, rows=command.name == "out")
    else:
        commands()[command.name].run(session, command.argument)
