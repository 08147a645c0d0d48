"""The console: standard output and standard error, with secrets masked in both."""

from __future__ import annotations

import os
import sys
from _thread import LockType, allocate_lock
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from io import StringIO, TextIOWrapper
from typing import Any, TextIO

from stripe_shell.diagnostics import Diagnostic, cells, format_diagnostics, sort_diagnostics
from stripe_shell.errors import OutputNotWritten
from stripe_shell.escaping import visible, visible_json, visible_lines
from stripe_shell.records import field, record
from stripe_shell.render.stand_ins import is_utf8, with_stand_ins
from stripe_shell.render.terminal_size import terminal_size
from stripe_shell.render.typed_line import TypedLine
from stripe_shell.secrets import Secrets


@record(frozen=False)
class Console:
    """Writes results to `out` and everything else to `err`; masks `secrets`, which may grow while a script runs.

    `plain` turns colours off on a terminal too, and `ascii` has stand-ins for the signs of the shell there; `dumb` says
    that the terminal obeys no control sequences, so that nothing is drawn over. `typed_line` is the line at the prompt
    directly above the cursor, if there is one: its diagnostics stand under it. `on_delay` is called before every delay
    of a retry, and replaces the message about it. With `lenient`, a stream that cannot be written raises nothing: it is
    noted in `problems`, and what follows is discarded.
    """

    out: TextIO
    err: TextIO
    secrets: Secrets = field(default_factory=Secrets)
    plain: bool = False
    dumb: bool = False
    ascii: bool = False
    on_delay: Callable[[Any], None] | None = None
    typed_line: TypedLine | None = None
    lenient: bool = False
    problems: list[str] = field(default_factory=list)
    _status: str = ""
    _lock: LockType = field(default_factory=allocate_lock)

    @property
    def terminal(self) -> bool:
        """Whether standard output is a terminal."""
        return self.out.isatty()

    @property
    def color(self) -> bool:
        """Whether results may be coloured."""
        return self.terminal and not self.plain

    @property
    def width(self) -> int | None:
        """The width of the terminal in columns; None without a terminal, where nothing is folded or cut."""
        if not self.terminal:
            return None
        return terminal_size().columns

    @property
    def message_width(self) -> int | None:
        """Returns the columns of the terminal that shows messages; None off a terminal."""
        if not self.err.isatty():
            return None
        return terminal_size().columns

    def status(self, text: str) -> None:
        """Shows the waiting line in place of the previous one; any other output erases it.

        Shows nothing off a terminal. A dumb terminal shows the first of several lines, and keeps it.
        """
        width = self.message_width
        if width is None or (self.dumb and self._status):
            return
        with self._lock:
            shown = self._signed(self.err, self.secrets.mask(visible(text)))
            self._status = fitted(shown, width - 1)  # before the write, which Ctrl-C may interrupt
            self.err.write(f"{self._status}\n" if self.dumb else f"\r{self._status}\x1b[K")
            self.err.flush()

    def clear_status(self) -> None:
        """Erases the waiting line."""
        with self._lock:
            self._erase_status()

    def delayed(self, delay: Any) -> None:
        """Calls `on_delay`, if set, with the delay before a retry, a `transports.retry.RetryDelay`."""
        if self.on_delay is not None:
            self.on_delay(delay)

    def mask(self, secrets: Secrets) -> None:
        """Adds secrets to be masked. Thread-safe."""
        if secrets.values <= self.secrets.values:
            return
        with self._lock:
            self.secrets = self.secrets.plus(*secrets.values)

    def result(self, text: str) -> None:
        """Writes a result and a line end to standard output."""
        self._write(self.out, text)

    def data(self, data: Any, *, indent: int | None = None) -> None:
        """Writes JSON data to standard output with unsafe characters escaped, on one line unless `indent`."""
        import json

        self.result(visible_json(json.dumps(self.secrets.mask_data(data), ensure_ascii=False, indent=indent)))

    def echo(self, text: str) -> None:
        """Writes the user's own text, formatted, to standard output without masking it."""
        self.clear_status()
        self.out.write(text)
        self.out.flush()

    def message(self, text: str) -> None:
        """Writes a message and a line end to standard error, folded on a terminal, with control characters escaped."""
        shown = self.secrets.mask(visible_lines(text))
        width = self.message_width
        if width and any(len(line) > width or not line.isascii() for line in shown.split("\n")):
            from stripe_shell.render.fold import fold

            shown = fold(shown, width)
        self._write(self.err, shown)

    def diagnostics(self, diagnostics: Sequence[Diagnostic]) -> None:
        """Writes diagnostics to standard error, each below the source line that it concerns."""
        if not diagnostics:
            return
        found, width, line = sort_diagnostics(diagnostics), self.message_width, self.typed_line
        if width is None:
            self.message(format_diagnostics(found))
            return
        from stripe_shell.render.fold import fold_diagnostics, is_on, under_line

        under = line is not None and not self.dumb and is_on(line, found)
        self.message(under_line(found, line, width) if line and under else fold_diagnostics(found, width))

    def render(self, body: Any, format_name: str | None) -> None:
        """Writes a response body in the format; without one, a table on a terminal and JSON elsewhere."""
        from stripe_shell.render import renderer

        render = renderer(format_name or ("table" if self.terminal else "json"))
        shown = self.secrets.mask_data(body)  # Mask before the format quotes, folds or cuts a secret.
        self.result(render(shown, width=self.width, color=self.color).rstrip("\n"))

    def _write(self, stream: TextIO, text: str) -> None:
        masked = self._signed(stream, self.secrets.mask(text))
        with self._lock:
            self.typed_line = None  # something stands below it now
            try:
                self._erase_status()
                stream.write(f"{masked}\n")
                stream.flush()
            except OSError as error:
                name = "standard output" if stream is self.out else "standard error"
                if self.lenient:
                    self.problems.append(f"{name} cannot be written ({error.strerror or error})")
                elif isinstance(error, BrokenPipeError):
                    raise
                self._give_up(stream)
                if not self.lenient:
                    raise OutputNotWritten(f"cannot write to {name}: {error.strerror or error}") from None

    def _signed(self, stream: TextIO, text: str) -> str:
        """Returns a text as the stream's terminal shows it: with stand-ins where it lacks the signs."""
        if not self.ascii or not stream.isatty():
            return text
        return with_stand_ins(text)

    def _give_up(self, stream: TextIO) -> None:
        """Discards what is written to a stream from now on."""
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
            stream.flush()

    def _erase_status(self) -> None:
        if self._status and not self.dumb:
            self.err.write("\r\x1b[K")
            self.err.flush()
        self._status = ""


def standard_streams(environ: Mapping[str, str] | None = None) -> Console:
    """Returns a console on the process's streams; a closed stream discards output, unencodable characters are escaped.

    `NO_COLOR` or `TERM=dumb` in `environ` turns colours off, and a locale other than UTF-8 has stand-ins for signs.
    """
    out, err = (stream or StringIO() for stream in (sys.stdout, sys.stderr))
    for stream in (out, err):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    environ = environ or {}
    lacks_signs = not is_utf8(environ, getattr(out, "encoding", None))
    return Console(out, err, plain=is_plain(environ), dumb=is_dumb(environ), ascii=lacks_signs)


def is_plain(environ: Mapping[str, str]) -> bool:
    """Whether the environment asks for output without colours: `NO_COLOR` (any text) or `TERM=dumb`."""
    return bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"


def is_dumb(environ: Mapping[str, str]) -> bool:
    """Whether `TERM` names a terminal without control sequences: `dumb` or `unknown`."""
    return environ.get("TERM", "").lower() in {"dumb", "unknown"}


def fitted(text: str, width: int) -> str:
    """Returns the text, cut with `…` if it takes more columns than `width`."""
    if sum(map(cells, text)) <= width:
        return text
    used, kept = 1, []
    for char in text:
        used += cells(char)
        if used > width:
            break
        kept.append(char)
    return f"{''.join(kept).rstrip()}…" if width > 0 else ""
