"""2025-03-31.basil: lists no longer count what they list."""

from __future__ import annotations

from typing import Any

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.versions.change import Json, VersionChange


class TotalCount(VersionChange):
    """A list takes `include[]=total_count`, and has `total_count` then (entry B13).

    Page: deprecate-total-count-expansion. The tables of older versions have the parameter; see objects/pages.py for the
    count.
    """

    version = "2025-03-31.basil"
    certainty = "A"
    accepted = ("include",)
    anywhere = True
    spares_default = False

    def refuses(self, operation: str, form: str | None) -> bool:
        """Whether the operation lists objects."""
        return form == "list"

    def refuse_request(self, operation: str, params: Json) -> None:
        """Raises StripeError for the parameter. The words are recorded (stripe-java#2017)."""
        given: Any = params.get("include")
        values = given.values() if isinstance(given, dict) else given if isinstance(given, list) else [given]
        if "total_count" in values:
            raise errors.mistake("This property cannot be included (total_count)", "property_forbidden", "include")
