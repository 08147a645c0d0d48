"""Account sessions: access of embedded Connect components to one account."""

from __future__ import annotations

from typing import Final

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource

#: Lifetime of a session, in seconds.
_LIVES: Final = 3600


class AccountSession(Resource):
    """`POST /v1/account_sessions`. Sessions are returned and not stored."""

    object = "account_session"

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets account, secret and expiry. Raises StripeError for an account that is not connected."""
        account = ctx.get("account", params["account"], param="account")
        obj |= {
            "account": account["id"],
            "client_secret": f"accs_secret__{ctx.ids.text(48)}",
            "expires_at": ctx.now() + _LIVES,
        }
