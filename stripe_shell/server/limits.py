"""Rate limiting: a token bucket for each key, which holds one second's worth of requests."""

from __future__ import annotations

from stripe_shell.sandbox.errors import too_many_requests
from stripe_shell.token_bucket import TokenBucket


class RateLimit:
    """A limit of `per_second` requests per second for each key. Times are monotonic seconds."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._buckets: dict[str, TokenBucket] = {}

    def take(self, key: str, now: float) -> None:
        """Counts a request. Raises StripeError (429) if the key has made too many."""
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = TokenBucket(self._per_second, now)
        if not bucket.take(now):
            raise too_many_requests()
