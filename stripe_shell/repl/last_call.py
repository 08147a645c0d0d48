"""The last call in other forms: as Python, as a line of Stripe's command-line tool."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from stripe_shell.convert.foreign import ForeignCall
from stripe_shell.convert.pasted import write_block
from stripe_shell.diagnostics import SourceText
from stripe_shell.engine.encode import fill_path
from stripe_shell.errors import UsageError
from stripe_shell.wire import form_pairs

if TYPE_CHECKING:
    from stripe_shell.engine.resolve import BlockCall
    from stripe_shell.repl.session import ReplSession


def last_call(session: ReplSession) -> BlockCall:
    """Returns the last call, with the values that were sent. Raises UsageError when there is none."""
    if session.last is None or session.last.call is None:
        raise UsageError("there is no request yet")
    return session.last.call


def as_python(session: ReplSession) -> str:
    """Returns the last call as a program for Stripe's Python library."""
    from stripe_shell.convert.plan import plan_of
    from stripe_shell.convert.to_python import python_of
    from stripe_shell.engine.load import load_program

    call = last_call(session)
    written = ForeignCall(
        call.operation.method, fill_path(call), call.params, call.account, call.version, call.idempotency_key
    )
    text = write_block(written, session.engine.table, session.connection.name, "stripe")
    items = load_program(SourceText("the last call", text)).items
    plan = plan_of(session.engine, items, session.scope.with_settings(spec="stripe"))
    converted = python_of(plan, "the last call", session.engine.table.version)
    if converted.text is None:
        raise UsageError("; ".join(each.message for each in (*plan.diagnostics, *converted.diagnostics)))
    return converted.text.rstrip()


def as_tool_line(session: ReplSession) -> str:
    """Returns the last call as a line of Stripe's command-line tool, which takes the key from its own settings."""
    call = last_call(session)
    if call.operation.encoding != "form":
        raise UsageError(f"`{call.operation.name}` sends no form, and the tool sends nothing else; try @curl")
    connection = session.connections.get(session.last.connection if session.last else None) or session.connection
    live = ["--live"] if connection.mode == "live" else []
    words = [call.operation.method.lower(), fill_path(call), *_options(call), *live]
    return f"stripe {shlex.join(words)}"


def _options(call: BlockCall) -> Iterator[str]:
    for name, value in form_pairs(call.params):
        yield from ("-d", f"{name}={value}")
    headers = {
        "--stripe-account": call.account,
        "--stripe-version": call.version,
        "--idempotency": call.idempotency_key,
    }
    for option, text in headers.items():
        if text:
            yield from (option, text)
