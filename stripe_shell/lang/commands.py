"""The shell's own commands, which work at the prompt only: what each takes and does."""

from __future__ import annotations

from collections.abc import Mapping

#: Usage and meaning, for the menu and for `@help`.
COMMANDS: Mapping[str, tuple[str, str]] = {
    "help": ("[ACTION] [ENTITY]", "what there is, and what a call takes"),
    "connect": ("[NAME]", "use another connection; without a name, list them"),
    "format": ("[NAME]", "how results look: table, json, jsonl, csv, yaml"),
    "save": ("FILE", "write what has passed in this session as a script"),
    "run": ("FILE", "run a script here"),
    "edit": ("", "open what was submitted last in an editor"),
    "watch": ("5s", "repeat the last read (not available yet)"),
    "curl": ("", "the last request as a curl command"),
    "vars": ("", "variables and saved responses"),
    "history": ("[N]", "what was typed at this connection"),
    "quit": ("", "leave (also exit, Ctrl-D)"),
}
