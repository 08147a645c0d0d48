"""The shell's own commands as words of the language: each is a module of `repl/commands/`, named like it."""

from __future__ import annotations

from collections.abc import Mapping

from stripe_shell.discovery import module_names

#: The order in which the menu and `@help` name them; commands that are not in it come after these.
_ORDER = ("help", "connect", "format", "save", "run", "edit", "watch", "curl", "vars", "history", "quit")

#: The commands. They work at the prompt only.
COMMANDS = module_names("repl/commands", _ORDER)

#: Other words for commands.
ALIASES: Mapping[str, str] = {"?": "help", "exit": "quit"}
