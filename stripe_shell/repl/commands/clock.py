"""`@clock +1mo`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.errors import UsageError
from stripe_shell.patterns import pattern
from stripe_shell.repl.commands import PromptCommand
from stripe_shell.suggest.answers import suggest_steps

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession

_STEP = pattern(r"\+?([0-9]{1,6})(mo|[smhdwy])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_MONTHS = {"mo": 1, "y": 12}


def _clock(session: ReplSession, argument: str) -> None:
    """Let time pass in the sandbox, and say what happened meanwhile."""
    from stripe_shell.repl.travel import clock_lines, wait_for_sandbox

    match = _STEP.fullmatch(argument)
    if match is None:
        raise UsageError("how far? e.g. @clock +1mo, +14d, +2h (s, m, h, d, w, mo, y)")
    count, unit = int(match[1]), match[2]
    months, seconds = count * _MONTHS.get(unit, 0), count * _SECONDS.get(unit, 0)
    session.console.message("\n".join(clock_lines(wait_for_sandbox(session, "clock", months=months, seconds=seconds))))


COMMAND = PromptCommand(_clock, "+1mo", completes=suggest_steps)
