"""Guards: decide before each write of a run whether it may be sent, and stop the run at the limits of `@most`."""

from __future__ import annotations

from _thread import allocate_lock
from collections import Counter
from collections.abc import Mapping
from typing import Protocol

from stripe_shell.engine.limits import WRITES
from stripe_shell.engine.money import format_amount
from stripe_shell.engine.outcome import Outcome


class LimitReached(Exception):
    """The error for a write that would exceed an `@most`."""


class NotPlanned(Exception):
    """The error for a write that is not in the plan that the run follows."""


class WriteGuard(Protocol):
    """Decides about writes. Thread-safe."""

    def admit(self, outcome: Outcome) -> None:
        """Counts a write that is about to be sent. Raises LimitReached, NotPlanned or JournalDisagrees."""
        ...

    def note(self, outcome: Outcome) -> None:
        """Counts a write that an earlier process of the run sent."""
        ...

    def release(self, outcome: Outcome) -> None:
        """Takes back a write that was refused."""
        ...


class Fuse:
    """Counts the writes of a run and their money; refuses what would exceed the `limits`.

    `limits` are by unit: `writes`, or a currency with its smallest unit. `spent` is what earlier processes of the run
    have written.
    """

    def __init__(self, limits: Mapping[str, int], spent: Mapping[str, int] | None = None) -> None:
        self._limits = limits
        self._spent = Counter(spent or {})
        self._lock = allocate_lock()

    def admit(self, outcome: Outcome) -> None:
        """Counts a write; raises LimitReached, without counting it, if it would exceed a limit."""
        wanted = extent_of(outcome)
        with self._lock:
            for unit, limit in self._limits.items():
                if wanted.get(unit) and self._spent[unit] + wanted[unit] > limit:
                    raise LimitReached(
                        f"{explain_extent(unit, self._spent[unit] + wanted[unit])}, {_limit(unit, limit)}"
                    )
            self._spent.update(wanted)

    def note(self, outcome: Outcome) -> None:
        """Counts a write that was sent before."""
        with self._lock:
            self._spent.update(extent_of(outcome))

    def release(self, outcome: Outcome) -> None:
        """Takes back a write that was refused."""
        with self._lock:
            self._spent.subtract(extent_of(outcome))


def admitted(outcome: Outcome, guard: WriteGuard | None) -> Outcome:
    """Returns the outcome whose write `guard` admits. Raises what `WriteGuard.admit` raises."""
    if guard is not None and outcome.request is not None and outcome.request.writes:
        guard.admit(outcome)
    return outcome


def account_for(outcome: Outcome, guard: WriteGuard | None) -> None:
    """Tells `guard` of a write that was recalled or refused."""
    if guard is None or outcome.request is None or not outcome.request.writes or outcome.response is None:
        return
    if outcome.recalled and outcome.response.ok:
        guard.note(outcome)
    elif not outcome.recalled and 400 <= outcome.response.status < 500:
        guard.release(outcome)


def extent_of(outcome: Outcome) -> Mapping[str, int]:
    """Returns the extent of a write by unit: one write, and the money that it is about."""
    money = outcome.money
    return {WRITES: 1} if money is None else {WRITES: 1, money.currency: money.amount}


def explain_extent(unit: str, count: int) -> str:
    """Formats `2,001 writes` or `450000.01 usd`."""
    return f"{count:,} write{'' if count == 1 else 's'}" if unit == WRITES else format_amount(count, unit)


def exceeded(limits: Mapping[str, int], extent: Mapping[str, int]) -> str:
    """Returns, in words, the first limit that the extent of a plan exceeds; empty if it exceeds none."""
    for unit, limit in limits.items():
        if extent.get(unit, 0) > limit:
            return f"{explain_extent(unit, extent[unit])}, {_limit(unit, limit)}"
    return ""


def _limit(unit: str, limit: int) -> str:
    return f"and `@most` allows {explain_extent(unit, limit)}"
