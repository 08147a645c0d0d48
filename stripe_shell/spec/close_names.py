"""Finds the known name that is most similar to an unknown one."""

from __future__ import annotations

import re
from collections.abc import Iterable

from stripe_shell.diagnostics import close_words


def close_name(name: str, known: Iterable[str]) -> str | None:
    """Returns the most similar known name, or None: `trial_end` for `trialEnd` and for `trail_end`."""
    folded = {other.replace("_", "").lower(): other for other in known}
    same = folded.get(re.sub(r"[-_ ]", "", name).lower())
    return same or next(iter(close_words(name, folded.values(), 1)), None)
