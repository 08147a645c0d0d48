"""Help on the word at the cursor: a directive or command, an action, an entity, or a parameter and its parents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stripe_shell.errors import UsageError
from stripe_shell.patterns import pattern
from stripe_shell.repl.help import help_text
from stripe_shell.spec.describe import describe
from stripe_shell.spec.names import resolve_name
from stripe_shell.suggest.meanings import MEANINGS

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession
    from stripe_shell.spec.model import Operation
    from stripe_shell.spec.table import Table

_WORD = pattern(r"@?[\w.\[\]-]+")


def help_at(session: ReplSession, text: str, offset: int) -> str:
    """Returns the help on the word at the offset; without one, what there is in general."""
    word, end = word_at(text, offset)
    field = "\n".join(field_lines(session, text, offset))
    if field:
        return field
    table = session.table()
    for topic in (_call_topic(text, end, word), word):
        try:
            if topic:
                return help_text(table, topic)
        except UsageError:
            continue
    return f"there is no help on `{word}`" if word else help_text(table, "")


def word_at(text: str, offset: int) -> tuple[str, int]:
    """Returns the word at the offset, or the one that ends there, and its end; an empty one where none is."""
    start = text.rfind("\n", 0, offset) + 1
    line = text[start:].partition("\n")[0]
    for match in _WORD.finditer(line):
        if match.start() <= offset - start <= match.end():
            return match[0], start + match.end()
    return "", offset


def field_lines(session: ReplSession, text: str, offset: int) -> Iterator[str]:
    """Yields type, meaning and parents of the parameter whose name or value is at the offset, if one is."""
    from stripe_shell.lang.cursor import cursor_context

    context = cursor_context(text, offset)
    table = session.table()
    operation = table.operation(context.action, context.entity) if context.action and context.entity else None
    start = text.rfind("\n", 0, offset) + 1
    line = text[start:].partition("\n")[0]
    for match in _WORD.finditer(line):
        behind = line[match.end() : match.end() + 1]
        if operation is None or behind not in {":", "="}:
            continue
        if match.start() <= offset - start <= _value_end(line, match.end()):
            yield from _parameter(table, operation, match[0])
            return


def _value_end(line: str, colon: int) -> int:
    """The end of the value behind a name: the line's in a block, the word's in a call on one line."""
    if line[colon] == ":":
        return len(line)
    end = line.find(" ", colon)
    return end if end >= 0 else len(line)


def _parameter(table: Table, operation: Operation, name: str) -> Iterator[str]:
    typed = tuple(step for step in name.replace("]", "").replace("[", ".").split(".") if step)
    resolved = resolve_name(operation, typed)
    if resolved.path_param is not None:
        kind = operation.path_words.get(resolved.path_param, operation.entity)
        yield f"{operation.name} · {name}: the id of the {kind}"
        return
    rows = {row.path.replace("[]", ""): row for row in describe(operation)}
    steps = [step for step in resolved.path or typed if not step.isdecimal()]
    row = rows.get(".".join(steps))
    if row is None:
        return
    required = " · required" if row.required else " · required by the document" if row.documented else ""
    yield f"{operation.name} · {row.path}: {row.type}{required}"
    if meaning := MEANINGS.get(steps[-1]):
        yield f"  {meaning}"
    for depth in range(len(steps) - 1, 0, -1):
        parent = rows.get(".".join(steps[:depth]))
        if parent is not None:
            yield f"  in {parent.path}: {parent.type}"


def _call_topic(text: str, end: int, word: str) -> str:
    """Returns `create customer` for the entity of a call, so that its parameters are shown."""
    from stripe_shell.lang.cursor import cursor_context

    context = cursor_context(text, end)
    entity = context.kind == "entity" and context.action
    return f"{context.action} {word}" if entity else ""
