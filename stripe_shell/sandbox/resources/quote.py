"""Quotes: offers that become an invoice, a subscription or a schedule when accepted."""

from __future__ import annotations

from typing import Any, ClassVar

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing import customer_currency, quotes, scheduler
from stripe_shell.sandbox.billing.invoices import discounts, lines
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import action
from stripe_shell.sandbox.objects.echo import is_clear
from stripe_shell.sandbox.objects.private_fields import CustomerPrivate, QuotePrivate
from stripe_shell.sandbox.objects.resource import Resource


class Quote(Resource):
    """`/v1/quotes`."""

    object = "quote"
    indexed = ("customer", "status", "test_clock")
    expand_only = ("line_items",)
    defaults: ClassVar = {
        "default_tax_rates": [],
        "status": "draft",
        "subscription_data": {
            "billing_mode": {"flexible": {"proration_discounts": "included"}, "type": "flexible"},
            "description": None,
            "effective_date": None,
            "metadata": {},
            "trial_period_days": None,
        },
    }
    unechoed = ("default_tax_rates", "discounts", "from_quote", "line_items", "subscription_data")

    def validate_create(self, ctx: Context, params: Json) -> None:
        """Raises StripeError when `expires_at` is in the past."""
        expires = params.get("expires_at")
        if expires is not None and expires <= ctx.now():
            raise errors.in_the_past("expires_at", expires)

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets line items, totals and expiry; copies a quote if `from_quote` names one."""
        if params.get("from_quote"):
            self._copy(ctx, obj, params["from_quote"])
        if obj["customer"] and not obj["test_clock"]:
            obj["test_clock"] = ctx.get("customer", obj["customer"])["test_clock"]
        if params.get("expires_at") is None:
            obj["expires_at"] = ctx.now() + quotes.KEPT_FOR
        self._take(ctx, obj, params)

    def validate_update(self, ctx: Context, obj: Json, params: Json) -> None:
        """Raises StripeError for anything but metadata and `expires_at` unless the quote is a draft."""
        if obj["status"] != "draft" and set(params) - {"metadata", "expires_at"}:
            raise errors.invalid(f"You can only update draft quotes. This quote's status is `{obj['status']}`.")

    def on_update(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets changed line items and totals."""
        self._take(ctx, obj, params)

    @action
    def finalize_quote(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Finalizes a draft: assigns its number and opens it. Raises StripeError without customer or line items."""
        _check_status(obj, "finalize", ("draft",))
        if not obj["customer"]:
            raise errors.invalid("You must set a customer on the quote before you finalize it.", param="customer")
        if not ctx.private(obj, QuotePrivate).get("rows"):
            raise errors.invalid("You cannot finalize a quote without line items.", param="line_items")
        if params.get("expires_at"):
            obj["expires_at"] = params["expires_at"]
        customer = ctx.get("customer", obj["customer"])
        customer_currency.check(ctx, customer["id"], obj["currency"])
        own = ctx.private(customer, CustomerPrivate)
        own["quotes"] = own.get("quotes", 0) + 1
        ctx.save(customer)
        obj["number"] = obj["number"] or f"QT-{customer['invoice_prefix']}-{own['quotes']:04d}-1"
        self._become(ctx, obj, "open", "finalized_at", "quote.finalized")
        scheduler.schedule_next(ctx, customer)
        return obj

    @action
    def accept(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Accepts the quote and creates what it offers. `quote.accepted` precedes the events of those objects."""
        _check_status(obj, "accept", ("open",))
        if obj["expires_at"] <= ctx.now():
            raise errors.invalid("You cannot accept a quote that has expired.")
        obj["status"] = "accepted"
        obj["status_transitions"]["accepted_at"] = ctx.now()
        ctx.save(obj)
        with ctx.hold_events() as held:
            quotes.accept(ctx, obj)
        ctx.save(obj)
        ctx.emit("quote.accepted", obj)
        ctx.release_events(held)
        return obj

    @action
    def cancel(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Cancels a draft or open quote."""
        _check_status(obj, "cancel", ("draft", "open"))
        self._become(ctx, obj, "canceled", "canceled_at", "quote.canceled")
        return obj

    @action
    def pdf(self, ctx: Context, obj: Json, params: Json) -> bytes:
        """Returns an empty PDF. Raises StripeError for a draft."""
        from stripe_shell.sandbox.dispatch import EMPTY_PDF

        if obj["status"] == "draft":
            raise errors.invalid("You can only download the PDF of a finalized quote.")
        return EMPTY_PDF

    def _become(self, ctx: Context, obj: Json, status: str, stamp: str, event: str) -> None:
        obj["status"] = status
        obj["status_transitions"][stamp] = ctx.now()
        ctx.save(obj)
        ctx.emit(event, obj)

    def _take(self, ctx: Context, obj: Json, params: Json) -> None:
        hidden = ctx.private(obj, QuotePrivate)
        if "line_items" in params:
            hidden["rows"] = quotes.price_lines(ctx, params["line_items"] or ())
        if "default_tax_rates" in params:
            names: Any = () if is_clear(params["default_tax_rates"]) else params["default_tax_rates"]
            hidden["rates"] = lines.rates_json(ctx, names, "default_tax_rates")
            obj["default_tax_rates"] = [rate["id"] for rate in hidden["rates"]]
        if "discounts" in params:
            obj["discounts"] = discounts.apply_discounts(
                ctx, params["discounts"], obj["discounts"], customer=obj["customer"]
            )
        if "subscription_data" in params:
            data = {**obj["subscription_data"], **params["subscription_data"]}
            if data.get("effective_date") == "current_period_end" or is_clear(data.get("effective_date")):
                data["effective_date"] = None
            obj["subscription_data"] = {name: None if value == "" else value for name, value in data.items()}
        quotes.set_quote_totals(ctx, obj)

    def _copy(self, ctx: Context, obj: Json, params: Json) -> None:
        origin = ctx.get("quote", params["quote"], param="from_quote[quote]")
        for name in (
            "customer",
            "description",
            "footer",
            "header",
            "invoice_settings",
            "subscription_data",
            "discounts",
        ):
            obj[name] = obj.get(name) or origin[name]
        hidden, old = ctx.private(obj, QuotePrivate), ctx.private(origin, QuotePrivate)
        hidden |= {"rows": list(old.get("rows", ())), "rates": list(old.get("rates", ()))}
        revision = bool(params.get("is_revision"))
        obj["from_quote"] = {"is_revision": revision, "quote": origin["id"]}
        if revision and origin["number"]:
            head, _, number = origin["number"].rpartition("-")
            obj["number"] = f"{head}-{int(number) + 1}"


def _check_status(obj: Json, verb: str, allowed: tuple[str, ...]) -> None:
    if obj["status"] not in allowed:
        raise errors.invalid(
            f"You cannot {verb} a quote with status `{obj['status']}`; it must be {errors.one_of(allowed)}."
        )
