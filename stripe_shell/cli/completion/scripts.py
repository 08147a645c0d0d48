"""Completion scripts: fills the template of each shell, beside this file, with the words of the table and options."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from stripe_shell.cli.arguments import COMMANDS, SHELLS, Option, options_of
from stripe_shell.lang.cursor import CursorContext
from stripe_shell.spec.table import Table
from stripe_shell.suggest.menu import suggest
from stripe_shell.suggest.suggestion import SuggestionSources

#: A case of a script: the patterns, and the function call for them.
Case = tuple[tuple[str, ...], str]

_PROGRAMS: Mapping[str, str] = {"bash": "bash.sh", "zsh": "zsh.zsh", "fish": "fish.fish"}

#: The extensions of the files that a command reads.
_FILES: Mapping[str, tuple[str, ...]] = {
    "run": (".stripe",),
    "check": (".stripe",),
    "fmt": (".stripe",),
    "convert": (".stripe", ".json"),
    "replay": (".md", ".rst", ".txt"),
}


def completion_script(shell: str, table: Table) -> str:
    """Returns the script for one of SHELLS."""
    program = Path(__file__).with_name(_PROGRAMS[shell]).read_text(encoding="utf-8")
    write_cases = _fish_cases if shell == "fish" else _cases
    between = " " if shell == "fish" else "|"
    parts = {
        "ENTITIES": write_cases(_merged(_entities(table))),
        "OPTIONS": write_cases(_merged(_options())),
        "VALUES": write_cases(_merged(_values())),
        "WORDS": write_cases(_merged(_words(table))),
        "VALUED": between.join(
            sorted({name for _, name, option in _all_options() if option.kind not in ("flag", "maybe")})
        ),
        "COMMANDS": between.join(COMMANDS),
    }
    for name, text in parts.items():
        program = program.replace(f"@{name}@", text)
    return program


def _cases(cases: Iterable[Case]) -> str:
    """Formats cases for bash and zsh."""
    return "\n".join(f"    {'|'.join(map(_quoted, patterns))}) {call} ;;" for patterns, call in cases)


def _fish_cases(cases: Iterable[Case]) -> str:
    return "\n".join(f"        case {' '.join(map(repr, patterns))}\n            {call}" for patterns, call in cases)


def _quoted(pattern: str) -> str:
    return pattern or "''"


def _merged(cases: Iterable[tuple[str, str]]) -> list[Case]:
    """Merges the patterns that lead to the same call into one case."""
    patterns: dict[str, list[str]] = {}
    for pattern, call in cases:
        patterns.setdefault(call, []).append(pattern)
    return [(tuple(each), call) for call, each in patterns.items()]


def _offer(words: Iterable[str]) -> str:
    return " ".join(("_stripe_shell_offer", *words))


def _all_options() -> Iterator[tuple[str, str, Option]]:
    """Yields command, name and option; the command is empty for blocks."""
    for command in ("", *COMMANDS):
        for name, option in options_of(command).items():
            yield command, name, option


def _options() -> Iterator[tuple[str, str]]:
    for command in ("", *COMMANDS):
        names = [*options_of(command), "--help", *([] if command else ["--version"])]
        yield command, _offer(sorted(names))


def _values() -> Iterator[tuple[str, str]]:
    """Yields the completion of each option's value, by `COMMAND:OPTION`."""
    for command, name, option in _all_options():
        place = f"{command}:{name}"
        if option.kind == "pairs":
            yield place, " ".join(("_stripe_shell_pairs", *option.choices))
        elif option.choices:
            yield place, _offer(option.choices)
        elif option.completes == "file":
            yield place, "_stripe_shell_files"
        elif option.completes == "connection":
            yield place, "_stripe_shell_ask"


def _words(table: Table) -> Iterator[tuple[str, str]]:
    """Yields the completion of each word that is not an option, by `COMMAND:WORDS BEFORE IT`."""
    actions = _suggested(table, CursorContext("action", 0, 0, "", inline=True, connection="", in_block=True))
    yield ":0", _offer((*COMMANDS, *actions))
    yield ":1", "_stripe_shell_entities"
    yield ":*", "_stripe_shell_ask"
    for command, endings in _FILES.items():
        yield f"{command}:*", " ".join(("_stripe_shell_files", *endings))
    yield "spec:1", _offer((*actions, *table.entities()))
    yield "spec:2", "_stripe_shell_entities"
    yield "connections:1", _offer(("list", "test", "add", "remove", "default"))
    yield "connections:*", "_stripe_shell_ask"
    yield "runs:1", _offer(("list", "show", "resume", "retry", "settle", "forget"))
    yield "runs:2", "_stripe_shell_ask"
    yield "completion:1", _offer(SHELLS)


def _entities(table: Table) -> Iterator[tuple[str, str]]:
    """Yields the entities by action."""
    for action in _suggested(table, CursorContext("action", 0, 0, "", inline=True, connection="", in_block=True)):
        yield (
            action,
            _offer(_suggested(table, CursorContext("entity", 0, 0, "", action=action, inline=True, in_block=True))),
        )


def _suggested(table: Table, context: CursorContext) -> list[str]:
    return [each.text.strip() for each in suggest(context, SuggestionSources(table))]
