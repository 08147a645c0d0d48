"""Lists in Stripe's format: limits, cursors, `has_more`, and filters as SQL conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stripe_shell.records import field, record
from stripe_shell.sandbox.storage.rows import IndexEntry, SqlCondition

#: List parameters that are not filters.
PAGING = frozenset({"limit", "starting_after", "ending_before", "expand", "page", "include"})

RANGES: Mapping[str, str] = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}

DEFAULT_LIMIT = 10
MAX_LIMIT = 100


@record
class ListPage:
    """One page of a list: the JSON text of each object, newest first, and the members around them.

    `total` is the `total_count`, None to omit it. `form` is `list`, `search_result` or `v2_list`; `next_page` is used
    by the last two.
    """

    texts: Sequence[str]
    has_more: bool
    url: str
    total: int | None = None
    form: str = "list"
    next_page: str | None = None

    def body(self) -> str:
        """Returns the response body; the objects' JSON texts are inserted unparsed."""
        data = f'"data":[{",".join(self.texts)}]'
        if self.form == "v2_list":
            return f'{{{data},"next_page_url":{_json_string(self.next_page)},"previous_page_url":null}}'
        more = "true" if self.has_more else "false"
        body = f'{{"object":"{self.form}",{data},"has_more":{more}'
        if self.form == "search_result":
            body += f',"next_page":{_json_string(self.next_page)}'
        if self.total is not None:
            body += f',"total_count":{self.total}'
        return f'{body},"url":{_json_string(self.url)}}}'


@record(frozen=False)
class ListFilters:
    """A list's filters: `link` selects an index, `where` holds further conditions, `nothing` makes the list empty."""

    link: IndexEntry | None = None
    where: list[SqlCondition] = field(default_factory=list)
    nothing: bool = False

    def add_link(self, name: str, value: str) -> None:
        """Filters by the value of an indexed member; the first one selects the index that is used."""
        if self.link is None:
            self.link = (name, value)
        else:
            self.where.append(equal(name, value))

    def add(self, path: str, value: Any) -> None:
        """Filters by a member (a dotted path): equal to a value, one of a list, or within a range."""
        if isinstance(value, Mapping):
            self._add_mapping(path, value)
        elif isinstance(value, list | tuple):
            self.where.append(among(path, value))
        else:
            self.where.append(equal(path, value))

    def _add_mapping(self, path: str, value: Mapping[str, Any]) -> None:
        for name, inner in value.items():
            if name in RANGES:
                self.where.append(SqlCondition(f"{column(path)} {RANGES[name]} ?", (inner,)))
            else:
                self.add(f"{path}.{name}", inner)


def column(path: str) -> str:
    """Returns the SQL expression for a member (a dotted path) of the stored objects."""
    if path == "created":
        return "o.created"
    return f"json_extract(o.json, '{json_path(path)}')"


def json_path(path: str) -> str:
    """Converts a dotted path to SQLite's notation. Unescaped: names come from the table, never from a request."""
    return "$" + "".join(f'."{name}"' for name in path.split("."))


def equal(path: str, value: Any) -> SqlCondition:
    """Returns the condition that a member equals the value."""
    return SqlCondition(f"{column(path)} = ?", (value,))


def among(path: str, values: Sequence[Any]) -> SqlCondition:
    """Returns the condition that a member equals one of the values."""
    return SqlCondition(f"{column(path)} IN ({', '.join('?' * len(values))})", tuple(values))


def clamp_limit(limit: int | None) -> int:
    """Returns the page size: `limit` within 1 and 100, 10 by default."""
    return DEFAULT_LIMIT if limit is None else max(1, min(limit, MAX_LIMIT))


def _json_string(value: str | None) -> str:
    import json

    return json.dumps(value)
