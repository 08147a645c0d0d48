"""Constants of billing: settings that Stripe leaves to the account, fixed here, and Stripe's documented limits."""

from __future__ import annotations

from typing import Final, Literal

from .periods import DAY, HOUR

#: How long an invoice with `auto_advance` stays a draft, so that it can still be changed.
#: Source: https://docs.stripe.com/billing/invoices/subscription
DRAFT_FOR: Final = HOUR

#: `automatically_finalizes_at` minus `created`: one second more than the hour, observed in test mode recordings.
FINALIZES_AFTER: Final = HOUR + 1

#: How long an incomplete subscription, or a pending update, can be paid before it expires. Source: Stripe's API
#: reference, `status` of a subscription.
INCOMPLETE_FOR: Final = 23 * HOUR

#: Days between the attempts of a failed payment: eight attempts in two weeks, Stripe's recommended default. Stripe
#: chooses the times by machine learning; these fixed gaps stand for them.
#: Source: https://docs.stripe.com/billing/revenue-recovery/smart-retries
RETRY_AFTER_DAYS: Final = (1, 1, 2, 2, 2, 3, 3)

#: The status of a subscription after its last retry failed, a setting of the Dashboard.
#: Source: https://docs.stripe.com/billing/revenue-recovery/smart-retries
AFTER_LAST_RETRY: Final[Literal["canceled", "unpaid", "past_due"]] = "canceled"

#: How long before a renewal `invoice.upcoming` is sent, a setting of the Dashboard.
UPCOMING_BEFORE: Final = 7 * DAY

#: How long before the end of a trial `customer.subscription.trial_will_end` is sent. Source: Stripe's API
#: reference, types of events.
TRIAL_ENDS_SOON: Final = 3 * DAY

#: How long before its end `subscription_schedule.expiring` is sent. Stripe's reference says seven days; the fixture of
#: its own command-line tool stops its clock nine days before the end and expects the event.
SCHEDULE_ENDS_SOON: Final = 9 * DAY

#: The final statuses of subscriptions.
OVER: Final = ("canceled", "incomplete_expired")

#: Source: Stripe's API reference, `items` of a new subscription.
MAX_ITEMS: Final = 20
#: Source: https://docs.stripe.com/billing/subscriptions/coupons
MAX_DISCOUNTS: Final = 20
#: Source: https://docs.stripe.com/billing/taxes/tax-rates
MAX_TAX_RATES: Final = 10

#: The number of customers of a test clock, and of subscriptions of each.
#: Source: https://docs.stripe.com/billing/testing/test-clocks/api-advanced-usage
MAX_ON_CLOCK: Final = 3

#: Two years. Source: Stripe's API reference, `trial_end` of a subscription.
MAX_TRIAL_DAYS: Final = 730

#: Decline codes after which Stripe schedules retries but charges only a new payment method.
#: Source: https://docs.stripe.com/billing/revenue-recovery/smart-retries
NOT_RETRIED: Final = frozenset(
    {
        "incorrect_number",
        "lost_card",
        "pickup_card",
        "stolen_card",
        "revocation_of_authorization",
        "revocation_of_all_authorizations",
        "authentication_required",
        "highest_risk_level",
        "transaction_not_allowed",
    }
)
