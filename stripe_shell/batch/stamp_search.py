"""Searches the lists of an account for what a run created, by the stamp `RUN/ROW` that it left in their metadata."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stripe_shell.batch.event_search import FoundWrite, list_all
from stripe_shell.batch.open_writes import UnansweredWrite
from stripe_shell.engine.foreach import header
from stripe_shell.engine.links import Link
from stripe_shell.engine.operation_lookup import find_operation
from stripe_shell.lang.ast import Block, Loop, ScriptItem
from stripe_shell.patterns import pattern
from stripe_shell.records import record
from stripe_shell.spec.model import Operation
from stripe_shell.spec.table import Table

_STAMP = pattern(r"([0-9a-f]{32})/(.*)", re.DOTALL)

#: Objects are searched from so many seconds before a write was first sent.
_BEFORE = 300


@record
class StampedObject:
    """An object that carries a stamp: the run and the row in it, and the object."""

    run: str
    row: str
    body: dict[str, Any]


def search_stamps(link: Link, writes: Sequence[UnansweredWrite], run: str, table: Table) -> dict[str, FoundWrite]:
    """Returns the creations of one account whose stamped object exists, by their places. Raises TransportError."""
    found: dict[str, FoundWrite] = {}
    waiting: dict[str, list[tuple[str, str, UnansweredWrite]]] = {}
    for write in writes:
        stamp = next(((key, str(text)) for key, text in write.metadata().items() if is_stamp(text, run)), None)
        if stamp is not None:
            waiting.setdefault(write.request.path, []).append((*stamp, write))
    for path, stamped in waiting.items():
        matched = table.match("GET", path)
        if matched is None or matched[0].action != "list":
            continue
        since = min(write.first_sent for _, _, write in stamped) - _BEFORE
        for body in _created_since(link, matched[0], path, since, stamped[0][2].headers):
            metadata = body.get("metadata") or {}
            for key, text, write in stamped:
                if metadata.get(key) == text:
                    found[write.place] = FoundWrite(body, f"stamp {key}={text}")
    return found


def is_stamp(text: Any, run: str) -> bool:
    """Whether a value of metadata is a stamp of a run."""
    return isinstance(text, str) and text.startswith(f"{run}/")


def list_stamped(link: Link, operation: Operation, key: str) -> Iterator[StampedObject]:
    """Yields every object of a list that carries a stamp under a key of its metadata. Raises TransportError."""
    headers = {"Stripe-Account": link.account} if link.account else {}
    for body in _created_since(link, operation, operation.path, 0, headers):
        match = _STAMP.fullmatch(str((body.get("metadata") or {}).get(key, "")))
        if match is not None:
            yield StampedObject(match[1], match[2], body)


@record
class StampedStep:
    """A step of a script whose objects carry a stamp: its block, what it creates, the list of these, and the key.

    `listed` is None if there is no list of all of them, such as for what belongs to a customer.
    """

    block: Block
    entity: str
    listed: Operation | None
    key: str


def stamped_steps(items: Sequence[ScriptItem], table: Table, key: str | None = None) -> Iterator[StampedStep]:
    """Yields the steps in loops with `stamp=` that create what has metadata; `key` is that of the loop around."""
    for item in items:
        if isinstance(item, Loop):
            yield from stamped_steps(item.items, table, header(item).stamp or key)
        elif isinstance(item, Block) and key is not None:
            operation = find_operation(item, table, [])
            if operation is not None and operation.action == "create" and "metadata" in operation.params.fields:
                listed = table.operation("list", operation.entity)
                whole = listed if listed is not None and not listed.path_params else None
                yield StampedStep(item, operation.entity, whole, key)


def _created_since(
    link: Link, operation: Operation, path: str, since: float, headers: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """Yields the objects of a list that were created since a time, of lists that cannot be asked so all of them."""
    params: dict[str, Any] = {"limit": 100}
    if since > 0 and "created" in operation.params.fields:
        params["created"] = {"gte": int(since)}
    if operation.entity == "subscription":
        params["status"] = "all"
    yield from list_all(link, path, params, dict(headers))
