"""Replays the recorded requests in an older version of the API, and compares every answer with that version's table."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from stripe_shell.sandbox.errors import StripeError
from stripe_shell.spec.table import load_table
from stripe_shell.wire import Request
from tests.record.corpus import bytes_of, take
from tests.record.sandboxes import open_sandbox, send
from tests.sandbox.conformity import Conformity

Json = dict[str, Any]

#: The versions at which something breaks, newest first, and five monthly ones.
BREAKING = (
    "2026-09-30.endive",
    "2026-03-25.dahlia",
    "2025-09-30.clover",
    "2025-03-31.basil",
    "2024-09-30.acacia",
    "2024-06-20",
    "2024-04-10",
    "2023-10-16",
    "2023-08-16",
    "2022-11-15",
    "2022-08-01",
    "2020-08-27",
)
MONTHLY = ("2026-05-27.dahlia", "2025-12-15.clover", "2025-06-30.basil", "2025-02-24.acacia", "2024-11-20.acacia")


@dataclass
class Tally:
    """What was seen of a version: answers by status, objects, their fields, and what departs from the table."""

    answers: Counter[int] = field(default_factory=Counter)
    objects: int = 0
    fields: int = 0
    mistakes: int = 0
    departures: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def look(self, value: Any) -> None:
        """Count the objects in an answer, and their fields."""
        if isinstance(value, list):
            for item in value:
                self.look(item)
        elif isinstance(value, dict):
            self.objects += isinstance(value.get("object"), str)
            self.fields += len(value)
            for member in value.values():
                self.look(member)


def replay_in(version: str, stories: Iterable[Json]) -> Tally:
    """Replay stories with the header `Stripe-Version`, and tell what the answers are like."""
    tally = Tally()
    for story in stories:
        conformity = Conformity(load_table())
        opened = open_sandbox()
        for step in story["steps"]:
            _take(opened, step, version, conformity, tally)
        # A schedule whose phase cannot be paid is refused in a job, as a request would be: no mistake of a version.
        mistakes = [mistake for mistake in opened.mistakes if not isinstance(mistake, StripeError)]
        tally.mistakes += len(mistakes)
        for mistake in mistakes[:1]:
            tally.examples.setdefault(repr(mistake), story["name"])
        opened.close()
        for told in conformity.told():
            tally.departures[_without_places(told)] += 1
            tally.examples.setdefault(_without_places(told), story["name"])
    return tally


def _take(opened: Any, step: Json, version: str, conformity: Conformity, tally: Tally) -> None:
    opened.clock.seconds = step["at"]
    if "call" in step:
        if step["call"] == "seed":
            conformity.forgive(opened.sandbox)
        take(opened, step)
        return
    given = step["request"]
    request = {
        **given,
        "body": bytes_of(given["body"]),
        "headers": {**given.get("headers", {}), "Stripe-Version": version},
    }
    response = send(opened, request, step["account"])
    conformity.look(opened.sandbox, Request(**request), response)
    tally.answers[response.status] += 1
    if response.body.startswith(b"{"):
        tally.look(response.json())


def _without_places(text: str) -> str:
    return re.sub(r"\[\d+\]", "[]", re.sub(r"'\w+_\w{8,}'", "'…'", text))
