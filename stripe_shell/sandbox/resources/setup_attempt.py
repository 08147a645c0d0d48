"""Setup attempts: the results of confirming a SetupIntent."""

from __future__ import annotations

from copy import deepcopy

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.payments import three_d_secure

_SHOWN = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4", "wallet")


class SetupAttempt(Resource):
    """`GET /v1/setup_attempts`, filtered by SetupIntent."""

    object = "setup_attempt"
    indexed = ("setup_intent",)

    def record(
        self, ctx: Context, intent: Json, status: str, error: Json | None = None, *, passed: bool | None = None
    ) -> Json:
        """Stores the result of confirming an intent with its payment method. Returns the attempt.

        `passed` says how 3D Secure ended, None without it.
        """
        method = ctx.get("payment_method", intent["payment_method"])
        kind = method["type"]
        details: Json = {}
        if kind == "card":
            details = {name: deepcopy(method["card"][name]) for name in _SHOWN}
            secured = None if passed is None else three_d_secure.result(ctx, method, passed=passed)
            details |= {"network": method["card"]["networks"]["available"][0], "three_d_secure": secured}
        attempt = self.new(ctx)
        attempt |= {
            "application": intent["application"],
            "customer": intent["customer"],
            "on_behalf_of": intent["on_behalf_of"],
            "payment_method": method["id"],
            "payment_method_details": {kind: details, "type": kind},
            "setup_error": error,
            "setup_intent": intent["id"],
            "status": status,
            "usage": intent["usage"],
        }
        ctx.insert(attempt)
        return attempt
