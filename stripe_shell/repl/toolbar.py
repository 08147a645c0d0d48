"""The prompt text and the toolbar: where the block goes and which parameters it lacks. Live is red and in words."""

from __future__ import annotations

from prompt_toolkit.formatted_text import StyleAndTextTuples

from stripe_shell.connections import Connection
from stripe_shell.repl.nearby import block_around
from stripe_shell.repl.session import ReplSession
from stripe_shell.repl.settings import prompt_words

_SHOWN = 6


def prompt_text(session: ReplSession) -> StyleAndTextTuples:
    """Returns `sandbox> `, or `LIVE stripe > `, in the connection's colour unless it is live."""
    connection = session.connection
    if warning := live_words(connection):
        return [("class:prompt.live", f" {warning} {connection.name} "), ("class:prompt", "> ")]
    colour = connection.profile.colour
    account = session.scope.settings.account or connection.account or ""
    text = prompt_words(session.settings, connection.name, connection.mode, account)
    return [(f"class:prompt fg:ansi{colour}" if colour else "class:prompt", text)]


def continuation(width: int) -> StyleAndTextTuples:
    """Returns the prefix of every line of a block but the first."""
    return [("class:prompt.more", "… ".rjust(width))]


def toolbar(session: ReplSession, text: str, offset: int) -> StyleAndTextTuples:
    """Returns the block's connection, mode, account and source of its key, and the parameters it lacks."""
    if not text:
        return _where(session, session.connection)
    from stripe_shell.lang.cursor import cursor_context
    from stripe_shell.suggest.fields import missing

    context = cursor_context(*block_around(text, offset))
    connection = session.connection_of(context.connection)
    if connection is None:
        return [("class:bottom-toolbar.missing", f"there is no connection `/{context.connection}`")]
    parts = _where(session, connection)
    lacking = missing(context, session.table(context.connection), document=session.scope.settings.spec != "stripe")
    if lacking:
        more = ", …" if len(lacking) > _SHOWN else ""
        parts.append(("class:bottom-toolbar.missing", f" · needs {', '.join(lacking[:_SHOWN])}{more}"))
    elif context.in_block:
        parts.append(("", " · an empty line sends it"))
    return parts


def _where(session: ReplSession, connection: Connection) -> StyleAndTextTuples:
    warning = live_words(connection)
    parts: StyleAndTextTuples = [("class:bottom-toolbar.live", f" {warning} ")] if warning else []
    facts = [f"/{connection.name}"]
    if connection.kind == "sandbox":
        facts.append("in memory" if connection.origin == ":memory:" else connection.origin)
    else:
        facts += [*([] if warning else [connection.mode]), connection.problem or f"key from {connection.origin}"]
    facts += ["read-only"] * connection.read_only
    if account := session.scope.settings.account or connection.account:
        facts.append(account)
    return [*parts, ("", f"{' ' if warning else ''}{' · '.join(facts)}")]


def live_words(connection: Connection) -> str:
    """Returns the name of a mode that may be live, or an empty string for the others."""
    if connection.kind == "sandbox" or connection.problem:
        return ""
    return {"live": "LIVE", "unknown": "LIVE?"}.get(connection.mode, "")
