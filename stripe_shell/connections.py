"""Which ways to Stripe there are: names, keys and where they come from, live or test, and the settings file.

`/stripe` and `/sandbox` always exist; the settings file adds more. Of the rooms on its floor this file stands last: it
opens what `transports` builds. Nothing is imported that is not used: requests with the first request to Stripe, sqlite3
with the first one to the sandbox, tomllib and pydantic when there is a settings file.
"""

from __future__ import annotations

import re
from _thread import allocate_lock
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from stripe_shell.diagnostics import Diagnostic, Span, closest
from stripe_shell.engine.links import Link, Mode
from stripe_shell.errors import ConfigurationError
from stripe_shell.records import field, fields, record
from stripe_shell.secrets import Credential, Secrets
from stripe_shell.spec.table import Table, load_table
from stripe_shell.wire import Request, Response, Transport

Kind = Literal["stripe", "sandbox"]
Spec = Literal["documented", "stripe"]

KEY_VARIABLE = "STRIPE_API_KEY"
BASE_VARIABLE = "STRIPE_API_BASE"

#: The database of a sandbox that keeps nothing.
MEMORY = Path(":memory:")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_KEY_MODE = re.compile(r"(?:sk|rk)_(?:org_)?(test|live)_")
_LOOPBACK = re.compile(r"localhost|127(?:\.\d{1,3}){3}|::1")


@record
class Connection:
    """A named way to Stripe.

    `mode` is what the key says; `unknown` counts as live. `origin` says in words where the credential came from.
    `problem` says why it cannot be used, and is empty when it can. `account` and `api_version` None mean the key's own
    account and the table's version.
    """

    name: str
    kind: Kind
    mode: Mode
    origin: str
    opener: Callable[[], Transport] = field(repr=False, compare=False)
    api_version: str | None = None
    account: str | None = None
    base_url: str | None = None
    credential: Credential | None = None
    problem: str = ""

    def open(self) -> Transport:
        """The transport, ready to send. Raises ConfigurationError when the connection cannot be used."""
        if self.problem:
            raise ConfigurationError(f"The connection `{self.name}` cannot be used: {self.problem}")
        return self.opener()


class LateTransport:
    """Opens the connection with the first request, so that checking a script pays for nothing. Safe for threads."""

    def __init__(self, open_transport: Callable[[], Transport]) -> None:
        self._open = open_transport
        self._lock = allocate_lock()
        self._transport: Transport | None = None

    def send(self, request: Request) -> Response:
        """As `wire.Transport`; besides, raises ConfigurationError when the connection cannot be used."""
        with self._lock:
            if self._transport is None:
                self._transport = self._open()
        return self._transport.send(request)


class Connections:
    """The connections of this run: `engine.links.Links` for the interpreter, and the facts about them for the others.

    `spec` says whose required parameters count where a script does not say it.
    """

    def __init__(self, connections: Iterable[Connection], default: str, spec: Spec = "documented") -> None:
        self._by_name = {connection.name: connection for connection in connections}
        self._links: dict[str, Link] = {}
        if default not in self._by_name:
            known = ", ".join(self.names)
            raise ConfigurationError(f"there is no connection `{default}` to be the default one; known: {known}")
        self.default = self._by_name[default]
        self.spec = spec

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that may stand after `/`, sorted."""
        return tuple(sorted(self._by_name))

    @property
    def secrets(self) -> Secrets:
        """The keys of all connections, to be masked wherever text is shown or stored."""
        credentials = (connection.credential for connection in self._by_name.values())
        return Secrets().plus(*(credential.reveal() for credential in credentials if credential))

    def get(self, name: str | None) -> Connection | None:
        """The connection that `/name` means: None and a placeholder mean the default one; None when there is none."""
        return self.default if name is None or self.placeholder(name) else self._by_name.get(name)

    def placeholder(self, name: str | None) -> bool:
        """Whether the name (`your-…`) only stands for the default connection."""
        return name is not None and name.startswith("your-") and name not in self._by_name

    def find(self, name: str | None, span: Span | None = None) -> Link | Diagnostic:
        """The link that `/name` means; E208 when there is no such connection, E504 when it cannot be used.

        The same link each time. Nothing is contacted yet.
        """
        connection = self.get(name)
        if connection is None:
            return self._unknown(str(name), span)
        if connection.problem:
            message = f"the connection `{connection.name}` cannot be used: {connection.problem}"
            return Diagnostic("E504", message, span)
        if connection.name not in self._links:
            self._links[connection.name] = _link(connection)
        return self._links[connection.name]

    def _unknown(self, name: str, span: Span | None) -> Diagnostic:
        """There is a hint but no fix on purpose: no program may turn a mistyped name into another account."""
        known = "known: " + ", ".join(f"`/{each}`" for each in self.names)
        meant = closest(name, self.names)
        label = f"did you mean `/{meant}`?" if meant else known
        return Diagnostic("E208", f"unknown connection `/{name}`", span, label=label, notes=(known,) if meant else ())


def _link(connection: Connection) -> Link:
    transport = LateTransport(connection.open)
    return Link(connection.name, transport, connection.mode, connection.account, connection.api_version)



# -- loading ---------------------------------------------------------------------------------------------------------


def load_connections(
    environ: Mapping[str, str],
    config_path: Path | None = None,
    *,
    table: Callable[[], Table] = load_table,
    default: str | None = None,
    database: str | None = None,
) -> Connections:
    """The connections that the environment and the settings file give.

    `default` (a name, with or without its `/`) and `database` (of `/sandbox`; `:memory:` for none) come from the
    command line and outrank them. Else the default connection is the file's `default`, else `stripe` when
    STRIPE_API_KEY is set, else `sandbox`. `config_path` None means `$XDG_CONFIG_HOME/stripe-shell/config.toml`, which
    need not exist; a path that is given must.

    Raises ConfigurationError for a settings file that cannot be used and for an unknown default. A key or an address
    that cannot be used is the problem of its connection alone, so that the others still work.
    """
    settings = _load_settings(environ, config_path)
    built: dict[str, Connection] = {}
    always: dict[str, StripeSettings | SandboxSettings] = {"stripe": StripeSettings(), "sandbox": SandboxSettings()}
    for name, entry in {**always, **settings.connections}.items():
        if isinstance(entry, StripeSettings):
            built[name] = _stripe_connection(name, entry, environ)
        else:
            given = database if name == "sandbox" else None
            path = Path(given or entry.path or data_folder(environ) / "sandbox.db").expanduser()
            built[name] = _sandbox_connection(name, path, table)
    usual = settings.default or ("stripe" if KEY_VARIABLE in environ else "sandbox")
    chosen = (default or "").removeprefix("/") or usual
    if chosen not in built:
        raise ConfigurationError(_no_connection(chosen, built))
    return Connections(built.values(), chosen, settings.spec)


def _no_connection(name: str, known: Iterable[str]) -> str:
    meant = closest(name, known)
    hint = f"; did you mean `{meant}`?" if meant else f" (known: {', '.join(sorted(known))})."
    return f"There is no connection `{name}`{hint}"


def key_mode(key: str) -> Mode:
    """What the prefix of a key says: `test`, `live`, or `unknown`, which counts as live."""
    match = _KEY_MODE.match(key)
    if match is None:
        return "unknown"
    return "test" if match[1] == "test" else "live"


def key_problem(key: str) -> str:
    """Why `key` cannot be used, empty when it can; never shows the key."""
    if not key:
        return "the key is empty"
    if any(char.isspace() for char in key):
        return "the key has a blank or a line end in it; was it pasted whole, and alone?"
    if not key.isascii() or not key.isprintable():
        return "the key has a character in it that no key has"
    if key.startswith("pk_"):
        return "the key is a publishable one (pk_); a secret (sk_) or restricted (rk_) one is needed"
    if key.startswith("whsec_"):
        return "the key is the secret of a webhook endpoint; a secret (sk_) or restricted (rk_) key is needed"
    return ""


def base_problem(base: str) -> str:
    """Why requests cannot be sent to the address `base`, empty when they can."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(base)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "the address is not a URL"
    if parts.scheme not in ("https", "http") or not host or not base.isascii() or re.search(r"\s", base):
        return "the address must look like `https://host`"
    if parts.scheme == "http" and not _LOOPBACK.fullmatch(host):
        return f"plain http is for this machine only, the key would go to {host} in the clear; use https"
    if parts.query or parts.fragment or parts.username is not None or parts.password is not None:
        return "the address must be host, port and path alone"
    return ""


def _stripe_connection(name: str, settings: StripeSettings, environ: Mapping[str, str]) -> Connection:
    key, origin, problem = _key(settings, environ)
    base = settings.api_base or (environ.get(BASE_VARIABLE) if name == "stripe" else None) or None
    credential = Credential(key)

    def open_stripe() -> Transport:
        from stripe_shell.transports.stripe import STRIPE_HOSTS, StripeTransport

        bases = dict.fromkeys(STRIPE_HOSTS, base) if base else STRIPE_HOSTS
        return StripeTransport(credential, bases=bases, version=settings.api_version, account=settings.account)

    return Connection(
        name=name,
        kind="stripe",
        mode=key_mode(key),
        origin=origin,
        opener=open_stripe,
        api_version=settings.api_version,
        account=settings.account,
        base_url=base,
        credential=credential if key else None,
        problem=problem or (base_problem(base) if base else ""),
    )


def _key(settings: StripeSettings, environ: Mapping[str, str]) -> tuple[str, str, str]:
    """The key, where it came from, and what is wrong with it."""
    if settings.key is not None:
        return settings.key, "the settings file", key_problem(settings.key)
    variable = settings.key_env or KEY_VARIABLE
    if variable not in environ:
        return "", f"the environment variable {variable}", f"set the environment variable {variable} to its key"
    problem = key_problem(environ[variable])
    return environ[variable], f"the environment variable {variable}", f"{variable}: {problem}" if problem else ""


def _sandbox_connection(name: str, path: Path, table: Callable[[], Table]) -> Connection:
    def open_it() -> Transport:
        from stripe_shell.transports.sandbox import open_sandbox

        return open_sandbox(None if path == MEMORY else path, table())

    return Connection(name=name, kind="sandbox", mode="sandbox", origin=str(path), opener=open_it)


def data_folder(environ: Mapping[str, str]) -> Path:
    """`$XDG_DATA_HOME/stripe-shell`, by default `~/.local/share/stripe-shell`; it need not exist."""
    return _folder(environ, "XDG_DATA_HOME", ".local/share")


def config_folder(environ: Mapping[str, str]) -> Path:
    """`$XDG_CONFIG_HOME/stripe-shell`, by default `~/.config/stripe-shell`; it need not exist."""
    return _folder(environ, "XDG_CONFIG_HOME", ".config")


def _folder(environ: Mapping[str, str], variable: str, below_home: str) -> Path:
    chosen = environ.get(variable, "")
    if not chosen.startswith("/"):  # the XDG rules: a relative path counts as not set
        chosen = f"{environ.get('HOME') or Path.home()}/{below_home}"
    return Path(chosen) / "stripe-shell"


# -- the settings file -----------------------------------------------------------------------------------------------


@record
class StripeSettings:
    """`[connections.NAME]` of kind `stripe`: the name of the variable that holds the key, or the key itself."""

    kind: Literal["stripe"] = "stripe"
    key_env: str | None = None
    key: str | None = field(default=None, repr=False)
    api_base: str | None = None
    api_version: str | None = None
    account: str | None = None


@record
class SandboxSettings:
    """`[connections.NAME]` of kind `sandbox`: the file it lives in, `:memory:` for none."""

    kind: Literal["sandbox"] = "sandbox"
    path: str | None = None


@record
class Settings:
    """What the settings file says; an empty one says nothing."""

    spec: Spec = "documented"
    default: str | None = None
    connections: Mapping[str, StripeSettings | SandboxSettings] = field(default_factory=dict)


@record
class _Written:
    """The top level of the file as it is written."""

    spec: Spec = "documented"
    default: str | None = None
    connections: dict[str, dict[str, Any]] = field(default_factory=dict)


_KINDS: Mapping[str, type[StripeSettings] | type[SandboxSettings]] = {
    "stripe": StripeSettings,
    "sandbox": SandboxSettings,
}


def _load_settings(environ: Mapping[str, str], config_path: Path | None) -> Settings:
    path = config_path or config_folder(environ) / "config.toml"
    if config_path is None and not path.exists():
        return Settings()
    return _SettingsFile(path).read()


class _SettingsFile:
    """One reading of a settings file; every complaint names the file and, where it can, the line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._text = ""

    def read(self) -> Settings:
        data = self._parse()
        written: _Written = self._validate(_Written, data, ())
        connections = {name: self._connection(name, entry) for name, entry in written.connections.items()}
        if any(isinstance(entry, StripeSettings) and entry.key is not None for entry in connections.values()):
            self._refuse_readers()
        known = {"stripe", "sandbox", *connections}
        if written.default is not None and written.default not in known:
            raise self._error(("default",), _no_connection(written.default, known))
        return Settings(written.spec, written.default, connections)

    def _parse(self) -> dict[str, Any]:
        import tomllib

        try:
            self._text = self._path.read_text("utf-8")
            return tomllib.loads(self._text)
        except OSError as error:
            raise ConfigurationError(f"{self._path} cannot be read: {error.strerror}.") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{self._path} is not TOML: {error}.") from None

    def _connection(self, name: str, entry: dict[str, Any]) -> StripeSettings | SandboxSettings:
        place = ("connections", name)
        if not _NAME.fullmatch(name):
            raise self._error(place, "a name consists of letters, digits, `-` and `_`")
        kind = entry.get("kind", name if name in _KINDS else None)
        if not isinstance(kind, str) or kind not in _KINDS:
            raise self._error((*place, "kind"), f"must be one of {', '.join(_KINDS)}")
        if name in _KINDS and kind != name:
            raise self._error((*place, "kind"), f"`/{name}` always means the {name}; choose another name")
        settings: StripeSettings | SandboxSettings = self._validate(_KINDS[kind], entry | {"kind": kind}, place)
        if isinstance(settings, StripeSettings):
            self._check_key(name, settings, place)
        return settings

    def _check_key(self, name: str, settings: StripeSettings, place: tuple[str, ...]) -> None:
        if settings.key is not None and settings.key_env is not None:
            raise self._error((*place, "key"), "`key` and `key_env` exclude each other")
        if settings.key is None and settings.key_env is None and name != "stripe":
            raise self._error(place, "`key_env` is missing: the environment variable that holds the key")

    def _refuse_readers(self) -> None:
        if self._path.stat().st_mode & 0o077:
            message = "holds a key and others can read it. Run `chmod 600` on it, or use `key_env`."
            raise ConfigurationError(f"{self._path} {message}")

    def _validate(self, model: type[Any], data: dict[str, Any], place: tuple[str, ...]) -> Any:
        """`data` as a `model`. The complaint is built from names alone: a wrong value may be a key."""
        from pydantic import ValidationError

        try:
            return model(**dict(_schema(model).model_validate(data)))
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = (*place, *map(str, first["loc"]))
        if first["type"] != "extra_forbidden":
            raise self._error(where, first["msg"][:1].lower() + first["msg"][1:])
        known = [member.name for member in fields(model)]
        meant = closest(where[-1], known)
        raise self._error(
            where, f"is no setting; {f'did you mean `{meant}`?' if meant else 'known: ' + ', '.join(known)}"
        )

    def _error(self, place: tuple[str, ...], message: str) -> ConfigurationError:
        line = _line_of(self._text, place)
        stop = "" if message.endswith(("?", ".")) else "."
        return ConfigurationError(f"{self._path}{f':{line}' if line else ''}: {'.'.join(place)}: {message}{stop}")


def _schema(model: type[Any]) -> Any:
    """The pydantic model of a settings record, all of whose members have defaults."""
    from typing import get_type_hints

    from pydantic import ConfigDict, create_model

    hints, empty = get_type_hints(model), model()
    members: dict[str, Any] = {
        member.name: (hints[member.name], getattr(empty, member.name)) for member in fields(model)
    }
    return create_model(model.__name__, __config__=ConfigDict(extra="forbid"), **members)


def _line_of(text: str, place: tuple[str, ...]) -> int | None:
    """The line (1-based) of a setting, or of the table that it should be in."""
    section: tuple[str, ...] = ()
    best: int | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        head = re.match(r"\s*\[\s*([^\[\]]+?)\s*\]", line)
        key = re.match(r"""\s*["']?([\w-]+)["']?\s*=""", line)
        if head:
            section = tuple(part.strip(" \"'") for part in head[1].split("."))
        here = (*section, key[1]) if key else section
        if here == place:
            return number
        if head and here == place[: len(here)]:
            best = number
    return best
