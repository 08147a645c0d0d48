"""A call to Stripe as another form writes it, and why it cannot be a block."""

from __future__ import annotations

from collections.abc import Mapping

from stripe_shell.records import field, record
from stripe_shell.wire import ParamTree


class NotConverted(Exception):
    """The error for a text whose form is known and whose call cannot be a block; its text says why."""


@record
class CodeReference:
    """A value that only the program knows: `customer.id`, as `${customer.id}`."""

    text: str


@record
class ForeignCall:
    """A call: method, path, parameters. `notes` say what is left out."""

    method: str
    path: str
    params: Mapping[str, ParamTree] = field(default_factory=dict)
    account: str | None = None
    version: str | None = None
    idempotency_key: str | None = None
    notes: tuple[str, ...] = ()
