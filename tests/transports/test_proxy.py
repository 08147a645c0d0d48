"""Proxies: a request in their forms, what is left of an answer; tokens that are kept and replaced."""

from __future__ import annotations

import json
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stripe_shell.errors import NotSent
from stripe_shell.secrets import Credential
from stripe_shell.transports.proxy import ProxyForm, ProxyTransport, unwrap_response, wrap_request
from stripe_shell.transports.retry import ANSWERED_BY, AttemptFailure
from stripe_shell.transports.tokens import CachedToken, IssuedToken, JwtSigning, NoToken, ProvidedToken, sign_token
from stripe_shell.wire import Request, Response, decode_form, encode_form

TOKEN = Credential("tok-0123456789")
FORM_TYPE = {"Content-Type": "application/x-www-form-urlencoded"}
PATH_FORM = ProxyForm("Pink", "https://p/connect/stripe/c{path}", {"auth-token": "{token}"})
HEADER_FORM = ProxyForm("Para", "https://p/stripe", {"Authorization": "Bearer {token}"}, "header:X-Url")
READ = Request("GET", "/v1/customers", "limit=3&created[gte]=1", headers={**FORM_TYPE, "Stripe-Version": "v"})
WRITE = Request(
    "POST", "/v1/subscriptions", body=b"items[0][price]=p&active=true", headers=FORM_TYPE, idempotency_key="k"
)


def headers_of(request: Request) -> dict[str, str]:
    usual = {"User-Agent", "Accept", "Accept-Encoding"}
    return {name: value for name, value in request.headers.items() if name not in usual}


def test_the_path_form() -> None:
    wire = wrap_request(PATH_FORM, READ, TOKEN, as_json=False)
    assert wire.target == "https://p/connect/stripe/c/v1/customers?limit=3&created[gte]=1"
    assert headers_of(wire) == {**FORM_TYPE, "Stripe-Version": "v", "auth-token": "tok-0123456789"}


def test_the_header_form() -> None:
    wire = wrap_request(HEADER_FORM, READ, TOKEN, as_json=False)
    assert wire.target == "https://p/stripe"
    assert headers_of(wire)["X-Url"] == "/v1/customers?limit=3&created[gte]=1"
    assert headers_of(wire)["Authorization"] == "Bearer tok-0123456789"


def test_a_body_as_json() -> None:
    wire = wrap_request(PATH_FORM, WRITE, TOKEN, as_json=True)
    assert json.loads(wire.body) == {"items": [{"price": "p"}], "active": "true"}
    assert headers_of(wire) == {
        "Content-Type": "application/json",
        "Idempotency-Key": "k",
        "auth-token": "tok-0123456789",
    }
    assert wire.idempotency_key is None, "it stands among the headers"


def test_what_is_no_form_stays_as_it_is() -> None:
    for kind in ("application/json", "multipart/form-data; boundary=x"):
        request = Request("POST", "/v1/x", body=b'{"a": 1}', headers={"Content-Type": kind})
        wire = wrap_request(PATH_FORM, request, TOKEN, as_json=True)
        assert (wire.body, wire.headers["Content-Type"]) == (request.body, kind)
    v2 = Request("POST", "/v2/core/accounts", body=b"{}")
    assert wrap_request(PATH_FORM, v2, TOKEN, as_json=True).body == b"{}"


@pytest.mark.parametrize(
    ("prefix", "path", "sent"),
    [
        ("/v1", "/v1/customers", "/customers"),
        ("/v1", "/v2/core", "/v2/core"),
        ("", "/v1/x", "/v1/x"),
        ("/v1", "/v1x/y", "/v1x/y"),
    ],
)
def test_a_prefix_is_left_out(prefix: str, path: str, sent: str) -> None:
    form = ProxyForm("P", "https://p{path}", strip_prefix=prefix)
    assert wrap_request(form, Request("GET", path), TOKEN, as_json=False).path == f"https://p{sent}"


def test_no_header_of_a_request_replaces_the_token() -> None:
    request = Request("GET", "/v1/x", headers={"AUTH-TOKEN": "other", "Authorization": "Bearer sk_test_0"})
    assert headers_of(wrap_request(PATH_FORM, request, TOKEN, as_json=False)) == {
        **FORM_TYPE,
        "auth-token": "tok-0123456789",
    }


@given(
    st.recursive(
        st.text(max_size=8),
        lambda inner: st.dictionaries(st.sampled_from("abcd"), inner, min_size=1, max_size=3),
        max_leaves=6,
    )
)
def test_json_says_what_the_form_says(tree: object) -> None:
    body = encode_form({"x": tree}).encode()
    wire = wrap_request(PATH_FORM, Request("POST", "/v1/x", body=body, headers=FORM_TYPE), TOKEN, as_json=True)
    assert encode_form(json.loads(wire.body)) == encode_form(decode_form(body.decode()))


# --- answers ----------------------------------------------------------------------------------------------------


def undressed(body: bytes, status: int = 200, unwrap: str = "auto") -> Response | AttemptFailure:
    form = ProxyForm("Pink", "https://p{path}", unwrap=unwrap)  # type: ignore[arg-type]
    return unwrap_response(form, Response(status, {"Request-Id": "req_1"}, body))


@pytest.mark.parametrize(
    ("body", "inner"),
    [
        (b'{"output": {"id": "cus_1", "amount": 12.10}}', b'{"id": "cus_1", "amount": 12.10}'),
        (b' { "output" : {"a":12345678901234567890.50} , "x": 1 }', b'{"a":12345678901234567890.50}'),
        (b'{"status": {"output": 3}, "output": [1, 2]}', b"[1, 2]"),
        (b'{"o": "\\"output\\": 1", "output": {"b": "\xc3\xbc}"}}', b'{"b": "\xc3\xbc}"}'),
        (b'{"output": "{\\"id\\": \\"x\\"}"}', b'{"id": "x"}'),
        (b'{"id": "cus_1", "metadata": {"output": "x"}}', b'{"id": "cus_1", "metadata": {"output": "x"}}'),
        (b'{"output": ', b'{"output": '),
        (b"[1]", b"[1]"),
        (b"", b""),
    ],
)
def test_what_stands_in_output_is_taken_out_as_it_was_written(body: bytes, inner: bytes) -> None:
    seen = undressed(body)
    assert isinstance(seen, Response)
    assert seen.body == inner


def test_none_takes_nothing_out_and_output_insists() -> None:
    wrapped = b'{"output": {"id": 1}}'
    assert undressed(wrapped, unwrap="none") == Response(200, {"Request-Id": "req_1"}, wrapped)
    missing = undressed(b'{"id": 1}', unwrap="output")
    assert isinstance(missing, AttemptFailure)
    assert "Pink answered 200 without `output`" in missing.what


def test_an_error_of_stripe_stays_one_wrapped_or_not() -> None:
    error = b'{"error": {"type": "card_error", "code": "card_declined"}}'
    for body in (error, b'{"output": ' + error + b"}"):
        seen = undressed(body, 402)
        assert isinstance(seen, Response)
        assert seen.body == error
        assert seen.header(ANSWERED_BY) is None


@pytest.mark.parametrize(
    ("status", "body", "message", "code"),
    [
        (401, b'{"error": "unauthorized"}', "Pink itself answered, not Stripe; unauthorized", None),
        (
            429,
            b'{"message": "slow"}',
            "Pink itself answered, not Stripe; its own limit of requests is reached; slow",
            None,
        ),
        (400, b'{"message": ["a", "b"], "code": 7}', "Pink itself answered, not Stripe; a, b", "7"),
        (
            400,
            b'{"message": "m", "meta": {"isIntegrationError": true}}',
            "Pink could not get an answer from Stripe; m",
            None,
        ),
        (404, b'{"detail": "no such connection"}', "Pink itself answered, not Stripe; no such connection", None),
        (503, b"<html>", "Pink itself answered, not Stripe; 6 bytes of something that is no error message", None),
        (500, b"", "Pink itself answered, not Stripe", None),
        (500, b"[[[", "Pink itself answered, not Stripe; 3 bytes of something that is no error message", None),
    ],
)
def test_an_error_of_its_own_says_so(status: int, body: bytes, message: str, code: str | None) -> None:
    seen = undressed(body, status)
    assert isinstance(seen, Response)
    assert (seen.status, seen.header(ANSWERED_BY), seen.header("Request-Id")) == (status, "Pink", "req_1")
    error = seen.json()["error"]
    assert (error["type"], error["message"], error.get("code")) == ("proxy_error", message, code)


def test_uploads_do_not_go_through_a_proxy() -> None:
    transport = ProxyTransport(PATH_FORM, lambda exchange: ProvidedToken(TOKEN, lambda: None))
    with pytest.raises(NotSent, match="does not reach the host `files`"):
        transport.send(Request("POST", "/v1/files", host="files"))
    with pytest.raises(NotSent, match=r"empty, `\.` or"):
        transport.send(Request("POST", "/v1/customers/.."))


# --- tokens -----------------------------------------------------------------------------------------------------


class Maker:
    """Makes tokens 1, 2, 3 … that live so long."""

    def __init__(self, lifetime: float) -> None:
        self.made = 0
        self.now = 0.0
        self.lifetime = lifetime

    def make(self) -> IssuedToken:
        self.made += 1
        return IssuedToken(Credential(str(self.made)), self.lifetime)

    def token(self) -> CachedToken:
        return CachedToken(self.make, lambda: self.now)


@pytest.mark.parametrize(("lifetime", "kept"), [(3600, 3540), (100, 90), (10, 9)])
def test_a_token_is_kept_until_shortly_before_it_expires(lifetime: float, kept: float) -> None:
    maker = Maker(lifetime)
    token = maker.token()
    maker.now = 0.0
    assert token.current().reveal() == "1"
    maker.now = kept - 0.1
    assert token.current().reveal() == "1"
    maker.now = kept
    assert token.current().reveal() == "2"


def test_of_many_whose_token_was_refused_one_fetches_another() -> None:
    maker = Maker(3600)
    token = maker.token()
    refused = token.current()
    threads = [threading.Thread(target=token.renew, args=(refused,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert maker.made == 2
    assert token.current().reveal() == "2"


def test_a_given_token_is_read_again_when_it_is_refused() -> None:
    values = [Credential("b"), Credential("b"), None]
    token = ProvidedToken(Credential("a"), lambda: values.pop(0))
    assert token.renew(Credential("a"))
    assert token.current().reveal() == "b"
    assert not token.renew(Credential("b"))
    assert not token.renew(Credential("b"))


def test_what_is_no_key_signs_nothing_and_is_not_shown() -> None:
    pytest.importorskip("jwt")
    for key in ("nothing", "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----"):
        with pytest.raises(NoToken, match="not an RSA private key") as caught:
            sign_token(JwtSigning(Credential(key), {}), lambda: 0.0)
        assert key not in str(caught.value)
        assert caught.value.__cause__ is None
