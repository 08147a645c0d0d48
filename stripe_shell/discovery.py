"""Finds the modules of a folder of the package by their file names, without importing them."""

from __future__ import annotations

import os
from collections.abc import Sequence


def module_names(folder: str, first: Sequence[str] = ()) -> tuple[str, ...]:
    """Returns the names of the modules in `folder`: those of `first` in that order, then the others sorted."""
    files = os.listdir(os.path.join(os.path.dirname(__file__), folder))
    found = {name.removesuffix(".py") for name in files if name.endswith(".py") and not name.startswith("_")}
    return (*(name for name in first if name in found), *sorted(found.difference(first)))
