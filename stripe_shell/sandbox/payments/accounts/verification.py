"""The documented test values of identity verification, and what comes of them.

https://docs.stripe.com/connect/testing lists the values: dates of birth, personal and business tax numbers, first lines
of an address, and file tokens. A date of birth that is not listed fails, as documented; a number that is not listed
passes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from stripe_shell.records import record

#: What a test value brings about: verified after a moment, at once, or not verified.
VerificationOutcome = Literal["pass", "now", "fail"]

#: The seconds that a successful verification takes.
TAKES: Final = 2

_BORN: Final[Mapping[tuple[int, int, int], VerificationOutcome]] = {(1901, 1, 1): "pass", (1902, 1, 1): "now"}
#: A date of birth that is on a sanctions list.
_LISTED: Final = (1900, 1, 1)
_FAILING_NUMBERS: Final = ("111111111", "111111112", "111111113", "1111")
_IMMEDIATE_NUMBERS: Final = ("222222222", "2222")
_FAILING_ADDRESSES: Final = ("address_no_match", "address_line1_no_match")
_FAILING_DOCUMENT: Final = "failure"

_REASONS: Final[Mapping[str, str]] = {
    "verification_document_failed_test_mode": "A test data helper was supplied to simulate verification failure.",
    "verification_failed_address_match": "The address could not be verified. Correct any errors or upload a document "
    "that shows the address.",
    "verification_failed_keyed_identity": "The person's keyed-in identity information could not be verified. Correct "
    "any errors or upload a document that matches the identity fields (e.g., name and date of birth) entered.",
    "verification_failed_tax_id_match": "The provided tax ID could not be verified with the provided business name. "
    "Correct any errors or upload a document that shows both.",
}


@record
class TestValues:
    """The outcomes of the test values that were sent for a person; None for what was not sent."""

    id_number: str | None = None
    document: str | None = None
    additional_document: str | None = None


@record
class Judgement:
    """The result for a person or a company: `code` is that of the error, `requirement` the document that is due."""

    outcome: VerificationOutcome
    code: str = ""
    requirement: str = ""

    @property
    def reason(self) -> str:
        """The error's text."""
        return _REASONS.get(self.code, "")


def outcome_of_number(number: object) -> VerificationOutcome:
    """Returns what a personal number, the last digits of one, or a business tax number brings about."""
    digits = str(number).replace("-", "").replace(" ", "")
    if digits in _FAILING_NUMBERS:
        return "fail"
    return "now" if digits in _IMMEDIATE_NUMBERS else "pass"


def outcome_of_document(token: object) -> VerificationOutcome:
    """Returns what a file token brings about; any file but the one that is to fail shows who the person is."""
    return "fail" if _FAILING_DOCUMENT in str(token) else "pass"


def is_listed(person: Mapping[str, Any]) -> bool:
    """Whether the person's date of birth is the one that is on a sanctions list."""
    return _born(person) == _LISTED


def judge_person(person: Mapping[str, Any], sent: TestValues) -> Judgement:
    """Returns the result of a person whose required information is complete."""
    document = sent.document
    if document == "fail":
        return Judgement("fail", "verification_document_failed_test_mode", "verification.document")
    if sent.id_number == "fail" and not document:
        return Judgement("fail", "verification_failed_keyed_identity", "verification.document")
    born = _BORN.get(_born(person), "fail")
    if born == "fail" and not document:
        return Judgement("fail", "verification_failed_keyed_identity", "verification.document")
    if _has_failing_address(person) and not sent.additional_document:
        return Judgement("fail", "verification_failed_address_match", "verification.additional_document")
    immediate = document or born == "now" or sent.id_number == "now"
    return Judgement("now" if immediate else "pass")


def judge_company(company: Mapping[str, Any], tax_id: str | None, document: str | None) -> Judgement:
    """Returns the result of a company; `tax_id` and `document` are the outcomes of what was sent."""
    if document == "fail":
        return Judgement("fail", "verification_document_failed_test_mode", "verification.document")
    if tax_id == "fail" and not document:
        return Judgement("fail", "verification_failed_tax_id_match", "verification.document")
    if _has_failing_address(company) and not document:
        return Judgement("fail", "verification_failed_address_match", "verification.document")
    return Judgement("now")


def _born(person: Mapping[str, Any]) -> tuple[int, int, int]:
    dob = person.get("dob") or {}
    return (dob.get("year") or 0, dob.get("month") or 0, dob.get("day") or 0)


def _has_failing_address(owner: Mapping[str, Any]) -> bool:
    return str((owner.get("address") or {}).get("line1")) in _FAILING_ADDRESSES
