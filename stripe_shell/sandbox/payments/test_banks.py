"""Test bank accounts: ACH and SEPA debits and payouts, with the result of each (https://docs.stripe.com/testing)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final, Literal

from stripe_shell.records import record

ROUTING_NUMBER: Final = "110000000"
BANK_NAME: Final = "STRIPE TEST BANK"

#: The prefix of tokens of verified accounts; `btok_us` requires verification.
VERIFIED_TOKEN: Final = "btok_us_verified"  # noqa: S105 - no password

#: How long the delayed SEPA accounts take to settle, in seconds.
SLOW: Final = 180


@record
class BankFacts:
    """A test bank account and the result of its debits and payouts.

    `number` is the account number or the IBAN. `names` are test names of payment methods and tokens. `failure` is the
    failure code, empty for success. `delay` is in seconds, None for a debit that stays `processing`. `microdeposits` is
    False where they cannot be sent.
    """

    number: str
    kind: Literal["us_bank_account", "sepa_debit"]
    names: tuple[str, ...] = ()
    failure: str = ""
    delay: int | None = 0
    disputed: bool = False
    blocked: bool = False
    microdeposits: bool = True

    @property
    def last4(self) -> str:
        """The last four digits."""
        return self.number[-4:]


def _ach(number: str, name: str, failure: str = "", **more: object) -> BankFacts:
    token = VERIFIED_TOKEN if name == "success" else f"{VERIFIED_TOKEN}_{name}"
    return BankFacts(number, "us_bank_account", (f"pm_usBankAccount_{name}", token), failure, **more)  # type: ignore[arg-type]


def _sepa(number: str, name: str, failure: str = "", **more: object) -> BankFacts:
    literal = f"pm_sepaDebit_{name}_{number[:2].lower()}"
    return BankFacts(number, "sepa_debit", (literal,), failure, **more)  # type: ignore[arg-type]


BANKS: Final[tuple[BankFacts, ...]] = (
    _ach("000123456789", "success"),
    _ach("000111111113", "accountClosed", "account_closed"),
    _ach("000111111116", "noAccount", "no_account"),
    _ach("000222222227", "insufficientFunds", "insufficient_funds"),
    _ach("000333333335", "debitNotAuthorized", "debit_not_authorized"),
    _ach("000444444440", "invalidCurrency", "invalid_currency"),
    _ach("000666666661", "failMicrodeposits", microdeposits=False),
    _ach("000555555559", "dispute", disputed=True),
    _ach("000000000009", "processing", delay=None),
    _ach("000777777771", "weeklyLimitExceeded", "charge_exceeds_weekly_limit"),
    _ach("000888888885", "deactivated", "account_closed"),
    _ach("000000004954", "blocked", "blocked", blocked=True),
    _sepa("AT611904300234573201", "success"),
    _sepa("AT321904300235473204", "successDelayed", delay=SLOW),
    _sepa("AT861904300235473202", "failed", "generic_could_not_process"),
    _sepa("AT051904300235473205", "failedDelayed", "generic_could_not_process", delay=SLOW),
    _sepa("AT591904300235473203", "disputed", disputed=True),
    _sepa("AT981904300000343434", "exceedsSourceLimit", "charge_exceeds_source_limit"),
    _sepa("AT601904300000121212", "exceedsWeeklyLimit", "charge_exceeds_weekly_limit"),
    _sepa("AT981904300002222227", "insufficientFunds", "insufficient_funds"),
    _sepa("DE89370400440532013000", "success"),
    _sepa("DE08370400440532013003", "successDelayed", delay=SLOW),
    _sepa("DE62370400440532013001", "failed", "generic_could_not_process"),
    _sepa("DE78370400440532013004", "failedDelayed", "generic_could_not_process", delay=SLOW),
    _sepa("DE35370400440532013002", "disputed", disputed=True),
    _sepa("IT60X0542811101000000123456", "failed", "generic_could_not_process"),
)

#: Amounts or descriptor codes that verify an account, exceed the attempts, or time out.
VERIFYING: Final = frozenset({"32,45", "SM11AA"})
TOO_MANY_TRIES: Final = frozenset({"10,11", "SM33CC"})
TIMED_OUT: Final = frozenset({"40,41", "SM44DD"})

#: Messages of failed debits and payouts, by failure code.
FAILURES: Final[Mapping[str, str]] = {
    "account_closed": "The bank account has been closed.",
    "blocked": "The payment was blocked.",
    "charge_exceeds_source_limit": "The payment exceeds the limit of this bank account.",
    "charge_exceeds_weekly_limit": "The payment exceeds the weekly limit of this bank account.",
    "could_not_process": "The bank could not process this transfer.",
    "debit_not_authorized": "The customer has notified their bank that this payment was unauthorized.",
    "generic_could_not_process": "This payment could not be processed.",
    "insufficient_funds": "The account has insufficient funds to cover this payment.",
    "invalid_currency": "The bank was unable to process this transfer because of its currency.",
    "no_account": "No account could be located with the bank details provided.",
}


def bank_of_number(number: str) -> BankFacts | None:
    """Returns the test account with this number or IBAN, spaces ignored, or None."""
    return _by_number().get(number.replace(" ", "").upper())


def bank_of_name(literal: str) -> BankFacts | None:
    """Returns the test account for `pm_usBankAccount_…`, `pm_sepaDebit_…` or `btok_us_verified…`, or None."""
    return _by_name().get(literal)


@cache
def _by_number() -> Mapping[str, BankFacts]:
    return {bank.number: bank for bank in BANKS}


@cache
def _by_name() -> Mapping[str, BankFacts]:
    return {name: bank for bank in BANKS for name in bank.names}
