"""`@save FILE`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stripe_shell.diagnostics import SourceText
from stripe_shell.errors import UsageError
from stripe_shell.files import create_text
from stripe_shell.lang.ast import Assignment, Directive, Reference, Script, ScriptItem, Value
from stripe_shell.lang.format import format_script
from stripe_shell.records import replace
from stripe_shell.repl.commands import PromptCommand
from stripe_shell.suggest.arguments import suggest_script_files

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession


def _save(session: ReplSession, name: str) -> None:
    """Write what has passed in this session as a script."""
    if not name:
        raise UsageError("which file? e.g. @save setup.stripe")
    if not session.kept:
        raise UsageError("there is nothing to save yet: no block has passed")
    path = Path(name if Path(name).suffix else f"{name}.stripe").expanduser()
    items = tuple(_public(item, session) for item in session.kept)
    text = session.console.secrets.mask(format_script(Script(items, SourceText(str(path), ""))))
    try:
        create_text(path, text)
    except FileExistsError:
        raise UsageError(f"{path} exists already; save under another name") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from error
    session.console.message(f"{len(items)} saved to {path}")


def _public(item: ScriptItem, session: ReplSession) -> ScriptItem:
    """Returns the item as it is saved: with secrets read from the environment."""
    if not (isinstance(item, Directive) and item.name == "secret" and isinstance(item.argument, Assignment)):
        return item
    name, span = item.argument.name, item.argument.value.span
    value = Value("bare", (Reference("env", name, (), None, f"env:{name}", span),), span)
    session.console.message(f"the file takes the secret `{name}` from the environment variable {name}")
    return replace(item, argument=replace(item.argument, value=value))


COMMAND = PromptCommand(_save, "FILE", completes=suggest_script_files)
