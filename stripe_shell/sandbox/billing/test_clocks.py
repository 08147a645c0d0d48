"""Test clocks: customers are attached to one, and moving it runs the billing tasks that fall due in between."""

from __future__ import annotations

from collections.abc import Callable

from stripe_shell.sandbox.errors import StripeError
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.pages import OWN_CLOCK

from . import scheduler

KIND = "test_helpers.test_clock"

#: What belongs to a customer and follows its clock.
_OWNED = ("subscription", "invoice", "invoiceitem", "subscription_schedule", "quote")


def customers_of(ctx: Context, clock: Json) -> list[Json]:
    """Returns the customers on the clock."""
    return ctx.all("customer", test_clock=clock["id"])


def attach(ctx: Context, clock: Json, customer: Json) -> None:
    """Attaches a customer and what it owns to the clock for good. All of it is saved."""
    customer["test_clock"] = clock["id"]
    ctx.save(customer)
    for kind in _OWNED:
        for owned in ctx.all(kind, customer=customer["id"]):
            owned["test_clock"] = clock["id"]
            ctx.save(owned)


def move(ctx: Context, clock: Json, target: int) -> None:
    """Runs what is due by `target` (epoch seconds), sets the clock to it and emits its event. The clock is saved."""
    try:
        scheduler.run_until(ctx, target, lambda: customers_of(ctx, clock))
        clock["status"] = "ready"
    except StripeError:
        clock["status"] = "internal_failure"
    clock |= {"frozen_time": target, "status_details": {}}
    ctx.save(clock)
    with ctx.at(target):
        ctx.emit(f"{KIND}.{clock['status']}", clock)


def advance_all(ctx: Context, target: Callable[[int], int]) -> list[tuple[Json, int]]:
    """Moves every clock to the target of its time, and returns each with the time where it stood (epoch seconds).

    Customers without a clock are attached first: to the one named `@clock`, which begins at the present.
    """
    loose = [customer for customer in ctx.all("customer", oldest_first=True) if not customer.get("test_clock")]
    clocks = ctx.all(KIND, oldest_first=True)
    if loose or not clocks:
        own = next((clock for clock in clocks if clock["name"] == OWN_CLOCK), None) or _create(ctx)
        for customer in loose:
            attach(ctx, own, customer)
    return move_all(ctx, target)


def postpone_deletion(ctx: Context, seconds: int) -> None:
    """Lets every clock live longer. The clocks are saved."""
    for clock in ctx.all(KIND):
        clock["deletes_after"] += seconds
        ctx.save(clock)


def move_all(ctx: Context, target: Callable[[int], int]) -> list[tuple[Json, int]]:
    """Moves every clock to the target of its time, and returns each with the time where it stood (epoch seconds)."""
    clocks = ctx.all(KIND, oldest_first=True)
    before = [clock["frozen_time"] for clock in clocks]
    for clock in clocks:
        move(ctx, clock, target(clock["frozen_time"]))
    return list(zip(clocks, before, strict=True))


def _create(ctx: Context) -> Json:
    created = ctx.resource(KIND).create(ctx, {"frozen_time": ctx.now(), "name": OWN_CLOCK})
    if not isinstance(created, dict):
        raise TypeError("a test clock is an object")
    return created
