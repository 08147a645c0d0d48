"""Top-ups: funds added to the balance."""

from __future__ import annotations

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.currencies import check_step
from stripe_shell.sandbox.objects import jobs
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import action, job
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.payments import ledger


class Topup(Resource):
    """`/v1/topups`. `source` is optional."""

    object = "topup"
    unechoed = ("source",)
    indexed = ("status",)

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Sets the expected availability date, two business days ahead. Raises StripeError for an amount below 1."""
        if obj["amount"] < 1:
            raise errors.below_minimum("amount", 1)
        check_step(obj["amount"], obj["currency"])
        obj["expected_availability_date"] = ledger.available_on(ctx.now())

    def after_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Schedules `arrive` before the next request, as funds arrive soon in test mode."""
        jobs.schedule(ctx, 0, obj, "arrive")

    @job
    def arrive(self, ctx: Context, obj: Json) -> None:
        """Credits the balance and sets the status to `succeeded`. Runs as a job."""
        if obj["status"] != "pending":
            return
        row = ledger.record_transaction(
            ctx, "topup", obj["amount"], obj["currency"], obj["id"], description=obj["description"]
        )
        obj |= {"balance_transaction": row["id"], "status": "succeeded"}
        ctx.save(obj)
        ctx.emit("topup.succeeded", obj)

    @action
    def cancel(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Cancels a pending top-up. Raises StripeError for any other status."""
        if obj["status"] != "pending":
            raise errors.invalid(f"Top-ups can only be canceled while they are pending; this one is {obj['status']}.")
        obj["status"] = "canceled"
        ctx.save(obj)
        ctx.emit("topup.canceled", obj)
        return obj
