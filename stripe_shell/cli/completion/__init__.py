"""The command `completion bash|zsh|fish`: prints the completion script of a shell, and the words it asks for.

A script contains what is the same for every line: commands, options, actions and entities. For parameters, their values
and connection names it calls `completion words -- WORD …`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stripe_shell.cli.arguments import SHELLS, Arguments
from stripe_shell.errors import UsageError
from stripe_shell.escaping import visible
from stripe_shell.render.console import Console


def completion(arguments: Arguments, environ: Mapping[str, str], console: Console) -> int:
    """Prints the script of a shell, or the completions of the last word."""
    match arguments.words:
        case (shell,) if shell in SHELLS:
            from stripe_shell.cli.completion.scripts import completion_script
            from stripe_shell.spec.table import load_table

            console.echo(completion_script(shell, load_table()))
        case ("words", *words) if words:
            _print_words(words, environ, console)
        case ():
            raise UsageError(f"completion: for which shell? ({', '.join(SHELLS)})")
        case _:
            raise UsageError(f"completion takes one of {', '.join(SHELLS)}, not `{' '.join(arguments.words)}`")
    return 0


def _print_words(words: Sequence[str], environ: Mapping[str, str], console: Console) -> None:
    """Prints one line per word: the word, a tab, and its description. Leaves words out that are no single line."""
    from stripe_shell.cli.completion.words import complete_words

    found = ((word, meaning) for word, meaning in complete_words(words, environ) if visible(word) == word)
    console.echo("".join(f"{word}\t{visible(meaning)}\n" for word, meaning in found))
