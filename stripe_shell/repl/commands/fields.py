"""`@fields [A,B,… | -]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.errors import UsageError
from stripe_shell.repl.commands import PromptCommand
from stripe_shell.suggest.answers import suggest_members

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession


def _fields(session: ReplSession, words: str) -> None:
    """Choose the members that cards and lists of this kind show; `-` takes the choice back."""
    from stripe_shell.repl.showing import show_result
    from stripe_shell.repl.shown_rows import last_result, last_rows

    rows = [row for row in last_rows(session) if isinstance(row, dict)]
    if not rows:
        raise UsageError("there is no object whose fields could be chosen")
    kind, fields = str(rows[0].get("object")), session.results.fields
    names = tuple(word for word in words.replace(",", " ").split() if word)
    if not names:
        chosen = fields.get(kind)
        session.console.result(
            ", ".join(chosen) if chosen else f"{kind}: as the shell chooses; e.g. @fields id,created"
        )
        return
    if names == ("-",):
        fields.pop(kind, None)
    else:
        fields[kind] = tuple(_known(name, rows, session, kind) for name in names)
    _keep(session, kind, fields.get(kind, ()))
    result = last_result(session)
    result.shown = 0
    if not session.results.held:
        show_result(session, result)


def _keep(session: ReplSession, kind: str, names: tuple[str, ...]) -> None:
    """Keeps the choice for later sessions, and says so if that fails."""
    from stripe_shell.repl.chosen_fields import fields_path, keep_fields

    environ = session.scope.environment
    try:
        keep_fields(environ, kind, names)
    except OSError as error:
        path = fields_path(environ)
        session.console.message(f"for this session alone: {path} cannot be written: {error.strerror or error}")


def _known(name: str, rows: list[dict[str, object]], session: ReplSession, kind: str) -> str:
    """Returns the name. Raises UsageError if no object of this kind has such a member."""
    from stripe_shell.render.shape import pick
    from stripe_shell.repl.shown_rows import member_at, path_steps
    from stripe_shell.spec.shapes import response_field

    table = session.engine.table
    schema = table.schema_of_object(kind)
    steps = tuple(map(str, path_steps(name)))
    documented = schema is not None and response_field(table, table.schema(schema), steps) is not None
    if not documented and all(pick(row, name) is None for row in rows):
        member_at(rows[0], name)
    return name


COMMAND = PromptCommand(_fields, "[A,B,… | -]", completes=suggest_members)
