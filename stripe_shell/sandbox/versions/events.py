"""Renders events in a version: stored in the newest form, shown in the form of the version that they name."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from stripe_shell.sandbox.objects.context import Context
from stripe_shell.sandbox.objects.events import previous_attributes
from stripe_shell.spec.model import Shape

from .answer import downgrade
from .chain import Chain, chain_at

Json = dict[str, Any]

_VERSION: Final = re.compile(r'("api_version":")([^"]*)')


def version_of(text: str) -> str:
    """Returns the version that a stored event (its JSON text) names."""
    found = _VERSION.search(text)
    return found[2] if found else ""


def with_version(text: str, version: str) -> str:
    """Returns a stored event that names another version, its data as they are."""
    return _VERSION.sub(rf"\g<1>{version}", text, count=1)


def event_text_in(ctx: Context, text: str, version: str) -> str:
    """Returns a stored event (its JSON text) in a version.

    `previous_attributes` are computed anew: of what the object was before and after, both carried back.
    """
    chain = chain_at(ctx.table, version)
    if chain is None:
        return with_version(text, version)
    event: Json = json.loads(text)
    event["api_version"] = version
    data = event["data"]
    before = merged(data["object"], data["previous_attributes"]) if "previous_attributes" in data else None
    data["object"] = _carried_back(ctx, chain, data["object"])
    if before is not None:
        data["previous_attributes"] = previous_attributes(_carried_back(ctx, chain, before), data["object"])
    return json.dumps(event, separators=(",", ":"))


def merged(after: Mapping[str, Any], previous: Mapping[str, Any]) -> Json:
    """Returns an object as it was before a change, given it as it is after and the old values of what changed."""
    before = json.loads(json.dumps(after))
    for name, old in previous.items():
        inner = before.get(name)
        whole = not isinstance(old, dict) or not isinstance(inner, dict)
        before[name] = json.loads(json.dumps(old)) if whole else merged(inner, old)
    return dict(before)


def _carried_back(ctx: Context, chain: Chain, obj: Json) -> Json:
    schema = chain.table.schema_of_object(str(obj.get("object")))
    downgrade(ctx, chain, obj, {}, Shape("any") if schema is None else chain.table.schema(schema))
    return obj
