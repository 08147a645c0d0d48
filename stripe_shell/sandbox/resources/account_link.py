"""Account links: URLs at which the holder of a connected account completes its requirements, once."""

from __future__ import annotations

from typing import Final

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.private_fields import AccountPrivate
from stripe_shell.sandbox.objects.resource import Resource

#: Lifetime of a link, in seconds.
LIVES: Final = 300


class AccountLink(Resource):
    """`POST /v1/account_links`. A link is returned once; its account keeps the URL until it is used."""

    object = "account_link"

    def create(self, ctx: Context, params: Json) -> Json:
        """Returns a new link for a connected account.

        Raises StripeError for `account_update` of an account whose requirements Stripe collects: it changes its details
        in its own dashboard (docs.stripe.com/api/account_links/create; the text is not known).
        """
        account = ctx.get("account", params["account"], param="account")
        collector = account["controller"].get("requirement_collection", "stripe")  # missing on the key's own account
        if params["type"] == "account_update" and collector == "stripe":
            raise errors.invalid(
                "You can only create `account_update` links for accounts where your platform is responsible for "
                "collecting updated requirements. Valid types for this account are: `account_onboarding`.",
                param="type",
            )
        link = self.new(ctx)
        link["expires_at"] = ctx.now() + LIVES
        link["url"] = f"https://connect.stripe.com/setup/c/{account['id']}/{ctx.ids.text(12)}"
        if account["id"] != ctx.platform:
            links = _open_links(ctx, account)
            ctx.private(account, AccountPrivate)["links"] = {**links, link["url"]: link["expires_at"]}
            ctx.save(account)
        return link

    def use(self, ctx: Context, account: Json, url: str) -> bool:
        """Uses a link up. Returns whether it could be used: not when it has expired, or was used before."""
        links = _open_links(ctx, account)
        found = links.pop(url, None) is not None
        ctx.private(account, AccountPrivate)["links"] = links
        ctx.save(account)
        return found


def _open_links(ctx: Context, account: Json) -> dict[str, int]:
    """Returns the times at which the account's links expire, of those that have not, by their URLs."""
    links = ctx.private(account, AccountPrivate).get("links") or {}
    return {url: expires for url, expires in links.items() if expires > ctx.now()}
