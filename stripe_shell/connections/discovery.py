"""Loads the connections: built-in ones, those of the settings file, and choices of the command line."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from stripe_shell.connections.connection import NOBODY, Connection, ConnectionObserver, Connections, no_connection
from stripe_shell.connections.credentials import CredentialSources
from stripe_shell.connections.factory import MEMORY, Builder
from stripe_shell.connections.settings.schema import ALWAYS, KEY_VARIABLE, AnyProfile, SandboxProfile
from stripe_shell.errors import ConfigurationError
from stripe_shell.records import replace
from stripe_shell.secrets import Secrets, public_environment

if TYPE_CHECKING:
    from pathlib import Path

    from stripe_shell.connections.settings.read import ConnectionSettings
    from stripe_shell.spec.table import Table


_DATA = ("XDG_DATA_HOME", ".local/share")
_CONFIG = ("XDG_CONFIG_HOME", ".config")


def refuse_to_ask(name: str) -> str:
    """Raises ConfigurationError; the default for `ask` in runs without input."""
    raise ConfigurationError(f"the credential of `{name}` cannot be asked for here")


def lazy_table() -> Table:
    """Returns Stripe's table, imported on first call; showing the prompt does not need it."""
    from stripe_shell.spec.table import load_table

    return load_table()


def sandbox_in_memory() -> Connections:
    """Returns `/sandbox` alone, with its objects in memory, whatever the environment and the settings say."""
    builder = Builder(CredentialSources({}, refuse_to_ask, dict), NOBODY, "", lazy_table, MEMORY, undo=True)
    return Connections([builder.build("sandbox", SandboxProfile(kind="sandbox", path=MEMORY))], "sandbox")


def load_connections(
    environ: Mapping[str, str],
    path: Path | None = None,
    *,
    table: Callable[[], Table] = lazy_table,
    default: str | None = None,
    database: str | None = None,
    observer: ConnectionObserver = NOBODY,
    ask: Callable[[str], str] = refuse_to_ask,
    undo: bool = False,
) -> Connections:
    """Returns the connections of the environment and the settings file.

    `default` (a name, with or without `/`) and `database` (of `/sandbox`; `:memory:` for none) come from the command
    line and take precedence. Otherwise the default connection is the file's `default`, else `stripe` if STRIPE_API_KEY
    is set, else `sandbox`. If `path` is None, `$XDG_CONFIG_HOME/stripe-shell/connections.toml` is read if it exists; a
    given `path` must exist. `ask` returns the credential of a connection from standard input. `undo`: sandboxes keep
    their writes, so that the last ones can be taken back.

    Raises ConfigurationError for an invalid settings file and for an unknown default. An invalid key or URL becomes the
    `problem` of its connection, so that the others remain usable.
    """
    settings = load_settings(environ, path)
    profiles = _profiles(settings, database)
    built: dict[str, Connection] = {}

    def child_environ() -> Mapping[str, str]:
        known = [each.credential.reveal() for each in built.values() if each.credential]
        return public_environment(environ, Secrets().plus(*known))

    where = f"the settings file {path or _settings_file(environ)}"
    usual_database = f"{_folder(environ, *_DATA)}/sandbox.db"
    builder = Builder(CredentialSources(environ, ask, child_environ), observer, where, table, usual_database, undo)
    for name, profile in profiles.items():
        built[name] = builder.build(name, profile)
    usual = (settings.default if settings else None) or ("stripe" if KEY_VARIABLE in environ else "sandbox")
    chosen = (default or "").removeprefix("/") or usual
    if chosen not in built:
        raise ConfigurationError(no_connection(chosen, built))
    if settings is None:
        return Connections(built.values(), chosen)
    return Connections(built.values(), chosen, settings.spec, settings.keep_runs)


def _profiles(settings: ConnectionSettings | None, database: str | None) -> dict[str, AnyProfile]:
    """Returns the profiles by name, those that always exist first; `database` is that of `/sandbox`."""
    profiles: dict[str, AnyProfile] = {**ALWAYS, **(settings.connections if settings else {})}
    if database is not None and isinstance(profiles["sandbox"], SandboxProfile):
        profiles["sandbox"] = replace(profiles["sandbox"], path=database, url=None)
    return profiles


def load_settings(environ: Mapping[str, str], path: Path | None = None) -> ConnectionSettings | None:
    """Returns the settings file, None if there is none. Raises ConfigurationError as `load_connections` does."""
    if path is None and not os.path.exists(_settings_file(environ)):
        return None
    from stripe_shell.connections.settings.read import read_settings

    return read_settings(path or settings_path(environ))


def settings_path(environ: Mapping[str, str]) -> Path:
    """Returns `$XDG_CONFIG_HOME/stripe-shell/connections.toml`, which may not exist."""
    from pathlib import Path

    return Path(_settings_file(environ))


def data_folder(environ: Mapping[str, str]) -> Path:
    """Returns `$XDG_DATA_HOME/stripe-shell`, by default `~/.local/share/stripe-shell`, which may not exist."""
    from pathlib import Path

    return Path(_folder(environ, *_DATA))


def config_folder(environ: Mapping[str, str]) -> Path:
    """Returns `$XDG_CONFIG_HOME/stripe-shell`, by default `~/.config/stripe-shell`, which may not exist."""
    from pathlib import Path

    return Path(_folder(environ, *_CONFIG))


# Strings, because importing pathlib takes as long as importing this whole package.


def _settings_file(environ: Mapping[str, str]) -> str:
    return f"{_folder(environ, *_CONFIG)}/connections.toml"


def _folder(environ: Mapping[str, str], variable: str, below_home: str) -> str:
    chosen = environ.get(variable, "")
    if not chosen.startswith("/"):  # XDG Base Directory Specification: a relative path counts as unset
        chosen = f"{environ.get('HOME') or os.path.expanduser('~')}/{below_home}"
    return f"{chosen}/stripe-shell"
