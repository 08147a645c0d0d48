"""The text of `@help`: an overview, or the help of an entity, action, call or directive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stripe_shell.diagnostics import closest
from stripe_shell.errors import UsageError
from stripe_shell.lang.directives import directives_at
from stripe_shell.render.describe import describe_entity
from stripe_shell.repl.commands import commands
from stripe_shell.spec.describe import ParameterRow, describe
from stripe_shell.spec.example import example_block
from stripe_shell.spec.model import Operation
from stripe_shell.spec.table import Table

GENERAL = """\
A block talks to Stripe; an empty line sends it:

  /your-stripe-connection
  action: create
  entity: customer
  email: customer@example.com
  name: John Doe

The same in one line, sent at once:  create customer email=customer@example.com name="John Doe"
Tab completes names, values and ids. Ctrl-C abandons a line or a wait, Ctrl-D leaves. @help keys shows all keys.

"""

_MOST_ROWS = 200


def help_text(table: Table, topic: str) -> str:
    """Returns the text of `@help TOPIC`. Raises UsageError for an unknown topic."""
    words = topic.replace("/", " ").split()
    if not words:
        return GENERAL + "\n".join(_word_lines(_command_words())) + "\n\n@help create customer shows what a call takes"
    if words == ["keys"]:
        from stripe_shell.repl.key_table import key_lines

        return "\n".join(key_lines())
    name = words[0].removeprefix("@")
    found = _directive(name) if words[0].startswith("@") else _stripe_topic(table, words) or _directive(name)
    if found is None:
        raise UsageError(_no_topic(table, words))
    return found


def _stripe_topic(table: Table, words: list[str]) -> str | None:
    """Returns the help of an entity, an action, or both in either order; None for other words."""
    entities = [word for word in words if table.canonical(word)]
    if len(words) == 1 and entities:
        entity = table.entity(entities[0])
        return describe_entity(entity) if entity else None
    for action, name in (words[:2], words[1::-1]) if len(words) > 1 else ():
        operation = table.operation(action, name)
        if operation is not None:
            return "\n".join(_call_lines(table, operation, words[2] if len(words) > 2 else ""))
    return _entities_with(table, words[0]) if len(words) == 1 else None


def _entities_with(table: Table, action: str) -> str | None:
    canonical = table.canonical_action(action)
    names = [name for name in table.entities() if canonical in table.actions(name)]
    return f"{action}: {', '.join(names)}" if names else None


def _call_lines(table: Table, operation: Operation, below: str) -> Iterator[str]:
    """Yields the parameters of a call: those at the top, or those below the parameter `below`."""
    rows = [row for row in describe(operation) if _is_below(row, below)][:_MOST_ROWS]
    if not rows:
        raise UsageError(f"`{operation.name}` has nothing below `{below}`")
    yield f"{operation.name}   {operation.method} {operation.path}"
    aliases = {".".join(path): name for name, path in operation.aliases.items()}
    aliases |= {name[:-3]: name for name in operation.documented_params if name.endswith("_id")}
    width = min(40, max(len(row.path) for row in rows))
    rows.sort(key=lambda row: not (row.required or row.documented))
    for row in rows:
        yield f"  {row.path:<{width}}  {_notes(row, aliases)}".rstrip()
    if not below and any(row.type in {"object", "array of object"} for row in rows):
        nested = next(row.path for row in rows if row.type in {"object", "array of object"})
        yield f"what stands below one of them: @help {operation.name} {nested}"
    yield f"answers: {operation.response.schema or operation.response.kind}"
    if not below:
        yield "an example; ids in it are made up:" if operation.path_params else "an example:"
        yield from (f"  {line}" for line in example_block(operation).split("\n"))


def _is_below(row: ParameterRow, below: str) -> bool:
    path = row.path.replace("[]", "")
    if not below:
        return row.depth == 0
    return path.startswith(f"{below.replace('[]', '')}.")


def _notes(row: ParameterRow, aliases: Mapping[str, str]) -> str:
    notes = [row.type]
    if row.required:
        notes.append("required")
    elif row.documented:
        notes.append("required by the document")
    other = aliases.get(row.path.replace("[].", ".0."))
    if other:
        notes.append(f"also {other}")
    if row.clearable:
        notes.append("empty unsets")
    if row.deprecated:
        notes.append("deprecated")
    return "  ".join(notes)


def _directive(name: str) -> str | None:
    in_blocks, at_top = directives_at("block"), directives_at("top")
    for words in (in_blocks, at_top, _command_words()):
        if name in words:
            return "\n".join(_word_lines({name: words[name]}))
    if name in {"directives", ""}:
        return "\n".join([*_word_lines(in_blocks), "", *_word_lines(at_top)])
    return None


def _command_words() -> dict[str, tuple[str, str]]:
    return {name: (command.usage, command.meaning) for name, command in commands().items()}


def _word_lines(words: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    width = max(len(f"{name} {usage}") for name, (usage, _) in words.items())
    for name, (usage, meaning) in words.items():
        yield f"  @{f'{name} {usage}':<{width}}  {meaning}"


def _no_topic(table: Table, words: list[str]) -> str:
    known = (*table.entities(), *directives_at("block"), *directives_at("top"), *commands())
    if len(words) > 1 and table.canonical(words[1]):
        return f"`{words[1]}` has no action `{words[0]}`; it has {', '.join(table.actions(words[1]))}"
    meant = closest(words[-1], known)
    hint = f"did you mean `{meant}`?" if meant else "try @help, @help customer, @help create customer"
    return f"there is no help on `{' '.join(words)}`; {hint}"
