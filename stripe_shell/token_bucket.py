"""The token bucket: limits how often something happens per second, with room for one second's worth at once."""

from __future__ import annotations


class TokenBucket:
    """A bucket that holds `rate` tokens (at least one), full at the time `now`, and gains `rate` tokens per second.

    Times are seconds of any clock that never goes back. Not safe for threads.
    """

    __slots__ = ("_capacity", "_rate", "_seen", "_tokens")

    def __init__(self, rate: float, now: float) -> None:
        self._rate = rate
        self._capacity = max(1.0, rate)
        self._tokens = self._capacity
        self._seen = now

    def take(self, now: float) -> bool:
        """Takes a token if there is one; returns whether there was."""
        self._fill(now)
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def reserve(self, now: float) -> float:
        """Takes a token, ahead of time if necessary; returns the seconds until it is due. First come, first served."""
        self._fill(now)
        self._tokens -= 1
        return max(0.0, -self._tokens / self._rate)

    def _fill(self, now: float) -> None:
        self._tokens = min(self._capacity, self._tokens + (now - self._seen) * self._rate)
        self._seen = now
