"""Where keys and tokens come from: the environment, a private file, a keyring, a command, standard input.

A setting names the source: `env:NAME`, `file:PATH`, `keyring:SERVICE/USER`, `exec:COMMAND`, `stdin:`. Without a source
the text is the credential itself, which the settings file may hold since nobody else can read it. An argument of the
command line may not: every process of the machine can read it.
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

#: The sources by the word before the colon, with what stands behind it. `value` is for a credential with a colon in it.
SOURCES: Mapping[str, str] = {
    "env": "NAME",
    "file": "PATH",
    "keyring": "SERVICE/USER",
    "exec": "COMMAND",
    "stdin": "",
    "value": "TEXT",
}

#: Sources that may take their time, start something or ask somebody: only used when their connection is.
_SLOW = frozenset({"keyring", "exec", "stdin"})

#: How long a command may take, in seconds: somebody may have to unlock something first.
_PATIENCE = 120

_KEY_MODE = pattern(r"(?:sk|rk)_(?:org_)?(test|live)_")


@record
class World:
    """What credentials are looked for in.

    `ask` gives a line of standard input for the connection of this name, and raises ConfigurationError when there is
    none to be had. `child_environ` is what a command that is started may see.
    """

    environ: Mapping[str, str] = field(repr=False)
    ask: Callable[[str], str]
    child_environ: Callable[[], Mapping[str, str]]


@record
class Found:
    """A credential, or why there is none."""

    credential: Credential | None
    problem: str = ""


def split_source(text: str) -> tuple[str, str]:
    """The source and what stands behind its colon; the source `value` for a text that names none."""
    source, colon, rest = text.partition(":")
    named = colon and source.isascii() and source.isalnum() and source.islower()
    return (source, rest) if named else ("value", text)


def source_problem(text: str) -> str:
    """What is wrong with how a source is written, empty when nothing is; never shows a credential."""
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
    """Whether looking it up may take time, start something or ask somebody."""
    return split_source(text)[0] in _SLOW


def is_literal(text: str) -> bool:
    """Whether the text is the credential itself."""
    return split_source(text)[0] == "value"


def origin_of(text: str, settings: str) -> str:
    """Where it comes from, in words; `settings` is what the settings file is called."""
    source, rest = split_source(text)
    match source:
        case "env":
            return f"the environment variable {rest}"
        case "file":
            return f"the file {rest}"
        case "keyring":
            return f"the keyring ({rest})"
        case "exec":
            return f"the command `{_program(rest)}`"  # its arguments are nobody's business
        case "stdin":
            return "standard input"
        case _:
            return settings


def look_up(name: str, text: str, world: World) -> Found:
    """Look the credential of the connection `name` up, now."""
    try:
        return Found(Credential(_read(name, text, world)))
    except ConfigurationError as error:
        return Found(None, str(error))


def _read(name: str, text: str, world: World) -> str:
    """Raises ConfigurationError, whose text says what is wrong and shows no credential."""
    source, rest = split_source(text)
    match source:
        case "env":
            if rest not in world.environ:
                raise ConfigurationError(f"set the environment variable {rest} to its key")
            return world.environ[rest]
        case "file":
            from pathlib import Path

            return _read_private(Path(rest).expanduser())
        case "keyring":
            return _read_keyring(rest)
        case "exec":
            return _run(rest, world)
        case "stdin":
            return world.ask(name)
        case _:
            return rest


def readable_by_others(path: Path) -> bool:
    """Whether anybody but its owner may read, write or enter it."""
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


def _run(command: str, world: World) -> str:
    """The first line that a command writes. It is started without a shell, and sees no credential of ours."""
    import shlex
    import subprocess

    program = _program(command)
    try:
        done = subprocess.run(  # noqa: S603 (the person's own choice)
            shlex.split(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env=dict(world.child_environ()),
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
    """What the prefix of a key says: `test`, `live`, or `unknown`, which counts as live."""
    match = _KEY_MODE.match(key)
    if match is None:
        return "unknown"
    return "test" if match[1] == "test" else "live"


def key_problem(key: str) -> str:
    """Why `key` cannot be used for Stripe, empty when it can; never shows the key."""
    if key.startswith("pk_"):
        return "the key is a publishable one (pk_); a secret (sk_) or restricted (rk_) one is needed"
    if key.startswith("whsec_"):
        return "the key is the secret of a webhook endpoint; a secret (sk_) or restricted (rk_) key is needed"
    return text_problem(key)


def text_problem(key: str) -> str:
    """Why `key` can be no header, empty when it can; never shows the key."""
    if not key:
        return "the key is empty"
    if any(char.isspace() for char in key):
        return "the key has a blank or a line end in it; was it pasted whole, and alone?"
    if not key.isascii() or not key.isprintable():
        return "the key has a character in it that no key has"
    return ""
