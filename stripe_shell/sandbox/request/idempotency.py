"""Idempotency keys: saves the first response for 24 hours and rejects concurrent requests with the same key."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.clock import Clock
from stripe_shell.sandbox.errors import StripeError
from stripe_shell.sandbox.storage.session import IdempotentAnswer, StoreSession
from stripe_shell.wire import Request

from .call import SandboxCall

#: How long a response is saved for its key, in seconds.
REMEMBERED_FOR: Final = 24 * 3600
MAX_KEY_LENGTH: Final = 255

#: The number of saved responses between two removals of expired ones.
_PRUNE_EVERY: Final = 1000


class Idempotency:
    """The idempotency keys of a sandbox. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._running: set[tuple[int, str]] = set()
        self._remembered = 0

    @contextmanager
    def lock(self, call: SandboxCall) -> Iterator[None]:
        """Reserves the call's key for the block. Raises StripeError (409) when a request with this key is running."""
        if call.key is None:
            yield
            return
        place = call.number, call.key
        with self._lock:
            if place in self._running:
                raise errors.key_in_use(call.key)
            self._running.add(place)
        try:
            yield
        finally:
            with self._lock:
                self._running.discard(place)

    def look_up(self, session: StoreSession, call: SandboxCall) -> IdempotentAnswer | None:
        """Returns the saved response to the call's key, or None. Raises StripeError when it was for another request."""
        known = session.idempotent_answer(call.number, call.key) if call.key is not None else None
        if known is None or known.created <= self._clock.now() - REMEMBERED_FOR:
            return None
        if known.fingerprint != call.fingerprint:
            raise errors.key_reused(call.key or "")
        return known

    def remember(self, session: StoreSession, call: SandboxCall, status: int, body: bytes) -> None:
        """Saves the response to a call that has a key."""
        if call.key is None:
            return
        now = self._clock.now()
        answer = IdempotentAnswer(call.fingerprint, status, body, now, call.version, call.request_id)
        session.remember_answer(call.number, call.key, answer)
        self._remembered += 1
        if self._remembered % _PRUNE_EVERY == 1:
            session.forget_answers(now - REMEMBERED_FOR)


def fingerprint(request: Request, params: dict[str, Any], paths: Sequence[str]) -> str:
    """Returns a hash of what a key is bound to: method, path, parameters and `expand` paths.

    The order of parameters does not count (docs.stripe.com/api/idempotent_requests: "parameters are compared").
    """
    from hashlib import sha256

    said = json.dumps([request.method, request.path, params, paths], default=str, sort_keys=True)
    return sha256(said.encode()).hexdigest()


def check_key(key: str) -> None:
    """Raises StripeError for a key above the maximum length."""
    if len(key) > MAX_KEY_LENGTH:
        raise StripeError(
            f"Idempotency keys can have up to {MAX_KEY_LENGTH} characters; this one has {len(key)}.",
            kind="idempotency_error",
            validation=True,
        )
