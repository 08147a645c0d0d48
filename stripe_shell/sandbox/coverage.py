"""Which operations have behaviour of their own, and which are answered generically."""

from __future__ import annotations

from collections.abc import Iterator

from stripe_shell.spec.model import Operation
from stripe_shell.spec.table import Table

from .dispatch import is_modelled
from .objects.registry import Catalogue
from .objects.routing import kind_of


def coverage(table: Table) -> Iterator[tuple[Operation, bool]]:
    """Every operation of the table, by entity and action, with whether it is modelled.

    The answer's header `Stripe-Shell-Modelled` says the same of the one call.
    """
    catalogue = Catalogue(table)
    for operation in sorted(table.operations(), key=lambda operation: (operation.entity, operation.action)):
        yield operation, is_modelled(catalogue.resource(kind_of(table, operation, {}, {})), operation)
