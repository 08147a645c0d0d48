"""Builds connections from profiles: address, credential, and a function that opens the transport. Sends no request.

requests is imported with the first request over HTTP, sqlite3 with the first one to the sandbox.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from stripe_shell.connections.addresses import base_problem, leads_elsewhere, stranger
from stripe_shell.connections.connection import Connection, ConnectionObserver
from stripe_shell.connections.credentials import (
    CredentialResult,
    CredentialSources,
    is_slow,
    key_mode,
    key_problem,
    look_up,
    origin_of,
    split_source,
    text_problem,
)
from stripe_shell.connections.settings.schema import (
    BASE_VARIABLE,
    KEY_VARIABLE,
    PROXIES,
    AnyProfile,
    JwtTable,
    OAuthTable,
    Profile,
    ProxyProfile,
    SandboxProfile,
    StripeProfile,
    fill,
)
from stripe_shell.records import field, record
from stripe_shell.secrets import Credential, Secrets
from stripe_shell.wire import Request, Response, Transport

if TYPE_CHECKING:
    from stripe_shell.spec.table import Table
    from stripe_shell.transports.proxy import ProxyForm
    from stripe_shell.transports.sending import Sender
    from stripe_shell.transports.stripe import HttpClient, Limits
    from stripe_shell.transports.tokens import IssuedToken, TokenSource

#: The database name of a sandbox in memory.
MEMORY = ":memory:"

#: The key for a sandbox server. It gives access to nothing.
SANDBOX_KEY = "sk_test_sandbox"

_MIB = 1024 * 1024

#: Stripe's limits in requests per second: in live mode, in test mode and its sandboxes, and for one operation.
LIVE_RATE, TEST_RATE, OPERATION_RATE = 100.0, 25.0, 25.0


@record
class Builder:
    """Builds connections. `settings` is the name of the settings file, `database` the default file of a sandbox.

    `undo`: sandboxes keep their writes, so that the last ones can be taken back. `known` are the credentials so far.
    """

    sources: CredentialSources
    observer: ConnectionObserver
    settings: str
    table: Callable[[], Table]
    database: str
    undo: bool = False
    known: set[str] = field(default_factory=set, repr=False)

    def build(self, name: str, profile: AnyProfile) -> Connection:
        """Returns the connection; an invalid key or URL becomes its `problem`."""
        match profile:
            case StripeProfile():
                connection = self._stripe(name, profile)
            case SandboxProfile():
                connection = self._sandbox(name, profile)
            case ProxyProfile():
                connection = self._proxy(name, profile)
        source = credential_source(name, profile)
        if source is None or not is_slow(source):
            connection.resolve_credential()
        return connection

    # --- kinds --------------------------------------------------------------------------------------------------

    def _stripe(self, name: str, profile: StripeProfile) -> Connection:
        base = profile.url or (self.sources.environ.get(BASE_VARIABLE) if name == "stripe" else None) or None
        source = credential_source(name, profile)

        def open_stripe(credential: Credential | None) -> Transport:
            return self._open_http(name, profile, credential or Credential(""), base)

        return Connection(
            name,
            profile,
            origin_of(source, self.settings),
            find=lambda: self._look_up(name, source, key_problem),
            opener=open_stripe,
            base_url=base,
            problem=base_problem(base) if base else "",
            observer=self.observer,
            secrets=self._secrets,
        )

    def _sandbox(self, name: str, profile: SandboxProfile) -> Connection:
        path = os.path.expanduser(profile.path) if profile.path else self.database
        base = profile.url

        def open_sandbox(_: Credential | None) -> Transport:
            if base is not None:
                return self._open_http(name, profile, Credential(SANDBOX_KEY), base)
            from pathlib import Path

            from stripe_shell.transports.sandbox import open_sandbox

            inner = open_sandbox(
                None if path == MEMORY else Path(path), self.table(), undo=self.undo, traits=profile.traits
            )
            return _ObservedTransport(inner, self.observer) if self.observer.exchange else inner

        problem = base_problem(base) if base else ""
        if base and not problem and leads_elsewhere(base):
            problem = "a sandbox is served on this machine; an address elsewhere may be anything"
        origin = base or path
        return Connection(
            name,
            profile,
            origin,
            find=lambda: CredentialResult(None),
            opener=open_sandbox,
            base_url=base,
            problem=problem,
            database="" if base else path,
            secrets=self._secrets,
        )

    def _proxy(self, name: str, profile: ProxyProfile) -> Connection:
        source = profile.credential
        base = fill(profile.url or "", profile)

        def find() -> CredentialResult:
            check = _signing_problem if isinstance(profile.token, JwtTable) else text_problem
            return self._look_up(name, source, check) if source is not None else CredentialResult(None)

        def open_proxy(credential: Credential | None) -> Transport:
            from stripe_shell.transports.proxy import ProxyTransport

            return ProxyTransport(
                proxy_form(profile),
                lambda exchange: self._token(name, profile, credential or Credential(""), exchange),
                version=profile.api_version,
                account=profile.account,
                limits=_limits(profile),
                sender=self._sender(name, profile),
                observe=self.observer.exchange,
            )

        return Connection(
            name,
            profile,
            self._token_origin(profile),
            find=find,
            opener=open_proxy,
            base_url=base.replace("{path}", ""),
            problem=_proxy_problem(profile, base),
            observer=self.observer,
            secrets=self._secrets,
        )

    # --- credentials --------------------------------------------------------------------------------------------

    def _look_up(self, name: str, source: str, check: Callable[[str], str]) -> CredentialResult:
        """Looks up a credential and reports it as a secret; its value is never shown, even if invalid."""
        found = look_up(name, source, self.sources)
        if found.credential is None:
            return found
        value = found.credential.reveal()
        self._report_secret(value)
        problem = check(value)
        kind, rest = split_source(source)
        return CredentialResult(found.credential, f"{rest}: {problem}" if problem and kind == "env" else problem)

    def _report_secret(self, value: str) -> None:
        """Reports a secret, and each line of a multi-line key, since output may contain single lines of it."""
        lines = value.replace("\\n", "\n").split("\n")
        long = [line for line in lines if len(line) >= 16 and not line.startswith("-----")] if len(lines) > 1 else []
        for secret in (value, *long):
            self.known.add(secret)
            self.observer.secret(secret)

    def _secrets(self) -> Secrets:
        return Secrets().plus(*self.known)

    def _token_origin(self, profile: ProxyProfile) -> str:
        source = profile.credential
        origin = origin_of(source, self.settings) if source is not None else "nowhere: it needs none"
        match profile.token:
            case OAuthTable() as table:
                where = f", exchanged at {stranger(table.url)}" if stranger(table.url) else ""
                return f"client credentials, their secret from {origin}{where}"
            case JwtTable():
                return f"a token signed with the key from {origin}"
            case _:
                return origin

    def _token(self, name: str, profile: ProxyProfile, credential: Credential, exchange: HttpClient) -> TokenSource:
        from stripe_shell.transports.tokens import ProvidedToken

        match profile.token:
            case OAuthTable() as table:
                return self._kept_token(profile, self._fetching(name, profile, table, credential, exchange))
            case JwtTable() as table:
                return self._kept_token(profile, _signing(profile, table, credential))
            case source:
                return ProvidedToken(
                    credential, lambda: self._look_up(name, source, text_problem).credential if source else None
                )

    def _kept_token(self, profile: ProxyProfile, make: Callable[[], IssuedToken]) -> TokenSource:
        """Returns a token that is made on demand and reported as a secret; errors name the origin of its credential."""
        from stripe_shell.transports.tokens import CachedToken, NoToken

        def make_known() -> IssuedToken:
            try:
                fresh = make()
            except NoToken as error:
                raise NoToken(f"{error} ({self._token_origin(profile)})") from None
            self._report_secret(fresh.value.reveal())
            return fresh

        return CachedToken(make_known, time.monotonic)

    def _fetching(
        self, name: str, profile: ProxyProfile, table: OAuthTable, credential: Credential, exchange: HttpClient
    ) -> Callable[[], IssuedToken]:
        from stripe_shell.transports.tokens import ClientCredentials, fetch_token

        limits = _limits(profile)
        wanted = ClientCredentials(table.url, table.client_id, credential, table.scope)
        sender = self._sender(name, profile)
        return lambda: fetch_token(wanted, lambda request: lambda: exchange.attempt(request, limits), sender)

    # --- what they have in common -------------------------------------------------------------------------------

    def _open_http(self, name: str, profile: Profile, credential: Credential, base: str | None) -> Transport:
        from stripe_shell.transports.stripe import STRIPE_HOSTS, StripeTransport

        return StripeTransport(
            credential,
            bases=dict.fromkeys(STRIPE_HOSTS, base) if base else STRIPE_HOSTS,
            version=profile.api_version,
            account=profile.account,
            headers=profile.headers,
            limits=_limits(profile),
            sender=self._sender(name, profile, default_rate(credential, base)),
            observe=self.observer.exchange,
        )

    def _sender(self, name: str, profile: Profile, rate: float | None = None) -> Sender:
        """Returns the sender of a connection; `rate` is that of Stripe, unless the profile sets another one.

        Where there is a limit, the one of Stripe for each operation holds too.
        """
        from stripe_shell.pace import Pace
        from stripe_shell.transports.retry import RetryDelay, RetryPolicy
        from stripe_shell.transports.sending import Sender

        def tell(delay: RetryDelay) -> None:
            self.observer.retry(delay)
            self.observer.wait(f"/{name}: {delay.reason}; sent again in {delay.seconds:.1f} s", delay.seconds)

        limit = profile.rate_limit or rate
        pace = Pace(limit, OPERATION_RATE) if limit else None
        return Sender(RetryPolicy(profile.retries), pace, on_retry=tell)


class _ObservedTransport:
    """Wraps the sandbox transport in this process so that the observer sees its exchanges."""

    def __init__(self, inner: Transport, observer: ConnectionObserver) -> None:
        self._inner = inner
        self._observer = observer

    def send(self, request: Request) -> Response:
        response = self._inner.send(request)
        if self._observer.exchange is not None:
            self._observer.exchange(request, response, "")
        return response


def credential_source(name: str, profile: AnyProfile) -> str:
    """Returns the source of a profile's credential as in the settings file; empty for a sandbox."""
    match profile:
        case StripeProfile():
            return profile.key or f"env:{KEY_VARIABLE}"
        case ProxyProfile():
            return profile.credential or ""
        case _:
            return ""


def proxy_form(profile: ProxyProfile) -> ProxyForm:
    """Returns the profile as the form that the proxy transport takes."""
    from stripe_shell.transports.proxy import ProxyForm

    return ProxyForm(
        PROXIES[profile.kind].who,
        fill(profile.url or "", profile),
        {name: fill(value, profile) for name, value in profile.headers.items()},
        profile.query_in,
        profile.body,
        profile.unwrap,
        profile.strip_prefix,
    )


def _signing(profile: ProxyProfile, table: JwtTable, credential: Credential) -> Callable[[], IssuedToken]:
    from stripe_shell.transports.tokens import JwtSigning, sign_token

    claims = {key: fill(value, profile) if isinstance(value, str) else value for key, value in table.claims.items()}
    signing = JwtSigning(credential, claims, table.lifetime, table.key_id)
    return lambda: sign_token(signing, time.time)


def _limits(profile: Profile) -> Limits:
    from stripe_shell.transports.stripe import Limits

    return Limits(profile.connect_timeout, profile.timeout, profile.largest_answer * _MIB)


# --- what cannot be used ----------------------------------------------------------------------------------------


def default_rate(credential: Credential, base: str | None) -> float | None:
    """Returns the rate that Stripe allows a key; None for a server on this machine."""
    if base is not None and not leads_elsewhere(base):
        return None
    return LIVE_RATE if key_mode(credential.reveal()) == "live" else TEST_RATE


def _proxy_problem(profile: ProxyProfile, base: str) -> str:
    problem = base_problem(base.replace("{path}", ""))
    if not problem and isinstance(profile.token, OAuthTable):
        problem = base_problem(profile.token.url)
        return f"the token's {problem}".replace("the token's the", "the token's") if problem else ""
    return problem


def _signing_problem(key: str) -> str:
    return "" if "PRIVATE KEY-----" in key else "the signing key is not an RSA private key in PEM form"
