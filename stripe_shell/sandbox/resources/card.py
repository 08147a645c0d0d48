"""Legacy cards: what a `tok_…` becomes on a customer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.context import Context, Json
from stripe_shell.sandbox.resource import Resource

#: Brand and last digits by the word that a test token contains.
_BRANDS = {
    "mastercard": ("MasterCard", "4444"),
    "amex": ("American Express", "8431"),
    "discover": ("Discover", "9424"),
    "diners": ("Diners Club", "0004"),
    "jcb": ("JCB", "0505"),
    "unionpay": ("UnionPay", "0005"),
}


class Card(Resource):
    """`POST /v1/customers/{customer}/sources` with a token."""

    object = "card"
    absent = ("iin", "networks", "account", "currency", "default_for_currency", "available_payout_methods", "status")
    indexed = ("customer", "account")

    def create(self, ctx: Context, params: Json) -> Json:
        """Make a card from `source`, `external_account` or `card`, on the customer or account of the path."""
        source = params.get("source") or params.get("external_account") or params.get("card")
        if not source:
            raise errors.missing_parameter("source")
        customer = ctx.path.get("customer")
        card = self.make(ctx, source, customer=customer, account=ctx.path.get("account"))
        self.echo(card, {"metadata": params.get("metadata") or {}})
        ctx.save(card)
        if customer:
            self._become_default(ctx, customer, card)
        return card

    def make(self, ctx: Context, source: Any, *, customer: str | None, account: str | None = None) -> Json:
        """A new card from a token's name or a card's data, stored and told. Raises StripeError for no token."""
        card = self.fresh(ctx)
        card |= _of_token(source) if isinstance(source, str) else _of_data(source)
        year = datetime.fromtimestamp(ctx.now(), UTC).year
        card |= {
            "country": "US",
            "customer": customer,
            "cvc_check": "pass" if customer else "unchecked",
            "exp_month": card["exp_month"] or 12,
            "exp_year": card["exp_year"] or year + 1,
            "fingerprint": ctx.ids.text(16),
            "funding": "credit",
        }
        if account:
            card |= {"account": account, "currency": "usd", "default_for_currency": False}
        ctx.insert(card)
        ctx.emit("customer.source.created" if customer else "account.external_account.created", card)
        return card

    def delete(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Take it from its customer."""
        remains = ctx.delete(obj)
        customer = ctx.find("customer", obj["customer"]) if obj["customer"] else None
        if customer is not None:
            ctx.emit("customer.source.deleted", obj)
            if customer["default_source"] == obj["id"]:
                customer["default_source"] = None
                ctx.emit("customer.updated", customer, ctx.save(customer))
        return remains

    def _become_default(self, ctx: Context, customer_id: str, card: Json) -> None:
        customer = ctx.get("customer", customer_id)
        if not customer["default_source"]:
            customer["default_source"] = card["id"]
            ctx.emit("customer.updated", customer, ctx.save(customer))


def _of_token(token: str) -> Json:
    if not token.startswith("tok_"):
        raise errors.missing("token", token, param="source")
    words = token.split("_")
    brand, last4 = next((_BRANDS[word] for word in words if word in _BRANDS), ("Visa", "4242"))
    return {"brand": brand, "last4": last4}


def _of_data(data: Json) -> Json:
    number = str(data.get("number") or "4242424242424242")
    brands = {"5": "MasterCard", "2": "MasterCard", "3": "American Express", "6": "Discover"}
    shown = {name: data.get(name) for name in ("exp_month", "exp_year", "name")}
    return {"brand": brands.get(number[0], "Visa"), "last4": number[-4:]} | shown
