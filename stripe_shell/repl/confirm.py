"""Confirmation of live writes: the user types the id or the amount of the call instead of `y`."""

from __future__ import annotations

from collections.abc import Iterator

from stripe_shell.connections import Connection
from stripe_shell.engine.links import connection_of
from stripe_shell.engine.resolve import BlockCall
from stripe_shell.engine.resolver import Resolver
from stripe_shell.lang.ast import Block, Loop, ScriptItem
from stripe_shell.lang.visit import blocks_in
from stripe_shell.records import record, replace
from stripe_shell.repl.session import ReplSession

_AMOUNTS = ("amount", "unit_amount", "amount_to_capture")


@record
class Write:
    """A block that writes on a live connection; `call` is None in a loop, or if it cannot be resolved yet."""

    block: Block
    connection: Connection
    call: BlockCall | None = None


def confirmed(session: ReplSession, item: ScriptItem, resolver: Resolver) -> bool:
    """Whether the item may be sent: it has no live write, or the user has typed the confirmation word.

    For a loop the word is the number of its writing blocks, since each of them runs for every row.
    """
    writes = list(_live_writes(session, item, resolver))
    if not writes:
        return True
    if isinstance(item, Block):
        writes = [replace(writes[0], call=resolver.resolve(item, session.scope).call)]
    word = str(len(writes)) if isinstance(item, Loop) else word_for(writes[0])
    answer = session.environment.confirm(f"{_question(item, writes)}. Type {word} to send it: ")
    return answer.strip() == word


def word_for(write: Write) -> str:
    """Returns the confirmation word: the id of the object, else the amount, else the name of the entity."""
    if write.call is None:
        return write.connection.name
    ids = list(write.call.path_params.values())
    amounts = [str(write.call.params[name]) for name in _AMOUNTS if write.call.params.get(name) is not None]
    return [*ids[-1:], *amounts, write.call.operation.entity][0]


def _live_writes(session: ReplSession, item: ScriptItem, resolver: Resolver) -> Iterator[Write]:
    for block in blocks_in((item,)):
        connection = session.connection_of(connection_of(block, session.scope, session.connections))
        if connection is None or connection.mode not in {"live", "unknown"}:
            continue
        operation = resolver.operation(block)
        if operation is not None and operation.writes:
            yield Write(block, connection)


def _question(item: ScriptItem, writes: list[Write]) -> str:
    first = writes[0]
    known = "LIVE" if first.connection.mode == "live" else "LIVE for all we know"
    place = f"{known} {first.connection.name}"
    if isinstance(item, Loop):
        return f"{place}: a loop with {len(writes)} blocks that write, for every row"
    if first.call is None:
        return f"{place}: a write whose references have no value yet"
    facts = " ".join(_facts(first.call))
    return f"{place}: {first.call.operation.name}{f' ({facts})' if facts else ''}"


def _facts(call: BlockCall) -> Iterator[str]:
    """Yields the amount (smallest currency unit), the currency and the account set by the block."""
    for name in (*_AMOUNTS, "currency"):
        if call.params.get(name) is not None:
            yield str(call.params[name])
    if call.account:
        yield f"on {call.account}"
