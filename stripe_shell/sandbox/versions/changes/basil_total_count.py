"""2025-03-31.basil: lists no longer count what they list."""

from __future__ import annotations

from stripe_shell.sandbox.versions.change import VersionChange


class TotalCount(VersionChange):
    """A list takes `include[]=total_count`, and has `total_count` then (entry B13).

    The tables of older versions have the parameter; see objects/pages.py for the count.
    """

    version = "2025-03-31.basil"
    certainty = "B"
    accepted = ("include",)
