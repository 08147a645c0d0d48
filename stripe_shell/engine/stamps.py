"""Stamps: puts the run and the row into the metadata of what a loop creates, by which it is found without a journal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_shell.engine.idempotency_keys import SEPARATOR
from stripe_shell.engine.scope import Scope
from stripe_shell.engine.values import Deferred
from stripe_shell.spec.model import Operation

#: The most characters of a value of metadata.
_LONGEST = 500


def stamp_row(key: str | None, scope: Scope, run_id: str, row_key: str) -> Scope:
    """Returns the scope of a row in which created objects are stamped, if its loop or one around it has `stamp=`.

    `key` is the key of metadata that the loop names, or None.
    """
    around = scope.settings.stamp
    name = key or (around[0] if around else None)
    return scope if name is None else scope.with_settings(stamp=(name, stamp_text(run_id, row_key)))


def stamp_text(run_id: str, row_key: str) -> str:
    """Returns `RUN/ROW`, the value of a stamp; `row_key` are the keys of the row and of the rows around it."""
    text = f"{run_id}/{row_key.replace(SEPARATOR, '/')}"
    if len(text) <= _LONGEST:
        return text
    from hashlib import sha256

    return f"{text[: _LONGEST - 17]}~{sha256(text.encode(errors='surrogatepass')).hexdigest()[:16]}"


def stamps(operation: Operation) -> bool:
    """Whether calls of the operation are stamped: it creates something that has metadata."""
    return operation.action == "create" and "metadata" in operation.params.fields


def stamped(params: Mapping[str, Any], operation: Operation, stamp: tuple[str, str] | None) -> Mapping[str, Any]:
    """Returns the parameters with the stamp in their metadata, if calls of the operation are stamped.

    A value that the block itself writes under the key stays.
    """
    if stamp is None or not stamps(operation):
        return params
    metadata = params.get("metadata")
    if isinstance(metadata, Deferred):
        return params
    name, text = stamp
    own = metadata if isinstance(metadata, dict) else {}
    return {**params, "metadata": {name: text, **own}}
