"""Computes what is inserted into a value: references, exact sums of two numbers, and amounts of money."""

from __future__ import annotations

from fractions import Fraction

from stripe_shell.diagnostics import Diagnostic
from stripe_shell.engine.money import NoAmount, parse_amount
from stripe_shell.engine.scope import FoundValue, PendingValue, Scope, default_of, look_up
from stripe_shell.engine.values import is_deferred
from stripe_shell.lang.ast import Arithmetic, Inserted, MoneyAmount, Reference, Rounding
from stripe_shell.lang.insertions import ROUNDINGS
from stripe_shell.patterns import pattern
from stripe_shell.spec.model import Shape
from stripe_shell.wire import ExactFloat

_NUMBER = pattern(r"[+-]?[0-9]{1,60}(?:\.[0-9]{1,60})?(?:[eE][+-]?[0-9]{1,2})?")


def compute(part: Inserted, scope: Scope) -> FoundValue | PendingValue | Diagnostic:
    """Returns the value of a part, or a diagnostic (E301, E302, E308)."""
    if isinstance(part, Reference):
        return look_up(part, scope)
    return _money(part, scope) if isinstance(part, MoneyAmount) else _arithmetic(part, scope)


def check_rounding(part: Inserted, shape: Shape | None) -> Diagnostic | None:
    """Returns E308 for a product or quotient that goes into a whole number and names no rounding."""
    if not isinstance(part, Arithmetic) or part.operator not in "*/" or part.rounding or not _is_whole(shape):
        return None
    label = f"a whole number is wanted: name the rounding, e.g. `${{{part.raw} half-up}}`; {', '.join(ROUNDINGS)}"
    return Diagnostic("E308", f"`{part.raw}` may have a fraction", part.span, label=label)


def _is_whole(shape: Shape | None) -> bool:
    if shape is None:
        return False
    if shape.kind == "union":
        return any(map(_is_whole, shape.variants)) and not any(each.kind == "decimal" for each in shape.variants)
    return shape.kind in {"integer", "time"}


def round_to(number: Fraction, rounding: Rounding) -> int:
    """Rounds to a whole number: `half-up` and `up` away from zero, `down` towards it, `half-even` to the even one."""
    if rounding == "half-even":
        return round(number)
    size = abs(number)
    whole, rest = divmod(size.numerator, size.denominator)
    more = {"up": rest > 0, "down": False, "half-up": 2 * rest >= size.denominator}[rounding]
    return (whole + more) * (-1 if number < 0 else 1)


def exact_number(number: Fraction) -> int | ExactFloat | None:
    """Returns the number as an integer or a decimal; None if it has no end, as a third has none."""
    if number.denominator == 1:
        return number.numerator
    places, rest = 0, number.denominator
    for prime in (2, 5):
        count = 0
        while rest % prime == 0:
            rest, count = rest // prime, count + 1
        places = max(places, count)
    if rest != 1:
        return None
    digits = str(abs(number.numerator) * 10**places // number.denominator).rjust(places + 1, "0")
    return ExactFloat(f"{'-' if number < 0 else ''}{digits[:-places]}.{digits[-places:]}")


def _arithmetic(part: Arithmetic, scope: Scope) -> FoundValue | PendingValue | Diagnostic:
    numbers: list[Fraction] = []
    for member in (part.left, part.right):
        found = _number(member, scope)
        if not isinstance(found, Fraction):
            return found
        numbers.append(found)
    left, right = numbers
    if part.operator == "/" and right == 0:
        return Diagnostic("E308", f"`{part.raw}` divides by zero", part.span)
    result = {"+": left + right, "-": left - right, "*": left * right, "/": left / (right or 1)}[part.operator]
    if part.rounding:
        return FoundValue(round_to(result, part.rounding))
    exact = exact_number(result)
    if exact is None:
        label = f"name a rounding: {', '.join(ROUNDINGS)}"
        return Diagnostic("E308", f"`{part.raw}` has no end as a decimal", part.span, label=label)
    return FoundValue(exact)


def _number(member: Reference | str, scope: Scope) -> Fraction | PendingValue | Diagnostic:
    """Returns the number that a side stands for."""
    if isinstance(member, str):
        return Fraction(member)
    found = _value(member, scope)
    if not isinstance(found, FoundValue):
        return found
    text = str(found.value).strip()
    numeric = isinstance(found.value, str | int | float) and not isinstance(found.value, bool)
    if not numeric or not _NUMBER.fullmatch(text):
        shown = scope.masks.mask(text)[:60]
        label = "a sum takes numbers such as `12.50`" if found.value is not None else "it is null"
        return Diagnostic("E308", f"`{member.raw}` is `{shown}`, not a number", member.span, label=label)
    return Fraction(text)


def _money(part: MoneyAmount, scope: Scope) -> FoundValue | PendingValue | Diagnostic:
    found = _value(part.amount, scope)
    currency = FoundValue(part.currency) if isinstance(part.currency, str) else _value(part.currency, scope)
    if not isinstance(found, FoundValue):
        return found
    if not isinstance(currency, FoundValue):
        return currency
    amount = parse_amount(found.value, str(currency.value).strip())
    if isinstance(amount, NoAmount):
        return Diagnostic("E308", f"`{part.raw}`: {scope.masks.mask(amount.reason)}", part.span)
    return FoundValue(amount)


def _value(reference: Reference, scope: Scope) -> FoundValue | PendingValue | Diagnostic:
    """Returns the value of a reference; its default in place of null; pending while a response is awaited."""
    found = look_up(reference, scope)
    if isinstance(found, FoundValue) and found.value is None and reference.default is not None:
        found = default_of(reference, scope)
    return PendingValue(None) if isinstance(found, FoundValue) and is_deferred(found.value) else found
