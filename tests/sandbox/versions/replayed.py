"""Replays the recorded requests in an older version of the API, and compares every answer with that version's table."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
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
#: Members whose value says in which state an object is, and so which of its members are there.
STATES = ("object", "status", "type", "mode", "billing_reason", "collection_method", "behavior", "reason", "duration")

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


def render_in_all(stories: Iterable[Json], versions: Sequence[str]) -> dict[str, Tally]:
    """Replay stories once, in the current version, and retrieve what they leave behind in every one of `versions`.

    Objects that look alike, such as two paid invoices with the same members, are retrieved once.
    """
    tallies = {version: Tally() for version in versions}
    paths, seen = retrievals(), set[str]()
    for story in stories:
        if any(step.get("call") == "seed" for step in story["steps"]):
            continue
        opened = open_sandbox()
        for step in story["steps"]:
            opened.clock.seconds = step["at"]
            if "call" in step:
                take(opened, step)
            else:
                send(opened, {**step["request"], "body": bytes_of(step["request"]["body"])}, step["account"])
        before = len(opened.mistakes)
        for account, path in list(_new_objects(opened, paths, seen)):
            for version, tally in tallies.items():
                _retrieve(opened, Request("GET", path, headers={"Stripe-Version": version}), account, tally)
        for mistake in opened.mistakes[before:]:
            next(iter(tallies.values())).mistakes += 1
            next(iter(tallies.values())).examples.setdefault(repr(mistake), story["name"])
        opened.close()
    return tallies


def retrievals() -> dict[str, str]:
    """Return the path that retrieves an object, by the kind of object, `{}` in the place of the id.

    A path that ends in the object's own id comes first: a dispute is not retrieved by the id of its charge.
    """
    found: dict[str, str] = {}
    for operation in sorted(load_table().operations(), key=lambda operation: not operation.path.endswith("}")):
        entity = load_table().entity(operation.entity)
        if operation.action == "retrieve" and entity and entity.object and len(operation.path_params) == 1:
            found.setdefault(entity.object, re.sub(r"\{\w+\}", "{}", operation.path))
    return found


def _new_objects(opened: Any, paths: dict[str, str], seen: set[str]) -> Iterable[tuple[str, str]]:
    """Yield account and path of each object that looks like none before."""
    with opened.sandbox.store.read() as session:
        rows = session.rows("SELECT account, object, id, json FROM objects WHERE deleted = 0 AND account > 0")
        for number, kind, key, text in rows:
            look = f"{kind} {_look(json.loads(text))}"
            if kind in paths and key and look not in seen:
                seen.add(look)
                yield session.account_id(number), paths[kind].format(key)


def _look(value: Any, name: str = "") -> Any:
    """Return what an object looks like: its members and their types, and the values of those that name a state."""
    if isinstance(value, dict):
        return {key: _look(inner, key) for key, inner in sorted(value.items())} if name not in {"metadata"} else {}
    if isinstance(value, list):
        return sorted({json.dumps(_look(item, name)) for item in value})
    return value if name in STATES and isinstance(value, str) else type(value).__name__


def _retrieve(opened: Any, request: Request, account: str, tally: Tally) -> None:
    conformity = Conformity(load_table())
    response = opened.sandbox.send(request, account=account)
    conformity.look(opened.sandbox, request, response)
    tally.answers[response.status] += 1
    if response.ok and response.body.startswith(b"{"):
        tally.look(response.json())
    for told in conformity.told():
        tally.departures[_without_places(told)] += 1
        tally.examples.setdefault(_without_places(told), request.path)


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
