"""The prompt text and the toolbar: where a block goes, what it lacks, what Enter does. Live is red and in words."""

from __future__ import annotations

from collections.abc import Iterator

from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.utils import get_cwidth

from stripe_shell.connections import Connection
from stripe_shell.repl.destination import account_words, destination, live_words
from stripe_shell.repl.history import header_name
from stripe_shell.repl.nearby import block_around
from stripe_shell.repl.session import ReplSession
from stripe_shell.repl.settings import prompt_words

_SHOWN, _MINUTE = 6, 60

#: The part of a line that the label of its destination may take; a longer one stands on a line of its own.
_MOST_OF_A_LINE = 0.6


def prompt_text(session: ReplSession, text: str = "", columns: int | None = None) -> StyleAndTextTuples:
    """Returns the label of where the first block of the text goes: `sandbox> `, or `LIVE stripe > ` in red.

    It ends with a line break if it takes most of a line of so many columns.
    """
    return label(session, _connection_at(session, text.partition("\n")[0]) or session.connection, columns)


def label(session: ReplSession, connection: Connection, columns: int | None) -> StyleAndTextTuples:
    """Returns the label of a connection, with the time that `@live` leaves."""
    goal = destination(session, connection)
    most = int(columns * _MOST_OF_A_LINE) if columns else None
    shown = goal.label(most and most - len(goal.mode) - 5)
    break_ = "\n" if most and get_cwidth(shown) > most else ""
    if goal.mode:
        left = session.live_left(connection)
        count = f" {left // 60}:{left % 60:02}" if left else ""
        return [("class:prompt.live", f" {goal.mode} {shown}{count} "), ("class:prompt", f"{break_}> ")]
    colour = connection.profile.colour
    style = f"class:prompt fg:ansi{colour}" if colour else "class:prompt"
    return [(style, prompt_words(session.settings, f"{shown}{break_}", connection.mode, goal.account))]


def continuation(
    session: ReplSession, width: int, text: str = "", line: int = 0, columns: int | None = None
) -> StyleAndTextTuples:
    """Returns the prefix of a line of a block: the label of another destination if the line is its header."""
    lines = text.split("\n") if line else []
    connection = _connection_at(session, lines[line]) if line < len(lines) else None
    if connection is not None:
        return label(session, connection, columns)
    return [("class:prompt.more", "… ".rjust(width))]


def _connection_at(session: ReplSession, line: str) -> Connection | None:
    """Returns the connection that a header line names, None for other lines and for unknown names."""
    name = header_name(line)
    return session.connection_of(name) if name is not None else None


def toolbar(
    session: ReplSession, text: str, offset: int, columns: int | None = None, wrong: str = ""
) -> StyleAndTextTuples:
    """Returns what the block at the offset needs next, and where it goes; cut to the columns, the end first.

    `wrong` says what is wrong in the text, which comes before what is missing.
    """
    connection = session.connection
    state: list[tuple[str, str]] = []
    if text:
        from stripe_shell.lang.cursor import cursor_context

        context = cursor_context(*block_around(text, offset))
        found = session.connection_of(context.connection)
        if found is None:
            unknown = f"there is no connection `/{context.connection}`"
            return _cut([("class:bottom-toolbar.missing", unknown)], columns)
        connection = found
        lacking = wrong or _lacking(session, text, offset)
        state = [("class:bottom-toolbar.missing", lacking)] if lacking else [("", _what_enter_does(text, offset))]
    warning = live_words(connection)
    facts = [*state, ("", _age_of_ids(session)), *(("", fact) for fact in _where(session, connection))]
    parts: StyleAndTextTuples = [("class:bottom-toolbar.live", f" {warning} "), ("", " ")] if warning else []
    shown = [(style, words) for style, words in facts if words]
    for number, (style, words) in enumerate(shown):
        parts += [("", " · ")] * (number > 0) + [(style, words)]
    return _cut(parts, columns)


def _lacking(session: ReplSession, text: str, offset: int) -> str:
    from stripe_shell.lang.cursor import cursor_context
    from stripe_shell.suggest.fields import missing

    context = cursor_context(*block_around(text, offset))
    names = missing(context, session.table(context.connection), document=session.scope.settings.spec != "stripe")
    more = ", …" if len(names) > _SHOWN else ""
    return f"needs {', '.join(names[:_SHOWN])}{more}" if names else ""


def _what_enter_does(text: str, offset: int) -> str:
    """Returns what Enter does with text that lacks nothing."""
    from stripe_shell.repl.enter import enter_action

    action = enter_action(text, offset)
    if action == "run":
        return "Enter sends it" if "\n" in text.strip("\n") or header_name(text) is not None else "Enter runs it"
    if action == "down":
        return "Enter moves down"
    return "an empty line sends it" if _could_be_sent(text) else "Enter goes on in a new line"


def _age_of_ids(session: ReplSession) -> str:
    """Returns how old the ids are that the menu offers, if they were fetched more than a minute ago."""
    if session.offered is None:
        return ""
    from stripe_shell.suggest.ages import age

    place, noun = session.offered
    fetched = session.fetched.get((place, session.engine.table.canonical(noun) or noun))
    seconds = session.environment.clock() - fetched.at if fetched else 0
    return f"{noun} ids are {age(seconds)} old: @refresh {noun}" if seconds >= _MINUTE else ""


def _could_be_sent(text: str) -> bool:
    from stripe_shell.lang.cursor import is_complete

    return is_complete(f"{text}\n\n")


def _where(session: ReplSession, connection: Connection) -> Iterator[str]:
    yield f"/{connection.name}"
    if connection.kind == "sandbox":
        yield connection.address or ("in memory" if connection.origin == ":memory:" else connection.origin)
    else:
        yield "" if live_words(connection) else connection.mode
        yield account_words(session, connection)
        yield f"via {connection.address}" if connection.address else ""
    yield "read-only" if connection.read_only else ""
    if connection.kind != "sandbox":
        yield connection.problem or f"key from {connection.origin}"
    if account := session.scope.settings.account or connection.account:
        yield account


def _cut(parts: StyleAndTextTuples, columns: int | None) -> StyleAndTextTuples:
    """Returns the parts as far as they fit, the last one cut with `…`."""
    if columns is None or sum(get_cwidth(part[1]) for part in parts) <= columns:
        return parts
    left, kept = columns - 1, []
    for style, words, *_ in parts:
        room = words[:left] if get_cwidth(words) > left else words
        kept.append((style, room))
        left -= get_cwidth(room)
        if room != words or left <= 0:
            break
    style, words = kept.pop()
    return [*kept, (style, f"{words.rstrip(' ·')}…")]
