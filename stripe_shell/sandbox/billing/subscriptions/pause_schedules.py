"""The pauses of a subscription schedule: read from a request, and carried out when they are due.

Source: https://docs.stripe.com/changelog/endive/2026-09-30/pause-subscription, defaults from the SDK's docstrings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing.calc.periods import add_interval
from stripe_shell.sandbox.errors import StripeError
from stripe_shell.sandbox.objects.context import Context, Json

from . import pause

_AT_PAUSE = {"type": "pause_at"}

# --- from a request --------------------------------------------------------------------------------------------------


def pauses_from(ctx: Context, requested: Sequence[Mapping[str, Any]], before: Sequence[Json]) -> list[Json]:
    """Returns `pause_schedules` of a schedule. A pause of `before` that was carried out stays as it is, by its key.

    Raises StripeError for a pause in the past, or one that ends before it begins (texts assumed).
    """
    found = []
    for index, entry in enumerate(requested):
        where = f"pause_schedules[{index}]"
        key = entry.get("key") or ctx.ids.text(16)
        old = next((one for one in before if one["key"] == key and one["pause"]["status"]["type"] != "scheduled"), None)
        pausing = old["pause"] if old is not None else _pause(ctx, _required(entry, "pause", where), where)
        found.append({"key": key, "pause": pausing, "resume": _resume(ctx, entry, pausing["pause_at"], where)})
    return found


def _pause(ctx: Context, given: Mapping[str, Any], where: str) -> Json:
    at = _time(ctx, _required(given, "pause_at", f"{where}[pause]"), f"{where}[pause][pause_at]")
    settings = given.get("settings") or {}
    bill_for = {name: kind for name, kind in (settings.get("bill_for") or {}).items() if kind}
    return {
        "pause_at": at,
        "settings": {
            "bill_for": {"outstanding_usage_through": _AT_PAUSE, "unused_time_from": _AT_PAUSE, **bill_for},
            "invoicing_behavior": settings.get("invoicing_behavior") or "pending_invoice_item",
            "type": "subscription",
        },
        "status": {"type": "scheduled"},
    }


def _resume(ctx: Context, entry: Mapping[str, Any], paused_at: int, where: str) -> Json | None:
    given = entry.get("resume")
    if not given:
        return None
    param = f"{where}[resume][resume_at]"
    moment = _required(given, "resume_at", f"{where}[resume]")
    duration = moment.get("duration")
    if duration:
        interval = _required(duration, "interval", f"{param}[duration]")
        at = add_interval(paused_at, interval, int(duration.get("interval_count") or 1))
    else:
        at = _time(ctx, moment, param)
    if at <= paused_at:
        raise errors.invalid("A subscription must be resumed after it is paused.", param=param)
    settings = given.get("settings") or {}
    return {
        "resume_at": at,
        "settings": {
            "billing_cycle_anchor": settings.get("billing_cycle_anchor") or "resume_at",
            "payment_behavior": settings.get("payment_behavior") or "resume_on_payment_success",
            "proration_behavior": settings.get("proration_behavior") or "create_prorations",
        },
        "status": {"type": "scheduled"},
    }


def _time(ctx: Context, given: Mapping[str, Any], param: str) -> int:
    kind = _required(given, "type", param)
    if kind == "now":
        return ctx.now()
    if given.get("timestamp") is None:
        raise errors.missing_parameter(f"{param}[{kind}]")
    if given["timestamp"] < ctx.now():
        raise errors.in_the_past(f"{param}[timestamp]", given["timestamp"])
    return int(given["timestamp"])


def _required(given: Mapping[str, Any], name: str, where: str) -> Any:
    """Returns a member of a parameter. Raises StripeError if it is missing."""
    if not given.get(name):
        raise errors.missing_parameter(f"{where}[{name}]")
    return given[name]


# --- when they are due -----------------------------------------------------------------------------------------------


def steps(ctx: Context, schedule: Json) -> Iterator[tuple[int, Callable[[], None]]]:
    """Yields the pauses and resumptions to come of a schedule that runs, each with its time in epoch seconds."""
    if schedule["status"] != "active":
        return
    for entry in schedule.get("pause_schedules") or ():
        if entry["pause"]["status"]["type"] == "scheduled":
            yield entry["pause"]["pause_at"], partial(_carry_out, ctx, schedule, entry["pause"], _pause_now)
        elif entry["resume"] and entry["resume"]["status"]["type"] == "scheduled":
            yield entry["resume"]["resume_at"], partial(_carry_out, ctx, schedule, entry["resume"], _resume_now)


def _carry_out(
    ctx: Context, schedule: Json, step: Json, run: Callable[[Context, Json, Mapping[str, Any]], str]
) -> None:
    """Runs a step and sets its status, which for a refusal holds the error. Saves the schedule."""
    subscription = ctx.get("subscription", schedule["subscription"])
    try:
        outcome: Json = {"type": run(ctx, subscription, step["settings"])}
    except StripeError as refused:
        code = {"code": refused.code} if refused.code else {}
        outcome = {"error": {**code, "message": refused.message}, "type": "error"}
    step.update(status=outcome)
    changed = ctx.save(schedule)
    if changed:
        ctx.emit("subscription_schedule.updated", schedule, changed)


def _pause_now(ctx: Context, subscription: Json, settings: Mapping[str, Any]) -> str:
    pause.pause(ctx, subscription, settings)
    return "succeeded"


def _resume_now(ctx: Context, subscription: Json, settings: Mapping[str, Any]) -> str:
    anchor = "unchanged" if settings["billing_cycle_anchor"] == "unchanged" else "now"
    pause.resume(ctx, subscription, {**settings, "billing_cycle_anchor": anchor})
    return "pending" if subscription["status"] == "paused" else "succeeded"
