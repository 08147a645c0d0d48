"""Routing: the kind of object that an operation is about, its role, and the placeholder of the object's id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from stripe_shell.spec.model import Operation
from stripe_shell.spec.table import Table

from .kinds import kinds_of

Role = Literal["list", "search", "create", "retrieve", "update", "delete", "action", "single", "single_update", "find"]


def own_param(operation: Operation, kind: str) -> str | None:
    """The placeholder that names an object of this kind; None where the path names only what it lives below."""
    own = operation.object_param
    word = operation.path_words.get(own, "") if own else ""
    names_parent = operation.entity.rpartition(".")[2] == word and not kind.endswith(word)
    return None if names_parent and not operation.path.endswith("}") else own


def role_of(operation: Operation, kind: str) -> Role:
    """What an operation does, by its method, its path and what it answers."""
    if operation.response.is_list:
        return "search" if operation.response.form == "search_result" else "list"
    below = operation.path.endswith("}")
    if operation.method == "DELETE":
        return "delete"
    if operation.method == "GET":
        if operation.object_param and not below:
            return "action"
        return "retrieve" if operation.object_param else _single(operation)
    if own_param(operation, kind):
        return "update" if below else "action"
    return "single_update" if operation.action == "update" else "create"


def _single(operation: Operation) -> Role:
    return "find" if operation.action in ("find", "preview") else "single"


def kind_of(table: Table, operation: Operation, path: Mapping[str, str], params: Mapping[str, Any]) -> str:
    """The kind of object that an operation is about."""
    entity = table.entity(operation.entity)
    if entity is not None and entity.object:
        return entity.object
    row = operation.response.row or operation.response
    kinds = kinds_of(table, row) or _kinds_retrieved(table, operation) or [operation.entity]
    if len(kinds) == 1:
        return kinds[0]
    return _kind_meant(kinds, path.get(operation.object_param or ""), params)


def _kinds_retrieved(table: Table, operation: Operation) -> list[str]:
    """The kinds that can be looked at where this operation deletes: its own answer only says that one is gone."""
    look = table.operation("retrieve", operation.entity)
    return kinds_of(table, look.response) if look is not None else []


def _kind_meant(kinds: list[str], key: str | None, params: Mapping[str, Any]) -> str:
    """Which of several kinds is meant, by the prefix of an id or by what is sent."""
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
