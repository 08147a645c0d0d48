"""The shell's own commands, one module each: a module that stands here is a command of its name.

A module defines `COMMAND`. The parser takes the name from the file; the menu, `@help` and the prompt read the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from stripe_shell.lang.commands import COMMANDS
from stripe_shell.records import record

if TYPE_CHECKING:
    from stripe_shell.lang.cursor import CursorContext
    from stripe_shell.repl.session import ReplSession
    from stripe_shell.suggest.suggestion import Suggestion, SuggestionSources


@record
class PromptCommand:
    """A command of the prompt.

    `run` carries it out, given what stands behind its name; it answers False when what was submitted behind it must not
    run, and raises UsageError for what cannot be carried out. Its docstring is the help of the command, unless `help`
    gives it. `usage` shows what may stand behind the name,
    `completes` offers it. A command works outside of blocks.
    """

    run: Callable[[ReplSession, str], bool | None]
    usage: str = ""
    help: str = ""
    completes: Callable[[CursorContext, SuggestionSources], Iterable[Suggestion]] | None = None

    @property
    def meaning(self) -> str:
        """The help in the form of the menu: one line, a small letter first, without a period."""
        text = self.help or (self.run.__doc__ or "").strip().partition("\n")[0]
        return f"{text[:1].lower()}{text[1:]}".removesuffix(".")


@cache
def commands() -> Mapping[str, PromptCommand]:
    """Every command by its name, in the order of the menu."""
    return {name: _command(name) for name in COMMANDS}


def _command(name: str) -> PromptCommand:
    command = import_module(f"{__name__}.{name}").COMMAND
    if not isinstance(command, PromptCommand):
        raise TypeError(f"{__name__}.{name} defines no COMMAND")
    return command
