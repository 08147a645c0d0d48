"""Report runs: a report is made, and is a file when it is done."""

from __future__ import annotations

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects import jobs
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource


class ReportRun(Resource):
    """`/v1/reporting/report_runs`; a run is done before the next request is answered."""

    object = "reporting.report_run"

    def validate_create(self, ctx: Context, params: Json) -> None:
        """Only known reports, over time that has passed."""
        ctx.get("reporting.report_type", params["report_type"], param="report_type")
        given = params.get("parameters") or {}
        start, end = given.get("interval_start"), given.get("interval_end")
        if isinstance(start, int) and isinstance(end, int) and start >= end:
            raise errors.invalid("`interval_start` must be before `interval_end`.", param="parameters[interval_start]")

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """It takes a while."""
        obj["status"] = "pending"

    def after_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """It ends by itself."""
        jobs.later(ctx, 0, obj, "finish")

    def finish(self, ctx: Context, obj: Json) -> None:
        """The report is there, as a file without rows."""
        file = ctx.fresh("file", purpose="finance_report_run", type="csv", size=0, filename=f"{obj['id']}.csv")
        file["url"] = f"https://files.stripe.com/v1/files/{file['id']}/contents"
        file["expires_at"] = ctx.now() + 365 * 86400
        ctx.insert(file)
        obj |= {"result": dict(file), "status": "succeeded", "succeeded_at": ctx.now()}
        ctx.save(obj)
        ctx.emit("reporting.report_run.succeeded", obj)
