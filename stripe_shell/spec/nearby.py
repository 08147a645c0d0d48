"""Finds the paths at which an operation has a parameter that was written at another place."""

from __future__ import annotations

from collections.abc import Iterator

from stripe_shell.records import replace

from .model import Shape
from .problems import ParamPath, Problem
from .shapes import dotted

_SEARCH_DEPTH = 4


def with_places(problem: Problem, shape: Shape) -> Problem:
    """Returns the problem of an unknown name with the paths at which the operation does have that name."""
    wanted = problem.path[-1]
    level: list[tuple[ParamPath, Shape]] = [((), shape)]
    for _ in range(_SEARCH_DEPTH):
        found = [(*path, wanted) for path, inner in level if wanted in inner.fields]
        if found:
            elsewhere = tuple(dict.fromkeys(dotted(path) for path in found))
            only = elsewhere[0] if len(elsewhere) == 1 else None
            return replace(problem, meant=only or problem.meant, elsewhere=elsewhere)
        level = [below for path, inner in level for below in _objects_below(path, inner)]
    return problem


def _objects_below(path: ParamPath, shape: Shape) -> Iterator[tuple[ParamPath, Shape]]:
    for name, field in shape.fields.items():
        yield from _objects_in((*path, name), field.shape)


def _objects_in(path: ParamPath, shape: Shape) -> Iterator[tuple[ParamPath, Shape]]:
    if shape.kind == "object":
        yield path, shape
    elif shape.kind == "array" and shape.items is not None:
        yield from _objects_in((*path, "0"), shape.items)
    for variant in shape.variants:
        yield from _objects_in(path, variant)
