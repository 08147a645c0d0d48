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
from stripe_shell.repl.short_ways import entity_of_id, ids_in
from stripe_shell.wire import Request, Response, Transport

if TYPE_CHECKING:
    from stripe_shell.engine.links import Links
    from stripe_shell.engine.resolver import Resolver
    from stripe_shell.lang.ast import ScriptItem
    from stripe_shell.repl.session import ReplSession
    from stripe_shell.sandbox.app import Sandbox
    from stripe_shell.spec.table import Table

Json = dict[str, Any]

#: How many objects are fetched at most, and how far from what a block names.
MOST_FETCHED: Final = 30
_FURTHEST: Final = 3

_SHOWN: Final = 12
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
    fetched = Fetching(session.engine.table, link).fetch(named)
    sandbox = _sandbox_of(session.engine.table, fetched)
    _report_fetched(session, link, fetched)
    if not _run_copies(session, items, sandbox, resolver):
        session.console.message("the rehearsal failed; the sandbox may lack what was not fetched")
    session.console.message("\n".join(_changes(sandbox, fetched.objects)))
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

    def fetch(self, names: Iterable[str]) -> Fetched:
        """Fetches the objects with these ids, breadth first. Raises TransportError when Stripe does not answer."""
        waiting = [(name, 0) for name in names]
        seen = set()
        while waiting and self.sent < MOST_FETCHED:
            name, distance = waiting.pop(0)
            if name in seen:
                continue
            seen.add(name)
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
    count = len(fetched.objects)
    session.console.message(
        f"rehearsal in a sandbox in memory: {count} {'object' if count == 1 else 'objects'} fetched from /{link.name} "
        f"by {fetched.sent} GETs{', the most that are sent' if fetched.sent == MOST_FETCHED else ''}"
    )
    if fetched.missing:
        session.console.message(f"not found there: {', '.join(fetched.missing)}")


# --- running --------------------------------------------------------------------------------------------------------


def _sandbox_of(table: Table, fetched: Fetched) -> Sandbox:
    from stripe_shell.sandbox.app import Sandbox

    sandbox = Sandbox(table=table)
    sandbox.seed(fetched.objects.values())
    return sandbox


def _run_copies(session: ReplSession, items: Sequence[ScriptItem], sandbox: Sandbox, resolver: Resolver) -> bool:
    """Runs the items in the sandbox and shows each outcome; whether all passed. The session's scope stays."""
    from stripe_shell.engine.run.interpreter import Engine

    links = _CopyLinks(session.connections, _CopyTransport(sandbox))
    engine = Engine(session.engine.table, links, lambda _target: _NoFile(), live=True)
    outcomes = []
    for step in engine.run(items, session.scope, run_id="rehearsal", resolver=resolver):
        if step.outcome is not None:
            outcomes.append(step.outcome)
            session.printer.outcome(step.outcome)
    return all(outcome.status in {"passed", "skipped"} for outcome in outcomes)


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

    def write(self, rows: Sequence[Any], *, plain: bool = False) -> None: ...

    def position(self) -> None: ...

    def left_out(self) -> tuple[str, ...]:
        return ()

    def close(self, around: Any = None) -> None: ...

    def keep(self) -> None: ...

    def discard(self) -> None: ...


# --- what happened --------------------------------------------------------------------------------------------------


def _changes(sandbox: Sandbox, before: Mapping[str, Json]) -> Iterator[str]:
    """Yields what became of the objects that were fetched, and the events, oldest first."""
    with sandbox.context() as ctx:
        for name, obj in before.items():
            now = ctx.find(obj["object"], name)
            if now is None:
                yield f"  {obj['object']} {name}  is deleted"
            elif lines := list(_differences(obj, now)):
                yield f"  {obj['object']} {name}"
                yield from (f"    {line}" for line in lines[:_SHOWN])
                if len(lines) > _SHOWN:
                    yield f"    and {len(lines) - _SHOWN} more"
        types = Counter(str(event["type"]) for event in ctx.all("event", oldest_first=True))
    shown = ", ".join(f"{kind} ({count})" if count > 1 else kind for kind, count in types.items())
    yield f"  events: {shown or 'none'}"


def _differences(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """Yields the members that differ: `amount_refunded  0 → 1000`. Members that the copy lacked are passed over."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name, value in new.items():
            if name in old and name not in _NOISE:
                yield from _differences(old[name], value, f"{path}.{name}" if path else name)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _differences(one, other, f"{path}[{index}]")
    elif old != new:
        yield f"{path}  {_short(old)} → {_short(new)}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else value
    return text if len(text) <= 40 else f"{text[:39]}…"
