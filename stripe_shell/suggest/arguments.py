"""Suggests arguments of directives and commands, by the arguments that their definitions declare."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from stripe_shell.lang.arguments import OUTPUT_ENDINGS
from stripe_shell.lang.cursor import CursorContext
from stripe_shell.lang.directives import DIRECTIVES, ArgumentKind
from stripe_shell.lang.loops import LOOP_OPTIONS
from stripe_shell.records import replace
from stripe_shell.spec.model import Shape
from stripe_shell.spec.shapes import response_field
from stripe_shell.suggest.choice import choose, choose_paths
from stripe_shell.suggest.files import csv_columns, suggest_files
from stripe_shell.suggest.ids import suggest_ids
from stripe_shell.suggest.responses import response_paths
from stripe_shell.suggest.suggestion import Suggestion, SuggestionSources, operation_of

SCRIPT_ENDING = ".stripe"
_DATA_ENDINGS = (".csv", ".tsv", ".json", ".jsonl")
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
_RETRY_STEPS = (
    {"5 ": "at most so many times", "10 ": ""},
    {"every ": "how long to wait between them"},
    {"2s ": "two seconds", "10s ": "ten seconds", "1m ": "a minute"},
    {"until ": "what must hold"},
)


def suggest_arguments(context: CursorContext, sources: SuggestionSources) -> Iterable[Suggestion]:
    """Returns what may stand at the cursor in the argument of a directive or command."""
    name = context.directive or ""
    command, definition = sources.commands.get(name), DIRECTIVES.get(name)
    if command is not None:
        return command.completes(context, sources) if command.completes else []
    if definition is None:
        return []
    if definition.choices:
        return [] if context.before else choose(context, dict(definition.choices), "value")
    source = _SOURCES.get(definition.completes) if definition.completes else None
    return source(context, sources) if source else []


def suggest_script_files(context: CursorContext, _: SuggestionSources) -> list[Suggestion]:
    """Names of scripts, and the folders on the way to them."""
    context = _whole_argument(context)
    return [] if context.before else suggest_files(context, SCRIPT_ENDING)


def suggest_any_file(context: CursorContext, _: SuggestionSources) -> list[Suggestion]:
    """Names of files of all kinds, and the folders on the way to them."""
    context = _whole_argument(context)
    return [] if context.before else suggest_files(context)


def _whole_argument(context: CursorContext) -> CursorContext:
    """The context with the word from its opening quote on: a quoted name may hold blanks."""
    for quote in ("'", '"'):
        if context.before.count(quote) % 2:
            at = context.before.rindex(quote)
            words = context.before[at:]
            start, before = context.start - len(words), context.before[:at]
            return replace(context, start=start, prefix=words + context.prefix, before=before)
    return context


def _accounts(context: CursorContext, sources: SuggestionSources) -> list[Suggestion]:
    if context.before:
        return []
    none = choose(context, {"none": "as the connection does"}, "value")
    return suggest_ids(sources, "account", context.prefix, context.start) + none


def _connections(context: CursorContext, sources: SuggestionSources) -> list[Suggestion]:
    return [] if context.before else choose(context, sources.connections, "connection")


def _saved_name(context: CursorContext, _: SuggestionSources) -> list[Suggestion]:
    name = (context.entity or "").rpartition(".")[2]
    return choose(context, {name: "a name for the response"}, "value") if name and not context.before else []


def _failures(context: CursorContext, _: SuggestionSources) -> list[Suggestion]:
    return [] if context.before else choose(context, _ERRORS, "value")


def _versions(context: CursorContext, sources: SuggestionSources) -> list[Suggestion]:
    if context.before:
        return []
    from stripe_shell.spec.versions.known import OLDEST, known_versions

    served = [version for version in reversed(known_versions()) if version >= OLDEST]
    words = {sources.table.version: "", "none": "the connection's", **dict.fromkeys(served, "")}
    words[sources.table.version] = "what applies here"
    return choose(context, words, "value")


def _assigned(context: CursorContext, sources: SuggestionSources) -> list[Suggestion]:
    """`NAME = VALUE`: the name is one's own; the value may be a reference."""
    words = context.before.split()
    if len(words) == 1 and "=" not in words[0]:
        return choose(context, {"= ": "and its value"}, "operator")
    return _references(context, sources) if words and words[-1].endswith("=") else []


def _references(context: CursorContext, sources: SuggestionSources) -> list[Suggestion]:
    words = {f"${{{name}}}": _shown(value) for name, value in sources.names.items()}
    return choose(context, {**words, "${env:": "an environment variable"}, "value")


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return str(value.get("id") or value.get("object") or "object")
    return str(value)[:40]


# --- files ----------------------------------------------------------------------------------------------


def _output(context: CursorContext, sources: SuggestionSources) -> list[Suggestion]:
    """`FILE [fields=a,b.c]`."""
    context = _whole_argument(context)
    if not context.before:
        return suggest_files(context, *OUTPUT_ENDINGS)
    if not context.prefix.startswith("fields="):
        return choose(context, {"fields=": "which columns, in order"}, "value")
    return _columns_of_rows(context, sources)


def _columns_of_rows(context: CursorContext, sources: SuggestionSources) -> list[Suggestion]:
    operation = operation_of(context, sources.table)
    shape = (operation.response.row or operation.response) if operation else None
    if shape is None:
        return []
    typed = context.prefix.partition("=")[2].rpartition(",")[2]
    inner = replace(context, start=context.start + len(context.prefix) - len(typed), prefix=typed)
    return choose_paths(inner, response_paths(sources.table, shape, typed))


def _loop(context: CursorContext, _: SuggestionSources) -> list[Suggestion]:
    """`ROW in "FILE.csv" key=COLUMN`."""
    context = _whole_argument(context)
    words = context.before.split(maxsplit=2)
    if not words:
        return choose(context, {"row ": "the name of a row"}, "value")
    if len(words) == 1:
        return choose(context, {"in ": "the file of the rows"}, "operator")
    if len(words) == 2:
        return suggest_files(context, *_DATA_ENDINGS, quoted=True)
    if context.prefix.startswith("key="):
        inner = replace(context, start=context.start + len("key="), prefix=context.prefix.removeprefix("key="))
        return choose(inner, dict.fromkeys(csv_columns(words[2]), ""), "value")
    return choose(context, _loop_options(words[2]), "value")


def _loop_options(written: str) -> dict[str, str]:
    """Returns the options that are not written yet, with their meanings; those with one choice, with it."""
    return {
        f"{each.name}={each.choices[0] if len(each.choices) == 1 else ''}": each.meaning
        for each in LOOP_OPTIONS.values()
        if f" {each.name}=" not in written
    }


# --- assertions -----------------------------------------------------------------------------------------


def _condition(context: CursorContext, sources: SuggestionSources) -> list[Suggestion]:
    """`VALUE OP VALUE`."""
    words = context.before.split()
    if len(words) == 1:
        return choose(context, _OPERATORS, "operator", " ")
    return _references(context, sources) if len(words) in (0, 2) else []


def _retry(context: CursorContext, sources: SuggestionSources) -> Iterable[Suggestion]:
    """`N every 2s until [all|any] PATH OP VALUE`."""
    words = context.before.split(maxsplit=len(_RETRY_STEPS))
    if len(words) < len(_RETRY_STEPS):
        return choose(context, _RETRY_STEPS[len(words)], "value")
    rest = words[len(_RETRY_STEPS)] if len(words) > len(_RETRY_STEPS) else ""
    return _expectations(replace(context, before=rest), sources)


def _expectations(context: CursorContext, sources: SuggestionSources) -> Iterable[Suggestion]:
    """`[all|any] PATH`, then an operator, then a value."""
    words = context.before.split()
    if words[:1] in (["all"], ["any"]):
        words = words[1:]
    operation = operation_of(context, sources.table)
    shape = operation.response if operation else Shape("any")
    if not words:
        return _response_path(context, sources, shape)
    if len(words) == 1:
        return choose(context, _OPERATORS, "operator", " ")
    return _expected(context, sources, shape, words)


def _response_path(context: CursorContext, sources: SuggestionSources, shape: Shape) -> Iterator[Suggestion]:
    yield from choose_paths(context, response_paths(sources.table, shape, context.prefix), " ")
    if not context.before:
        yield from choose(context, _ANSWER, "path", " ")
        yield from choose(context, {"all": "every one of", "any": "at least one of"}, "path", " ")


def _expected(context: CursorContext, sources: SuggestionSources, shape: Shape, words: list[str]) -> list[Suggestion]:
    path, operator = words[:2]
    if len(words) > 2:
        return []
    if operator == "is":
        return choose(context, dict.fromkeys(_TYPES, ""), "value")
    if operator == "count":
        return choose(context, {">= ": "at least", "== ": "exactly"}, "operator")
    if path == "$http":
        return choose(context, {"200": "ok", "402": "the card was declined", "400": "a bad request"}, "value")
    steps = tuple(step.rstrip("]") for step in path.replace("[", ".").split("."))
    inner = response_field(sources.table, shape, steps)
    values = inner.enum if inner else ()
    return choose(
        context, dict.fromkeys(("true", "false") if inner and inner.kind == "boolean" else values, ""), "value"
    )


_Source = Callable[[CursorContext, SuggestionSources], Iterable[Suggestion]]

#: What completes each kind of argument; nothing does for a text of one's own.
_SOURCES: Mapping[ArgumentKind, _Source] = {
    "account": _accounts,
    "assignment": _assigned,
    "condition": _condition,
    "connection": _connections,
    "error": _failures,
    "expectation": _expectations,
    "loop": _loop,
    "output": _output,
    "response name": _saved_name,
    "retry": _retry,
    "script": suggest_script_files,
    "version": _versions,
}
