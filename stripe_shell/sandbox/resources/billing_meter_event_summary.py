"""Meter event summaries: a customer's aggregated usage of a meter, in total or per hour or day."""

from __future__ import annotations

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing.calc.periods import DAY, HOUR, Period
from stripe_shell.sandbox.billing.subscriptions import usage
from stripe_shell.sandbox.objects import pages
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import action
from stripe_shell.sandbox.objects.listing import ListPage
from stripe_shell.sandbox.objects.resource import Resource

_STEPS = {"day": DAY, "hour": HOUR}


class MeterEventSummary(Resource):
    """`GET /v1/billing/meters/{id}/event_summaries`. Summaries are computed on request and not stored."""

    object = "billing.meter_event_summary"

    @action("list")
    def list_of_meter(self, ctx: Context, params: Json) -> ListPage:
        """Returns a page of summaries, latest first. Raises StripeError for times off the window's boundaries."""
        meter = ctx.get("billing.meter", ctx.path["id"], status=404)
        ctx.get("customer", params["customer"], param="customer")
        step = _STEPS.get(params.get("value_grouping_window") or "")
        start, end = params["start_time"], params["end_time"]
        for name, time in (("start_time", start), ("end_time", end)):
            if time % (step or 60):
                raise errors.invalid(
                    f"`{name}` must be aligned with {'the grouping window' if step else 'minute'} boundaries.",
                    param=name,
                )
        if end <= start:
            raise errors.invalid("`end_time` must be later than `start_time`.", param="end_time")
        cuts = range(start, end, step) if step else (start,)
        found = [
            self._summary(ctx, meter, params["customer"], Period(cut, min(cut + step, end) if step else end))
            for cut in cuts
        ]
        return pages.page_of(ctx, found[::-1], params)

    def _summary(self, ctx: Context, meter: Json, customer: str, period: Period) -> Json:
        value = usage.usage_total(ctx, meter, customer, period)
        whole = value.numerator if value.denominator == 1 else float(value)
        members = {"start_time": period.start, "end_time": period.end, "meter": meter["id"]}
        made = self.new(ctx, {**members, "aggregated_value": whole})
        made["id"] = f"mtrusg_test_{meter['id'].removeprefix('mtr_')}_{period.start}"
        return made
