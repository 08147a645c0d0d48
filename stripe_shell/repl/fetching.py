"""Fetches ids of an account for the menu: one list call for each kind of object, in the background."""

from __future__ import annotations

import json
from collections.abc import Callable
from threading import Thread
from typing import TYPE_CHECKING

from stripe_shell.errors import ShellError
from stripe_shell.records import replace
from stripe_shell.repl.fetched import FetchedIds
from stripe_shell.suggest.known import IdScope

if TYPE_CHECKING:
    from stripe_shell.connections import Connection
    from stripe_shell.repl.session import ReplSession
    from stripe_shell.spec.model import Operation
    from stripe_shell.spec.table import Table

_PAGE = 100
_TIMEOUT_MS = 10_000


def fetch_in_background(session: ReplSession, place: IdScope, noun: str, arrived: Callable[[], object]) -> None:
    """Fetches the ids of a kind once, if the policy allows it; returns at once. `arrived` is called in a thread."""
    operation = list_operation(session.engine.table, noun)
    if operation is None or (place, operation.entity) in session.fetched:
        return
    connection = session.connections.get(place.connection)
    if connection is None or not may_fetch(connection):
        return
    session.fetched[place, operation.entity] = FetchedIds(session.environment.clock())
    _announce(session, connection)

    def work() -> None:
        if fetch_ids(session, place, operation).new:
            arrived()

    Thread(target=work, daemon=True).start()


def may_fetch(connection: Connection) -> bool:
    """Whether ids may be fetched unasked: by default never in live mode, nor through a proxy, which may be metered.

    The profile's `fetch_ids` overrides that. A connection whose credential has not been looked up is left alone, since
    that may ask for input.
    """
    policy = connection.profile.fetch_ids
    ready = connection.kind == "sandbox" or (connection.has_credential and not connection.problem)
    if not ready or policy == "never":
        return False
    return policy == "always" or (connection.kind in {"sandbox", "stripe"} and connection.mode in {"sandbox", "test"})


def list_operation(table: Table, noun: str) -> Operation | None:
    """Returns the operation that lists all objects of a kind, or None: some are listed below another object only."""
    operation = table.operation("list", noun)
    if operation is None or operation.path_params or operation.params.required or operation.version != "v1":
        return None
    return operation


def fetch_ids(session: ReplSession, place: IdScope, operation: Operation) -> FetchedIds:
    """Sends the list call, adds the ids, and returns and keeps the result. Raises nothing: a failure is a result."""
    known, kind = session.known, operation.entity
    at, before = session.environment.clock(), known.total(place)
    try:
        count = _send(session, place, operation)
        result = FetchedIds(at, count, known.total(place) - before)
    except (ShellError, ValueError, KeyError) as error:
        result = FetchedIds(at, problem=str(error))
    session.fetched[place, kind] = result
    return result


def _send(session: ReplSession, place: IdScope, operation: Operation) -> int:
    from stripe_shell.engine.encode import encode
    from stripe_shell.engine.resolve import BlockCall

    connection = session.connections.get(place.connection)
    if connection is None:
        raise KeyError(place.connection)
    params = {"limit": _PAGE} if "limit" in operation.params.fields else {}
    version = session.scope.settings.version or connection.api_version or session.engine.table.version
    request = encode(BlockCall(operation, {}, params), version=version, account=place.account)
    response = connection.send(replace(request, timeout_ms=_TIMEOUT_MS))
    body = json.loads(response.body)
    if not response.ok:
        raise ValueError(str(body.get("error", {}).get("message", f"HTTP {response.status}")))
    if connection.mode != place.mode:
        raise ValueError(f"the connection is in {connection.mode} mode")
    session.known.learn(place, body)
    return len(body.get("data", ()))


def _announce(session: ReplSession, connection: Connection) -> None:
    """Shows once for each connection that the menu fetches ids; a sandbox in this process is not worth a message."""
    first = sum(place.connection == connection.name for place, _ in session.fetched) == 1
    if first and (connection.kind != "sandbox" or connection.base_url):
        words = f"the menu fetches ids from /{connection.name}: one list call for each kind; @refresh fetches them anew"
        session.environment.late(lambda: session.console.message(words))
