"""Report runs: each creates a report file."""

from __future__ import annotations

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects import jobs
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import job
from stripe_shell.sandbox.objects.resource import Resource


class ReportRun(Resource):
    """`/v1/reporting/report_runs`. A run finishes before the next request is answered."""

    object = "reporting.report_run"

    def validate_create(self, ctx: Context, params: Json) -> None:
        """Raises StripeError for an unknown report type or an empty interval."""
        ctx.get("reporting.report_type", params["report_type"], param="report_type")
        given = params.get("parameters") or {}
        start, end = given.get("interval_start"), given.get("interval_end")
        if isinstance(start, int) and isinstance(end, int) and start >= end:
            raise errors.invalid("`interval_start` must be before `interval_end`.", param="parameters[interval_start]")

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Sets the status to `pending`."""
        obj["status"] = "pending"

    def after_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Schedules `finish`."""
        jobs.schedule(ctx, 0, obj, "finish")

    @job
    def finish(self, ctx: Context, obj: Json) -> None:
        """Stores the report, an empty CSV file, and sets the run to `succeeded`. Runs as a job."""
        file = ctx.new("file", purpose="finance_report_run", type="csv", size=0, filename=f"{obj['id']}.csv")
        file["url"] = f"https://files.stripe.com/v1/files/{file['id']}/contents"
        file["expires_at"] = ctx.now() + 365 * 86400
        ctx.insert(file)
        obj |= {"result": dict(file), "status": "succeeded", "succeeded_at": ctx.now()}
        ctx.save(obj)
        ctx.emit("reporting.report_run.succeeded", obj)
