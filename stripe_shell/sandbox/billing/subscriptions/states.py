"""The statuses of subscriptions and of their schedules: which one may follow which, and the functions that set them.

Source: Stripe's API reference, `status` of a subscription and of a subscription schedule.
"""

from __future__ import annotations

from collections.abc import Mapping

from stripe_shell.sandbox.objects.context import Json

#: A status and the one that follows it; the first is None while the object is being created.
StatusChange = tuple[str | None, str]

#: The allowed changes of a subscription's status, and why Stripe makes each.
SUBSCRIPTION: Mapping[StatusChange, str] = {
    (None, "active"): "it is created without a trial, and nothing is due or its first invoice is paid or not yet due",
    (None, "trialing"): "it is created with a trial period",
    (None, "incomplete"): "its initial payment attempt fails, or waits for the customer",
    ("incomplete", "active"): "its first invoice is paid",
    ("incomplete", "incomplete_expired"): "its first invoice is not paid within 23 hours, or is voided",
    ("incomplete", "canceled"): "a request cancels it",
    ("trialing", "active"): "the trial period is over, or a pending update that began it is held back",
    ("trialing", "paused"): "the trial ends without a payment method, and `trial_settings` pause it",
    ("trialing", "past_due"): "payment is required but cannot be paid, or a pending update that began it is held back",
    ("trialing", "unpaid"): "a pending update that began the trial is held back",
    ("trialing", "canceled"): "a request or `cancel_at` cancels it, or the trial ends without a payment method",
    ("active", "trialing"): "an update begins a trial, or a pending update that ended one is held back",
    ("active", "past_due"): "payment is required but cannot be paid, or a sent invoice is not paid by its due date",
    ("active", "paused"): "a request or its schedule pauses it",
    ("active", "canceled"): "a request, `cancel_at` or its schedule cancels it",
    ("past_due", "active"): "its open invoices are paid",
    ("past_due", "trialing"): "an update begins a trial",
    ("past_due", "unpaid"): "all payment retry attempts are exhausted, and the account keeps such subscriptions",
    ("past_due", "canceled"): "all payment retry attempts are exhausted, or a request cancels it",
    ("unpaid", "active"): "its latest invoice is paid",
    ("unpaid", "trialing"): "an update begins a trial",
    ("unpaid", "canceled"): "a request cancels it",
    ("paused", "active"): "it is resumed, and the invoice of the new cycle is paid or marked uncollectible",
    ("paused", "trialing"): "the invoice of a pending update that begins a trial is paid",
    ("paused", "canceled"): "a request or `cancel_at` cancels it",
}

#: The allowed changes of a subscription schedule's status, and why Stripe makes each.
SCHEDULE: Mapping[StatusChange, str] = {
    (None, "not_started"): "it is created with phases",
    (None, "active"): "it is created from a subscription",
    ("not_started", "active"): "its first phase begins, and its subscription is created",
    ("not_started", "canceled"): "a request cancels it",
    ("not_started", "released"): "a request releases it",
    ("active", "completed"): "its last phase is over",
    ("active", "canceled"): "a request cancels it or its subscription",
    ("active", "released"): "a request releases its subscription",
}


def set_status(subscription: Json, status: str, *, new: bool = False) -> None:
    """Sets a subscription's status; `new` while it is being created. Mutates `subscription`, which the caller saves.

    Setting the status that it has is allowed. Raises ValueError for a change that `SUBSCRIPTION` lacks.
    """
    _set(subscription, status, SUBSCRIPTION, new=new)
    if status != "paused":
        subscription.pop("status_details", None)


def pause(subscription: Json, why: str, now: int) -> None:
    """Sets a subscription's status to `paused`, and says why. Mutates `subscription`, which the caller saves."""
    set_status(subscription, "paused")
    subscription["status_details"] = {
        "paused": {"subscription": {"type": why}, "transitioned_at": now, "type": "subscription"}
    }


def set_schedule_status(schedule: Json, status: str, *, new: bool = False) -> None:
    """Sets a schedule's status, like `set_status`. Raises ValueError for a change that `SCHEDULE` lacks."""
    _set(schedule, status, SCHEDULE, new=new)


def _set(obj: Json, status: str, allowed: Mapping[StatusChange, str], *, new: bool) -> None:
    before = None if new else obj["status"]
    if status != before and (before, status) not in allowed:
        raise ValueError(f"{obj['object']} {obj['id']} cannot change its status from {before} to {status}")
    obj["status"] = status
