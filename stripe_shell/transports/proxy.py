"""Sends requests to Stripe through a proxy that holds the key; the proxy's conventions are data.

`ProxyForm` is that data; Paragon and PinkConnect are two of its values (`connections/settings/schema.py`). `dress`
converts a request to the proxy's form, `undress` extracts the response from it; both are pure functions.
"""

from __future__ import annotations

import json
import re
from _thread import allocate_lock
from collections.abc import Callable, Mapping
from typing import Any, Literal

import requests

from stripe_shell.errors import NotSent, ShellError
from stripe_shell.pace import Pace
from stripe_shell.records import field, record, replace
from stripe_shell.secrets import Credential
from stripe_shell.transports.retry import ANSWERED_BY, AttemptFailure
from stripe_shell.transports.sending import FORM, Observe, Sender, check_path, common_headers, host_of, merge_headers
from stripe_shell.transports.stripe import HttpClient, Limits, new_session
from stripe_shell.transports.tokens import TokenSource
from stripe_shell.wire import Request, Response, decode_form

BodyForm = Literal["form", "json", "auto"]
Unwrap = Literal["none", "output", "auto"]

#: The prefix of a `query_in` that sends path and query in a header; without it they are part of the URL.
IN_HEADER = "header:"

_SHOWN = 300
_JSON = "application/json"


@record
class ProxyForm:
    """The form that a proxy expects of requests and gives to responses.

    `who` is its name in messages. `url` and `headers` contain `{path}` and `{token}` as placeholders. `query_in` is
    `url`, or `header:NAME` for path and query in a header. `body`: `form` as for Stripe; `json`, the same parameters as
    a JSON object; `auto`, a form until the proxy responds 415, JSON from then on; v2 is always JSON. `unwrap`: whether
    responses are wrapped as `{"output": …}`; `auto` unwraps those that are. `strip_prefix` is the path prefix that the
    proxy adds.
    """

    who: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query_in: str = "url"
    body: BodyForm = "form"
    unwrap: Unwrap = "auto"
    strip_prefix: str = ""


class ProxyTransport:
    """A `wire.Transport` through a proxy. `version` and `account` are the connection's defaults."""

    def __init__(
        self,
        form: ProxyForm,
        token: Callable[[HttpClient], TokenSource],
        *,
        version: str | None = None,
        account: str | None = None,
        limits: Limits | None = None,
        sender: Sender | None = None,
        session_factory: Callable[[], requests.Session] = new_session,
        observe: Observe | None = None,
    ) -> None:
        self._form = form
        self._defaults = merge_headers({"Stripe-Version": version or "", "Stripe-Account": account or ""})
        self._limits = limits or Limits()
        self._sender = sender or Sender()
        session = session_factory()
        self._exchange = HttpClient(session, self._sender.clock, observe)
        self._token = token(HttpClient(session, self._sender.clock, _hide_token(observe)))
        self._json = form.body == "json"
        self._lock = allocate_lock()

    def send(self, request: Request) -> Response:
        """Sends the request as `wire.Transport`. An error of the proxy itself has the error type `proxy_error`."""
        if request.host != "api":
            raise NotSent(
                f"Not sent: {self._form.who} does not reach the host `{request.host}`; connect to Stripe itself."
            )
        check_path(request.path)
        request = replace(request, headers=merge_headers(self._defaults, request.headers))
        limits = self._limits.within(request.timeout_ms)
        once = OnceFlags()

        def attempt() -> Response | AttemptFailure:
            return self._attempt(request, limits, once)

        return self._sender.send(request, host_of(self._form.url), attempt)

    @property
    def pace(self) -> Pace | None:
        """Returns the pace of the connection; None if it has no limit."""
        return self._sender.pace

    def close(self) -> None:
        """Closes the connections of the pool."""
        self._exchange.close()

    def _attempt(self, request: Request, limits: Limits, once: OnceFlags) -> Response | AttemptFailure:
        """Makes one attempt; within it, replaces a refused token once and switches from a refused form to JSON.

        Both responses (401, 415) mean that nothing was executed.
        """
        try:
            token = self._token.current()
            wire = wrap_request(self._form, request, token, as_json=self._json)
        except Exception as error:  # noqa: BLE001 (whatever it is, the request itself has not been sent)
            return _unsent(error)
        seen = self._exchange.attempt(wire, limits)
        seen = seen if isinstance(seen, AttemptFailure) else unwrap_response(self._form, seen)
        if _is_own(seen, 401) and once.first("token"):
            try:
                renewed = self._token.renew(token)
            except Exception as error:  # noqa: BLE001 (whatever it is, the request itself was turned away)
                return _unsent(error)
            return self._attempt(request, limits, once) if renewed else seen
        if _is_own(seen, 415) and self._form.body == "auto" and once.first("form") and _is_form(request):
            with self._lock:
                self._json = True
            return self._attempt(request, limits, once)
        return seen


def _unsent(error: Exception) -> AttemptFailure:
    """Returns the failure of a token request; the actual request was not sent."""
    known = isinstance(error, ShellError)
    what = str(error).removeprefix("Not sent: ") if known else f"no token ({type(error).__name__})"
    return AttemptFailure(what, sent=False, lasting=True)


class OnceFlags:
    """A set of events that may happen once per request."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def first(self, name: str) -> bool:
        """Whether `name` occurs for the first time; records it."""
        new = name not in self._seen
        self._seen.add(name)
        return new


def _hide_token(observe: Observe | None) -> Observe | None:
    """Wraps `observe` so that the body of a token response is hidden."""
    if observe is None:
        return None
    return lambda request, answer, problem: observe(
        request, answer and replace(answer, body=b"(a token)" if answer.ok else answer.body), problem
    )


def _is_own(seen: Response | AttemptFailure, status: int) -> bool:
    """Whether it is a response of the proxy itself, with this status."""
    return isinstance(seen, Response) and seen.status == status and seen.header(ANSWERED_BY) is not None


# --- into the form ----------------------------------------------------------------------------------------------


def wrap_request(form: ProxyForm, request: Request, token: Credential, *, as_json: bool) -> Request:
    """Returns the request in the proxy's form: `path` is the complete URL, `headers` are all that are sent."""
    path = request.path
    if form.strip_prefix and path.startswith(f"{form.strip_prefix}/"):
        path = path.removeprefix(form.strip_prefix)
    inner = replace(request, path=path)
    key = {} if request.idempotency_key is None else {"Idempotency-Key": request.idempotency_key}
    own = {name: value.replace("{token}", token.reveal()) for name, value in form.headers.items()}
    without_key = {name: value for name, value in request.headers.items() if name.lower() != "authorization"}
    layers = [common_headers(request), without_key, key]
    if as_json and _is_form(request):
        inner = replace(inner, body=json.dumps(decode_form(request.body.decode()), ensure_ascii=False).encode())
        layers.append({"Content-Type": _JSON})
    if form.query_in.startswith(IN_HEADER):
        layers.append({form.query_in.removeprefix(IN_HEADER): inner.target})
        inner = replace(inner, path="", query="")
    address = form.url.replace("{path}", inner.path)
    return replace(inner, path=address, headers=merge_headers(*layers, own), idempotency_key=None)


def _is_form(request: Request) -> bool:
    kind = next((value for name, value in request.headers.items() if name.lower() == "content-type"), FORM)
    return bool(request.body) and kind == FORM and not request.path.startswith("/v2/")


# --- out of the form --------------------------------------------------------------------------------------------


def unwrap_response(form: ProxyForm, response: Response) -> Response | AttemptFailure:
    """Returns Stripe's response, or the proxy's own error converted to Stripe's error format and marked."""
    inner = _unwrapped(response.body) if form.unwrap != "none" else None
    if inner is None and form.unwrap == "output" and response.ok:
        return AttemptFailure(f"{form.who} answered {response.status} without `output`", sent=True, lasting=True)
    response = replace(response, body=inner) if inner is not None else response
    if response.status < 400 or is_stripe_error(response.body):
        return response
    error = {"type": "proxy_error", **own_error(form.who, response)}
    headers = {**response.headers, ANSWERED_BY: form.who}
    body = json.dumps({"error": error}, ensure_ascii=False).encode(errors="surrogatepass")
    return replace(response, headers=headers, body=body)


_OPENING = re.compile(r"[ \t\r\n]*\{[ \t\r\n]*")
_COLON = re.compile(r"[ \t\r\n]*:[ \t\r\n]*")
_COMMA = re.compile(r"[ \t\r\n]*,[ \t\r\n]*")


def _unwrapped(body: bytes) -> bytes | None:
    """Returns the top-level `output` of the body as written, None if there is none.

    Cuts the text out instead of parsing and serializing it, so that numbers keep their spelling. No schema of Stripe's
    has a top-level `output`.
    """
    if b'"output"' not in body:
        return None
    try:
        found = _member_text(body.decode(), "output")
    except (ValueError, IndexError, AttributeError, RecursionError):
        return None
    return found.encode(errors="surrogatepass") if found is not None else None


def _member_text(text: str, key: str) -> str | None:
    """Returns the text of a top-level member, or None; an object that is encoded as a string is decoded."""
    decoder = json.JSONDecoder()
    match = _OPENING.match(text)
    while match is not None:
        name, colon = decoder.raw_decode(text, match.end())
        start = _COLON.match(text, colon).end()  # type: ignore[union-attr]
        value, end = decoder.raw_decode(text, start)
        if name == key:
            return value if isinstance(value, str) and value.lstrip()[:1] in {"{", "["} else text[start:end]
        match = _COMMA.match(text, end)
    return None


def is_stripe_error(body: bytes) -> bool:
    """Whether an error body has Stripe's format: `{"error": {"type": …}}`, or a `message` instead of the type."""
    error = _json_object(body).get("error")
    return isinstance(error, dict) and ("type" in error or "message" in error)


def own_error(who: str, response: Response) -> dict[str, str]:
    """Returns message and code for an error response of the proxy itself."""
    body = _json_object(response.body)
    meta = body.get("meta")
    if isinstance(meta, dict) and meta.get("isIntegrationError") is True:
        said_by = f"{who} could not get an answer from Stripe"
    else:
        said_by = f"{who} itself answered, not Stripe"
    limit = "its own limit of requests is reached" if response.status == 429 else ""
    words = _proxy_message(body) or _body_in_words(response)
    error = {"message": "; ".join(part for part in (said_by, limit, words) if part)}
    code = body.get("code")
    return {**error, "code": str(code)} if isinstance(code, str | int) and not isinstance(code, bool) else error


def _proxy_message(body: Mapping[str, Any]) -> str:
    """Returns the error message of a proxy's body, from any of the usual members, as one text; empty if none."""
    for name in ("message", "detail", "error_description", "error", "title", "errors"):
        value = body.get(name)
        if isinstance(value, dict):
            value = value.get("message")
        lines = value if isinstance(value, list) else [value]
        text = ", ".join(line for line in lines if isinstance(line, str) and line)
        if text:
            return text[:_SHOWN]
    return ""


def _body_in_words(response: Response) -> str:
    kind = (response.header("Content-Type") or "").partition(";")[0].strip()
    return f"{len(response.body)} bytes of {kind or 'something'} that is no error message" if response.body else ""


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
