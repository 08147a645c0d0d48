"""The writes of a run that have no answer, as its journal recorded them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_shell.batch.journal_state import JournalState, StepKey, StepState
from stripe_shell.batch.recorded_request import restore_request
from stripe_shell.batch.recovery import RESEND_V1, RESEND_V2
from stripe_shell.records import record
from stripe_shell.spec.table import Table
from stripe_shell.wire import Request, decode_form

#: Stands for a secret in a request that is not sent.
_HIDDEN = "********"


@record
class UnansweredWrite:
    """A write without an answer: its step and row, and the request that was sent, without secrets.

    `key` is its idempotency key, empty for one that has none. `first_sent` is in epoch seconds. `wanted` are the paths
    of the response that the journal keeps, `secret` whether the request holds a secret.
    """

    step_key: StepKey
    state: StepState
    name: str
    row: str
    connection: str
    key: str
    first_sent: float
    request: Request
    wanted: dict[str, Any]
    secret: bool

    @property
    def place(self) -> str:
        """Returns a text that identifies the write in its run."""
        return "/".join(self.step_key)

    @property
    def headers(self) -> dict[str, str]:
        """Returns the headers that choose the account."""
        return {name: value for name, value in self.request.headers.items() if name.startswith("Stripe-")}

    def too_old(self, now: float) -> bool:
        """Whether Stripe may have forgotten the key."""
        return now - self.first_sent > (RESEND_V2 if self.request.path.startswith("/v2/") else RESEND_V1)

    def path_id(self, table: Table) -> str:
        """Returns the id of the object in the path; empty for a write that creates one."""
        matched = table.match(self.request.method, self.request.path)
        return next(reversed(matched[1].values()), "") if matched else ""

    def metadata(self) -> Mapping[str, Any]:
        """Returns the metadata that the request sets."""
        found = decode_form(self.request.body.decode(errors="replace")) if self.request.body else {}
        metadata = found.get("metadata") if isinstance(found, dict) else None
        return metadata if isinstance(metadata, dict) else {}

    def __str__(self) -> str:
        """Returns what was asked for in one line."""
        asked = self.request.body.decode(errors="replace")[:200] if self.request.body else ""
        return f"{self.name}{f' in {self.row}' if self.row else ''}: {self.request.method} {self.request.path} {asked}"


def unanswered_writes(state: JournalState) -> list[UnansweredWrite]:
    """Returns the writes of a journal that have no answer."""
    found = []
    for step_key, step in state.open_steps():
        intent = step.intent or {}
        recorded = intent.get("q") or {}
        known: Mapping[str, Any] = next(
            (table[step_key[1]] for table in reversed(state.tables) if step_key[1] in table), {}
        )
        request = restore_request(recorded, _Hidden(), intent.get("k")) if recorded else None
        found.append(
            UnansweredWrite(
                step_key,
                step,
                str(known.get("n", "a step")),
                str(intent.get("n", "")),
                str(intent.get("cn", "")),
                str(intent.get("k") or ""),
                step.first_sent,
                request or Request("POST", ""),
                dict(known.get("k", {"id": {}})),
                secret=request is None or _holds_secret(recorded),
            )
        )
    return found


def _holds_secret(recorded: Mapping[str, Any]) -> bool:
    """Whether a recorded request has placeholders for secrets."""
    return any(isinstance(value, list) for value in (*recorded.values(), *recorded.get("hd", {}).values()))


class _Hidden(dict[str, str]):
    """A mapping in which every secret has the same text, as the request is only read."""

    def __missing__(self, name: str) -> str:
        return _HIDDEN
