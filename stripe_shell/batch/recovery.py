"""Writes that an earlier process of a run left without an answer: sent again, byte for byte, under the same keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stripe_shell.batch.captures import capture
from stripe_shell.batch.journal import DONE
from stripe_shell.batch.journal_state import StepKey, StepState
from stripe_shell.batch.ledger import JournalLedger
from stripe_shell.batch.recorded_request import request_hash, restore_request
from stripe_shell.engine.links import Link, Links
from stripe_shell.errors import OutcomeUnknown
from stripe_shell.records import record
from stripe_shell.wire import Request, Response

#: Stripe keeps idempotency keys for 24 hours (v1) and 30 days (v2): a write is sent again for so many seconds.
RESEND_V1 = 23 * 3600
RESEND_V2 = 29 * 24 * 3600


@record
class OpenWrite:
    """A write whose outcome is unknown: its row, its step, its key, and how long ago it was first sent (seconds)."""

    row: str
    step: str
    key: str
    age: float
    request: str

    @property
    def too_old(self) -> bool:
        """Whether Stripe may have forgotten the key."""
        return self.age > (RESEND_V2 if " /v2/" in self.request else RESEND_V1)

    def __str__(self) -> str:
        """Returns the write in one line."""
        row = f" in {self.row}" if self.row else ""
        return f"{self.step}{row}: {self.request}, key {self.key}, sent {self.age / 3600:.1f} h ago"


def open_writes(ledger: JournalLedger) -> list[OpenWrite]:
    """Returns the writes without an answer. Time that a clock was set back does not make them younger."""
    now = max(ledger.clock(), ledger.state.latest)
    found = []
    for (_, step, _), state in ledger.state.open_steps():
        intent: Mapping[str, Any] = state.intent or {}
        recorded = intent.get("q") or {}
        entry = ledger.table.get(step)
        name = entry.name if entry else _old_name(ledger, step)
        path = recorded.get("p")
        request = f"{recorded.get('m', 'POST')} {path if isinstance(path, str) else '…'}"
        found.append(OpenWrite(intent.get("n", ""), name, str(intent.get("k")), now - state.first_sent, request))
    return found


def resend_open_writes(ledger: JournalLedger, links: Links) -> Iterator[Response]:
    """Sends each write without an answer again, journals the responses and yields them.

    Leaves writes that the journal holds no request of to the run itself. Raises TransportError.
    """
    for key, state in ledger.state.open_steps():
        intent = state.intent or {}
        link = links.find(intent.get("cn"), None)
        request = restore_request(intent["q"], ledger.secrets, intent.get("k")) if intent.get("q") else None
        if request is None or not isinstance(link, Link) or request_hash(request) != intent["rh"]:
            continue
        response = _settle_delete(link, request, link.transport.send(request))
        if response.status in {401, 403, 409, 429} or response.status >= 500:
            raise OutcomeUnknown(
                f"Outcome unknown: {request.method} {request.path} answered {response.status} (key {intent['k']})."
            )
        _journal(ledger, key, state, request, response)
        yield response


def _settle_delete(link: Link, request: Request, response: Response) -> Response:
    """Returns a success for a deletion that finds nothing: the first attempt has deleted or canceled the object.

    What is canceled can still be read. Raises TransportError.
    """
    if request.method != "DELETE" or response.status != 404:
        return response
    headers = {name: value for name, value in request.headers.items() if name.startswith("Stripe-")}
    found = link.transport.send(Request("GET", request.path, headers=headers, host=request.host))
    body: Any = found.json() if found.ok else {}
    if isinstance(body, dict) and body.get("id"):
        return found if body.get("deleted") or body.get("status") == "canceled" else response
    made = request.path.rpartition("/")[2]
    return Response(200, response.headers, f'{{"id": "{made}", "deleted": true}}'.encode(), response.elapsed)


def _journal(ledger: JournalLedger, key: StepKey, state: StepState, request: Request, response: Response) -> None:
    """Journals the response and mutates the state."""
    entry = ledger.table.get(key[1])
    kept = capture(response.json(), entry.wanted if entry else {"id": {}}, ledger.masks())
    row, step, inner = key
    done: dict[str, Any] = {"t": DONE, "r": row, "s": step}
    done |= {"y": inner} if inner else {}
    done |= {"g": state.generation} if state.generation else {}
    done |= {"http": response.status, "rq": response.header("Request-Id"), "rh": request_hash(request), "b": kept.body}
    done |= {} if kept.complete else {"c": False}
    ledger.append(done)
    state.done = done
    if response.ok:
        ledger.state.wrote.add(step)


def _old_name(ledger: JournalLedger, step: str) -> str:
    return next((table[step]["n"] for table in ledger.state.tables if step in table), "a step")
