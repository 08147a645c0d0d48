"""The token bucket: refuses, or lets its callers wait in turn."""

from __future__ import annotations

from stripe_shell.token_bucket import TokenBucket


def test_a_bucket_refuses_until_it_has_filled_again() -> None:
    bucket = TokenBucket(2, 0.0)
    assert [bucket.take(0.0), bucket.take(0.0), bucket.take(0.4), bucket.take(0.5)] == [True, True, False, True]


def test_a_bucket_of_a_slow_rate_holds_one() -> None:
    bucket = TokenBucket(0.5, 0.0)
    assert [bucket.take(0.0), bucket.take(1.0), bucket.take(2.0)] == [True, False, True]


def test_tokens_reserved_ahead_come_one_after_the_other() -> None:
    bucket = TokenBucket(2, 0.0)
    assert [bucket.reserve(0.0) for _ in range(4)] == [0, 0, 0.5, 1.0]
