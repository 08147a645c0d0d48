"""Declarations in a resource: actions, scheduled jobs and transitions of `status`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, overload

from stripe_shell.records import record

from .context import Context, Json
from .listing import ListFilters

ActionMethod = TypeVar("ActionMethod", bound=Callable[..., Any])

#: A method that runs as a job, not bound: `method(resource, ctx, obj)`.
JobMethod = Callable[[Any, Context, Json], None]

#: A method that converts a list parameter to filters, not bound: `method(resource, ctx, value, filters)`.
FilterMethod = Callable[[Any, Context, Any, ListFilters], None]

#: The attributes of marked methods.
ACTION = "sandbox_action"
JOB = "sandbox_job"


@overload
def action(name: ActionMethod) -> ActionMethod: ...
@overload
def action(name: str) -> Callable[[ActionMethod], ActionMethod]: ...
def action(name: Any) -> Any:
    """Decorates a method as an action: by the method's name, or by the given `action` or `entity.action`."""
    return _mark(ACTION, name)


@overload
def job(name: ActionMethod) -> ActionMethod: ...
@overload
def job(name: str) -> Callable[[ActionMethod], ActionMethod]: ...
def job(name: Any) -> Any:
    """Decorates a method as a scheduled job (jobs.py): by the method's name, or by the given name.

    The name is stored in the file with the job, so that a renamed method keeps the old name.
    """
    return _mark(JOB, name)


def _mark(attribute: str, name: Any) -> Any:
    """Returns the method, marked with its own name; for a string, a decorator that marks with it."""
    if callable(name):
        setattr(name, attribute, getattr(name, "__name__", ""))
        return name

    def mark(method: ActionMethod) -> ActionMethod:
        setattr(method, attribute, name)
        return method

    return mark


@record
class Transition:
    """A change of `status` by an action: to `to`, from one of `before` (from any status when empty).

    `stamp` names the member that is set to the time. `event` is the last part of the event type; where Stripe has no
    such event, `to` and then `updated` are tried.
    """

    to: str
    before: tuple[str, ...] = ()
    stamp: str | None = None
    event: str = ""


def marked_methods(owner: type, attribute: str) -> dict[str, Callable[..., Any]]:
    """Returns the marked methods by the name in the mark; a subclass overrides what it inherits."""
    found: dict[str, Callable[..., Any]] = {}
    for base in owner.__mro__:
        for name, value in vars(base).items():
            marked = getattr(value, attribute, None)
            if marked:
                found.setdefault(marked, getattr(owner, name))
    return found
