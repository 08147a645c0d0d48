"""Standard output and standard error, and that no secret ever reaches either."""

from __future__ import annotations

import sys
from _thread import LockType, allocate_lock
from collections.abc import Mapping, Sequence
from io import StringIO, TextIOWrapper
from typing import Any, TextIO

from stripe_shell.diagnostics import Diagnostic, format_diagnostics, sort_diagnostics
from stripe_shell.patterns import pattern
from stripe_shell.records import field, record
from stripe_shell.secrets import Secrets

#: What a terminal may obey; line ends and tabs are the shell's own.
_CONTROL = pattern(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@record(frozen=False)
class Console:
    """Results go to `out`, all else to `err`; `secrets` are masked in both and may grow while a script runs.

    `plain` leaves colours out of results on a terminal too.
    """

    out: TextIO
    err: TextIO
    secrets: Secrets = field(default_factory=Secrets)
    plain: bool = False
    _lock: LockType = field(default_factory=allocate_lock)

    @property
    def terminal(self) -> bool:
        """Whether results are read by a person, not by a program."""
        return self.out.isatty()

    @property
    def color(self) -> bool:
        """Whether results may be coloured."""
        return self.terminal and not self.plain

    @property
    def width(self) -> int | None:
        """The columns of the terminal; None off a terminal, where nothing is folded or cut."""
        if not self.terminal:
            return None
        from shutil import get_terminal_size

        return get_terminal_size().columns

    def mask(self, secrets: Secrets) -> None:
        """Mask these too from now on. Safe for threads."""
        with self._lock:
            self.secrets = self.secrets.plus(*secrets.values)

    def result(self, text: str) -> None:
        """A result, with a line end."""
        self._write(self.out, text)

    def echo(self, text: str) -> None:
        """The person's own text, in the shape that was asked for: not a character of it may be masked."""
        self.out.write(text)
        self.out.flush()

    def message(self, text: str) -> None:
        """A message for the person, with a line end. Control characters that came from elsewhere are spelled out."""
        self._write(self.err, _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text))

    def diagnostics(self, diagnostics: Sequence[Diagnostic]) -> None:
        """Problems, drawn below the lines they are on."""
        if diagnostics:
            self.message(format_diagnostics(sort_diagnostics(diagnostics)))

    def render(self, body: Any, format_name: str | None) -> None:
        """A response body in the format, by default a table on a terminal, else JSON."""
        from stripe_shell.render import renderer

        render = renderer(format_name or ("table" if self.terminal else "json"))
        shown = self.secrets.mask_data(body)  # before a format quotes, folds or cuts it
        self.result(render(shown, width=self.width, color=self.color).rstrip("\n"))

    def _write(self, stream: TextIO, text: str) -> None:
        stream.write(self.secrets.mask(text) + "\n")
        stream.flush()


def standard_streams(environ: Mapping[str, str] | None = None) -> Console:
    """The process's own, or nothing for one that is closed; what the encoding of a terminal lacks is escaped.

    `NO_COLOR` or `TERM=dumb` in `environ` leave colours out.
    """
    out, err = (stream or StringIO() for stream in (sys.stdout, sys.stderr))
    for stream in (out, err):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    return Console(out, err, plain=is_plain(environ or {}))


def is_plain(environ: Mapping[str, str]) -> bool:
    """Whether the environment asks for output without colours: `NO_COLOR` (any text) or `TERM=dumb`."""
    return bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"
