"""Legacy cards and bank accounts of customers and accounts: creation, defaults and removal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.private_fields import MethodPrivate
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.spec.model import Operation

from .accounts import state
from .test_cards import CardFacts
from .transfers import on_account

#: The kinds of sources that a customer has.
SOURCES: Final = ("card", "bank_account", "source")


def next_default(ctx: Context, customer: Json, gone: str) -> str | None:
    """Returns the source that takes the place of a default source that is gone: the newest of the customer's others.

    Documented in https://docs.stripe.com/api/cards/delete; with sources of several kinds, a card comes first.
    """
    others = (each["id"] for kind in SOURCES for each in ctx.iterate(kind, customer=customer["id"]))
    return next((key for key in others if key != gone), None)


class AttachedSource(Resource):
    """The base class of legacy cards and bank accounts, which belong to a customer or an account."""

    indexed = ("customer", "account")
    #: The `available_payout_methods` of an external account.
    payouts: ClassVar[tuple[str, ...]] = ("standard",)

    def take_legacy(self, operation: Operation, params: Json) -> Json:
        """Mutates `params`: removes and returns legacy parameters and an `external_account` given as an object."""
        return super().take_legacy(operation, params) | take_data(params)

    def create(self, ctx: Context, params: Json) -> Json:
        """Creates a source from a token or an object, on the customer or account in the path."""
        source = params.get("source") or params.get("external_account") or params.get(self.kind)
        if not source:
            raise errors.missing_parameter("external_account" if "account" in ctx.path else "source")
        customer, account = ctx.path.get("customer"), ctx.path.get("account")
        source_object = self.make(ctx, source, customer=customer, account=account, metadata=params.get("metadata"))
        if customer:
            become_default(ctx, customer, source_object["id"])
        if account and params.get("default_for_currency"):
            make_default_for_currency(ctx, source_object)
            ctx.save(source_object)
            state.refresh_by_id(ctx, account)
        return source_object

    def make(
        self,
        ctx: Context,
        source: Any,
        *,
        customer: str | None = None,
        account: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> Json:
        """Creates, stores and returns a source from a token or an object, and emits its event.

        Raises StripeError for an unknown token or a declined card.
        """
        obj = self.new(ctx)
        number = self.fill(ctx, obj, source, customer, account)
        obj["metadata"] = dict(metadata or {})
        if account:
            obj |= account_members(ctx, obj, account, list(self.payouts))
        ctx.private(obj, MethodPrivate)["number"] = number
        ctx.insert(obj)
        announce(ctx, "created", obj)
        return obj

    def fill(self, ctx: Context, obj: Json, source: Any, customer: str | None, account: str | None) -> str | None:
        """Mutates `obj`: sets what the token or object contains and the owner. Returns the full number, if known."""
        raise TypeError(f"{type(self).__name__} fills no object of `{self.kind}` from a token")

    def update(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Mutates and saves `obj`; makes it the account's default for its currency if requested."""
        self.echo(obj, params)
        if params.get("default_for_currency") and obj.get("account"):
            make_default_for_currency(ctx, obj)
        changed = ctx.save(obj)
        if changed:
            announce(ctx, "updated", obj, changed)
        return obj

    def delete(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Removes the source from its customer or account."""
        return remove(ctx, obj)


def announce(ctx: Context, happened: str, obj: Json, previous: Json | None = None) -> None:
    """Emits the event of a customer's source, or of an account's external account; counts that account's state anew."""
    account = obj.get("account")
    if not account:
        ctx.emit(f"customer.source.{happened}", obj, previous)
        return
    on_account(ctx, account).emit(f"account.external_account.{happened}", obj, previous)
    state.refresh_by_id(ctx, account)


def become_default(ctx: Context, customer: str, key: str) -> None:
    """Makes a source the customer's default if there is none. Saves the customer."""
    owner = ctx.get("customer", customer)
    if not owner["default_source"]:
        owner["default_source"] = key
        ctx.emit("customer.updated", owner, ctx.save(owner))


def remove(ctx: Context, obj: Json) -> Json:
    """Deletes a source or external account and returns what remains. Saves the customer with another default source.

    Raises StripeError for the default external account of a currency.
    """
    if obj.get("account") and obj.get("default_for_currency"):
        raise errors.invalid(
            f"You cannot delete the default external account for your default currency ({obj['currency']}). "
            "Please make another external account the default using the `default_for_currency` param, and then delete "
            "this one."
        )
    remains = ctx.delete(obj)
    twin = ctx.find("payment_method", obj["id"])
    if twin is not None:
        ctx.delete(twin)
    announce(ctx, "deleted", obj)
    customer = ctx.find("customer", obj["customer"]) if obj.get("customer") else None
    if customer is not None and customer["default_source"] == obj["id"]:
        customer["default_source"] = next_default(ctx, customer, obj["id"])
        ctx.emit("customer.updated", customer, ctx.save(customer))
    return remains


def take_data(params: Json) -> Json:
    """Mutates `params`: removes and returns an `external_account` given as an object, which the description lacks."""
    given = params.get("external_account")
    return {"external_account": params.pop("external_account")} if isinstance(given, dict) else {}


def external_accounts(ctx: Context, account: str) -> list[Json]:
    """Returns the bank accounts and debit cards that receive an account's payouts."""
    return [found for kind in ("bank_account", "card") for found in ctx.iterate(kind, account=account)]


def account_members(ctx: Context, obj: Mapping[str, Any], account: str, payouts: list[str]) -> Json:
    """Returns the additional members of an external account; the first of a currency is its default."""
    currency = obj.get("currency") or "usd"
    first = not any(other["currency"] == currency for other in external_accounts(ctx, account))
    return {
        "account": account,
        "available_payout_methods": payouts,
        "currency": currency,
        "customer": None,
        "default_for_currency": first,
    }


def make_default_for_currency(ctx: Context, obj: Json) -> None:
    """Mutates `obj`: makes it the default external account of its currency. Saves the former default, not `obj`."""
    for other in external_accounts(ctx, obj["account"]):
        if other["currency"] == obj["currency"] and other["default_for_currency"] and other["id"] != obj["id"]:
            other["default_for_currency"] = False
            ctx.save(other)
    obj["default_for_currency"] = True


def check_account_card(card: CardFacts | None) -> None:
    """Raises StripeError for a card that cannot receive payouts."""
    if card is not None and card.funding != "debit":
        raise errors.invalid(
            "This card doesn't appear to be a debit card. Only debit cards can be external accounts.",
            param="external_account",
            code="invalid_card_type",
        )
