"""The key bindings of vi mode, half of all, which are made once that mode is used."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prompt_toolkit.key_binding.key_bindings import KeyBindingsBase

_MODULE = "prompt_toolkit.key_binding.bindings.vi"
_LOADERS = ("load_vi_bindings", "load_vi_search_bindings")


@contextmanager
def late_vi_bindings() -> Iterator[None]:
    """Has prompt_toolkit, if it is imported within the block, make the bindings of vi mode when they are asked for."""
    if _MODULE in sys.modules:
        yield
        return
    module = sys.modules[_MODULE] = ModuleType(_MODULE)
    for name in _LOADERS:
        setattr(module, name, partial(_bindings, name))
    try:
        yield
    finally:
        del sys.modules[_MODULE]


def _bindings(name: str) -> KeyBindingsBase:
    """Returns bindings that are none outside of vi mode, as all of prompt_toolkit's for vi have that condition."""
    from prompt_toolkit.filters import vi_mode
    from prompt_toolkit.key_binding.key_bindings import DynamicKeyBindings

    return DynamicKeyBindings(lambda: _made(name) if vi_mode() else None)


@cache
def _made(name: str) -> KeyBindingsBase:
    bindings: KeyBindingsBase = getattr(import_module(_MODULE), name)()
    return bindings
