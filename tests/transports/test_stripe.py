"""Stripe over HTTP, without a network: headers, encodings, retries, and what every kind of failure says."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
import urllib3
from responses import matchers

from stripe_shell import __version__
from stripe_shell.errors import NoAnswer, NotSent, OutcomeUnknown, TransportError
from stripe_shell.secrets import Credential
from stripe_shell.transports.retry import RetryBudget, RetryDelay, RetryPolicy
from stripe_shell.transports.sending import Sender
from stripe_shell.transports.stripe import Limits, StripeTransport, classify
from stripe_shell.wire import Request

KEY = "sk_test_51Abcdefghijklmnopqrstuv"
CUSTOMERS = "https://api.stripe.com/v1/customers"
READ = Request("GET", "/v1/customers", "limit=3&created[gte]=1", headers={"Stripe-Version": "2026-10-28.endive"})
WRITE = Request("POST", "/v1/customers", body=b"email=a%40b.co", idempotency_key="ss1-0123")
DELETE = Request("DELETE", "/v1/customers/cus_1")
CUSTOMER = b'{"id": "cus_1"}'


class Rig:
    """A transport whose time does not pass by itself."""

    def __init__(self, key: str = KEY, **options: Any) -> None:
        self.waits: list[float] = []
        self.told: list[RetryDelay] = []
        self.now = 0.0
        self.budget = options.pop("budget", RetryBudget())
        policy = options.pop("policy", RetryPolicy())
        sender = Sender(
            policy,
            sleep=self.sleep,
            random=lambda: 0.0,
            clock=self.clock,
            on_retry=self.told.append,
            budget=self.budget,
        )
        self.transport = StripeTransport(Credential(key), sender=sender, **options)

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def clock(self) -> float:
        self.now += 0.125
        return self.now


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[responses.RequestsMock]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def fail(request: Request, *, key: str = KEY) -> TransportError:
    with pytest.raises(TransportError) as caught:
        Rig(key).transport.send(request)
    assert key not in str(caught.value)
    return caught.value


# -- what is sent ----------------------------------------------------------------------------------------------------


def test_a_read_as_it_is_sent(web: responses.RequestsMock) -> None:
    web.get(CUSTOMERS, body=b'{"data": []}', headers={"Request-Id": "req_1"})
    response = Rig().transport.send(READ)
    sent = web.calls[0].request
    assert sent.url == f"{CUSTOMERS}?limit=3&created%5Bgte%5D=1", "urllib3 quotes the brackets of a query"
    assert dict(sent.headers) == {
        "User-Agent": f"stripe-shell/{__version__}",
        "Accept": "*/*",
        "Accept-Encoding": "gzip, deflate",
        "Content-Type": "application/x-www-form-urlencoded",
        "Stripe-Version": "2026-10-28.endive",
        "Authorization": f"Bearer {KEY}",
    }
    assert sent.body is None
    assert (response.status, response.body, response.header("request-id")) == (200, b'{"data": []}', "req_1")
    assert response.elapsed > 0


def test_a_write_as_it_is_sent(web: responses.RequestsMock) -> None:
    web.post(CUSTOMERS, body=CUSTOMER, match=[matchers.header_matcher({"Idempotency-Key": "ss1-0123"})])
    Rig().transport.send(WRITE)
    sent = web.calls[0].request
    assert sent.body == b"email=a%40b.co"
    assert sent.headers["Content-Length"] == "14"
    assert sent.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_a_write_without_a_body_has_its_length_too(web: responses.RequestsMock) -> None:
    web.post(f"{CUSTOMERS}/cus_1", body=CUSTOMER)
    Rig().transport.send(Request("POST", "/v1/customers/cus_1", idempotency_key="k"))
    assert web.calls[0].request.headers["Content-Length"] == "0"


def test_the_connection_fills_in_and_the_request_decides(web: responses.RequestsMock) -> None:
    web.get(CUSTOMERS, body=b"{}")
    transport = Rig(version="2026-01-01.a", account="acct_own").transport
    transport.send(Request("GET", "/v1/customers"))
    transport.send(
        Request("GET", "/v1/customers", headers={"stripe-version": "2026-02-02.b", "Stripe-Account": "acct_x"})
    )
    own, asked = (call.request.headers for call in web.calls)
    assert (own["Stripe-Version"], own["Stripe-Account"]) == ("2026-01-01.a", "acct_own")
    assert (asked["Stripe-Version"], asked["Stripe-Account"]) == ("2026-02-02.b", "acct_x")


def test_the_key_of_an_organisation_names_the_account_in_stripe_context(web: responses.RequestsMock) -> None:
    web.get(CUSTOMERS, body=b"{}")
    Rig("sk_org_live_0123456789abcdef", account="acct_1").transport.send(READ)
    sent = web.calls[0].request.headers
    assert sent["Stripe-Context"] == "acct_1"
    assert "Stripe-Account" not in sent


def test_the_account_of_a_request_goes_there_too(web: responses.RequestsMock) -> None:
    web.get(CUSTOMERS, body=b"{}")
    request = Request("GET", "/v1/customers", headers={"Stripe-Account": "acct_2"})
    Rig("sk_org_live_0123456789abcdef", account="acct_1").transport.send(request)
    sent = web.calls[0].request.headers
    assert sent["Stripe-Context"] == "acct_2"
    assert "Stripe-Account" not in sent


def test_no_header_of_a_request_replaces_the_credential(web: responses.RequestsMock) -> None:
    web.get(CUSTOMERS, body=b"{}")
    Rig().transport.send(Request("GET", "/v1/customers", headers={"authorization": "Bearer other"}))
    assert web.calls[0].request.headers["Authorization"] == f"Bearer {KEY}"


def test_v2_and_uploads_keep_their_content_type(web: responses.RequestsMock) -> None:
    web.post("https://meter-events.stripe.com/v2/billing/meter_event_stream", body=b"{}")
    web.post("https://files.stripe.com/v1/files", body=b"{}")
    transport = Rig().transport
    transport.send(Request("POST", "/v2/billing/meter_event_stream", body=b"{}", host="meter-events"))
    multipart = {"Content-Type": "multipart/form-data; boundary=x"}
    transport.send(Request("POST", "/v1/files", body=b"--x--\r\n", headers=multipart, host="files"))
    assert [call.request.headers["Content-Type"] for call in web.calls] == ["application/json", *multipart.values()]


def test_all_hosts_can_be_one(web: responses.RequestsMock) -> None:
    web.post("http://localhost:12111/mock/v1/files", body=b"{}")
    bases = {"api": "http://localhost:12111/mock/", "files": "http://localhost:12111/mock/"}
    Rig(bases=bases).transport.send(Request("POST", "/v1/files", host="files"))
    assert len(web.calls) == 1


def test_netrc_is_never_used(web: responses.RequestsMock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine api.stripe.com login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    web.get(CUSTOMERS, body=b"{}")
    Rig().transport.send(READ)
    assert web.calls[0].request.headers["Authorization"] == f"Bearer {KEY}"


def test_no_cookie_is_kept(web: responses.RequestsMock) -> None:
    web.get(CUSTOMERS, body=b"{}", headers={"Set-Cookie": "track=me; Path=/"})
    transport = Rig().transport
    transport.send(READ)
    transport.send(READ)
    assert "Cookie" not in web.calls[1].request.headers


class Recorder(requests.adapters.HTTPAdapter):
    """Takes down how it was called."""

    def __init__(self) -> None:
        super().__init__()
        self.options: list[dict[str, Any]] = []

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        self.options.append(options)
        raise requests.ConnectTimeout(request=request)


def recorded(base: str, request: Request, **options: Any) -> dict[str, Any]:
    recorder = Recorder()
    session = requests.Session()
    session.mount("https://", recorder)
    session.mount("http://", recorder)
    with pytest.raises(NotSent):
        Rig(bases={"api": base}, session_factory=lambda: session, **options).transport.send(request)
    return recorder.options[0]


def test_proxies_and_ca_bundle_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example.com:3128")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/own.pem")
    options = recorded("https://api.stripe.com", READ)
    assert options["proxies"]["https"] == "http://proxy.example.com:3128"
    assert options["verify"] == "/etc/own.pem"
    assert recorded("http://localhost:1", READ)["proxies"] == {}, "plain http never takes a proxy"


def test_tls_is_verified(web: responses.RequestsMock) -> None:
    assert recorded("https://api.stripe.com", READ)["verify"] is True


def test_time_outs(web: responses.RequestsMock) -> None:
    assert recorded("https://api.stripe.com", READ)["timeout"] == (15.0, 80.0)
    short = Request("GET", "/v1/customers", timeout_ms=2500)
    assert recorded("https://api.stripe.com", short)["timeout"] == (2.5, 2.5)
    long = Request("GET", "/v1/customers", timeout_ms=120_000)
    assert recorded("https://api.stripe.com", long, limits=Limits(connect=3))["timeout"] == (3, 120)


# -- what is not sent at all -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/v1/customers/.", "/v1/customers/..", "/v1/customers/", "/v1/customers/%2e%2E/x", "/v1//x"]
)
def test_a_path_that_leaves_its_place_is_refused(web: responses.RequestsMock, path: str) -> None:
    error = fail(Request("POST", path, idempotency_key="k"))
    assert isinstance(error, NotSent)
    assert not web.calls


@pytest.mark.parametrize("value", ["a\nX-Evil: 1", "schlüssel", "", " k", "k\r"])
def test_a_header_that_cannot_be_one_is_refused(web: responses.RequestsMock, value: str) -> None:
    error = fail(Request("POST", "/v1/customers", idempotency_key=value))
    assert isinstance(error, NotSent)
    assert "Idempotency-Key" in str(error)
    assert not web.calls


def test_a_host_that_the_connection_does_not_have(web: responses.RequestsMock) -> None:
    with pytest.raises(NotSent, match="no address for the host `files`"):
        Rig(bases={"api": "https://x"}).transport.send(Request("POST", "/v1/files", host="files"))


# -- answers and retries ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 424])
def test_an_error_of_stripe_is_an_answer(web: responses.RequestsMock, status: int) -> None:
    web.post(CUSTOMERS, status=status, body=b'{"error": {}}')
    rig = Rig()
    assert rig.transport.send(WRITE).status == status
    assert rig.waits == []


def test_the_same_request_and_key_on_every_attempt(web: responses.RequestsMock) -> None:
    web.post(CUSTOMERS, body=requests.ReadTimeout())
    web.post(CUSTOMERS, status=429, headers={"Retry-After": "3"})
    web.post(CUSTOMERS, body=CUSTOMER)
    rig = Rig()
    assert rig.transport.send(WRITE).body == CUSTOMER
    assert rig.waits == [0.5, 3.0]
    assert [delay.reason for delay in rig.told] == ["no answer within 80 s", "Stripe answered 429"]
    sent = [(call.request.body, call.request.headers["Idempotency-Key"]) for call in web.calls]
    assert sent == [(b"email=a%40b.co", "ss1-0123")] * 3


def test_what_outlasts_the_retries_is_handed_on(web: responses.RequestsMock) -> None:
    web.get(CUSTOMERS, status=429)
    assert Rig().transport.send(READ).status == 429
    assert len(web.calls) == 3


def test_a_plain_500_is_handed_on_for_the_engine_to_judge(web: responses.RequestsMock) -> None:
    web.post(CUSTOMERS, status=500, body=b"{}")
    assert Rig().transport.send(WRITE).status == 500
    assert len(web.calls) == 3


@pytest.mark.parametrize("status", [401, 403, 409, 429])
def test_a_write_turned_away_after_a_lost_answer_is_still_unknown(web: responses.RequestsMock, status: int) -> None:
    web.post(CUSTOMERS, body=requests.ReadTimeout())
    web.post(CUSTOMERS, status=status)
    error = fail(WRITE)
    assert isinstance(error, OutcomeUnknown)
    assert f"answered {status}, after an attempt whose answer was lost" in str(error)


def test_a_delete_is_not_sent_again_after_a_lost_answer(web: responses.RequestsMock) -> None:
    web.delete(f"{CUSTOMERS}/cus_1", body=requests.ReadTimeout())
    error = fail(DELETE)
    assert isinstance(error, OutcomeUnknown)
    assert error.attempts == len(web.calls) == 1
    assert "no idempotency key: look whether it took effect" in str(error)


def test_a_delete_is_sent_again_when_nothing_was_sent(web: responses.RequestsMock) -> None:
    web.delete(f"{CUSTOMERS}/cus_1", body=requests.ConnectTimeout())
    web.delete(f"{CUSTOMERS}/cus_1", body=b"{}")
    assert Rig().transport.send(DELETE).ok


# -- failures --------------------------------------------------------------------------------------------------------


def wrapped(reason: Exception) -> requests.ConnectionError:
    """An error as requests hands it on."""
    return requests.ConnectionError(urllib3.exceptions.MaxRetryError(None, "/", reason))  # type: ignore[arg-type]


def new_connection(cause: Exception) -> Exception:
    error = urllib3.exceptions.NewConnectionError(None, "no connection")  # type: ignore[arg-type]
    error.__cause__ = cause
    return error


def untrusted() -> ssl.SSLError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed certificate"
    return error


def tls(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, reason)
    error.reason = reason
    return error


def ssl_error(cause: Exception | str) -> requests.exceptions.SSLError:
    return requests.exceptions.SSLError(cause)


def lost(cause: Exception) -> requests.ConnectionError:
    return requests.ConnectionError(urllib3.exceptions.ProtocolError("Connection aborted.", cause))


NOT_RESOLVED = urllib3.exceptions.NameResolutionError("x", None, OSError())  # type: ignore[arg-type]
REFUSED = new_connection(ConnectionRefusedError(111, "Connection refused"))
TORN = urllib3.exceptions.ProtocolError("x", urllib3.exceptions.IncompleteRead(1, 2))


@pytest.mark.parametrize(
    ("error", "what", "sent", "lasting"),
    [
        (requests.ConnectTimeout(), "no connection within 15 s", False, False),
        (wrapped(REFUSED), "no connection (connection refused)", False, False),
        (wrapped(NOT_RESOLVED), "the host name is not known (DNS)", False, False),
        (requests.exceptions.ProxyError(OSError("Tunnel connection failed")), "the proxy cannot be used", False, False),
        (ssl_error(untrusted()), "its TLS certificate is not trusted (self-signed certificate)", False, True),
        (ssl_error(tls("WRONG_VERSION_NUMBER")), "TLS failed (wrong version number)", False, True),
        (ssl_error(tls("SSLV3_ALERT_HANDSHAKE_FAILURE")), "TLS failed (sslv3 alert handshake failure)", False, True),
        (ssl_error("no reason"), "TLS failed", False, True),
        (requests.exceptions.InvalidURL(), "the address or a header cannot be used", False, True),
        # From here on, something may have been sent.
        (ssl_error(tls("BAD_RECORD_TYPE")), "TLS failed (bad record type)", True, True),
        (ssl_error(ssl.SSLEOFError(8, "EOF occurred")), "the connection was lost (eof occurred)", True, False),
        (requests.ReadTimeout(), "no answer within 80 s", True, False),
        (lost(ConnectionResetError(104, "Reset by peer")), "the connection was lost (reset by peer)", True, False),
        (requests.ConnectionError(), "the connection was lost", True, False),
        (requests.exceptions.ChunkedEncodingError(TORN), "the answer broke off", True, False),
        (requests.exceptions.ContentDecodingError(), "the answer cannot be decompressed", True, False),
    ],
)
def test_failures_in_plain_words(error: Exception, what: str, sent: bool, lasting: bool) -> None:
    failure = classify(error, Limits(), begun=sent)
    assert (failure.what, failure.sent, failure.lasting) == (what, sent, lasting)


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize(
    "error",
    [
        requests.ConnectTimeout(),
        requests.ReadTimeout(),
        requests.exceptions.ProxyError(OSError()),
        requests.exceptions.InvalidHeader(),
        requests.exceptions.SSLError(tls("WRONG_VERSION_NUMBER")),
        OSError(),
        ValueError(),
        UnicodeError(),
        KeyError(),
        RecursionError(),
        MemoryError(),
    ],
    ids=repr,
)
def test_when_it_failed_decides_and_not_what_was_raised(error: Exception, begun: bool) -> None:
    assert classify(error, Limits(), begun).sent is begun


@pytest.mark.parametrize(
    ("error", "sent"),
    [
        (requests.ConnectTimeout(), False),
        (wrapped(REFUSED), False),
        (ssl_error(untrusted()), False),
        (OSError("no CA bundle"), False),
        (ssl_error(tls("WRONG_VERSION_NUMBER")), True),
        (requests.exceptions.ProxyError(OSError("Tunnel connection failed")), True),
        (requests.exceptions.InvalidHeader(), True),
        (ValueError(), True),
        (KeyError(), True),
    ],
)
def test_where_nobody_watched_the_socket_it_counts_as_sent_in_doubt(error: Exception, sent: bool) -> None:
    assert classify(error, Limits(), None).sent is sent


def test_what_went_wrong_before_does_not_colour_an_error() -> None:
    """An exception that is being handled while the request is made says nothing about the request."""
    try:
        try:
            raise untrusted()
        except ssl.SSLError:
            raise requests.ReadTimeout  # noqa: B904 (the context is what is tested)
    except requests.ReadTimeout as error:
        assert classify(error, Limits()).what == "no answer within 80 s"


def test_messages_name_host_attempts_time_and_key(web: responses.RequestsMock) -> None:
    web.post(CUSTOMERS, body=requests.ReadTimeout())
    error = fail(WRITE)
    assert isinstance(error, OutcomeUnknown)
    assert error.attempts == 3
    assert str(error) == (
        "Outcome unknown: POST /v1/customers to api.stripe.com: no answer within 80 s (3 attempts in 1.5 s). "
        "Sent again with the same idempotency key, ss1-0123, it takes effect once."
    )


def test_a_write_that_was_never_sent(web: responses.RequestsMock) -> None:
    web.post(CUSTOMERS, body=requests.ConnectTimeout())
    error = fail(WRITE)
    assert isinstance(error, NotSent)
    assert str(error) == (
        "Not sent: POST /v1/customers to api.stripe.com: no connection within 15 s (3 attempts in 1.5 s). "
        "Nothing was changed."
    )


def test_not_sent_at_last_but_perhaps_before(web: responses.RequestsMock) -> None:
    web.post(CUSTOMERS, body=requests.ReadTimeout())
    web.post(CUSTOMERS, body=requests.ConnectTimeout())
    assert isinstance(fail(WRITE), OutcomeUnknown)


def test_a_read_has_no_unknown_outcome(web: responses.RequestsMock) -> None:
    web.get(CUSTOMERS, body=requests.ReadTimeout())
    error = fail(READ)
    assert isinstance(error, NoAnswer)
    assert "limit=3" not in str(error), "parameters may hold what nobody should read over a shoulder"


def test_tls_failures_are_not_repeated(web: responses.RequestsMock) -> None:
    web.post(CUSTOMERS, body=requests.exceptions.SSLError(urllib3.exceptions.SSLError(untrusted())))
    error = fail(WRITE)
    assert isinstance(error, NotSent)
    assert error.attempts == 1
    assert "certificate is not trusted (self-signed certificate)" in str(error)


@pytest.mark.parametrize(("request_", "kind"), [(READ, NoAnswer), (WRITE, OutcomeUnknown)])
def test_a_redirect_is_told_and_never_followed(
    web: responses.RequestsMock, request_: Request, kind: type[TransportError]
) -> None:
    web.add(request_.method, CUSTOMERS, status=302, headers={"Location": "https://evil.example.com/v1/customers?x=1"})
    web.add(request_.method, "https://evil.example.com/v1/customers", body=b"{}")
    error = fail(request_)
    assert isinstance(error, kind)
    assert "answered 302 and points to evil.example.com, which is not followed: the key would go there" in str(error)
    assert len(web.calls) == 1


@pytest.mark.parametrize("body", [b"<html>Log in to the hotel network</html>", b'{"id": "cus_'])
def test_a_write_answered_200_with_an_unreadable_body_is_unknown(web: responses.RequestsMock, body: bytes) -> None:
    web.post(CUSTOMERS, body=body)
    error = fail(WRITE)
    assert isinstance(error, OutcomeUnknown)
    assert error.attempts == 1
    assert "answered 200 with a body that is not JSON" in str(error)


def test_a_read_may_answer_what_is_not_json(web: responses.RequestsMock) -> None:
    web.get("https://files.stripe.com/v1/quotes/qt_1/pdf", body=b"%PDF-1.7\x00")
    assert Rig().transport.send(Request("GET", "/v1/quotes/qt_1/pdf", host="files")).body == b"%PDF-1.7\x00"


def test_an_answer_that_is_too_large(web: responses.RequestsMock) -> None:
    web.get(CUSTOMERS, body=b"x" * 1001)
    with pytest.raises(NoAnswer, match="larger than 1,000 bytes") as caught:
        Rig(limits=Limits(body=1000)).transport.send(READ)
    assert caught.value.attempts == 1


def test_a_missing_ca_bundle_is_told(web: responses.RequestsMock) -> None:
    web.get(CUSTOMERS, body=OSError("Could not find a suitable TLS CA certificate bundle, invalid path: /x"))
    error = fail(READ)
    assert isinstance(error, NotSent)
    assert "invalid path: /x" in str(error)


def test_the_transport_can_be_closed(web: responses.RequestsMock) -> None:
    Rig().transport.close()
