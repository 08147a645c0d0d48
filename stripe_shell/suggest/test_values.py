"""Test cards, tokens and bank accounts with what each of them does; for sandboxes and test mode."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

from stripe_shell.suggest.known import IdScope

if TYPE_CHECKING:
    from stripe_shell.sandbox.payments.test_banks import BankFacts
    from stripe_shell.sandbox.payments.test_cards import CardFacts

_FIRST = (
    "visa", "mastercard", "amex", "visa_chargeDeclined", "chargeDeclined", "visa_chargeDeclinedInsufficientFunds",
    "chargeDeclinedInsufficientFunds", "authenticationRequired", "threeDSecure2Required", "createDispute",
    "chargeDeclinedExpiredCard", "chargeDeclinedIncorrectCvc", "chargeCustomerFail", "visa_debit",
)  # fmt: skip
_AUTHENTICATION = {
    "optional": "3D Secure is possible",
    "on_setup": "3D Secure when it is set up",
    "on_session": "3D Secure while the customer is there",
    "always": "asks for 3D Secure",
}
_CHECKS = {"cvc": "CVC", "line1": "street", "postal_code": "ZIP"}


def is_test(place: IdScope | None) -> bool:
    """Whether test values work there: in a sandbox and in test mode, never where the mode is not known."""
    return place is not None and place.mode in {"sandbox", "test"}


def values_for(noun: str | None, path: tuple[str, ...]) -> Mapping[str, str]:
    """Returns the test values of a parameter and what they do; empty for other parameters."""
    name = path[-1] if path else ""
    if noun == "payment_method":
        return _payment_methods()
    if name in {"source", "token", "card"} or noun in {"source", "token"}:
        return _tokens()
    if name == "number" and ("card" in path or path == ("number",)):
        return _numbers()
    return _bank_tokens() if name in {"bank_account", "external_account"} else {}


@cache
def _payment_methods() -> Mapping[str, str]:
    banks = {name: _bank_consequence(bank) for name, bank in _banks() if name.startswith("pm_")}
    return {**{f"pm_card_{name}": _consequence(card) for name, card in _cards()}, **banks}


@cache
def _tokens() -> Mapping[str, str]:
    return {f"tok_{name}": _consequence(card) for name, card in _cards()}


@cache
def _numbers() -> Mapping[str, str]:
    return {card.number: _consequence(card) for _, card in _cards()}


@cache
def _bank_tokens() -> Mapping[str, str]:
    banks = {name: _bank_consequence(bank) for name, bank in _banks() if name.startswith("btok_")}
    return {**banks, "btok_us": "wants to be verified by microdeposits"}


def _cards() -> list[tuple[str, CardFacts]]:
    """The names and cards: those that people use most, those that do something, then the others."""
    from stripe_shell.sandbox.payments.test_cards import CARDS

    named = [(name, card) for card in CARDS for name in card.names]
    rank = {name: at for at, name in enumerate(_FIRST)}
    return sorted(named, key=lambda pair: (rank.get(pair[0], len(rank)), not _consequences(pair[1])))


def _banks() -> Iterator[tuple[str, BankFacts]]:
    from stripe_shell.sandbox.payments.test_banks import BANKS

    return ((name, bank) for bank in BANKS for name in bank.names)


def _consequence(card: CardFacts) -> str:
    happens = ", ".join(_consequences(card)) or "succeeds"
    return f"{happens} · {card.brand} {card.funding if card.funding != 'credit' else ''} {card.country}".replace(
        "  ", " "
    )


def _consequences(card: CardFacts) -> list[str]:
    """What sets the card apart from one that simply succeeds."""
    later = "attaches, then is " if card.declines_later else ""
    failed = [word for name, word in _CHECKS.items() if getattr(card, name) == "fail"]
    unknown = [word for name, word in _CHECKS.items() if getattr(card, name) == "unavailable"]
    found = [
        _AUTHENTICATION.get(card.authentication, ""),
        f"{later}declined: {card.decline}" if card.decline else "",
        f"succeeds, disputed: {card.dispute}" if card.dispute else "",
        f"{' and '.join(failed)} check fails" if failed and not card.decline else "",
        f"{' and '.join(unknown)} not checked" if unknown else "",
        f"{card.risk} risk" if card.risk != "normal" else "",
        "early fraud warning" if card.fraud_warning else "",
        f"refund {card.refund}" if card.refund != "succeeded" else "",
        "funds available at once" if card.available_at_once else "",
    ]
    return [words for words in found if words]


def _bank_consequence(bank: BankFacts) -> str:
    kind = "ACH" if bank.kind == "us_bank_account" else f"SEPA {bank.number[:2]}"
    words = [
        f"fails: {bank.failure}" if bank.failure else "succeeds, disputed" if bank.disputed else "",
        "stays processing" if bank.delay is None else f"after {bank.delay // 60} min" if bank.delay else "",
        "" if bank.microdeposits else "microdeposits fail",
    ]
    return f"{', '.join(word for word in words if word) or 'succeeds'} · {kind}"
