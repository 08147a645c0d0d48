"""Payout schedules of accounts: the parameters of `settings.payouts.schedule`, and the days of automatic payouts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Json

from .countries import facts_of

DAY: Final = 86_400
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ANCHORS: Final = {
    "monthly": ("monthly_anchor", "monthly_payout_days"),
    "weekly": ("weekly_anchor", "weekly_payout_days"),
}


def check(params: Mapping[str, Any]) -> None:
    """Raises StripeError for a weekly or monthly schedule without its anchor, and for an anchor of another interval."""
    given = _given(params)
    interval = given.get("interval")
    for name, anchors in _ANCHORS.items():
        if interval == name and not any(given.get(anchor) for anchor in anchors):
            raise errors.missing_parameter(f"settings[payouts][schedule][{anchors[0]}]")
        for anchor in anchors:
            if given.get(anchor) and interval is not None and interval != name:
                raise errors.invalid(
                    f"You can only set `{anchor}` when the interval is `{name}`.",
                    param=f"settings[payouts][schedule][{anchor}]",
                )


def take(account: Json, params: Mapping[str, Any]) -> None:
    """Mutates `account` and `params`: removes anchors of the interval before, and resolves `delay_days: minimum`."""
    given = _given(params)
    schedule = (((account.get("settings") or {}).get("payouts")) or {}).get("schedule")
    if not given or schedule is None:
        return
    if given.get("delay_days") == "minimum":
        params["settings"]["payouts"]["schedule"]["delay_days"] = facts_of(account["country"]).delay_days
    if given.get("interval"):
        for anchor in (anchor for anchors in _ANCHORS.values() for anchor in anchors):
            schedule.pop(anchor, None)


def next_payout(schedule: Mapping[str, Any], now: int) -> int | None:
    """Returns midnight UTC of the next day on which an automatic payout is made after `now`; None for `manual`."""
    if schedule["interval"] == "manual":
        return None
    day = now // DAY + 1
    while not _is_payout_day(schedule, day):
        day += 1
    return day * DAY


def _is_payout_day(schedule: Mapping[str, Any], day: int) -> bool:
    """Whether a day, counted from the epoch (a Thursday), is one of the schedule's."""
    if schedule["interval"] == "weekly":
        wanted = schedule.get("weekly_payout_days") or [schedule.get("weekly_anchor") or "monday"]
        return WEEKDAYS[(day + 3) % 7] in wanted
    if schedule["interval"] == "monthly":
        from datetime import UTC, datetime

        date = datetime.fromtimestamp(day * DAY, UTC)
        wanted_days = schedule.get("monthly_payout_days") or [schedule.get("monthly_anchor") or 1]
        last = datetime.fromtimestamp((day + 1) * DAY, UTC).day == 1
        return date.day in wanted_days or (last and any(wanted > date.day for wanted in wanted_days))
    return (day + 3) % 7 < 5


def _given(params: Mapping[str, Any]) -> Mapping[str, Any]:
    value: Any = params
    for name in ("settings", "payouts", "schedule"):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}
