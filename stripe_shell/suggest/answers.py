"""Completion of the commands on the last answer: its rows, members of its rows, saved names, and whole blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stripe_shell.lang.cursor import CursorContext, cursor_context
from stripe_shell.records import replace
from stripe_shell.suggest.choice import choose, choose_paths
from stripe_shell.suggest.known import label_of
from stripe_shell.suggest.responses import PathName, reference_paths
from stripe_shell.suggest.suggestion import Suggestion, SuggestionSources

#: How many rows of an answer are looked at for the members that it has.
_ROWS = 20
#: How many rows are offered by their number.
_NUMBERED = 50
_STEPS = {"+1h": "an hour", "+1d": "a day", "+7d": "a week", "+1mo": "a month", "+1y": "a year"}
_INTERVALS = {"5s ": "every five seconds", "30s ": "", "1m ": "every minute"}
_WINDOWS = {"10m": "creates and updates for ten minutes", "1h": "for an hour", "off": "ask before each write again"}
_UNITS = {"day": "a bar a day", "week": "", "month": ""}


def suggest_opened(context: CursorContext, sources: SuggestionSources) -> list[Suggestion]:
    """Suggests the rows of the last answer by number, and the members of a single object."""
    if context.before:
        return []
    body = sources.names.get("last")
    rows = body.get("data") if isinstance(body, Mapping) else None
    if not isinstance(rows, list):
        return choose_paths(context, _members([body], context.prefix))
    numbered = enumerate(rows[:_NUMBERED], 1)
    words = {
        str(number): label_of(row) or str(row.get("id", "")) for number, row in numbered if isinstance(row, Mapping)
    }
    return [*choose(context, words, "value", loose=False), *choose_paths(context, _members([body], context.prefix))]


def suggest_members(context: CursorContext, sources: SuggestionSources) -> list[Suggestion]:
    """Suggests members of the rows of the last answer; in a list, `a,b`, and after the minus of `@sort` as well."""
    typed = context.prefix.rpartition(",")[2].removeprefix("-")
    inner = replace(context, start=context.start + len(context.prefix) - len(typed), prefix=typed)
    taken = set(context.prefix.split(",")[:-1])
    return choose_paths(inner, (path for path in _members(_rows(sources), typed) if path.text not in taken))


def suggest_grouped(context: CursorContext, sources: SuggestionSources) -> list[Suggestion]:
    """Suggests `PATH by PATH`, then what groups times."""
    words = context.before.split()
    if "by" in words and words[-1] != "by":
        return choose(context, _UNITS, "value") if words[-2:-1] == ["by"] else []
    members = suggest_members(context, sources) if len(words) < 2 or words[-1] == "by" else []
    if words[-1:] == ["by"]:
        return members
    by = choose(context, {"by ": "one line for each value of a member"}, "operator")
    return [*members, *by]


def suggest_saved(context: CursorContext, sources: SuggestionSources) -> list[Suggestion]:
    """Suggests the names of saved responses."""
    saved = {name: str(value.get("id") or "") for name, value in sources.names.items() if isinstance(value, Mapping)}
    return choose(context, saved, "value") if len(context.before.split()) < 2 else []


def suggest_block(context: CursorContext, sources: SuggestionSources) -> list[Suggestion]:
    """Suggests what may come next in a block that is the argument of a command."""
    return _suggest_inner(context, sources, context.before + context.prefix)


def suggest_later_block(context: CursorContext, sources: SuggestionSources) -> list[Suggestion]:
    """Suggests a block after the first word of an argument, which is the user's own."""
    if not context.before:
        return []
    _, _, text = f"{context.before}{context.prefix}".lstrip().partition(" ")
    return _suggest_inner(context, sources, text.lstrip())


def suggest_repeated(context: CursorContext, sources: SuggestionSources) -> list[Suggestion]:
    """Suggests how often a block is repeated, then the block."""
    return suggest_later_block(context, sources) if context.before else choose(context, _INTERVALS, "value")


def _suggest_inner(context: CursorContext, sources: SuggestionSources, text: str) -> list[Suggestion]:
    """Suggests for a block that ends at the cursor."""
    from stripe_shell.suggest.menu import suggest

    inner = cursor_context(text, len(text))
    if inner.kind == "command":
        return []
    moved = context.start + len(context.prefix) - len(text)
    return [replace(each, start=each.start + moved) for each in suggest(inner, sources)]


def suggest_steps(context: CursorContext, sources: SuggestionSources) -> list[Suggestion]:
    """Suggests how far a clock may be moved, with the date it then has."""
    words = {step: sources.date_of(f"now{step}") or meaning for step, meaning in _STEPS.items()}
    return [] if context.before else choose(context, words, "value")


def suggest_window(context: CursorContext, _: SuggestionSources) -> list[Suggestion]:
    """Suggests for how long `@live` lets writes through."""
    return [] if context.before else choose(context, _WINDOWS, "value")


def suggest_edit(context: CursorContext, _: SuggestionSources) -> list[Suggestion]:
    """Suggests what `@config` can do besides showing the settings."""
    return [] if context.before else choose(context, {"edit": "open their file in the editor"}, "value")


def suggest_snapshots(context: CursorContext, sources: SuggestionSources) -> list[Suggestion]:
    """Suggests the snapshots of the sandbox."""
    return [] if context.before else choose(context, sources.snapshots(), "value")


def suggest_dropped(context: CursorContext, sources: SuggestionSources) -> list[Suggestion]:
    """Suggests `drop`, and behind it the snapshots of the sandbox."""
    if context.before.split() == ["drop"]:
        return choose(context, sources.snapshots(), "value")
    return [] if context.before else choose(context, {"drop ": "remove a snapshot"}, "operator")


def _rows(sources: SuggestionSources) -> list[Any]:
    body = sources.names.get("last")
    rows = body.get("data") if isinstance(body, Mapping) else None
    return rows[:_ROWS] if isinstance(rows, list) else [body]


def _members(rows: list[Any], typed: str) -> Iterator[PathName]:
    """Yields the members that any of the rows has, one name longer than what was typed, each once."""
    seen: set[str] = set()
    for row in rows:
        for path in reference_paths(row, f"row.{typed}"):
            text = path.text.removeprefix("row.")
            if text not in seen:
                seen.add(text)
                yield PathName(text, path.meta)
