"""Arguments of directives about what a run writes: `@most`, a limit, and `@total`, the money that a write is about."""

from __future__ import annotations

from stripe_shell.lang.arguments import bad_argument
from stripe_shell.lang.ast import MostWritten, Text, Total
from stripe_shell.lang.reading import Mistake, Reading
from stripe_shell.lang.spelling import format_argument_word
from stripe_shell.lang.values import parse_word
from stripe_shell.patterns import pattern

MOST_EXAMPLE = "2_000 writes"
TOTAL_EXAMPLE = "${invoice.amount_due} ${invoice.currency}"

_MOST = pattern(r"([0-9]+(?:_[0-9]+)*)(\.[0-9]+)?[ \t\r]+([A-Za-z]{3,6})\Z")
_CODE = pattern(r"[A-Za-z]{3,4}")
_WHOLE = pattern(r"-?[0-9]+(?:_[0-9]+)*")


def parse_most(reading: Reading, start: int, end: int) -> MostWritten:
    """Parses `N writes` or `AMOUNT CURRENCY` at `[start, end)`. Raises Mistake (E111)."""
    match = _MOST.match(reading.text, start, end)
    unit = match[3].lower() if match else ""
    if (
        match is None
        or (unit in {"write", "writes"} and match[2])
        or (len(unit) > 4 and unit not in {"write", "writes"})
    ):
        label = "write `@most 2_000 writes` or `@most 450_000.00 usd`"
        raise Mistake("E111", "bad argument of `@most`", reading.span(start, end), label)
    number = match[1].replace("_", "") + (match[2] or "")
    return MostWritten(number, "writes" if unit == "write" else unit, reading.span(start, end))


def format_most(most: MostWritten, _indent: str) -> str:
    """Formats `N writes` or `AMOUNT CURRENCY`, the thousands separated."""
    whole, point, fraction = most.amount.partition(".")
    return f"{int(whole):_}{point}{fraction} {most.unit}"


def parse_total(reading: Reading, start: int, end: int) -> Total:
    """Parses `AMOUNT CURRENCY` at `[start, end)`. Raises Mistake (E111)."""
    amount, pos = parse_word(reading, start, end)
    pos = reading.skip(pos, end)
    currency, stop = parse_word(reading, pos, end)
    if not amount.parts or not currency.parts or reading.skip(stop, end) < end:
        raise bad_argument(reading, "total", TOTAL_EXAMPLE, start, end)
    if amount.literal is not None and not _WHOLE.fullmatch(amount.literal):
        label = "a whole number of the smallest unit, or e.g. `${row.amount as usd}`"
        raise Mistake("E111", "not an amount", amount.span, label)
    if isinstance(currency.parts[0], Text) and not _CODE.fullmatch(currency.literal or ""):
        raise Mistake("E111", "not a currency", currency.span, "e.g. `usd`, or `${invoice.currency}`")
    return Total(amount, currency, reading.span(start, end))


def format_total(total: Total, _indent: str) -> str:
    """Formats `AMOUNT CURRENCY`."""
    return f"{format_argument_word(total.amount)} {format_argument_word(total.currency)}"
