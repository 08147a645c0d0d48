"""Faults to order: errors, lost connections and delays, so that a program can be tested against a bad day.

A fault is written `KIND[,name=value…]`:

    500,rate=0.1                            one request in ten is answered 500; nothing is done
    429,path=/v1/customers,times=3          the next three requests below this path are over the limit
    drop,method=POST                        the connection is closed before anything is done
    lose,path=/v1/charges,times=1           it is done, and the connection closed without an answer
    cut                                     it is done, and half of the answer sent
    delay,for=2s                            it is done, and answered two seconds later
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
    """One fault: which requests it strikes (`path` is what their path begins with), how often, and how.

    `rate` is the share of those requests, from 0 to 1; `times` is how many it strikes in all, None for no end;
    `seconds` is how long a `delay` lasts.
    """

    kind: str
    method: str | None = None
    path: str = "/"
    rate: float = 1.0
    times: int | None = None
    seconds: float = 0.0

    @property
    def refusal(self) -> StripeError | None:
        """What is answered instead of doing anything; None for faults of the connection."""
        return _refusal(self.kind)


@record(frozen=False)
class Faults:
    """The faults in force and how often each has struck. `draw` gives numbers from 0 to 1."""

    active: list[Fault] = field(default_factory=list)
    struck: list[int] = field(default_factory=list)
    draw: Callable[[], float] = field(default_factory=lambda: random.Random(0).random)

    def set(self, faults: Iterable[Fault]) -> None:
        """Put these in the place of those that were in force."""
        self.active = list(faults)
        self.struck = [0] * len(self.active)

    def strike(self, method: str, path: str) -> Fault | None:
        """The first fault that strikes a request; it is counted."""
        for number, fault in enumerate(self.active):
            if self._strikes(number, fault, method, path):
                self.struck[number] += 1
                return fault
        return None

    def _strikes(self, number: int, fault: Fault, method: str, path: str) -> bool:
        if fault.method not in (None, method) or not path.startswith(fault.path):
            return False
        if fault.times is not None and self.struck[number] >= fault.times:
            return False
        return fault.rate >= 1 or self.draw() < fault.rate

    def told(self) -> list[dict[str, Any]]:
        """The faults in force as JSON, each with how often it has struck."""
        return [
            {
                "kind": fault.kind,
                "method": fault.method,
                "path": fault.path,
                "rate": fault.rate,
                "times": fault.times,
                "struck": struck,
            }
            for fault, struck in zip(self.active, self.struck, strict=True)
        ]


def parse_fault(given: str | Mapping[str, Any]) -> Fault:
    """A fault from its text, or from a mapping with the same names. Raises ValueError, which says what is wrong."""
    said = _spelled(given) if isinstance(given, str) else dict(given)
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
        rate=_number(said.get("rate", 1.0), "rate", 1.0),
        times=None if said.get("times") is None else int(_number(said["times"], "times", 1e9)),
        seconds=_seconds(str(said["for"])) if "for" in said else 0.0,
    )


def _spelled(text: str) -> dict[str, str]:
    kind, *rest = text.split(",")
    said = {"kind": kind.strip()}
    for pair in rest:
        name, equals, value = pair.strip().partition("=")
        if not equals:
            raise ValueError(f"`{pair}` in the fault `{text}` is not name=value")
        said[name] = value
    return said


def _number(value: Any, name: str, most: float) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"`{name}` of a fault is a number, not `{value}`") from None
    if not 0 <= number <= most:
        raise ValueError(f"`{name}` of a fault lies between 0 and {most:g}; this is {value}")
    return number


def _seconds(text: str) -> float:
    ms = parse_duration(text, ("ms", "s"))
    if ms is None:
        raise ValueError(f"`for` of a delay is a time such as 200ms or 2s, not `{text}`")
    return ms / 1000


def _refusal(kind: str) -> StripeError | None:
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
