"""Payment methods: created, minted from test names, attached to customers and detached."""

from __future__ import annotations

from typing import ClassVar

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import action
from stripe_shell.sandbox.objects.listing import ListFilters, ListPage
from stripe_shell.sandbox.objects.pages import list_page
from stripe_shell.sandbox.objects.private_fields import MethodPrivate
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.payments import confirmation, legacy_sources, payment_methods, transfers


class PaymentMethod(Resource):
    """`/v1/payment_methods`. The number of the test card or bank account is a private field."""

    object = "payment_method"
    noun = "PaymentMethod"
    id_param = "payment_method"
    defaults: ClassVar = {"allow_redisplay": "unspecified", "billing_details": payment_methods.empty_billing_details()}
    absent = ("radar_options",)
    indexed = ("type",)

    def load(self, ctx: Context, key: str) -> Json | None:
        """Returns the method with this id. A test name, such as `pm_card_visa`, creates a new method each time.

        Raises StripeError (404) when the method belongs to another customer than that in the path.
        """
        method = ctx.find("payment_method", key)
        if method is None:
            method = payment_methods.from_literal(ctx, key)
            if method is not None and ctx.writable:
                ctx.insert(method)
        elif ctx.path.get("payment_method") == key and ctx.path.get("customer") not in (None, method["customer"]):
            raise errors.invalid(
                f"The payment method {key} does not belong to the customer {ctx.path['customer']}.",
                param="customer",
                status=404,
            )
        return method

    def create(self, ctx: Context, params: Json) -> Json:
        """Creates a method of `type`, or copies the platform's `payment_method` to the connected account."""
        if params.get("payment_method"):
            return self._copy(ctx, params)
        if params.get("customer"):
            raise errors.invalid(
                "You cannot pass `customer` when creating a PaymentMethod. Create the PaymentMethod first, and then "
                "attach it to a Customer with `/v1/payment_methods/:id/attach`."
            )
        method = payment_methods.from_params(ctx, params)
        ctx.insert(method)
        return method

    def update(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Updates expiry, billing details, metadata and `allow_redisplay` of an attached method."""
        if not obj["customer"]:
            raise errors.invalid("You must save this PaymentMethod to a customer before you can update it.")
        payment_methods.set_billing_details(obj, params.get("billing_details"))
        self.echo(obj, {name: value for name, value in params.items() if name in ("metadata", "allow_redisplay")})
        card = params.get("card")
        if isinstance(card, dict) and obj["type"] == "card":
            obj["card"] |= {name: card[name] for name in ("exp_month", "exp_year") if name in card}
            networks = card.get("networks") or {}
            obj["card"]["networks"]["preferred"] = networks.get("preferred", obj["card"]["networks"]["preferred"])
        changed = ctx.save(obj)
        if changed:
            ctx.emit("payment_method.updated", obj, changed)
        return obj

    def list_page(self, ctx: Context, params: Json) -> ListPage:
        """Returns a page of a customer's methods, which is empty without a customer."""
        if not ctx.path and not (params.get("customer") or params.get("customer_account")):
            return ListPage((), False, ctx.request.path)
        return list_page(self, ctx, params)

    def filter_allow_redisplay(self, ctx: Context, value: str, filters: ListFilters) -> None:
        """Filters by `allow_redisplay`."""
        filters.add("allow_redisplay", value)

    @action
    def attach(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Attaches the method to a customer."""
        if not params.get("customer") and not params.get("customer_account"):
            raise errors.invalid("Must provide customer or customer_account.", code="parameter_missing")
        if params.get("customer_account"):
            obj["customer_account"] = params["customer_account"]
        if not params.get("customer"):
            ctx.save(obj)
            return obj
        customer = ctx.get("customer", params["customer"], param="customer")
        return confirmation.attach_method(ctx, obj, customer["id"])

    @action
    def detach(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Detaches the method from its customer, after which it cannot be used again. Saves both."""
        owner = obj["customer"]
        if not owner:
            raise errors.invalid(
                "The payment method you provided is not attached to a customer so detachment is impossible."
            )
        obj["customer"] = None
        ctx.private(obj, MethodPrivate)["spent"] = True
        ctx.emit("payment_method.detached", obj, ctx.save(obj))
        customer = ctx.find("customer", owner)
        if customer is not None:
            _forget_default(ctx, customer, obj["id"])
        card = ctx.find("card", obj["id"])
        if card is not None:
            ctx.delete(card)
        return obj

    def _copy(self, ctx: Context, params: Json) -> Json:
        """Copies a method of the platform to the account that the request runs on."""
        platform = transfers.on_account(ctx, ctx.platform)
        original = platform.get("payment_method", params["payment_method"], param="payment_method")
        copied = payment_methods.copy_method(ctx, original, platform.private(original, MethodPrivate).get("number"))
        ctx.insert(copied)
        return copied


def _forget_default(ctx: Context, customer: Json, key: str) -> None:
    settings = customer["invoice_settings"]
    if settings["default_payment_method"] == key:
        settings["default_payment_method"] = None
    if customer["default_source"] == key:
        customer["default_source"] = legacy_sources.next_default(ctx, customer, key)
    changed = ctx.save(customer)
    if changed:
        ctx.emit("customer.updated", customer, changed)
