"""Stripe's search language behind `query=`: fields, operators, values, and what joins two clauses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from stripe_shell.lang.cursor import CursorContext
from stripe_shell.patterns import pattern
from stripe_shell.records import replace
from stripe_shell.spec.currencies import COMMON_CURRENCIES
from stripe_shell.spec.model import Operation
from stripe_shell.spec.search_fields import SEARCHABLE, Searchable
from stripe_shell.spec.shapes import response_field
from stripe_shell.suggest.matching import closest_first
from stripe_shell.suggest.suggestion import Suggestion, SuggestionKind, SuggestionSources

#: The complete clauses at the start of a query, each with the blanks after it.
_CLAUSES = pattern(r"""(?:\s*(?:[^\s"']|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')+\s+)*""")
_FIELD = pattern(r"""-?([A-Za-z_][\w.]*)(\[["'][^"']*["']\])?""")
_OPERATOR = pattern(r"[:~<>]=?")
_JOINED = {"AND ": "both must hold", "OR ": "one must hold"}
_NUMBERS = {":": "equal", ">": "more", "<": "less", ">=": "at least", "<=": "at most"}
_STRINGS = {":": "has these words", "~": "contains"}
_TOKENS = {":": "equal"}


def suggest_query(context: CursorContext, sources: SuggestionSources, operation: Operation) -> list[Suggestion]:
    """Suggests what may come next in a search query for the objects of this operation.

    On a line with other words a query needs quotes: its first suggestion brings the opening one.
    """
    known = SEARCHABLE.get(operation.entity)
    if known is None:
        return []
    found = _suggest_clause(context, sources, operation, known)
    if not context.inline or context.quote:
        return found
    return [replace(each, text=f"'{each.text}") if each.start == context.start else each for each in found]


def _suggest_clause(
    context: CursorContext, sources: SuggestionSources, operation: Operation, known: Searchable
) -> list[Suggestion]:
    match = _CLAUSES.match(context.prefix)
    clause = context.prefix[match.end() :] if match else ""
    start = context.start + len(context.prefix) - len(clause)
    field = _FIELD.match(clause)
    operator = _OPERATOR.match(clause, field.end()) if field else None
    if field and operator:
        return _values(context, sources, operation, (field[1], field[2]), clause[operator.end() :])
    signs = _operators(known, field[1], field[2]) if field and field[0] == clause else {}
    if signs:
        return [Suggestion(f"{clause}{sign}", start, sign, words, "operator") for sign, words in signs.items()]
    before = context.prefix[: len(context.prefix) - len(clause)].rstrip()
    if before and not before.upper().endswith((" AND", " OR")):
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
