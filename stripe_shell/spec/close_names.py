"""Finds the known names that are most similar to an unknown one."""

from __future__ import annotations

import re
from collections.abc import Iterable

from stripe_shell.diagnostics import close_words, likeness

#: A name counts as similar as the most similar one if its likeness is less by no more than this.
_MARGIN = 0.03


def close_names(name: str, known: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """Returns the most similar known name and those that are as similar, best first.

    `trial_end` for `trialEnd` and for `trail_end`; `line1` and `line2` for `line3`.
    """
    folded = {other.replace("_", "").lower(): other for other in known}
    same = folded.get(re.sub(r"[-_ ]", "", name).lower())
    found = (
        (same,)
        if same
        else sorted(close_words(name, folded.values(), most), key=lambda each: (-likeness(name, each), each))
    )
    return tuple(each for each in found if likeness(name, each) >= likeness(name, found[0]) - _MARGIN)
