"""A request to stop a run, which signals and failures make and rows and waits heed."""

from __future__ import annotations

import time

#: Waits look so often, in seconds, whether the run shall stop.
_LOOK = 0.05


class StopRequest:
    """Whether a run shall stop, and how soon. Safe for threads and for signal handlers, as it takes no lock.

    `reason` says why in words. After a request to stop (`requested`) no new row and no new block outside of loops
    starts; rows that have started end. After an immediate one (`immediate`) no new step starts.
    """

    def __init__(self) -> None:
        self.reason = ""
        self.requested = False
        self.immediate = False

    def request(self, reason: str, *, immediate: bool = False) -> None:
        """Asks the run to stop; the first reason counts."""
        self.reason = self.reason or reason
        self.immediate = self.immediate or immediate
        self.requested = True

    def wait(self, seconds: float, *, immediate: bool = False) -> bool:
        """Waits so long, or until a stop (an immediate one) is requested; returns whether one is."""
        until = time.monotonic() + seconds
        while not (self.immediate if immediate else self.requested):
            left = until - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(left, _LOOK))
        return True
