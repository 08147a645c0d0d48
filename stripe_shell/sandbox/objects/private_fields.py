"""The private fields of each kind: what is stored beside an object and never part of a response.

`ctx.private(invoice, InvoicePrivate)` returns them with these types. The names are those in the files of users: rename
none, and change no type without a migration (storage/schema.py). A kind that only its own resource file reads may
declare its fields there.
"""

from __future__ import annotations

from typing import Any, TypedDict

Json = dict[str, Any]


class PrivateFields(TypedDict, total=False):
    """Fields of any object: the id of the parent in the path that created it, where no member shows it."""

    parent: str


class AccountPrivate(PrivateFields, total=False):
    """Of accounts: what their requirements and capabilities are counted from, and the traits of the key's own account.

    `requested_at` has the time at which each capability was requested, in epoch seconds; `tax_id` and `document` are
    the outcomes of a company's test values (verification.py). `was_active`: charges were enabled before, so that what
    is due has a deadline. `threshold` has what is due now instead of later. `blocked` are `charges` or `payouts`.
    `keeps_payouts`: it was rejected but may still be paid out. `links` has the times at which account links expire, by
    their URLs.
    """

    blocked: list[str]
    deadline: int
    document: str
    keeps_payouts: bool
    links: dict[str, int]
    requested_at: dict[str, int]
    rejected: str
    tax_id: str
    threshold: list[str]
    traits: Json
    was_active: bool


class CheckoutSessionPrivate(PrivateFields, total=False):
    """Parameters that apply when the customer pays; the priced lines, and the list object that shows them.

    `subscribes_at_attempt` is set in versions before 2025-03-31.basil: versions/changes/basil_checkout_subscription.py.
    """

    discounts: list[Json] | None
    line_items: Json
    payment_intent_data: Json | None
    rows: list[Json]
    subscribes_at_attempt: bool
    subscription_data: Json | None


class ConfirmationTokenPrivate(PrivateFields, total=False):
    """The id of the payment method that the token stands for."""

    payment_method: str


class CouponPrivate(PrivateFields, total=False):
    """The members that are returned only when expanded."""

    applies_to: Json
    currency_options: Json


class CreditNotePrivate(PrivateFields, total=False):
    """All lines; the member `lines` shows the first of them."""

    lines: list[Json]


class CustomerPrivate(PrivateFields, total=False):
    """The number of finalized quotes, and the time of the next scheduled billing task in epoch seconds.

    `balances` has the balances in other currencies than the customer's, in the smallest unit.
    """

    balances: dict[str, int]
    quotes: int
    watched: int


class PromotionCodePrivate(PrivateFields, total=False):
    """A promotion code: its coupon as it was when it was deleted, which older versions show."""

    coupon: Json


class DiscountPrivate(PrivateFields, total=False):
    """The coupon when it was redeemed: a discount outlives the deletion of its coupon."""

    coupon: Json | None


class InvoicePrivate(PrivateFields, total=False):
    """The records of all lines, the intent that pays it, and what came of attempts to collect it.

    `refusal` is the code of the last decline, `refused` the payment method that was charged by itself last, `sent` the
    parameters that only versions before 2025-03-31.basil show, and `uncollectible_at` a time in epoch seconds.
    """

    confirmation_secret: Json
    lines: list[Json]
    overdue: bool
    payment_intent: str
    refusal: str | None
    refused: str | None
    sent: Json
    tried: bool
    uncollectible_at: int


class InvoiceItemPrivate(PrivateFields, total=False):
    """The id of the subscription whose next invoice bills it, where `parent` does not say so."""

    subscription: str


class IssuingCardPrivate(PrivateFields, total=False):
    """The card's details, which are returned only when expanded."""

    cvc: str
    number: str


class MethodPrivate(PrivateFields, total=False):
    """Of payment methods, cards, bank accounts and sources: the full number, the mandate, and what it was used for.

    `set_up`: its card was authenticated for later payments. `spent`: it cannot be used again without a customer.
    """

    mandate: str
    number: str | None
    set_up: bool
    spent: bool


class PaymentIntentPrivate(PrivateFields, total=False):
    """The ids of the invoice or the Checkout Session that it pays, and the amount paid from the cash balance.

    `authenticated` is the id of the method that the customer authenticated before a manual confirmation.
    """

    authenticated: str
    checkout_session: str
    funded: int
    invoice: str


class PaymentLinkPrivate(PrivateFields, total=False):
    """The priced lines, and the list object that shows them."""

    line_items: Json
    rows: list[Json]


class PersonPrivate(PrivateFields, total=False):
    """The outcomes of a person's test values (verification.py), and the information that was verified or waits."""

    additional_document: str
    document: str
    id_number: str
    passed: str
    pending: str


class PricePrivate(PrivateFields, total=False):
    """The members that are returned only when expanded, and how usage records are aggregated."""

    aggregate_usage: str
    currency_options: Json
    tiers: list[Json]


class QuotePrivate(PrivateFields, total=False):
    """The priced lines, the list objects that show them, and the tax rates of lines without their own."""

    computed_upfront_line_items: Json
    line_items: Json
    rates: list[Json]
    rows: list[Json]


class EventDestinationPrivate(PrivateFields, total=False):
    """The URL and the signing secret of a destination that is a webhook endpoint."""

    secret: str
    url: str


class UsageRecordPrivate(PrivateFields, total=False):
    """Whether the quantity was to be added, `increment`, or to be `set`."""

    action: str


class SubscriptionItemPrivate(PrivateFields, total=False):
    """The last bill of the item, from which prorations are counted: see subscriptions/items.py."""

    billed: Json | None


class SubscriptionPrivate(PrivateFields, total=False):
    """The pending update, and the times, in epoch seconds, of the trial's end and the renewal that were announced."""

    pending: Json
    told_trial_end: int
    told_upcoming: int


class SubscriptionSchedulePrivate(PrivateFields, total=False):
    """Whether `subscription_schedule.expiring` was sent."""

    told_expiring: bool


class TokenPrivate(PrivateFields, total=False):
    """The full number of the card or the bank account; the data of an account or a person."""

    data: Json
    number: str


class WebhookEndpointPrivate(PrivateFields, total=False):
    """Whether it receives the events of connected accounts, and the secret that signs them."""

    connect: bool
    secret: str
