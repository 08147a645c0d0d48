"""What one session at the prompt remembers, and what it needs of the world around it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from stripe_shell.records import field, record, replace
from stripe_shell.suggest.known import IdScope, KnownIds

if TYPE_CHECKING:
    from stripe_shell.connections import Connection, Connections
    from stripe_shell.engine.outcome import Outcome, RunStep
    from stripe_shell.engine.run.interpreter import Engine
    from stripe_shell.engine.scope import Scope
    from stripe_shell.lang.ast import ScriptItem
    from stripe_shell.render.console import Console
    from stripe_shell.render.run_printer import RunPrinter


@record
class ReplEnvironment:
    """The world around a session.

    `seed` makes its idempotency keys unlike those of any other session; `clock` gives epoch seconds. `confirm` asks a
    question and gives the line that was typed. `late` takes what is to be done when an answer comes that nobody waits
    for any more, from any thread. `recall` gives what was typed at this connection, oldest first.
    """

    seed: str
    clock: Callable[[], float]
    confirm: Callable[[str], str]
    late: Callable[[Callable[[], None]], None]
    recall: Callable[[], Sequence[str]]


#: A world in which nobody answers, and time stands still.
NOWHERE = ReplEnvironment("", lambda: 0.0, lambda _question: "", lambda _report: None, lambda: ())


@record(frozen=False)
class ReplSession:
    """The state of one session: what the next line can refer to, and what has been said, seen and done so far.

    `kept` is what has run well, in order, for `@save`; `typed` is what was last submitted and is no command, `draft`
    what the next prompt begins with, `leaving` whether the person has asked to leave. `unanswered` names, by run, the
    requests that nobody waits for any more.
    """

    engine: Engine
    scope: Scope
    connections: Connections
    printer: RunPrinter
    environment: ReplEnvironment = NOWHERE
    known: KnownIds = field(default_factory=KnownIds)
    kept: list[ScriptItem] = field(default_factory=list)
    unanswered: dict[str, str] = field(default_factory=dict)
    last: Outcome | None = None
    typed: str = ""
    draft: str = ""
    leaving: bool = False
    _runs: int = 0

    @property
    def console(self) -> Console:
        """Where results and messages go."""
        return self.printer.console

    @property
    def connection(self) -> Connection:
        """The connection of a block that names none."""
        return self.connections.get(self.scope.settings.connection) or self.connections.default

    def connection_of(self, name: str | None) -> Connection | None:
        """The connection that `/name` means, None when there is no such connection."""
        named = name is not None and not self.connections.placeholder(name)
        return self.connections.get(name) if named else self.connection

    def id_scope(self, name: str | None = None, account: str | None = None) -> IdScope | None:
        """Where ids that are written below `/name` are valid; None when there is no such connection."""
        connection = self.connection_of(name)
        if connection is None:
            return None
        return IdScope(connection.name, connection.mode, account or self.scope.settings.account or connection.account)

    def set_clock(self) -> None:
        """Sets what `${now}` means to the present second."""
        self.scope = replace(self.scope, now=int(self.environment.clock()))

    def begin_run(self) -> str:
        """Begins a run of its own and gives its name."""
        self._runs += 1
        return f"{self.environment.seed}-{self._runs}"

    def take(self, step: RunStep) -> None:
        """Goes on in the scope of a step. `last` stays the last answer that was a success, `error` is the last other.

        After a call that was not answered, `error` has the code and the words of its diagnostic.
        """
        scope, outcome = step.scope, step.outcome
        if outcome is not None:
            self.last = outcome
            if outcome.status != "skipped" and not outcome.answered_well:
                scope = scope.with_name_of("last", self.scope).with_capture("error", _error_of(outcome))
        self.advance(scope)

    def advance(self, scope: Scope) -> None:
        """What comes next sees this scope; its secrets are masked from now on."""
        self.scope = scope
        self.console.mask(scope.masks)


def _error_of(outcome: Outcome) -> Any:
    """Stripe's error, or the first diagnostic in its form."""
    if outcome.error:
        return outcome.error
    first = next((each for each in outcome.diagnostics if each.severity == "error"), None)
    return {"type": "no_answer", "code": first.code if first else None, "message": first.message if first else ""}
