"""Reads keys and tokens from their sources: environment, private file, keyring, command, standard input.

A setting names the source: `env:NAME`, `file:PATH`, `keyring:SERVICE/USER`, `exec:COMMAND`, `stdin:`. Text without a
source is the credential itself; the settings file may contain it, as only its owner can read that. A command line
argument may not, since every process of the machine can read it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from stripe_shell.diagnostics import closest
from stripe_shell.engine.links import Mode
from stripe_shell.errors import ConfigurationError
from stripe_shell.patterns import pattern
from stripe_shell.records import field, record
from stripe_shell.secrets import Credential

if TYPE_CHECKING:
    from pathlib import Path

#: The sources by prefix, with the syntax of their argument. `value` is for a credential that contains a colon.
SOURCES: Mapping[str, str] = {
    "env": "NAME",
    "file": "PATH",
    "keyring": "SERVICE/USER",
    "exec": "COMMAND",
    "stdin": "",
    "value": "TEXT",
}

#: Sources that may take time, run a command or ask for input, and are read only when their connection is used.
_SLOW = frozenset({"keyring", "exec", "stdin"})

#: The time-out of a command in seconds; long enough for a person to unlock a password store.
_PATIENCE = 120

_KEY_MODE = pattern(r"(?:sk|rk)_(?:org_)?(test|live)_")


@record
class CredentialSources:
    """The environment in which credentials are looked up.

    `ask` returns a line of standard input for the named connection, and raises ConfigurationError if there is none.
    `child_environ` is the environment of commands.
    """

    environ: Mapping[str, str] = field(repr=False)
    ask: Callable[[str], str]
    child_environ: Callable[[], Mapping[str, str]]


@record
class CredentialResult:
    """The result of a look-up: a credential, or a problem."""

    credential: Credential | None
    problem: str = ""


def split_source(text: str) -> tuple[str, str]:
    """Returns source and argument of a setting; the source `value` for text without a source."""
    source, colon, rest = text.partition(":")
    named = colon and source.isascii() and source.isalnum() and source.islower()
    return (source, rest) if named else ("value", text)


def source_problem(text: str) -> str:
    """Returns what is wrong with the syntax of a source, empty if valid; never contains a credential."""
    source, rest = split_source(text)
    if source not in SOURCES:
        meant = closest(source, SOURCES)
        hint = f"did you mean `{meant}:`?" if meant else f"known: {', '.join(f'{name}:' for name in SOURCES)}"
        return f"names no source of credentials; {hint}"
    if source == "env" and not re.fullmatch(r"[A-Za-z_]\w*", rest):
        return "`env:` needs the name of an environment variable"
    if source == "keyring" and not all(rest.partition("/")[::2]):
        return "`keyring:` needs SERVICE/USER"
    if source in ("file", "exec", "value") and not rest.strip():
        return f"`{source}:` needs a {SOURCES[source].lower()}" if source != "value" else "is empty"
    return "`stdin:` takes nothing behind it" if source == "stdin" and rest else ""


def is_slow(text: str) -> bool:
    """Whether the look-up may take time, run a command or ask for input."""
    return split_source(text)[0] in _SLOW


def is_literal(text: str) -> bool:
    """Whether the text is the credential itself."""
    return split_source(text)[0] == "value"


def origin_of(text: str, settings: str) -> str:
    """Returns a description of the source; `settings` is the name of the settings file."""
    source, rest = split_source(text)
    match source:
        case "env":
            return f"the environment variable {rest}"
        case "file":
            return f"the file {rest}"
        case "keyring":
            return f"the keyring ({rest})"
        case "exec":
            return f"the command `{_program(rest)}`"  # arguments may be confidential
        case "stdin":
            return "standard input"
        case _:
            return settings


def look_up(name: str, text: str, sources: CredentialSources) -> CredentialResult:
    """Looks up the credential of the connection `name`."""
    try:
        return CredentialResult(Credential(_read_source(name, text, sources)))
    except ConfigurationError as error:
        return CredentialResult(None, str(error))


def _read_source(name: str, text: str, sources: CredentialSources) -> str:
    """Returns the credential. Raises ConfigurationError, whose message never contains it."""
    source, rest = split_source(text)
    match source:
        case "env":
            if rest not in sources.environ:
                raise ConfigurationError(f"set the environment variable {rest} to its key")
            return sources.environ[rest]
        case "file":
            from pathlib import Path

            return _read_private(Path(rest).expanduser())
        case "keyring":
            return _read_keyring(rest)
        case "exec":
            return _read_command_output(rest, sources)
        case "stdin":
            return sources.ask(name)
        case _:
            return rest


def readable_by_others(path: Path) -> bool:
    """Whether anyone but the owner may read, write or enter the path."""
    return bool(path.stat().st_mode & 0o077)


def _read_private(path: Path) -> str:
    try:
        if readable_by_others(path):
            raise ConfigurationError(f"others can read {path}; run `chmod 600` on it")
        return path.read_text("utf-8").strip()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} holds no text") from None


def _read_keyring(place: str) -> str:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        raise ConfigurationError("keyrings need an extra: pip install 'stripe-shell[keyring]'") from None
    service, _, user = place.partition("/")
    try:
        value = keyring.get_password(service, user)
    except KeyringError as error:
        raise ConfigurationError(f"the keyring cannot be used: {type(error).__name__}") from None
    if value is None:
        raise ConfigurationError(f"the keyring has nothing for `{user}` of `{service}`")
    return str(value)


def _read_command_output(command: str, sources: CredentialSources) -> str:
    """Returns the first line of a command's output; runs it without a shell and in `child_environ`."""
    import shlex
    import subprocess

    program = _program(command)
    try:
        done = subprocess.run(  # noqa: S603 (the person's own choice)
            shlex.split(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env=dict(sources.child_environ()),
            timeout=_PATIENCE,
            check=False,
        )
    except ValueError:
        raise ConfigurationError(f"the command `{program}` cannot be read: a quote is not closed") from None
    except OSError as error:
        raise ConfigurationError(f"the command `{program}` cannot be started: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise ConfigurationError(f"the command `{program}` did not end within {_PATIENCE} s") from None
    if done.returncode:
        raise ConfigurationError(f"the command `{program}` ended with {done.returncode}")
    return done.stdout.decode("utf-8", "replace").strip().partition("\n")[0].strip()


def _program(command: str) -> str:
    return next(iter(command.split(maxsplit=1)), "")


# --- what they look like ----------------------------------------------------------------------------------------


def key_mode(key: str) -> Mode:
    """Returns the mode that the prefix of a key indicates: `test`, `live`, or `unknown`, which counts as live."""
    match = _KEY_MODE.match(key)
    if match is None:
        return "unknown"
    return "test" if match[1] == "test" else "live"


def key_problem(key: str) -> str:
    """Returns why `key` cannot be used for Stripe, empty if it can; never contains the key."""
    if key.startswith("pk_"):
        return "the key is a publishable one (pk_); a secret (sk_) or restricted (rk_) one is needed"
    if key.startswith("whsec_"):
        return "the key is the secret of a webhook endpoint; a secret (sk_) or restricted (rk_) key is needed"
    return text_problem(key)


def text_problem(key: str) -> str:
    """Returns why `key` cannot be sent in a header, empty if it can; never contains the key."""
    if not key:
        return "the key is empty"
    if any(char.isspace() for char in key):
        return "the key has a blank or a line end in it; was it pasted whole, and alone?"
    if not key.isascii() or not key.isprintable():
        return "the key has a character in it that no key has"
    return ""
