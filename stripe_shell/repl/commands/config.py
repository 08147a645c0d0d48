"""`@config [edit]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.errors import UsageError
from stripe_shell.repl.commands import PromptCommand
from stripe_shell.suggest.answers import suggest_edit

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession


def _config(session: ReplSession, argument: str) -> None:
    """Show the settings of the prompt and their file; `edit` opens it in an editor."""
    from stripe_shell.repl.settings import MEANINGS, settings_file

    if argument == "edit":
        _edit(session)
        return
    if argument:
        raise UsageError("@config shows the settings, `@config edit` opens them")
    path = settings_file(session.scope.environment)
    lines = [f"{path}{'' if path.exists() else ' (not there: all of these are defaults)'}"]
    for name, meaning in MEANINGS.items():
        value = getattr(session.settings, name)
        shown = ", ".join(f"{key} = {style}" for key, style in value.items()) if name == "colors" else f'"{value}"'
        lines.append(f"  {name:<10} {shown or '-':<22} {meaning}")
    session.console.result("\n".join(lines))


def _edit(session: ReplSession) -> None:
    from stripe_shell.files import write_text
    from stripe_shell.repl.editor import edit_text
    from stripe_shell.repl.settings import read_prompt_settings, settings_file, template
    from stripe_shell.secrets import public_environment

    path = settings_file(session.scope.environment)
    environ = public_environment(session.scope.environment, session.console.secrets)
    try:
        before = path.read_text(encoding="utf-8") if path.exists() else template()
        after = edit_text(before, environ)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_text(path, after)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be edited: {getattr(error, 'strerror', None) or error}") from error
    settings, problems = read_prompt_settings(session.scope.environment)
    session.console.diagnostics(problems)
    session.use(settings)
    session.console.message("in use; `theme`, `keys` and `colors` from the next start on")


COMMAND = PromptCommand(_config, "[edit]", completes=suggest_edit)
