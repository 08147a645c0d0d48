"""2026-03-25.dahlia: members that settlement, risk and cancellation lost or were given."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.versions.change import Json, VersionChange


class SettlementSpeed(VersionChange):
    """A PaymentIntent's options for `us_bank_account` have `preferred_settlement_speed` (entry D2)."""

    version = "2026-03-25.dahlia"
    certainty = "B"
    kinds = ("payment_intent",)
    operations = ("create payment_intent", "update payment_intent", "confirm payment_intent")

    def upgrade_request(self, ctx: Context, operation: str, params: Json) -> None:
        """Leaves the parameter out."""
        options = params.get("payment_method_options")
        bank = options.get("us_bank_account") if isinstance(options, dict) else None
        if isinstance(bank, dict):
            bank.pop("preferred_settlement_speed", None)

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Adds the member, null."""
        bank = (obj.get("payment_method_options") or {}).get("us_bank_account")
        if isinstance(bank, dict):
            bank.setdefault("preferred_settlement_speed", None)


class RiskLevel(VersionChange):
    """The assessments of an authorization's risk name their `risk_level` (entry D3)."""

    version = "2026-03-25.dahlia"
    certainty = "A"
    operations = ("create test_helpers.issuing.authorization",)

    def upgrade_request(self, ctx: Context, operation: str, params: Json) -> None:
        """Renames the parameter."""
        for risk in (params.get("risk_assessment") or {}).values():
            if isinstance(risk, dict) and "risk_level" in risk:
                risk["level"] = risk.pop("risk_level")


class CanceledByRetention(VersionChange):
    """The reason of a cancellation is never `canceled_by_retention_policy` (entry D7; what for it is certainty C)."""

    version = "2026-03-25.dahlia"
    certainty = "C"
    kinds = ("subscription",)

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Says that it was requested."""
        details = obj.get("cancellation_details") or {}
        if details.get("reason") == "canceled_by_retention_policy":
            details["reason"] = "cancellation_requested"


class PaymentEvaluation(VersionChange):
    """A payment evaluation has `insights` (entry D5), of which the sandbox keeps nothing."""

    version = "2026-03-25.dahlia"
    certainty = "A"
    kinds = ("radar.payment_evaluation",)

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Adds the member."""
        score = ((obj.get("signals") or {}).get("fraudulent_payment") or {}).get("score")
        obj.setdefault(
            "insights",
            {
                "card_issuer_decline": None,
                "evaluated_at": obj.get("created_at"),
                "fraudulent_dispute": {"recommended_action": "continue", "risk_score": int(score or 0)},
            },
        )
