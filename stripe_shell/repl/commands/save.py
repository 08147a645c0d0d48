"""`@save FILE [N..M]`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stripe_shell.diagnostics import SourceText
from stripe_shell.errors import UsageError
from stripe_shell.files import create_text
from stripe_shell.lang.ast import Assignment, Directive, Reference, Script, ScriptItem, Value
from stripe_shell.lang.format import format_script
from stripe_shell.patterns import pattern
from stripe_shell.records import replace
from stripe_shell.repl.commands import PromptCommand
from stripe_shell.suggest.arguments import suggest_script_files

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession

_STEPS = pattern(r"[ \t]+([0-9]{1,6}(?:\.\.[0-9]{1,6})?)\Z")


def _save(session: ReplSession, argument: str) -> None:
    """Write what has passed in this session as a script.

    `N..M` chooses steps of it; without a file they are shown with their numbers.
    """
    if not session.kept.items:
        raise UsageError("there is nothing to save yet: no block has passed")
    if not argument:
        session.console.result("\n".join(_numbered(session)))
        return
    name, steps = _parts(argument)
    path = Path(name if Path(name).suffix else f"{name}.stripe").expanduser()
    items = tuple(_public(item, session) for item in _chosen(session.kept.items, steps))
    text = session.console.secrets.mask(format_script(Script(items, SourceText(str(path), ""))))
    try:
        create_text(path, text)
    except FileExistsError:
        raise UsageError(f"{path} exists already; save under another name") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}") from error
    session.console.message(f"{len(items)} saved to {path}")


def _numbered(session: ReplSession) -> Iterator[str]:
    """Yields what has passed, each with the number of its step."""
    for number, item in enumerate(session.kept.items, 1):
        first, *rest = format_script(Script((item,), SourceText("", ""))).rstrip("\n").split("\n")
        words = " ".join(line.partition(": ")[2] for line in rest[:2]) if first.startswith("/") and rest else ""
        yield session.console.secrets.mask(f"{number:>3}  {first} {words}".rstrip())


def _parts(argument: str) -> tuple[str, str]:
    """Returns the file and the steps of `FILE N..M`; a file's name may have blanks."""
    match = _STEPS.search(argument)
    return (argument[: match.start()], match[1]) if match else (argument, "")


def _chosen(kept: Sequence[ScriptItem], steps: str) -> Sequence[ScriptItem]:
    if not steps:
        return kept
    first, _, last = steps.partition("..")
    start, stop = int(first), int(last or first)
    if not 1 <= start <= stop <= len(kept):
        raise UsageError(f"there are the steps 1..{len(kept)}; @save without a file shows them")
    return kept[start - 1 : stop]


def _public(item: ScriptItem, session: ReplSession) -> ScriptItem:
    """Returns the item as it is saved: with secrets read from the environment."""
    if not (isinstance(item, Directive) and item.name == "secret" and isinstance(item.argument, Assignment)):
        return item
    name, span = item.argument.name, item.argument.value.span
    value = Value("bare", (Reference("env", name, (), None, f"env:{name}", span),), span)
    session.console.message(f"the file takes the secret `{name}` from the environment variable {name}")
    return replace(item, argument=replace(item.argument, value=value))


COMMAND = PromptCommand(_save, "FILE [N..M]", completes=suggest_script_files)
