"""Counts how the blocks of a loop or of a script ended, for the line that is shown instead of their results."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from stripe_shell.records import field, record

if TYPE_CHECKING:
    from stripe_shell.engine.outcome import Outcome

#: Kinds of calls that the line names.
_NAMED = 4


@record(frozen=False)
class Tally:
    """Counts blocks by how they ended and, of those that passed, by their call."""

    endings: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        """Counts a block."""
        self.endings[outcome.status] += 1
        if outcome.status == "passed":
            self.calls[outcome.name] += 1

    def take(self) -> str:
        """Returns `✓ 130 passed · create customer 65, create subscription 65` and begins anew; empty for no block."""
        endings, calls = self.endings, self.calls
        self.endings, self.calls = Counter(), Counter()
        if not endings:
            return ""
        words = {"failed": "failed", "unexpected": "not as expected", "invalid": "not sent", "unknown": "unknown"}
        bad = [f"{endings[status]:,} {word}" for status, word in words.items() if endings[status]]
        parts = [f"{endings['passed']:,} passed", *bad]
        parts += [f"{endings['skipped']:,} skipped"] * bool(endings["skipped"])
        named = [f"{name} {count:,}" for name, count in calls.most_common(_NAMED)]
        more = len(calls) - _NAMED
        named += [f"{more} other calls"] * (more > 0)
        return f"{'✗' if bad else '✓'} {', '.join(parts)}{' · ' if named else ''}{', '.join(named)}"
