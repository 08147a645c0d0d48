"""A few events of scripts/triggers, when Stripe's command-line tool is at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .scripts import load_script

TRIGGERS = load_script("triggers")

pytest.importorskip("uvicorn", reason="`serve` needs the extra `serve`")
pytestmark = pytest.mark.skipif(
    not os.environ.get("STRIPE_CLI") and not (TRIGGERS.FOLDER / "node_modules" / ".bin" / "stripe").exists(),
    reason="Stripe's command-line tool is not installed; scripts/triggers installs it",
)

EVENTS = [
    "charge.dispute.closed",
    "charge.failed",
    "checkout.session.completed",
    "customer.created",
    "customer.subscription.updated",
    "invoice.paid",
    "issuing_authorization.request",
    "payment_intent.succeeded",
    "quote.accepted",
    "subscription_schedule.created",
]


def test_events_of_the_command_line_tool(address: str, tmp_path: Path) -> None:
    tool = TRIGGERS.find_tool()
    results = [TRIGGERS.trigger(tool, address, event, tmp_path) for event in EVENTS]
    assert [f"{result.event}: {result.problem}" for result in results if result.problem] == []
