"""The registry of resources: the class in `resources/` for a kind, or the generic resource."""

from __future__ import annotations

from functools import cached_property
from importlib import import_module
from pathlib import Path

from stripe_shell.spec.table import Table

from .resource import Resource

_FOLDER = Path(__file__).parents[1] / "resources"


class ResourceRegistry:
    """One resource per kind of object, created on first use.

    The kind `checkout.session` is served by `resources/checkout_session.py`, by the class whose attribute `object` is
    the kind. Modules are imported on first use; there is no registration.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._resources: dict[str, Resource] = {}

    def resource(self, kind: str) -> Resource:
        """Returns the resource of a kind of object."""
        found = self._resources.get(kind)
        if found is None:
            found = self._resources[kind] = self._class(kind)(self._table, kind)
        return found

    @cached_property
    def event_types(self) -> frozenset[str]:
        """Every event type that Stripe documents."""
        operation = self._table.operation("create", "webhook_endpoint")
        events = operation.params.fields["enabled_events"].shape.items if operation else None
        return frozenset(events.enum) if events else frozenset()

    def _class(self, kind: str) -> type[Resource]:
        name = kind.replace(".", "_")
        if not name.isidentifier() or not (_FOLDER / f"{name}.py").is_file():
            return Resource
        module = import_module(f"stripe_shell.sandbox.resources.{name}")
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Resource) and value.object == kind:
                return value
        raise LookupError(f"resources/{name}.py has no class whose `object` is {kind}")
