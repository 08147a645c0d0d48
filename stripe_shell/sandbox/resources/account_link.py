"""Account links: where the holder of a connected account fills in what is required."""

from __future__ import annotations

from typing import Final

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource

#: How long a link can be used, in seconds.
LIVES: Final = 300


class AccountLink(Resource):
    """`POST /v1/account_links`; answered and kept nowhere."""

    object = "account_link"

    def create(self, ctx: Context, params: Json) -> Json:
        """A link for one of one's accounts."""
        account = ctx.get("account", params["account"], param="account")
        link = self.fresh(ctx)
        link["expires_at"] = ctx.now() + LIVES
        link["url"] = f"https://connect.stripe.com/setup/c/{account['id']}/{ctx.ids.text(12)}"
        return link
