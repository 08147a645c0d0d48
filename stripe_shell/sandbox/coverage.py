"""Coverage: which operations have behaviour of their own, and which the generic resource serves."""

from __future__ import annotations

from collections.abc import Iterator

from stripe_shell.spec.model import Operation
from stripe_shell.spec.table import Table

from .dispatch import is_modelled
from .objects.registry import ResourceRegistry
from .objects.routing import route_of


def coverage(table: Table) -> Iterator[tuple[Operation, bool]]:
    """Yields every operation of the table, sorted by entity and action, and whether it is modelled.

    The response header `Stripe-Shell-Modelled` says the same of one call.
    """
    registry = ResourceRegistry(table)
    for operation in sorted(table.operations(), key=lambda operation: (operation.entity, operation.action)):
        route = route_of(table, registry, operation, {}, {})
        yield operation, is_modelled(registry.resource(route.kind), operation, route)
