"""Dispatch of the command line to its command, and of every failure to an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence

from stripe_shell.cli.arguments import COMMANDS, Arguments, parse_arguments
from stripe_shell.errors import JournalDisagrees, OutcomeUnknown, OutputNotWritten, ShellError, TransportError
from stripe_shell.escaping import error_text
from stripe_shell.render.console import Console, standard_streams

CliCommand = Callable[[Arguments, Mapping[str, str], Console], int]

#: Exit codes beyond language.md §8, as in shells: interrupted with Ctrl-C; the reader of the results has exited; an
#: internal error.
INTERRUPTED, UNREAD, INTERNAL = 130, 141, 70

#: The functions of commands that do not have the command's name, which is one of Python's own.
_FUNCTIONS = {"exec": "run_program"}


def dispatch(argv: Sequence[str]) -> int:
    """Runs the command line; returns the exit code of language.md §8, or one of those above."""
    console = standard_streams(os.environ)
    try:
        arguments = parse_arguments(argv)
        return _find_command(arguments)(arguments, os.environ, console)
    except ShellError as error:
        console.message(f"stripe-shell: {error_text(error)}")
        return _code_of(error)
    except KeyboardInterrupt:
        console.message("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of the results has exited: prevent the interpreter's error message at exit.
        for number in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), number)
        return UNREAD
    except Exception:  # noqa: BLE001 (a traceback may quote a secret: it is shown masked, like everything)
        from traceback import format_exc

        console.message(f"stripe-shell: a mistake of this program's own; please report it:\n{format_exc()}")
        return INTERNAL


def _code_of(error: ShellError) -> int:
    if isinstance(error, OutcomeUnknown):
        return 5
    if isinstance(error, JournalDisagrees):
        return 6
    return 3 if isinstance(error, TransportError | OutputNotWritten) else 1


def _find_command(arguments: Arguments) -> CliCommand:
    """Returns the function of the command; imports only its module, which has the name of the command."""
    from importlib import import_module

    name = arguments.command
    if name == "help":
        return _show_help
    on_terminal = all(stream and stream.isatty() for stream in (sys.stdin, sys.stdout))
    if name not in COMMANDS and not (name == "prompt" and on_terminal):
        name = "run"  # a block, `-c TEXT`, or a script on standard input
    command: CliCommand = getattr(import_module(f"stripe_shell.cli.{name}"), _FUNCTIONS.get(name, name))
    return command


def _show_help(_arguments: Arguments, _environ: Mapping[str, str], console: Console) -> int:
    from stripe_shell.cli.overview import OVERVIEW

    console.result(OVERVIEW.rstrip())
    return 0
