"""`@refresh [ENTITY]`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stripe_shell.diagnostics import closest
from stripe_shell.errors import UsageError
from stripe_shell.repl.commands import PromptCommand

if TYPE_CHECKING:
    from stripe_shell.lang.cursor import CursorContext
    from stripe_shell.repl.fetched import FetchedIds
    from stripe_shell.repl.session import ReplSession
    from stripe_shell.spec.model import Operation
    from stripe_shell.suggest.known import IdScope
    from stripe_shell.suggest.suggestion import Suggestion, SuggestionSources


def _refresh(session: ReplSession, entity: str) -> None:
    """Fetch ids for the menu: one list call for an entity, or for all that were fetched."""
    from stripe_shell.repl.waiting import BackgroundStream

    place = session.id_scope()
    if place is None:
        raise UsageError("there is no connection")
    operations = [_listed(session, entity)] if entity else _fetched(session, place)
    if not operations:
        raise UsageError(f"no ids have been fetched from /{place.connection} yet; e.g. @refresh customer")
    stream = BackgroundStream(_fetch_all(session, place, operations))
    try:
        for line in stream:
            session.console.message(line)
    except KeyboardInterrupt:
        stream.abandon(lambda _: None)
        session.console.message("interrupted; what has come is offered")


def _listed(session: ReplSession, entity: str) -> Operation:
    from stripe_shell.repl.fetching import list_operation

    table = session.engine.table
    if table.canonical(entity) is None:
        close = closest(entity, table.entities())
        raise UsageError(f"unknown entity `{entity}`{f'; did you mean `{close}`?' if close else ''}")
    operation = list_operation(table, entity)
    if operation is None:
        raise UsageError(f"Stripe has no list of all objects of the kind `{entity}`")
    return operation


def _fetched(session: ReplSession, place: IdScope) -> list[Operation]:
    from stripe_shell.repl.fetching import list_operation

    found = (list_operation(session.engine.table, entity) for where, entity in session.fetched if where == place)
    return [operation for operation in found if operation is not None]


def _fetch_all(session: ReplSession, place: IdScope, operations: list[Operation]) -> Iterator[str]:
    from stripe_shell.repl.fetching import fetch_ids

    for operation in operations:
        before = session.fetched.get((place, operation.entity))
        yield _line(session, operation.entity, before, fetch_ids(session, place, operation))


def _line(session: ReplSession, entity: str, before: FetchedIds | None, result: FetchedIds) -> str:
    from stripe_shell.suggest.ages import age

    if result.problem:
        return f"{entity}: {result.problem}"
    ago = age(result.at - before.at) if before else ""
    aged = "" if before is None else " (just fetched before)" if ago == "now" else f" (the last ones were {ago} old)"
    return f"{entity}: {result.count} ids, {result.new} new{aged}"


def _entities(context: CursorContext, sources: SuggestionSources) -> list[Suggestion]:
    from stripe_shell.suggest.choice import choose

    table = sources.table
    names = (name for name in table.entities() if "list" in table.actions(name))
    whole = [name for name in names if not table.canonical(name.partition(".")[0]) or "." not in name]
    return choose(context, dict.fromkeys([] if context.before else whole, ""), "entity")


COMMAND = PromptCommand(_refresh, "[ENTITY]", completes=_entities)
