"""Python's search for garbage, which costs a short command a tenth of its time: it rests until a long one begins.

Reading and checking a script makes many objects and no garbage that has to be searched for. Whoever calls `main` from a
program of their own is left alone: only the command `stripe-shell` itself rests it.
"""

from __future__ import annotations

import gc

#: So many new objects, less those that went, before the first search.
_OBJECTS = 50_000


def disable_collector() -> None:
    """From now on nothing is searched for."""
    gc.set_threshold(_OBJECTS)
    gc.disable()


def enable_collector() -> None:
    """A command begins that may run for long: what there is now stays, what comes is searched."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def skip_last_collection() -> None:
    """The process ends: spare it the last search through all that was imported and read."""
    gc.freeze()
