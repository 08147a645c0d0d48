"""Runs a call and renders its answer as a response body, both in the API version that the call asks for."""

from __future__ import annotations

import json
from typing import cast

from stripe_shell.records import replace

from . import dispatch
from .errors import StripeError
from .expand import ExpandTree, expand, expand_tree
from .objects.context import Answer, Context, Json
from .objects.listing import ListPage
from .objects.registry import ResourceRegistry
from .request.call import SandboxCall
from .versions.answer import carry_back, downgrade
from .versions.chain import Chain, chain_at
from .versions.kept_texts import WatchedContext


def run_call(ctx: Context, call: SandboxCall, registry: ResourceRegistry) -> bytes:
    """Runs the call and returns the response body. Raises StripeError."""
    chain = chain_at(ctx.table, call.version)
    if chain is None or call.asked is None:
        return _render(ctx, dispatch.handle(ctx, registry), call, registry, None)
    try:
        chain.upgrade(ctx, call.asked, call.params)
        answer = dispatch.handle(ctx, registry)
    except StripeError as error:
        raise chain.rename(call.asked, error) from None
    return _render(ctx, chain.answer(ctx, call.asked, answer), call, registry, chain)


def _render(ctx: Context, answer: Answer, call: SandboxCall, registry: ResourceRegistry, chain: Chain | None) -> bytes:
    """Returns an answer as a response body, in the version of the chain."""
    if isinstance(answer, bytes):
        return answer
    paths = expand_tree(call.expand)
    if isinstance(answer, ListPage):
        return _render_page(ctx, answer, paths, chain).body().encode()
    return _render_object(ctx, answer, paths, registry, chain).encode()


def _render_page(ctx: Context, page: ListPage, paths: ExpandTree, chain: Chain | None) -> ListPage:
    """Returns the page with its objects rendered; their stored text is used unparsed where nothing changes in it."""
    if "total_count" not in paths:
        page = replace(page, total=page.total if page.form == "list" else None)
    inner = paths.get("data", {})
    if not inner and chain is None:
        return page
    if inner or chain is None:
        return replace(page, texts=[_shown(ctx, json.loads(text), inner, chain) for text in page.texts])
    return replace(page, texts=[_carried_back(ctx, text, chain) for text in page.texts])


def _carried_back(ctx: Context, text: str, chain: Chain) -> str:
    """Returns the JSON text of a stored object in the version of the chain, kept if it depends on nothing else."""
    kept = chain.carried_back.get(text)
    if kept is not None or not chain.touches(text):
        return text if kept is None else kept
    obj, watched = json.loads(text), WatchedContext(ctx)
    carry_back(cast("Context", watched), chain, obj)
    shown = json.dumps(obj, separators=(",", ":"))
    if not watched.was_read:
        chain.carried_back.keep(text, shown)
    return shown


def _render_object(ctx: Context, obj: Json, paths: ExpandTree, registry: ResourceRegistry, chain: Chain | None) -> str:
    """Returns the JSON text of an object; its stored text is used unparsed where nothing changes in it."""
    kind = obj.get("object")
    resource = registry.resource(kind) if isinstance(kind, str) and "deleted" not in obj else None
    presents = resource is not None and resource.presents
    if not paths and not presents:
        return ctx.text(obj) if chain is None else _carried_back(ctx, ctx.text(obj), chain)
    shown: Json = json.loads(ctx.text(obj))
    if resource is not None:
        shown = resource.present(ctx, shown)
    return _shown(ctx, shown, paths, chain)


def _shown(ctx: Context, obj: Json, paths: ExpandTree, chain: Chain | None) -> str:
    """Mutates an object: expands it, and carries it back to the version of the chain. Returns its JSON text."""
    operation = ctx.operation if chain is None else ctx.asked
    shape = operation.response.row or operation.response
    if chain is None:
        expand(ctx, obj, paths, shape)
    else:
        downgrade(ctx, chain, obj, paths, shape)
    return json.dumps(obj, separators=(",", ":"))
