"""The policy of sending again: what is repeated, how often, after how long."""

from __future__ import annotations

import pytest

from stripe_shell.transports.retry import (
    ANSWERED_BY,
    AttemptFailure,
    RetryBudget,
    RetryDelay,
    RetryPolicy,
    SendResult,
    StopRetrying,
    send_repeatedly,
)
from stripe_shell.wire import Response

LOST = AttemptFailure("the connection was lost", sent=True)
REFUSED = AttemptFailure("no connection", sent=False)
UNTRUSTED = AttemptFailure("its certificate is not trusted", sent=False, lasting=True)
POLICY = RetryPolicy()


def answer(status: int, **headers: str) -> Response:
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, b"{}")


@pytest.mark.parametrize(
    ("seen", "repeatable", "again"),
    [
        (answer(200), True, False),
        (answer(400), True, False),
        (answer(401), True, False),
        (answer(402), True, False),
        (answer(404), True, False),
        (answer(424), True, False),
        (answer(409), True, True),
        (answer(429), True, True),
        (answer(500), True, True),
        (answer(503), True, True),
        (answer(400, Stripe_Should_Retry="true"), True, True),
        (answer(500, Stripe_Should_Retry="false"), True, False),
        (answer(429, Stripe_Should_Retry="false"), True, False),
        (answer(409, stripe_should_retry="False"), True, False),
        (answer(500, Stripe_Should_Retry="perhaps"), True, True),
        (LOST, True, True),
        (REFUSED, True, True),
        (UNTRUSTED, True, False),
        # A write without an idempotency key: only what was surely not carried out.
        (answer(409), False, True),
        (answer(429), False, True),
        (answer(500), False, False),
        (answer(503), False, False),
        (answer(503, Stripe_Should_Retry="true"), False, True),
        (LOST, False, False),
        (REFUSED, False, True),
    ],
)
def test_what_is_sent_again(seen: Response | AttemptFailure, repeatable: bool, again: bool) -> None:
    verdict = POLICY.decide(1, seen, repeatable=repeatable, random=0.5)
    assert isinstance(verdict, RetryDelay) is again


@pytest.mark.parametrize(
    ("attempt", "random", "seconds"),
    [
        (1, 0.0, 0.5),
        (1, 0.999, 0.5),
        (2, 0.0, 0.5),
        (2, 0.5, 0.75),
        (3, 1.0, 2.0),
        (4, 1.0, 4.0),
        (5, 1.0, 5.0),
        (99, 0.0, 2.5),
    ],
)
def test_the_wait_grows_and_is_jittered(attempt: int, random: float, seconds: float) -> None:
    verdict = RetryPolicy(retries=100).decide(attempt, LOST, repeatable=True, random=random)
    assert isinstance(verdict, RetryDelay)
    assert verdict.seconds == pytest.approx(seconds)
    assert verdict.reason == "the connection was lost"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("0.1", 0.5),
        ("3600", 60),
        ("-5", 0.5),
        ("nan", 0.5),
        ("inf", 0.5),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 0.5),
        ("", 0.5),
    ],
)
def test_retry_after_is_honoured_and_capped(header: str, seconds: float) -> None:
    verdict = POLICY.decide(1, answer(429, Retry_After=header), repeatable=True, random=0.0)
    assert verdict == RetryDelay(seconds, "Stripe answered 429")


def test_two_retries_and_no_more() -> None:
    assert isinstance(POLICY.decide(2, LOST, repeatable=True, random=0.0), RetryDelay)
    assert POLICY.decide(3, LOST, repeatable=True, random=0.0) == StopRetrying()
    assert RetryPolicy(retries=0).decide(1, LOST, repeatable=True, random=0.0) == StopRetrying()


@pytest.mark.parametrize(
    ("seen", "attempts", "in_doubt"),
    [
        ([answer(200)], 1, False),
        ([REFUSED, answer(200)], 2, False),
        ([LOST, answer(200)], 2, True),
        ([answer(500), answer(429), answer(200)], 3, True),
        ([answer(429), answer(429), answer(429)], 3, False),
        ([answer(503, Stripe_Should_Retry="true"), answer(200)], 2, False),
        ([REFUSED, REFUSED, LOST], 3, False),
    ],
)
def test_repeated_sending_remembers_what_is_in_doubt(
    seen: list[Response | AttemptFailure], attempts: int, in_doubt: bool
) -> None:
    waits: list[float] = []
    told: list[RetryDelay] = []
    outcomes = iter(seen)
    tries = send_repeatedly(
        lambda: next(outcomes),
        POLICY,
        repeatable=True,
        sleep=waits.append,
        random=lambda: 0.0,
        on_retry=told.append,
        budget=RetryBudget(),
    )
    assert (tries.last, tries.attempts, tries.in_doubt) == (seen[-1], attempts, in_doubt)
    assert waits == [delay.seconds for delay in told] == [0.5] * (attempts - 1)


def test_a_date_in_retry_after_is_read_by_the_clock_of_the_server() -> None:
    headers = {"Retry-After": "Wed, 21 Oct 2026 07:28:07 GMT", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}
    verdict = POLICY.decide(1, Response(429, headers, b""), repeatable=True, random=0.0)
    assert verdict == RetryDelay(7.0, "Stripe answered 429")


def test_who_has_answered_is_said() -> None:
    verdict = POLICY.decide(1, Response(429, {ANSWERED_BY: "Paragon"}, b""), repeatable=True, random=0.0)
    assert verdict == RetryDelay(0.5, "Paragon answered 429")


def tries(budget: RetryBudget, *seen: Response | AttemptFailure) -> SendResult:
    outcomes = iter(seen)
    return send_repeatedly(
        lambda: next(outcomes),
        POLICY,
        repeatable=True,
        sleep=lambda _: None,
        random=lambda: 0.0,
        on_retry=lambda _: None,
        budget=budget,
    )


def test_a_budget_that_is_used_up_ends_the_retries_of_every_request() -> None:
    budget = RetryBudget(3)
    assert tries(budget, LOST, LOST, LOST).attempts == 3
    assert (tries(budget, LOST, LOST).attempts, tries(budget, LOST).attempts) == (2, 1)
    assert tries(budget, LOST).spent
    assert tries(budget, answer(429), answer(200)).attempts == 2, "a 429 is an invitation"


def test_answers_at_the_first_attempt_fill_the_budget_again() -> None:
    budget = RetryBudget(1)
    assert tries(budget, LOST, LOST).spent
    for _ in range(11):
        tries(budget, answer(200))
    assert tries(budget, LOST, answer(200)).attempts == 2
    assert tries(budget, LOST).spent
