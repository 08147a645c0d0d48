"""Scheduled jobs are declared: an undeclared one is refused when scheduled, and reported when a file holds it."""

from __future__ import annotations

from typing import Any

import pytest

from stripe_shell.sandbox.objects import jobs
from stripe_shell.sandbox.objects.declarations import job
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.storage import queues

from .conftest import Client


class Kettle(Resource):
    """A resource with two jobs."""

    @job
    def boil(self, ctx: Any, obj: Any) -> None:
        """Boils."""

    @job("old_name")
    def whistle(self, ctx: Any, obj: Any) -> None:
        """Whistles, under the name that files have."""

    def pour(self, ctx: Any, obj: Any) -> None:
        """A method that is no job."""


class RedKettle(Kettle):
    """Overrides an inherited job."""

    def boil(self, ctx: Any, obj: Any) -> None:
        """Boils too."""


def test_jobs_are_collected_once_a_class() -> None:
    assert Kettle.jobs == {"boil": Kettle.boil, "old_name": Kettle.whistle}
    assert RedKettle.jobs == {"boil": RedKettle.boil, "old_name": Kettle.whistle}


@pytest.mark.parametrize("method", ["retrieve", "pour", "__init__"])
def test_an_undeclared_job_is_refused_when_it_is_scheduled(method: str, stripe: Client) -> None:
    customer = stripe.post("/v1/customers")
    with stripe.sandbox.context() as ctx:
        with pytest.raises(LookupError, match=f"customer has no job `{method}`"):
            jobs.schedule(ctx, 0, customer, method)
        assert not ctx.session.rows("SELECT 1 FROM jobs")


@pytest.mark.parametrize("key", ["", "cus_gone"])
def test_an_unknown_job_in_a_file_is_reported_and_dropped(key: str, stripe: Client) -> None:
    customer = stripe.post("/v1/customers")
    with stripe.sandbox.context() as ctx:
        now, key = ctx.now(), key or customer["id"]
        queues.add_job(
            ctx.session,
            ctx.account_number,
            at=now,
            kind="customer",
            key=key,
            method="whistle",
            time=now,
            platform=ctx.platform,
        )
        ctx.scheduled_jobs = True
    stripe.sandbox.catch_up()
    [mistake] = stripe.mistakes
    assert isinstance(mistake, LookupError)
    assert "customer has no job `whistle`" in str(mistake)
    stripe.mistakes.clear()
    with stripe.sandbox.context() as ctx:
        assert not ctx.session.rows("SELECT 1 FROM jobs")
