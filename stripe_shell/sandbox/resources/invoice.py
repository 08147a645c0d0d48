"""Invoices, from draft to paid, void or uncollectible."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing import scheduler
from stripe_shell.sandbox.billing.invoices import draft, edit, finalize_and_pay, lines, preview
from stripe_shell.sandbox.billing.subscriptions import after_payment, validate
from stripe_shell.sandbox.errors import StripeError
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import action
from stripe_shell.sandbox.objects.listing import ListFilters
from stripe_shell.sandbox.payments import confirmation
from stripe_shell.sandbox.storage.rows import IndexEntry, SqlCondition
from stripe_shell.spec.model import Operation

#: Parameters that a finalized invoice accepts.
_ALWAYS = {"auto_advance", "metadata", "payment_settings", "default_payment_method", "default_source"}

#: POST actions whose error for an unknown invoice has the param `invoice`; others have `id`.
_NAMING = ("send_invoice", "add_lines")

#: Where the value of a searched field stands, if not under its own name.
_SEARCHED: Final = {
    "last_finalization_error_code": "last_finalization_error.code",
    "last_finalization_error_type": "last_finalization_error.type",
    "subscription": "parent.subscription_details.subscription",
}


class Invoice(confirmation.PaymentOwner):
    """`/v1/invoices`. Totals and payments are in `billing/`."""

    object = "invoice"
    id_param = "invoice"
    indexed = ("customer", "status", "subscription")
    expand_only = ("confirmation_secret", "payments")
    absent = ("status_details", "threshold_reason")
    unechoed = edit.SPECIAL

    def take_legacy(self, operation: Operation, params: Json) -> Json:
        """Converts a `billing_cycle_anchor` of a preview that is a word or a time, as in earlier versions."""
        details = params.get("subscription_details")
        if operation.action == "create_preview" and isinstance(details, dict):
            validate.take_anchor(details)
            validate.take_plans(details.get("items"))
        return super().take_legacy(operation, params)

    def links(self, obj: Mapping[str, Any], private: Mapping[str, Any] | None) -> list[IndexEntry]:
        """Returns the index entries: customer, status, and the subscription that the invoice bills."""
        entries = super().links(obj, private)
        key = finalize_and_pay.subscription_id_of(dict(obj))
        return [*entries, ("subscription", key)] if key else entries

    def on_seed(self, ctx: Context, obj: Json) -> None:
        """Keeps the lines that the invoice shows as its records."""
        shown = (obj.get("lines") or {}).get("data") or []
        lines.records_of(ctx, obj)[:] = [{"line": line, "rates": [], "gross": line["amount"]} for line in shown]

    def searched_value(self, obj: Mapping[str, Any], field: str) -> Any:
        """Returns the value of a searched field; `subscription` is the one that the invoice bills."""
        return super().searched_value(obj, _SEARCHED.get(field, field))

    def load(self, ctx: Context, key: str) -> Json | None:
        """Returns an invoice, or a preview of the last 72 hours. Raises StripeError (404) for an unknown path id."""
        obj = ctx.find(self.kind, key)
        if obj is None and key.startswith(preview.PREFIX) and ctx.operation.action == "retrieve":
            return preview.stored(ctx, key)
        if obj is None and ctx.path.get("invoice") == key:
            named = ctx.operation.method != "POST" or ctx.operation.action in _NAMING
            raise self.missing(key, param="invoice" if named else "id")
        return obj

    def create(self, ctx: Context, params: Json) -> Json:
        """Creates a draft, and updates the customer's schedule of billing tasks."""
        if params.get("subscription") and params.get("pending_invoice_items_behavior"):
            raise errors.exclusive("pending_invoice_items_behavior", "subscription")
        invoice = edit.create_invoice(ctx, params, self.echo)
        scheduler.schedule_next(ctx, ctx.get("customer", invoice["customer"]), invoice)
        return invoice

    def update(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Updates a draft. A finalized invoice takes only the members in `_ALWAYS`."""
        first = next((name for name in params if name not in _ALWAYS), None)
        if obj["status"] != "draft" and first is not None:
            raise errors.invalid("Finalized invoices can't be updated in this way", param=first)
        edit.update_invoice(ctx, obj, params, self.echo)
        self._emit_updated(ctx, obj)
        scheduler.schedule_next(ctx, ctx.get("customer", obj["customer"]), obj)
        return obj

    def before_delete(self, ctx: Context, obj: Json, params: Json) -> None:
        """Raises StripeError unless the invoice is a draft without a subscription."""
        if obj["status"] != "draft":
            raise errors.invalid("You can only delete draft invoices.")
        if finalize_and_pay.subscription_id_of(obj):
            raise errors.invalid(
                "You can only delete one-off draft invoices. Finalize this invoice and void it instead."
            )

    @action
    def finalize_invoice(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Finalizes a draft. Raises StripeError for any other status."""
        if obj["status"] != "draft":
            raise errors.invalid("This invoice is already finalized, you can't re-finalize a non-draft invoice.")
        if "auto_advance" in params:
            draft.set_auto_advance(obj, params["auto_advance"])
        self._finalize(ctx, obj)
        scheduler.schedule_next(ctx, ctx.get("customer", obj["customer"]), obj)
        return obj

    @action
    def pay(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Finalizes a draft and pays the invoice, or records a payment out of band. Raises StripeError on failure."""
        if obj["status"] == "paid":
            raise errors.invalid("Invoice is already paid")
        if obj["status"] == "draft":
            self._finalize(ctx, obj, emit=False)
            if obj["status"] == "paid":
                return obj
        finalize_and_pay.check_invoice_open(obj)
        if params.get("paid_out_of_band"):
            finalize_and_pay.record_payment(ctx, obj, out_of_band=True)
            after_payment.invoice_paid(ctx, obj)
            return obj
        self._charge(ctx, obj, params)
        return obj

    @action
    def send_invoice(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Finalizes a draft and emits `invoice.sent`. Stripe sends no email in test mode."""
        if obj["status"] not in ("draft", "open", "uncollectible"):
            raise errors.invalid(
                "This invoice cannot be sent right now. Only invoices that are still to be paid can be sent.",
            )
        if obj["status"] == "draft":
            self._finalize(ctx, obj, emit=False)
        ctx.emit("invoice.sent", obj)
        return obj

    @action
    def void_invoice(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Voids an open or uncollectible invoice."""
        if obj["status"] == "paid":
            raise errors.invalid("Invoices with `paid` payments cannot be voided.")
        finalize_and_pay.check_invoice_open(obj)
        finalize_and_pay.void_invoice(ctx, obj)
        after_payment.invoice_voided(ctx, obj)
        return obj

    @action
    def mark_uncollectible(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Marks an open invoice as uncollectible."""
        if obj["status"] == "uncollectible":
            raise errors.invalid("This invoice has already been marked uncollectible.")
        finalize_and_pay.check_invoice_open(obj)
        finalize_and_pay.mark_uncollectible(ctx, obj)
        after_payment.invoice_uncollectible(ctx, obj)
        return obj

    @action
    def add_lines(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Adds lines to a draft, each as an invoice item."""
        edit.add_lines(ctx, obj, params)
        self._emit_updated(ctx, obj)
        return obj

    @action
    def update_lines(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Updates lines of a draft."""
        edit.update_lines(ctx, obj, params)
        self._emit_updated(ctx, obj)
        return obj

    @action
    def remove_lines(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Removes lines of a draft."""
        edit.remove_lines(ctx, obj, params)
        self._emit_updated(ctx, obj)
        return obj

    @action
    def attach_payment(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Attaches a PaymentIntent to the invoice, which is paid once the intent has succeeded."""
        finalize_and_pay.check_invoice_open(obj)
        key = params.get("payment_intent")
        if not key:
            raise errors.missing_parameter("payment_intent")
        intent = ctx.get("payment_intent", key, param="payment_intent")
        finalize_and_pay.attach_payment(ctx, obj, intent)
        if obj["status"] == "paid":
            after_payment.invoice_paid(ctx, obj)
        return obj

    @action
    def create_preview(self, ctx: Context, params: Json) -> Json:
        """Returns an upcoming invoice without creating it."""
        validate.read_anchor(params.get("subscription_details") or {})
        return preview.preview(ctx, params)

    def payment_changed(self, ctx: Context, obj: Json, attempt: confirmation.PaymentAttempt) -> None:
        """Updates the invoice after its PaymentIntent was confirmed, authenticated or settled."""
        if obj["status"] not in ("open", "uncollectible"):
            return
        if attempt.status == "succeeded":
            finalize_and_pay.record_payment(ctx, obj)
            after_payment.invoice_paid(ctx, obj)
        elif attempt.status == "requires_action":
            finalize_and_pay.record_action_required(ctx, obj)
        elif attempt.status == "requires_payment_method":
            finalize_and_pay.record_failure(ctx, obj, attempt.error, automatic=False)
            after_payment.invoice_failed(ctx, obj, automatic=False)

    def filter_subscription(self, ctx: Context, value: str, filters: ListFilters) -> None:
        """Filters by subscription."""
        ctx.get("subscription", value, param="subscription")
        if filters.link is None:
            filters.link = ("subscription", value)
        else:
            path = "$.parent.subscription_details.subscription"
            filters.where.append(SqlCondition(f"json_extract(o.json, '{path}') = ?", (value,)))

    def _finalize(self, ctx: Context, obj: Json, *, emit: bool = True) -> None:
        customer = ctx.get("customer", obj["customer"])
        key = finalize_and_pay.subscription_id_of(obj)
        subscription = ctx.find("subscription", key) if key else None
        method = confirmation.default_method(ctx, customer, subscription)
        finalize_and_pay.finalize_invoice(ctx, obj, method=obj["default_payment_method"] or method)
        if obj["collection_method"] == "send_invoice" and obj["auto_advance"] and emit and obj["status"] == "open":
            ctx.emit("invoice.sent", obj)
        if obj["status"] == "paid":
            after_payment.invoice_paid(ctx, obj)

    def _charge(self, ctx: Context, obj: Json, params: Json) -> None:
        method = params.get("payment_method") or params.get("source")
        if method:
            method = ctx.get("payment_method", method, param="payment_method")["id"]
        off_session = params.get("off_session", True)
        attempt = finalize_and_pay.pay_invoice(ctx, obj, method=method, off_session=off_session)
        if obj["status"] == "paid":
            after_payment.invoice_paid(ctx, obj)
        elif attempt is None:
            raise no_method_error(ctx, obj)
        elif attempt.status == "requires_action":
            raise errors.card_error(
                "This payment requires additional user action before it can be completed successfully. Payment can be "
                "completed using the PaymentIntent associated with the invoice.",
                "invoice_payment_intent_requires_action",
                extra={"payment_intent": attempt.payment_intent},
            )
        elif attempt.error is not None:
            after_payment.invoice_failed(ctx, obj, automatic=False)
            raise attempt.error

    def _emit_updated(self, ctx: Context, obj: Json) -> None:
        changed = ctx.save(obj)
        if changed:
            ctx.emit("invoice.updated", obj, changed)


def no_method_error(ctx: Context, invoice: Json) -> StripeError:
    """Returns the error for paying without a payment method. What the attempt wrote is committed."""
    return StripeError(
        "There is no `default_payment_method` set on this Customer or Invoice. Please set either a "
        "`default_payment_method` on the customer or the invoice, or provide a `payment_method`.",
        keeps_rows=True,
    )
