"""Results of 3D Secure, as charges and setup attempts show them after the customer was challenged."""

from __future__ import annotations

from typing import Any

from stripe_shell.sandbox.objects.context import Context, Json


def result(ctx: Context, method: Json, *, passed: bool) -> dict[str, Any]:
    """Returns the `three_d_secure` of a setup attempt whose card was challenged.

    As recorded in test mode (2023 to 2025); the indicator is that of the network: 02 for Mastercard, else 05.
    """
    indicator = "02" if method["card"]["brand"] == "mastercard" else "05"
    return {
        "authentication_flow": "challenge",
        "electronic_commerce_indicator": indicator if passed else None,
        "result": "authenticated" if passed else "failed",
        "result_reason": None if passed else "rejected",
        "transaction_id": "-".join(ctx.ids.text(length, "0123456789abcdef") for length in (8, 4, 4, 4, 12)),
        "version": "2.1.0",
    }


def result_of_charge(ctx: Context, method: Json) -> dict[str, Any]:
    """Returns the `three_d_secure` of a charge whose customer authenticated."""
    return {**result(ctx, method, passed=True), "exemption_indicator": None}
