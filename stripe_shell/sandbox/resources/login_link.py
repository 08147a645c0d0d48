"""Login links: URLs at which the holder of an Express account opens its dashboard."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource


class LoginLink(Resource):
    """`POST /v1/accounts/{account}/login_links`. Links are returned and not stored."""

    object = "login_link"

    def create(self, ctx: Context, params: Json) -> Json:
        """Returns a new link for the account in the path."""
        account = ctx.get("account", ctx.path["account"], status=404)
        link = self.new(ctx)
        link["url"] = f"https://connect.stripe.com/express/{account['id']}/{ctx.ids.text(12)}"
        return link
