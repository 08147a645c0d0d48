"""2026-09-30.endive: renamed members of bank connections, and reasons of rejected accounts."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.versions.change import Json, VersionChange


class SessionCountries(VersionChange):
    """A Financial Connections session has `filters.countries`, a list, for today's `filters.country` (entry E6)."""

    version = "2026-09-30.endive"
    certainty = "A"
    kinds = ("financial_connections.session",)
    operations = ("create financial_connections.session",)
    names = (("filters[country]", "filters[countries]"),)

    def upgrade_request(self, ctx: Context, operation: str, params: Json) -> None:
        """Takes the first country."""
        filters = params.get("filters") or {}
        countries = filters.pop("countries", None)
        if countries:
            filters["country"] = countries[0]

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Makes a list of the country; null without one."""
        filters = obj.get("filters")
        if filters is not None:
            country = filters.pop("country", None)
            filters["countries"] = [country] if country else None


class RejectReason(VersionChange):
    """An account is rejected for `fraud`, which has four kinds today (entry E8); which one is certainty C."""

    version = "2026-09-30.endive"
    certainty = "C"
    operations = ("reject account",)

    def upgrade_request(self, ctx: Context, operation: str, params: Json) -> None:
        """Names the kind that says least."""
        if params.get("reason") == "fraud":
            params["reason"] = "fraud_other"
