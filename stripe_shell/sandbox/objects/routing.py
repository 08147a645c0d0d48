"""Routing: the kind of object of an operation, its role, the path parameter with the object's id, and the method."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stripe_shell.sandbox.request.call import Role, Route
from stripe_shell.spec.model import Operation
from stripe_shell.spec.table import Table

from .kinds import expandable_kinds
from .registry import ResourceRegistry


def route_of(
    table: Table, registry: ResourceRegistry, operation: Operation, path: Mapping[str, str], params: Mapping[str, Any]
) -> Route:
    """Returns the route of an operation with these parameters."""
    kind = kind_of(table, operation, path, params)
    own = own_param(operation, kind)
    return Route(kind, role_of(operation, own), own, registry.resource(kind).action_method(operation))


def own_param(operation: Operation, kind: str) -> str | None:
    """Returns the path parameter with the id of an object of this kind; None when the path has only parents' ids."""
    own = operation.object_param
    word = operation.path_words.get(own, "") if own else ""
    names_parent = operation.entity.rpartition(".")[2] == word and not kind.endswith(word)
    return None if names_parent and not operation.path.endswith("}") else own


def role_of(operation: Operation, own: str | None) -> Role:
    """Returns what an operation does, by its method, path and response; `own` is its `own_param`."""
    if operation.response.is_list:
        return "search" if operation.response.form == "search_result" else "list"
    below = operation.path.endswith("}")
    if operation.method == "DELETE":
        return "delete"
    if operation.method == "GET":
        if operation.object_param and not below:
            return "action"
        return "retrieve" if operation.object_param else _single(operation)
    if own:
        return "update" if below else "action"
    return "single_update" if operation.action == "update" else "create"


def _single(operation: Operation) -> Role:
    return "find" if operation.action in ("find", "preview") else "single"


def kind_of(table: Table, operation: Operation, path: Mapping[str, str], params: Mapping[str, Any]) -> str:
    """Returns the kind of object that an operation works on."""
    entity = table.entity(operation.entity)
    if entity is not None and entity.object:
        return entity.object
    row = operation.response.row or operation.response
    kinds = expandable_kinds(table, row) or _kinds_retrieved(table, operation) or [operation.entity]
    if len(kinds) == 1:
        return kinds[0]
    return _choose_kind(kinds, path.get(operation.object_param or ""), params)


def _kinds_retrieved(table: Table, operation: Operation) -> list[str]:
    """Returns the kinds of the entity's `retrieve`; a delete's own response only says `deleted`."""
    look = table.operation("retrieve", operation.entity)
    return expandable_kinds(table, look.response) if look is not None else []


def _choose_kind(kinds: list[str], key: str | None, params: Mapping[str, Any]) -> str:
    """Chooses one of several kinds by the `object` of a parameter, or by the prefix of an id."""
    for name in ("external_account", "source", "bank_account", "card"):
        value = params.get(name)
        if isinstance(value, Mapping) and value.get("object") in kinds:
            return str(value["object"])
        if isinstance(value, str) and value:
            key = value
    prefixes = {"ba": "bank_account", "btok": "bank_account", "card": "card", "src": "source", "tok": "card"}
    kind = prefixes.get((key or "").partition("_")[0])
    if kind in kinds:
        return str(kind)
    usual = "card" if "source" in kinds else "bank_account"
    return usual if usual in kinds else kinds[0]
