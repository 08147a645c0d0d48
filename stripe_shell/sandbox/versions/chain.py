"""The chain of changes between the current version and an older one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.errors import StripeError
from stripe_shell.sandbox.objects.context import Answer, Context
from stripe_shell.spec.model import Operation
from stripe_shell.spec.table import Table
from stripe_shell.spec.versions.known import is_older, read_version
from stripe_shell.spec.versions.table import table_at

from . import changes
from .change import Json, VersionChange


@cache
def all_changes() -> tuple[VersionChange, ...]:
    """Returns every change below `changes/`, newest first; changes of one version by the name of their file."""
    found = []
    for module in sorted(iter_modules(changes.__path__), key=lambda module: module.name):
        members = vars(import_module(f"{changes.__name__}.{module.name}")).values()
        found += [
            member()
            for member in members
            if isinstance(member, type) and issubclass(member, VersionChange) and member is not VersionChange
        ]
    return tuple(sorted(found, key=lambda change: change.version, reverse=True))


class Chain:
    """The changes that separate one older version from the current one."""

    def __init__(self, table: Table, changes: Iterable[VersionChange]) -> None:
        self.table = table
        self._newest_first = tuple(changes)
        self._answers: dict[str, list[VersionChange]] = {}
        self._any_answer: re.Pattern[str] | None = None
        self._steps: dict[str, list[tuple[VersionChange, str]]] = {}
        for change in self._newest_first:
            for kind in change.kinds:
                self._answers.setdefault(kind, []).append(change)

    def touches(self, text: str) -> bool:
        """Whether an object's JSON text has an object, itself or one inside, that the changes carry back."""
        if self._any_answer is None:
            kinds = "|".join(re.escape(kind) for kind in self._answers)
            self._any_answer = re.compile(rf'"object": ?"(?:{kinds})"')
        return self._any_answer.search(text) is not None

    def _requests(self, name: str) -> list[tuple[VersionChange, str]]:
        """Returns the changes of a request, oldest first, each with the name that the operation has before it."""
        steps = self._steps.get(name)
        if steps is None:
            steps = self._steps[name] = []
            for change in reversed(self._newest_first):
                successors = dict(change.successors)
                if name in change.operations or name in successors:
                    steps.append((change, name))
                name = successors.get(name, name)
        return steps

    def successor(self, current: Table, operation: Operation) -> Operation:
        """Returns the operation of today that answers an operation of the older version, most often the same one."""
        name = operation.name
        for change, before in self._requests(name):
            name = dict(change.successors).get(before, name)
        action, entity = name.split(" ")
        return current.operation(action, entity) or operation

    def upgrade(self, ctx: Context, operation: Operation, params: Json) -> None:
        """Mutates the parameters of a request in the older version: they become those of today. Raises StripeError."""
        for change, name in self._requests(operation.name):
            change.upgrade_request(ctx, name, params)

    def answer(self, ctx: Context, operation: Operation, found: Answer) -> Answer:
        """Returns the answer to a request in the older version, given the one of today; its objects are not changed."""
        for change, name in reversed(self._requests(operation.name)):
            found = change.answer(ctx, name, found)
        return found

    def downgrade(self, ctx: Context, kind: str, obj: Json) -> None:
        """Mutates an object, but not those inside it: the form of today becomes that of the older version."""
        for change in self._answers.get(kind, ()):
            change.downgrade_answer(ctx, obj)

    def rename(self, operation: Operation, error: StripeError) -> StripeError:
        """Returns the error with the name that its parameter has in the older version."""
        names = dict(pair for change, _ in self._requests(operation.name) for pair in change.names)
        error.param = names.get(error.param or "", error.param)
        return error


@cache
def chain_at(table: Table, version: str) -> Chain | None:
    """Returns the chain to a known version, None for the current one."""
    older = table_at(table, version)
    if older is table:
        return None
    return Chain(older, [change for change in all_changes() if is_older(older.version, change.version)])


def refuse_removed(version: str, operation: Operation, params: Json, chosen: Callable[[], bool]) -> None:
    """Raises StripeError for what a version no longer takes; `chosen` says whether the client chose the version."""
    for change in refusing(version, operation.name, operation.response.form):
        if not change.spares_default or chosen():
            change.refuse_request(operation.name, params)


@cache
def refusing(version: str, name: str, form: str | None) -> tuple[VersionChange, ...]:
    """Returns the changes, up to a version, that refuse requests of an operation."""
    since = [change for change in all_changes() if not is_older(version, change.version)]
    return tuple(change for change in since if change.refuses(name, form))


def requested_version(header: str) -> str:
    """Returns the version that the header `Stripe-Version` of a request asks for.

    Raises StripeError for a version that does not exist, as Stripe does.
    """
    version = read_version(header)
    if version is None:
        raise errors.bad_version(header)
    return version
