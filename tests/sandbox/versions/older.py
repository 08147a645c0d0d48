"""A client that asks for an older version of the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.sandbox.conftest import Client, Json


@dataclass
class Older(Client):
    """A client of the same sandbox whose requests have the header `Stripe-Version`."""

    version: str = ""

    def send(self, method: str, path: str, params: Mapping[str, Any] | None = None, **options: Any) -> Any:
        """The raw answer to a request in the version."""
        headers = {"Stripe-Version": self.version, **(options.pop("headers", None) or {})}
        return super().send(method, path, params, headers=headers, **options)


def older(client: Client, version: str) -> Older:
    """A client of the same sandbox that asks for a version."""
    return Older(client.sandbox, client.clock, client.mistakes, version)


def without(obj: Json, *names: str) -> bool:
    """Whether an object has none of these members."""
    return not set(names) & set(obj)
