"""Diagnostics for the problems that the table's validator finds in a call."""

from __future__ import annotations

from stripe_shell.diagnostics import Diagnostic, Fix, Span, did_you_mean
from stripe_shell.engine.times import BadTime, RunClock, parse_time
from stripe_shell.patterns import pattern
from stripe_shell.records import record
from stripe_shell.secrets import Secrets
from stripe_shell.spec.close_names import close_names
from stripe_shell.spec.currencies import CURRENCY_NAMES
from stripe_shell.spec.model import Operation
from stripe_shell.spec.names import known_names, resolve_name
from stripe_shell.spec.validate import Problem


@record
class ProblemPlace:
    """The spans of a problem: of the value, of the name, and of the block for a missing parameter."""

    value: Span | None
    key: Span | None
    block: Span

    @property
    def best(self) -> Span:
        """Returns the span of the value, else of the name, else of the block."""
        return self.value or self.key or self.block


_WANTED = {
    "not_string": "text",
    "not_integer": "a whole number",
    "not_number": "a number",
    "not_decimal": "a decimal number",
    "not_boolean": "`true` or `false`",
    "not_time": "a time: epoch seconds, `now+14d`, or a date with its zone such as `2026-01-31T00:00:00Z`",
    "not_object": "an object: its members as `{name}.member: …`, or JSON in braces",
    "not_array": "a list: its items as `{name}[0]: …`, or JSON in brackets",
}

#: Plain words in brackets: a list in YAML, no JSON.
_BRACKETED = pattern(r"\[\s*([\w.-]+(?:\s*,\s*[\w.-]+)*)\s*\]")


#: Names of parameters that take an amount of money, and an amount that is written with cents.
_MONEY = pattern(r"(^|[._\]])amount(_\w+)?$")
_DECIMALS = pattern(r"\d+[.,]\d\d")


def explain(problem: Problem, operation: Operation, place: ProblemPlace, masks: Secrets) -> Diagnostic:
    """Returns the problem as a diagnostic: its code, its span and the fix.

    Masks secrets in values before they are truncated, since a truncated secret is no longer recognized.
    """
    match problem.kind:
        case "unknown":
            return _unknown(problem, operation, place)
        case "missing":
            return explain_missing(_name_for_people(problem, operation), operation, place)
        case "empty":
            return _empty(problem, place)
        case "enum":
            return _enum(problem, place, masks)
        case "currency" | "new_currency":
            return _currency(problem, place, masks)
        case "too_long" | "out_of_range" | "too_many" | "bad_key":
            return _out_of_bounds(problem, place)
        case "not_array" if words := _bracketed_words(problem.value):
            message = (
                f"`{problem.name}` takes a list of words, or JSON, whose words have quotes; `[{words}]` is neither"
            )
            fix = Fix(place.best, words) if place.best.text == problem.value else None
            return Diagnostic("E203", message, place.best, label=f"write `{words}`", fix=fix)
        case _:
            shown = _quoted_value(masks.mask_data(problem.value))
            message = f"`{problem.name}` takes {problem.expected or 'another type'}, not {shown}"
            return Diagnostic("E203", message, place.best, label=_what_to_write(problem))


def _bracketed_words(value: object) -> str:
    """Returns the words of a list as YAML has them, `card, link` of `[card, link]`; empty for other values."""
    match = _BRACKETED.fullmatch(value) if isinstance(value, str) else None
    return ", ".join(word.strip() for word in match[1].split(",")) if match else ""


def _what_to_write(problem: Problem) -> str:
    if problem.kind == "not_time" and isinstance(problem.value, str):
        moment = parse_time(problem.value, RunClock())
        if isinstance(moment, BadTime):
            return moment.reason
    if problem.kind == "not_integer" and _MONEY.search(problem.name) and _DECIMALS.fullmatch(str(problem.value)):
        cents = str(problem.value).replace(".", "").replace(",", "").lstrip("0") or "0"
        return f"write a whole number, in the smallest unit of the currency: {cents} cents for {problem.value}"
    return f"write {_WANTED[problem.kind].format(name=problem.name)}"


def explain_missing(name: str, operation: Operation, place: ProblemPlace) -> Diagnostic:
    """Returns E202 for a required parameter that is missing."""
    document_only = name in operation.documented_params and not _stripe_requires(name, operation)
    notes = ("the document requires it; `@spec stripe` asks for no more than Stripe does",) if document_only else ()
    message = f"missing parameter `{name}` for {operation.name}"
    return Diagnostic("E202", message, place.value or place.block, label=f"add `{name}: …`", notes=notes)


def _stripe_requires(name: str, operation: Operation) -> bool:
    found = resolve_name(operation, (name,))
    if found.path is None:
        return True
    return found.path[0] in operation.params.fields and operation.params.fields[found.path[0]].required


def suggestions(problem: Problem, operation: Operation) -> tuple[str, ...]:
    """Returns the parameters or path parameters that an unknown name probably stands for; several if equally near."""
    if len(problem.path) > 1 or problem.elsewhere:
        return problem.suggestions
    return close_names(problem.path[0], known_names(operation)) or problem.suggestions


def _unknown(problem: Problem, operation: Operation, place: ProblemPlace) -> Diagnostic:
    span = place.key or place.best
    label, fix = "`@raw` sends what the table does not know", None
    meant = suggestions(problem, operation)
    if meant:
        label = did_you_mean(meant)
        written = problem.path[-1]
        if len(meant) == 1 and span.text.endswith(written) and meant[0].isidentifier():
            fix = Fix(Span(span.source, span.end - len(written), span.end), meant[0])
    elif problem.elsewhere:
        label = f"it exists as {', '.join(f'`{path}`' for path in problem.elsewhere[:3])}"
    return Diagnostic("E201", f"unknown parameter `{problem.name}` for {operation.name}", span, label=label, fix=fix)


def _enum(problem: Problem, place: ProblemPlace, masks: Secrets) -> Diagnostic:
    span = place.best
    allowed = ", ".join(problem.allowed[:12]) + (" …" if len(problem.allowed) > 12 else "")
    label, fix = f"one of: {allowed}", None
    if meant := problem.suggestions:
        label = f"{did_you_mean(meant)} One of: {allowed}"
        fix = Fix(span, meant[0]) if len(meant) == 1 and span.text == problem.value else None
    message = f"`{problem.name}` cannot be {_quoted_value(masks.mask_data(problem.value))}"
    return Diagnostic("E204", message, span, label=label, fix=fix)


def _currency(problem: Problem, place: ProblemPlace, masks: Secrets) -> Diagnostic:
    """Returns E204 for a text that is no currency code, W208 for a code newer than the known ones."""
    is_key = problem.path[-1] == problem.value
    span = (place.key or place.best) if is_key else place.best
    meant = problem.suggestion
    label = "a currency has three letters: usd, eur, gbp, …"
    fix = None
    if meant:
        label = f"did you mean `{meant}`, {CURRENCY_NAMES[meant]}?"
        fix = Fix(span, meant) if span.text == problem.value else None
    shown = _quoted_value(masks.mask_data(problem.value))
    if problem.kind == "new_currency":
        return Diagnostic("W208", f"{shown} is no currency of the list", span, severity="warning", label=label)
    return Diagnostic("E204", f"`{problem.name}` cannot be {shown}", span, label=label, fix=fix)


def _empty(problem: Problem, place: ProblemPlace) -> Diagnostic:
    message = f"`{problem.name}` cannot be empty"
    return Diagnostic("E203", message, place.best, label=f"write {problem.expected or 'a value'}")


def _out_of_bounds(problem: Problem, place: ProblemPlace) -> Diagnostic:
    messages = {
        "too_long": f"`{problem.name}` is longer than {problem.limit} characters",
        "out_of_range": f"`{problem.name}` passes the limit of {problem.limit}",
        "too_many": f"`{problem.name}` has more than {problem.limit} keys",
        "bad_key": f"`{problem.path[-1]}`: a metadata key has no brackets and at most {problem.limit} characters",
    }
    return Diagnostic("E210", messages[problem.kind], place.best)


def _name_for_people(problem: Problem, operation: Operation) -> str:
    """Returns the display name of a missing parameter: the source document's name if it has one."""
    for typed_name in operation.documented_params:
        if resolve_name(operation, (typed_name,)).path == problem.path:
            return typed_name
    return problem.name


def _quoted_value(value: object) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "null"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"`{text if len(text) <= 60 else text[:59] + '…'}`"
