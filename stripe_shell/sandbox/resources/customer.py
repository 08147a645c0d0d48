"""Customers: balance, default payment methods, legacy sources, discounts, and deletion."""

from __future__ import annotations

from typing import Any, ClassVar

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing.calc.rules import MAX_ON_CLOCK
from stripe_shell.sandbox.billing.invoices import customer_balance
from stripe_shell.sandbox.billing.invoices.redemption import make_discount
from stripe_shell.sandbox.ids import CAPITALS
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import action, job
from stripe_shell.sandbox.objects.listing import ListFilters
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.payments.accounts.traits import default_currency
from stripe_shell.sandbox.payments.legacy_sources import SOURCES

from .card import Card
from .tax_id import TaxId

_PREFIX_LENGTH = 8


class Customer(Resource):
    """`/v1/customers`."""

    object = "customer"
    short_ids = True
    defaults: ClassVar = {
        "balance": 0,
        "delinquent": False,
        "next_invoice_sequence": 1,
        "preferred_locales": [],
        "tax_exempt": "none",
    }
    expand_only = ("cash_balance", "invoice_credit_balance", "tax")
    unechoed = ("source", "payment_method", "tax_id_data", "tax", "cash_balance", "coupon")
    indexed = ("email", "test_clock")
    legacy: ClassVar = {"create": ("coupon",), "update": ("coupon",)}
    shows_deleted = True

    def validate_create(self, ctx: Context, params: Json) -> None:
        """Raises StripeError for an invalid email address or invoice prefix."""
        _check_email(params)
        self._check_invoice_prefix(ctx, params, None)

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets invoice prefix, currency, legacy source, and the test clock's time as `created`."""
        if params.get("id"):
            obj["id"] = params["id"]
        if not obj.get("invoice_prefix"):
            obj["invoice_prefix"] = ctx.ids.text(_PREFIX_LENGTH, CAPITALS)
        if obj.get("test_clock"):
            ctx.get("test_helpers.test_clock", obj["test_clock"], param="test_clock")
            _check_clock(ctx, obj["test_clock"])
            obj["created"] = ctx.now_for(obj)
        _stamp_currency(ctx, obj)
        _trim_shipping(obj)
        self._use_source(ctx, obj, params)

    def after_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Attaches the payment method and records the balance, tax ids and discount of the parameters."""
        if params.get("balance"):
            _record_balance(ctx, obj, params["balance"], "initial")
        self._attach(ctx, obj, params)
        for data in params.get("tax_id_data") or ():
            ctx.handler(TaxId).make(ctx, obj, data)
        if params.get("coupon"):
            _discount(ctx, obj, params["coupon"])

    def validate_update(self, ctx: Context, obj: Json, params: Json) -> None:
        """Raises StripeError for an invalid email address or invoice prefix."""
        _check_email(params)
        self._check_invoice_prefix(ctx, params, obj)
        source = params.get("default_source")
        if source and not any(_owns(ctx, obj, kind, source) for kind in SOURCES):
            raise errors.missing("source", str(source), param="source")

    def on_update(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets currency, source and default payment method. Stores a row for a changed balance."""
        _stamp_currency(ctx, obj)
        _trim_shipping(obj)
        self._use_source(ctx, obj, params)
        row = ctx.stored(obj)
        change = obj["balance"] - (row["balance"] if row else 0)
        if change:
            _record_balance(ctx, obj, change, "adjustment")
        _check_default(ctx, obj, params)

    def after_update(self, ctx: Context, obj: Json, params: Json, changed: Json) -> None:
        """Applies the legacy `coupon`, or removes the discount when it is empty."""
        if "coupon" not in params:
            return
        if params["coupon"]:
            _discount(ctx, obj, params["coupon"])
        elif obj.get("discount"):
            self.delete_discount(ctx, obj, {})

    @job
    def catch_up(self, ctx: Context, obj: Json) -> None:
        """Runs the customer's due billing tasks, such as renewals and retries. Runs as a job: see objects/jobs.py."""
        from stripe_shell.sandbox.billing import scheduler

        scheduler.catch_up(ctx, obj)

    def before_delete(self, ctx: Context, obj: Json, params: Json) -> None:
        """Cancels the customer's subscriptions, as Stripe does."""
        from stripe_shell.sandbox.billing.subscriptions import cancel

        for subscription in ctx.all("subscription", customer=obj["id"]):
            if subscription["status"] not in ("canceled", "incomplete_expired"):
                cancel.cancel(ctx, subscription, {})

    def expand_member(self, ctx: Context, obj: Json, name: str) -> Any:
        """Returns the cash balance, by default an empty one, the balances by currency, or the tax location."""
        if name == "cash_balance":
            return ctx.find("cash_balance", obj["id"]) or ctx.new("cash_balance", customer=obj["id"])
        if name == "invoice_credit_balance":
            return customer_balance.balances(ctx, obj)
        if name == "tax":
            return _tax_location(ctx, obj)
        shown = super().expand_member(ctx, obj, name)
        if name == "sources":
            # The default source comes first: seen at Stripe by the suite of another mock (2020-08-27).
            shown["data"].sort(key=lambda source: source["id"] != obj["default_source"])
        return shown

    def filter_test_clock(self, ctx: Context, value: str, filters: ListFilters) -> None:
        """Filters by test clock."""
        ctx.get("test_helpers.test_clock", value, param="test_clock")
        filters.add_link("test_clock", value)

    @action
    def retrieve_discount(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Returns the customer's discount. Raises StripeError (404) without one."""
        if not obj.get("discount"):
            raise errors.invalid(f"No active discount for customer: {obj['id']}", code="resource_missing", status=404)
        discount: Json = obj["discount"]
        return discount

    @action
    def delete_discount(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Removes the customer's discount. Saves the customer. Raises StripeError (404) without one."""
        discount = self.retrieve_discount(ctx, obj, params)
        obj["discount"] = None
        changed = ctx.save(obj)
        ctx.emit("customer.discount.deleted", discount)
        ctx.emit("customer.updated", obj, changed)
        return {
            "id": discount["id"],
            "object": "discount",
            "checkout_session": None,
            "customer": obj["id"],
            "deleted": True,
            **{name: discount.get(name) for name in ("invoice", "invoice_item", "promotion_code", "source", "start")},
            "subscription": None,
            "subscription_item": None,
        }

    def _check_invoice_prefix(self, ctx: Context, params: Json, obj: Json | None) -> None:
        prefix = params.get("invoice_prefix")
        if prefix is None:
            return
        if not (prefix.isascii() and prefix.isalnum() and prefix == prefix.upper() and len(prefix) <= 12):
            raise errors.invalid("Invoice number prefix must be 1–12 uppercase letters or numbers.")  # noqa: RUF001
        holder = next((other for other in ctx.iterate("customer", invoice_prefix=prefix)), None)
        if holder is not None and (obj is None or holder["id"] != obj["id"]):
            raise errors.invalid(
                f"This invoice number prefix is taken by customer: {holder['id']}. Please choose a different prefix.",
                param="invoice_prefix",
            )

    def _use_source(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: creates a card from a legacy token and makes it the default source."""
        if params.get("source"):
            card = ctx.handler(Card).make(ctx, params["source"], customer=obj["id"])
            obj["default_source"] = card["id"]

    def _attach(self, ctx: Context, obj: Json, params: Json) -> None:
        settings = params.get("invoice_settings") or {}
        default = settings.get("default_payment_method") if isinstance(settings, dict) else None
        named = params.get("payment_method")
        if named:
            from stripe_shell.sandbox.payments.confirmation import attach_method

            method = ctx.get("payment_method", named, param="payment_method")
            attach_method(ctx, method, obj["id"])
            if default in (named, method["id"]):
                obj["invoice_settings"]["default_payment_method"] = method["id"]
                ctx.save(obj)
        elif default:
            _check_default(ctx, obj, params)


def _tax_location(ctx: Context, obj: Json) -> Json:
    """Returns `customer.tax`: where the customer is taxed by the address, and whether the account collects tax there.

    Source: Stripe's API reference, `tax.automatic_tax` of a customer.
    """
    place = obj["address"] or (obj["shipping"] or {}).get("address") or {}
    found = {"automatic_tax": "unrecognized_location", "ip_address": None, "location": None, "provider": "stripe"}
    country = place.get("country")
    if not country:
        return found
    source = "billing_address" if obj["address"] else "shipping_destination"
    here = [row for row in ctx.iterate("tax.registration") if row["country"] == country and row["status"] == "active"]
    location = {"country": country, "source": source, "state": place.get("state")}
    return found | {"automatic_tax": "supported" if here else "not_collecting", "location": location}


def _check_clock(ctx: Context, clock: str) -> None:
    """Raises StripeError when the clock is full: three customers (docs.stripe.com, test clocks, advanced usage)."""
    if ctx.count("customer", test_clock=clock) >= MAX_ON_CLOCK:
        raise errors.invalid(f"A test clock can have at most {MAX_ON_CLOCK} customers.", param="test_clock")


def _check_default(ctx: Context, obj: Json, params: Json) -> None:
    """Mutates `obj`: sets the default payment method. Raises StripeError unless it is attached to the customer."""
    settings = params.get("invoice_settings")
    named = settings.get("default_payment_method") if isinstance(settings, dict) else None
    if not named:
        return
    method = ctx.get("payment_method", named, param="invoice_settings[default_payment_method]")
    if method.get("customer") != obj["id"]:
        raise errors.invalid(
            "The customer does not have a payment method with the ID "
            f"{method['id']}. The payment method must be attached to the customer.",
            param="invoice_settings[default_payment_method]",
            code="resource_missing",
        )
    obj["invoice_settings"]["default_payment_method"] = method["id"]


def _check_email(params: Json) -> None:
    email = params.get("email")
    if email and ("@" not in email or email != email.strip() or " " in email):
        raise errors.invalid(f"Invalid email address: {email}", param="email", code="email_invalid")


def _stamp_currency(ctx: Context, obj: Json) -> None:
    """Mutates `obj`: a non-zero balance sets the account's default currency if there is none."""
    if obj["balance"] and not obj["currency"]:
        obj["currency"] = default_currency(ctx)


def _trim_shipping(obj: Json) -> None:
    """Mutates `obj`: removes `carrier` and `tracking_number` while they are null, as Stripe omits them."""
    for name in ("carrier", "tracking_number"):
        if obj["shipping"] and obj["shipping"].get(name) is None:
            obj["shipping"].pop(name, None)


def _record_balance(ctx: Context, obj: Json, amount: int, kind: str) -> None:
    """Stores the row of a balance change; `amount` is in the smallest currency unit."""
    customer_balance.record(ctx, obj, amount, kind)


def _discount(ctx: Context, obj: Json, coupon: str) -> None:
    """Applies the legacy `coupon` parameter. Mutates and saves the customer."""
    had = obj.get("discount")
    discount = make_discount(ctx, coupon, customer=obj["id"], param="coupon")
    obj["discount"] = discount
    changed = ctx.save(obj)
    ctx.emit(f"customer.discount.{'updated' if had else 'created'}", discount, {"id": had["id"]} if had else None)
    ctx.emit("customer.updated", obj, changed)


def _owns(ctx: Context, customer: Json, kind: str, key: str) -> bool:
    found = ctx.find(kind, key)
    return found is not None and found["customer"] == customer["id"]
