"""The generic resource: create, retrieve, update, delete, list, search and plain actions, driven by the table.

To give an object behaviour of its own, add `resources/<object, dots as underscores>.py` with one class:

    class Topup(Resource):
        object = "topup"
        prefix = "tu"                              # of ids, for kinds that ID_PREFIXES lacks
        defaults = {"status": "pending"}           # overrides the schema's null, [] or false
        indexed = ("status",)                      # members with an index, for lists and `ctx.all`
        references = {"source": "source"}          # parameters that name objects, beyond those of the schema
        expand_only = ("balance_transaction",)     # members returned only when expanded, beyond those of the schema
        absent = ("transfer_group",)               # members that are omitted until they are set
        unechoed = ("source",)                     # parameters that are not copied onto the object
        transitions = {"cancel": Transition("canceled", ("pending",), stamp="canceled_at")}

        def validate_create(self, ctx, params): …   # checks `params`: raise errors.invalid(…)
        def on_create(self, ctx, obj, params): …    # sets members of `obj` before it is stored
        def after_create(self, ctx, obj, params): … # runs after the insert and `topup.created`: more objects, events

        @action                                    # POST …/{id}/cancel: the table's name of the action
        def cancel(self, ctx, obj, params):
            obj["status"] = "canceled"
            ctx.emit("topup.canceled", obj, ctx.save(obj))
            return obj

        @job                                        # jobs.schedule(ctx, seconds, obj, "arrive") runs it later
        def arrive(self, ctx, obj): …

        @action("charge.refund.create")            # or entity and action, where the action alone is ambiguous
        def create_below_charge(self, ctx, params): …   # no `obj`: the path has no id of this kind

`create` calls `validate_create`, `check_references`, `new`, `echo`, `on_create`, inserts, then calls
`announce("created")` and `after_create`. `update` calls `validate_update`, `check_references`, `echo`, `on_update`,
saves, then calls `announce("updated")` if something changed, and `after_update`. `delete` calls `before_delete`,
deletes, then calls `announce("deleted")`. Each of `create`, `update`, `delete`, `retrieve`, `list_page`, `search_page`
can be overridden.

`filter_<param>(ctx, value, filters)` converts a list parameter to filters. `present(ctx, obj)` changes the response and
not the stored object (each row of a list is then parsed). `load(ctx, key)` finds the object. A method returns the
result of the call: an object (a dict), a Page, or bytes. See context.py for `ctx`.
"""

from __future__ import annotations

import json
import marshal
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any, ClassVar

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.errors import StripeError
from stripe_shell.sandbox.storage.rows import IndexEntry
from stripe_shell.spec.id_prefixes import ID_PREFIXES
from stripe_shell.spec.model import Operation, Shape
from stripe_shell.spec.table import Table

from . import pages
from .context import Answer, Context, Json
from .declarations import ACTION, JOB, FilterMethod, JobMethod, Transition, marked_methods
from .echo import echo
from .events import GENERIC_PREFIXES
from .kinds import expandable_kinds
from .listing import ListFilters, ListPage
from .private_fields import PrivateFields
from .required_values import IDS, RANDOM_TEXTS
from .template import is_expand_only, iso_time, resolve, stamped, template

_FILTER = "filter_"


class Resource:
    """The behaviour of one kind of object. Stateless, except for what it caches of the table."""

    object: ClassVar[str] = ""
    #: The prefix of ids, without the underscore, for kinds that `ID_PREFIXES` lacks.
    prefix: ClassVar[str] = ""
    #: Whether an id has 14 random characters after the prefix; others have 24, which begin with `id_digit`.
    short_ids: ClassVar[bool] = False
    id_digit: ClassVar[str] = "1"
    #: The first part of event types; without one, the kind.
    event_prefix: ClassVar[str] = ""
    #: What `No such …` says for an unknown id, the kind's own name without one; and the error's `param`.
    noun: ClassVar[str] = ""
    id_param: ClassVar[str] = "id"
    defaults: ClassVar[Mapping[str, Any]] = {}
    absent: ClassVar[Collection[str]] = ()
    expand_only: ClassVar[Collection[str]] = ()
    unechoed: ClassVar[Collection[str]] = ()
    indexed: ClassVar[tuple[str, ...]] = ()
    references: ClassVar[Mapping[str, str]] = {}
    filters: ClassVar[Mapping[str, str]] = {}
    transitions: ClassVar[Mapping[str, Transition]] = {}
    #: Parameters that are accepted although the OpenAPI description lacks them, by action.
    legacy: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    #: Whether retrieving a deleted object returns `{id, object, deleted}` (customers only).
    shows_deleted: ClassVar[bool] = False
    #: Whether lists are sorted from oldest to newest (subscription items only).
    oldest_first: ClassVar[bool] = False
    #: Whether a GET request may write.
    writes_on_read: ClassVar[bool] = False
    #: Whether an update without changes emits no event.
    silent_when_unchanged: ClassVar[bool] = True
    #: The methods decorated with `@action`, with `@job`, and those named `filter_…`; collected from the class.
    actions: ClassVar[Mapping[str, Callable[..., Answer]]] = {}
    jobs: ClassVar[Mapping[str, JobMethod]] = {}
    param_filters: ClassVar[Mapping[str, FilterMethod]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.actions, cls.jobs = marked_methods(cls, ACTION), marked_methods(cls, JOB)
        names = {name for base in cls.__mro__ for name in vars(base) if name.startswith(_FILTER)}
        cls.param_filters = {name.removeprefix(_FILTER): getattr(cls, name) for name in names}

    def __init__(self, table: Table, kind: str) -> None:
        self.table = table
        self.kind = kind
        self._name = kind.rpartition(".")[2]
        self._prefix = self.prefix or ID_PREFIXES.get(kind, self._name)
        self._event_prefix = self.event_prefix or GENERIC_PREFIXES.get(kind, kind)
        self.schema = table.schema_of_object(kind)
        self._shape: Shape | None = None
        self._template: str | None = None
        #: The template of a new object in the current second, marshalled.
        self._stamped: tuple[int, bytes] = (-1, b"")
        self._indexed: tuple[str, ...] | None = None

    # --- facts -----------------------------------------------------------------------------------------------

    @property
    def modelled(self) -> bool:
        """Whether the object has a class of its own."""
        return type(self) is not Resource

    @property
    def presents(self) -> bool:
        """Whether responses differ from the stored object."""
        return type(self).present is not Resource.present

    @property
    def shape(self) -> Shape:
        """The object's shape in responses."""
        if self._shape is None:
            self._shape = resolve(self.table, self.table.schema(self.schema)) if self.schema else Shape("object")
        return self._shape

    def key(self, obj: Mapping[str, Any]) -> str:
        """Returns the key under which the object is stored: its id, empty for a singleton."""
        return str(obj.get("id") or "")

    def indexed_members(self) -> tuple[str, ...]:
        """Returns the members with an index: `indexed`, and every id that the list operation filters by."""
        if self._indexed is None:
            self._indexed = tuple(dict.fromkeys((*self.indexed, *self._filtered_ids(), "parent")))
        return self._indexed

    def links(self, obj: Mapping[str, Any], private: Mapping[str, Any] | None) -> list[IndexEntry]:
        """Returns the index entries of an object."""
        entries = []
        for name in self.indexed_members():
            value = private.get("parent") if name == "parent" and private else obj.get(name)
            if isinstance(value, dict):
                value = value.get("id")
            if isinstance(value, str) and value:
                entries.append((name, value))
        return entries

    def new_id(self, ctx: Context, prefix: str | None = None) -> str:
        """Returns a new id in the format of this kind."""
        prefix = prefix or self._prefix
        return ctx.ids.short(prefix) if self.short_ids else ctx.ids.new(prefix, ctx.now(), ctx.account, self.id_digit)

    def event(self, happened: str) -> str:
        """Returns the type of the event for what `happened` to an object of this kind."""
        return f"{self._event_prefix}.{happened}"

    def missing(self, key: str, *, param: str | None = None, status: int = 404) -> StripeError:
        """Returns the error for an id that does not exist."""
        return errors.missing(self.noun or self._name, key, param=param or self.id_param, status=status)

    def named_in_path(self, operation: Operation) -> str | None:
        """Returns the error's `param` when the id in the path does not exist; None for the usual one."""
        return None

    def already_exists(self, key: str) -> StripeError:
        """Returns the error for creating an object whose id already exists."""
        word = self.noun or self._name
        return errors.invalid(f"{word[:1].upper()}{word[1:]} already exists.", code="resource_already_exists")

    def take_legacy(self, operation: Operation, params: Json) -> Json:
        """Mutates `params`: removes and returns the accepted parameters that the OpenAPI description lacks."""
        names = [name for name in self.legacy.get(operation.action, ()) if name not in operation.params.fields]
        return {name: params.pop(name) for name in names if name in params}

    # --- making and finding objects ------------------------------------------------------------------------------

    def new(self, ctx: Context, members: Mapping[str, Any] | None = None) -> Json:
        """Returns a new object, not stored: the schema's members, `defaults`, id, `created`, then `members`."""
        now = ctx.now()
        if self._stamped[0] != now:
            self._stamped = now, self._stamp(now)
        obj: Json = marshal.loads(self._stamped[1])  # noqa: S302 - our own bytes
        if "id" in obj or not self.schema:
            obj["id"] = self.new_id(ctx)
        if obj.get("client_secret") == "":
            obj["client_secret"] = f"{obj.get('id') or self.kind}_secret_{ctx.ids.text(25)}"
        for name, kind in IDS.get(self.kind, {}).items():
            obj[name] = ctx.new_id(kind)
        for name, text in RANDOM_TEXTS.get(self.kind, {}).items():
            obj[name] = f"{text}{ctx.ids.text(24)}"
        obj.update(members or {})
        return obj

    def _stamp(self, now: int) -> bytes:
        if self._template is None:
            self._template = json.dumps(self._new_template())
        return marshal.dumps(stamped(self._template, now))

    def load(self, ctx: Context, key: str) -> Json | None:
        """Returns the live object with this id, as given in the path or a parameter, or None."""
        return ctx.find(self.kind, key)

    def present_text(self, ctx: Context, text: str) -> str | None:
        """Returns what `present` makes of an object's JSON text where that needs no parsing, as in long lists."""
        return None

    def present(self, ctx: Context, obj: Json) -> Json:
        """Returns the object as in responses; may mutate `obj`, which is not stored."""
        return obj

    def expand_member(self, ctx: Context, obj: Json, name: str) -> Any:
        """Returns the value of an expand-only member, or None."""
        return pages.member(self, ctx, obj, name)

    def is_expand_only(self, name: str) -> bool:
        """Whether the member is returned only when expanded."""
        field = self.shape.fields.get(name)
        return name in self.expand_only or (field is not None and is_expand_only(self.table, field))

    # --- the calls that every object has ----------------------------------------------------------------------------

    def create(self, ctx: Context, params: Json) -> Answer:
        """Creates, stores and returns an object. Mutates `params`: ids are resolved."""
        self.validate_create(ctx, params)
        self.check_references(ctx, params)
        obj = self.new(ctx)
        self.echo(obj, params)
        self._set_parent(ctx, obj, params)
        self.on_create(ctx, obj, params)
        self.check_required(ctx, obj, params)
        if self.key(obj):
            ctx.insert(obj)
            self.announce(ctx, "created", obj)
        self.after_create(ctx, obj, params)
        return obj

    def retrieve(self, ctx: Context, obj: Json, params: Json) -> Answer:
        """Returns the object."""
        return obj

    def update(self, ctx: Context, obj: Json, params: Json) -> Answer:
        """Mutates, saves and returns `obj`. Mutates `params`: ids are resolved."""
        self.validate_update(ctx, obj, params)
        self.check_references(ctx, params)
        self.echo(obj, params)
        self.on_update(ctx, obj, params)
        changed = ctx.save(obj)
        if changed or not self.silent_when_unchanged:
            self.announce(ctx, "updated", obj, changed)
        self.after_update(ctx, obj, params, changed)
        return obj

    def delete(self, ctx: Context, obj: Json, params: Json) -> Answer:
        """Deletes the object and returns `{id, object, deleted}`."""
        self.before_delete(ctx, obj, params)
        last = dict(obj)
        remains = ctx.delete(obj)
        self.announce(ctx, "deleted", last)
        return remains

    def list_page(self, ctx: Context, params: Json) -> ListPage:
        """Returns one page of the objects of this kind."""
        return pages.list_page(self, ctx, params)

    def search_page(self, ctx: Context, params: Json) -> ListPage:
        """Returns one page of the objects that match a search query."""
        from .search import search_page

        return search_page(self, ctx, params)

    def narrow_inside(self, filters: ListFilters) -> None:
        """Mutates `filters`: restricts the sub-list inside a parent. By default every object is listed."""

    def searched_value(self, obj: Mapping[str, Any], field: str) -> Any:
        """Returns what a search query compares with a field: the member at that dotted path, the id of an object."""
        value: Any = obj
        for name in field.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        return value.get("id") if isinstance(value, Mapping) else value

    # --- hooks -----------------------------------------------------------------------------------------------

    def validate_create(self, ctx: Context, params: Json) -> None:
        """Raises StripeError for parameters that cannot create an object."""

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj` before it is stored."""

    def after_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Runs after the object is stored and `created` emitted."""

    def on_seed(self, ctx: Context, obj: Json) -> None:
        """Sets the private fields of a complete object that `Sandbox.seed` is about to store."""

    def validate_update(self, ctx: Context, obj: Json, params: Json) -> None:
        """Raises StripeError for parameters that cannot update the object."""

    def on_update(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj` before it is saved."""

    def after_update(self, ctx: Context, obj: Json, params: Json, changed: Json) -> None:
        """Runs after an update; `changed` holds the old values."""

    def before_delete(self, ctx: Context, obj: Json, params: Json) -> None:
        """Raises StripeError, or mutates `obj`, which the `deleted` event contains, before it is deleted."""

    # --- what the calls are made of ---------------------------------------------------------------------------------

    def echo(self, obj: Json, params: Mapping[str, Any]) -> None:
        """Mutates `obj`: copies the parameters that its response shape has."""
        echo(self.table, obj, params, self.shape, self.unechoed)
        for name in params:
            if name in obj and self.is_expand_only(name):
                del obj[name]

    def check_references(self, ctx: Context, params: Json) -> None:
        """Mutates `params`: replaces test names such as `pm_card_visa` by the ids of new objects.

        Raises StripeError for an id that does not exist.
        """
        for name, value in params.items():
            if isinstance(value, str) and value:
                kinds = self._named_kind(name)
                if kinds:
                    params[name] = _existing(ctx, kinds, value, name)

    def check_required(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets required members that name an object from `params`. Raises StripeError without one.

        `customer_account` stands for a `customer`.
        """
        for name in self._required_references():
            if not obj.get(name) and name in ctx.operation.params.fields:
                given = params.get(name) or params.get(f"{name}_account")
                if not given:
                    raise errors.missing_parameter(name)
                obj[name] = given

    def announce(self, ctx: Context, happened: str, obj: Json, previous: Mapping[str, Any] | None = None) -> None:
        """Emits the event for what `happened` to the object, if Stripe has that event type."""
        name = self.event(happened)
        if name in ctx.registry.event_types:
            ctx.emit(name, obj, previous)

    def transition(self, ctx: Context, obj: Json, name: str, transition: Transition) -> Json:
        """Sets the object's status, saves it and emits an event. Raises StripeError for a status not in `before`."""
        status = obj.get("status")
        if transition.before and status not in transition.before:
            raise errors.invalid(
                f"This {self.kind.rpartition('.')[2].replace('_', ' ')} cannot be changed by `{name}` because it has "
                f"a status of {status}. Only one with {errors.one_of(transition.before)} can."
            )
        obj["status"] = transition.to
        if transition.stamp:
            obj[transition.stamp] = iso_time(ctx.now()) if ctx.operation.version == "v2" else ctx.now()
        changed = ctx.save(obj)
        self._emit_transition(ctx, obj, transition, changed)
        return obj

    def action_method(self, operation: Operation) -> Callable[..., Answer] | None:
        """Returns the method for an operation: by `entity.action`, or by the action alone; None when there is none."""
        method = self.actions.get(f"{operation.entity}.{operation.action}") or self.actions.get(operation.action)
        return None if method is None else partial(method, self)

    def param_filter(self, param: str) -> Callable[[Context, Any, ListFilters], None] | None:
        """Returns the method `filter_<param>` of the class, or None when it has none."""
        method = self.param_filters.get(param)
        return None if method is None else partial(method, self)

    def job_method(self, name: str) -> Callable[[Context, Json], None]:
        """Returns the method for a job's name. Raises LookupError when the class declares none with `@job`."""
        method = self.jobs.get(name)
        if method is None:
            raise LookupError(f"{self.kind} has no job `{name}`: declare its method with @job, or correct the name")
        return partial(method, self)

    # --- inside ----------------------------------------------------------------------------------------------

    def _new_template(self) -> Json:
        made = template(self.table, self.schema) if self.schema else {"object": self.kind}
        left_out = {*self.absent, *self.expand_only} - set(self.defaults)
        made = {name: value for name, value in made.items() if name not in left_out} | dict(self.defaults)
        first: Json = {name: made.pop(name) for name in ("id", "object") if name in made}
        return first | made

    def _set_parent(self, ctx: Context, obj: Json, params: Json) -> None:
        """Sets the ids of the parents in the path: as members of `obj`, or as the private field `parent`."""
        for name, value in ctx.path.items():
            member = pages.parent_member(self.shape, ctx.operation, name)
            if member is not None:
                obj[member] = value
            else:
                ctx.private(obj, PrivateFields)["parent"] = value

    def _named_kind(self, name: str) -> list[str]:
        if name in self.references:
            return [self.references[name]]
        field = self.shape.fields.get(name)
        return expandable_kinds(self.table, field.shape) if field is not None and field.shape.expandable else []

    def _filtered_ids(self) -> list[str]:
        names = [name for name, field in self.shape.fields.items() if field.shape.expandable]
        return [name for name in names if name in pages.list_filters(self.table, self.kind)]

    def _required_references(self) -> list[str]:
        """Returns the required members that are an object's id, and cannot be null."""
        fields = self.shape.fields.items()
        return [
            name for name, field in fields if field.required and field.shape.expandable and not field.shape.nullable
        ]

    def _emit_transition(self, ctx: Context, obj: Json, transition: Transition, changed: Json) -> None:
        for happened in (transition.event, transition.to, "updated"):
            if happened and self.event(happened) in ctx.registry.event_types:
                ctx.emit(self.event(happened), obj, changed if happened == "updated" else None)
                return


def _existing(ctx: Context, kinds: list[str], key: str, param: str) -> str:
    for kind in kinds:
        obj = ctx.resource(kind).load(ctx, key)
        if obj is not None:
            return str(obj.get("id", key))
    if not any(pages.can_be_made(ctx.table, kind) for kind in kinds):
        return key
    raise ctx.resource(kinds[0]).missing(key, param=param, status=400)
