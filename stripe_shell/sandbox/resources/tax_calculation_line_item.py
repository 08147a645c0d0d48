"""Line items of tax calculations. They are stored in the calculation."""

from __future__ import annotations

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.listing import ListPage
from stripe_shell.sandbox.objects.pages import page_of
from stripe_shell.sandbox.objects.resource import Resource


class TaxCalculationLineItem(Resource):
    """`/v1/tax/calculations/{calculation}/line_items`."""

    object = "tax.calculation_line_item"

    def list_page(self, ctx: Context, params: Json) -> ListPage:
        """Returns one page of the lines of the calculation in the path."""
        calculation = ctx.get("tax.calculation", ctx.path["calculation"], status=404)
        return page_of(ctx, calculation["line_items"]["data"], params)
