"""What Stripe lets an account choose, or learns by itself: fixed here, each in one place."""

from __future__ import annotations

from typing import Final, Literal

from .periods import DAY, HOUR

#: How long an invoice that advances by itself stays a draft.
DRAFT_FOR: Final = HOUR

#: What `automatically_finalizes_at` says beyond `created`.
FINALIZES_AFTER: Final = HOUR + 1

#: How long an incomplete subscription, or a pending update, waits to be paid.
INCOMPLETE_FOR: Final = 23 * HOUR

#: After which days a failed payment is tried again: eight tries in two weeks, the first one included.
RETRY_AFTER_DAYS: Final = (1, 1, 2, 2, 2, 3, 3)

#: What becomes of a subscription whose last retry failed.
AFTER_LAST_RETRY: Final[Literal["canceled", "unpaid", "past_due"]] = "canceled"

#: How long before a renewal `invoice.upcoming` tells of it.
UPCOMING_BEFORE: Final = 7 * DAY

#: How long before its end a trial's end is told of.
TRIAL_ENDS_SOON: Final = 3 * DAY

#: How long before its end a schedule's end is told of. Stripe's reference says seven days; the fixture of its own
#: command-line tool stops its clock nine days before the end and expects the event.
SCHEDULE_ENDS_SOON: Final = 9 * DAY

#: The statuses of subscriptions that are over.
OVER: Final = ("canceled", "incomplete_expired")

MAX_ITEMS: Final = 20
MAX_DISCOUNTS: Final = 20
MAX_TAX_RATES: Final = 10

#: How many customers a test clock takes, and how many subscriptions each of them.
MAX_ON_CLOCK: Final = 3

MAX_TRIAL_DAYS: Final = 730

#: After these refusals a method is not charged again by itself.
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
