"""Pasted calls in other forms: shown as a block while they stand at the prompt, and taken as one by Enter."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from stripe_shell.convert.foreign import NotConverted
from stripe_shell.convert.pasted import ForeignBlock, block_of, form_of
from stripe_shell.diagnostics import SourceText, has_errors
from stripe_shell.lang.parser import parse

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession

#: How many lines of a block are shown before it is taken.
_SHOWN = 8

_NAMES = {
    "curl": "a curl command", "tool": "a line of Stripe's tool", "snippet": "a call of a library", "json": "JSON",
    "fence": "a fenced block",
}  # fmt: skip


@lru_cache(maxsize=8)
def foreign_form(text: str) -> str:
    """Returns the form of a text that is no text of the language, empty otherwise; cheap for what is typed."""
    form = form_of(text)
    if not form or form == "fence":
        return form
    _, problems = parse(SourceText("<prompt>", text), prompt=True)
    return form if has_errors(problems) else ""


def looks_finished(text: str) -> bool:
    """Whether Enter takes a call in another form: no line goes on in the next one, and no bracket is open."""
    open_brackets = any(text.count(sign) > text.count(other) for sign, other in ("()", "{}", "[]"))
    return not text.rstrip(" \t").endswith("\\") and not open_brackets


def take_pasted(session: ReplSession, text: str) -> bool:
    """Makes a pasted call the draft of the next prompt, as a block; whether the text was one."""
    form = foreign_form(text)
    if not form:
        return False
    console = session.console
    try:
        block = _block(session, text)
    except NotConverted as error:
        console.message(f"this is {_NAMES[form]}, and no block can be made of it: {error}")
        return True
    for note in block.notes:
        console.message(note)
    session.draft = block.text.rstrip("\n") + "\n"
    return True


def preview_lines(session: ReplSession, text: str) -> Iterator[str]:
    """Yields the block that Enter makes of a text, or why it makes none; nothing for a text of the language."""
    form = foreign_form(text)
    if not form:
        return
    try:
        lines = _block(session, text).text.split("\n")
    except NotConverted as error:
        yield f"{_NAMES[form]}, and no block: {error}"
        return
    yield from lines[:_SHOWN]
    if len(lines) > _SHOWN:
        yield f"… {len(lines) - _SHOWN} more lines"
    yield f"{_NAMES[form]}: Enter takes it as this block"


def _block(session: ReplSession, text: str) -> ForeignBlock:
    return _block_of(text, session.engine.table, session.connection.name, session.scope.settings.spec)


#: The block of the text that stands at the prompt, which is drawn with every key.
_block_of = lru_cache(maxsize=4)(block_of)
