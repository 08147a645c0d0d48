"""Sums, counts and charts of the rows of a list: `amount by currency`, `by status`, `amount by created day`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from stripe_shell.errors import UsageError
from stripe_shell.patterns import pattern
from stripe_shell.records import record
from stripe_shell.render.cards.money import is_amount, money_text
from stripe_shell.render.cards.times import is_time
from stripe_shell.render.cards.values import Display, is_empty, member, value_text
from stripe_shell.render.cells import BOLD, grid_lines, paint, text_width
from stripe_shell.repl.shown_rows import member_at

_QUESTION = pattern(r"(?:(?P<path>\S+)\s*)??(?:\bby\s+(?P<by>\S+)(?:\s+(?P<span>hour|day|week|month|year))?)?")
_SPANS = {"hour": "%Y-%m-%d %H:00", "day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m", "year": "%Y"}
_EIGHTHS = " ▏▎▍▌▋▊▉"
_NARROWEST_BAR = 10


@record
class Question:
    """A question about rows: the member that is summed, the member that groups them, the span of time of a group."""

    path: str
    by: str = ""
    span: str = ""


def read_question(text: str, usage: str) -> Question:
    """Reads `amount by created day`. Raises UsageError for any other form."""
    match = _QUESTION.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"`{text}` is not understood; write {usage}")
    return Question(match["path"] or "", match["by"] or "", match["span"] or "")


@record
class Group:
    """Rows that are alike: their name, the currency of their amounts, how many they are, and the sum."""

    name: str
    currency: str
    count: int
    total: int | float

    @property
    def text(self) -> str:
        """The sum as money, if it is money."""
        return money_text(int(self.total), self.currency) if self.currency else f"{self.total:,}"


def groups(rows: Sequence[Any], question: Question, display: Display) -> list[Group]:
    """Returns the rows in groups, in the order of their names if these are times, else the largest first.

    Amounts of several currencies are never added: each currency is a group of its own. Raises UsageError for a member
    that no row has, and for one that is no number.
    """
    found: dict[tuple[str, str], list[int | float]] = {}
    for row in rows:
        number, currency = _number(row, question.path)
        if number is not None:
            found.setdefault((_name(row, question, display), currency), []).append(number)
    if rows and not found:
        member_at(rows[0], question.path)
        raise UsageError(f"no row has a number at `{question.path}`")
    made = [Group(name, currency, len(each), sum(each)) for (name, currency), each in found.items()]
    if question.span:
        return sorted(made, key=lambda group: (group.currency, group.name))
    return sorted(made, key=lambda group: (-group.total, group.name))


def _number(row: Any, path: str) -> tuple[int | float | None, str]:
    """Returns what a row adds, None for nothing, and the currency if it is an amount."""
    if not path:
        return 1, ""
    value, name, currency = member(row, path) if isinstance(row, dict) else (None, "", None)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None, ""
    return value, (currency or "") if is_amount(name, value) else ""


def _name(row: Any, question: Question, display: Display) -> str:
    if not question.by:
        return "all"
    value, name, currency = member(row, question.by) if isinstance(row, dict) else (None, "", None)
    if isinstance(value, int) and is_time(name, value):
        return datetime.fromtimestamp(value, UTC).strftime(_SPANS[question.span or "day"])
    return "(none)" if is_empty(value) else value_text(value, name, currency, display, cell=True)


def group_lines(found: Sequence[Group], question: Question, display: Display) -> Iterator[str]:
    """Yields a table of the groups: name, rows, sum."""
    names, counts = [question.by or "", *(group.name for group in found)], ["rows", *(f"{g.count:,}" for g in found)]
    columns = [names, counts]
    if question.path:
        columns.append([question.path, *(group.text for group in found)])
    columns = columns if question.by else columns[1:]
    widths = [max(map(text_width, column)) for column in columns]
    right = [at > 0 or not question.by for at in range(len(columns))]
    lines = list(grid_lines(columns, widths, right, [""] * len(columns), "  "))
    yield paint(lines[0], BOLD, display.color)
    yield from lines[1:]


def chart_lines(found: Sequence[Group], display: Display) -> Iterator[str]:
    """Yields a bar of block characters for each group, those of one currency on one scale."""
    label = max((text_width(group.name) for group in found), default=0)
    value = max((len(group.text) for group in found), default=0)
    room = max(display.width - label - value - 4, _NARROWEST_BAR)
    for currency in dict.fromkeys(group.currency for group in found):
        alike = [group for group in found if group.currency == currency]
        most = max(group.total for group in alike)
        for group in alike:
            bar = _bar(group.total / most * room if most > 0 else 0)
            name = f"{group.name}{' ' * (label - text_width(group.name))}"
            yield f"{name}  {group.text:>{value}}  {bar}".rstrip(" ")


def _bar(length: float) -> str:
    eighths = max(round(length * 8), 0)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
