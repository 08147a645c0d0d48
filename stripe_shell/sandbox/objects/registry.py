"""Finds the behaviour of an object: its file in `resources/` when there is one, else the generic resource."""

from __future__ import annotations

from functools import cached_property
from importlib import import_module
from pathlib import Path

from stripe_shell.spec.table import Table

from .resource import Resource

_FOLDER = Path(__file__).parents[1] / "resources"


class Catalogue:
    """One resource per kind of object, made when first asked for.

    The kind `checkout.session` is looked for in `resources/checkout_session.py`; the class there is known by
    its attribute `object`. Nothing registers itself.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._resources: dict[str, Resource] = {}

    def resource(self, kind: str) -> Resource:
        """The resource of a kind of object."""
        found = self._resources.get(kind)
        if found is None:
            found = self._resources[kind] = self._class(kind)(self._table, kind)
        return found

    @cached_property
    def event_types(self) -> frozenset[str]:
        """Every type of event that Stripe knows."""
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
