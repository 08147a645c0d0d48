"""Keeps keys that are typed while something runs: they are not echoed, and stand in the next prompt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from select import select

from prompt_toolkit.input import Input
from prompt_toolkit.input.typeahead import clear_typeahead, get_typeahead
from prompt_toolkit.key_binding import KeyPress
from prompt_toolkit.keys import Keys

#: How long no key may arrive before a confirmation is asked for, in seconds.
SILENCE = 0.1


class TypedAhead:
    """The keys typed before anything reads them. Does nothing if `source` is not a terminal."""

    def __init__(self, source: Input) -> None:
        self._input = source

    def hidden(self) -> AbstractContextManager[None]:
        """Turns echo off. Lines are still edited by the terminal, for a program that reads one."""
        return self._mode(echo=False)

    def kept(self) -> AbstractContextManager[None]:
        """Turns echo and line editing off; Ctrl-C still interrupts. `take` or the next prompt reads the keys."""
        return self._mode(echo=False, lines=False)

    def visible(self) -> AbstractContextManager[None]:
        """Turns echo and line editing on, for another program."""
        return self._mode(echo=True)

    def take(self) -> str:
        """Removes and returns the typed text. Enter becomes a line end; keys without text are dropped."""
        return _as_text([*get_typeahead(self._input), *self._pending()])

    def discard(self) -> None:
        """Removes what was typed, until no key arrives for `SILENCE`: a long paste takes a while to arrive."""
        clear_typeahead(self._input)
        with suppress(OSError, ValueError, EOFError):
            while select([self._input.fileno()], [], [], SILENCE)[0] and self._pending():
                pass
        clear_typeahead(self._input)

    def _pending(self) -> list[KeyPress]:
        with self._input.raw_mode():
            return [*self._input.read_keys(), *self._input.flush_keys()]

    @contextmanager
    def _mode(self, *, echo: bool, lines: bool = True) -> Iterator[None]:
        try:
            import termios

            number = self._input.fileno()
            before = termios.tcgetattr(number)
        except Exception:  # noqa: BLE001 (no terminal, or none of this kind: nothing is echoed)
            yield
            return
        changed = [*before]
        for flag, wanted in ((termios.ECHO, echo), (termios.ICANON, lines)):
            changed[3] = changed[3] | flag if wanted else changed[3] & ~flag
        if not lines:
            changed[6] = [*before[6]]
            changed[6][termios.VMIN], changed[6][termios.VTIME] = b"\x01", b"\x00"
        termios.tcsetattr(number, termios.TCSANOW, changed)
        try:
            yield
        finally:
            with suppress(termios.error):
                termios.tcsetattr(number, termios.TCSANOW, before)


def _as_text(keys: Iterable[KeyPress]) -> str:
    text: list[str] = []
    for press in keys:
        if press.key in {Keys.ControlM, Keys.ControlJ}:
            text.append("\n")
        elif press.key == Keys.BracketedPaste:
            text += press.data.replace("\r\n", "\n").replace("\r", "\n")
        elif press.key == Keys.ControlH and text:
            text.pop()
        elif press.key == Keys.ControlU:
            text.clear()
        elif not isinstance(press.key, Keys) and press.key.isprintable():
            text.append(press.key)
    return "".join(text).strip("\n")
