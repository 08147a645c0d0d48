"""`@name NAME [BLOCK]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stripe_shell.errors import UsageError
from stripe_shell.repl.commands import PromptCommand
from stripe_shell.suggest.answers import suggest_later_block

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession


def _name(session: ReplSession, argument: str) -> None:
    """Keep a block under a name for @do, by default the last one; without a name, list them; `drop NAME` forgets."""
    from stripe_shell.repl.named import block_folder, block_names, drop_block, keep_block

    name, _, text = argument.partition(" ")
    text = text.strip()
    if not name:
        names = block_names(session.scope.environment)
        session.console.result(
            "\n".join(names) or f"none yet; they are kept in {block_folder(session.scope.environment)}"
        )
    elif name == "drop" and text:
        drop_block(session, text)
        session.console.message(f"`{text}` is forgotten")
    elif not text and not session.typed:
        raise UsageError(f"what is `{name}`? e.g. @name {name} create refund charge=${{charge}}")
    else:
        path = keep_block(session, name, text or session.typed)
        session.console.message(f"@do {name} runs it; kept in {path}")


COMMAND = PromptCommand(_name, "NAME [BLOCK]", completes=suggest_later_block)
