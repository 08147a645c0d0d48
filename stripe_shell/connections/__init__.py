"""Connections: names, credentials and their sources, live or test mode, and the settings file.

`/stripe` and `/sandbox` always exist; the settings file adds others. This package may import `transports`, which is on
the same floor. Modules are imported on first use.
"""

from __future__ import annotations

from stripe_shell.connections.connection import NOBODY, Connection, ConnectionObserver, Connections
from stripe_shell.connections.discovery import (
    data_folder,
    load_connections,
    load_settings,
    sandbox_in_memory,
    settings_path,
)

__all__ = [
    "NOBODY",
    "Connection",
    "ConnectionObserver",
    "Connections",
    "data_folder",
    "load_connections",
    "load_settings",
    "sandbox_in_memory",
    "settings_path",
]
