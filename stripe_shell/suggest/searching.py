"""Stripe's search language behind `query=`: fields, operators, values, and what joins two clauses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from stripe_shell.lang.cursor import CursorContext
from stripe_shell.patterns import pattern
from stripe_shell.spec.currencies import COMMON_CURRENCIES
from stripe_shell.spec.model import Operation
from stripe_shell.spec.search_fields import SEARCHABLE, Searchable
from stripe_shell.spec.shapes import response_field
from stripe_shell.suggest.matching import closest_first
from stripe_shell.suggest.suggestion import Suggestion, SuggestionKind, SuggestionSources

#: The clause that is being written, behind the clauses that are whole.
_LAST = pattern(r"""(?:[^\s"']|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')*(?:["'][^"']*)?\Z""")
_FIELD = pattern(r"""-?([A-Za-z_][\w.]*)(\[["'][^"']*["']\])?""")
_OPERATOR = pattern(r"[:~<>]=?")
_JOINED = {"AND ": "both must hold", "OR ": "one must hold"}
_NUMBERS = {":": "equal", ">": "more", "<": "less", ">=": "at least", "<=": "at most"}
_STRINGS = {":": "has these words", "~": "contains"}
_TOKENS = {":": "equal"}


def suggest_query(context: CursorContext, sources: SuggestionSources, operation: Operation) -> list[Suggestion]:
    """Returns what may come next in a search query for the objects of this operation."""
    known = SEARCHABLE.get(operation.entity)
    if known is None:
        return []
    match = _LAST.search(context.prefix)
    clause = match[0] if match else ""
    start = context.start + len(context.prefix) - len(clause)
    field = _FIELD.match(clause)
    operator = _OPERATOR.match(clause, field.end()) if field else None
    if field and operator:
        return _values(context, sources, operation, (field[1], field[2]), clause[operator.end() :])
    operators = _operators(known, field[1], field[2]) if field and field[0] == clause else {}
    if operators:
        end = start + len(clause)
        return [
            Suggestion(f"{clause}{sign}", start, sign, words, "operator") for sign, words in operators.items() if end
        ]
    before = context.prefix[: len(context.prefix) - len(clause)].rstrip()
    joined = not before or before.upper().endswith((" AND", " OR"))
    if not joined:
        return _choose(clause, start, _JOINED, "operator")
    return _choose(clause.removeprefix("-"), start + clause.startswith("-"), dict(_fields(sources, known)), "path")


def _fields(sources: SuggestionSources, known: Searchable) -> Iterator[tuple[str, str]]:
    kinds = ((known.strings, "words"), (known.tokens, "exact"), (known.numbers, "number"))
    yield from ((name, kind) for names, kind in kinds for name in names)
    keys = sources.known.metadata_keys(sources.place) if sources.place else ()
    yield from ((f'metadata["{key}"]', "seen here") for key in keys if '"' not in key)
    yield 'metadata["', "a key of your own"


def _operators(known: Searchable, field: str, key: str | None) -> Mapping[str, str]:
    if field == "metadata":
        return _STRINGS if key else {}
    if key:
        return {}
    groups = ((known.numbers, _NUMBERS), (known.strings, _STRINGS), (known.tokens, _TOKENS))
    return next((operators for names, operators in groups if field in names), {})


def _values(
    context: CursorContext,
    sources: SuggestionSources,
    operation: Operation,
    field: tuple[str, str | None],
    typed: str,
) -> list[Suggestion]:
    """Allowed values of a field, in quotes that fit into those around the query."""
    words = _words_of(sources, operation, field)
    if words is None:
        return []
    quote = typed[:1] if typed[:1] in ("'", '"') else "'" if context.quote == '"' else '"'
    start = context.start + len(context.prefix) - len(typed)
    found = closest_first(typed.lstrip(quote), words, str, loose=False)
    return [Suggestion(f"{quote}{word}{quote} ", start, word, "", "value") for word in found]


def _words_of(sources: SuggestionSources, operation: Operation, field: tuple[str, str | None]) -> Iterable[str] | None:
    if field[1]:
        return None
    if field[0] == "currency":
        return COMMON_CURRENCIES
    row = operation.response.row
    shape = response_field(sources.table, row, tuple(field[0].split("."))) if row else None
    if shape is None:
        return None
    return ("true", "false") if shape.kind == "boolean" else shape.enum


def _choose(typed: str, start: int, words: Mapping[str, str], kind: SuggestionKind) -> list[Suggestion]:
    text: Callable[[str], str] = str
    return [Suggestion(name, start, name.rstrip(), words[name], kind) for name in closest_first(typed, words, text)]
