"""A connection that does not answer: one request probes it, all others wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from stripe_shell.batch.pressure import Pressure

#: An outage is reported once it has lasted so many seconds.
_WORTH_SAYING = 2.0
#: Waiting threads look so often, in seconds, whether the run was stopped.
_LOOK = 0.2


class Outage:
    """The state of a connection, shared by the threads of a run. `say` is called with messages for the person.

    `pressure` is told when it begins and ends. `clock` returns monotonic seconds.
    """

    def __init__(
        self,
        name: str,
        patience: float,
        *,
        say: Callable[[str], None],
        pressure: Pressure,
        clock: Callable[[], float],
    ) -> None:
        self._name = name
        self._patience = patience
        self._say = say
        self._pressure = pressure
        self._clock = clock
        self._changed = threading.Condition()
        self._since: float | None = None
        self._probe: int | None = None
        self._said = False

    def enter(self, stopped: Callable[[], bool]) -> bool:
        """Waits until the connection answers or this thread may probe it; returns False if `stopped` meanwhile."""
        me = threading.get_ident()
        with self._changed:
            while self._since is not None and self._probe not in {None, me}:
                if stopped():
                    return False
                self._changed.wait(_LOOK)
            if self._since is not None:
                self._probe = me
            return True

    def fail(self, reason: str) -> None:
        """Notes that a request of this thread got no answer."""
        with self._changed:
            now = self._clock()
            if self._since is None:
                self._since = now
                self._probe = threading.get_ident()
                self._pressure.note_outage(1)
            elif not self._said and now - self._since >= _WORTH_SAYING:
                self._said = True
                at = time.strftime("%H:%M:%S", time.localtime(time.time() - (now - self._since)))
                self._say(
                    f"/{self._name} has not answered since {at} ({reason}); everything waits for it, at most "
                    f"{self._patience / 60:g} min"
                )

    def succeed(self) -> None:
        """Notes that the connection answers; the waiting threads go on."""
        with self._changed:
            if self._since is None:
                return
            if self._said:
                self._say(f"/{self._name} answers again, after {self._clock() - self._since:.0f} s")
            self._since, self._probe, self._said = None, None, False
            self._pressure.note_outage(-1)
            self._changed.notify_all()

    def give_up(self) -> None:
        """Lets another thread probe the connection."""
        with self._changed:
            if self._probe == threading.get_ident():
                self._probe = None
                self._changed.notify_all()
