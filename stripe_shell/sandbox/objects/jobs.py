"""Scheduled jobs: what Stripe does by itself later, stored in the file and run before the next request once due.

    @job                                     # in PaymentIntent, the resource of the object; see declarations.py
    def settle(self, ctx, obj): …

    jobs.schedule(ctx, 0, intent, "settle")  # before the next request: PaymentIntent.settle(ctx, intent)

Examples: a bank debit settles, a payout arrives, an authorization expires. Jobs run within requests, not in a thread; a
server that delivers webhooks calls `Sandbox.catch_up` periodically to run them on time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_shell.sandbox.storage import queues
from stripe_shell.sandbox.storage.queues import Job

from .context import Context


def schedule(ctx: Context, seconds: int, obj: Mapping[str, Any], method: str) -> None:
    """Schedules the object's job `method`, declared with `@job` in its resource, to run in a number of seconds.

    While the method runs, the context's time is the scheduled one, and events have no request id. A job that is late
    schedules further ones as if it were not. It is skipped when
    the object is deleted by then. The same method of the same object at the same time is scheduled once. Raises
    LookupError for a method that is not declared.
    """
    resource = ctx.resource(obj["object"])
    resource.job_method(method)
    ctx.scheduled_jobs = True
    queues.add_job(
        ctx.session,
        ctx.account_number,
        at=ctx.real_clock.now() - ctx.job_lag + seconds,
        kind=obj["object"],
        key=resource.key(obj),
        method=method,
        time=ctx.now() + seconds,
        platform=ctx.platform,
    )


class JobCache:
    """Caches the accounts without a due job in the current second, so that a request does not query for jobs.

    A job scheduled by this process takes effect at the next request, one by another process within a second.
    """

    def __init__(self) -> None:
        self._seen: dict[int, int] = {}
        self._changes = 0

    def is_idle(self, account: int, now: int) -> bool:
        """Whether the account has no job due at `now` (epoch seconds)."""
        return self._seen.get(account) == now

    def version(self) -> int:
        """Returns a token for `mark_idle`; called before jobs are looked up."""
        return self._changes

    def mark_idle(self, account: int, now: int, version: int) -> None:
        """Records that the account has no due job, unless a job was scheduled since `version`."""
        if version == self._changes:
            self._seen[account] = now

    def invalidate(self) -> None:
        """Clears the cache after a job was scheduled."""
        self._changes += 1
        self._seen.clear()


def run_job(ctx: Context, job: Job) -> None:
    """Runs a claimed job, with the context's time set to the job's.

    Raises LookupError for one whose method is not declared, such as a job from a file of another release.
    """
    ctx.platform = job.platform
    ctx.job_lag = max(0, ctx.real_clock.now() - job.at)
    resource = ctx.resource(job.kind)
    method = resource.job_method(job.method)
    with ctx.at(job.time):
        obj = resource.load(ctx, job.key)
        if obj is not None:
            method(ctx, obj)
