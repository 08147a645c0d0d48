"""Stripe's search query language: parsed, validated against the searchable fields, and run on the stored objects.

A query has up to ten clauses, joined by AND (or a space) or all by OR: `email:"jane" -metadata["k"]:null`,
`amount>1000`. New objects are found at once; Stripe takes up to a minute.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from stripe_shell.records import record
from stripe_shell.sandbox.errors import StripeError
from stripe_shell.sandbox.storage.rows import SqlCondition, StoredRow
from stripe_shell.spec.search_fields import SEARCHABLE, Searchable

from .context import Context, Json, ResourceProtocol
from .listing import ListPage, clamp_limit, column

MAX_CLAUSES: Final = 10
SHORTEST_SUBSTRING: Final = 3
#: The first API version with search.
FIRST_VERSION: Final = "2020-08-27"
_TOO_OLD: Final = (
    "Search is not supported on api version {}. Update your API version, or set the API Version of this request to "
    "2020-08-27 or greater."
)

_CLAUSE = re.compile(
    r"""\s*(?P<minus>-?)
        (?P<field>[A-Za-z_][\w.]*)
        (?:\[\s*(?P<quote>["'])(?P<key>(?:\\.|(?!(?P=quote)).)*)(?P=quote)\s*\])?
        \s*(?P<operator>>=|<=|[:~<>=])\s*
        (?:"(?P<double>(?:\\.|[^"\\])*)"|'(?P<single>(?:\\.|[^'\\])*)'|(?P<bare>[^\s"']+))""",
    re.VERBOSE | re.DOTALL,
)
_JOINT = re.compile(r"\s+(?:(AND|OR)\s+)?", re.IGNORECASE)


@record
class Clause:
    """One condition: `field` (`metadata` with a `key`), operator and value; a value of None stands for `null`."""

    field: str
    key: str | None
    operator: str
    value: str | None
    negated: bool


@record
class Query:
    """Clauses that must all match, or with `any`, at least one."""

    clauses: tuple[Clause, ...]
    any: bool

    def matches(self, resource: ResourceProtocol, obj: Mapping[str, Any]) -> bool:
        """Whether an object matches the query."""
        test = any if self.any else all
        return test(_holds(clause, resource, obj) for clause in self.clauses)


def parse_query(text: str, resource: ResourceProtocol) -> Query:
    """Parses and validates a query for the objects of a resource. Raises StripeError."""
    clauses: list[Clause] = []
    joints: set[str] = set()
    text = text.strip()
    offset = 0
    while offset < len(text) or not clauses:
        match = _CLAUSE.match(text, offset)
        if match is None:
            raise _query_error(f"We were unable to parse your search query at `{text[offset : offset + 40]}`.")
        clauses.append(_checked_clause(_clause(match), resource))
        offset = match.end()
        joint = _JOINT.match(text, offset)
        if joint is None and offset < len(text):
            raise _query_error(f"We were unable to parse your search query at `{text[offset : offset + 40]}`.")
        if joint is not None and joint.end() < len(text):
            joints.add((joint[1] or "AND").upper())
        offset = joint.end() if joint is not None else offset
    if len(joints) > 1:
        raise _query_error("You cannot mix AND and OR in one search query.")
    if len(clauses) > MAX_CLAUSES:
        raise _query_error(f"A search query can have at most {MAX_CLAUSES} clauses; yours has {len(clauses)}.")
    return Query(tuple(clauses), joints == {"OR"})


def search_page(resource: ResourceProtocol, ctx: Context, params: Json) -> ListPage:
    """Returns one page of the objects that match, newest first; counts all of them when `total_count` is expanded."""
    _check_version(ctx)
    query = parse_query(str(params.get("query", "")), resource)
    limit = clamp_limit(params.get("limit"))
    after = _position(resource, ctx, params.get("page"))
    counted = "total_count" in ctx.expand
    found = _matching_rows(resource, ctx, query, None if counted else after, None if counted else limit + 1)
    total = len(found) if counted else None
    if after is not None:
        found = [row for row in found if row.position < after]
    rows = found[:limit]
    has_more = len(found) > limit
    texts = [json.dumps(resource.present(ctx, json.loads(row.json)), separators=(",", ":")) for row in rows]
    following = rows[-1].id if has_more else None
    return ListPage(texts, has_more, ctx.request.path, total, "search_result", following)


def _matching_rows(
    resource: ResourceProtocol, ctx: Context, query: Query, after: tuple[int, int] | None, limit: int | None
) -> list[StoredRow]:
    rows: list[StoredRow] = []
    for row in ctx.session.scan(ctx.account_number, resource.kind, _narrowing(query, resource), after):
        if query.matches(resource, resource.present(ctx, json.loads(row.json))):
            rows.append(row)
            if len(rows) == limit:
                break
    return rows


def _narrowing(query: Query, resource: ResourceProtocol) -> list[SqlCondition]:
    """Returns SQL conditions that every match fulfils, so that fewer rows are parsed: numbers and required words."""
    if query.any:
        return []
    plain = [clause for clause in query.clauses if not clause.negated and clause.value is not None]
    return [where for clause in plain for where in _conditions(clause, resource)]


def _conditions(clause: Clause, resource: ResourceProtocol) -> list[SqlCondition]:
    if clause.key is None and clause.field in SEARCHABLE.get(resource.kind, Searchable()).numbers:
        operator = "=" if clause.operator == ":" else clause.operator
        return [SqlCondition(f"{column(clause.field)} {operator} ?", (float(clause.value or 0),))]
    if clause.key is not None and clause.operator == ":" and (clause.key + str(clause.value)).isascii():
        pair = f"{json.dumps(clause.key)}:{json.dumps(clause.value)}"
        return [SqlCondition("o.json LIKE ?", (f"%{pair}%",))]
    words = re.findall("[A-Za-z0-9]+", _ascii_words(f"{clause.key or ''} {clause.value}"))
    return [SqlCondition("o.json LIKE ?", (f"%{word}%",)) for word in words]


def _ascii_words(text: str) -> str:
    """Removes the words with non-ASCII characters, which JSON escapes."""
    return " ".join(word for word in text.split() if word.isascii())


def _clause(match: re.Match[str]) -> Clause:
    bare = match["bare"]
    quoted = match["double"] if match["double"] is not None else match["single"]
    value = _unescaped(quoted) if quoted is not None else bare
    null = quoted is None and bare.lower() == "null"
    key = _unescaped(match["key"]) if match["key"] is not None else None
    operator = ":" if match["operator"] == "=" else match["operator"]
    if quoted is None and not null and not _is_number(bare):
        raise _query_error(f"Search values that are no numbers need quotes: `{match['field']}{operator}{bare}`.")
    return Clause(match["field"], key, operator, None if null else value, bool(match["minus"]))


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def _checked_clause(clause: Clause, resource: ResourceProtocol) -> Clause:
    known = SEARCHABLE.get(resource.kind, Searchable())
    field, operator, value = clause.field, clause.operator, clause.value
    if field == "metadata" and clause.key is not None:
        allowed = ":~"
    elif field in known.numbers and clause.key is None:
        allowed = ": > < >= <="
    elif field in known.tokens and clause.key is None:
        allowed = ":"
    elif field in known.strings and clause.key is None:
        allowed = ":~"
    else:
        raise _query_error(f"Field `{field}` is an unsupported search field for resource `{resource.kind}s`.")
    if operator not in allowed.split() and operator not in tuple(allowed):
        raise _query_error(f"The operator `{operator}` is not supported for the field `{field}`.")
    if field in known.numbers and value is not None and not _is_number(value):
        raise _query_error(f"The field `{field}` takes a number, not `{value}`.")
    if operator == "~" and len(value or "") < SHORTEST_SUBSTRING:
        raise _query_error(f"A substring search needs at least {SHORTEST_SUBSTRING} characters: `{field}~`.")
    return clause


def _holds(clause: Clause, resource: ResourceProtocol, obj: Mapping[str, Any]) -> bool:
    return _value_matches(clause, resource, _searched_value(clause, resource, obj)) != clause.negated


def _searched_value(clause: Clause, resource: ResourceProtocol, obj: Mapping[str, Any]) -> Any:
    if clause.key is not None:
        return (obj.get("metadata") or {}).get(clause.key)
    return resource.searched_value(obj, clause.field)


def _value_matches(clause: Clause, resource: ResourceProtocol, value: Any) -> bool:
    if clause.value is None or value is None:
        return value is None and clause.value is None
    known = SEARCHABLE.get(resource.kind, Searchable())
    if clause.field in known.numbers and clause.key is None:
        return _compares(clause.operator, float(value), float(clause.value))
    there, wanted = _as_text(value).lower(), clause.value.lower()
    if clause.operator == "~":
        return wanted in there
    if clause.key is None and clause.field in known.strings:
        return _has_words(there, wanted)
    return there == wanted


def _compares(operator: str, value: float, operand: float) -> bool:
    match operator:
        case ">":
            return value > operand
        case "<":
            return value < operand
        case ">=":
            return value >= operand
        case "<=":
            return value <= operand
        case _:
            return value == operand


def _has_words(text: str, phrase: str) -> bool:
    """Whether the words of `phrase` occur in `text` in this order, adjacent."""
    words, sought = _words(text), _words(phrase)
    count = len(sought)
    return any(words[start : start + count] == sought for start in range(len(words) - count + 1)) or text == phrase


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def _as_text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", text) is not None


def _position(resource: ResourceProtocol, ctx: Context, page: Any) -> tuple[int, int] | None:
    if not page:
        return None
    row = ctx.row(resource.kind, str(page))
    if row is None:
        raise StripeError(f"Invalid page: {page}", param="page", validation=True)
    return row.position


def _check_version(ctx: Context) -> None:
    """Raises StripeError for a version without search; the words are recorded (stripe-cli#1201)."""
    if ctx.version[:10] < FIRST_VERSION:
        raise StripeError(_TOO_OLD.format(ctx.version), validation=True)


def _query_error(message: str) -> StripeError:
    return StripeError(message, param="query", validation=True)
