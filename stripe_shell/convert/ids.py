"""The path of an object by its id."""

from __future__ import annotations

from stripe_shell.spec.id_prefixes import ID_PREFIXES
from stripe_shell.spec.table import Table

#: Prefixes beside those of the sandbox's own ids.
_OTHER = {"cs_live": "checkout.session", "cs": "checkout.session", "py": "charge", "dp": "dispute"}


def kind_of_id(name: str) -> str | None:
    """Returns the kind of the object with this id by its prefix; of several kinds the one of API v1."""
    prefix = name.rpartition("_")[0]
    kinds = [kind for kind, each in ID_PREFIXES.items() if each == prefix and kind != "plan"]
    kinds.sort(key=lambda kind: kind.startswith("v2."))
    return kinds[0] if kinds else _OTHER.get(prefix)


def path_of_id(name: str, table: Table) -> str | None:
    """Returns the path that retrieves the object, None where an id alone does not lead to one."""
    kind = kind_of_id(name)
    operation = table.operation("retrieve", kind) if kind else None
    if operation is None or len(operation.path_params) != 1:
        return None
    return operation.path.replace(f"{{{operation.path_params[0]}}}", name)
