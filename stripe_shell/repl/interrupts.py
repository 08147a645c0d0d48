"""Signals at the prompt: Ctrl-C interrupts what runs and nothing else, SIGTERM and SIGHUP end the session in order."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from types import FrameType
from typing import Any, TypeVar

from prompt_toolkit.application import Application, get_app_or_none
from prompt_toolkit.shortcuts.prompt import PromptSession
from prompt_toolkit.utils import is_dumb_terminal

T = TypeVar("T")

UnraisableHook = Callable[["sys.UnraisableHookArgs"], object]

#: The signals that end the session; SIGHUP comes when the window is closed.
_ENDING = [number for number in (signal.SIGTERM, getattr(signal, "SIGHUP", None)) if number is not None]


class Interrupts:
    """Handles SIGINT, SIGTERM and SIGHUP while the prompt is open. Does nothing outside of the main thread.

    SIGINT raises KeyboardInterrupt in what `running` calls, but not while an earlier one is handled, as its report must
    be complete. While `reading` shows a line, it drops the line; from Enter on, `running` raises KeyboardInterrupt at
    once; at any other time it does nothing. A signal of the others is `ending`: it calls `on_ending`, interrupts what
    runs, and has `reading` raise EOFError. One that is ignored, as under `nohup`, stays ignored.
    """

    def __init__(self, on_ending: Callable[[], None] = lambda: None) -> None:
        self.ending = 0
        self._on_ending = on_ending
        self._shown = self._missed = False

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Installs the handlers, and those of before at the end."""
        before: dict[int, Any] = {}
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, *_ENDING):
                if signal.getsignal(number) != signal.SIG_IGN:
                    before[number] = signal.signal(number, self._handle)
        hook, sys.unraisablehook = sys.unraisablehook, _without_interrupts(sys.unraisablehook)
        try:
            yield
        finally:
            sys.unraisablehook = hook
            for number, handler in before.items():
                signal.signal(number, handler)

    def running(self, work: Callable[[], T]) -> T:
        """Calls `work`. Raises KeyboardInterrupt on Ctrl-C, also if it came after the Enter of the last line."""
        self._shown = False
        if self.take_missed():
            raise KeyboardInterrupt
        return work()

    def reading(self, reader: PromptSession[str], pre_run: Callable[[], None] = lambda: None, **options: Any) -> str:
        """Returns the line that the reader reads. Raises KeyboardInterrupt, and EOFError at the end of the session."""
        self._shown = self._missed = False

        def begin() -> None:
            pre_run()
            self._leave_at_once()

        reader.app.after_render += self._note_shown
        # On a dumb terminal prompt_toolkit shows the label before it reads keys: Ctrl-C would be a signal till then.
        early = reader.input.raw_mode() if is_dumb_terminal() else nullcontext()
        try:
            with early:
                return reader.prompt(handle_sigint=False, pre_run=begin, **options)
        finally:
            reader.app.after_render -= self._note_shown

    def take_missed(self) -> bool:
        """Whether SIGINT came after the Enter of the line that was read last; False when asked again."""
        missed, self._missed = self._missed, False
        return missed

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if number != signal.SIGINT:
            self.ending = number
            self._on_ending()
        if _runs(frame):
            if not _is_interrupt(sys.exc_info()[1]):
                raise KeyboardInterrupt
        elif self._shown or self.ending:
            self._leave_soon()

    def _leave_at_once(self) -> None:
        """Ends a prompt that began after the signal that ends the session."""
        if self.ending:
            self._leave_soon()

    def _leave_soon(self) -> None:
        """Ends the prompt that is shown; notes the signal if its line has been entered already."""
        application = get_app_or_none()
        if application is None or application.loop is None or not application.is_running or application.is_done:
            self._missed = self._shown
        else:
            application.loop.call_soon_threadsafe(self._leave, application)

    def _leave(self, application: Application[Any]) -> None:
        if application.is_done or not application.is_running:
            self._missed = True
        else:
            application.exit(exception=EOFError if self.ending else KeyboardInterrupt)

    def _note_shown(self, _application: Application[Any]) -> None:
        self._shown = True


@contextmanager
def left_to_child() -> Iterator[None]:
    """Leaves Ctrl-C to a child process, which the terminal sends it to as well. In the main thread only."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda _signal, _frame: None)  # a function, unlike SIG_IGN, is not inherited
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _without_interrupts(hook: UnraisableHook) -> UnraisableHook:
    """Returns the hook without a traceback for Ctrl-C where Python drops exceptions, as when it ends a generator."""

    def quiet(unraisable: sys.UnraisableHookArgs) -> None:
        if not isinstance(unraisable.exc_value, KeyboardInterrupt):
            hook(unraisable)

    return quiet


def _runs(frame: FrameType | None) -> bool:
    """Whether the frame belongs to what `running` calls, and not to the reading of an answer in it.

    The stack tells it without a gap; a flag would be set a moment after the call and reset a moment after its end.
    """
    while frame is not None and frame.f_code is not Interrupts.reading.__code__:
        if frame.f_code is Interrupts.running.__code__:
            return True
        frame = frame.f_back
    return False


def _is_interrupt(handled: BaseException | None) -> bool:
    """Whether the exception that is being handled is a KeyboardInterrupt, or was raised while one was handled."""
    while handled is not None and not isinstance(handled, KeyboardInterrupt):
        handled = handled.__context__
    return handled is not None
