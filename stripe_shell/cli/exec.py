"""The command `exec`: runs a program with a sandbox of its own, served on a free port for as long as it runs."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from types import FrameType
from typing import TYPE_CHECKING

from stripe_shell.cli.arguments import Arguments
from stripe_shell.cli.serve import server_settings
from stripe_shell.errors import UsageError
from stripe_shell.records import replace
from stripe_shell.render.console import Console

if TYPE_CHECKING:
    from stripe_shell.sandbox.app import Sandbox
    from stripe_shell.server.run import ServerSettings

#: Exit codes of shells: the program cannot be run, or is not there; and what is added to the number of a signal.
_NOT_RUNNABLE, _NOT_FOUND, _SIGNALLED = 126, 127, 128

#: The endpoint of `--forward-to`: one, however often a database is used.
_ENDPOINT = "we_forwarded"

#: Signals that end this process, and are passed on to the program instead: it decides.
_PASSED_ON = ("SIGTERM", "SIGHUP", "SIGINT")


def run_program(arguments: Arguments, environ: Mapping[str, str], console: Console) -> int:
    """Runs the program and returns its exit code, 128 and the signal's number if a signal ended it.

    Raises UsageError for invalid options, ConfigurationError for a seed that fails.
    """
    from stripe_shell.server.run import serve_in_thread
    from stripe_shell.testing.seeds import run_seed

    with serve_in_thread(_settings(arguments), console.message) as server:
        key, secret = f"sk_test_{token_hex(16)}", f"whsec_{token_hex(16)}"
        # The first account: that of the shell's own sandbox, so that `--db FILE` shows the same objects there.
        server.sandbox.accounts.set_key(server.sandbox.account, key)
        for seed in arguments.seeds:
            run_seed(server.sandbox, Path(seed))
        if arguments.forward_to is not None:
            _add_endpoint(server.sandbox, arguments.forward_to, secret)
        return _run(arguments.words, {**environ, **_variables(server.url, key, secret)}, console)


def _settings(arguments: Arguments) -> ServerSettings:
    database = Path(arguments.db).expanduser() if arguments.db not in (None, ":memory:") else None
    return replace(server_settings(arguments, database), port=0)


def _variables(url: str, key: str, secret: str) -> dict[str, str]:
    """Returns the variables that lead a program to the sandbox."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    return {
        "STRIPE_API_BASE": url,
        "STRIPE_API_KEY": key,
        "STRIPE_SECRET_KEY": key,
        "STRIPE_WEBHOOK_SECRET": secret,
        "STRIPE_MOCK_HOST": host,
        "STRIPE_MOCK_PORT": port,
    }


def _add_endpoint(sandbox: Sandbox, url: str, secret: str) -> None:
    """Adds a webhook endpoint for all events, with the secret that the program knows. Raises UsageError."""
    from stripe_shell.sandbox.webhooks.deliveries import delivery_problem

    if not url.startswith(("http://", "https://")):
        url = f"http://{url}"
    problem = delivery_problem(url, ())
    if problem:
        raise UsageError(f"--forward-to: {problem.partition(';')[0]}")
    endpoint = {
        "object": "webhook_endpoint",
        "id": _ENDPOINT,
        "url": url,
        "enabled_events": ["*"],
        "status": "enabled",
        "secret": secret,
    }
    try:
        sandbox.seed([endpoint])
    except ValueError as error:
        raise UsageError(f"--forward-to {url}: {error}") from None


def _run(words: tuple[str, ...], environ: Mapping[str, str], console: Console) -> int:
    try:
        with subprocess.Popen(words, env=dict(environ)) as process, _passing_signals(process):  # noqa: S603 - what the user asked for
            code = process.wait()
    except FileNotFoundError:
        console.message(f"stripe-shell: exec: `{words[0]}` is not found")
        return _NOT_FOUND
    except OSError as error:
        console.message(f"stripe-shell: exec: `{words[0]}` cannot be run: {error.strerror or error}")
        return _NOT_RUNNABLE
    return _SIGNALLED - code if code < 0 else code


@contextmanager
def _passing_signals(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Passes signals on to the program; Ctrl-C on a terminal reaches it by itself."""

    def pass_on(number: int, _frame: FrameType | None) -> None:
        on_terminal = number == signal.SIGINT and sys.stdin is not None and sys.stdin.isatty()
        if not on_terminal:
            with suppress(OSError):
                process.send_signal(number)

    numbers = [getattr(signal, name) for name in _PASSED_ON if hasattr(signal, name)]
    before = {number: signal.signal(number, pass_on) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
