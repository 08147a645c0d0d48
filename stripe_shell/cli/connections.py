"""The command `connections list|add|test|remove|default`: lists, tests and changes connections."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from stripe_shell.cli.arguments import Arguments
from stripe_shell.cli.setup import ask_credential, observer_for
from stripe_shell.connections import Connection, Connections, load_connections, settings_path
from stripe_shell.diagnostics import closest
from stripe_shell.errors import UsageError
from stripe_shell.escaping import visible
from stripe_shell.records import as_dict
from stripe_shell.render.console import Console

ConnectionsCommand = Callable[[Arguments, Mapping[str, str], Console], int]

_RED, _PLAIN = "\x1b[1;31m", "\x1b[0m"


def connections(arguments: Arguments, environ: Mapping[str, str], console: Console) -> int:
    """Runs the subcommand named by the first word; without one, `list`."""
    name = arguments.words[0] if arguments.words else "list"
    command = _COMMANDS.get(name)
    if command is None:
        meant = closest(name, _COMMANDS)
        hint = f"did you mean `{meant}`?" if meant else f"one of {', '.join(_COMMANDS)}"
        raise UsageError(f"connections: unknown word `{name}`; {hint}")
    return command(arguments, environ, console)


# --- looking ----------------------------------------------------------------------------------------------------


def _load_connections(arguments: Arguments, environ: Mapping[str, str], console: Console) -> Connections:
    return load_connections(
        environ,
        database=":memory:" if arguments.memory else arguments.db,
        observer=observer_for(arguments, console, announce=False),
        ask=lambda name: ask_credential(arguments, name),
    )


def _list(arguments: Arguments, environ: Mapping[str, str], console: Console) -> int:
    known = _load_connections(arguments, environ, console)
    found = [connection for name in known.names if (connection := known.get(name))]
    if arguments.format == "json":
        console.data([_as_row(each, known) for each in found], indent=2)
        return 0
    rows = [_cells(each, known) for each in found]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        line = "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        console.result(_in_red(line, "LIVE") if console.color else line)
    return 0


def _cells(connection: Connection, known: Connections) -> list[str]:
    """Returns the cells of a connection: mark of the default, name, kind, mode, notes, source of the key or problem."""
    special = [word for word in (connection.account, "read-only" if connection.read_only else "") if word]
    where = f", sent to {connection.address}" if connection.kind != "sandbox" and connection.address else ""
    last = connection.problem or f"{connection.origin}{where}"
    return [
        "*" if connection is known.default else " ",
        connection.name,
        connection.kind,
        _mode(connection),
        visible(", ".join(special)),
        visible(last),
    ]


def _mode(connection: Connection) -> str:
    if connection.problem:
        return "unusable"
    why = "its key does not tell" if connection.has_credential else "its key is not looked up for a list"
    words = {"live": "LIVE", "unknown": f"LIVE? ({why})"}
    return words.get(connection.mode, connection.mode)


def _as_row(connection: Connection, known: Connections) -> dict[str, Any]:
    return {
        "name": connection.name,
        "default": connection is known.default,
        "kind": connection.kind,
        "mode": connection.mode,
        "url": connection.base_url,
        "account": connection.account,
        "api_version": connection.api_version,
        "read_only": connection.read_only,
        "credential": connection.origin,
        "problem": connection.problem,
    }


def _in_red(line: str, word: str) -> str:
    return line.replace(word, f"{_RED}{word}{_PLAIN}", 1) if f"  {word}" in line else line


def _test(arguments: Arguments, environ: Mapping[str, str], console: Console) -> int:
    """Tests a connection; returns 0 if it works, else 3."""
    from stripe_shell.connections.probe import probe
    from stripe_shell.spec.table import load_table

    known = _load_connections(arguments, environ, console)
    names = arguments.words[1:] or (known.default.name,)
    results = []
    for name in names:
        connection = _find_connection(known, name)
        results.append(probe(connection, load_table().version))
        if arguments.format == "json":
            console.data({"name": connection.name, **as_dict(results[-1])})
            continue
        mode = _mode(connection)
        facts = {
            f"/{connection.name}": connection.kind,
            "reached": f"{results[-1].reached}{_in_time(results[-1].elapsed)}",
            "as": results[-1].account,
            "mode": f"{_RED}{mode}{_PLAIN}" if console.color and mode.startswith("LIVE") else mode,
            "API version": results[-1].version,
            "lives in" if connection.kind == "sandbox" else "credential from": results[-1].origin,
            "problem": results[-1].problem,
        }
        console.result("\n".join(f"{word:<16} {visible_cell(fact)}" for word, fact in facts.items() if fact))
    return 3 if any(result.problem for result in results) else 0


def visible_cell(text: str) -> str:
    """Escapes control characters except the colours around the text."""
    if text.startswith(_RED):
        return f"{_RED}{visible(text[len(_RED) : -len(_PLAIN)])}{_PLAIN}"
    return visible(text)


def _in_time(elapsed: float | None) -> str:
    return "" if elapsed is None else f" in {elapsed:.0f} ms"


def _find_connection(known: Connections, name: str) -> Connection:
    connection = known.get(name.removeprefix("/"))
    if connection is None:
        meant = closest(name, known.names)
        hint = f"did you mean `{meant}`?" if meant else f"known: {', '.join(known.names)}"
        raise UsageError(f"there is no connection `{name}`; {hint}")
    return connection


# --- changing ---------------------------------------------------------------------------------------------------


def _add(arguments: Arguments, environ: Mapping[str, str], console: Console) -> int:
    """Runs `add NAME SETTING=VALUE …`: appends the connection to the settings file."""
    from stripe_shell.connections.settings.write import append_connection, edit, read_text

    if len(arguments.words) < 2 or "=" in arguments.words[1]:
        raise UsageError(
            "connections add NAME kind=KIND SETTING=VALUE … (e.g. connections add eu kind=stripe key=env:EU)"
        )
    name = arguments.words[1].removeprefix("/")
    path = settings_path(environ)
    _refuse_known(name, path, read_text(path))
    settings = _settings(name, arguments.words[2:], lambda: ask_credential(arguments, name), console)

    def append(text: str) -> str:
        _refuse_known(name, path, text)
        return append_connection(text, name, settings)

    edit(path, append)
    console.message(f"`{name}` is in {path}; `stripe-shell connections test {name}` tries it")
    return 0


def _refuse_known(name: str, path: Path, text: str) -> None:
    if name in _parse_value(text).get("connections", {}):
        raise UsageError(f"{path} has a connection `{name}` already")


def _parse_value(text: str) -> dict[str, Any]:
    import tomllib

    return tomllib.loads(text)


def _settings(
    name: str, words: tuple[str, ...], ask: Callable[[], str], console: Console
) -> dict[tuple[str, ...], Any]:
    """Parses `SETTING=VALUE`, with a dotted name for a nested table; converts each value to the setting's type."""
    from stripe_shell.connections.settings.schema import ALWAYS, PROFILES

    pairs = [word.partition("=") for word in words]
    for setting, equals, _ in pairs:
        if not equals or not setting:
            raise UsageError(f"`{setting}` is not SETTING=VALUE")
    given = {setting: value for setting, _, value in pairs}
    kind = given.get("kind", name if name in ALWAYS else "")
    if kind not in PROFILES:
        raise UsageError(f"kind= is one of {', '.join(PROFILES)}")
    empty = PROFILES[kind]()
    settings: dict[tuple[str, ...], Any] = {}
    for setting, value in given.items():
        path = tuple(setting.split("."))
        if path[-1] in _SECRETS:
            settings[path] = _checked_secret(setting, value, ask, console)
        elif console.secrets.mask(value) != value:
            raise UsageError(
                f"{setting}: this is a key, and keys never stand in arguments; change it, others may know it"
            )
        else:
            settings[path] = _typed(setting, value, getattr(empty, path[0], None) if len(path) == 1 else None)
    return settings


#: Settings that hold a credential or its source.
_SECRETS = ("key", "token", "client_secret")


def _checked_secret(setting: str, value: str, ask: Callable[[], str], console: Console) -> str:
    """Returns a credential's source, or for `-` the credential read from standard input.

    Raises UsageError for a credential in the arguments, where other programs could read it.
    """
    from stripe_shell.connections.credentials import is_literal, source_problem
    from stripe_shell.secrets import Secrets

    if value == "-":
        secret = ask()
        console.mask(Secrets().plus(secret))
        if not secret:
            raise UsageError(f"{setting}: nothing came from standard input")
        return secret if is_literal(secret) and not source_problem(secret) else f"value:{secret}"
    if is_literal(value):
        raise UsageError(
            f"{setting}: keys never stand in arguments, every process here can read them; say where it comes from "
            "(env:NAME, file:PATH, keyring:SERVICE/USER, exec:COMMAND, stdin:), or `-` to give it now on standard input"
        )
    return value


def _typed(setting: str, value: str, like: Any) -> Any:
    """Converts the value to the type of the setting's default: boolean, integer, float, else text."""
    if setting == "rate_limit" or isinstance(like, int | float):
        if isinstance(like, bool):
            if value not in ("true", "false"):
                raise UsageError(f"{setting} is true or false, not `{value}`")
            return value == "true"
        try:
            return int(value) if value.lstrip("-").isdecimal() else float(value)
        except ValueError:
            if setting != "rate_limit":
                raise UsageError(f"{setting} is a number, not `{value}`") from None
    return value


def _remove(arguments: Arguments, environ: Mapping[str, str], console: Console) -> int:
    from stripe_shell.connections.settings.write import edit, remove_connection

    name = _one_name(arguments, "remove")
    path = settings_path(environ)

    def remove(text: str) -> str:
        settings = _parse_value(text)
        if name not in settings.get("connections", {}):
            always = name in ("stripe", "sandbox")
            raise UsageError(f"`/{name}` always exists" if always else f"{path} has no connection `{name}`")
        if settings.get("default") == name:
            raise UsageError(f"`{name}` is the default connection; choose another one first: connections default NAME")
        return remove_connection(text, name)

    edit(path, remove)
    console.message(f"`{name}` is no longer in {path}")
    return 0


def _default(arguments: Arguments, environ: Mapping[str, str], console: Console) -> int:
    from stripe_shell.connections.settings.write import edit, set_default

    if len(arguments.words) == 1:
        console.result(_load_connections(arguments, environ, console).default.name)
        return 0
    name = _find_connection(_load_connections(arguments, environ, console), _one_name(arguments, "default")).name
    edit(settings_path(environ), lambda text: set_default(text, name))
    console.message(f"`/{name}` is the default connection now")
    return 0


def _one_name(arguments: Arguments, command: str) -> str:
    if len(arguments.words) != 2:
        raise UsageError(f"connections {command} NAME")
    return arguments.words[1].removeprefix("/")


_COMMANDS: Mapping[str, ConnectionsCommand] = {
    "list": _list,
    "add": _add,
    "test": _test,
    "remove": _remove,
    "default": _default,
}
