"""Lists as Stripe gives them: limits, cursors, `has_more`, and filters turned into conditions on stored objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stripe_shell.records import field, record
from stripe_shell.sandbox.storage.store import Link, Where

#: Parameters of a list that are no filters.
PAGING = frozenset({"limit", "starting_after", "ending_before", "expand", "page", "include"})

RANGES: Mapping[str, str] = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}

DEFAULT_LIMIT = 10
MAX_LIMIT = 100


@record
class Page:
    """One page of a list: the JSON text of each object, newest first, and what stands around them.

    `total` is shown as `total_count` where it is known. `form` is `list`, `search_result` or `v2_list`;
    `next_page` belongs to the last two.
    """

    texts: Sequence[str]
    has_more: bool
    url: str
    total: int | None = None
    form: str = "list"
    next_page: str | None = None

    def body(self) -> str:
        """The answer's JSON text; the objects go in as they are."""
        data = f'"data":[{",".join(self.texts)}]'
        if self.form == "v2_list":
            return f'{{{data},"next_page_url":{_text(self.next_page)},"previous_page_url":null}}'
        more = "true" if self.has_more else "false"
        body = f'{{"object":"{self.form}",{data},"has_more":{more}'
        if self.form == "search_result":
            body += f',"next_page":{_text(self.next_page)}'
        if self.total is not None:
            body += f',"total_count":{self.total}'
        return f'{body},"url":{_text(self.url)}}}'


@record(frozen=False)
class Filters:
    """What a list is narrowed to: `link` walks one index, `where` are conditions beside it, `nothing` finds none."""

    link: Link | None = None
    where: list[Where] = field(default_factory=list)
    nothing: bool = False

    def add_link(self, name: str, value: str) -> None:
        """Narrow to objects whose indexed member has this value; the first one decides which index is walked."""
        if self.link is None:
            self.link = (name, value)
        else:
            self.where.append(equal(name, value))

    def add(self, path: str, value: Any) -> None:
        """Narrow by a member, named by its dotted path, that equals `value`, is one of a list, or lies in a range."""
        if isinstance(value, Mapping):
            self._add_mapping(path, value)
        elif isinstance(value, list | tuple):
            self.where.append(among(path, value))
        else:
            self.where.append(equal(path, value))

    def _add_mapping(self, path: str, value: Mapping[str, Any]) -> None:
        for name, inner in value.items():
            if name in RANGES:
                self.where.append(Where(f"{column(path)} {RANGES[name]} ?", (inner,)))
            else:
                self.add(f"{path}.{name}", inner)


def column(path: str) -> str:
    """A member of the stored objects, by its dotted path, as SQL."""
    if path == "created":
        return "o.created"
    return f"json_extract(o.json, '{json_path(path)}')"


def json_path(path: str) -> str:
    """A dotted path in SQLite's notation. Names come from the table, never from a request."""
    return "$" + "".join(f'."{name}"' for name in path.split("."))


def equal(path: str, value: Any) -> Where:
    """The member equals the value."""
    return Where(f"{column(path)} = ?", (value,))


def among(path: str, values: Sequence[Any]) -> Where:
    """The member equals one of the values."""
    return Where(f"{column(path)} IN ({', '.join('?' * len(values))})", tuple(values))


def clamp(limit: int | None) -> int:
    """The number of objects of a page: 10 when not said, never below 1 or above 100."""
    return DEFAULT_LIMIT if limit is None else max(1, min(limit, MAX_LIMIT))


def _text(value: str | None) -> str:
    import json

    return json.dumps(value)
