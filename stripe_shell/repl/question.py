"""The question before a live write: what will happen in words, and what has to be typed."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from stripe_shell.diagnostics import SourceText
from stripe_shell.errors import ShellError
from stripe_shell.records import record
from stripe_shell.repl.abandon import account_name, waited
from stripe_shell.repl.destination import destination
from stripe_shell.repl.short_ways import entity_of_id

if TYPE_CHECKING:
    from stripe_shell.connections import Connection
    from stripe_shell.engine.resolve import BlockCall
    from stripe_shell.repl.session import ReplSession

Body = Mapping[str, Any]

_AMOUNTS = ("amount", "unit_amount", "amount_to_capture")

#: Parameters that name the object which a call without an id in its path is about, the nearest first.
_SUBJECTS = ("payment_intent", "charge", "invoice", "subscription", "source_transaction", "customer", "account")

_VERBS = {
    "create": "creates",
    "update": "changes",
    "delete": "deletes for good",
    "cancel": "cancels",
    "capture": "captures",
    "confirm": "confirms",
    "pay": "pays",
    "void_invoice": "voids",
    "finalize_invoice": "finalizes",
    "refund": "refunds",
    "reverse": "reverses",
}

#: The seconds that the question waits for the object that it is about.
_PATIENCE = "5s"


@record
class LiveQuestion:
    """A question before a live write. Any of `accepted` sends it; `asked` says what they are."""

    words: str
    accepted: tuple[str, ...]
    asked: str

    @property
    def text(self) -> str:
        """The question as it is shown."""
        return f"{self.words}\nType {self.asked} to send it, d to see the request: "


def where(session: ReplSession, connection: Connection) -> str:
    """Returns `LIVE stripe Acme …9x2f via …`, the beginning of every question."""
    mode = "LIVE" if connection.mode == "live" else "LIVE for all we know:"
    return f"{mode} {destination(session, connection).label()}"


def question_for(session: ReplSession, connection: Connection, call: BlockCall) -> LiveQuestion:
    """Returns the question for a call. Sends at most one GET, for the object or the account that it is about."""
    identifier = subject_of(call)
    subject = _known(session, identifier) or _fetched(session, connection, call, identifier)
    accepted, asked = _word(session, connection, call)
    return LiveQuestion(f"{where(session, connection)}: this {_sentence(call, identifier, subject)}.", accepted, asked)


def question_for_account(session: ReplSession, connection: Connection, words: str) -> LiveQuestion:
    """Returns a question that is answered by the end of the account's id."""
    accepted, asked = _account_word(session, connection)
    return LiveQuestion(f"{where(session, connection)}: {words}", accepted, asked)


def question_for_count(session: ReplSession, connection: Connection, count: int) -> LiveQuestion:
    """Returns the question for a loop, which is answered by the number of its writes."""
    words = f"{where(session, connection)}: this loop sends {count:,} writes."
    return LiveQuestion(words, (str(count),), f"{count}, the number of writes,")


def question_at_random(session: ReplSession, connection: Connection) -> LiveQuestion:
    """Returns the question for a write that is not known yet."""
    accepted, asked = _random_word()
    return LiveQuestion(f"{where(session, connection)}: a write whose references have no value yet.", accepted, asked)


def subject_of(call: BlockCall) -> str:
    """Returns the id of the object that the call is about: that of its path, else of its parameters, else nothing."""
    named = [str(value) for value in call.path_params.values()]
    if named:
        return named[-1]
    found = (call.params.get(name) for name in _SUBJECTS)
    return next((value for value in found if isinstance(value, str) and "_" in value), "")


# --- what happens ---------------------------------------------------------------------------------------


def _sentence(call: BlockCall, identifier: str, subject: Body | None) -> str:
    operation = call.operation
    verb = _VERBS.get(operation.action, f"carries out `{operation.action}` on")
    own = bool(call.path_params)
    kind = operation.entity.replace("_", " ")
    about = _about(identifier, subject)
    facts = list(_facts(call, subject))
    if own:
        return f"{verb} the {kind} {about}{': ' if facts else ''}{', '.join(facts)}"
    article = "an" if kind[0] in "aeiou" else "a"
    return f"{verb} {article} {kind}{''.join(f', {fact}' for fact in facts)}{f', for {about}' if about else ''}"


def _about(identifier: str, subject: Body | None) -> str:
    """Returns `Ann Lee · ann@x.co (cus_…)`."""
    if not identifier:
        return ""
    label = " · ".join(_label(subject)) if subject else ""
    return f"{label} ({identifier})" if label else identifier


def _label(body: Body) -> Iterator[str]:
    for name in ("name", "email", "description", "nickname"):
        if isinstance(body.get(name), str) and body[name]:
            yield " ".join(body[name].split())[:40]
    amount = next((body[name] for name in ("amount", "amount_due", "unit_amount") if _whole(body.get(name))), None)
    if amount is not None and isinstance(body.get("currency"), str):
        yield _money(amount, body["currency"])
    if isinstance(body.get("status"), str):
        yield str(body["status"])


def _facts(call: BlockCall, subject: Body | None) -> Iterator[str]:
    amount = _amount(call)
    if amount is not None:
        yield _money(amount, _currency(call, subject))
    elif call.operation.entity == "refund" and call.operation.action == "create":
        yield "of everything that is left"
    if isinstance(call.params.get("email"), str):
        yield f"email {call.params['email']}"
    others = [name for name in call.params if name not in {*_AMOUNTS, "currency", "email", *_SUBJECTS}]
    if others:
        yield f"with {', '.join(others[:6])}{', …' if len(others) > 6 else ''}"
    if call.account:
        yield f"on the account {call.account}"


def _amount(call: BlockCall) -> int | None:
    found = (call.params.get(name) for name in _AMOUNTS)
    return next((int(str(value)) for value in found if _whole(value)), None)


def _whole(value: Any) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, str) and value.isdecimal())


def _currency(call: BlockCall, subject: Body | None) -> str:
    return str(call.params.get("currency") or (subject or {}).get("currency") or "")


def _money(amount: int, currency: str) -> str:
    if not currency:
        return str(amount)
    from stripe_shell.render.cards.money import money_text

    return money_text(int(amount), currency)


# --- what is typed --------------------------------------------------------------------------------------


def _word(session: ReplSession, connection: Connection, call: BlockCall) -> tuple[tuple[str, ...], str]:
    named = [str(value) for value in call.path_params.values()]
    if named:
        end = named[-1][-6:]
        return (named[-1], end), named[-1] if end == named[-1] else f"{named[-1]} or its last six characters"
    amount, email = _amount(call), call.params.get("email")
    if amount is not None:
        return (str(amount),), f"{amount}"
    if isinstance(email, str) and email:
        return (email,), email
    subject = subject_of(call)
    if subject:
        return (subject, subject[-6:]), f"{subject} or its last six characters"
    return _account_word(session, connection)


def _account_word(session: ReplSession, connection: Connection) -> tuple[tuple[str, ...], str]:
    identifier = session.scope.settings.account or connection.account or _own_account(session, connection)
    if not identifier:
        return _random_word()
    return (identifier, identifier[-4:]), f"{identifier[-4:]}, the end of the account's id,"


def _random_word() -> tuple[tuple[str, ...], str]:
    number = f"{secrets.randbelow(9000) + 1000}"
    return (number,), number


def _own_account(session: ReplSession, connection: Connection) -> str:
    """Returns the id of the key's own account, fetched once; empty if the key may not read it."""
    place = (connection.name, connection.mode)
    if place not in session.accounts:
        body = _read(session, f"/{connection.name}\naction: get\nentity: /v1/account\n") or {}
        session.accounts[place] = (str(body.get("id") or ""), account_name(body))
    return session.accounts[place][0]


# --- what the session knows -----------------------------------------------------------------------------


def _known(session: ReplSession, identifier: str) -> Body | None:
    """Returns the object from the saved responses of the session."""
    bodies = (capture.body for capture in session.scope.captures.values())
    return next(
        (body for body in bodies if isinstance(body, dict) and identifier and body.get("id") == identifier), None
    )


def _fetched(session: ReplSession, connection: Connection, call: BlockCall, identifier: str) -> Body | None:
    entity = entity_of_id(identifier, session.engine.table) if identifier else None
    operation = session.engine.table.operation("retrieve", entity) if entity else None
    if operation is None or len(operation.path_params) != 1:
        return None
    account = f"@account {call.account}\n" if call.account else ""
    own = next(iter(operation.path_params))
    text = f"/{connection.name}\naction: retrieve\nentity: {entity}\n{own}: {identifier}\n{account}"
    return _read(session, text)


def _read(session: ReplSession, text: str) -> Body | None:
    """Returns the body of a block that reads, None if it fails or the user stops waiting."""
    from stripe_shell.engine.load import load_program

    items = load_program(SourceText("<prompt>", f"{text}@timeout {_PATIENCE}\n"), prompt=True).items
    session.begin_progress()
    engine = session.engine.observed(session.progress.observer())
    try:
        steps = list(waited(session, engine.run(items, session.scope, run_id=session.begin_run())))
    except ShellError:
        return None
    outcome = steps[-1].outcome if steps else None
    body = outcome.body if outcome is not None and outcome.status == "passed" else None
    return body if isinstance(body, dict) else None
