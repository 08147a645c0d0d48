"""The results of the list calls that fetch ids for the menu, and where they are sent unasked."""

from __future__ import annotations

from typing import Literal

from stripe_shell.records import record

#: When ids are fetched unasked: in sandboxes and test mode, on every connection, or never.
FetchPolicy = Literal["test", "always", "never"]


@record
class FetchedIds:
    """The result of a list call: when it was sent (epoch seconds), the number of ids, and why there are none."""

    at: float
    count: int = 0
    new: int = 0
    problem: str = ""
