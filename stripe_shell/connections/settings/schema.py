"""What a connection's profile can say: the records that the settings file is read into, and the proxies' defaults.

A proxy is data: `paragon` and `pinkconnect` are the kind `proxy` with some of it filled in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from stripe_shell.patterns import pattern
from stripe_shell.records import field, record, replace

Kind = Literal["stripe", "sandbox", "paragon", "pinkconnect", "proxy"]
Colour = Literal["red", "green", "yellow", "blue", "magenta", "cyan"]

KEY_VARIABLE = "STRIPE_API_KEY"
BASE_VARIABLE = "STRIPE_API_BASE"


@record
class Profile:
    """What every kind takes.

    `url` is the base address, None the kind's own. `timeout` and `connect_timeout` are seconds for one attempt,
    `rate_limit` requests a second, `largest_answer` MiB. `headers` go with every request.
    """

    kind: Kind = "stripe"
    url: str | None = None
    account: str | None = None
    api_version: str | None = None
    retries: int = 2
    timeout: float = 80.0
    connect_timeout: float = 15.0
    rate_limit: float | None = None
    largest_answer: int = 8
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    read_only: bool = False
    colour: Colour | None = None


@record
class StripeProfile(Profile):
    """Kind `stripe`: `key` says where the key comes from; for `/stripe` None means the variable STRIPE_API_KEY."""

    key: str | None = field(default=None, repr=False)


@record
class SandboxProfile(Profile):
    """Kind `sandbox`: `path` is the file it lives in, `:memory:` for none; `url` means one that is served."""

    path: str | None = None


@record
class OAuthTable:
    """`token = { oauth2_client_credentials = { … } }`."""

    url: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    scope: str | None = None


@record
class JwtTable:
    """`token = { rs256_jwt = { … } }`: signed with `key`; `lifetime` is seconds, `claims` come over the kind's own."""

    key: str = field(default="", repr=False)
    claims: dict[str, Any] = field(default_factory=dict)
    lifetime: int = 3600
    key_id: str | None = None


@record
class ProxyProfile(Profile):
    """Kinds `proxy`, `paragon`, `pinkconnect`. `{host}`, `{service}` … in `url`, `headers`, claims are members."""

    host: str | None = None
    service: str | None = None
    connection_id: str | None = None
    project: str | None = None
    user: str | None = None
    query_in: str = "url"
    body: Literal["form", "json", "auto"] = "form"
    unwrap: Literal["none", "output", "auto"] = "auto"
    strip_prefix: str = ""
    token: str | OAuthTable | JwtTable | None = field(default=None, repr=False)

    @property
    def credential(self) -> str | None:
        """Where the secret behind the token comes from; None without a token."""
        match self.token:
            case OAuthTable():
                return self.token.client_secret
            case JwtTable():
                return self.token.key
            case _:
                return self.token


AnyProfile = StripeProfile | SandboxProfile | ProxyProfile

#: The record of each kind.
PROFILES: Mapping[str, type[StripeProfile] | type[SandboxProfile] | type[ProxyProfile]] = {
    "stripe": StripeProfile,
    "sandbox": SandboxProfile,
    "paragon": ProxyProfile,
    "pinkconnect": ProxyProfile,
    "proxy": ProxyProfile,
}

#: Connections that exist without being configured; their kind is their name.
ALWAYS: Mapping[str, AnyProfile] = {"stripe": StripeProfile(), "sandbox": SandboxProfile(kind="sandbox")}


# --- proxies ----------------------------------------------------------------------------------------------------


@record
class ProxyDefaults:
    """What a kind of proxy fills in, and what messages call it."""

    who: str
    members: Mapping[str, str]
    headers: Mapping[str, str]
    claims: Mapping[str, str]


PROXIES: Mapping[str, ProxyDefaults] = {
    "proxy": ProxyDefaults("The proxy", {}, {}, {}),
    "paragon": ProxyDefaults(
        "Paragon",
        {
            "url": "https://{host}/projects/{project}/sdk/proxy/{service}{path}",
            "host": "proxy.useparagon.com",
            "service": "stripe",
        },
        {"Authorization": "Bearer {token}", "X-Paragon-Use-Raw-Response": "1"},
        {"sub": "{user}", "aud": "useparagon.com/{project}"},
    ),
    "pinkconnect": ProxyDefaults(
        "PinkConnect",
        {
            "url": "https://{host}/connect/{service}/{connection_id}{path}",
            "host": "proxy.pinkfish.ai",
            "service": "stripe",
        },
        {"auth-token": "{token}"},
        {"type": "user"},
    ),
}

#: What may stand in braces: the members of a profile, and what only the request knows.
MEMBERS = ("host", "service", "connection_id", "project", "user")
OF_THE_REQUEST = ("path", "token")

_PLACEHOLDER = pattern(r"\{(\w*)\}")


def filled_in(profile: ProxyProfile) -> ProxyProfile:
    """The profile with the defaults of its kind below what it says itself. A header that it leaves empty goes away."""
    defaults = PROXIES[profile.kind]
    missing = {name: value for name, value in defaults.members.items() if getattr(profile, name) is None}
    headers = {name.lower(): (name, value) for name, value in (*defaults.headers.items(), *profile.headers.items())}
    token = profile.token
    if isinstance(token, JwtTable):
        token = replace(token, claims={**defaults.claims, **token.claims})
    return replace(profile, **missing, headers={name: value for name, value in headers.values() if value}, token=token)


def templates(profile: ProxyProfile) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text of a profile that is filled in that may have something in braces, with its place in the profile."""
    yield ("url",), profile.url or ""
    yield from ((("headers", name), value) for name, value in profile.headers.items())
    if isinstance(profile.token, JwtTable):
        place = ("token", "rs256_jwt", "claims")
        yield from (((*place, name), value) for name, value in profile.token.claims.items() if isinstance(value, str))


def placeholders(text: str) -> list[str]:
    """What stands in braces."""
    return _PLACEHOLDER.findall(text)


def fill(text: str, profile: ProxyProfile) -> str:
    """The text with the profile's members in place of their names; `{path}` and `{token}` stay."""

    def value(match: re.Match[str]) -> str:
        return str(getattr(profile, match[1])) if match[1] in MEMBERS else match[0]

    return _PLACEHOLDER.sub(value, text)
