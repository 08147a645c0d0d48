"""Fault injection: errors, lost connections and delays, to test a program's error handling.

A fault is written `KIND[,name=value…]`:

    500,rate=0.1                            10 % of the requests get status 500 and are not run
    429,path=/v1/customers,times=3          the next three requests below this path are rate limited
    drop,method=POST                        the connection is closed before the request is run
    lose,path=/v1/charges,times=1           the request is run, then the connection closed without a response
    cut                                     the request is run, and half of the response sent
    delay,for=2s                            the request is run, and the response sent two seconds later
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from stripe_shell.durations import parse_duration
from stripe_shell.records import field, record
from stripe_shell.sandbox import errors
from stripe_shell.sandbox.errors import StripeError

KINDS: Final = ("409", "429", "500", "502", "503", "504", "lock_timeout", "drop", "lose", "cut", "delay")

_NAMES: Final = ("kind", "method", "path", "rate", "times", "for")


@record
class Fault:
    """One fault: its kind and the requests that it applies to; `path` is a prefix.

    `rate` is the fraction of those requests, from 0 to 1; `times` is the maximum number of faults, None for no limit;
    `seconds` is the duration of a `delay`.
    """

    kind: str
    method: str | None = None
    path: str = "/"
    rate: float = 1.0
    times: int | None = None
    seconds: float = 0.0

    @property
    def error(self) -> StripeError | None:
        """The error that replaces running the request; None for connection faults."""
        return _error_of(self.kind)


@record(frozen=False)
class Faults:
    """The active faults and how often each was applied. `random` returns random numbers from 0 to 1."""

    active: list[Fault] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    random: Callable[[], float] = field(default_factory=lambda: random.Random(0).random)

    def set(self, faults: Iterable[Fault]) -> None:
        """Replaces the active faults and resets their counts."""
        self.active = list(faults)
        self.counts = [0] * len(self.active)

    def strike(self, method: str, path: str) -> Fault | None:
        """Returns the first fault that applies to a request and counts it; None when none applies."""
        for number, fault in enumerate(self.active):
            if self._strikes(number, fault, method, path):
                self.counts[number] += 1
                return fault
        return None

    def _strikes(self, number: int, fault: Fault, method: str, path: str) -> bool:
        if fault.method not in (None, method) or not path.startswith(fault.path):
            return False
        if fault.times is not None and self.counts[number] >= fault.times:
            return False
        return fault.rate >= 1 or self.random() < fault.rate

    def as_json(self) -> list[dict[str, Any]]:
        """Returns the active faults as JSON values, with how often each was applied (`counts`)."""
        return [
            {
                "kind": fault.kind,
                "method": fault.method,
                "path": fault.path,
                "rate": fault.rate,
                "times": fault.times,
                "struck": struck,
            }
            for fault, struck in zip(self.active, self.counts, strict=True)
        ]


def parse_fault(source: str | Mapping[str, Any]) -> Fault:
    """Parses a fault from its text, or from a mapping with the same names. Raises ValueError with an explanation."""
    said = _parse_text(source) if isinstance(source, str) else dict(source)
    for name in said:
        if name not in _NAMES:
            raise ValueError(f"a fault has no `{name}`; it has {', '.join(_NAMES)}")
    kind = str(said.get("kind", ""))
    if kind not in KINDS:
        raise ValueError(f"`{kind}` is no fault; there are {', '.join(KINDS)}")
    if (kind == "delay") != ("for" in said):
        raise ValueError("a delay says how long it lasts, as `delay,for=2s`; other faults do not")
    return Fault(
        kind=kind,
        method=str(said["method"]).upper() if said.get("method") else None,
        path=str(said.get("path") or "/"),
        rate=_parse_number(said.get("rate", 1.0), "rate", 1.0),
        times=None if said.get("times") is None else int(_parse_number(said["times"], "times", 1e9)),
        seconds=_parse_seconds(str(said["for"])) if "for" in said else 0.0,
    )


def _parse_text(text: str) -> dict[str, str]:
    kind, *rest = text.split(",")
    said = {"kind": kind.strip()}
    for pair in rest:
        name, equals, value = pair.strip().partition("=")
        if not equals:
            raise ValueError(f"`{pair}` in the fault `{text}` is not name=value")
        said[name] = value
    return said


def _parse_number(value: Any, name: str, most: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"`{name}` of a fault is a number, not `{value}`") from None
    if not 0 <= number <= most:
        raise ValueError(f"`{name}` of a fault lies between 0 and {most:g}; this is {value}")
    return number


def _parse_seconds(text: str) -> float:
    ms = parse_duration(text, ("ms", "s"))
    if ms is None:
        raise ValueError(f"`for` of a delay is a time such as 200ms or 2s, not `{text}`")
    return ms / 1000


def _error_of(kind: str) -> StripeError | None:
    match kind:
        case "409":
            return errors.key_in_use("(a fault was ordered)")
        case "429":
            return errors.too_many_requests()
        case "lock_timeout":
            return StripeError(
                "This object cannot be accessed right now because another API request or Stripe process is currently "
                "accessing it. If you see this error intermittently, retry the request.",
                status=429,
                code="lock_timeout",
                validation=True,
            )
        case "500" | "502" | "503" | "504":
            return StripeError("An unknown error occurred (a fault was ordered).", status=int(kind), kind="api_error")
        case _:
            return None
