"""The context that a resource works with during one request: the account's objects, the clock, ids and events.

In the order in which a resource usually needs it:

    now = ctx.now()                                     # epoch seconds
    customer = ctx.get("customer", params["customer"], param="customer")   # 400 `No such customer` when it is missing
    obj = ctx.new("refund", amount=500, charge=charge["id"])     # every member of the schema, id, created
    ctx.private(obj, RefundPrivate)["secret"] = "…"      # stored with the object, never in a response
    ctx.insert(obj)                                     # stores one row; call it before `emit`
    ctx.emit("refund.created", obj)
    charge["refunded"] = True
    changed = ctx.save(charge)                          # the old values of what changed; {} for no change
    ctx.emit("charge.refunded", charge, changed)
    for sub in ctx.all("subscription", customer=customer["id"]): …     # newest first; ctx.iterate is the iterator
    old = ctx.stored(charge)                            # the last stored version, without later changes
    ctx.delete(obj)

- Objects are plain dicts. Within a request, `get` and `find` return the same dict for the same object, so that a
  change is visible to later calls. Only `save` stores it: the response and the file have the text of the last `save`.
- A request is one transaction. Raising StripeError (see errors.py) rolls it back, unless the error `keeps_rows`.
- Amounts are integers in the smallest currency unit; times are epoch seconds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from typing import Any, ClassVar, Protocol, TypeVar

from stripe_shell.sandbox.clock import Clock, FixedClock
from stripe_shell.sandbox.errors import StripeError
from stripe_shell.sandbox.ids import RandomIds
from stripe_shell.sandbox.request.call import SandboxCall
from stripe_shell.sandbox.storage.queues import add_delivery
from stripe_shell.sandbox.storage.rows import StoredRow
from stripe_shell.sandbox.storage.session import StoreSession
from stripe_shell.sandbox.webhooks.endpoints import EndpointCache, has_thin
from stripe_shell.spec.model import Shape
from stripe_shell.spec.table import Table

from . import events, thin_events
from .events import UnstoredEvent
from .identity_map import IdentityMap
from .listing import ListFilters, ListPage
from .stored_objects import StoredKind, StoredObjects

Json = dict[str, Any]

#: The result of a call: an object, a page of objects, or a document.
Answer = Json | ListPage | bytes


class ResourceProtocol(StoredKind, Protocol):
    """The interface of a resource for the context, pages, search and `expand`; implemented by `Resource`."""

    @property
    def kind(self) -> str: ...
    @property
    def shape(self) -> Shape: ...
    @property
    def presents(self) -> bool: ...
    @property
    def oldest_first(self) -> bool: ...
    @property
    def filters(self) -> Mapping[str, str]: ...

    def present_text(self, ctx: Context, text: str) -> str | None: ...
    def new_id(self, ctx: Context, prefix: str | None = None) -> str: ...
    def narrow_inside(self, filters: ListFilters) -> None: ...
    def searched_value(self, obj: Mapping[str, Any], field: str) -> Any: ...

    def param_filter(self, param: str) -> Callable[[Context, Any, ListFilters], None] | None: ...
    def job_method(self, name: str) -> Callable[[Context, Json], None]: ...

    def missing(self, key: str, *, param: str | None = None, status: int = 404) -> StripeError: ...

    def new(self, ctx: Context, members: Mapping[str, Any] | None = None) -> Json: ...
    def echo(self, obj: Json, params: Mapping[str, Any]) -> None: ...
    def check_references(self, ctx: Context, params: Json) -> None: ...
    def load(self, ctx: Context, key: str) -> Json | None: ...
    def present(self, ctx: Context, obj: Json) -> Json: ...
    def expand_member(self, ctx: Context, obj: Json, name: str) -> Any: ...

    def on_seed(self, ctx: Context, obj: Json) -> None: ...
    def create(self, ctx: Context, params: Json) -> Answer: ...
    def update(self, ctx: Context, obj: Json, params: Json) -> Answer: ...
    def delete(self, ctx: Context, obj: Json, params: Json) -> Answer: ...


class ResourceLookup(Protocol):
    """Finds the resource of a kind of object; implemented by `ResourceRegistry`."""

    @property
    def event_types(self) -> frozenset[str]: ...

    def resource(self, kind: str) -> ResourceProtocol: ...


class NamedResource(ResourceProtocol, Protocol):
    """A resource whose class names its kind of object."""

    object: ClassVar[str]


#: The class by which a handler is asked for.
Handler = TypeVar("Handler", bound=NamedResource)


class Context(StoredObjects):
    """One request's view of one account: the fields of its `SandboxCall`, and the objects read and changed so far.

    `account_number` is the row number of `account` in the store. Both differ in a copy for a connected account or a
    platform, and `clock` differs while a test clock applies.
    """

    registry: ResourceLookup

    def __init__(
        self,
        call: SandboxCall,
        session: StoreSession,
        *,
        registry: ResourceLookup,
        table: Table,
        clock: Clock,
        ids: RandomIds,
        endpoint_cache: EndpointCache,
        default_version: str = "",
    ) -> None:
        super().__init__(session, call.number, registry=registry, clock=clock)
        self.table = table
        #: The sandbox's own clock, also while a test clock applies.
        self.real_clock = clock
        self.ids = ids
        self.endpoint_cache = endpoint_cache
        #: The API version that the request asks for.
        self.version = call.version or table.version
        #: The API version of the account's events, where the context may write.
        self.default_version = default_version or table.version
        self.account = call.account
        self.platform = call.platform
        self.request = call.request
        self.request_id = call.request_id
        self.operation = call.operation
        self.asked = call.asked or call.operation
        self.route = call.route
        self.path = call.path
        self.params = call.params
        self.writable = call.writable
        self.expand = call.expand
        #: Whether the operation was served by the generic resource alone.
        self.generic = False
        #: The seconds by which the job that runs is late.
        self.job_lag = 0
        #: Whether a job was scheduled: see jobs.py.
        self.scheduled_jobs = False
        #: The stored events of this request, in order.
        self.emitted: list[StoredRow] = []
        self._held: list[UnstoredEvent] | None = None

    def fork(self) -> Context:
        """Returns a copy in the same transaction with an identity map of its own and a shared list of events."""
        inner = copy(self)
        inner._seen, inner._held = IdentityMap(), None
        return inner

    # --- time ------------------------------------------------------------------------------------------------

    def now(self) -> int:
        """Returns the current time in epoch seconds."""
        self.session.reads()
        return self.clock.now()

    def has_passed(self, seconds: int | None) -> bool:
        """Whether a time has come. Unlike `now`, this lets what depends on it be kept until then (kept_texts.py)."""
        if seconds is None:
            return False
        now = self.clock.now()
        self.session.reads_time(now, seconds)
        return seconds <= now

    def now_for(self, owner: Mapping[str, Any] | None) -> int:
        """Returns the time of the object's test clock, or the current time without one, in epoch seconds."""
        name = owner.get("test_clock") if owner else None
        clock = self.find("test_helpers.test_clock", name) if name else None
        return int(clock["frozen_time"]) if clock else self.now()

    @contextmanager
    def at(self, seconds: int) -> Iterator[None]:
        """Sets the time to `seconds` and clears the request id, as in work that Stripe does by itself."""
        clock, request_id = self.clock, self.request_id
        self.clock, self.request_id = FixedClock(seconds), None
        try:
            yield
        finally:
            self.clock, self.request_id = clock, request_id

    def follow_test_clock(self, owner: Mapping[str, Any]) -> None:
        """Sets the time to that of the object's test clock, if it has one. The request id is kept."""
        if owner.get("test_clock"):
            self.clock = FixedClock(self.now_for(owner))

    @contextmanager
    def dry_run(self) -> Iterator[Context]:
        """Opens a copy of the context for a dry run: everything stored or emitted in it is rolled back at the end."""
        inner = self.fork()
        inner.emitted = []
        with self.session.rolled_back():
            yield inner

    # --- looking ---------------------------------------------------------------------------------------------

    def resource(self, kind: str) -> ResourceProtocol:
        """Returns the resource of a kind of object."""
        return self.registry.resource(kind)

    def handler(self, owner: type[Handler], kind: str = "") -> Handler:
        """Returns the resource of a class, for methods that the class adds: `ctx.handler(Card).make(ctx, …)`.

        `kind` names the kind of object where several share the class: `ctx.handler(AttachedSource, "card")`. Raises
        LookupError if the resource of the kind has another class.
        """
        found = self.registry.resource(kind or owner.object)
        if not isinstance(found, owner):
            raise LookupError(f"{kind or owner.object} is not handled by {owner.__name__}")
        return found

    def get(self, kind: str, key: Any, *, param: str | None = None, status: int = 400) -> Json:
        """Returns a live object. Raises StripeError `No such …` when it is missing or deleted.

        `param` is the parameter that names the object; `status` is 404 for an id in the path.
        """
        found = self.resource(kind).load(self, str(key))
        if found is None:
            raise self.resource(kind).missing(str(key), param=param, status=status)
        return found

    def presented(self, kinds: Iterable[str], key: str) -> Json | None:
        """Returns a copy of the object as in responses, for the first kind that has this id.

        A deleted object is returned as `{id, object, deleted}`; None when no kind has the id.
        """
        for kind in kinds:
            resource = self.resource(kind)
            found = resource.load(self, key)
            if found is not None:
                return dict(resource.present(self, json.loads(self.text(found))))
            row = self.row(kind, key)
            if row is not None:
                return dict(json.loads(row.json))
        return None

    # --- changing --------------------------------------------------------------------------------------------

    def new(self, kind: str, **members: Any) -> Json:
        """Returns a new object, not stored: every member of its schema, an id, `created`, and `members`."""
        return self.resource(kind).new(self, members)

    def new_id(self, kind: str, prefix: str | None = None) -> str:
        """Returns a new id for a kind of object."""
        return self.resource(kind).new_id(self, prefix)

    def emit(self, event_type: str, obj: Json, previous_attributes: Mapping[str, Any] | None = None) -> None:
        """Stores an event with the object's JSON text and queues its deliveries; None omits `previous_attributes`."""
        event = self._event(event_type, self.text(obj), previous_attributes)
        if self._held is None:
            self.release_events([event])
        else:
            self._held.append(event)

    @contextmanager
    def hold_events(self) -> Iterator[list[UnstoredEvent]]:
        """Holds back the events emitted in the block, for `release_events`; an exception releases them at once."""
        held: list[UnstoredEvent] = []
        outer, self._held = self._held, held
        try:
            yield held
        except BaseException:
            self._held = outer
            self.release_events(held)
            raise
        finally:
            self._held = outer

    def release_events(self, held: Iterable[UnstoredEvent]) -> None:
        """Stores events that were held back, and queues their deliveries."""
        for event in held:
            if self._held is not None:
                self._held.append(event)
                continue
            row = self.session.insert(
                self.account_number,
                "event",
                event.id,
                created=self.real_clock.now(),
                json=event.text,
                links=[("type", event.type)],
            )
            if event.thin is not None:
                thin_events.store(self.session, self.account_number, event.thin, self.real_clock.now())
            for listener in event.subscribers:
                told = event.thin["id"] if listener.thin and event.thin is not None else event.id
                add_delivery(
                    self.session, self.account_number, told, (listener.account, listener.id), self.real_clock.now()
                )
            self.emitted.append(row)

    # --- inside ----------------------------------------------------------------------------------------------

    def _event(self, name: str, data_object: str, previous: Mapping[str, Any] | None) -> UnstoredEvent:
        """Returns an event of type `name` about the object with this JSON text, at the current time."""
        now = self.now()
        known = self.endpoint_cache.of(self.session, self.account_number)
        subscribers = tuple(each for each in known if each.subscribes_to(name)) if known else ()
        members: dict[str, Any] = {
            "id": self.ids.new("evt", now, self.account),
            "object": "event",
            "api_version": self.default_version,
            "created": now,
            "livemode": False,
            "pending_webhooks": sum(not each.thin for each in subscribers),
            "request": {
                "id": self.request_id,
                "idempotency_key": self.request.idempotency_key if self.request_id else None,
            },
            "type": name,
        }
        if self.account != self.platform:
            members["account"] = self.account
        text = events.event_text(members, data_object, previous)
        thin = thin_events.mirrored(self, members, json.loads(data_object)) if has_thin(subscribers) else None
        return UnstoredEvent(members["id"], now, name, text, subscribers, thin)
