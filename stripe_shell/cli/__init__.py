"""The command line: the only place that reads argv and the environment."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and answer its exit code (language.md §8)."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words == ["--version"]:
        from stripe_shell import __version__

        sys.stdout.write(f"stripe-shell {__version__}\n")
        return 0
    import gc

    gc.set_threshold(50_000)  # importing makes many objects and no garbage: looking for it costs a twentieth of a start
    from stripe_shell.cli.dispatch import dispatch

    code = dispatch(words)
    if argv is None:
        gc.freeze()  # the process ends: a last look for garbage through all that was imported costs a tenth of its time
    return code
