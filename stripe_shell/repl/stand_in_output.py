"""The output of prompt_toolkit on a terminal that does not show UTF-8: with stand-ins for the signs of the shell."""

from __future__ import annotations

import os
import sys

from prompt_toolkit.output.vt100 import Vt100_Output

from stripe_shell.render.stand_ins import with_stand_ins


class StandInOutput(Vt100_Output):
    """An output that replaces signs; the stand-ins take one column, as the signs do."""

    def write(self, data: str) -> None:
        """Writes a text of the screen."""
        super().write(with_stand_ins(data))


def stand_in_output() -> Vt100_Output:
    """Returns the output for standard output."""
    return StandInOutput.from_pty(sys.stdout, term=os.environ.get("TERM"))
