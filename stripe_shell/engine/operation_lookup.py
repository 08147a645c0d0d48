"""Finds the operation of a block by its action and entity, or suggests the nearest names."""

from __future__ import annotations

from stripe_shell.diagnostics import Diagnostic, Span, did_you_mean
from stripe_shell.engine.raw_calls import names_path, path_operation
from stripe_shell.lang.ast import Block
from stripe_shell.records import record
from stripe_shell.spec.close_names import close_names
from stripe_shell.spec.model import Entity, Operation
from stripe_shell.spec.table import Table


def words_span(block: Block) -> Span:
    """Returns the span for a missing word: that of the entity, else of the header."""
    param = block.entity or block.action
    return param.value.span if param and param.value.parts else block.connection_span


def find_operation(block: Block, table: Table, problems: list[Diagnostic]) -> Operation | None:
    """Returns the operation that `action` and `entity` name. Otherwise returns None; mutates `problems`."""
    action, entity = block.action, block.entity
    found = table.operation(action.value.literal or "", entity.value.literal or "") if action and entity else None
    return found or _look_for_operation(block, table, problems)


def _look_for_operation(block: Block, table: Table, problems: list[Diagnostic]) -> Operation | None:
    written = block.entity
    if written is not None and names_path(written.value):
        return path_operation(block.action, written, table, problems)
    swapped = _entity_first(block, table)
    if swapped is not None:
        problems.append(swapped)
        return None
    action = _block_word(block, "action", "add `action: create` (or update, get, list, …)", problems)
    entity_word = _block_word(block, "entity", "add `entity: customer` (or subscription, product, …)", problems)
    entity = table.entity(entity_word.text) if entity_word else None
    if entity_word and entity is None:
        problems.append(_unknown_entity(entity_word, table))
    operation = table.operation(action.text, entity.name) if action and entity else None
    if action and operation is None and (entity or action.text not in _all_actions(table)):
        problems.append(_no_such_action(action, entity, table))
    return operation


@record
class _Word:
    text: str
    span: Span


def _block_word(block: Block, name: str, hint: str, problems: list[Diagnostic]) -> _Word | None:
    param = block.action if name == "action" else block.entity
    if param is None:
        problems.append(Diagnostic("E202", f"missing parameter `{name}`", block.connection_span, label=hint))
        return None
    text = param.value.literal
    if not text:
        label = hint if text == "" else "write it out: it decides what the other parameters mean"
        problems.append(Diagnostic("E203", f"`{name}` needs a plain word", param.span, label=label))
        return None
    return _Word(text.strip(), param.value.span)


def _entity_first(block: Block, table: Table) -> Diagnostic | None:
    """Returns E205 for an entity written in the action's place: `customers list`, or `balance` alone."""
    first, second = (param.value.literal or "" if param else "" for param in (block.action, block.entity))
    entity = table.entity(first)
    if block.action is None or entity is None or first in _all_actions(table):
        return None
    meant = second if table.operation(second, first) else _usual_action(entity)
    if second and meant != second:
        return None
    label = f"the action comes first: `{meant} {first}`"
    return Diagnostic("E205", f"`{first}` is an entity, no action", block.action.value.span, label=label)


def _usual_action(entity: Entity) -> str:
    """Returns the action to suggest for an entity."""
    return next(
        (action for action in ("list", "retrieve", "create") if action in entity.operations),
        next(iter(entity.operations)),
    )


def _unknown_entity(word: _Word, table: Table) -> Diagnostic:
    close = close_names(word.text.lower().replace("-", "_"), table.entities())
    label = did_you_mean(close) if close else "`stripe-shell spec` lists the entities"
    return Diagnostic("E206", f"unknown entity `{word.text}`", word.span, label=label)


def _all_actions(table: Table) -> frozenset[str]:
    known = (action for entity in table.entities() for action in table.actions(entity))
    return frozenset((*known, *table.action_aliases()))


def _no_such_action(word: _Word, entity: Entity | None, table: Table) -> Diagnostic:
    """Returns E207 for an action that other entities have, E205 for an unknown one."""
    everywhere = _all_actions(table)
    aliases = tuple(alias for alias, name in table.action_aliases().items() if entity and name in entity.operations)
    own = (*sorted(entity.operations), *aliases) if entity else tuple(sorted(everywhere))
    close = close_names(word.text, own)
    listed = f"there is: {', '.join(own)}" if entity else "`stripe-shell spec` lists the actions"
    label = did_you_mean(close) if close else listed
    if entity is None or word.text not in everywhere:
        return Diagnostic("E205", f"unknown action `{word.text}`", word.span, label=label)
    return Diagnostic("E207", f"`{entity.name}` has no action `{word.text}`", word.span, label=label)
