"""Test clocks: a simulated time for customers, which stands still until it is advanced."""

from __future__ import annotations

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing import test_clocks
from stripe_shell.sandbox.billing.calc import rules
from stripe_shell.sandbox.billing.calc.periods import DAY, Cycle
from stripe_shell.sandbox.errors import StripeError
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import action, job
from stripe_shell.sandbox.objects.jobs import schedule
from stripe_shell.sandbox.objects.resource import Resource

_KEPT_FOR = 30 * DAY
_LONGEST_NAME = 300


class TestClock(Resource):
    """`/v1/test_helpers/test_clocks`. Advancing a clock runs the billing tasks that fall due in between."""

    __test__ = False  # pytest must not collect this class

    object = "test_helpers.test_clock"
    noun = "test clock"
    id_param = "test_clock"

    def validate_create(self, ctx: Context, params: Json) -> None:
        """Raises StripeError when the name is too long."""
        if len(params.get("name") or "") > _LONGEST_NAME:
            raise errors.too_long("name", params["name"], _LONGEST_NAME)

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Sets status and deletion time: thirty days from now (docs.stripe.com, test clocks, advanced usage)."""
        obj |= {"deletes_after": ctx.now() + _KEPT_FOR, "status": "ready", "status_details": {}}

    def after_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Schedules the deletion, and attaches `customer` and what it owns to the clock for good."""
        schedule(ctx, _KEPT_FOR, obj, "expire")
        if not params.get("customer"):
            return
        customer = ctx.get("customer", params["customer"], param="customer")
        if customer["test_clock"]:
            raise errors.invalid("This customer is already on a test clock.", param="customer")
        test_clocks.attach(ctx, obj, customer)

    @job
    def expire(self, ctx: Context, obj: Json) -> None:
        """Deletes the clock after thirty days, later if its deletion was postponed. Runs as a job."""
        left = obj["deletes_after"] - ctx.now()
        if left > 0:
            schedule(ctx, left, obj, "expire")
        else:
            self.delete(ctx, obj, {})

    @action
    def advance(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Advances the clock. Answers with status `advancing`, as Stripe does, though the clock is `ready` by then."""
        target = params["frozen_time"]
        self._check_advance(ctx, obj, target)
        obj["status"] = "advancing"
        obj["status_details"] = {"advancing": {"target_frozen_time": target}}
        ctx.save(obj)
        ctx.emit(self.event_name("advancing"), obj)
        answer = dict(obj)
        test_clocks.move(ctx, obj, target)
        return answer

    def before_delete(self, ctx: Context, obj: Json, params: Json) -> None:
        """Deletes the clock's customers, as Stripe does."""
        with ctx.at(obj["frozen_time"]):
            for customer in test_clocks.customers_of(ctx, obj):
                ctx.resource("customer").delete(ctx, customer, {})

    def event_name(self, happened: str) -> str:
        """Returns the type of a test clock event."""
        return f"test_helpers.test_clock.{happened}"

    def _check_advance(self, ctx: Context, obj: Json, target: int) -> None:
        now = obj["frozen_time"]
        if obj["status"] == "internal_failure":
            raise errors.invalid("This test clock failed while it was advanced, and cannot be advanced any more.")
        if obj["status"] == "advancing":
            raise StripeError("This test clock is advancing. Wait until it is ready.", status=429, code="lock_timeout")
        if target <= now:
            raise errors.invalid(
                f"`frozen_time` must be later than the test clock's current time ({now}).", param="frozen_time"
            )
        latest = self._latest(ctx, obj)
        if target > latest:
            raise errors.invalid(
                "You can advance a test clock by at most two intervals of its shortest subscription, or two years "
                f"without any: up to {latest}.",
                param="frozen_time",
            )

    def _latest(self, ctx: Context, obj: Json) -> int:
        """Returns the latest time to advance to, in epoch seconds: two subscription intervals, at most two years."""
        now = obj["frozen_time"]
        ends = [Cycle(now, "year", 2).boundary(1)]
        for customer in test_clocks.customers_of(ctx, obj):
            for subscription in ctx.all("subscription", customer=customer["id"]):
                if subscription["status"] in rules.OVER:
                    continue
                for item in subscription["items"]["data"]:
                    recurring = item["price"]["recurring"]
                    ends.append(Cycle(now, recurring["interval"], recurring["interval_count"]).boundary(2))
        return min(ends)
