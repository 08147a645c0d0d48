"""The command `serve`: serves the sandbox over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stripe_shell.cli import garbage
from stripe_shell.cli.arguments import Arguments
from stripe_shell.errors import UsageError
from stripe_shell.records import replace
from stripe_shell.render.console import Console

if TYPE_CHECKING:
    from stripe_shell.sandbox.control.faults import Fault
    from stripe_shell.server.run import ServerSettings


def serve(arguments: Arguments, environ: Mapping[str, str], console: Console) -> int:
    """Serves until interrupted; prints only the address to standard output."""
    from stripe_shell.server.run import serve as run_server

    if arguments.words:
        raise UsageError(f"serve takes no words; `{arguments.words[0]}` is left over")
    garbage.enable_collector()
    run_server(settings_of(arguments, environ), console.result, console.message)
    return 0


def settings_of(arguments: Arguments, environ: Mapping[str, str]) -> ServerSettings:
    """Returns the settings of `serve`: with its database, by default that of the shell's own sandbox."""
    return server_settings(arguments, _database(arguments, environ))


def server_settings(arguments: Arguments, database: Path | None) -> ServerSettings:
    """Returns the settings of a server with this database, None in memory. Raises UsageError for invalid options."""
    from stripe_shell.server.quantities import per_second, seconds
    from stripe_shell.server.run import ServerSettings

    settings = ServerSettings(database, faults=_faults(arguments.faults))
    changes: dict[str, Any] = {
        "allowed_hosts": arguments.allowed_hosts,
        "webhook_hosts": arguments.webhook_hosts,
        "verbose": arguments.verbose,
    }
    if arguments.host is not None:
        changes["host"] = arguments.host
    if arguments.port is not None:
        changes["port"] = _port(arguments.port)
    if arguments.latency is not None:
        changes["latency"] = seconds(arguments.latency, "--latency")
    if arguments.rate_limit is not None:
        changes["rate_limit"] = per_second(arguments.rate_limit, "--rate-limit")
    if arguments.webhook_retries is not None:
        waits = [wait for wait in arguments.webhook_retries.split(",") if wait]
        changes["retry_after"] = tuple(seconds(wait, "each of --webhook-retries") for wait in waits)
    if arguments.api_version is not None:
        changes["api_version"] = _api_version(arguments.api_version)
    if arguments.account is not None:
        changes["traits"] = _traits(arguments.account)
    return replace(settings, **changes)


def _database(arguments: Arguments, environ: Mapping[str, str]) -> Path | None:
    """Returns the named database file, else that of the shell's own sandbox."""
    if arguments.memory or arguments.db == ":memory:":
        return None
    if arguments.db is not None:
        return Path(arguments.db).expanduser()
    from stripe_shell.connections import data_folder

    return data_folder(environ) / "sandbox.db"


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise UsageError(f"--port is a number, not `{text}`")
    return int(text)


def _api_version(text: str) -> str:
    from stripe_shell.spec.versions.known import known_versions, read_version

    version = read_version(text)
    if version is None:
        raise UsageError(f"--api-version: `{text}` is no version of Stripe's API; the newest is {known_versions()[-1]}")
    return version


def _traits(text: str) -> Mapping[str, Any]:
    from stripe_shell.sandbox.payments.accounts.traits import parse_traits

    try:
        return parse_traits(text)
    except ValueError as error:
        raise UsageError(f"--account: {error}") from None


def _faults(texts: tuple[str, ...]) -> tuple[Fault, ...]:
    from stripe_shell.sandbox.control.faults import parse_fault

    try:
        return tuple(parse_fault(text) for text in texts)
    except ValueError as error:
        raise UsageError(f"--fault: {error}") from None
