"""Rehearses blocks: what they name is fetched and put into a sandbox in memory, where they run first.

Only GETs go to Stripe. The objects that a request names are fetched, and what those name, up to a number of requests.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from stripe_shell.diagnostics import Diagnostic, Span
from stripe_shell.engine.links import Link, connection_of
from stripe_shell.errors import UsageError
from stripe_shell.lang.visit import blocks_in
from stripe_shell.records import field, record, replace
from stripe_shell.render.cards.card import head_line
from stripe_shell.repl.asking import wait_for_work
from stripe_shell.repl.caused_events import event_types, events_of
from stripe_shell.repl.pager import show_lines
from stripe_shell.repl.short_ways import entity_of_id, ids_in
from stripe_shell.repl.showing import change_view, display_of, show_value
from stripe_shell.wire import Request, Response, Transport

if TYPE_CHECKING:
    from stripe_shell.engine.links import Links
    from stripe_shell.engine.outcome import Outcome
    from stripe_shell.engine.resolver import Resolver
    from stripe_shell.lang.ast import ScriptItem
    from stripe_shell.repl.progress import RunProgress
    from stripe_shell.repl.session import ReplSession
    from stripe_shell.sandbox.app import Sandbox
    from stripe_shell.spec.table import Table

Json = dict[str, Any]

#: How many objects are fetched at most, and how far from what a block names.
MOST_FETCHED: Final = 30
_FURTHEST: Final = 3

#: Members that change with every write and tell nothing.
_NOISE: Final = frozenset({"updated", "request_log_url"})


def rehearsed(session: ReplSession, items: Sequence[ScriptItem], resolver: Resolver) -> bool:
    """Runs the items on copies, shows what would happen, and asks. Returns whether they are to be sent.

    Raises UsageError for items that go to the sandbox, or to several connections.
    """
    link = _link_of(session, items)
    requests = list(session.engine.preview(items, session.scope, run_id="rehearsal", resolver=resolver))
    if not any(request.writes for request in requests):
        session.console.message("this only reads: there is nothing to rehearse")
        return True
    named = ids_in("\n".join(_text_of(request) for request in requests))
    fetching = Fetching(session.engine.table, link)
    fetched = wait_for_work(
        session, lambda progress: fetching.fetch(named, progress), "@try", "only GETs were sent, which change nothing"
    )
    _report_fetched(session, link, fetched)
    sandbox = _sandbox_of(session.engine.table, fetched)
    before = _objects_in(sandbox, fetched.objects)
    if not _run_copies(session, items, sandbox, resolver, before):
        session.console.message("the rehearsal failed; the sandbox may lack what was not fetched")
    if before:
        show_lines(session, _changed_lines(session, before, _objects_in(sandbox, before)))
    if link.counts_as_live:
        return True  # a live write asks anyway, by something of its object
    answer = session.environment.confirm(f"That was the rehearsal. Send it to /{link.name} now? Type yes: ")
    if answer.strip().lower() != "yes":
        session.console.message("nothing was sent")
        return False
    return True


def _link_of(session: ReplSession, items: Sequence[ScriptItem]) -> Link:
    names = {connection_of(block, session.scope, session.connections) for block in blocks_in(items)}
    links = {found.name: found for name in names if isinstance(found := session.connections.find(name), Link)}
    if len(links) != 1:
        raise UsageError("@try rehearses blocks of one connection")
    link = next(iter(links.values()))
    if link.mode == "sandbox":
        raise UsageError("in the sandbox nothing needs a rehearsal: run it, and @undo takes it back")
    return link


def _text_of(request: Request) -> str:
    return unquote(f"{request.path}\n{request.query}\n{request.body.decode(errors='replace')}".replace("&", "\n"))


# --- fetching -------------------------------------------------------------------------------------------------------


@record
class Fetched:
    """The objects by their ids, those inside others too; how many GETs were sent; and which ids were not found."""

    objects: Mapping[str, Json]
    sent: int
    missing: tuple[str, ...]


@record(frozen=False)
class Fetching:
    """Fetches objects and what they name, each once."""

    table: Table
    link: Link
    objects: dict[str, Json] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    sent: int = 0

    def fetch(self, names: Iterable[str], progress: RunProgress) -> Fetched:
        """Fetches the objects with these ids, breadth first, until `progress` is stopped; tells it what is sent.

        Raises TransportError when Stripe does not answer.
        """
        waiting = [(name, 0) for name in names]
        seen = set()
        while waiting and self.sent < MOST_FETCHED and not progress.stopped:
            name, distance = waiting.pop(0)
            if name in seen:
                continue
            seen.add(name)
            progress.work = f"@try · {self.sent + 1} of at most {MOST_FETCHED} GETs · {name}"
            found = self._get(name, named=distance == 0)
            if found is not None and distance < _FURTHEST:
                waiting += [(other, distance + 1) for other in ids_in(json.dumps(found)) if other not in seen]
        return Fetched(self.objects, self.sent, tuple(self.missing))

    def _get(self, name: str, *, named: bool) -> Json | None:
        request = self._request(name)
        if request is None:
            return None
        self.sent += 1
        response = self.link.transport.send(request)
        body = response.json() if response.ok else {}
        if not response.ok or body.get("deleted"):
            self.missing += [name] if named else []
            return None
        for inner in objects_in(body):
            if inner is body or inner["id"] not in self.objects:
                self.objects[inner["id"]] = inner
        return dict(body)

    def _request(self, name: str) -> Request | None:
        from stripe_shell.engine.encode import encode
        from stripe_shell.engine.resolve import BlockCall

        entity = entity_of_id(name, self.table)
        operation = self.table.operation("retrieve", entity) if entity and entity != "event" else None
        if operation is None or len(operation.path_params) != 1 or operation.method != "GET":
            return None
        call = BlockCall(operation, dict.fromkeys(operation.path_params, name), {})
        return encode(call, version=self.link.version or self.table.version, account=self.link.account)


def objects_in(data: Any) -> Iterator[Json]:
    """Yields every object with an id in JSON data, however deep, the outer ones first."""
    if isinstance(data, dict):
        if isinstance(data.get("id"), str) and isinstance(data.get("object"), str):
            yield data
        for value in data.values():
            yield from objects_in(value)
    elif isinstance(data, list):
        for value in data:
            yield from objects_in(value)


def _report_fetched(session: ReplSession, link: Link, fetched: Fetched) -> None:
    count, sent = len(fetched.objects), fetched.sent
    came = f"{count} {'object' if count == 1 else 'objects'} fetched from /{link.name} by {sent} GET{'s' * (sent != 1)}"
    most = ", the most that are sent" if sent == MOST_FETCHED else ""
    session.console.message(f"rehearsal in a sandbox in memory: {came if sent else 'nothing had to be fetched'}{most}")
    if fetched.missing:
        session.console.message(f"not found there: {', '.join(fetched.missing)}")


# --- running --------------------------------------------------------------------------------------------------------


def _sandbox_of(table: Table, fetched: Fetched) -> Sandbox:
    from stripe_shell.sandbox.app import Sandbox

    sandbox = Sandbox(table=table)
    sandbox.seed(fetched.objects.values())
    return sandbox


def _run_copies(
    session: ReplSession, items: Sequence[ScriptItem], sandbox: Sandbox, resolver: Resolver, before: Mapping[str, Json]
) -> bool:
    """Runs the items in the sandbox and shows each outcome; whether all passed. The session's scope stays."""
    from stripe_shell.engine.run.interpreter import Engine

    links = _CopyLinks(session.connections, _CopyTransport(sandbox))
    engine = Engine(session.engine.table, links, lambda _target: _NoFile(), live=True)
    passed = True
    for step in engine.run(items, session.scope, run_id="rehearsal", resolver=resolver):
        if step.outcome is not None:
            passed = passed and step.outcome.status in {"passed", "skipped"}
            _show_rehearsed(session, step.outcome, sandbox, before)
    return passed


def _show_rehearsed(session: ReplSession, outcome: Outcome, sandbox: Sandbox, before: Mapping[str, Json]) -> None:
    """Shows what a block brought, unless that is an object of before, and all events that it caused."""
    body = outcome.body if outcome.answered_well else None
    if body is not None and not (isinstance(body, dict) and body.get("id") in before):
        show_value(session, body, opens=False)
    with sandbox.context() as ctx:
        events = events_of(outcome, {"data": list(ctx.all("event"))})
    counts = Counter(event_types(events, outcome))
    types = ", ".join(f"{kind} ({count})" if count > 1 else kind for kind, count in counts.items())
    passed = outcome.status in {"passed", "skipped"}
    line = f"{'✓' if passed else '✗'} {outcome.name}  {'rehearsed' if passed else 'failed in the rehearsal'}"
    session.console.message(f"{line}  → {types}" if types else line)
    session.printer.problems(outcome)


@record
class _CopyTransport:
    """Sends to the sandbox whatever account a request is for: the copies are all in one."""

    sandbox: Sandbox

    def send(self, request: Request) -> Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() != "stripe-account"}
        return self.sandbox.send(replace(request, headers=headers))


@record
class _CopyLinks:
    """The connections of the session, each leading to the copies."""

    inner: Links
    transport: Transport

    def find(self, name: str | None, span: Span | None) -> Link | Diagnostic:
        found = self.inner.find(name, span)
        return replace(found, transport=self.transport, mode="sandbox") if isinstance(found, Link) else found

    def placeholder(self, name: str | None) -> bool:
        return self.inner.placeholder(name)


class _NoFile:
    """Takes the rows of an `@out`, and writes none."""

    partial = ""

    def write(self, rows: Sequence[Any], *, plain: bool = False) -> None: ...

    def position(self) -> None: ...

    def left_out(self) -> tuple[str, ...]:
        return ()

    def close(self, around: Any = None) -> None: ...

    def keep(self) -> None: ...

    def discard(self) -> None: ...


# --- what happened --------------------------------------------------------------------------------------------------


def _objects_in(sandbox: Sandbox, named: Mapping[str, Json]) -> dict[str, Json]:
    """Returns the objects of the sandbox with these ids as they are now, without those that are gone."""
    with sandbox.context() as ctx:
        found = {name: ctx.find(obj["object"], name) for name, obj in named.items()}
    return {name: json.loads(json.dumps(obj)) for name, obj in found.items() if obj is not None}


def _changed_lines(session: ReplSession, before: Mapping[str, Json], after: Mapping[str, Json]) -> Iterator[str]:
    """Yields what became of the objects that were fetched."""
    display = replace(display_of(session), known=after)
    for name, obj in before.items():
        old, new = (_told(session.console.secrets.mask_data(each)) for each in (obj, after.get(name)))
        if new is None:
            yield head_line({**old, "deleted": True}, display)
        elif old != new:
            yield from change_view(new, old, display, most=None)
    if before == after:
        yield "nothing that was fetched would change"


def _told(obj: Any) -> Any:
    """Returns an object without the members that change with every write and tell nothing."""
    return {name: value for name, value in obj.items() if name not in _NOISE} if isinstance(obj, dict) else None
