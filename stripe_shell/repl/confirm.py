"""Confirms live writes: the user types something of the object or account, never a word that is always the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from stripe_shell.connections import Connection
from stripe_shell.engine.links import connection_of
from stripe_shell.lang.ast import Block, Loop, ScriptItem
from stripe_shell.lang.visit import blocks_in
from stripe_shell.records import record, replace

if TYPE_CHECKING:
    from stripe_shell.engine.resolve import BlockCall
    from stripe_shell.engine.resolver import Resolver
    from stripe_shell.repl.question import LiveQuestion
    from stripe_shell.repl.session import ReplSession
    from stripe_shell.spec.model import Operation

#: Entities that move money or end something: `@live` never lets them through, nor any action but these two.
_ALWAYS_ASKED = frozenset({"refund", "payout", "transfer", "transfer_reversal", "topup", "dispute", "credit_note"})
_LET_THROUGH = frozenset({"create", "update"})

#: Parameters of an update that end a subscription.
_ENDING = ("cancel_at_period_end", "cancel_at", "cancel_now")


@record
class LiveWrite:
    """A block that writes on a connection that counts as live."""

    block: Block
    connection: Connection
    operation: Operation


def confirmed(session: ReplSession, item: ScriptItem, resolver: Resolver) -> bool:
    """Whether the item may be sent: it has no live write, `@live` lets it through, or the user has confirmed it."""
    writes = list(_live_writes(session, item, resolver))
    if not writes:
        return True
    call = resolver.resolve(item, session.scope).call if isinstance(item, Block) else None
    if all(_is_let_through(session, write, call) for write in writes):
        return True
    return ask(session, _question(session, item, writes[0], resolver), lambda: _show(session, item, resolver))


def ask(session: ReplSession, question: LiveQuestion, show: Callable[[], None]) -> bool:
    """Whether the user types one of the accepted answers; `d` calls `show` and asks again."""
    while True:
        answer = session.environment.confirm(question.text).strip()
        if answer != "d":
            return answer in question.accepted
        show()


def _question(session: ReplSession, item: ScriptItem, write: LiveWrite, resolver: Resolver) -> LiveQuestion:
    from stripe_shell.repl.question import question_at_random, question_for, question_for_count

    if isinstance(item, Loop):
        requests = session.engine.preview((item,), session.scope, run_id="question", resolver=resolver)
        return question_for_count(session, write.connection, sum(request.writes for request in requests))
    call = resolver.resolve(item, session.scope).call if isinstance(item, Block) else None
    if call is None:
        return question_at_random(session, write.connection)
    return question_for(session, write.connection, call)


def _show(session: ReplSession, item: ScriptItem, resolver: Resolver) -> None:
    from itertools import islice

    from stripe_shell.render.exchange import render_request

    requests = session.engine.preview((item,), session.scope, run_id="question", resolver=resolver)
    for request in islice((each for each in requests if each.writes), 3):
        session.console.message(render_request(replace(request, idempotency_key=None)))


def _is_let_through(session: ReplSession, write: LiveWrite, call: BlockCall | None) -> bool:
    """Whether `@live` covers the write: a create or an update that neither moves money back nor ends anything."""
    operation = write.operation
    if not session.live_left(write.connection):
        return False
    if operation.action not in _LET_THROUGH or operation.entity in _ALWAYS_ASKED:
        return False
    text = write.block.span.text if call is None else ""
    return not any(name in (call.params if call else text) for name in _ENDING)


def _live_writes(session: ReplSession, item: ScriptItem, resolver: Resolver) -> Iterator[LiveWrite]:
    for block in blocks_in((item,)):
        connection = session.connection_of(connection_of(block, session.scope, session.connections))
        if connection is None or connection.mode not in {"live", "unknown"}:
            continue
        operation = resolver.operation(block)
        if operation is not None and operation.writes:
            yield LiveWrite(block, connection, operation)
