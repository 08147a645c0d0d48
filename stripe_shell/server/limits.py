"""How many requests a key may make: a bucket for each key, which holds one second's worth of requests."""

from __future__ import annotations

from stripe_shell.sandbox.errors import too_many_requests
from stripe_shell.token_bucket import TokenBucket


class RateLimit:
    """At most `per_second` requests a second for each key; times are seconds of any clock that only goes on."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._buckets: dict[str, TokenBucket] = {}

    def take(self, key: str, now: float) -> None:
        """Count a request. Raises StripeError (429) when the key has made too many."""
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = TokenBucket(self._per_second, now)
        if not bucket.take(now):
            raise too_many_requests()
