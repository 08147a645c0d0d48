"""From the words of the command line to the command that carries them out, and from every failure to an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence

from stripe_shell.cli.arguments import OVERVIEW, Arguments, parse_arguments
from stripe_shell.cli.streams import Streams, standard_streams
from stripe_shell.errors import ShellError, UsageError

Command = Callable[[Arguments, Mapping[str, str], Streams], int]

INTERRUPTED = 130


def dispatch(argv: Sequence[str]) -> int:
    """Carry the command line out; answer the exit code of language.md §8 (130 when interrupted with Ctrl-C)."""
    streams = standard_streams()
    try:
        arguments = parse_arguments(argv)
        return _command(arguments)(arguments, os.environ, streams)
    except UsageError as error:
        streams.say(f"stripe-shell: {error}")
        return 1
    except ShellError as error:
        streams.say(f"stripe-shell: {error}")
        return 1
    except KeyboardInterrupt:
        streams.say("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the results has seen enough; keep the interpreter from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _command(arguments: Arguments) -> Command:
    match arguments.command:
        case "help":
            return _help
        case "check":
            from stripe_shell.cli.check import check

            return check
        case "fmt":
            from stripe_shell.cli.fmt import fmt

            return fmt
        case "spec":
            from stripe_shell.cli.spec import spec

            return spec
        case "replay":
            from stripe_shell.cli.replay import replay

            return replay
        case "serve":
            from stripe_shell.cli.serve import serve

            return serve
        case "prompt" if sys.stdin.isatty() and sys.stdout.isatty():
            from stripe_shell.cli.prompt import prompt

            return prompt
        case _:
            from stripe_shell.cli.run import run

            return run


def _help(_arguments: Arguments, _environ: Mapping[str, str], streams: Streams) -> int:
    streams.result(OVERVIEW.rstrip())
    return 0
