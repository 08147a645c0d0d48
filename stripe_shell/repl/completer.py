"""The completion menu: a thin layer over `suggest`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from prompt_toolkit.application import get_app_or_none
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from stripe_shell.repl.commands import commands
from stripe_shell.repl.destination import live_words
from stripe_shell.repl.menu import WordCompletion, menu_entered, offer
from stripe_shell.repl.nearby import block_around
from stripe_shell.repl.session import ReplSession

if TYPE_CHECKING:
    from stripe_shell.lang.cursor import CursorContext
    from stripe_shell.suggest.suggestion import Suggestion, SuggestionSources

_WIDEST_META = 44
_TWO_DAYS = 172_800


class BlockCompleter(Completer):
    """Completes the current block with the suggestions of `suggest`, all of them from memory."""

    def __init__(self, session: ReplSession) -> None:
        self._session = session

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        """The suggestions at the cursor. Those that only help who asks for them wait for Tab."""
        from stripe_shell.lang.cursor import cursor_context
        from stripe_shell.suggest.menu import suggest

        text, cursor = block_around(document.text, document.cursor_position)
        context = cursor_context(text, cursor)
        self._session.offered = None
        if context.kind == "none" or not (complete_event.completion_requested or _opens_by_itself(context)):
            return
        rest = _rest_of_word(context, text[cursor : context.end])
        widest = _widest_meta()
        following = text[cursor + rest : cursor + rest + 1]
        for suggestion in suggest(context, suggestion_sources(self._session, context)):
            yield WordCompletion(
                _fitted(suggestion, following),
                start_position=suggestion.start - cursor,
                display=f"{suggestion.display}*" if suggestion.required else suggestion.display,
                display_meta=_shortened(suggestion.meta, widest),
                style="class:completion-menu.required" if suggestion.required else "",
                rest=rest,
            )


def _opens_by_itself(context: CursorContext) -> bool:
    return bool(context.prefix) or context.kind != "action"


def _rest_of_word(context: CursorContext, behind: str) -> int:
    """How many characters of what stands behind the cursor belong to the word; a list is completed item by item."""
    return len(behind.partition(",")[0]) if context.kind == "value" else len(behind)


def suggestion_sources(session: ReplSession, context: CursorContext) -> SuggestionSources:
    """Returns the sources of suggestions for the current block: connections, commands, names, known ids."""
    from stripe_shell.repl.named import block_names
    from stripe_shell.repl.snapshot_names import snapshot_names
    from stripe_shell.suggest.suggestion import SuggestionSources

    scope = session.scope
    return SuggestionSources(
        table=session.table(context.connection),
        known=session.known,
        place=session.id_scope(context.connection),
        connections=_connection_words(session),
        names=_names(session),
        environment=scope.environment.keys(),
        commands=commands(),
        document=scope.settings.spec != "stripe",
        now=session.environment.clock(),
        fetch=lambda noun: _fetch(session, context.connection, noun),
        date_of=lambda text: _date(text, session.environment.clock()),
        blocks=lambda: block_names(scope.environment),
        snapshots=lambda: snapshot_names(session, offered_again()),
    )


def _fetch(session: ReplSession, connection: str | None, noun: str) -> None:
    """Fetches the ids of a kind where the block goes, and offers them when they arrive at the same text."""
    from stripe_shell.repl.fetching import fetch_in_background

    place = session.id_scope(connection)
    session.offered = (place, noun) if place is not None else None
    if place is not None and session.fetches and get_app_or_none() is not None:
        fetch_in_background(session, place, noun, offered_again())


def offered_again() -> Callable[[], object]:
    """Returns a function for any thread that offers the menu again, unless the text has changed by then."""
    app = get_app_or_none()
    if app is None or app.loop is None:
        return lambda: None
    loop, buffer = app.loop, app.current_buffer
    document = buffer.document

    def offer_again() -> None:
        if app.is_running and buffer.document == document and not menu_entered():
            offer(buffer)
            app.invalidate()

    return lambda: loop.call_soon_threadsafe(offer_again)


def _date(text: str, now: float) -> str:
    """The date of `now+14d` in words, with the time for what is less than two days away."""
    from stripe_shell.engine.times import RunClock, parse_time

    moment = parse_time(text, RunClock(int(now)))
    if not isinstance(moment, int):
        return ""
    near = abs(moment - now) < _TWO_DAYS
    return time.strftime("%a %d %b %Y %H:%M UTC" if near else "%a %d %b %Y", time.gmtime(moment)).replace(" 0", " ")


def _connection_words(session: ReplSession) -> Mapping[str, str]:
    found = (session.connections.get(name) for name in session.connections.names)
    return {each.name: each.problem or live_words(each) or each.mode for each in found if each is not None}


def _names(session: ReplSession) -> Mapping[str, Any]:
    """Returns the first words of references: saved responses, variables (secret ones masked), built-in names."""
    scope = session.scope
    captures = {name: capture.body for name, capture in scope.captures.items()}
    variables = {name: "********" if name in scope.secrets else value for name, value in scope.variables.items()}
    return {**captures, **variables, "now": "epoch seconds", "uuid": "a new one for each block"}


def _fitted(suggestion: Suggestion, following: str) -> str:
    """Returns the text without the part that already follows the cursor; closes the brace of a reference."""
    text = suggestion.text
    if following == " ":
        text = text.removesuffix(" ")
    if following in {":", "="}:
        return text.rstrip(": =")
    if suggestion.kind == "reference" and not text.endswith((":", "}")) and following != "}":
        return f"{text}}}"
    return text


def _widest_meta() -> int:
    """Returns the most characters of the right column: more on a wide terminal."""
    app = get_app_or_none()
    return max(_WIDEST_META, app.output.get_size().columns // 2) if app else _WIDEST_META


def _shortened(meta: str, widest: int) -> str:
    return meta if len(meta) <= widest else f"{meta[: widest - 1]}…"
