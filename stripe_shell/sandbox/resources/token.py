"""Single-use tokens of cards, bank accounts and other data."""

from __future__ import annotations

from typing import Final

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.private_fields import TokenPrivate
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.payments import payment_methods

from .bank_account import BankAccount
from .card import Card

_KINDS: Final = ("card", "bank_account", "account", "cvc_update", "person", "pii")


class Token(Resource):
    """`/v1/tokens`."""

    object = "token"
    absent = ("bank_account", "card")

    def create(self, ctx: Context, params: Json) -> Json:
        """Creates a token from exactly one kind of data. Raises StripeError for none or several."""
        kinds = [kind for kind in _KINDS if params.get(kind)]
        if not kinds:
            raise errors.invalid(
                "You must supply either a card, customer, PII data, bank account, account, or person to create a token."
            )
        if len(kinds) > 1:
            raise errors.exclusive(*kinds)
        kind = kinds[0]
        prefix = "btok" if kind == "bank_account" else "cvctok" if kind == "cvc_update" else None
        token = self.new(ctx)
        token |= {"id": self.new_id(ctx, prefix), "client_ip": "127.0.0.1", "type": kind}
        if kind == "card":
            self._add_card(ctx, token, params)
        elif kind == "bank_account":
            self._add_bank(ctx, token, params)
        elif kind in ("account", "person"):
            ctx.private(token, TokenPrivate)["data"] = _account_data(ctx, params[kind], kind)
        ctx.insert(token)
        return token

    def _add_card(self, ctx: Context, token: Json, params: Json) -> None:
        data = params["card"]
        if isinstance(data, str):
            raise errors.not_an_object("card")
        facts = payment_methods.card_data(ctx, data)
        card = ctx.new("card")
        card |= ctx.handler(Card).view(payment_methods.card_members(ctx, facts, data), data)
        token["card"] = {name: value for name, value in card.items() if name not in ("customer",)}
        ctx.private(token, TokenPrivate)["number"] = facts.number

    def _add_bank(self, ctx: Context, token: Json, params: Json) -> None:
        number, members = ctx.handler(BankAccount).view(ctx, params["bank_account"])
        token["bank_account"] = ctx.new("bank_account", **members)
        ctx.private(token, TokenPrivate)["number"] = number


def _account_data(ctx: Context, given: Json, kind: str) -> Json:
    """Returns what an account or person token says, as parameters of the account or the person."""
    data = {name: value for name, value in given.items() if name != "tos_shown_and_accepted"}
    if kind == "account" and given.get("tos_shown_and_accepted"):
        data["tos_acceptance"] = {"date": ctx.now(), "ip": "127.0.0.1"}
    return data
