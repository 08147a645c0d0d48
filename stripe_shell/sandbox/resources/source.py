"""Sources: the legacy payment methods, reusable and chargeable, attached to customers and detached."""

from __future__ import annotations

from typing import ClassVar

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Answer, Context, Json
from stripe_shell.sandbox.objects.declarations import action
from stripe_shell.sandbox.objects.private_fields import MethodPrivate
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.payments import legacy_sources, payment_methods


class Source(Resource):
    """`/v1/sources`, `/v1/customers/{customer}/sources`."""

    object = "source"
    defaults: ClassVar = {"flow": "none", "status": "chargeable", "usage": "reusable"}
    indexed = ("customer",)
    unechoed = ("card", "token", "source_order")

    def create(self, ctx: Context, params: Json) -> Json:
        """Creates a source, or attaches an existing one to the customer in the path."""
        customer = ctx.path.get("customer")
        if customer:
            return self._attach(ctx, ctx.get("source", params.get("source"), param="source"), customer)
        kind = params.get("type") or ("card" if params.get("token") else None)
        if not kind:
            raise errors.missing_parameter("type")
        source = self.new(ctx)
        self.echo(source, params)
        source |= {"type": kind}
        if kind == "card":
            self._add_card(ctx, source, params)
        else:
            source[kind] = params.get(kind) or {}
            if params.get("redirect"):
                self._add_redirect(ctx, source, params)
        ctx.insert(source)
        ctx.emit("source.chargeable" if source["status"] == "chargeable" else "source.created", source)
        return source

    def retrieve(self, ctx: Context, obj: Json, params: Json) -> Answer:
        """Returns the source. Raises StripeError for a `client_secret` that is another source's."""
        if params.get("client_secret") not in (None, obj["client_secret"]):
            raise errors.invalid("The client secret provided does not match this source.", param="client_secret")
        return super().retrieve(ctx, obj, params)

    def delete(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Detaches the source from its customer and marks it as `consumed`."""
        obj |= {"status": "consumed"}
        customer = obj.pop("customer", None)
        changed = ctx.save(obj)
        ctx.emit("customer.source.deleted", obj, changed)
        owner = ctx.find("customer", customer) if customer else None
        if owner is not None and owner["default_source"] == obj["id"]:
            owner["default_source"] = legacy_sources.next_default(ctx, owner, obj["id"])
            ctx.emit("customer.updated", owner, ctx.save(owner))
        return obj

    @action
    def verify(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Verifies a pending source, whatever values are sent."""
        if obj["status"] != "pending":
            raise errors.invalid(f"This source cannot be verified because it has a status of {obj['status']}.")
        obj["status"] = "chargeable"
        ctx.emit("source.chargeable", obj, ctx.save(obj))
        return obj

    def _attach(self, ctx: Context, obj: Json, customer: str) -> Json:
        obj["customer"] = customer
        ctx.save(obj)
        ctx.emit("customer.source.created", obj)
        legacy_sources.become_default(ctx, customer, obj["id"])
        return obj

    def _add_card(self, ctx: Context, source: Json, params: Json) -> None:
        given = params.get("card")
        token = params.get("token")
        if token:
            method = payment_methods.from_token(ctx, str(token))
        elif isinstance(given, dict):
            method = payment_methods.from_card(ctx, payment_methods.card_data(ctx, given), given)
        else:
            raise errors.missing_parameter("token")
        facts = payment_methods.card_of(ctx, method)
        names = ("brand", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4")
        source["card"] = {name: method["card"][name] for name in names} | {"three_d_secure": "optional"}
        method["id"] = source["id"]
        ctx.private(method, MethodPrivate)["number"] = facts.number if facts else None
        ctx.insert(method)

    def _add_redirect(self, ctx: Context, source: Json, params: Json) -> None:
        url = f"https://hooks.stripe.com/redirect/authenticate/{source['id']}"
        back = params["redirect"].get("return_url")
        source["redirect"] = {"failure_reason": None, "return_url": back, "status": "pending", "url": url}
        source |= {"flow": "redirect", "status": "pending"}
