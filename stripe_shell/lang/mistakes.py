"""Messages for lines that do not parse."""

from __future__ import annotations

import itertools
import re

from stripe_shell.diagnostics import Span, closest
from stripe_shell.lang.commands import COMMANDS
from stripe_shell.lang.directives import DIRECTIVES
from stripe_shell.lang.lines import LogicalLine
from stripe_shell.lang.reading import Mistake, Reading
from stripe_shell.patterns import pattern

#: `email:x`, but not a URL (`https://…`), whose colon is inside a word.
GLUED = pattern(r"[ \t\r]*([a-z][a-z0-9_.\[\]]*):(?=\S)(?!//)")
#: The first word of an inline form.
INLINE_START = pattern(r"[a-z][a-z0-9_]*(?=[ \t\r]|\Z)")
#: `email = x`, as other languages write it.
ASSIGNED = pattern(r"[ \t\r]*([a-z][a-z0-9_.\[\]]*)[ \t]*=[ \t]*(\S[^\n]*)?\Z")
#: `| COMMAND`, `> FILE` or a command behind a block, which the prompt takes from a line that stands alone.
BY_HAND = pattern(r"([|>]|@[a-z]+)(?=[ \t\r]|\Z)")
_BY_HAND_LATER = pattern(r"(?:^|[ \t])([|>])(?=[ \t\r]|\Z)")
_INVISIBLE = pattern("[\u00a0\u00ad\u200b-\u200f\u2028-\u202e\u2060\u3000\ufeff]")


def glued_value(reading: Reading, line: LogicalLine, glued: re.Match[str]) -> Mistake:
    """Returns the mistake for `email:x`, without a blank after the colon."""
    colon = glued.end(1)
    fix = reading.fix(colon + 1, colon + 1, " ")
    span = reading.span(colon, colon + 1)
    message = f"no space after the colon of `{glued[1]}`"
    value = reading.text[colon + 1 : line.end].split("\n", 1)[0]
    return Mistake("E102", message, span, f"write `{glued[1]}: {value}`", fix)


def assigned_value(reading: Reading, line: LogicalLine, assigned: re.Match[str]) -> Mistake:
    """Returns the mistake for `email = x`, with an equals sign instead of the colon."""
    mended = f"{assigned[1]}: {assigned[2] or ''}".rstrip()
    fix = reading.fix(line.body, line.end, mended)
    return Mistake("E101", "not a line of the language", reading.span(line.body, line.end), f"write `{mended}`", fix)


def unknown_directive(reading: Reading, name: str, at: Span, *, prompt: bool) -> Mistake:
    """Returns the mistake for `@expct`, with the nearest known name."""
    places = [[each.name for each in DIRECTIVES.values() if each.place == place] for place in ("block", "both", "top")]
    known = (*itertools.chain(*places), *(COMMANDS if prompt else ()))
    meant = closest(name.lower(), known)
    fix = reading.fix(at.start, at.end, f"@{meant}") if meant else None
    label = f"did you mean `@{meant}`?" if meant else f"known are {', '.join(f'@{word}' for word in known)}"
    return Mistake("E110", f"unknown directive `@{name}`", at, label, fix)


def works_by_hand(at: Span) -> Mistake:
    """Returns the mistake for `| COMMAND` and its like in a script, or in a pasted text of several lines."""
    return Mistake("E112", f"`{at.text}` works at the prompt, in a text of one line", at, "remove it, or type it there")


def not_a_line(reading: Reading, line: LogicalLine, *, in_block: bool) -> Mistake:
    """Returns the mistake for a line of no known kind, with a guess at the intended one."""
    at = reading.span(line.body, line.end)
    if hidden := _INVISIBLE.search(reading.text, line.body, line.end):
        place = reading.span(hidden.start(), hidden.end())
        fix = reading.fix(hidden.start(), hidden.end(), " " if hidden[0].isspace() else "")
        message = f"an invisible character (U+{ord(hidden[0]):04X})"
        return Mistake("E101", message, place, "remove it", fix)
    text = reading.text[line.body : line.end]
    if assigned := ASSIGNED.match(text):
        return assigned_value(reading, line, assigned)
    by_hand = BY_HAND.match(text) or (not in_block and INLINE_START.match(text) and _BY_HAND_LATER.search(text))
    if by_hand:
        return works_by_hand(reading.span(line.body + by_hand.start(1), line.body + by_hand.end(1)))
    if not in_block and INLINE_START.match(text):
        return Mistake("E101", "not a line of the language", at, f"in a script write `/sandbox {text}`")
    label = "a line is `/connection`, `key: value`, `@directive` or `# comment`"
    return Mistake("E101", "not a line of the language", at, label)
