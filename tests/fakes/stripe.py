"""A server like Stripe's own: it takes the key, checks every header and carries the request out in a sandbox."""

from __future__ import annotations

import re

from stripe_shell.spec.table import load_table
from tests.fakes.web import Backend, Reply, Seen, wanted

KEY = "sk_test_51FakeStripeKey0123456789"
FORM = "application/x-www-form-urlencoded"

EXPECTED = {"host", "user-agent", "accept", "accept-encoding", "content-type", "stripe-version"}
OPTIONAL = {"content-length", "idempotency-key", "stripe-account"}


def error(message: str) -> dict[str, dict[str, str]]:
    return {"error": {"type": "invalid_request_error", "message": message}}


class FakeStripe:
    """Answers as Stripe does."""

    def __init__(self, backend: Backend, key: str = KEY) -> None:
        self.backend = backend
        self.key = key

    def __call__(self, seen: Seen) -> Reply:
        wanted(seen.headers.get("authorization") == f"Bearer {self.key}", 401, error("Invalid API Key provided"))
        check_stripe_headers(seen, "authorization")
        return self.backend.forward(seen, seen.path, seen.query, seen.body)


def check_stripe_headers(seen: Seen, *own: str, content_type: str = FORM) -> None:
    """Exactly the headers that there should be, those of the proxy's own besides, and each as it should be."""
    names = set(seen.headers)
    wanted(names >= EXPECTED | set(own), 400, error(f"missing headers {EXPECTED | set(own) - names}"))
    wanted(names <= EXPECTED | OPTIONAL | set(own), 400, error(f"headers {names - EXPECTED - OPTIONAL - set(own)}"))
    wanted(seen.headers["stripe-version"] == load_table().version, 400, error("another Stripe-Version"))
    wanted(seen.headers["content-type"] == content_type, 415, error("another Content-Type"))
    wanted(seen.headers["user-agent"].startswith("stripe-shell/"), 400, error("another User-Agent"))
    has_key = re.fullmatch(r"[\x21-\x7e]{1,255}", seen.headers.get("idempotency-key", "")) is not None
    wanted(has_key == (seen.method == "POST"), 400, error("a key on every write, and on no read"))
