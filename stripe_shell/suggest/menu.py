"""The completion menu: suggestions at the cursor, from memory, in a millisecond or less."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from stripe_shell.lang.cursor import CursorContext
from stripe_shell.lang.directives import DIRECTIVES, directives_at
from stripe_shell.records import replace
from stripe_shell.spec.model import Shape
from stripe_shell.spec.shapes import response_field
from stripe_shell.suggest.fields import suggest_fields
from stripe_shell.suggest.matching import closest_first
from stripe_shell.suggest.responses import PathName, reference_paths, response_paths
from stripe_shell.suggest.suggestion import Suggestion, SuggestionKind, SuggestionSources, operation_of
from stripe_shell.suggest.values import suggest_values

#: The most used actions, in the order of the menu; `get` is the source document's name for `retrieve`.
_FIRST_ACTIONS = ("create", "get", "update", "list", "delete", "search")
_BARE_WORDS = {"help": "what there is", "exit": "leave", "quit": "leave"}
_ERRORS = {
    "card_error": "the card was declined",
    "invalid_request_error": "a parameter is wrong",
    "idempotency_error": "the key was used for another call",
    "api_error": "a fault of Stripe's",
    "card_error/card_declined": "declined",
    "card_error/insufficient_funds": "declined for want of money",
    "card_error/expired_card": "the card has expired",
    "invalid_request_error/resource_missing": "no such object",
}
_ANSWER = {"$http": "the status", "$ms": "how long it took", "$request_id": "text", "$replayed": "boolean"}
_OPERATORS = {
    "==": "equal", "!=": "not equal", "<": "less", "<=": "at most", ">": "greater", ">=": "at least",
    "~": "matches the pattern", "!~": "does not match", "in": "one of [a, b]", "contains": "has this in it",
    "startswith": "begins with", "endswith": "ends with", "exists": "is there", "absent": "is not there",
    "is": "a type, or a prefix of ids", "count": "as many rows: count >= 1",
}  # fmt: skip
_TYPES = ("string", "number", "integer", "boolean", "array", "object", "null")


def suggest(context: CursorContext, sources: SuggestionSources) -> list[Suggestion]:
    """Returns the suggestions at the cursor, the closest matches first."""
    source = _SOURCES.get(context.kind)
    return list(source(context, sources)) if source else []


def _choose(
    context: CursorContext, words: Mapping[str, str], kind: SuggestionKind, ending: str = ""
) -> list[Suggestion]:
    """Returns suggestions for the words that match; `words` maps each to its meaning."""
    names = closest_first(context.prefix, words, str)
    return [Suggestion(name + ending, context.start, name, words[name], kind) for name in names]


# --- connections, actions, entities ---------------------------------------------------------------------


def _connections(context: CursorContext, sources: SuggestionSources) -> list[Suggestion]:
    return _choose(context, sources.connections, "connection")


def _actions(context: CursorContext, sources: SuggestionSources) -> list[Suggestion]:
    table = sources.table
    entity = table.canonical(context.entity.strip()) if context.entity else None
    if context.entity and entity is None:
        return []
    names = (
        table.actions(entity) if entity else tuple({name for each in table.entities() for name in table.actions(each)})
    )
    aliases = table.action_aliases()
    words = {alias: f"{name} · as the document says" for alias, name in aliases.items() if name in names}
    words |= dict.fromkeys(sorted(names), "action")
    first = {name: words.pop(name) for name in _FIRST_ACTIONS if name in words}
    found = _choose(context, first | words, "action", " " if context.inline else "")
    if _at_line_start(context):
        found += _choose(context, _BARE_WORDS, "command")
    return found


def _at_line_start(context: CursorContext) -> bool:
    """Whether the cursor is in the first word of a line without a header, which may also be a command."""
    return context.inline and context.connection is None and not context.entity and not context.used


def _entities(context: CursorContext, sources: SuggestionSources) -> list[Suggestion]:
    table = sources.table
    action = table.canonical_action(context.action.strip()) if context.action else None
    words: dict[str, str] = {}
    for name in sorted(table.entities(), key=lambda name: (name.count("."), name)):
        actions = table.actions(name)
        if action is None or action in actions:
            shown = table.plural(name) if action == "list" else name
            words[shown] = ", ".join(actions[:4]) + (", …" if len(actions) > 4 else "")
    return _choose(context, words, "entity", " " if context.inline else "")


# --- directives and commands ----------------------------------------------------------------------------


def _directives(context: CursorContext, _: SuggestionSources) -> list[Suggestion]:
    return _choose_words(context, directives_at("block"), "directive")


def _commands(context: CursorContext, around: SuggestionSources) -> list[Suggestion]:
    commands = {name: (command.usage, command.meaning) for name, command in around.commands.items()}
    return _choose_words(context, {**commands, **directives_at("top")}, "command")


def _choose_words(
    context: CursorContext, words: Mapping[str, tuple[str, str]], kind: SuggestionKind
) -> list[Suggestion]:
    names = closest_first(context.prefix, words, str)
    return [
        Suggestion(name + (" " if words[name][0] else ""), context.start, f"@{name}", words[name][1], kind)
        for name in names
    ]


def _arguments(context: CursorContext, sources: SuggestionSources) -> Iterable[Suggestion]:
    name = context.directive or ""
    command, definition = sources.commands.get(name), DIRECTIVES.get(name)
    if definition is not None and definition.choices:
        return _choose(context, dict(definition.choices), "value")
    source = command.completes if command else _ARGUMENTS.get(definition.completes or "") if definition else None
    return source(context, sources) if source else []


def _connect(context: CursorContext, sources: SuggestionSources) -> list[Suggestion]:
    return [] if context.before else _connections(context, sources)


def _saved_name(context: CursorContext, _: SuggestionSources) -> list[Suggestion]:
    name = (context.entity or "").rpartition(".")[2]
    return _choose(context, {name: "a name for the response"}, "value") if name else []


def _failures(context: CursorContext, _: SuggestionSources) -> list[Suggestion]:
    return _choose(context, _ERRORS, "value")


def _accounts(context: CursorContext, sources: SuggestionSources) -> list[Suggestion]:
    from stripe_shell.suggest.ids import suggest_ids

    return suggest_ids(sources, "account", context.prefix, context.start)


def _versions(context: CursorContext, sources: SuggestionSources) -> list[Suggestion]:
    return _choose(context, {sources.table.version: "the version that the table describes"}, "value")


def _expectations(context: CursorContext, sources: SuggestionSources) -> Iterable[Suggestion]:
    """Suggests `[all|any] PATH`, then an operator, then a value."""
    words = context.before.split()
    if words[:1] in (["all"], ["any"]):
        words = words[1:]
    operation = operation_of(context, sources.table)
    shape = operation.response if operation else Shape("any")
    if not words:
        return _response_path(context, sources, shape)
    if len(words) == 1:
        return _choose(context, _OPERATORS, "operator", " ")
    return _expected(context, sources, shape, words[0], words[1])


def _response_path(context: CursorContext, sources: SuggestionSources, shape: Shape) -> list[Suggestion]:
    found = _paths(context, response_paths(sources.table, shape, context.prefix), " ")
    if not context.before:
        found += _choose(context, _ANSWER, "path", " ")
        found += _choose(context, {"all": "every one of", "any": "at least one of"}, "path", " ")
    return found


def _paths(context: CursorContext, paths: Iterator[PathName], ending: str) -> list[Suggestion]:
    found = closest_first(context.prefix, list(paths), lambda path: path.text)
    return [Suggestion(path.text + ending, context.start, path.text, path.meta, "path") for path in found]


def _expected(
    context: CursorContext, sources: SuggestionSources, shape: Shape, path: str, operator: str
) -> list[Suggestion]:
    if operator == "is":
        return _choose(context, dict.fromkeys(_TYPES, "type"), "value")
    if operator == "count":
        return _choose(context, {">= ": "at least", "== ": "exactly"}, "operator")
    if path == "$http":
        return _choose(context, {"200": "ok", "402": "the card was declined", "400": "a bad request"}, "value")
    steps = tuple(step.rstrip("]") for step in path.replace("[", ".").split("."))
    inner = response_field(sources.table, shape, steps)
    values = inner.enum if inner else ()
    words = dict.fromkeys(("true", "false") if inner and inner.kind == "boolean" else values, "value")
    return _choose(context, words, "value")


# --- references -----------------------------------------------------------------------------------------


def _references(context: CursorContext, sources: SuggestionSources) -> list[Suggestion]:
    """Suggests known names, then the fields of their values."""
    if context.prefix.startswith("env:"):
        inner = {f"env:{name}": "environment variable" for name in sorted(sources.environment)}
        return _choose(context, inner, "reference")
    name = context.prefix.partition(".")[0].partition("[")[0]
    if len(name) < len(context.prefix):
        return _fields_of(context, sources.names.get(name))
    words = {name: _meaning(value) for name, value in sources.names.items()}
    return _choose(context, words | {"env:": "an environment variable"}, "reference")


def _fields_of(context: CursorContext, value: object) -> list[Suggestion]:
    found = _paths(context, reference_paths(value, context.prefix), "")
    return [replace(suggestion, kind="reference") for suggestion in found]


def _meaning(value: object) -> str:
    if isinstance(value, dict):
        return str(value.get("id") or value.get("object") or "object")
    return str(value)[:40]


Suggester = Callable[[CursorContext, SuggestionSources], Iterable[Suggestion]]

#: Completion functions for the arguments of directives, by the `completes` of their definitions.
_ARGUMENTS: Mapping[str, Suggester] = {
    "account": _accounts,
    "connection": _connect,
    "error": _failures,
    "expectation": _expectations,
    "response name": _saved_name,
    "version": _versions,
}
_SOURCES: Mapping[str, Suggester] = {
    "connection": _connections,
    "action": _actions,
    "entity": _entities,
    "key": suggest_fields,
    "value": suggest_values,
    "directive": _directives,
    "command": _commands,
    "directive_argument": _arguments,
    "reference": _references,
}
