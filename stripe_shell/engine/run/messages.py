"""Diagnostics for failed calls: Stripe's error or the missing response, with what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_shell.diagnostics import Diagnostic, Span
from stripe_shell.engine.assertions.compare import Assertion
from stripe_shell.engine.outcome import Outcome
from stripe_shell.engine.resolve import BlockCall
from stripe_shell.errors import JournalDisagrees, NotSent, OutcomeUnknown, TransportError
from stripe_shell.lang.ast import Retry
from stripe_shell.wire import Response, split_name


def explain_error(outcome: Outcome) -> Diagnostic:
    """Returns E403, or E502 for a write that may have been executed, at the parameter that Stripe names."""
    response, call = outcome.response, outcome.call
    error = outcome.error
    status = response.status if response else 0
    unknown = outcome.indeterminate
    kind = error.get("code") or error.get("type") or "no error body"
    message = error.get("message") or _wordless(response)
    return Diagnostic(
        "E502" if unknown else "E403",
        f"{outcome.name} failed: {status} {kind}",
        _place_of_param(call, error.get("param"), outcome.block.connection_span),
        label=str(message),
        notes=tuple(_notes(outcome, error, unknown=unknown)),
    )


def explain_unanswered(error: TransportError, outcome: Outcome) -> Diagnostic:
    """Returns E501 or E502 for a request without a readable response."""
    unknown = isinstance(error, OutcomeUnknown)
    what = "the outcome is unknown" if unknown else "not sent" if isinstance(error, NotSent) else "no answer"
    notes = [_what_to_do(outcome)] if unknown else []
    return Diagnostic(
        "E502" if unknown else "E501",
        f"{outcome.name}: {what}",
        outcome.block.connection_span,
        label=str(error),
        notes=tuple(notes),
    )


def explain_changed(error: JournalDisagrees, outcome: Outcome) -> Diagnostic:
    """Returns E507 for a step that took effect with another request in an earlier process of the run."""
    label = "`--accept-edits=keep` keeps what exists, `--accept-edits=rerun` sends this request too"
    return Diagnostic("E507", f"{outcome.name}: {error}", outcome.block.connection_span, label=label)


def explain_unstored(reason: str, outcome: Outcome) -> Diagnostic:
    """Returns E303 for a response that could not be written to its file."""
    notes = ("the call itself succeeded: do not send it again",) if outcome.request and outcome.request.writes else ()
    message = f"{outcome.name}: {reason}"
    return Diagnostic("E303", message, outcome.block.connection_span, label="no file was left behind", notes=notes)


def explain_limit(error: Exception, outcome: Outcome) -> Diagnostic:
    """Returns E508 for a write that was not sent, as it would exceed an `@most`."""
    label = "not sent, and nothing after it"
    return Diagnostic("E508", f"this write would make {error}", outcome.block.connection_span, label=label)


def explain_unmet(retry: Retry, actual: str) -> Diagnostic:
    """Returns E402 for a `@retry` whose condition never held."""
    message = f"`{retry.until.span.text}` did not come true in {retry.attempts} attempts"
    return Diagnostic("E402", message, retry.until.span, label=f"actual {actual}")


def explain_assertion(assertion: Assertion) -> Diagnostic:
    """Returns E402, or E404 for a call that succeeded where a failure was expected."""
    if assertion.path == "@fails" and assertion.actual.startswith("the call succeeded"):
        return Diagnostic("E404", f"expected {assertion.expected}", assertion.span, label=assertion.actual)
    if assertion.path == "@match":
        return Diagnostic("E402", "the response does not contain this", assertion.span, label=assertion.expected)
    message = f"expected {assertion.path} {assertion.expected}".replace("@fails", "failure")
    return Diagnostic("E402", message, assertion.span, label=f"actual {assertion.actual}")


def _place_of_param(call: BlockCall | None, param: Any, default: Span) -> Span:
    """Returns the span of the parameter that the error names, else `default`."""
    if call is None or not isinstance(param, str):
        return default
    path = tuple(split_name(param))
    for length in range(len(path), 0, -1):
        for known, span in call.spans.items():
            if known[:length] == path[:length]:
                return span
    return default


def _wordless(response: Response | None) -> str:
    """Describes an error response that has no Stripe error object, such as one from a proxy."""
    if response is None or not response.body:
        return "the answer says no more"
    kind = (response.header("Content-Type") or "").partition(";")[0].strip()
    return f"the answer is {len(response.body)} bytes of {kind or 'an unknown type'}, and no error of Stripe's"


def _notes(outcome: Outcome, error: Mapping[str, Any], *, unknown: bool) -> list[str]:
    notes = []
    if outcome.response is not None and outcome.response.status in {401, 403} and outcome.origin:
        notes.append(f"the credential came from {outcome.origin}")
    if error.get("decline_code"):
        notes.append(f"decline code: {error['decline_code']}")
    notes += _objects_of(error)
    if outcome.request_id:
        notes.append(f"request: {outcome.request_id}")
    if error.get("doc_url"):
        notes.append(f"see {error['doc_url']}")
    if unknown:
        notes.append(_what_to_do(outcome))
    return notes


def _objects_of(error: Mapping[str, Any]) -> list[str]:
    """Returns what a failed payment left behind: its intent with the status, and the charge."""
    notes = []
    for name in ("payment_intent", "setup_intent"):
        intent = error.get(name)
        if isinstance(intent, dict) and intent.get("id"):
            status = f" ({intent['status']})" if intent.get("status") else ""
            notes.append(f"{name.replace('_', ' ')}: {intent['id']}{status}")
    if isinstance(error.get("charge"), str):
        notes.append(f"charge: {error['charge']}")
    return notes


def _what_to_do(outcome: Outcome) -> str:
    key = outcome.request.idempotency_key if outcome.request else None
    if key is None:
        return "it may have been carried out: look before you send it again"
    return f"it may have been carried out: look, or send it again with `@idempotency_key {key}`, never with a new key"
