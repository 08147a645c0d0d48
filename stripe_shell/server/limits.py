"""How many requests a key may make: a bucket for each key, which holds one second's worth of requests."""

from __future__ import annotations

from stripe_shell.sandbox.errors import too_many_requests


class RateLimit:
    """At most `per_second` requests a second for each key; times are seconds of any clock that only goes on."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._capacity = max(1.0, per_second)
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, key: str, now: float) -> None:
        """Count a request. Raises StripeError (429) when the key has made too many."""
        left, since = self._left.get(key, (self._capacity, now))
        left = min(self._capacity, left + (now - since) * self._per_second)
        if left < 1:
            self._left[key] = left, now
            raise too_many_requests()
        self._left[key] = left - 1, now
