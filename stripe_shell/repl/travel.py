"""Undo, snapshots and clocks of the prompt's sandbox, with short reports of the changes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from stripe_shell.errors import UsageError
from stripe_shell.spec.currencies import decimals
from stripe_shell.wire import Request

if TYPE_CHECKING:
    from stripe_shell.repl.session import ReplSession

Json = dict[str, Any]

#: Event types that stand for an amount of money: the word for them, and the member of the object.
_MONEY = {
    "invoice.paid": ("invoices paid", "amount_paid"),
    "invoice.payment_failed": ("invoices not paid", "amount_due"),
    "charge.succeeded": ("charges", "amount"),
    "charge.failed": ("charges declined", "amount"),
    "charge.refunded": ("refunds", "amount_refunded"),
    "payout.paid": ("payouts", "amount"),
}
#: Event types that a person would ask about, in words.
_WORDS = {
    "customer.subscription.trial_will_end": "trials end in three days",
    "customer.subscription.deleted": "subscriptions ended",
    "customer.subscription.paused": "subscriptions paused",
    "subscription_schedule.completed": "schedules completed",
    "invoice.upcoming": "invoices coming up",
}
_MOST_SHOWN = 6


def wait_for_sandbox(session: ReplSession, route: str, **body: Any) -> Json:
    """Sends a request as `ask_sandbox` does, with the waiting line. Raises UsageError after Ctrl-C, too."""
    from stripe_shell.repl.asking import wait_for_work

    return wait_for_work(
        session, lambda _: ask_sandbox(session, route, **body), f"@{route}", "the sandbox goes on with it"
    )


def ask_sandbox(session: ReplSession, route: str, **body: Any) -> Json:
    """Sends a request to a route of the sandbox's own. Raises UsageError elsewhere, and for what it refuses."""
    connection = session.connection
    if connection.kind != "sandbox":
        raise UsageError(
            f"/{connection.name} is no sandbox: what was sent to Stripe cannot be taken back; "
            "`@connect sandbox` goes to the one on this machine"
        )
    headers = {"Content-Type": "application/json"}
    response = connection.send(Request("POST", f"/_sandbox/{route}", body=json.dumps(body).encode(), headers=headers))
    found: Json = response.json()
    if not response.ok:
        raise UsageError(str(found["error"]["message"]))
    return found


def forget_ids(session: ReplSession) -> None:
    """Forgets the ids that were seen in the sandbox: some of them may be gone."""
    place = session.id_scope()
    if place is not None:
        session.known.forget_place(place)


def unsaved_words(count: int) -> Iterator[str]:
    """Yields how many blocks `@save` leaves out from now on, nothing for none."""
    if count:
        yield f"  {count} {'block is' if count == 1 else 'blocks are'} no longer in what @save writes"


def undone_lines(undone: Mapping[str, Any]) -> Iterator[str]:
    """Yields what `@undo` took back: the write, then its objects; events are counted."""
    yield f"undone: {undone['title']}"
    opposite = {"created": "is gone again", "changed": "is as before", "gone": "is there again"}
    shown = [each for each in undone["objects"] if each[1] != "event"]
    for verb, kind, name in shown[:_MOST_SHOWN]:
        yield f"  {kind} {name} {opposite[verb]}"
    if len(shown) > _MOST_SHOWN:
        yield f"  and {len(shown) - _MOST_SHOWN} more objects"
    events = len(undone["objects"]) - len(shown)
    if events:
        yield f"  {events} {'event is' if events == 1 else 'events are'} gone"


def clock_lines(moved: Mapping[str, Any]) -> Iterator[str]:
    """Yields how far the clocks moved, and what happened meanwhile: money first, then the rest by type."""
    for row in moved["clocks"]:
        clock = row["clock"]
        failed = "" if clock["status"] == "ready" else f"  {clock['status']}: what was due could not be done"
        name = clock["name"] or clock["id"]
        yield f"{name}  {moment_text(row['before'])} → {moment_text(clock['frozen_time'])}{failed}"
    events = [each for each in moved["events"] if not each["type"].startswith("test_helpers.")]
    if not events:
        yield "nothing happened meanwhile"
        return
    counts = Counter(str(each["type"]) for each in events)
    for kind, (word, member) in _MONEY.items():
        if count := counts.pop(kind, 0):
            objects = [each["data"]["object"] for each in events if each["type"] == kind]
            yield f"  {word:<25} {count:>4}   {', '.join(_sums(objects, member))}"
    for kind, word in _WORDS.items():
        if count := counts.pop(kind, 0):
            yield f"  {word:<25} {count:>4}"
    rest = ", ".join(f"{kind} ({count})" if count > 1 else kind for kind, count in counts.most_common(_MOST_SHOWN))
    more = f", +{len(counts) - _MOST_SHOWN} types" if len(counts) > _MOST_SHOWN else ""
    yield f"  {'events in all':<25} {len(events):>4}   {rest}{more}".rstrip()


def _sums(objects: Iterable[Json], member: str) -> list[str]:
    """Returns the sums of a member by currency."""
    sums: Counter[str] = Counter()
    for each in objects:
        sums[str(each.get("currency") or "")] += int(each.get(member) or 0)
    return [money_text(amount, currency) for currency, amount in sums.items()]


def money_text(amount: int, currency: str) -> str:
    """Returns an amount in the smallest unit as `20.00 USD`."""
    places = decimals(currency)
    whole, rest = divmod(amount, 10**places)
    return f"{whole:,}{f'.{rest:0{places}}' if places else ''} {currency.upper()}"


def moment_text(seconds: int) -> str:
    """Returns `28 Nov 2026 15:08`, in UTC."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment.day} {moment:%b %Y %H:%M}"
