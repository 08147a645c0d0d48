"""What one session at the prompt remembers, and what it needs of the world around it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from stripe_shell.diagnostics import Diagnostic
from stripe_shell.records import field, record, replace
from stripe_shell.secrets import Secrets
from stripe_shell.suggest.known import Known, Place

if TYPE_CHECKING:
    from stripe_shell.connections import Connection, Connections
    from stripe_shell.engine.outcome import Outcome
    from stripe_shell.engine.run.interpreter import Engine
    from stripe_shell.engine.scope import Scope
    from stripe_shell.lang.ast import Item


class Screen(Protocol):
    """Where results and messages go; `secrets` are masked in all of them."""

    secrets: Secrets

    def hide(self, secrets: Secrets) -> None:
        """Mask these too from now on."""
        ...

    def result(self, text: str) -> None:
        """A result, with a line end."""
        ...

    def say(self, text: str) -> None:
        """A message for the person, with a line end."""
        ...

    def diagnose(self, diagnostics: Sequence[Diagnostic]) -> None:
        """Problems, drawn below the lines they are on."""
        ...

    def render(self, body: Any, format_name: str | None) -> None:
        """A response body in the format."""
        ...


@record
class Surroundings:
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
NOWHERE = Surroundings("", lambda: 0.0, lambda _question: "", lambda _report: None, lambda: ())


@record(frozen=False)
class Session:
    """The state of one session: what the next line can refer to, and what has been said, seen and done so far.

    `kept` is what has run well, in order, for `@save`; `typed` is what was last submitted and is no command, `draft`
    what the next prompt begins with. `unanswered` names, by run, the requests that nobody waits for any more.
    """

    engine: Engine
    scope: Scope
    connections: Connections
    screen: Screen
    around: Surroundings = NOWHERE
    format: str | None = None
    known: Known = field(default_factory=Known)
    kept: list[Item] = field(default_factory=list)
    said: set[str] = field(default_factory=set)
    unanswered: dict[str, str] = field(default_factory=dict)
    last: Outcome | None = None
    typed: str = ""
    draft: str = ""
    _runs: int = 0

    @property
    def connection(self) -> Connection:
        """The connection of a block that names none."""
        return self.connections.get(self.scope.settings.connection) or self.connections.default

    def connection_of(self, name: str | None) -> Connection | None:
        """The connection that `/name` means, None when there is no such connection."""
        named = name is not None and not self.connections.placeholder(name)
        return self.connections.get(name) if named else self.connection

    def place(self, name: str | None = None, account: str | None = None) -> Place | None:
        """Where ids that are written below `/name` are valid; None when there is no such connection."""
        connection = self.connection_of(name)
        if connection is None:
            return None
        return Place(connection.name, connection.mode, account or self.scope.settings.account or connection.account)

    def begin(self) -> str:
        """A run of its own begins: `${now}` is now. Gives the name of the run."""
        self._runs += 1
        self.scope = replace(self.scope, now=int(self.around.clock()))
        return f"{self.around.seed}-{self._runs}"

    def advance(self, scope: Scope) -> None:
        """What comes next sees this scope; its secrets are masked from now on."""
        self.scope = scope
        self.screen.hide(scope.masks)

    def once(self, name: str) -> bool:
        """Whether this is the first time that `name` is asked for: for what is said once in a session."""
        if name in self.said:
            return False
        self.said.add(name)
        return True
