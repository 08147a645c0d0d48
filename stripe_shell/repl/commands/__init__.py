"""The commands of the prompt, one module each: a module's file name is the name of its command.

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
    """A command of the prompt; valid outside of blocks only.

    `run` executes it with the text after its name. It returns False if the input after the command must not run, and
    raises UsageError if the command cannot be executed. Its docstring is the command's help unless `help` is set.
    `usage` shows the argument, `completes` completes it.
    """

    run: Callable[[ReplSession, str], bool | None]
    usage: str = ""
    help: str = ""
    completes: Callable[[CursorContext, SuggestionSources], Iterable[Suggestion]] | None = None

    @property
    def meaning(self) -> str:
        """The help as shown in the menu: one line, lower case first, without a period."""
        text = self.help or (self.run.__doc__ or "").strip().partition("\n")[0]
        return f"{text[:1].lower()}{text[1:]}".removesuffix(".")


@cache
def commands() -> Mapping[str, PromptCommand]:
    """Returns every command by name, in the order of the menu."""
    return {name: _command(name) for name in COMMANDS}


def _command(name: str) -> PromptCommand:
    command = import_module(f"{__name__}.{name}").COMMAND
    if not isinstance(command, PromptCommand):
        raise TypeError(f"{__name__}.{name} defines no COMMAND")
    return command
