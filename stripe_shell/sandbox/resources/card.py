"""Legacy cards of customers and accounts. A customer's card is also stored as a payment method with the same id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.carried_over import token_to_card
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.private_fields import MethodPrivate
from stripe_shell.sandbox.payments import legacy_sources, payment_methods
from stripe_shell.sandbox.payments.declines import refusal
from stripe_shell.sandbox.payments.test_cards import CardFacts

#: Brand names of legacy cards by the brand of a payment method.
_BRANDS: Final[Mapping[str, str]] = {
    "amex": "American Express",
    "diners": "Diners Club",
    "discover": "Discover",
    "jcb": "JCB",
    "mastercard": "MasterCard",
    "unionpay": "UnionPay",
    "visa": "Visa",
}
_EXPIRY: Final = ("exp_month", "exp_year")
_ADDRESS: Final = ("city", "country", "line1", "line2", "state", "zip")
_ACCOUNT_ONLY: Final = ("account", "available_payout_methods", "currency", "default_for_currency")


class Card(legacy_sources.AttachedSource):
    """`/v1/customers/{customer}/sources`, `…/cards`, `/v1/accounts/{account}/external_accounts`."""

    object = "card"
    event_prefix = "customer.source"
    absent = ("iin", "networks", "status", *_ACCOUNT_ONLY)
    defaults: ClassVar = {"tokenization_method": None}
    payouts = ("standard", "instant")

    def fill(self, ctx: Context, obj: Json, source: Any, customer: str | None, account: str | None) -> str | None:
        """Mutates `obj`: copies the card of a token or of data. Stores a customer's card as a payment method too.

        Returns the card number if known. Raises StripeError for a card that cannot be attached.
        """
        method = self._method(ctx, source)
        facts = payment_methods.card_of(ctx, method)
        obj |= self.view(method["card"], source if isinstance(source, dict) else self._data(ctx, source))
        obj["customer"] = customer
        if facts is not None and customer and not facts.can_be_attached:
            raise refusal(facts.decline)
        if customer:
            self._make_method(ctx, obj, method, facts)
        if account:
            legacy_sources.check_account_card(facts)
        return facts.number if facts else None

    def of_charge(self, ctx: Context, source: Any) -> tuple[Json, Json]:
        """Returns the payment method and the legacy card of a token or of data that is charged once.

        Stores the payment method. Raises StripeError for an unknown token and for invalid data.
        """
        method = self._method(ctx, source)
        card = self.new(ctx)
        card |= self.view(method["card"], source if isinstance(source, dict) else {})
        card["customer"] = None
        self._make_method(ctx, card, method, payment_methods.card_of(ctx, method))
        return method, card

    def update(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Updates name, address, expiry or metadata of the card, and of its payment method."""
        obj |= {name: _number(params[name], name) for name in _EXPIRY if params.get(name)}
        super().update(ctx, obj, {name: value for name, value in params.items() if name not in _EXPIRY})
        method = ctx.find("payment_method", obj["id"])
        if method is not None:
            method["card"] |= {name: obj[name] for name in _EXPIRY}
            method["billing_details"] |= {"name": obj["name"], "address": _address_of(obj)}
            ctx.save(method)
        return obj

    def view(self, card: Mapping[str, Any], data: Mapping[str, Any]) -> Json:
        """Returns the members of a legacy card: `card` is a payment method's, `data` has name, address and CVC."""
        shown = {name: card[name] for name in ("country", "exp_month", "exp_year", "fingerprint", "funding", "last4")}
        address = {f"address_{part}": data.get(f"address_{part}") for part in _ADDRESS}
        for part in ("line1", "zip"):
            address[f"address_{part}_check"] = "unchecked" if address[f"address_{part}"] else None
        return {
            **address,
            **shown,
            **({"currency": data["currency"]} if data.get("currency") else {}),
            "brand": _BRANDS.get(card["brand"], "Unknown"),
            "cvc_check": "unchecked" if data.get("cvc") else None,
            "name": data.get("name"),
            "regulated_status": card["regulated_status"],
        }

    def _method(self, ctx: Context, source: Any) -> Json:
        if not isinstance(source, dict):
            return payment_methods.from_token(ctx, str(source), "source")
        return payment_methods.from_card(ctx, payment_methods.card_data(ctx, source), source)

    def _data(self, ctx: Context, source: Any) -> Json:
        """Returns the data of the card of a stored token; empty for a test name."""
        token = ctx.find("token", str(source))
        return token_to_card(token) if token else {}

    def _make_method(self, ctx: Context, card: Json, method: Json, facts: CardFacts | None) -> None:
        """Stores the card as a payment method with the same id. Mutates `card` (its checks) and `method`."""
        method |= {"id": card["id"], "customer": card["customer"]}
        ctx.private(method, MethodPrivate)["number"] = facts.number if facts else None
        method["billing_details"] |= {"name": card["name"], "address": _address_of(card)}
        payment_methods.run_checks(ctx, method)
        checks = method["card"]["checks"]
        card |= {"cvc_check": checks["cvc_check"], "address_line1_check": checks["address_line1_check"]}
        card["address_zip_check"] = checks["address_postal_code_check"]
        ctx.insert(method)


def _address_of(card: Mapping[str, Any]) -> Json:
    names = {"zip": "postal_code"}
    return {names.get(part, part): card[f"address_{part}"] for part in _ADDRESS}


def _number(text: str, name: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise errors.invalid_integer(name, text)
    return int(text)
