"""The speed of a loop: how many of its rows run at once, and how many requests it sends in a second."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from stripe_shell.engine.foreach import header
from stripe_shell.engine.links import Link, Links, connection_of
from stripe_shell.engine.scope import Scope
from stripe_shell.lang.ast import Block, Loop
from stripe_shell.lang.visit import blocks_in
from stripe_shell.pace import Pace
from stripe_shell.records import record, replace
from stripe_shell.wire import Request, Response, Transport

#: Returns the paces of the connections that a loop sends to; it may open them.
FindPaces = Callable[[Loop, Scope], Sequence[Pace]]


@record
class LoopSpeed:
    """The number of rows of a loop that run at once: `most`, or what the paces of its connections are worth (None)."""

    most: int | None
    paces: Sequence[Pace]

    @property
    def one_by_one(self) -> bool:
        """Whether each row begins when the one before it has ended, whatever the connections answer."""
        return self.most == 1 or (self.most is None and not self.paces)

    def jobs(self) -> int:
        """Returns how many rows shall run at once now."""
        if self.paces:
            return max([pace.jobs(self.most) for pace in self.paces])
        return self.most or 1


def paces_of(loop: Loop, scope: Scope, links: Links) -> Sequence[Pace]:
    """Returns the paces of the connections that the blocks of a loop name."""
    found: list[Pace] = []
    for block in blocks_in((loop,)):
        pace = _pace_of(block, scope, links)
        if pace is not None and pace not in found:
            found.append(pace)
    return found


def _pace_of(block: Block, scope: Scope, links: Links) -> Pace | None:
    link = links.find(connection_of(block, scope, links), None)
    return link.find_pace() if isinstance(link, Link) else None


def loop_pace(loop: Loop) -> tuple[Pace, ...]:
    """Returns the pace that `rate=` asks for; empty without one."""
    rate = header(loop).rate
    return (Pace(rate),) if rate else ()


@record
class PacedTransport:
    """A transport that waits for its turn in loops with a `rate=` before each request."""

    inner: Transport
    paces: tuple[Pace, ...]
    sleep: Callable[[float], None] = time.sleep

    def send(self, request: Request) -> Response:
        """Sends the request as `wire.Transport`."""
        for pace in self.paces:
            pace.wait(self.sleep)
        return self.inner.send(request)


def paced(link: Link, paces: tuple[Pace, ...], sleep: Callable[[float], None]) -> Link:
    """Returns the link, whose requests keep these paces too."""
    return replace(link, transport=PacedTransport(link.transport, paces, sleep)) if paces else link
