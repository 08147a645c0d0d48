"""Names of connections as the settings file has them, without building or checking any: for completion in shells."""

from __future__ import annotations

from collections.abc import Mapping

from stripe_shell.connections.discovery import settings_path
from stripe_shell.connections.settings.schema import ALWAYS


def connection_kinds(environ: Mapping[str, str]) -> dict[str, str]:
    """Returns the kind of each connection by name, built-in connections first.

    Ignores a settings file that cannot be read: the commands that need it report the problem.
    """
    kinds: dict[str, str] = {name: profile.kind for name, profile in ALWAYS.items()}
    path = settings_path(environ)
    if not path.exists():
        return kinds
    import tomllib

    try:
        with path.open("rb") as file:
            written = tomllib.load(file).get("connections", {})
    except (OSError, ValueError, RecursionError):
        return kinds
    for name, profile in written.items() if isinstance(written, dict) else ():
        kind = profile.get("kind") if isinstance(profile, dict) else None
        kinds[name] = kind if isinstance(kind, str) and kind.isprintable() else kinds.get(name, "")
    return kinds
