"""Fixtures for tests of programs that use Stripe; docs/testing.md has an example of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from stripe_shell.testing.clock import StripeClock
    from stripe_shell.testing.events import StripeEvents
    from stripe_shell.testing.isolated import IsolatedSandbox
    from stripe_shell.testing.seeds import Captures
    from stripe_shell.testing.server import TestServer
    from stripe_shell.testing.webhooks import StripeWebhooks


@pytest.fixture(scope="session")
def stripe_server() -> Iterator[TestServer]:
    """The server of this process, on a free port of the loopback interface."""
    from stripe_shell.testing.server import run_server

    with run_server() as server:
        yield server


@pytest.fixture
def stripe_sandbox(stripe_server: TestServer) -> Iterator[IsolatedSandbox]:
    """A sandbox of this test: `base_url`, `key`, and an empty account behind them."""
    from stripe_shell.testing.isolated import IsolatedSandbox

    sandbox = IsolatedSandbox(stripe_server)
    yield sandbox
    sandbox.close()


@pytest.fixture
def stripe_client(stripe_sandbox: IsolatedSandbox) -> Any:
    """A `stripe.StripeClient` of the official library for the test's sandbox."""
    stripe = _library()
    url = stripe_sandbox.base_url
    addresses = dict.fromkeys(("api", "connect", "files", "meter_events"), url)
    return stripe.StripeClient(stripe_sandbox.key, base_addresses=addresses)


@pytest.fixture
def stripe_environment(stripe_sandbox: IsolatedSandbox, monkeypatch: pytest.MonkeyPatch) -> IsolatedSandbox:
    """The test's sandbox, to which the environment and the library's own settings lead for the time of the test.

    Sets `STRIPE_API_BASE`, `STRIPE_API_KEY` and `STRIPE_SECRET_KEY`, and of the module `stripe`, if it is installed,
    `api_key`, `api_base`, `connect_api_base`, `upload_api_base` and `meter_events_api_base`.
    """
    for name, value in stripe_sandbox.environment.items():
        monkeypatch.setenv(name, value)
    try:
        import stripe
    except ImportError:
        return stripe_sandbox
    monkeypatch.setattr(stripe, "api_key", stripe_sandbox.key)
    for name in ("api_base", "connect_api_base", "upload_api_base", "meter_events_api_base"):
        monkeypatch.setattr(stripe, name, stripe_sandbox.base_url, raising=False)
    return stripe_sandbox


@pytest.fixture
def stripe_clock(stripe_sandbox: IsolatedSandbox) -> StripeClock:
    """The time in the test's sandbox: `stripe_clock.advance("1 month")`."""
    return stripe_sandbox.clock


@pytest.fixture
def stripe_events(stripe_sandbox: IsolatedSandbox) -> StripeEvents:
    """The events of the test's account: `stripe_events.wait("invoice.paid")`, `stripe_events.types`."""
    return stripe_sandbox.events


@pytest.fixture
def stripe_webhooks(stripe_sandbox: IsolatedSandbox) -> StripeWebhooks:
    """Adds webhook endpoints: `stripe_webhooks("http://127.0.0.1:8000/hook")` or `stripe_webhooks(function)`."""
    return stripe_sandbox.webhooks


@pytest.fixture
def stripe_seed(stripe_sandbox: IsolatedSandbox, request: pytest.FixtureRequest) -> Callable[[str | Path], Captures]:
    """Fills the test's sandbox with what a script makes: `stripe_seed("shop.stripe")["customer"]["id"]`.

    A relative path starts at the folder of the test's file. The script runs once; later tests get a copy.
    """
    return lambda path: stripe_sandbox.seed(request.path.parent / path)


def _library() -> Any:
    try:
        import stripe
    except ImportError as error:
        raise pytest.UsageError("the fixture stripe_client needs Stripe's library: pip install stripe") from error
    return stripe
