"""Does what a command needs in a thread: with the waiting line, and Ctrl-C ends the wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from stripe_shell.engine.outcome import Outcome
from stripe_shell.engine.run.messages import explain_error, explain_unanswered
from stripe_shell.engine.run.paging import Exchange, read_body
from stripe_shell.errors import TransportError, UsageError
from stripe_shell.records import replace
from stripe_shell.repl.abandon import show_progress
from stripe_shell.repl.waiting import BackgroundStream

if TYPE_CHECKING:
    from stripe_shell.repl.progress import RunProgress
    from stripe_shell.repl.session import ReplSession
    from stripe_shell.wire import Request


T = TypeVar("T")


def wait_for_work(session: ReplSession, work: Callable[[RunProgress], T], name: str, unfinished: str) -> T:
    """Returns what `work` returns, which runs in a thread; `name` stands in the waiting line until `work` changes it.

    Raises what it raises, and UsageError after Ctrl-C, which says what is `unfinished`.
    """
    session.begin_progress()
    progress = session.progress
    progress.work = name

    def result() -> Iterator[T]:
        yield work(progress)

    stream = BackgroundStream(result(), on_tick=lambda: show_progress(session))
    try:
        with session.environment.keep_keys():
            return list(stream)[-1]
    except KeyboardInterrupt:
        progress.stop()
        stream.abandon(lambda _late: None)
        raise UsageError(f"you stopped waiting; {unfinished}") from None
    finally:
        session.console.clear_status()


def ask(session: ReplSession, like: Outcome, request: Request) -> Outcome:
    """Sends a request to the connection of an earlier outcome, and returns what came of it as an outcome.

    Raises KeyboardInterrupt if the person stops waiting, UsageError if the connection is gone.
    """
    session.begin_progress()
    waiting = replace(like, request=request, response=None, body=None, saved_as=None, written_to=None, diagnostics=())
    stream = BackgroundStream(_send(session, waiting), on_tick=lambda: show_progress(session))
    try:
        with session.environment.keep_keys():
            return list(stream)[-1]
    except KeyboardInterrupt:
        session.progress.stop()
        stream.abandon(lambda _late: None)
        raise
    finally:
        session.console.clear_status()


def _send(session: ReplSession, outcome: Outcome) -> Iterator[Outcome]:
    connection, request = session.connections.get(outcome.connection), outcome.request
    if connection is None or request is None:
        raise UsageError(f"there is no connection `/{outcome.connection}`")
    observer = session.progress.observer()
    try:
        observer.sending(outcome)
        response = connection.send(request)
        observer.received(outcome)
        answered = replace(outcome, response=response, body=read_body(Exchange(request, response)), status="passed")
        failed = replace(answered, status="failed")
        yield answered if response.ok else replace(failed, diagnostics=(explain_error(failed),))
    except TransportError as error:
        yield replace(outcome, status="failed", diagnostics=(explain_unanswered(error, outcome),))
