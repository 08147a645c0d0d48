"""Turns off Python's cyclic garbage collector, which takes a tenth of a short command's time, until a long one begins.

Parsing and checking a script creates many objects but no cyclic garbage. Only the command `stripe-shell` turns the
collector off; a program that calls `main` keeps its own settings.
"""

from __future__ import annotations

import gc

#: The number of new objects, minus those freed, before the first collection.
_OBJECTS = 50_000


def disable_collector() -> None:
    """Turns the cyclic garbage collector off."""
    gc.set_threshold(_OBJECTS)
    gc.disable()


def enable_collector() -> None:
    """Turns the collector on for a long-running command; existing objects are excluded from it."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def skip_last_collection() -> None:
    """Excludes all objects from the collection at the end of the process, to save its time."""
    gc.freeze()
