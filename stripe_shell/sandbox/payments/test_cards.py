"""Test cards: number, brand, country, funding and the result of payments (https://docs.stripe.com/testing)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final, Literal

from stripe_shell.records import record

#: Prefixes of test names of payment methods and tokens.
METHOD_PREFIX: Final = "pm_card_"
TOKEN_PREFIX: Final = "tok_"  # noqa: S105 - no password, a prefix

Authentication = Literal["never", "optional", "on_setup", "on_session", "always"]


@record
class CardFacts:
    """A test card and the result of its payments.

    `names` follow `pm_card_` and `tok_`. `decline` is a key of DECLINES in declines.py; `declines_later` allows
    attaching the card, which then declines charges. `authentication` says when 3D Secure is required. `cvc`, `line1`
    and `postal_code` are the results of the checks. `dispute` is a key of DISPUTES, `refund` the status of refunds.
    `available_at_once` makes the funds available immediately. `trigger` is what a charge on a connected account brings
    about there: requirements become due, or charges or payouts are blocked.
    """

    number: str
    names: tuple[str, ...] = ()
    brand: str = "visa"
    country: str = "US"
    funding: str = "credit"
    decline: str = ""
    declines_later: bool = False
    authentication: Authentication = "never"
    risk: Literal["normal", "elevated", "highest"] = "normal"
    cvc: str = "pass"
    line1: str = "pass"
    postal_code: str = "pass"
    dispute: str = ""
    fraud_warning: bool = False
    refund: Literal["succeeded", "pending", "failed"] = "succeeded"
    available_at_once: bool = False
    trigger: Literal["", "requirements", "charges", "payouts"] = ""

    @property
    def last4(self) -> str:
        """The last four digits."""
        return self.number[-4:]

    @property
    def supports_three_d_secure(self) -> bool:
        """Whether 3D Secure can be requested, as `three_d_secure_usage` says: test mode has one card without it."""
        return self.number != "378282246310005"

    @property
    def networks(self) -> list[str]:
        """The networks that can process the card."""
        return ["cartes_bancaires", self.brand] if "cartesBancaires" in "".join(self.names) else [self.brand]

    @property
    def can_be_attached(self) -> bool:
        """Whether the card can be attached to a customer: a declining one cannot."""
        return not self.decline or self.declines_later or self.risk == "highest" or self.authentication != "never"


@record
class DisputeFacts:
    """The disputes of a card: reason, `case_type`, the card network's code for the reason, and how many."""

    reason: str
    case_type: Literal["chargeback", "inquiry", "compliance"] = "chargeback"
    network_reason_code: str = "10.4"
    count: int = 1


#: Disputes by their name in CARDS.
DISPUTES: Final[Mapping[str, DisputeFacts]] = {
    "fraudulent": DisputeFacts("fraudulent"),
    "product_not_received": DisputeFacts("product_not_received", network_reason_code="13.1"),
    "inquiry": DisputeFacts("fraudulent", "inquiry", "10"),
    "several": DisputeFacts("fraudulent", count=2),
    "compliance": DisputeFacts("noncompliant", "compliance", "C"),
}

_COUNTRIES: Final = """
ar 4000000320000021 at 4000000400000008 au 4000000360000006 be 4000000560000004 bg 4000001000000000 br 4000000760000002
ca 4000001240000000 ch 4000007560000009 cl 4000001520000001 cn 4000001560000002 co 4000001700000003 cz 4000002030000002
de 4000002760000016 dk 4000002080000001 ee 4000002330000009 es 4000007240000007 fi 4000002460000001 fr 4000002500000003
gb 4000008260000000 gr 4000003000000030 hk 4000003440000004 hu 4000003480000005 ie 4000003720000005 in 4000003560000008
it 4000003800000008 jp 4000003920000003 lu 4000004420000006 mx 4000004840008001 my 4000004580000002 nl 4000005280000002
no 4000005780000007 nz 4000005540000008 pl 4000006160000005 pt 4000006200000007 ro 4000006420000001 se 4000007520000008
sg 4000007020000003 si 4000007050000006 th_credit 4000007640000003 tw 4000001580000008
""".split()  # noqa: SIM905 - pairs read better than two hundred quotes

CARDS: Final[tuple[CardFacts, ...]] = (
    CardFacts("4242424242424242", ("visa", "us")),
    CardFacts("4000056655665556", ("visa_debit",), funding="debit"),
    CardFacts("5555555555554444", ("mastercard",), "mastercard"),
    CardFacts("2223003122003222", (), "mastercard"),
    # Listed in Stripe's documentation of earlier years, and still taken: clients' tests use them.
    CardFacts("4012888888881881"),
    CardFacts("30569309025904", (), "diners"),
    CardFacts("38520000023237", (), "diners"),
    CardFacts("3530111333300000", (), "jcb", country="JP"),
    CardFacts("5200828282828210", ("mastercard_debit",), "mastercard", funding="debit"),
    CardFacts("5105105105105100", ("mastercard_prepaid",), "mastercard", funding="prepaid"),
    CardFacts("378282246310005", ("amex", "amex_threeDSecureNotSupported"), "amex"),
    CardFacts("371449635398431", (), "amex"),
    CardFacts("6011111111111117", ("discover",), "discover"),
    CardFacts("6011000990139424", (), "discover"),
    CardFacts("6011981111111113", (), "discover", funding="debit"),
    CardFacts("3056930009020004", ("diners",), "diners"),
    CardFacts("36227206271667", (), "diners"),
    CardFacts("6555900000604105", (), "discover"),
    CardFacts("3566002020360505", ("jcb",), "jcb", country="JP"),
    CardFacts("6200000000000005", ("unionpay",), "unionpay", country="CN"),
    CardFacts("6200000000000047", (), "unionpay", country="CN", funding="debit"),
    CardFacts("6205500000000000004", (), "unionpay", country="CN"),
    CardFacts("4000002500001001", ("visa_cartesBancaires",), country="FR"),
    CardFacts("5555552500001001", ("mastercard_cartesBancaires",), "mastercard", "FR"),
    CardFacts("4000058260000005", ("gb_debit",), country="GB", funding="debit"),
    CardFacts("4000000000000077", ("bypassPending",), available_at_once=True),
    CardFacts("4000003720000278", ("bypassPendingInternational",), country="IE", available_at_once=True),
    *(
        CardFacts(number, (name,), country=name[:2].upper())
        for name, number in zip(_COUNTRIES[::2], _COUNTRIES[1::2], strict=True)
    ),
    CardFacts("4000000000000002", ("visa_chargeDeclined", "chargeDeclined"), decline="generic_decline"),
    CardFacts(
        "4000000000009995",
        ("visa_chargeDeclinedInsufficientFunds", "chargeDeclinedInsufficientFunds"),
        decline="insufficient_funds",
    ),
    CardFacts("4000000000009987", ("visa_chargeDeclinedLostCard", "chargeDeclinedLostCard"), decline="lost_card"),
    CardFacts("4000000000009979", ("visa_chargeDeclinedStolenCard", "chargeDeclinedStolenCard"), decline="stolen_card"),
    CardFacts(
        "4000000000006975",
        ("visa_chargeDeclinedVelocityLimitExceeded", "chargeDeclinedVelocityLimitExceeded"),
        decline="card_velocity_exceeded",
    ),
    CardFacts(
        "4000000000000069", ("chargeDeclinedExpiredCard", "visa_chargeDeclinedExpiredCard"), decline="expired_card"
    ),
    CardFacts(
        "4000000000000127",
        ("chargeDeclinedIncorrectCvc", "visa_chargeDeclinedIncorrectCvc"),
        decline="incorrect_cvc",
        cvc="fail",
    ),
    CardFacts(
        "4000000000000119",
        ("chargeDeclinedProcessingError", "visa_chargeDeclinedProcessingError"),
        decline="processing_error",
    ),
    CardFacts(
        "4000000000000341",
        ("chargeCustomerFail", "visa_chargeCustomerFail"),
        decline="generic_decline",
        declines_later=True,
    ),
    # Stripe does not publish their numbers; these are placeholders.
    CardFacts(
        "4000000000900342",
        ("visa_chargeCustomerFailLostCard", "chargeCustomerFailLostCard"),
        decline="lost_card",
        declines_later=True,
    ),
    CardFacts(
        "4000000000800344",
        ("visa_chargeCustomerFailStolenCard", "chargeCustomerFailStolenCard"),
        decline="stolen_card",
        declines_later=True,
    ),
    CardFacts(
        "4100000000000019",
        ("radarBlock", "chargeDeclinedFraudulent", "visa_chargeDeclinedFraudulent"),
        decline="fraudulent",
        risk="highest",
    ),
    CardFacts("4000000000004954", ("riskLevelHighest",), decline="fraudulent", risk="highest"),
    CardFacts("4000000000009235", ("riskLevelElevated",), risk="elevated"),
    CardFacts("4000000000000101", ("cvcCheckFail",), cvc="fail"),
    CardFacts("4000000000000036", ("avsZipFail",), postal_code="fail"),
    CardFacts("4000000000000028", ("avsLine1Fail",), line1="fail"),
    CardFacts("4000000000000010", ("avsFail",), line1="fail", postal_code="fail"),
    CardFacts("4000000000000044", ("avsUnchecked",), line1="unavailable", postal_code="unavailable"),
    CardFacts("4000008400000407", ("highFraudDisputeScore",)),
    CardFacts("4000008400000159", ("highEfwScore",)),
    CardFacts("4000008400001017", ("radarDynamicRiskThreshold",)),
    CardFacts("4000002500003155", ("authenticationRequiredOnSetup",), country="FR", authentication="on_setup"),
    CardFacts("4000002760003184", ("authenticationRequired",), country="DE", authentication="always"),
    CardFacts(
        "4000003800000446", ("authenticationRequiredSetupForOffSession",), country="IT", authentication="on_session"
    ),
    CardFacts(
        "4000008260003178",
        ("authenticationRequiredChargeDeclinedInsufficientFunds",),
        country="GB",
        decline="insufficient_funds",
        authentication="always",
    ),
    CardFacts("4000000000003220", ("threeDSecure2Required",), authentication="always"),
    CardFacts("4000000000003063", ("threeDSecureRequired",), authentication="always"),
    CardFacts(
        "4000008400001629",
        ("threeDSecureRequiredChargeDeclined",),
        decline="generic_decline",
        authentication="always",
    ),
    CardFacts(
        "4000008400001280",
        ("threeDSecureRequiredProcessingError",),
        decline="processing_error",
        declines_later=True,
    ),
    CardFacts("4000000000003055", ("threeDSecureOptional",), authentication="optional"),
    CardFacts("4000000000003097", ("threeDSecureOptionalProcessingError",), authentication="optional"),
    CardFacts(
        "4000000000004202",
        ("triggerNextRequirements", "visa_triggerNextRequirements", "visa_triggerVerification"),
        trigger="requirements",
    ),
    CardFacts("4000000000004210", ("triggerChargeBlock", "visa_triggerChargeBlock"), trigger="charges"),
    CardFacts(
        "4000000000004236",
        ("triggerPayoutBlock", "visa_triggerPayoutBlock", "visa_triggerTransferBlock"),
        trigger="payouts",
    ),
    CardFacts("4000000000000259", ("createDispute", "visa_createDispute"), dispute="fraudulent"),
    CardFacts("4000000000002685", ("createDisputeProductNotReceived",), dispute="product_not_received"),
    CardFacts("4000000000001976", ("createDisputeInquiry",), dispute="inquiry"),
    CardFacts("4000000000005423", ("createIssuerFraudRecord",), fraud_warning=True),
    CardFacts("4000000404000079", ("createMultipleDisputes",), dispute="several"),
    CardFacts("4000000404000038", ("createCe3EligibleDispute",), dispute="fraudulent"),
    CardFacts("4000008400000779", ("createComplianceDispute",), dispute="compliance"),
    CardFacts("5105008400000002", ("createMastercardComplianceDispute",), "mastercard", dispute="compliance"),
    CardFacts("4000000000007726", ("pendingRefund",), refund="pending"),
    CardFacts("4000000000005126", ("refundFail",), refund="failed"),
    # A debit card that cannot receive payouts.
    CardFacts("4000056655665572", (), funding="debit"),
)


def card_of_number(number: str) -> CardFacts | None:
    """Returns the test card with this number, spaces and hyphens ignored, or None."""
    return _by_number().get(number.replace(" ", "").replace("-", ""))


def card_of_method_name(literal: str) -> CardFacts | None:
    """Returns the test card for `pm_card_…`, or None."""
    return _by_name().get(literal.removeprefix(METHOD_PREFIX)) if literal.startswith(METHOD_PREFIX) else None


def card_of_token_name(literal: str) -> CardFacts | None:
    """Returns the test card for `tok_…`, or None."""
    return _by_name().get(literal.removeprefix(TOKEN_PREFIX)) if literal.startswith(TOKEN_PREFIX) else None


@cache
def _by_number() -> Mapping[str, CardFacts]:
    return {card.number: card for card in CARDS}


@cache
def _by_name() -> Mapping[str, CardFacts]:
    return {name: card for card in CARDS for name in card.names}
