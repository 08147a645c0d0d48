"""One table of facts: what the card of each object shows, and which columns its list has.

A line is `label: paths`, or paths alone when the label is the name of the first one. Separators may stand between
paths (`values.SEPARATORS`), `(` puts the next one into parentheses; each is left out with what stands behind it.
`$name` is a fact of `computed.py`; a path with `?` counts only if its value is neither 0 nor false. A path to an
object, or to an id, shows the brief of that object if the session has seen it.
"""

from __future__ import annotations

from collections.abc import Mapping

from stripe_shell.records import record


@record
class Layout:
    """The layout of objects of one kind."""

    card: tuple[str, ...]
    columns: tuple[str, ...]
    state: str = "status"
    title: tuple[str, ...] = ()
    brief: str = ""
    id: str = "id"
    cell: str = ""


#: The layouts by the `object` field of an object.
LAYOUTS: Mapping[str, Layout] = {
    "account": Layout(
        state="$account_state",
        title=("business_profile.name", "email"),
        brief="business_profile.name · email",
        card=(
            "name: business_profile.name",
            "email",
            "business: business_type · country · default_currency",
            "charges: charges_enabled",
            "payouts: payouts_enabled",
            "needs: requirements.currently_due",
            "created",
        ),
        columns=("name: business_profile.name", "email", "country", "state: $account_state", "created", "id"),
    ),
    "application_fee": Layout(
        state="",
        brief="amount",
        card=("amount", "refunded: amount_refunded?", "account", "charge", "created"),
        columns=("amount", "refunded: amount_refunded?", "account", "charge", "created"),
    ),
    "balance": Layout(
        state="",
        card=("available", "pending", "instant_available", "connect_reserved"),
        columns=("available", "pending"),
    ),
    "balance_transaction": Layout(
        brief="amount · net",
        card=("amount", "fee", "net", "type: type · description", "source", "available: available_on", "created"),
        columns=("type", "amount", "fee", "net", "status", "available: available_on", "created", "source", "id"),
    ),
    "billing.meter": Layout(
        title=("display_name",),
        brief="display_name",
        card=("name: display_name", "event: event_name", "sums: default_aggregation.formula", "created", "updated"),
        columns=("name: display_name", "event: event_name", "status", "created", "id"),
    ),
    "billing_portal.session": Layout(
        state="",
        brief="url",
        card=("customer", "url", "return_url", "configuration", "created"),
        columns=("customer", "url", "created", "id"),
    ),
    "charge": Layout(
        state="$charge_state",
        brief="status · amount",
        card=(
            "amount",
            "refunded: amount_refunded?",
            "customer",
            "paid with: $paid_with",
            "payment_intent",
            "failure: failure_code · failure_message",
            "description",
            "statement: calculated_statement_descriptor",
            "created",
        ),
        columns=("amount", "customer", "state: $charge_state", "paid with: $paid_with", "created", "description", "id"),
    ),
    "checkout.session": Layout(
        brief="status · amount_total",
        card=(
            "total: amount_total",
            "mode: mode · payment_status",
            "customer",
            "email: customer_details.email",
            "payment_intent",
            "subscription",
            "invoice",
            "url",
            "expires: expires_at",
            "created",
        ),
        columns=("total: amount_total", "customer", "mode", "status", "payment: payment_status", "created", "id"),
    ),
    "coupon": Layout(
        state="$valid",
        title=("name",),
        brief="name · $discount",
        card=(
            "name",
            "discount: $discount",
            "redeemed: times_redeemed / max_redemptions",
            "until: redeem_by",
            "created",
        ),
        columns=("id", "name", "discount: $discount", "valid: $valid", "redeemed: times_redeemed", "created"),
    ),
    "credit_note": Layout(
        title=("number",),
        brief="number · status · total",
        card=("number", "total", "customer", "invoice", "reason: reason · memo", "refunds", "created"),
        columns=("number", "customer", "total", "status", "reason", "created", "id"),
    ),
    "customer": Layout(
        state="$standing",
        title=("name", "email"),
        brief="name · email",
        card=(
            "name",
            "email",
            "phone",
            "description",
            "address: address.line1 · address.postal_code · address.city · address.country",
            "pays with: invoice_settings.default_payment_method",
            "balance?",
            "metadata",
            "created",
        ),
        columns=("name", "email", "created", "id", "balance?", "description"),
    ),
    "customer_balance_transaction": Layout(
        state="type",
        brief="amount",
        card=(
            "amount",
            "balance after: ending_balance",
            "customer",
            "invoice",
            "credit_note",
            "description",
            "created",
        ),
        columns=("amount", "balance after: ending_balance", "type", "created", "description", "id"),
    ),
    "dispute": Layout(
        brief="status · amount",
        card=(
            "amount",
            "reason",
            "evidence by: evidence_details.due_by",
            "charge",
            "payment_intent",
            "submitted: evidence_details.submission_count?",
            "created",
        ),
        columns=("amount", "reason", "status", "evidence by: evidence_details.due_by", "charge", "created", "id"),
    ),
    "event": Layout(
        state="type",
        brief="type",
        card=("object: $event_object", "changed: $event_changes", "request: request.id", "api_version", "created"),
        columns=("type", "object: $event_object", "created", "id"),
    ),
    "file": Layout(
        state="purpose",
        title=("title", "filename"),
        brief="filename · purpose",
        card=("filename", "title", "purpose: purpose · type", "bytes: size", "expires: expires_at", "created"),
        columns=("filename", "purpose", "bytes: size", "created", "id"),
    ),
    "invoice": Layout(
        title=("number",),
        brief="status · total",
        card=(
            "number",
            "customer",
            "total",
            "to pay: amount_remaining",
            "lines: lines.data",
            "subscription: parent.subscription_details.subscription",
            "collection: collection_method",
            "due: due_date",
            "next attempt: next_payment_attempt",
            "created",
        ),
        columns=("number", "customer", "total", "status", "to pay: amount_remaining", "created", "id"),
    ),
    "invoiceitem": Layout(
        state="",
        title=("description",),
        brief="amount · description",
        card=("amount", "description", "customer", "invoice", "period: period.start → period.end", "date"),
        columns=("description", "customer", "amount", "invoice", "date", "id"),
    ),
    "line_item": Layout(
        state="",
        title=("description",),
        brief="amount · description",
        card=("amount", "description", "quantity", "period: period.start → period.end", "invoice"),
        columns=("description", "quantity", "amount", "from: period.start", "to: period.end", "id"),
    ),
    "mandate": Layout(
        brief="status · type",
        card=(
            "payment_method",
            "type: type · payment_method_details.type",
            "accepted: customer_acceptance.accepted_at",
        ),
        columns=("payment_method", "type", "status", "id"),
    ),
    "payment_intent": Layout(
        brief="status · amount",
        card=(
            "amount",
            "received: amount_received?",
            "customer",
            "paid with: payment_method",
            "next: next_action.type",
            "error: last_payment_error.code · last_payment_error.message",
            "charge: latest_charge",
            "description",
            "created",
        ),
        columns=("amount", "customer", "status", "paid with: payment_method", "created", "description", "id"),
    ),
    "payment_link": Layout(
        state="$active",
        brief="url",
        card=("url", "takes: payment_method_types", "currency", "promotion codes: allow_promotion_codes"),
        columns=("url", "active: $active", "currency", "id"),
    ),
    "payment_method": Layout(
        state="type",
        title=("$method",),
        brief="$method",
        card=(
            "method: $method",
            "expires: $expiry",
            "customer",
            "billing: billing_details.name · billing_details.email · billing_details.address.country",
            "origin: card.country · card.funding",
            "created",
        ),
        columns=("method: $method", "expires: $expiry", "customer", "created", "id"),
    ),
    "payout": Layout(
        brief="status · amount",
        card=(
            "amount",
            "arrives: arrival_date",
            "method: method · type",
            "destination",
            "failure: failure_code · failure_message",
            "description",
            "created",
        ),
        columns=("amount", "status", "arrives: arrival_date", "method", "created", "destination", "id"),
    ),
    "plan": Layout(
        state="$active",
        brief="product $price",
        cell="product $price",
        card=("price: $price", "product", "nickname", "created"),
        columns=("product", "price: $price", "active: $active", "created", "id"),
    ),
    "price": Layout(
        state="$active",
        brief="product $price",
        cell="product $price",
        card=("price: $price", "product", "nickname", "lookup_key", "type", "tax: tax_behavior", "created"),
        columns=("product", "price: $price", "active: $active", "nickname", "lookup key: lookup_key", "created", "id"),
    ),
    "product": Layout(
        state="$active",
        title=("name",),
        brief="name",
        card=("name", "description", "price: default_price", "unit: unit_label", "tax: tax_code", "url", "created"),
        columns=("name", "price: default_price", "active: $active", "created", "description", "id"),
    ),
    "promotion_code": Layout(
        state="$active",
        title=("code",),
        brief="code",
        card=(
            "code",
            "coupon: promotion.coupon",
            "redeemed: times_redeemed / max_redemptions",
            "customer",
            "expires: expires_at",
            "created",
        ),
        columns=("code", "coupon: promotion.coupon", "active: $active", "redeemed: times_redeemed", "created", "id"),
    ),
    "quote": Layout(
        title=("number",),
        brief="status · amount_total",
        card=(
            "number",
            "total: amount_total",
            "customer",
            "expires: expires_at",
            "collection: collection_method",
            "subscription",
            "invoice",
            "created",
        ),
        columns=("number", "customer", "total: amount_total", "status", "expires: expires_at", "created", "id"),
    ),
    "refund": Layout(
        brief="status · amount",
        card=(
            "amount",
            "reason",
            "charge",
            "payment_intent",
            "failure: failure_reason",
            "arrives: destination_details.type",
            "created",
        ),
        columns=("amount", "status", "reason", "charge", "created", "id"),
    ),
    "setup_intent": Layout(
        brief="status",
        card=(
            "customer",
            "payment_method",
            "usage",
            "next: next_action.type",
            "error: last_setup_error.code · last_setup_error.message",
            "mandate",
            "description",
            "created",
        ),
        columns=("customer", "payment method: payment_method", "status", "usage", "created", "id"),
    ),
    "shipping_rate": Layout(
        state="$active",
        title=("display_name",),
        brief="display_name · fixed_amount.amount",
        card=("name: display_name", "amount: fixed_amount.amount", "tax: tax_behavior", "created"),
        columns=("name: display_name", "amount: fixed_amount.amount", "active: $active", "created", "id"),
    ),
    "subscription": Layout(
        brief="status · items.data[0].price",
        card=(
            "customer",
            "items: items.data",
            "period: items.data[0].current_period_start → items.data[0].current_period_end ( $next_invoice",
            "latest_invoice",
            "collection: collection_method · default_payment_method",
            "trial: trial_start → trial_end",
            "ends: cancel_at",
            "ended: ended_at",
            "schedule",
            "description",
            "created",
        ),
        columns=(
            "customer",
            "plan: items.data[0].price",
            "status",
            "period ends: items.data[0].current_period_end",
            "created",
            "id",
        ),
    ),
    "subscription_item": Layout(
        state="",
        brief="quantity × price",  # noqa: RUF001
        id="price.id",
        card=("price", "quantity", "subscription", "period: current_period_start → current_period_end", "created"),
        columns=("price", "quantity", "period ends: current_period_end", "created", "id"),
    ),
    "subscription_schedule": Layout(
        brief="status",
        card=(
            "customer",
            "subscription",
            "phase: current_phase.start_date → current_phase.end_date",
            "then: end_behavior",
            "released: released_at · released_subscription",
            "canceled: canceled_at",
            "created",
        ),
        columns=("customer", "subscription", "status", "phase ends: current_phase.end_date", "created", "id"),
    ),
    "tax_id": Layout(
        state="verification.status",
        title=("value",),
        brief="value · type",
        card=("value", "type", "country", "customer", "verified name: verification.verified_name", "created"),
        columns=("value", "type", "country", "status: verification.status", "created", "id"),
    ),
    "tax_rate": Layout(
        state="$active",
        title=("display_name",),
        brief="display_name · $percentage",
        card=(
            "name: display_name",
            "rate: $percentage",
            "place: country · state · jurisdiction",
            "inclusive",
            "created",
        ),
        columns=("name: display_name", "rate: $percentage", "country", "active: $active", "created", "id"),
    ),
    "test_helpers.test_clock": Layout(
        title=("name",),
        brief="name · frozen_time",
        card=("name", "time: frozen_time", "deleted on: deletes_after", "created"),
        columns=("name", "time: frozen_time", "status", "created", "id"),
    ),
    "topup": Layout(
        brief="status · amount",
        card=("amount", "arrives: expected_availability_date", "failure: failure_code · failure_message", "created"),
        columns=("amount", "status", "arrives: expected_availability_date", "created", "description", "id"),
    ),
    "transfer": Layout(
        state="$reversed",
        brief="amount",
        card=(
            "amount",
            "reversed: amount_reversed?",
            "destination",
            "source: source_transaction",
            "group: transfer_group",
            "description",
            "created",
        ),
        columns=("amount", "destination", "reversed: amount_reversed?", "created", "description", "id"),
    ),
    "webhook_endpoint": Layout(
        brief="url",
        card=("url", "events: enabled_events", "api_version", "description", "created"),
        columns=("url", "status", "events: enabled_events", "created", "id"),
    ),
}
