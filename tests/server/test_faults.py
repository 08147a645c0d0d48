"""Bad days to order: faults, latency, rate limits; and what the options say."""

from __future__ import annotations

import http.client
import json
import time
from typing import Any

import pytest

from stripe_shell.errors import ConfigurationError, UsageError
from stripe_shell.sandbox.control.faults import Fault, Faults, parse_fault
from stripe_shell.sandbox.errors import StripeError
from stripe_shell.server.limits import RateLimit
from stripe_shell.server.quantities import per_second, seconds
from stripe_shell.server.run import listen

from .conftest import Client, running


def order(client: Client, *faults: Any) -> list[dict[str, Any]]:
    """Put faults in force on the shared server; answers how often each has struck so far."""
    answer = client.post("/_sandbox/faults", body=json.dumps({"faults": faults}).encode())
    listed: list[dict[str, Any]] = answer["faults"]
    return listed


@pytest.fixture
def bad_day(client: Client) -> Any:
    """The client; all faults are gone at the end."""
    yield client
    order(Client(client.address))


# --- what a fault is -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ("500", Fault("500")),
        ("429,path=/v1/customers,times=3", Fault("429", path="/v1/customers", times=3)),
        ("drop,method=post,rate=0.25", Fault("drop", method="POST", rate=0.25)),
        ("delay,for=200ms", Fault("delay", seconds=0.2)),
        ({"kind": "lose", "times": 1}, Fault("lose", times=1)),
    ],
)
def test_faults_are_read(given: Any, fault: Fault) -> None:
    assert parse_fault(given) == fault


@pytest.mark.parametrize(
    "given",
    ["", "501", "500,rate=2", "500,rate=x", "500,times=-1", "delay", "500,for=2s", "delay,for=2", "500,x=1", "500,x"],
)
def test_what_is_no_fault_says_why(given: str) -> None:
    with pytest.raises(ValueError, match=r"fault|delay"):
        parse_fault(given)


def test_a_rate_is_a_share_of_the_requests_and_the_same_each_time() -> None:
    def struck() -> list[bool]:
        faults = Faults()
        faults.set([parse_fault("500,rate=0.3")])
        return [faults.strike("GET", "/v1/customers") is not None for _ in range(1000)]

    first = struck()
    assert first == struck()
    assert 250 < sum(first) < 350


# --- over HTTP -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "status", "kind", "code"),
    [
        ("500", 500, "api_error", None),
        ("503", 503, "api_error", None),
        ("429", 429, "invalid_request_error", "rate_limit"),
        ("lock_timeout", 429, "invalid_request_error", "lock_timeout"),
        ("409", 409, "idempotency_error", "idempotency_key_in_use"),
    ],
)
def test_a_refusal_does_nothing(bad_day: Client, fault: str, status: int, kind: str, code: str | None) -> None:
    order(bad_day, f"{fault},times=1,method=POST")
    answer = bad_day.send("POST", "/v1/customers")
    assert (answer.status, answer.error["type"], answer.error.get("code")) == (status, kind, code)
    assert bad_day.get("/v1/customers")["data"] == []
    bad_day.post("/v1/customers")


@pytest.mark.parametrize(("fault", "made"), [("drop", 0), ("lose", 1), ("cut", 1)])
def test_a_broken_connection(bad_day: Client, fault: str, made: int) -> None:
    order(bad_day, f"{fault},times=1,method=POST")
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        bad_day.send("POST", "/v1/customers")
    again = Client(bad_day.address, bad_day.key)
    assert len(again.get("/v1/customers")["data"]) == made


def test_a_fault_strikes_where_it_is_said_to(bad_day: Client) -> None:
    order(bad_day, "500,path=/v1/products", {"kind": "429", "path": "/v1/customers", "times": 1})
    assert bad_day.send("GET", "/v1/customers").status == 429
    assert bad_day.send("GET", "/v1/customers").status == 200
    assert bad_day.send("GET", "/v1/products").status == 500
    assert bad_day.send("GET", "/v1/prices").status == 200


def test_a_rate_limit_holds_for_each_key() -> None:
    limit = RateLimit(2)
    for key in ("a", "b"):
        limit.take(key, 0.0)
        limit.take(key, 0.0)
    with pytest.raises(StripeError) as refused:
        limit.take("a", 0.4)
    assert (refused.value.status, refused.value.code) == (429, "rate_limit")
    limit.take("a", 0.5)


def test_options_of_the_server() -> None:
    pytest.importorskip("uvicorn")
    with running("--memory", "--latency", "60ms", "--rate-limit", "3/h", "--fault", "503,path=/v1/prices") as address:
        client = Client(address)
        started = time.monotonic()
        assert client.send("GET", "/v1/prices").status == 503
        assert time.monotonic() - started >= 0.06
        answers = [client.send("GET", "/v1/customers").status for _ in range(3)]
        assert answers == [429] * 3, "an hourly rate of three is a bucket of one"


# --- options that say nothing ----------------------------------------------------------------------------------


def test_times_and_rates() -> None:
    assert [seconds(text, "x") for text in ("100ms", "2s", "1.5m", "1h")] == [0.1, 2, 90, 3600]
    assert [per_second(text, "x") for text in ("100/s", "30/m")] == [100, 0.5]


@pytest.mark.parametrize("text", ["", "100", "fast", "-1s", "1 s", "1d"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(UsageError, match="--latency is a time such as"):
        seconds(text, "--latency")


@pytest.mark.parametrize("text", ["", "100", "0/s", "1/d", "x/s"])
def test_what_is_no_rate(text: str) -> None:
    with pytest.raises(UsageError, match="--rate-limit is a number of requests"):
        per_second(text, "--rate-limit")


def test_a_port_that_is_taken_is_said_to_be() -> None:
    with listen("127.0.0.1", 0) as first:
        with pytest.raises(ConfigurationError, match=r"cannot listen on 127\.0\.0\.1, port"):
            listen("127.0.0.1", first.getsockname()[1])
        with pytest.raises(ConfigurationError, match="is no port"):
            listen("127.0.0.1", 70000)
