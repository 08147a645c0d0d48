"""The schema of the settings file: the profile of each kind of connection, and the defaults of proxies.

A proxy is data: `paragon` and `pinkconnect` are the kind `proxy` with some defaults.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from stripe_shell.patterns import pattern
from stripe_shell.records import field, record, replace

ConnectionKind = Literal["stripe", "sandbox", "paragon", "pinkconnect", "proxy"]
Colour = Literal["red", "green", "yellow", "blue", "magenta", "cyan"]
#: When the prompt fetches ids for its menu: in sandboxes and test mode but not through a proxy, always, or never.
FetchPolicy = Literal["test", "always", "never"]

KEY_VARIABLE = "STRIPE_API_KEY"
BASE_VARIABLE = "STRIPE_API_BASE"


@record
class Profile:
    """The settings of every kind.

    `url` is the base URL, None for the kind's default. `timeout` and `connect_timeout` are in seconds per attempt,
    `rate_limit` in requests per second, `largest_answer` in MiB. `headers` are sent with every request.
    `fetch_ids` is when the prompt may fetch ids for its menu.
    """

    kind: ConnectionKind = "stripe"
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
    fetch_ids: FetchPolicy = "test"


@record
class StripeProfile(Profile):
    """Kind `stripe`: `key` is the source of the key; for `/stripe`, None means the variable STRIPE_API_KEY."""

    key: str | None = field(default=None, repr=False)


@record
class SandboxProfile(Profile):
    """Kind `sandbox`: `path` is its database file, `:memory:` for none; `url` is that of a sandbox server.

    `traits` say what its account is like (`legacy,country=DE`), when the file is new.
    """

    path: str | None = None
    traits: str | None = None


@record
class OAuthTable:
    """The OAuth 2 settings `token = { oauth2_client_credentials = { … } }`."""

    url: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    scope: str | None = None


@record
class JwtTable:
    """The JWT settings `token = { rs256_jwt = { … } }`.

    `key` signs the token; `lifetime` is in seconds; `claims` override the defaults of the kind.
    """

    key: str = field(default="", repr=False)
    claims: dict[str, Any] = field(default_factory=dict)
    lifetime: int = 3600
    key_id: str | None = None


@record
class ProxyProfile(Profile):
    """Kinds `proxy`, `paragon`, `pinkconnect`; `url`, `headers` and claims may contain `{host}`, `{service}` …"""

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
        """Returns the source of the token, or of the secret that makes it; None without a token."""
        match self.token:
            case OAuthTable():
                return self.token.client_secret
            case JwtTable():
                return self.token.key
            case _:
                return self.token


AnyProfile = StripeProfile | SandboxProfile | ProxyProfile

#: Maps each kind to its record.
PROFILES: Mapping[str, type[StripeProfile] | type[SandboxProfile] | type[ProxyProfile]] = {
    "stripe": StripeProfile,
    "sandbox": SandboxProfile,
    "paragon": ProxyProfile,
    "pinkconnect": ProxyProfile,
    "proxy": ProxyProfile,
}

#: Connections that exist without configuration; the name is the kind.
ALWAYS: Mapping[str, AnyProfile] = {"stripe": StripeProfile(), "sandbox": SandboxProfile(kind="sandbox")}


# --- proxies ----------------------------------------------------------------------------------------------------


@record
class ProxyDefaults:
    """The defaults of a kind of proxy, and its name in messages."""

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

#: The names allowed in braces: fields of a profile; `path` and `token` are filled in per request.
MEMBERS = ("host", "service", "connection_id", "project", "user")
OF_THE_REQUEST = ("path", "token")

_PLACEHOLDER = pattern(r"\{(\w*)\}")


def filled_in(profile: ProxyProfile) -> ProxyProfile:
    """Returns the profile merged over the defaults of its kind. An empty header removes the default header."""
    defaults = PROXIES[profile.kind]
    missing = {name: value for name, value in defaults.members.items() if getattr(profile, name) is None}
    headers = {name.lower(): (name, value) for name, value in (*defaults.headers.items(), *profile.headers.items())}
    token = profile.token
    if isinstance(token, JwtTable):
        token = replace(token, claims={**defaults.claims, **token.claims})
    return replace(profile, **missing, headers={name: value for name, value in headers.values() if value}, token=token)


def templates(profile: ProxyProfile) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yields every text of a complete profile that may contain placeholders, with its path in the profile."""
    yield ("url",), profile.url or ""
    yield from ((("headers", name), value) for name, value in profile.headers.items())
    if isinstance(profile.token, JwtTable):
        place = ("token", "rs256_jwt", "claims")
        yield from (((*place, name), value) for name, value in profile.token.claims.items() if isinstance(value, str))


def placeholders(text: str) -> list[str]:
    """Returns the names in braces."""
    return _PLACEHOLDER.findall(text)


def fill(text: str, profile: ProxyProfile) -> str:
    """Returns the text with field names in braces replaced by their values; `{path}` and `{token}` are kept."""

    def value(match: re.Match[str]) -> str:
        return str(getattr(profile, match[1])) if match[1] in MEMBERS else match[0]

    return _PLACEHOLDER.sub(value, text)
