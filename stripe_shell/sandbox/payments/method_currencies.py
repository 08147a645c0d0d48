"""The currencies of payment methods that are not for all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

#: By type; a type that is not here takes any. Source: https://docs.stripe.com/payments/payment-methods/payment-method-support
CURRENCIES_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "acss_debit": ("cad", "usd"),
    "au_becs_debit": ("aud",),
    "bacs_debit": ("gbp",),
    "bancontact": ("eur",),
    "blik": ("pln",),
    "boleto": ("brl",),
    "cashapp": ("usd",),
    "eps": ("eur",),
    "fpx": ("myr",),
    "giropay": ("eur",),
    "grabpay": ("myr", "sgd"),
    "ideal": ("eur",),
    "interac_present": ("cad",),
    "kakao_pay": ("krw",),
    "konbini": ("jpy",),
    "kr_card": ("krw",),
    "mobilepay": ("dkk", "eur", "nok", "sek"),
    "multibanco": ("eur",),
    "naver_pay": ("krw",),
    "oxxo": ("mxn",),
    "p24": ("eur", "pln"),
    "payco": ("krw",),
    "paynow": ("sgd",),
    "payto": ("aud",),
    "pix": ("brl",),
    "promptpay": ("thb",),
    "samsung_pay": ("krw",),
    "sepa_debit": ("eur",),
    "sofort": ("eur",),
    "swish": ("sek",),
    "twint": ("chf",),
    "us_bank_account": ("usd",),
}
