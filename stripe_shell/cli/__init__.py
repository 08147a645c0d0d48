"""The command line: the only package that reads argv and the environment."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line and returns its exit code (language.md §8)."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words == ["--version"]:
        from stripe_shell import __version__

        sys.stdout.write(f"stripe-shell {__version__}\n")
        return 0
    from stripe_shell.cli import garbage

    if argv is None:
        garbage.disable_collector()
    from stripe_shell.cli.dispatch import dispatch

    code = dispatch(words)
    if argv is None:
        garbage.skip_last_collection()
    return code
