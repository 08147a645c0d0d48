"""Runs a call and renders its answer as a response body, both in the API version that the call asks for."""

from __future__ import annotations

import json

from stripe_shell.records import replace
from stripe_shell.spec.model import Operation, Shape

from . import dispatch
from .errors import StripeError
from .expand import ExpandTree, expand, expand_tree
from .objects.context import Answer, Context, Json
from .objects.identity_map import encode
from .objects.listing import ListPage
from .objects.registry import ResourceRegistry
from .request.call import SandboxCall
from .storage.kept_texts import KeptAt
from .versions.answer import downgrade
from .versions.chain import Chain, chain_at


def run_call(ctx: Context, call: SandboxCall, registry: ResourceRegistry, kept: KeptAt | None = None) -> bytes:
    """Runs the call and returns the response body. Raises StripeError.

    `kept` has the texts of objects in older versions, for a call that writes nothing.
    """
    chain = chain_at(ctx.table, call.version)
    if chain is None or call.asked is None:
        return _render(ctx, dispatch.handle(ctx, registry), call, registry, None)
    try:
        chain.upgrade(ctx, call.asked, call.params)
        answer = dispatch.handle(ctx, registry)
    except StripeError as error:
        raise chain.rename(call.asked, error) from None
    return _render(ctx, chain.answer(ctx, call.asked, answer), call, registry, _Older(ctx, chain, call, kept))


class _Older:
    """The older version that a call asks for: the texts of objects in it, by those of today."""

    def __init__(self, ctx: Context, chain: Chain, call: SandboxCall, kept: KeptAt | None) -> None:
        self._ctx = ctx
        self._chain = chain
        self._kept = kept
        self._now = ctx.now()
        #: What is made of a text: the same object is shown alike unless something is expanded in it.
        self._form = (call.version, call.number, *((ctx.asked.id, *call.expand) if call.expand else ()))

    def text_of(self, text: str, paths: ExpandTree) -> str:
        """Returns the text of an object in the older version, expanded there, given that of today."""
        if self._kept is None:
            return self._made_of(text, paths)
        older = self._kept.get(self._form, text, self._now)
        if older is None:
            with self._ctx.session.recording() as reads:
                older = self._made_of(text, paths)
            self._kept.keep(self._form, text, older, reads)
        return older

    def _made_of(self, text: str, paths: ExpandTree) -> str:
        if not paths and not self._chain.touches(text):
            return text
        obj = json.loads(text)
        downgrade(self._ctx, self._chain, obj, paths, _shape_of(self._ctx.asked))
        return encode(obj)


def _render(ctx: Context, answer: Answer, call: SandboxCall, registry: ResourceRegistry, older: _Older | None) -> bytes:
    """Returns an answer as a response body, in the older version if there is one."""
    if isinstance(answer, bytes):
        return answer
    paths = expand_tree(call.expand)
    if isinstance(answer, ListPage):
        return _render_page(ctx, answer, paths, older).body().encode()
    return _render_object(ctx, answer, paths, registry, older).encode()


def _render_page(ctx: Context, page: ListPage, paths: ExpandTree, older: _Older | None) -> ListPage:
    """Returns the page with its objects rendered; their stored text is used unparsed where nothing changes in it."""
    if "total_count" not in paths:
        page = replace(page, total=page.total if page.form == "list" else None)
    inner = paths.get("data", {})
    if older is not None:
        return replace(page, texts=[older.text_of(text, inner) for text in page.texts])
    return replace(page, texts=[_expanded(ctx, text, inner) for text in page.texts]) if inner else page


def _render_object(ctx: Context, obj: Json, paths: ExpandTree, registry: ResourceRegistry, older: _Older | None) -> str:
    """Returns the JSON text of an object; its stored text is used unparsed where nothing changes in it."""
    kind = obj.get("object")
    resource = registry.resource(kind) if isinstance(kind, str) and "deleted" not in obj else None
    text = ctx.text(obj)
    if resource is None or not resource.presents:
        return older.text_of(text, paths) if older is not None else _expanded(ctx, text, paths)
    shown: Json = resource.present(ctx, json.loads(text))
    if older is not None:
        return older.text_of(encode(shown), paths)
    expand(ctx, shown, paths, _shape_of(ctx.operation))
    return encode(shown)


def _expanded(ctx: Context, text: str, paths: ExpandTree) -> str:
    """Returns the JSON text of an object with what the paths name expanded, given that without."""
    if not paths:
        return text
    obj = json.loads(text)
    expand(ctx, obj, paths, _shape_of(ctx.operation))
    return encode(obj)


def _shape_of(operation: Operation) -> Shape:
    """Returns the shape of the object that an operation answers, or of those in its list."""
    return operation.response.row or operation.response
