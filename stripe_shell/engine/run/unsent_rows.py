"""Rows of a loop that only writes, as a plan sees them: their requests, without a step and an outcome for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from stripe_shell.diagnostics import Diagnostic
from stripe_shell.engine.check.block import check_block
from stripe_shell.engine.check.script import after_unsent
from stripe_shell.engine.encode import encode, takes_key
from stripe_shell.engine.foreach import LoopRow, header
from stripe_shell.engine.idempotency_keys import idempotency_key, numbered, step_base
from stripe_shell.engine.limits import money_of
from stripe_shell.engine.links import Link, Links, connection_of
from stripe_shell.engine.outcome import RunStep, UnsentWrite
from stripe_shell.engine.resolve import BlockCall
from stripe_shell.engine.resolver import Resolver, depends_on
from stripe_shell.engine.run.flow import is_teardown
from stripe_shell.engine.scope import Scope
from stripe_shell.engine.stamps import stamp_row
from stripe_shell.lang.ast import Block, Comment, Condition, Loop, Total
from stripe_shell.records import record, replace
from stripe_shell.wire import Request


@record
class _UnsentBlock:
    """A block that writes in every row. `step` is the id of its step.

    `by_row` are its calls as the check resolved them, by the key of the row; `always` is the write of all rows, without
    its key. Without either it is resolved in the scope of the row. `total`: the row may tell what it is about.
    """

    block: Block
    link: Link
    step: str
    by_row: Mapping[str, BlockCall]
    always: UnsentWrite | None
    total: bool


@record
class UnsentLoop:
    """Plans the rows of one loop; `run_id` is the id of the run, `version` the one of connections that set none."""

    loop: Loop
    blocks: tuple[_UnsentBlock, ...]
    resolver: Resolver
    run_id: str
    version: str

    def plan_row(self, row: LoopRow) -> RunStep | None:
        """Returns the step of a row with its unsent writes; None if a call or its money has a problem."""
        scope: Scope | None = None
        writes: list[UnsentWrite] = []
        for position, each in enumerate(self.blocks):
            write = each.always or self._known(each, row)
            if write is None:
                scope = scope or self._scope_at(position, row)
                write = unsent_write(each, scope, self.resolver, self.version)
                if write is None:
                    return None
            if scope is not None:
                scope = after_unsent(each.block, self.resolver, scope)
            writes.append(self._with_key(write, each.step, row.key))
        return RunStep(self.loop, row.around, unsent=tuple(writes))

    def _known(self, each: _UnsentBlock, row: LoopRow) -> UnsentWrite | None:
        """Returns the write of a block whose call for the row the check has kept."""
        call = each.by_row.get(row.key)
        money = money_of(each.block, call, row.around) if call is not None and not each.total else None
        if call is None or each.total or isinstance(money, Diagnostic):
            return None
        return UnsentWrite(each.block, call, encode_unsent(call, each.link, self.version), money)

    def _scope_at(self, position: int, row: LoopRow) -> Scope:
        """Returns the scope of the row before its block number `position`."""
        scope = stamp_row(header(self.loop).stamp, row.scope, self.run_id, row.key)
        for each in self.blocks[:position]:
            scope = after_unsent(each.block, self.resolver, scope)
        return scope

    def _with_key(self, write: UnsentWrite, step: str, row_key: str) -> UnsentWrite:
        """Returns the write with the idempotency key of its step, unless it sets its own."""
        if write.request.idempotency_key or not takes_key(write.call):
            return write
        key = idempotency_key(self.run_id, step, row_key)
        return UnsentWrite(write.block, write.call, replace(write.request, idempotency_key=key), write.money)


def encode_unsent(call: BlockCall, link: Link, version: str) -> Request:
    """Returns the request of a call, without an idempotency key unless the call sets one."""
    version = link.version or version
    return encode(call, version=version, account=link.account, idempotency_key=call.idempotency_key)


def unsent_write(each: _UnsentBlock, scope: Scope, resolver: Resolver, version: str) -> UnsentWrite | None:
    """Returns the write of a block, as `encode_unsent`; None if there is a diagnostic."""
    resolved = resolver.resolve(each.block, scope)
    if resolved.call is None or resolved.diagnostics or resolver.assertions(each.block, scope).problems:
        return None
    money = money_of(each.block, resolved.call, scope)
    if isinstance(money, Diagnostic):
        return None
    return UnsentWrite(each.block, resolved.call, encode_unsent(resolved.call, each.link, version), money)


def unsent_loop(
    loop: Loop, scope: Scope, seen: Counter[str], *, resolver: Resolver, links: Links, run_id: str, root: str
) -> UnsentLoop | None:
    """Returns what plans the rows of a loop; None if its items do more than write, or not in every row.

    `seen` counts the steps before the loop, `root` is the folder of the script.
    """
    seen = Counter(seen)
    blocks: list[_UnsentBlock] = []
    inner = scope
    for item in loop.items:
        if isinstance(item, Comment):
            continue
        if not isinstance(item, Block) or not _writes_always(item, resolver):
            return None
        step = numbered(step_base(item, root), seen)
        found = _unsent_block(item, loop, inner, step, resolver=resolver, links=links)
        if found is None:
            return None
        blocks.append(found)
        inner = after_unsent(found.block, resolver, inner)
    return UnsentLoop(loop, tuple(blocks), resolver, run_id, resolver.table.version)


def _writes_always(block: Block, resolver: Resolver) -> bool:
    """Whether the block writes in every row."""
    if is_teardown(block) or block.argument(Condition) is not None:
        return False
    operation = resolver.operation(block)
    return operation is not None and operation.writes and not operation.outside


def _unsent_block(
    block: Block, loop: Loop, scope: Scope, step: str, *, resolver: Resolver, links: Links
) -> _UnsentBlock | None:
    """Returns the block as planned in a loop whose rows begin with this scope; None if it must not be sent."""
    link = links.find(connection_of(block, scope, links), block.connection_span)
    if isinstance(link, Diagnostic) or scope.unsettled(block.connection_span):
        return None
    if check_block(block, resolver.operation(block), link, live=True):
        return None
    total = block.argument(Total) is not None
    if header(loop).stamp is not None or scope.settings.stamp is not None:
        return _UnsentBlock(block, link, step, {}, None, total)
    found = _UnsentBlock(block, link, step, resolver.row_calls(block, scope), None, total)
    if depends_on({header(loop).name, "uuid"}, block):
        return found
    always = unsent_write(found, scope, resolver, resolver.table.version)
    return None if always is None else replace(found, always=always)
