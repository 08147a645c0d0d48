"""A request as the journal keeps it: byte for byte, with named placeholders instead of secrets."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import quote, quote_plus

from stripe_shell.secrets import Secrets
from stripe_shell.wire import Request

#: A text, or its literal parts and placeholders in turn; a placeholder is `[name of the secret, spelling]`.
RecordedText = Any

_SPELLINGS: Mapping[str, Callable[[str], str]] = {
    "": lambda value: value,
    "quoted": lambda value: quote(value, safe=""),
    "quoted_plus": quote_plus,
    "json": lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
}


def request_hash(request: Request) -> str:
    """Returns a hash of what the request asks for, without key and version: 16 hexadecimal digits."""
    account = next((value for name, value in request.headers.items() if name.lower() == "stripe-account"), "")
    facts = "\0".join((request.method, request.host, request.path, request.query, account)).encode(
        errors="surrogatepass"
    )
    return sha256(facts + b"\0" + request.body).hexdigest()[:16]


def record_request(request: Request, secrets: Mapping[str, str], masks: Secrets) -> dict[str, Any] | None:
    """Returns the request as JSON data; None if it holds a secret that has no name.

    `secrets` are the values of `@secret` by name, `masks` everything that must not be stored.
    """
    try:
        body: dict[str, Any] = {"b": _record_text(request.body.decode(), secrets)} if request.body else {}
    except UnicodeDecodeError:
        body = {"b64": b64encode(request.body).decode()}
        if masks.mask(request.body.decode("latin-1")) != request.body.decode("latin-1"):
            return None
    recorded = {
        "m": request.method,
        "p": _record_text(request.path, secrets),
        **({"q": _record_text(request.query, secrets)} if request.query else {}),
        **body,
        "hd": {name: _record_text(value, secrets) for name, value in request.headers.items()},
        **({"ho": request.host} if request.host != "api" else {}),
        **({"to": request.timeout_ms} if request.timeout_ms is not None else {}),
    }
    literal = "\n".join(_literals(recorded))
    return recorded if masks.mask(literal) == literal else None


def restore_request(recorded: Mapping[str, Any], secrets: Mapping[str, str], key: str | None) -> Request | None:
    """Returns the request with its placeholders refilled; None if a secret is not set any more."""
    try:
        body = (
            b64decode(recorded["b64"]) if "b64" in recorded else _restore_text(recorded.get("b", ""), secrets).encode()
        )
        return Request(
            recorded["m"],
            _restore_text(recorded["p"], secrets),
            _restore_text(recorded.get("q", ""), secrets),
            body,
            {name: _restore_text(value, secrets) for name, value in recorded["hd"].items()},
            key,
            recorded.get("ho", "api"),
            recorded.get("to"),
        )
    except KeyError:
        return None


def _record_text(text: str, secrets: Mapping[str, str]) -> RecordedText:
    """Returns the text, or its parts if it holds secrets."""
    if not secrets:
        return text
    parts: list[Any] = [text]
    for name, value in secrets.items():
        for spelling, spell in _SPELLINGS.items():
            if value:
                parts = [each for part in parts for each in _split(part, spell(value), [name, spelling])]
    return text if parts == [text] else parts


def _split(part: Any, secret: str, placeholder: list[str]) -> Iterator[Any]:
    if not isinstance(part, str) or secret not in part:
        yield part
        return
    for index, literal in enumerate(part.split(secret)):
        if index:
            yield placeholder
        yield literal


def _restore_text(recorded: RecordedText, secrets: Mapping[str, str]) -> str:
    """Returns the text. Raises KeyError for a secret that is not set."""
    if isinstance(recorded, str):
        return recorded
    return "".join(part if isinstance(part, str) else _SPELLINGS[part[1]](secrets[part[0]]) for part in recorded)


def _literals(recorded: Any) -> Iterator[str]:
    """Yields every text of recorded data that is no placeholder."""
    if isinstance(recorded, str):
        yield recorded
    elif isinstance(recorded, dict):
        for value in recorded.values():
            yield from _literals(value)
    elif isinstance(recorded, list):
        for part in recorded:
            if isinstance(part, str):
                yield part
