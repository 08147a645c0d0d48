"""Which ways to Stripe there are: names, credentials and where they come from, live or test, and the settings file.

`/stripe` and `/sandbox` always exist; the settings file adds more. Of the rooms on its floor this one stands last: it
opens what `transports` builds. Nothing is imported that is not used.
"""

from __future__ import annotations

from stripe_shell.connections.connection import NOBODY, Connection, Connections, Witness
from stripe_shell.connections.discovery import data_folder, load_connections, load_settings, settings_path

__all__ = [
    "NOBODY",
    "Connection",
    "Connections",
    "Witness",
    "data_folder",
    "load_connections",
    "load_settings",
    "settings_path",
]
