"""Billing's scheduler: finds the tasks of subscriptions, invoices, schedules and quotes, and runs them in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from stripe_shell.records import record
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.jobs import schedule
from stripe_shell.sandbox.objects.private_fields import (
    CustomerPrivate,
    InvoicePrivate,
    SubscriptionPrivate,
    SubscriptionSchedulePrivate,
)

from .calc import rules
from .invoices import discounts, finalize_and_pay, preview
from .subscriptions import after_payment, cancel, create, items, pause_schedules, renew, schedules, update

#: The most tasks of one advance: more are an endless loop.
_MOST_STEPS = 100_000

_RENEWED = ("active", "past_due", "unpaid")


@record
class Task:
    """A task at a time (epoch seconds); of tasks at the same time the lowest rank runs first."""

    time: int
    rank: int
    run: Callable[[], None]

    @property
    def place(self) -> tuple[int, int]:
        """The sort key: time, then rank."""
        return self.time, self.rank


def run_until(ctx: Context, until: int, customers: Callable[[], Iterable[Json]]) -> None:
    """Runs all tasks of these customers that are due by `until` (epoch seconds), each at its own time.

    Raises RuntimeError if there are too many.
    """
    for _ in range(_MOST_STEPS):
        due = min(_tasks(ctx, customers()), key=lambda entry: entry.place, default=None)
        if due is None or due.time > until:
            return
        with ctx.at(due.time):
            due.run()
    raise RuntimeError(f"nothing comes to rest before {until}")


def _tasks(ctx: Context, customers: Iterable[Json]) -> Iterator[Task]:
    for customer in customers:
        key = customer["id"]
        for subscription_schedule in ctx.all("subscription_schedule", customer=key):
            yield from _of_schedule(ctx, subscription_schedule)
        for subscription in ctx.all("subscription", customer=key):
            if subscription["status"] not in rules.OVER:
                yield from _of_subscription(ctx, subscription)
        for status in ("draft", "open"):
            for invoice in ctx.all("invoice", customer=key, status=status):
                yield from _of_invoice(ctx, invoice)
        for quote in ctx.all("quote", customer=key):
            if quote["status"] == "open":
                yield Task(quote["expires_at"], 6, partial(_expire_quote, ctx, quote))


# --- subscriptions -------------------------------------------------------------------------------------------------


def _of_subscription(ctx: Context, subscription: Json) -> Iterator[Task]:
    status = subscription["status"]
    if subscription["pending_update"]:
        yield Task(subscription["pending_update"]["expires_at"], 2, partial(_drop_update, ctx, subscription))
    if status == "incomplete":
        expires = subscription["created"] + rules.INCOMPLETE_FOR
        yield Task(expires, 2, partial(renew.expire_incomplete, ctx, subscription))
        return
    if subscription["cancel_at"] is not None and subscription["schedule"] is None:
        end = partial(cancel.end_subscription, ctx, subscription, "cancellation_requested")
        yield Task(subscription["cancel_at"], 1, end)
    if status == "trialing":
        yield from _of_trial(ctx, subscription)
    if status in _RENEWED:
        first = items.first_end(subscription["items"]["data"])
        yield Task(first, 4, partial(renew.renew, ctx, subscription))
    if status in (*_RENEWED, "trialing"):
        yield from _notices(ctx, subscription)
    yield from _of_pauses(ctx, subscription)
    for name in subscription["discounts"]:
        discount = ctx.find("discount", name)
        if discount is not None and discount["end"] is not None:
            yield Task(discount["end"], 5, partial(_end_discount, ctx, subscription, name))


def _of_trial(ctx: Context, subscription: Json) -> Iterator[Task]:
    end = subscription["trial_end"]
    yield Task(end, 4, partial(renew.end_trial, ctx, subscription))
    if ctx.private(subscription, SubscriptionPrivate).get("told_trial_end") != end:
        yield Task(end - rules.TRIAL_ENDS_SOON, 0, partial(create.emit_trial_will_end, ctx, subscription))


def _notices(ctx: Context, subscription: Json) -> Iterator[Task]:
    """Yields the task that emits `invoice.upcoming`, once for each period longer than the notice."""
    shown = subscription["items"]["data"]
    first = items.first_end(shown)
    soon = first - rules.UPCOMING_BEFORE
    stays = subscription["cancel_at"] is None or subscription["cancel_at"] > first
    began = max(item["current_period_start"] for item in shown)
    if stays and soon > began and ctx.private(subscription, SubscriptionPrivate).get("told_upcoming") != first:
        yield Task(soon, 0, partial(_emit_upcoming, ctx, subscription, first))


def _of_pauses(ctx: Context, subscription: Json) -> Iterator[Task]:
    pause = subscription["pause_collection"]
    if pause and pause.get("resumes_at"):
        yield Task(pause["resumes_at"], 3, partial(_collect_again, ctx, subscription))
    soon = subscription["next_pending_invoice_item_invoice"]
    if soon is not None:
        yield Task(soon, 5, partial(update.set_pending_interval, ctx, subscription))


def _emit_upcoming(ctx: Context, subscription: Json, period_end: int) -> None:
    ctx.private(subscription, SubscriptionPrivate)["told_upcoming"] = period_end
    ctx.save(subscription)
    invoice = preview.upcoming(ctx, subscription)
    if invoice is not None:
        ctx.emit("invoice.upcoming", invoice)


def _drop_update(ctx: Context, subscription: Json) -> None:
    """Discards a pending update that was not paid in time, and voids its invoice."""
    pending = ctx.private(subscription, SubscriptionPrivate).get("pending") or {}
    invoice = ctx.find("invoice", pending.get("invoice") or "")
    after_payment.discard_pending_update(ctx, subscription)
    if invoice is not None and invoice["status"] == "open":
        finalize_and_pay.void_invoice(ctx, invoice)


def _collect_again(ctx: Context, subscription: Json) -> None:
    subscription["pause_collection"] = None
    ctx.emit("customer.subscription.updated", subscription, ctx.save(subscription))


def _end_discount(ctx: Context, subscription: Json, name: str) -> None:
    discounts.drop_used(ctx, subscription, [name])
    ctx.emit("customer.subscription.updated", subscription, ctx.save(subscription))


# --- invoices, schedules and quotes --------------------------------------------------------------------------------


def _of_invoice(ctx: Context, invoice: Json) -> Iterator[Task]:
    hidden = ctx.private(invoice, InvoicePrivate)
    hopeless = hidden.get("uncollectible_at")
    if hopeless is not None:
        yield Task(hopeless, 6, partial(finalize_and_pay.mark_uncollectible, ctx, invoice, "subscription_canceled"))
    elif invoice["status"] == "draft" and invoice["auto_advance"]:
        yield Task(_finalizes_at(invoice), 7, partial(renew.advance_draft, ctx, invoice))
    elif invoice["status"] == "open" and invoice["next_payment_attempt"] is not None:
        yield Task(invoice["next_payment_attempt"], 8, partial(renew.retry_payment, ctx, invoice))
    elif invoice["status"] == "open" and invoice["due_date"] and not hidden.get("overdue"):
        yield Task(invoice["due_date"], 8, partial(renew.mark_overdue, ctx, invoice))


def _finalizes_at(invoice: Json) -> int:
    """Returns when a draft is finalized: an hour after its creation, or at the requested time."""
    asked = invoice["automatically_finalizes_at"]
    usual = invoice["created"] + rules.FINALIZES_AFTER
    return int(asked) if asked is not None and asked != usual else int(invoice["created"]) + rules.DRAFT_FOR


def _of_schedule(ctx: Context, subscription_schedule: Json) -> Iterator[Task]:
    for due, step in pause_schedules.steps(ctx, subscription_schedule):
        yield Task(due, 2, step)
    time = schedules.next_transition(subscription_schedule)
    if time is None:
        return
    yield Task(time, 3, partial(schedules.advance_phase, ctx, subscription_schedule))
    soon = schedules.last_end(subscription_schedule) - rules.SCHEDULE_ENDS_SOON
    hidden = ctx.private(subscription_schedule, SubscriptionSchedulePrivate)
    if subscription_schedule["status"] == "active" and not hidden.get("told_expiring"):
        yield Task(soon, 0, partial(schedules.emit_expiring, ctx, subscription_schedule))


def _expire_quote(ctx: Context, quote: Json) -> None:
    quote["status"] = "canceled"
    quote["status_transitions"]["canceled_at"] = ctx.now()
    ctx.save(quote)
    ctx.emit("quote.canceled", quote)


# --- real time -----------------------------------------------------------------------------------------------------


def schedule_next(ctx: Context, customer: Json, changed: Json | None = None) -> None:
    """Schedules a job for the next task of a customer without a test clock; see objects/jobs.py.

    With `changed`, a subscription or an invoice, considers only its tasks. Saves the customer if it schedules a job.
    """
    if customer.get("test_clock"):
        return
    dues = _tasks(ctx, [customer]) if changed is None else _tasks_of(ctx, changed)
    due = min(dues, key=lambda entry: entry.place, default=None)
    hidden = ctx.private(customer, CustomerPrivate)
    if due is None or hidden.get("watched", due.time + 1) <= due.time:
        return
    hidden["watched"] = due.time
    ctx.save(customer)
    schedule(ctx, max(due.time - ctx.now(), 0), customer, "catch_up")


def _tasks_of(ctx: Context, changed: Json) -> Iterator[Task]:
    if changed["object"] == "subscription":
        if changed["status"] not in rules.OVER:
            yield from _of_subscription(ctx, changed)
        changed = ctx.find("invoice", changed["latest_invoice"] or "") or changed
    if changed["object"] == "invoice":
        yield from _of_invoice(ctx, changed)


def catch_up(ctx: Context, customer: Json) -> None:
    """Runs the tasks of a customer that are due by now in real time, and schedules the next one."""
    if customer.get("test_clock"):
        return
    now = ctx.real_clock.now()
    run_until(ctx, now, lambda: [customer])
    with ctx.at(now):
        ctx.private(customer, CustomerPrivate).pop("watched", None)
        schedule_next(ctx, customer)
