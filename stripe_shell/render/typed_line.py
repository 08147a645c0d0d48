"""The line at the prompt that was submitted, for the diagnostics that stand under it."""

from __future__ import annotations

from stripe_shell.records import record


@record
class TypedLine:
    """A line at the prompt, which begins at column `indent` of the screen."""

    text: str
    indent: int
