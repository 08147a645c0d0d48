"""2022-08-01: a customer's `default_currency` gave way to `currency`."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.versions.change import Json, VersionChange


class DefaultCurrency(VersionChange):
    """A customer has `default_currency`, as `currency` (entry M9)."""

    version = "2022-08-01"
    certainty = "A"
    kinds = ("customer",)

    def downgrade_answer(self, ctx: Context, obj: Json) -> None:
        """Copies the member."""
        obj["default_currency"] = obj.get("currency")


class TrialEndOfCustomer(VersionChange):
    """The update of a customer takes `trial_end`, for its subscriptions (entry M10)."""

    version = "2022-08-01"
    certainty = "A"
    operations = ("update customer",)

    def upgrade_request(self, ctx: Context, operation: str, params: Json) -> None:
        """Updates the subscriptions."""
        if "trial_end" not in params:
            return
        end = params.pop("trial_end")
        for subscription in ctx.all("subscription", customer=ctx.path["customer"]):
            if subscription["status"] not in ("canceled", "incomplete_expired"):
                ctx.resource("subscription").update(ctx, subscription, {"trial_end": end})
