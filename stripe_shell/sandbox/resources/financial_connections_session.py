"""Financial Connections sessions: which accounts a customer may link."""

from __future__ import annotations

from typing import ClassVar

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource

_SUBCATEGORIES = ["checking", "savings", "mortgage", "line_of_credit", "credit_card"]


class FinancialConnectionsSession(Resource):
    """`/v1/financial_connections/sessions`. Nobody links accounts here: the list of accounts stays empty.

    The defaults are those of every account holder: docs.stripe.com/changelog/endive/2026-09-30/
    financial-connections-session-defaults.
    """

    object = "financial_connections.session"
    absent: ClassVar = ("bank_account_token", "limits", "return_url")

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets the defaults, except for requests of versions whose defaults depend on the holder."""
        if params.get("holder_defaults"):
            return
        filters = {"account_subcategories": list(_SUBCATEGORIES), "require_payment_method_support": "none"}
        obj["filters"] = {"country": None, **filters, **{k: v for k, v in (obj["filters"] or {}).items() if v}}
        obj["manual_entry"] = {"mode": "disabled", **(obj["manual_entry"] or {})}
