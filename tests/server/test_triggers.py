"""A few events of scripts/triggers, where npm can install Stripe's command-line tool."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.stripe_tool import find_tool

from .scripts import load_script

TRIGGERS = load_script("triggers")

pytest.importorskip("uvicorn", reason="`serve` needs the extra `serve`")

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
    try:
        tool = find_tool()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    results = [TRIGGERS.trigger(tool, address, event, tmp_path) for event in EVENTS]
    assert [f"{result.event}: {result.problem}" for result in results if result.problem] == []
