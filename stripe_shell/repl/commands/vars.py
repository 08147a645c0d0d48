"""`@vars`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stripe_shell.repl.commands import PromptCommand

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession


def _vars(session: ReplSession, _: str) -> None:
    """Variables and saved responses."""
    scope = session.scope
    rows = [(name, "********" if name in scope.secrets else str(value)) for name, value in scope.variables.items()]
    rows += [(name, _describe_body(capture.body)) for name, capture in scope.captures.items()]
    settings = scope.settings
    rows += [
        (f"@{name}", str(value))
        for name in ("connection", "account", "version", "spec")
        if (value := getattr(settings, name))
    ]
    width = max((len(name) for name, _ in rows), default=0)
    session.console.result("\n".join(f"{name:<{width}}  {value}" for name, value in rows))


def _describe_body(body: Any) -> str:
    """Returns a summary of a response: `customer cus_…`, `list of 3`."""
    if not isinstance(body, dict):
        return type(body).__name__
    if isinstance(body.get("data"), list) and "id" not in body:
        return f"list of {len(body['data'])}"
    names = ("object", "id") if "object" in body else ("type", "code")  # the latter of an error
    return " ".join(str(body[name]) for name in names if body.get(name))


COMMAND = PromptCommand(_vars)
