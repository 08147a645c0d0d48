"""Reads the settings file: TOML, validated with pydantic; every problem is a diagnostic at its line, without secrets.

Imported only if there is a file, and pydantic only if something in it may be wrong.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

from stripe_shell.connections.connection import RequiredBy, no_connection
from stripe_shell.connections.credentials import is_literal, readable_by_others, source_problem
from stripe_shell.connections.settings.fitting import fit
from stripe_shell.connections.settings.positions import find_place, public_text
from stripe_shell.connections.settings.schema import (
    ALWAYS,
    MEMBERS,
    OF_THE_REQUEST,
    PROFILES,
    AnyProfile,
    JwtTable,
    OAuthTable,
    Profile,
    ProxyProfile,
    SandboxProfile,
    StripeProfile,
    filled_in,
    placeholders,
    templates,
)
from stripe_shell.diagnostics import Diagnostic, SourceText, closest, format_diagnostics, sort_diagnostics
from stripe_shell.durations import parse_rate
from stripe_shell.errors import ConfigurationError
from stripe_shell.escaping import Drawn, visible
from stripe_shell.patterns import pattern
from stripe_shell.records import field, fields, record, replace

if TYPE_CHECKING:
    from pydantic import BaseModel

SettingPath = tuple[str, ...]

_NAME = pattern(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_HEADER_NAME = pattern(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

#: Headers that the shell sets itself, in lower case.
_RESERVED = frozenset(
    {"host", "content-length", "content-type", "transfer-encoding", "connection", "idempotency-key", "cookie"}
)

#: Minimum and maximum of the numbers in a profile.
_RANGES: Mapping[str, tuple[float, float]] = {
    "retries": (0, 10),
    "timeout": (0.1, 3600),
    "connect_timeout": (0.1, 600),
    "rate_limit": (0.001, 10_000),
    "largest_answer": (1, 1024),
}


@record
class ConnectionSettings:
    """The content of the settings file; empty by default. `keep_runs` is how long finished runs are kept, in days."""

    spec: RequiredBy = "documented"
    default: str | None = None
    keep_runs: int = 30
    connections: Mapping[str, AnyProfile] = field(default_factory=dict)


@record
class _Written:
    """The top level of the file."""

    spec: RequiredBy = "documented"
    default: str | None = None
    keep_runs: int = 30
    connections: dict[str, dict[str, Any]] = field(default_factory=dict)


def read_settings(path: Path) -> ConnectionSettings:
    """Returns the settings of a file. Raises ConfigurationError that lists every problem of an invalid one."""
    try:
        if readable_by_others(path):
            raise ConfigurationError(f"Others can read {path}, and it may hold keys. Run `chmod 600` on it.")
        text = path.read_text("utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not UTF-8 text (byte {error.start}).") from None
    return parse_settings(text, path)


def find_problems(text: str, path: Path) -> list[Diagnostic]:
    """Returns all problems of the text of a settings file."""
    reading = _Reading(text, path)
    reading.read()
    return sort_diagnostics(reading.problems)


def parse_settings(text: str, path: Path) -> ConnectionSettings:
    """Returns the settings of a text; messages call it `path`. Raises ConfigurationError if it is invalid."""
    reading = _Reading(text, path)
    settings = reading.read()
    if reading.problems:
        raise ConfigurationError(
            Drawn(f"{visible(path.name)} cannot be used.\n{format_diagnostics(sort_diagnostics(reading.problems))}")
        )
    return settings


class _Reading:
    """Reads one settings file and collects its problems."""

    def __init__(self, text: str, path: Path) -> None:
        self._text = text
        self._source = SourceText(str(path), public_text(text))
        self.problems: list[Diagnostic] = []

    def read(self) -> ConnectionSettings:
        data = self._parse()
        entries = data.pop("connections", {})
        written = self._validate(_Written, data, ())
        if not isinstance(entries, dict):
            self._add_problem(("connections",), "must be a table: [connections.NAME]")
            entries = {}
        read = {name: self._connection(name, entry) for name, entry in entries.items()}
        known = {*ALWAYS, *read}
        if written.default is not None and written.default not in known:
            self._add_problem(("default",), no_connection(written.default, known).rstrip("."))
        if written.keep_runs < 0:
            self._add_problem(("keep_runs",), "must be a number of days, 0 or more")
        profiles = {name: profile for name, profile in read.items() if profile is not None}
        return ConnectionSettings(written.spec, written.default, written.keep_runs, profiles)

    def _parse(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self._text)
        except (ValueError, RecursionError) as error:  # numbers of too many digits, and too many brackets, too
            found = re.search(r"\(at line (\d+), column \d+\)", str(error))
            words = re.sub(r" \(at [^)]*\)", "", str(error))
            span = find_place(self._source, (), int(found[1]) if found else self._text.count("\n") + 1)
            self.problems.append(Diagnostic("E505", f"this is not TOML: {words[:1].lower()}{words[1:]}", span))
            return {}

    # --- one connection -----------------------------------------------------------------------------------------

    def _connection(self, name: str, entry: Any) -> AnyProfile | None:
        place = ("connections", name)
        if not _NAME.fullmatch(name):
            self._add_problem(place, "a name consists of letters, digits, `-` and `_`")
            return None
        if not isinstance(entry, dict):
            self._add_problem(place, "must be a table: [connections.NAME]")
            return None
        kind = entry.get("kind", name if name in ALWAYS else None)
        if not isinstance(kind, str) or kind not in PROFILES:
            meant = closest(kind, PROFILES) if isinstance(kind, str) else None
            hint = f"did you mean `{meant}`?" if meant else ""
            self._add_problem((*place, "kind"), f"must be one of {', '.join(PROFILES)}", hint)
            return None
        if name in ALWAYS and kind != name:
            self._add_problem((*place, "kind"), f"`/{name}` always means the {name}", "choose another name")
            return None
        before = len(self.problems)
        by_hand = {"token": self._token, "rate_limit": self._rate}
        rest = {key: value for key, value in entry.items() if key not in by_hand}
        model = PROFILES[kind]
        profile: AnyProfile = self._validate(model, rest | {"kind": kind}, place)
        members = [member.name for member in fields(model)]
        for key in by_hand.keys() & entry.keys():
            if key in members:
                profile = replace(profile, **{key: by_hand[key](entry[key], (*place, key))})
            else:
                self._add_problem((*place, key), "is no setting", self._suggest(key, members))
        self._check_profile(name, profile, place)
        if len(self.problems) > before:
            return None
        return filled_in(profile) if isinstance(profile, ProxyProfile) else profile

    def _token(self, value: Any, place: SettingPath) -> str | OAuthTable | JwtTable | None:
        """Returns a source, or the settings of its only sub-table."""
        tables: dict[str, type[OAuthTable] | type[JwtTable]] = {
            "oauth2_client_credentials": OAuthTable,
            "rs256_jwt": JwtTable,
        }
        if isinstance(value, str):
            self._check_source(value, place)
            return value
        if not isinstance(value, dict) or len(value) != 1 or (name := next(iter(value))) not in tables:
            self._add_problem(place, f"must be a source such as `env:NAME`, or one of {', '.join(tables)}")
            return None
        inner = (*place, name)
        if not isinstance(value[name], dict):
            self._add_problem(inner, "must be a table")
            return None
        table = self._validate(tables[name], value[name], inner)
        needed = ("url", "client_id", "client_secret") if isinstance(table, OAuthTable) else ("key",)
        for member in needed:
            if not getattr(table, member):
                self._add_problem(inner, f"`{member}` is missing")
        secret = table.client_secret if isinstance(table, OAuthTable) else table.key
        if secret:
            self._check_source(secret, (*inner, needed[-1]))
        if isinstance(table, JwtTable) and not 60 <= table.lifetime <= 86_400:
            self._add_problem((*inner, "lifetime"), "must be between 60 and 86400 seconds")
        return table  # type: ignore[no-any-return]

    def _rate(self, value: Any, place: SettingPath) -> float | None:
        """Returns requests per second, also for `25000/h`."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        rate = parse_rate(value) if isinstance(value, str) else None
        if rate is None:
            self._add_problem(place, "must be requests a second, or like `25/s`, `600/m`, `25000/h`")
        return rate

    # --- what pydantic cannot know ------------------------------------------------------------------------------

    def _check_profile(self, name: str, profile: AnyProfile, place: SettingPath) -> None:
        for member, (least, most) in _RANGES.items():
            value = getattr(profile, member)
            if value is not None and not least <= value <= most:
                self._add_problem((*place, member), f"must be between {least:g} and {most:g}")
        for header in profile.headers:
            self._check_header(header, profile, (*place, "headers", header))
        match profile:
            case StripeProfile(key=None) if name != "stripe":
                self._add_problem(place, "`key` is missing", 'e.g. key = "env:NAME_OF_A_VARIABLE"')
            case StripeProfile(key=str() as key):
                self._check_source(key, (*place, "key"))
            case ProxyProfile():
                self._check_proxy(profile, place)
            case SandboxProfile() if profile.url and profile.path:
                self._add_problem((*place, "path"), "`path` and `url` exclude each other")

    def _check_source(self, text: str, place: SettingPath) -> None:
        problem = source_problem(text)
        if problem and not (is_literal(text) and problem == "is empty"):
            words, _, hint = problem.partition("; ")
            self._add_problem(place, words, hint)

    def _check_header(self, name: str, profile: Profile, place: SettingPath) -> None:
        if not _HEADER_NAME.fullmatch(name):
            self._add_problem(place, "is no name of a header")
        elif name.lower() in _RESERVED or (name.lower() == "authorization" and not isinstance(profile, ProxyProfile)):
            self._add_problem(place, "is written by the shell itself")

    def _check_proxy(self, written: ProxyProfile, place: SettingPath) -> None:
        profile = filled_in(written)
        if not profile.url:
            self._add_problem(place, "`url` is missing", 'e.g. url = "https://{host}/stripe{path}"')
        in_header = profile.query_in.startswith("header:")
        if profile.query_in != "url" and not (in_header and _HEADER_NAME.fullmatch(profile.query_in[7:])):
            self._add_problem((*place, "query_in"), "must be `url` or `header:NAME`")
        if profile.url and not in_header and not profile.url.endswith("{path}"):
            self._add_problem((*place, "url"), "must end with `{path}`")
        if profile.strip_prefix and not re.fullmatch(r"(/[\w.-]+)+", profile.strip_prefix):
            self._add_problem((*place, "strip_prefix"), "must look like `/v1`")
        if profile.token and not any("{token}" in value for value in profile.headers.values()):
            self._add_problem(place, "no header says where the `{token}` goes", 'e.g. Authorization = "Bearer {token}"')
        wanted: dict[str, SettingPath] = {}
        for where, text in templates(profile):
            for name in placeholders(text):
                if name not in (*MEMBERS, *OF_THE_REQUEST):
                    self._add_problem((*place, *where), f"`{{{name}}}` is nothing that can be filled in", _listed())
                wanted.setdefault(name, where)
        for name in (*MEMBERS, "token"):
            if name in wanted and not getattr(profile, name):
                self._add_problem(place, f"`{name}` is missing", f"{'.'.join(wanted[name])} asks for it")

    # --- pydantic -----------------------------------------------------------------------------------------------

    def _validate(self, model: type[Any], data: Mapping[str, Any], place: SettingPath) -> Any:
        """Returns `data` as a `model`, without invalid values; messages omit values, since one may be a key."""
        fitted = fit(model, data, _members(model))
        if fitted is not None:
            return fitted
        from pydantic import ValidationError

        good = dict(data)
        while True:
            try:
                return model(**dict(_schema(model).model_validate(good)))
            except ValidationError as error:
                found = error.errors(include_url=False, include_context=False, include_input=False)
            for problem in found:
                where = tuple(map(str, problem["loc"]))
                if problem["type"] == "extra_forbidden":
                    names = [member.name for member in fields(model)]
                    self._add_problem((*place, *where), "is no setting", self._suggest(where[-1], names))
                else:
                    words = problem["msg"]
                    self._add_problem((*place, *where), words[:1].lower() + words[1:])
                good.pop(where[0], None)

    def _suggest(self, word: str, known: Iterable[str]) -> str:
        meant = closest(word, known)
        return f"did you mean `{meant}`?" if meant else f"known: {', '.join(known)}"

    def _add_problem(self, place: SettingPath, message: str, hint: str = "") -> None:
        span = find_place(self._source, place)
        self.problems.append(Diagnostic("E505", f"{'.'.join(place)}: {message}", span, label=hint))


def _listed() -> str:
    return f"known: {', '.join(f'{{{name}}}' for name in (*MEMBERS, *OF_THE_REQUEST))}"


def _members(model: type[Any]) -> list[str]:
    """Returns the names of the fields that `_validate` reads: all but those that are read by hand."""
    by_hand = ("token", "rate_limit", "connections") if model is _Written else ("token", "rate_limit")
    return [member.name for member in fields(model) if member.name not in by_hand]


def _schema(model: type[Any]) -> type[BaseModel]:
    """Returns the pydantic model of a record whose fields all have defaults."""
    from pydantic import ConfigDict, create_model

    hints, empty = get_type_hints(model), model()
    members: dict[str, Any] = {name: (hints[name], getattr(empty, name)) for name in _members(model)}
    return create_model(model.__name__, __config__=ConfigDict(extra="forbid", strict=True), **members)
