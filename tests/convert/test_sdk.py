"""The names that converted programs use are those of Stripe's library: every operation is compared with its source."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest

from stripe_shell.convert.sdk import method_of
from stripe_shell.spec.table import load_table


def library() -> dict[tuple[str, str], set[str]]:
    """Every method of the library's services by what it sends: method and path, placeholders without names."""
    stripe = pytest.importorskip("stripe")
    client = stripe.StripeClient("sk_test_x")
    found: dict[tuple[str, str], set[str]] = {}
    for version in ("v1", "v2"):
        for name, method, path in methods(getattr(client, version), version):
            found.setdefault((method, path), set()).add(name)
    return found


def methods(service: Any, name: str) -> Iterator[tuple[str, str, str]]:
    for word, function in inspect.getmembers(type(service), inspect.isfunction):
        source = inspect.getsource(function) if word[0] != "_" and not word.endswith("_async") else ""
        if match := re.search(r'_request\(\s*"(\w+)",\s*"([^"]+)"', source):
            yield f"{name}.{word}", match[1].upper(), re.sub(r"\{[^}]*\}", "{}", match[2])
    for word in getattr(inspect.getmodule(type(service)), "_subservices", {}):
        yield from methods(getattr(service, word), f"{name}.{word}")


def test_every_operation_is_called_as_the_library_calls_it() -> None:
    known = library()
    wrong = []
    for operation in load_table().operations():
        names = known.get((operation.method, re.sub(r"\{[^}]*\}", "{}", operation.path)), set())
        named = method_of(operation)
        if (named is None and names) or (named is not None and named not in names):
            wrong.append(f"{operation.name}: {named}, not {' or '.join(sorted(names)) or 'in the library'}")
    assert wrong == []
