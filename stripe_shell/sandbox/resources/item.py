"""Line items of quotes, Checkout Sessions and payment links, stored with their object."""

from __future__ import annotations

from stripe_shell.sandbox.objects import pages
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import action
from stripe_shell.sandbox.objects.listing import ListPage
from stripe_shell.sandbox.objects.resource import Resource


class Item(Resource):
    """`…/line_items`, and `/v1/quotes/{quote}/computed_upfront_line_items`."""

    object = "item"

    @action("quote.line_item.list")
    def list_of_quote(self, ctx: Context, params: Json) -> ListPage:
        """Returns a page of the line items of a quote."""
        return self._lines(ctx, params, "quote", "line_items")

    @action("checkout.session.line_item.list")
    def list_of_session(self, ctx: Context, params: Json) -> ListPage:
        """Returns a page of the line items of a Checkout Session."""
        return self._lines(ctx, params, "checkout.session", "line_items")

    @action("payment_link.line_item.list")
    def list_of_link(self, ctx: Context, params: Json) -> ListPage:
        """Returns a page of the line items of a payment link."""
        return self._lines(ctx, params, "payment_link", "line_items")

    @action("quote.computed_upfront_line_item.list")
    def list_upfront(self, ctx: Context, params: Json) -> ListPage:
        """Returns a page of the line items that are due when a quote is accepted."""
        return self._lines(ctx, params, "quote", "computed_upfront_line_items")

    def _lines(self, ctx: Context, params: Json, kind: str, name: str) -> ListPage:
        owner = ctx.get(kind, next(iter(ctx.path.values())), status=404)
        return pages.page_of(ctx, ctx.private_json(owner).get(name, {}).get("data", ()), params)
