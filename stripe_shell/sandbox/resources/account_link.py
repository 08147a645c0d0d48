"""Account links: URLs at which the holder of a connected account completes its requirements."""

from __future__ import annotations

from typing import Final

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource

#: Lifetime of a link, in seconds.
LIVES: Final = 300


class AccountLink(Resource):
    """`POST /v1/account_links`. Links are returned and not stored."""

    object = "account_link"

    def create(self, ctx: Context, params: Json) -> Json:
        """Returns a new link for a connected account."""
        account = ctx.get("account", params["account"], param="account")
        link = self.new(ctx)
        link["expires_at"] = ctx.now() + LIVES
        link["url"] = f"https://connect.stripe.com/setup/c/{account['id']}/{ctx.ids.text(12)}"
        return link
