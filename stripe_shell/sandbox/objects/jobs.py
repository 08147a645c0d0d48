"""What Stripe does by itself some time later: noted in the file, and done before the first request that comes after it.

    jobs.later(ctx, 0, intent, "settle")  # before the next request: ctx.behaviour("payment_intent").settle(ctx, intent)

A bank debit that settles, a payout that arrives, a hold that runs out. Nothing runs beside the requests: who has to
know in time (a server that delivers webhooks) calls `Sandbox.catch_up` now and then.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_shell.sandbox.storage import queues
from stripe_shell.sandbox.storage.queues import Job

from .context import Context


def later(ctx: Context, seconds: int, obj: Mapping[str, Any], method: str) -> None:
    """Note that in so many seconds the method `method(ctx, obj)` of the object's resource is to be called.

    The method sees the time for which it was noted, and emits events without a request. It is not called for an
    object that is gone by then. The same for the same time is noted once.
    """
    ctx.noted = True
    queues.add_job(
        ctx.session,
        ctx.account_number,
        at=ctx.wall.now() + seconds,
        kind=obj["object"],
        key=ctx.resource(obj["object"]).key(obj),
        method=method,
        time=ctx.now() + seconds,
        platform=ctx.platform,
    )


class Quiet:
    """The accounts for which nothing was due in this second: a request must not look again after each other one.

    What this process notes for later is seen by the next request, what another one notes a second later.
    """

    def __init__(self) -> None:
        self._seen: dict[int, int] = {}
        self._changes = 0

    def holds(self, account: int, now: int) -> bool:
        """Whether it is known that nothing is due."""
        return self._seen.get(account) == now

    def begin(self) -> int:
        """To be called before it is looked; `settle` takes the answer."""
        return self._changes

    def settle(self, account: int, now: int, begun: int) -> None:
        """Nothing was found; that counts only if nothing was noted meanwhile."""
        if begun == self._changes:
            self._seen[account] = now

    def end(self) -> None:
        """Something was noted for later."""
        self._changes += 1
        self._seen.clear()


def carry_out(ctx: Context, job: Job) -> None:
    """Do what a claimed job says, in the time for which it was noted."""
    ctx.platform = job.platform
    resource = ctx.resource(job.kind)
    with ctx.at(job.time):
        obj = resource.load(ctx, job.key)
        if obj is not None:
            getattr(resource, job.method)(ctx, obj)
