"""Line items of quotes: they live inside their quote."""

from __future__ import annotations

from stripe_shell.sandbox import pages
from stripe_shell.sandbox.context import Context, Json
from stripe_shell.sandbox.listing import Page
from stripe_shell.sandbox.resource import Resource, action


class Item(Resource):
    """`/v1/quotes/{quote}/line_items` and `/computed_upfront_line_items`."""

    object = "item"

    @action("quote.line_item.list")
    def list_of_quote(self, ctx: Context, params: Json) -> Page:
        """All lines of a quote."""
        return self._lines(ctx, params, "line_items")

    @action("quote.computed_upfront_line_item.list")
    def list_upfront(self, ctx: Context, params: Json) -> Page:
        """What is to be paid when a quote is accepted."""
        return self._lines(ctx, params, "computed_upfront_line_items")

    def _lines(self, ctx: Context, params: Json, name: str) -> Page:
        quote = ctx.get("quote", ctx.path["quote"], status=404)
        return pages.page_of(ctx, ctx.hidden(quote).get(name, {}).get("data", ()), params)
