"""The state of a session at the prompt, and its environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from stripe_shell.records import field, record, replace
from stripe_shell.repl.kept import KeptItems
from stripe_shell.repl.progress import RunProgress
from stripe_shell.repl.results import Results
from stripe_shell.repl.settings import PromptSettings
from stripe_shell.repl.tally import Tally
from stripe_shell.suggest.known import IdScope, KnownIds

if TYPE_CHECKING:
    from stripe_shell.connections import Connection, Connections
    from stripe_shell.engine.outcome import Outcome, RunStep
    from stripe_shell.engine.run.interpreter import Engine
    from stripe_shell.engine.scope import Scope
    from stripe_shell.render.console import Console
    from stripe_shell.render.run_printer import RunPrinter
    from stripe_shell.repl.fetched import FetchedIds
    from stripe_shell.spec.table import Table


@record
class ReplEnvironment:
    """The environment of a session.

    `seed` makes its idempotency keys differ from those of other sessions; `clock` returns epoch seconds. `confirm` asks
    a question and returns the typed line. `late` schedules a report of a late response, from any thread. `recall`
    returns the texts typed at this connection, oldest first. Within `keep_keys` what is typed is not echoed and stays
    for the next prompt; within `lend_terminal` another program reads the keys.
    """

    seed: str
    clock: Callable[[], float]
    confirm: Callable[[str], str]
    late: Callable[[Callable[[], None]], None]
    recall: Callable[[], Sequence[str]]
    keep_keys: Callable[[], AbstractContextManager[None]] = nullcontext
    lend_terminal: Callable[[], AbstractContextManager[None]] = nullcontext


#: An environment that answers every question with an empty line and whose clock stands at 0.
NOWHERE = ReplEnvironment("", lambda: 0.0, lambda _question: "", lambda _report: None, lambda: ())


@record(frozen=False)
class ReplSession:
    """The state of one session: the scope, the connection, the results so far.

    `kept` are the items that passed, in order, for `@save`. `typed` is the last submitted text that is not a command,
    `draft` the initial text of the next prompt, with the cursor at `draft_place`, else at the end; `draft_choices` are
    start and end of a wrong word in it, with the words that Tab puts there, and `draft_corrected` says that it has been
    put right already; `passed` says whether all of the last text passed, `leaving` ends the session, and `rehearsing`
    has the next items run on copies first. `unanswered` describes, by run, the requests that Ctrl-C abandoned;
    `unknown` are the writes whose outcome is unknown. `progress` belongs to the run under way, of `many` blocks or of
    one; `waited` is set when the user was told of a wait since the last prompt. `fetched` are the list calls for the
    ids of the menu, by scope and entity; without `fetches` none is sent unasked, and `offered` is the kind whose ids
    the menu offered last. `accounts` are id and name of a connection's own account, by connection and mode;
    `live_until` is when `@live` ends, by connection and account. `snapshots` are names and descriptions of snapshots,
    by connection.
    """

    engine: Engine
    scope: Scope
    connections: Connections
    printer: RunPrinter
    environment: ReplEnvironment = NOWHERE
    known: KnownIds = field(default_factory=KnownIds)
    kept: KeptItems = field(default_factory=KeptItems)
    unanswered: dict[str, str] = field(default_factory=dict)
    fetched: dict[tuple[IdScope, str], FetchedIds] = field(default_factory=dict)
    fetches: bool = False
    offered: tuple[IdScope, str] | None = None
    last: Outcome | None = None
    typed: str = ""
    draft: str = ""
    draft_place: int | None = None
    draft_choices: tuple[int, int, tuple[str, ...]] | None = None
    draft_corrected: bool = False
    passed: bool = True
    leaving: bool = False
    results: Results = field(default_factory=Results)
    tally: Tally = field(default_factory=Tally)
    quiet: bool = False
    rehearsing: bool = False
    progress: RunProgress = field(default_factory=RunProgress)
    many: bool = False
    waited: bool = False
    unknown: list[Outcome] = field(default_factory=list)
    settings: PromptSettings = PromptSettings()
    accounts: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    introduced: set[str] = field(default_factory=set)
    live_until: dict[tuple[str, str | None], float] = field(default_factory=dict)
    snapshots: dict[str, Mapping[str, str]] = field(default_factory=dict)
    _runs: int = 0

    @property
    def console(self) -> Console:
        """The console for results and messages."""
        return self.printer.console

    @property
    def connection(self) -> Connection:
        """The connection of a block that names none."""
        return self.connections.get(self.scope.settings.connection) or self.connections.default

    def connection_of(self, name: str | None) -> Connection | None:
        """Returns the connection that `/name` means, or None if it does not exist."""
        named = name is not None and not self.connections.placeholder(name)
        return self.connections.get(name) if named else self.connection

    def table(self, name: str | None = None) -> Table:
        """Returns the table of the API version below `/name`: that of the session's `@version`, else of the profile."""
        connection = self.connection_of(name)
        version = self.scope.settings.version or (connection.api_version if connection is not None else None)
        if not version:
            return self.engine.table
        from stripe_shell.engine.api_versions import table_named

        return table_named(self.engine.table, version)

    def id_scope(self, name: str | None = None, account: str | None = None) -> IdScope | None:
        """Returns the scope in which ids written below `/name` are valid; None if there is no such connection."""
        connection = self.connection_of(name)
        if connection is None:
            return None
        return IdScope(connection.name, connection.mode, account or self.scope.settings.account or connection.account)

    def set_clock(self) -> None:
        """Sets `${now}` to the current second."""
        self.scope = replace(self.scope, now=int(self.environment.clock()))

    def begin_run(self) -> str:
        """Begins a run and returns its id."""
        self._runs += 1
        return f"{self.environment.seed}-{self._runs}"

    def live_left(self, connection: Connection) -> int:
        """Returns for how many more seconds `@live` lets creates and updates through on the connection."""
        until = self.live_until.get((connection.name, self.scope.settings.account), 0.0)
        return max(0, int(until - self.environment.clock()))

    def begin_progress(self, *, many: bool = False) -> None:
        """Begins to count what a run sends; `many`: of several blocks or rows."""
        self.progress, self.many = RunProgress(), many
        self.console.on_delay = self.progress.delayed

    def take(self, step: RunStep) -> None:
        """Continues in the scope of a step. `last` stays the last success; `error` becomes the error of a failure.

        After a call without a response, `error` has the code and message of its diagnostic.
        """
        scope, outcome = step.scope, step.outcome
        if outcome is not None:
            self.last = outcome
            if outcome.status != "skipped" and not outcome.answered_well:
                scope = scope.with_name_of("last", self.scope).with_capture("error", _error_of(outcome))
        self.advance(scope)

    def use(self, settings: PromptSettings) -> None:
        """Takes settings over; what was chosen by a command meanwhile is chosen anew."""
        self.settings = settings
        self.printer.format = settings.format or None
        self.results.pager = settings.pager
        self.fetches = settings.fetch_ids != "never"

    def advance(self, scope: Scope) -> None:
        """Continues in this scope, and masks its secrets."""
        self.scope = scope
        self.console.mask(scope.masks)


def _error_of(outcome: Outcome) -> Any:
    """Returns Stripe's error, or the first diagnostic in the same form."""
    if outcome.error:
        return outcome.error
    first = next((each for each in outcome.diagnostics if each.severity == "error"), None)
    return {"type": "no_answer", "code": first.code if first else None, "message": first.message if first else ""}
