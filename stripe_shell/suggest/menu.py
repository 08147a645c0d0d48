"""The completion menu: suggestions at the cursor, from memory, in a millisecond or less."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from stripe_shell.lang.cursor import CursorContext
from stripe_shell.lang.directives import directives_at
from stripe_shell.records import replace
from stripe_shell.suggest.arguments import suggest_arguments
from stripe_shell.suggest.choice import choose, choose_paths
from stripe_shell.suggest.fields import suggest_fields
from stripe_shell.suggest.matching import closest_first
from stripe_shell.suggest.responses import reference_paths
from stripe_shell.suggest.suggestion import Suggestion, SuggestionKind, SuggestionSources
from stripe_shell.suggest.values import suggest_values

#: The most used actions, in the order of the menu; `get` is the source document's name for `retrieve`.
_FIRST_ACTIONS = ("create", "get", "update", "list", "delete", "search")
_BARE_WORDS = {"help": "what there is", "exit": "leave", "quit": "leave"}


def suggest(context: CursorContext, sources: SuggestionSources) -> list[Suggestion]:
    """Returns the suggestions at the cursor, the closest matches first."""
    source = _SOURCES.get(context.kind)
    return list(source(context, sources)) if source else []


# --- connections, actions, entities ---------------------------------------------------------------------


def _connections(context: CursorContext, sources: SuggestionSources) -> list[Suggestion]:
    return choose(context, sources.connections, "connection")


def _actions(context: CursorContext, sources: SuggestionSources) -> list[Suggestion]:
    table = sources.table
    entity = table.canonical(context.entity.strip()) if context.entity else None
    if context.entity and entity is None:
        return []
    names = (
        table.actions(entity) if entity else tuple({name for each in table.entities() for name in table.actions(each)})
    )
    aliases = table.action_aliases()
    words = {alias: f"the document's word for {name}" for alias, name in aliases.items() if name in names}
    words |= dict.fromkeys(sorted(names), "")
    first = {name: words.pop(name) for name in _FIRST_ACTIONS if name in words}
    found = choose(context, first | words, "action", " " if context.inline else "", loose=False)
    if _at_line_start(context):
        found += choose(context, _BARE_WORDS, "command", loose=False)
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
    return choose(context, words, "entity", " " if context.inline else "")


# --- directives and commands ----------------------------------------------------------------------------


def _directives(context: CursorContext, _: SuggestionSources) -> list[Suggestion]:
    return _choose_words(context, directives_at("block"), "directive")


def _commands(context: CursorContext, around: SuggestionSources) -> list[Suggestion]:
    commands = {name: (command.usage, command.meaning) for name, command in around.commands.items()}
    return _choose_words(context, {**commands, **directives_at("top")}, "command")


def _choose_words(
    context: CursorContext, words: Mapping[str, tuple[str, str]], kind: SuggestionKind
) -> list[Suggestion]:
    names = closest_first(context.prefix, words, str, loose=False)
    return [
        Suggestion(name + (" " if words[name][0] else ""), context.start, f"@{name}", words[name][1], kind)
        for name in names
    ]


# --- references -----------------------------------------------------------------------------------------


def _references(context: CursorContext, sources: SuggestionSources) -> list[Suggestion]:
    """Suggests known names, then the fields of their values."""
    if context.prefix.startswith("env:"):
        inner = {f"env:{name}": "" for name in sorted(sources.environment)}
        return choose(context, inner, "reference")
    name = context.prefix.partition(".")[0].partition("[")[0]
    if len(name) < len(context.prefix):
        return _fields_of(context, sources.names.get(name))
    words = {name: _meaning(value) for name, value in sources.names.items()}
    return choose(context, words | {"env:": "an environment variable"}, "reference")


def _fields_of(context: CursorContext, value: object) -> list[Suggestion]:
    found = choose_paths(context, reference_paths(value, context.prefix))
    return [replace(suggestion, kind="reference") for suggestion in found]


def _meaning(value: object) -> str:
    if isinstance(value, dict):
        return str(value.get("id") or value.get("object") or "object")
    return str(value)[:40]


Suggester = Callable[[CursorContext, SuggestionSources], Iterable[Suggestion]]

_SOURCES: Mapping[str, Suggester] = {
    "connection": _connections,
    "action": _actions,
    "entity": _entities,
    "key": suggest_fields,
    "value": suggest_values,
    "directive": _directives,
    "command": _commands,
    "directive_argument": suggest_arguments,
    "reference": _references,
}
