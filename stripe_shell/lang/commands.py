"""The names of the prompt's commands: each is a module in `repl/commands/`."""

from __future__ import annotations

from collections.abc import Mapping

from stripe_shell.discovery import module_names

#: The order in the menu and in `@help`; commands not listed come last.
_ORDER = ("help", "connect", "format", "save", "run", "refresh", "edit", "watch", "curl", "vars", "history", "quit")

#: The commands, which are valid at the prompt only.
COMMANDS = module_names("repl/commands", _ORDER)

#: Aliases of commands.
ALIASES: Mapping[str, str] = {"?": "help", "exit": "quit"}
