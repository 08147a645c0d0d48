"""Shows what a step brought: a card, rows or what has changed, then one line that says how the call went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from stripe_shell.escaping import visible
from stripe_shell.records import replace
from stripe_shell.render.cards.card import card_lines, head_line
from stripe_shell.render.cards.rows import row_table
from stripe_shell.render.cards.tree import change_lines, changes, tree_lines
from stripe_shell.render.cards.values import Display
from stripe_shell.render.cells import DIM, paint, text_width
from stripe_shell.render.shape import rows_of
from stripe_shell.repl.caused_events import caused_events, event_types, event_words
from stripe_shell.repl.pager import show_lines
from stripe_shell.repl.results import ShownResult

if TYPE_CHECKING:
    from stripe_shell.engine.outcome import Outcome, OutcomeStatus, RunStep
    from stripe_shell.repl.session import ReplSession

_SIGNS: Mapping[OutcomeStatus, str] = {"passed": "✓", "skipped": "-", "unknown": "?"}
_WORDS: Mapping[OutcomeStatus, str] = {
    "invalid": "not sent",
    "failed": "failed",
    "unexpected": "not as expected",
    "unknown": "outcome unknown",
    "skipped": "skipped",
}

#: Changes that stand on the screen at once.
_MOST_CHANGES = 8


def show_step(session: ReplSession, step: RunStep) -> None:
    """Shows what a step brought; of a row, or of a script that `@run` runs, only a failure."""
    outcome = step.outcome
    if outcome is None:
        return
    if step.row or session.quiet:
        session.tally.add(outcome)
        if outcome.status not in {"passed", "skipped"}:
            session.printer.step(step)
    else:
        show_outcome(session, outcome)


def show_outcome(session: ReplSession, outcome: Outcome) -> None:
    """Shows the result of a block, the line that sums it up, and its diagnostics; and remembers the result."""
    events = caused_events(session, outcome) if session.console.terminal else []
    result = remember(session, outcome, events)
    if not session.console.terminal:
        session.printer.outcome(outcome)
        return
    if result is not None and outcome.written_to is None and not session.results.held:
        show_result(session, result)
    line = status_line(outcome, event_types(events, outcome), session.console.width or 80)
    if line:
        session.console.message(line)
    session.printer.problems(outcome)


def remember(session: ReplSession, outcome: Outcome, events: Iterable[Any] = ()) -> ShownResult | None:
    """Keeps what a success has brought, and returns it; None for an answer that is none."""
    if not outcome.answered_well or outcome.body is None:
        return None
    account = outcome.call.account if outcome.call else None
    place = session.id_scope(outcome.connection, account)
    result = ShownResult(outcome, outcome.body, place)
    if place is not None:
        body = outcome.body
        identifier = body.get("id") if isinstance(body, dict) else None
        result.before = session.results.seen.of(place).get(identifier) if isinstance(identifier, str) else None
        for event in reversed(list(events)):
            session.results.seen.add(place, event["data"]["object"])
        session.results.seen.add(place, body)
    result.following = following_request(result)
    session.results.keep(result)
    return result


def following_request(result: ShownResult) -> Any:
    """Returns the request of the page after the last one that was fetched, None if there is none."""
    from stripe_shell.engine.run.paging import next_page

    request, body = result.outcome.request, result.body
    if request is None or request.writes or not isinstance(body, dict):
        return None
    if not (body.get("has_more") or body.get("next_page_url")):
        return None
    following = next_page(request, body)
    return following if following != request else None


def display_of(session: ReplSession, result: ShownResult | None = None, *, full: bool = False) -> Display:
    """Returns what cards and lists are drawn for now."""
    place = result.place if result else session.id_scope()
    return Display(
        width=session.console.width or 80,
        color=session.console.color,
        now=int(session.environment.clock()),
        known=session.results.seen.of(place) if place else {},
        fields=session.results.fields,
        full=full,
    )


def show_result(session: ReplSession, result: ShownResult, *, full: bool = False) -> None:
    """Shows the body of a success: in the format that was chosen, else as rows, as changes or as a card."""
    if session.printer.format is not None:
        session.console.render(result.body, session.printer.format)
        result.shown = len(rows_of(result.body) or ())
        return
    rows = rows_of(result.body)
    if rows is not None:
        show_rows(session, result, full=full)
    else:
        show_lines(session, _object_lines(session, result, full=full))


def show_rows(session: ReplSession, result: ShownResult, *, full: bool = False) -> None:
    """Shows the rows of a list that do not stand on the screen yet, and what can be done with them."""
    display = display_of(session, result, full=full)
    rows = rows_of(session.console.secrets.mask_data(result.body)) or []
    first = 0 if full else result.shown
    if not rows:
        session.console.message(f"no {_plural(session, result)}")
        return
    table = row_table(rows[first:], display, first + 1)
    result.shown = len(rows)
    show_lines(session, [*table.lines, _footer(session, result, first, table.cut, table.left_out)])


def show_value(session: ReplSession, value: Any, *, full: bool = False, opens: bool = True) -> None:
    """Shows a part of an answer: an object as a card, any other value as a tree; with `full` everything of it.

    Without `opens` a card does not say how `@open` shows the rest.
    """
    masked = session.console.secrets.mask_data(value)
    display = display_of(session, session.results.last)
    rows = rows_of(masked)
    if not full and rows is not None:
        show_lines(session, row_table(rows, display).lines)
    elif not full and isinstance(masked, Mapping) and "object" in masked:
        show_lines(session, card_lines(masked, display, counted=opens))
    else:
        show_lines(session, tree_lines(masked, display))


def _object_lines(session: ReplSession, result: ShownResult, *, full: bool) -> Iterable[str]:
    display = display_of(session, result, full=full)
    body = session.console.secrets.mask_data(result.body)
    if not isinstance(body, Mapping):
        return tree_lines(body, display)
    request, call = result.outcome.request, result.outcome.call
    created = call is not None and call.operation.action == "create"
    if result.before is None or created or request is None or not request.writes or body.get("deleted"):
        return card_lines(body, display)
    return change_view(body, session.console.secrets.mask_data(result.before), display)


def change_view(
    body: Mapping[str, Any], before: Mapping[str, Any], display: Display, *, most: int | None = _MOST_CHANGES
) -> Iterable[str]:
    """Returns the head of an object and what has changed: behind the head if it is one change and has room.

    Of more than `most` changes, the others are counted.
    """
    found = changes(before, body)
    if not found:
        return [head_line(body, display), paint("  nothing has changed", DIM, display.color)]
    if len(found) == 1:
        (path, old, new), head = found[0], head_line(body, display, with_state=False)
        room = display.width - text_width(head_line(body, replace(display, color=False), with_state=False))
        if text_width(f"     {path}  {old} → {new}") <= room:
            return [f"{head}     {next(iter(change_lines(found, display))).strip()}"]
    return [head_line(body, display), *change_lines(found, display, most=most)]


# --- words --------------------------------------------------------------------------------------------------


def status_line(outcome: Outcome, events: list[str], width: int) -> str:
    """Returns `✓ create customer  12 ms  req_…  → customer.created, +2 events`; empty for a list that was shown."""
    response = outcome.response
    is_list = outcome.status == "passed" and rows_of(outcome.body) is not None
    if is_list and not outcome.written_to and not outcome.saved_as and outcome.rows_written is None:
        return ""
    word = "" if outcome.status == "failed" and response is not None else _WORDS.get(outcome.status, "")
    facts = [f"{_SIGNS.get(outcome.status, '✗')} {outcome.name}", word]
    if response is not None:
        facts += ["" if response.ok else str(response.status), f"{response.elapsed:.0f} ms", outcome.request_id or ""]
        facts += ["replayed"] * bool(response.header("Idempotent-Replayed"))
    if outcome.written_to:
        rows = outcome.rows_written or 0
        facts.append(f"{rows:,} {'row' if rows == 1 else 'rows'} → {outcome.written_to}")
    facts += [f"as {outcome.saved_as}"] * bool(outcome.saved_as) + [outcome.reason]
    line = visible("  ".join(fact for fact in facts if fact))
    return f"{line}  → {event_words(events, width - text_width(line) - 4)}" if events else line


def _footer(
    session: ReplSession, result: ShownResult, first: int, cut: tuple[str, ...], left_out: tuple[str, ...]
) -> str:
    """Returns `11-20 of 130+ · Enter next page · @open 12 · …`, as much of it as there is room for."""
    width, color = session.console.width or 80, session.console.color
    facts = [_count(session, result, first)]
    facts += ["Enter next page"] * (result.following is not None)
    facts += [f"@open {first + min(2, result.shown - first)}"]
    if cut:
        facts.append(f"{', '.join(cut)} cut, @full shows all")
    elif left_out:
        facts.append("@full")
    facts.append(f"@out {_plural(session, result)}.csv")
    line = facts[0]
    for fact in facts[1:]:
        line = f"{line} · {fact}" if text_width(f"{line} · {fact}") <= width else line
    return paint(line, DIM, color)


def _count(session: ReplSession, result: ShownResult, first: int) -> str:
    body = result.body
    shown = f"{first + 1}-{result.shown}" if first else f"{result.shown:,}"
    if isinstance(body, dict) and isinstance(body.get("total_count"), int):
        return f"{shown} of {body['total_count']:,}"
    if result.following is None:
        rows = result.shown
        return f"{shown} of {rows:,}" if first else f"{rows:,} {'row' if rows == 1 else 'rows'}"
    return f"{shown} of {max(_known_count(session, result), result.shown):,}+"


def _known_count(session: ReplSession, result: ShownResult) -> int:
    """Returns how many objects of the kind the session knows, if the list is of all of them."""
    rows, call = rows_of(result.body), result.outcome.call
    filters = set(call.params) - {"limit", "starting_after", "ending_before", "expand"} if call else {"?"}
    if not rows or filters or result.place is None or not isinstance(rows[0], dict):
        return 0
    return session.known.count(result.place, str(rows[0].get("object")))


def _plural(session: ReplSession, result: ShownResult) -> str:
    call = result.outcome.call
    if call is None:
        return "rows"
    return session.engine.table.plural(call.operation.entity).rpartition(".")[2]
