"""2026-09-30.endive: renamed members of bank connections, and reasons of rejected accounts."""

from __future__ import annotations

import json

from stripe_shell.sandbox.objects.context import Answer, Context
from stripe_shell.sandbox.request.parameters import decode
from stripe_shell.sandbox.versions.change import Json, VersionChange


class SessionCountries(VersionChange):
    """A Financial Connections session has `filters.countries`, a list, for today's `filters.country` (entry E6).

    Page: financial-connections-session-defaults. What is left out of a request depends on the type of the account
    holder; how is not documented, so that the answer leaves it out as well.
    """

    version = "2026-09-30.endive"
    certainty = "A"
    kinds = ("financial_connections.session",)
    operations = ("create financial_connections.session",)
    names = (("filters[country]", "filters[countries]"),)

    def upgrade_request(self, ctx: Context, operation: str, params: Json) -> None:
        """Takes the first country, and asks for no defaults of today."""
        params["holder_defaults"] = True
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


class EvaluationScore(VersionChange):
    """The score of a payment evaluation is a number, never null (entry E4); that it is 0 then is certainty C.

    Page: payment-evaluations-nullable-score.
    """

    version = "2026-09-30.endive"
    certainty = "C"
    kinds = ("radar.payment_evaluation",)

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Shows 0 for no score."""
        fraud = (obj.get("signals") or {}).get("fraudulent_payment") or {}
        if "score" in fraud and fraud["score"] is None:
            fraud["score"] = 0


class IgicOfRegistration(VersionChange):
    """A tax registration in the European Union has `igic` in its `country_options` (entry E7).

    Only 2026-08-26.dahlia has it. The sandbox knows no such tax: it leaves the parameter out, and the member is absent.
    """

    version = "2026-09-30.endive"
    certainty = "B"
    operations = ("create tax.registration",)

    def upgrade_request(self, ctx: Context, operation: str, params: Json) -> None:
        """Leaves the parameter out."""
        for options in (params.get("country_options") or {}).values():
            if isinstance(options, dict):
                options.pop("igic", None)


class LinkedConfigurations(VersionChange):
    """An account link of API v2 says in its `use_case` which `configurations` of the account it is for (entry E10)."""

    version = "2026-09-30.endive"
    certainty = "A"
    operations = ("create v2.core.account_link",)

    def upgrade_request(self, ctx: Context, operation: str, params: Json) -> None:
        """Leaves the parameter out."""
        for case in _use_cases(params):
            case.pop("configurations", None)

    def answer(self, ctx: Context, operation: str, found: Answer) -> Answer:
        """Says what the request said: a link can be seen in this answer alone."""
        if not isinstance(found, dict):
            return found
        shown: Json = json.loads(json.dumps(found))
        for given, case in zip(_use_cases(decode(ctx.request)), _use_cases(shown), strict=False):
            case["configurations"] = given.get("configurations") or []
        return shown


def _use_cases(params: Json) -> list[Json]:
    """Returns the parts of `use_case` that are objects."""
    return [case for case in (params.get("use_case") or {}).values() if isinstance(case, dict)]
