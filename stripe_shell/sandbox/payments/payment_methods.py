"""Payment methods: created from test names, tokens, card data, bank accounts, or the name of a type alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.ids import ALPHABET
from stripe_shell.sandbox.objects.carried_over import token_to_billing_details, token_to_card
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.private_fields import MethodPrivate, TokenPrivate
from stripe_shell.secrets import passes_luhn

from .accounts.traits import check_raw_card_data
from .declines import DECLINES, card_error
from .test_banks import BANK_NAME, ROUTING_NUMBER, BankFacts, bank_of_name, bank_of_number
from .test_cards import (
    METHOD_PREFIX,
    TOKEN_PREFIX,
    CardFacts,
    card_of_method_name,
    card_of_number,
    card_of_token_name,
)

#: Types with delayed notification: the debit succeeds or fails after the confirmation.
DEBITS: Final = frozenset(
    {"acss_debit", "au_becs_debit", "bacs_debit", "nz_bank_account", "sepa_debit", "us_bank_account"}
)

_NO_ADDRESS: Final = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


def empty_billing_details() -> Json:
    """Returns empty billing details; the address is an object of nulls."""
    return {"address": dict(_NO_ADDRESS), "email": None, "name": None, "phone": None, "tax_id": None}


def from_literal(ctx: Context, literal: str) -> Json | None:
    """Returns a new payment method, not stored, for a test name such as `pm_card_visa`; None for other names."""
    card = card_of_method_name(literal)
    if card is not None:
        return from_card(ctx, card)
    bank = bank_of_name(literal) if literal.startswith("pm_") else None
    return from_bank(ctx, bank) if bank is not None else None


def from_card(ctx: Context, card: CardFacts, data: Mapping[str, Any] | None = None) -> Json:
    """Returns a new payment method, not stored, of a test card; `data` may contain its expiry."""
    method = ctx.new("payment_method", type="card", card=card_members(ctx, card, data or {}))
    ctx.private(method, MethodPrivate)["number"] = card.number
    return method


def from_bank(ctx: Context, bank: BankFacts, data: Mapping[str, Any] | None = None) -> Json:
    """Returns a new payment method, not stored, of a test bank account."""
    members = _ach_members if bank.kind == "us_bank_account" else _sepa_members
    method = ctx.new("payment_method", type=bank.kind, **{bank.kind: members(ctx, bank.number, data or {})})
    ctx.private(method, MethodPrivate)["number"] = bank.number
    if bank.kind == "us_bank_account":
        method["billing_details"]["name"] = (data or {}).get("account_holder_name")
    return method


def from_params(ctx: Context, params: Mapping[str, Any], prefix: str = "") -> Json:
    """Returns a new payment method, not stored, from request parameters: `type` and the member of that type.

    `prefix` is the parameters' parent (`payment_method_data`). Raises StripeError for invalid ones.
    """
    kind = params.get("type")
    if not kind:
        raise errors.missing_parameter(f"{prefix}[type]" if prefix else "type")
    data = params.get(kind)
    data = data if isinstance(data, Mapping) else {}
    method = _of_kind(ctx, kind, data)
    set_billing_details(method, params.get("billing_details"))
    if params.get("allow_redisplay"):
        method["allow_redisplay"] = params["allow_redisplay"]
    if isinstance(params.get("metadata"), Mapping):
        method["metadata"] = {key: str(value) for key, value in params["metadata"].items() if value != ""}
    return method


def from_token(ctx: Context, token: str, param: str = "token") -> Json:
    """Returns a new payment method, not stored, from a card token: `tok_visa`, or the id of a stored token.

    Marks a stored token as used. Raises StripeError for an unknown token or a used one.
    """
    card = card_of_token_name(token)
    if card is not None:
        return from_card(ctx, card)
    stored = ctx.find("token", token)
    if stored is None:
        raise _no_token(token, param)
    if stored["type"] != "card":
        raise errors.invalid(f"The token {token} is not a card token.", param=param)
    number = ctx.private(stored, TokenPrivate).get("number") or ""
    facts = card_of_number(number) or card_of_number("4242424242424242")
    use_token(ctx, stored, param)
    method = from_card(ctx, facts, token_to_card(stored) | stored["card"]) if facts else {}
    set_billing_details(method, token_to_billing_details(stored))
    return method


def use_token(ctx: Context, token: Json, param: str) -> None:
    """Marks a token as used and saves it. Raises StripeError when it was used before."""
    if token["used"]:
        raise errors.invalid(
            f"You cannot use a Stripe token more than once: {token['id']}.", param=param, code="token_already_used"
        )
    token["used"] = True
    ctx.save(token)


def card_of(ctx: Context, method: Mapping[str, Any]) -> CardFacts | None:
    """Returns the test card of a payment method, 4242 4242 4242 4242 if its number is unknown; None for other types."""
    if method["type"] != "card":
        return None
    number = ctx.private(method, MethodPrivate).get("number")
    return card_of_number(str(number)) if number else card_of_number("4242424242424242")


def bank_of(ctx: Context, method: Mapping[str, Any]) -> BankFacts | None:
    """Returns the test bank account of a payment method; None for cards and other account numbers."""
    number = ctx.private(method, MethodPrivate).get("number")
    return bank_of_number(str(number)) if number and method["type"] != "card" else None


def fingerprint(ctx: Context, number: str) -> str:
    """Returns 16 characters that are unique to a number within an account."""
    from hashlib import sha256

    digest = sha256(f"{ctx.account}:{number}".encode()).digest()
    return "".join(ALPHABET[byte % 62] for byte in digest[:16])


def set_billing_details(method: Json, details: Any) -> None:
    """Mutates `method`: sets the given billing details; an empty string clears a member."""
    if not isinstance(details, Mapping):
        return
    shown = method["billing_details"]
    for name, value in details.items():
        if name != "address":
            shown[name] = value or None
        else:
            given = value if isinstance(value, Mapping) else _NO_ADDRESS
            shown["address"] |= {part: text or None for part, text in given.items()}
            _expect_checks(method, given)


def _expect_checks(method: Json, address: Mapping[str, Any]) -> None:
    """Mutates `method`: what is given of a card's address is unchecked until it is used (recorded)."""
    checks = method["card"]["checks"] if method["type"] == "card" else {}
    for part in ("line1", "postal_code"):
        if part in address and f"address_{part}_check" in checks:
            checks[f"address_{part}_check"] = "unchecked" if address[part] else None


def run_checks(ctx: Context, method: Json) -> None:
    """Mutates `method`: sets the results of the CVC and address checks, which run on attaching and charging."""
    card = card_of(ctx, method)
    if card is None:
        return
    address = method["billing_details"]["address"] or {}
    checks = method["card"]["checks"]
    checks["cvc_check"] = card.cvc if checks["cvc_check"] or card.cvc != "pass" else None
    checks["address_line1_check"] = _check_result(card.line1, address.get("line1"))
    checks["address_postal_code_check"] = _check_result(card.postal_code, address.get("postal_code"))


def card_data(ctx: Context, data: Mapping[str, Any]) -> CardFacts:
    """Returns the test card with the given number, expiry and CVC. Raises StripeError (402) for an invalid one."""
    number = str(data.get("number") or "").replace(" ", "").replace("-", "")
    if not number:
        raise errors.missing_parameter("card[number]")
    check_raw_card_data(ctx)
    if not number.isascii() or not number.isdigit() or not passes_luhn(number):
        raise card_refusal("incorrect_number", "number")
    _check_expiry(ctx, data)
    card = card_of_number(number)
    code = str(data.get("cvc") or "")
    if code and not (code.isdigit() and len(code) in ((4, 3) if card and card.brand == "amex" else (3,))):
        raise card_refusal("invalid_cvc", "cvc")
    if card is None:
        raise card_refusal("test_mode_live_card", "number")
    return card


def card_refusal(name: str, param: str | None = None) -> errors.StripeError:
    """Returns the error (402) for a card refused before any payment; `name` is a key of DECLINES."""
    return card_error(DECLINES[name], param=param, keeps_rows=False)


def copy_object(ctx: Context, obj: Json) -> Json:
    """Returns a deep copy of an object as stored."""
    copied: Json = json.loads(ctx.text(obj))
    return copied


def _of_kind(ctx: Context, kind: str, data: Mapping[str, Any]) -> Json:
    if kind == "card":
        return _of_card_data(ctx, data)
    if kind == "us_bank_account":
        return _of_ach_data(ctx, data)
    if kind == "sepa_debit":
        return _of_iban(ctx, data)
    members = {name: value for name, value in data.items() if name not in ("account_number", "number")}
    if "account_number" in data:
        members |= {"last4": str(data["account_number"])[-4:], "fingerprint": fingerprint(ctx, data["account_number"])}
    return ctx.new("payment_method", type=kind, **{kind: members})


def _of_card_data(ctx: Context, data: Mapping[str, Any]) -> Json:
    if "token" in data:
        return from_token(ctx, str(data["token"]))
    if not data:
        raise errors.missing_parameter("card")
    return from_card(ctx, card_data(ctx, data), data)


def _of_ach_data(ctx: Context, data: Mapping[str, Any]) -> Json:
    number = str(data.get("account_number") or "")
    if not number and not data.get("financial_connections_account"):
        raise errors.missing_parameter("us_bank_account[account_number]")
    bank = bank_of_number(number) or BankFacts(number or "000123456789", "us_bank_account")
    return from_bank(ctx, bank, data)


def _of_iban(ctx: Context, data: Mapping[str, Any]) -> Json:
    number = str(data.get("iban") or "").replace(" ", "").upper()
    if not number:
        raise errors.missing_parameter("sepa_debit[iban]")
    if not (number[:2].isalpha() and number.isalnum() and len(number) >= 15):
        raise errors.invalid(
            "The IBAN you provided is invalid.", param="sepa_debit[iban]", code="invalid_bank_account_iban"
        )
    return from_bank(ctx, bank_of_number(number) or BankFacts(number, "sepa_debit"), data)


def card_members(ctx: Context, card: CardFacts, data: Mapping[str, Any]) -> Json:
    """Returns the member `card` of a payment method."""
    month, year = expiry(ctx, data)
    return {
        "brand": card.brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "unchecked" if not data or data.get("cvc") else None,
        },
        "country": card.country,
        "display_brand": "american_express" if card.brand == "amex" else card.networks[0],
        "exp_month": month,
        "exp_year": year,
        "fingerprint": fingerprint(ctx, card.number),
        "funding": card.funding,
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": card.networks, "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": card.supports_three_d_secure},
        "wallet": None,
    }


def expiry(ctx: Context, data: Mapping[str, Any]) -> tuple[int, int]:
    """Returns month and year of expiry: as given, or this month of next year."""
    from datetime import UTC, datetime

    now = datetime.fromtimestamp(ctx.now(), UTC)
    year = _whole_number(data, "exp_year", now.year + 1)
    return _whole_number(data, "exp_month", now.month), year + 2000 if year < 100 else year


def _whole_number(data: Mapping[str, Any], name: str, default: int) -> int:
    try:
        return int(data.get(name) or default)
    except ValueError:
        raise errors.invalid_integer(f"card[{name}]", data[name]) from None


def _check_expiry(ctx: Context, data: Mapping[str, Any]) -> None:
    from datetime import UTC, datetime

    for name in ("exp_month", "exp_year"):
        if data.get(name) in (None, ""):
            raise errors.missing_parameter(f"card[{name}]")
    month, year = expiry(ctx, data)
    now = datetime.fromtimestamp(ctx.now(), UTC)
    if not 1 <= month <= 12:
        raise card_refusal("invalid_expiry_month", "exp_month")
    if year < now.year or year > now.year + 50:
        raise card_refusal("invalid_expiry_year", "exp_year")
    if (year, month) < (now.year, now.month):
        raise card_refusal("invalid_expiry_month", "exp_month")


def _ach_members(ctx: Context, number: str, data: Mapping[str, Any]) -> Json:
    return {
        "account_holder_type": data.get("account_holder_type", "individual"),
        "account_type": data.get("account_type", "checking"),
        "bank_name": BANK_NAME,
        "financial_connections_account": data.get("financial_connections_account"),
        "fingerprint": fingerprint(ctx, number),
        "last4": number[-4:],
        "networks": {"preferred": "ach", "supported": ["ach"]},
        "routing_number": data.get("routing_number", ROUTING_NUMBER),
        "status_details": {},
    }


def _sepa_members(ctx: Context, number: str, data: Mapping[str, Any]) -> Json:
    return {
        "bank_code": number[4:12] if number.startswith("DE") else number[4:9],
        "branch_code": "",
        "country": number[:2],
        "fingerprint": fingerprint(ctx, number),
        "generated_from": {"charge": None, "setup_attempt": None},
        "last4": number[-4:],
    }


def _check_result(result: str, value: Any) -> str | None:
    return result if value or result != "pass" else None


def _no_token(token: str, param: str) -> errors.StripeError:
    if token.startswith(METHOD_PREFIX):
        return errors.invalid(f"Invalid token id: {token}", param=param)
    name = token.removeprefix(TOKEN_PREFIX)
    if token.startswith(TOKEN_PREFIX) and not (len(name) == 24 and name.isalnum()):
        return errors.invalid(f"Invalid token id: {token}. `{name}` is not a valid test token.", param=param)
    return errors.missing("token", token, param=param, status=400)


def copy_method(ctx: Context, method: Json, number: str | None) -> Json:
    """Returns a copy of another account's payment method, not stored, without its customer; `number` is its number."""
    kind = method["type"]
    members = copy_object(ctx, method)
    copied = ctx.new("payment_method", type=kind, billing_details=members["billing_details"], **{kind: members[kind]})
    ctx.private(copied, MethodPrivate)["number"] = number
    return copied
