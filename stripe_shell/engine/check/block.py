"""Checks one block: its call, its connection, its conditions, and its directives."""

from __future__ import annotations

import os
from collections.abc import Iterator

from stripe_shell.diagnostics import Diagnostic
from stripe_shell.engine.assertions.block import assertions_of, right_side
from stripe_shell.engine.assertions.conditions import evaluate_condition, retry_of
from stripe_shell.engine.check.references import check_paths, check_references
from stripe_shell.engine.limits import total_problems
from stripe_shell.engine.links import Link, Links, connection_of
from stripe_shell.engine.operation_lookup import words_span
from stripe_shell.engine.resolve import BlockCall
from stripe_shell.engine.resolver import Resolver
from stripe_shell.engine.run.paging import can_page
from stripe_shell.engine.scope import Scope
from stripe_shell.engine.values import is_deferred
from stripe_shell.lang.ast import (
    Block,
    Condition,
    Pages,
    Retry,
    Total,
)
from stripe_shell.spec.model import Operation


def check_one(
    block: Block, resolver: Resolver, links: Links, scope: Scope, *, live: bool, in_loop: bool
) -> list[Diagnostic]:
    """Returns the problems of a block, as far as they are known before responses arrive."""
    if not block.items:
        return []  # An empty block was reported by the parser.
    table, resolved = resolver.table_of(block, scope), resolver.resolve(block, scope)
    link = links.find(connection_of(block, scope, links), block.connection_span)
    found = list(resolved.diagnostics)
    if isinstance(link, Diagnostic):
        found.append(link)
    else:
        found += check_block(block, resolved.operation, link, live=live)
    if resolved.call is not None:
        found += _check_uploads(resolved.call)
        found += _check_deprecated(block, resolved.call)
    found += _check_conditions(block, scope)
    found += total_problems(block, scope)
    # Most lines have no references, and visiting their nodes is slow.
    if "${" in block.span.text:
        found += check_references(tuple(item for item in block.items if "${" in item.span.text), scope)
    found += assertions_of(block, scope).problems
    found += check_paths(block, resolved.operation, table, scope, in_loop=in_loop)
    return found


def check_block(block: Block, operation: Operation | None, link: Link, *, live: bool) -> list[Diagnostic]:
    """Returns the reasons not to run the operation over this link, and the directives that do not apply to it."""
    if operation is None:
        return []
    found: list[Diagnostic] = []
    if operation.writes and link.read_only:
        found.append(_refuse_write(block, operation, link))
    elif operation.writes and link.counts_as_live and not live:
        found.append(_refuse_live(block, operation, link))
    for directive in block.directives:
        if isinstance(directive.argument, Pages) and not can_page(operation):
            message = f"`@pages` needs a list, {operation.name} answers one object"
            found.append(Diagnostic("E211", message, directive.span, label="remove it"))
        elif isinstance(directive.argument, Retry) and operation.writes:
            message = f"`@retry` would repeat {operation.name}, which writes"
            found.append(Diagnostic("E211", message, directive.span, label="poll with a `get` or a `list`"))
        elif isinstance(directive.argument, Total) and not operation.writes:
            message = f"`@total` tells what a write is about, and {operation.name} reads"
            found.append(Diagnostic("E211", message, directive.span, label="remove it"))
    return found


def _check_uploads(call: BlockCall) -> Iterator[Diagnostic]:
    """Yields E303 for each file to upload that does not exist."""
    for name, path in call.params.items():
        field = call.operation.params.fields.get(name)
        if field is None or field.shape.kind != "file" or not isinstance(path, str) or is_deferred(path):
            continue
        if not os.path.isfile(os.path.expanduser(path)):
            yield Diagnostic("E303", f"`{path}` is no file that can be read", call.spans.get((name,)))


def _check_deprecated(block: Block, call: BlockCall) -> Iterator[Diagnostic]:
    """Yields W207 for an operation or parameter that Stripe's specification marks as deprecated."""
    if call.operation.deprecated:
        message = f"Stripe has deprecated `{call.operation.name}`"
        yield Diagnostic("W207", message, words_span(block), severity="warning")


def _refuse_write(block: Block, operation: Operation, link: Link) -> Diagnostic:
    message = f"{operation.name} writes, and the connection `{link.name}` is read-only"
    return Diagnostic("E506", message, block.connection_span, label="its profile says `read_only = true`")


def _refuse_live(block: Block, operation: Operation, link: Link) -> Diagnostic:
    known = "is in LIVE mode" if link.mode == "live" else "may be in LIVE mode, its key does not tell"
    return Diagnostic(
        "E503",
        f"{operation.name} writes, and the connection `{link.name}` {known}",
        block.connection_span,
        label="nothing was sent; `--live` allows writes",
    )


def _check_conditions(block: Block, scope: Scope) -> Iterator[Diagnostic]:
    """Yields references without a value and invalid patterns in `@when` and `@retry`."""
    for directive in block.directives:
        if isinstance(directive.argument, Condition):
            yield from evaluate_condition(directive.argument, scope).problems
    retry = retry_of(block)
    if retry is not None:
        yield from right_side(retry.until, scope)[1]
