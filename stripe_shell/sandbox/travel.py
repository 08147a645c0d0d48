"""Moves a sandbox back and forward: snapshots and rollback, undo of the last writes, test clocks that are moved."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Final

from stripe_shell.errors import UsageError

from .billing import test_clocks
from .billing.calc.periods import add_months
from .clock import Clock
from .objects.context import Context, Json
from .storage.snapshots import UNNAMED, Snapshot, Snapshots
from .storage.store import Store
from .storage.undo import UndoLog

#: The furthest that clocks move at once, in seconds: Stripe's limit without subscriptions.
_FURTHEST: Final = 2 * 366 * 86_400


class Travel:
    """The ways of a sandbox back and forward.

    `context` opens a context in a transaction of its own, as `Sandbox.context`. `forget` is called after many objects
    were replaced: what is cached of them is wrong then. `undo` keeps what `undo` needs of every write.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        context: Callable[[str | None], AbstractContextManager[Context]],
        forget: Callable[[], None],
        undo: bool,
    ) -> None:
        self.snapshots = Snapshots(store)
        self._clock = clock
        self._context = context
        self._forget = forget
        self._undo_log = UndoLog(store) if undo else None

    def begin_write(self, title: str) -> None:
        """Begins a write that `undo` takes back as one: `POST /v1/customers`."""
        if self._undo_log is not None:
            self._undo_log.begin(title)

    def forget_writes(self) -> None:
        """Forgets the writes that `undo` could take back, after a change that cannot be undone."""
        if self._undo_log is not None:
            self._undo_log.forget()

    def keep_clocks(self, seconds: int, account: str | None = None) -> None:
        """Postpones the deletion of the account's test clocks, before the time of the whole sandbox is moved."""
        with self._context(account) as ctx:
            test_clocks.postpone_deletion(ctx, seconds)

    def move_clocks(self, months: int, seconds: int, account: str | None = None) -> None:
        """Moves the test clocks of the account forward. Raises UsageError for more than two years."""
        with self._context(account) as ctx:
            test_clocks.move_all(ctx, _later_by(months, seconds))

    def answer(self, route: str, body: Mapping[str, Any], account: str | None) -> Json | None:
        """Runs a request to `/_sandbox/ROUTE` and returns the body of its response; None for other routes.

        `name` in the body names a snapshot; `months` and `seconds` say how far the clocks move. Raises UsageError and
        ValueError for what cannot be done.
        """
        name = str(body.get("name") or "")
        match route:
            case "snapshot":
                return _shown(self.snapshots.take(name or UNNAMED, self._clock.now()))
            case "snapshots":
                return {"snapshots": [_shown(each) for each in self.snapshots.all()]}
            case "drop":
                return _shown(self.snapshots.drop(name))
            case "rollback":
                return self._rollback(name)
            case "undo":
                return self._undo()
            case "clock":
                return self._advance(int(body.get("months") or 0), int(body.get("seconds") or 0), account)
        return None

    def _rollback(self, name: str) -> Json:
        snapshot, changed = self.snapshots.restore(name)
        self.forget_writes()
        self._forget()
        return {**_shown(snapshot), "changed": changed}

    def _undo(self) -> Json:
        if self._undo_log is None:
            raise UsageError("this sandbox does not keep its writes for @undo; take a @snapshot before them")
        undone = self._undo_log.undo()
        self._forget()
        return {"title": undone.title, "objects": [list(each) for each in undone.objects]}

    def _advance(self, months: int, seconds: int, account: str | None) -> Json:
        """Moves every test clock of the account, and returns them and the events meanwhile."""
        if months < 0 or seconds < 0 or not (months or seconds):
            raise UsageError("a clock moves forward only; @rollback and @undo go back")

        self.begin_write("@clock")
        with self._context(account) as ctx:
            moved = test_clocks.advance_all(ctx, _later_by(months, seconds))
            events = [json.loads(row.json) for row in ctx.emitted]
        return {"clocks": [{"clock": clock, "before": before} for clock, before in moved], "events": events}


def _later_by(months: int, seconds: int) -> Callable[[int], int]:
    """Returns a function from a time to the one so much later, both in epoch seconds."""

    def later(moment: int) -> int:
        target = add_months(moment, months) + seconds
        if target - moment > _FURTHEST:
            raise UsageError("a clock moves at most two years at once")
        return target

    return later


def _shown(snapshot: Snapshot) -> Json:
    return {"name": snapshot.name, "taken": snapshot.taken, "objects": snapshot.objects}
