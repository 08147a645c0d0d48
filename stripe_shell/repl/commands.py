"""The shell's own commands: `@help`, `@connect`, `@format`, `@vars`, `@history`, `@save`, `@curl`, `@edit`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from stripe_shell.diagnostics import Diagnostic, SourceText, closest
from stripe_shell.engine.load import read_text
from stripe_shell.engine.scope import plain_text
from stripe_shell.errors import UsageError
from stripe_shell.files import create_text
from stripe_shell.lang.ast import Assignment, Directive, Reference, Script, ScriptItem, Value
from stripe_shell.lang.format import format_script
from stripe_shell.records import replace
from stripe_shell.render import FORMATS
from stripe_shell.repl.help import help_text
from stripe_shell.repl.session import ReplSession
from stripe_shell.secrets import public_environment

PromptCommand = Callable[[ReplSession, str], None]

_SHOWN_HISTORY = 20


def run_command(session: ReplSession, directive: Directive) -> None:
    """Carry out a command other than `@run` and `@quit`. Raises UsageError when it cannot be carried out."""
    command = _COMMANDS.get(directive.name)
    if command is None:
        raise UsageError(f"@{directive.name} is not available yet")
    command(session, argument_text(directive))


def argument_text(directive: Directive) -> str:
    """What stands behind the command, as it was typed."""
    return plain_text(directive.argument).strip() if isinstance(directive.argument, Value) else ""


def open_script(directive: Directive) -> SourceText:
    """The script that `@run FILE` names. Raises UsageError when it cannot be read."""
    name = argument_text(directive)
    if not name:
        raise UsageError("which file? e.g. @run setup.stripe")
    try:
        return SourceText(name, read_text(Path(name).expanduser()))
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is not UTF-8 text (byte {error.start})") from error


def _help(session: ReplSession, topic: str) -> None:
    session.streams.result(help_text(session.engine.table, topic))


def _format(session: ReplSession, name: str) -> None:
    if not name:
        session.streams.result(f"{session.presenter.format or 'table'} (one of {', '.join(FORMATS)})")
        return
    if name not in FORMATS:
        raise UsageError(f"unknown format `{name}`; {_suggest(name, FORMATS)}")
    session.presenter.format = name


def _connect(session: ReplSession, name: str) -> None:
    if not name:
        session.streams.result("\n".join(_connection_lines(session)))
        return
    found = session.connections.find(name.removeprefix("/"))
    if isinstance(found, Diagnostic):
        raise UsageError("; ".join(part for part in (found.message, found.label) if part))
    session.advance(session.scope.with_settings(connection=found.name, account=None))
    connection = session.connection
    mode = {"live": "LIVE", "unknown": "LIVE for all we know: its key does not tell"}.get(connection.mode)
    place = f"key from {connection.origin}" if connection.kind != "sandbox" else connection.origin
    session.streams.message(f"/{connection.name}: {mode or connection.mode}, {place}")


def _connection_lines(session: ReplSession) -> list[str]:
    found = [connection for name in session.connections.names if (connection := session.connections.get(name))]
    width = max(len(connection.name) for connection in found)
    return [
        f"{'*' if connection.name == session.connection.name else ' '} /{connection.name:<{width}}  "
        f"{connection.mode:<8} {connection.problem or connection.origin}"
        for connection in found
    ]


def _vars(session: ReplSession, _: str) -> None:
    scope = session.scope
    rows = [(name, "********" if name in scope.secrets else str(value)) for name, value in scope.variables.items()]
    rows += [(name, _describe_body(capture.body)) for name, capture in scope.captures.items()]
    settings = scope.settings
    rows += [
        (f"@{name}", str(value))
        for name in ("connection", "account", "version", "spec")
        if (value := getattr(settings, name))
    ]
    width = max((len(name) for name, _ in rows), default=0)
    session.streams.result("\n".join(f"{name:<{width}}  {value}" for name, value in rows))


def _describe_body(body: Any) -> str:
    """A response in a few words: `customer cus_…`, `list of 3`."""
    if not isinstance(body, dict):
        return type(body).__name__
    if isinstance(body.get("data"), list) and "id" not in body:
        return f"list of {len(body['data'])}"
    return " ".join(str(body[name]) for name in ("object", "id") if body.get(name))


def _history(session: ReplSession, count: str) -> None:
    if count and not count.isdecimal():
        raise UsageError(f"`{count}` is not a number of entries")
    texts = session.environment.recall()[-(int(count) if count else _SHOWN_HISTORY) :]
    session.streams.result("\n\n".join(text.rstrip("\n") for text in texts))


def _save(session: ReplSession, name: str) -> None:
    if not name:
        raise UsageError("which file? e.g. @save setup.stripe")
    if not session.kept:
        raise UsageError("there is nothing to save yet: no block has passed")
    path = Path(name if Path(name).suffix else f"{name}.stripe").expanduser()
    items = tuple(_public(item, session) for item in session.kept)
    text = session.streams.secrets.mask(format_script(Script(items, SourceText(str(path), ""))))
    try:
        create_text(path, text)
    except FileExistsError:
        raise UsageError(f"{path} exists already; save under another name") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from error
    session.streams.message(f"{len(items)} saved to {path}")


def _public(item: ScriptItem, session: ReplSession) -> ScriptItem:
    """What may stand in a file: a secret is read from the environment there."""
    if not (isinstance(item, Directive) and item.name == "secret" and isinstance(item.argument, Assignment)):
        return item
    name, span = item.argument.name, item.argument.value.span
    value = Value("bare", (Reference("env", name, (), None, f"env:{name}", span),), span)
    session.streams.message(f"the file takes the secret `{name}` from the environment variable {name}")
    return replace(item, argument=replace(item.argument, value=value))


def _curl(session: ReplSession, _: str) -> None:
    from stripe_shell.repl.curl import curl_for

    if session.last is None or session.last.request is None:
        raise UsageError("there is no request yet")
    connection = session.connections.get(session.last.connection) or session.connection
    session.streams.result(curl_for(connection, session.last.request))


def _edit(session: ReplSession, _: str) -> None:
    from stripe_shell.repl.editor import edit_text

    if not session.typed:
        raise UsageError("there is nothing to edit yet: it opens what was submitted last")
    environ = public_environment(session.scope.environment, session.streams.secrets)
    session.draft = edit_text(session.typed, environ).rstrip("\n")


def _suggest(word: str, known: tuple[str, ...]) -> str:
    close = closest(word, known)
    return f"did you mean `{close}`?" if close else f"one of {', '.join(known)}"


_COMMANDS: Mapping[str, PromptCommand] = {
    "help": _help,
    "connect": _connect,
    "format": _format,
    "vars": _vars,
    "history": _history,
    "save": _save,
    "curl": _curl,
    "edit": _edit,
}
