"""Runs a command of the user's when a run ends, stops or waits, with the counts in its environment (`--notify`)."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable, Mapping
from shutil import which
from typing import Literal

from stripe_shell.engine.outcome import ROW_STATUSES, RowStatus
from stripe_shell.errors import UsageError
from stripe_shell.records import field, record
from stripe_shell.secrets import Secrets

RunEvent = Literal["end", "stop", "waiting"]

#: The end of a run waits so long for the command, in seconds.
_LONGEST = 30.0
_PREFIX = "STRIPE_SHELL_"


@record
class Notifier:
    """A command in words, which no shell reads. `environ` is its environment, without what `masks` returns.

    `say` is called with what goes wrong; a run goes on without its command.
    """

    words: tuple[str, ...]
    environ: Mapping[str, str]
    masks: Callable[[], Secrets]
    say: Callable[[str], None]
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def tell(self, event: RunEvent, rows: Mapping[RowStatus, int], **facts: object) -> None:
        """Starts the command with the event, the rows by status and further facts in its environment."""
        secrets = self.masks()
        kept = {name: value for name, value in self.environ.items() if secrets.mask(value) == value}
        counts = {status.replace(" ", "_"): rows.get(status, 0) for status in ROW_STATUSES}
        told = {"event": event, **counts, **facts}
        kept |= {f"{_PREFIX}{name.upper()}": secrets.mask(str(value)) for name, value in told.items()}
        try:
            # Its output goes to standard error, as standard output is for results.
            process = subprocess.Popen(self.words, env=kept, stdin=subprocess.DEVNULL, stdout=2)  # noqa: S603
            self._running.append(process)
        except OSError as error:
            self.say(f"--notify: {self.words[0]} cannot be started: {error.strerror or error}")

    def wait(self) -> None:
        """Waits for the commands that were started, half a minute at most."""
        for process in self._running:
            try:
                process.wait(_LONGEST)
            except subprocess.TimeoutExpired:
                self.say(f"--notify: {self.words[0]} still runs after {_LONGEST:.0f} s and is left alone")


def parse_command(text: str) -> tuple[str, ...]:
    """Returns the words of a command. Raises UsageError if there is no such program."""
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise UsageError(f"--notify `{text}`: {error}") from None
    if not words or which(words[0]) is None:
        raise UsageError(f"--notify: there is no program `{words[0] if words else ''}`")
    return words
