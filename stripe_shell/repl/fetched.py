"""The results of the list calls that fetch ids for the menu."""

from __future__ import annotations

from stripe_shell.records import record


@record
class FetchedIds:
    """The result of a list call: when it was sent (epoch seconds), the number of ids, and why there are none."""

    at: float
    count: int = 0
    new: int = 0
    problem: str = ""
