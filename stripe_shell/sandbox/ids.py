"""Ids in Stripe's formats: 14 random characters, or 24 that contain the time and the account."""

from __future__ import annotations

import random
import string
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
CAPITALS = string.digits + string.ascii_uppercase

#: Objects whose id is the prefix and 14 random characters; all others have 24 structured ones.
SHORT = frozenset({"customer", "product", "subscription_item"})

#: Objects whose structured part begins with `3`; that of the others begins with `1`.
PAYMENTS = frozenset({"payment_intent", "charge", "refund"})

#: The id prefix of each object, without the underscore; other objects use their own name.
PREFIXES: Mapping[str, str] = {
    "account": "acct",
    "apple_pay_domain": "apwc",
    "application_fee": "fee",
    "apps.secret": "appsecret",
    "balance_transaction": "txn",
    "bank_account": "ba",
    "billing.alert": "alrt",
    "billing.credit_balance_transaction": "cbtxn",
    "billing.credit_grant": "credgr",
    "billing.meter": "mtr",
    "billing.meter_event_summary": "mtrusg",
    "billing_portal.configuration": "bpc",
    "billing_portal.session": "bps",
    "card": "card",
    "charge": "ch",
    "checkout.session": "cs_test",
    "climate.order": "climorder",
    "climate.product": "climsku",
    "climate.supplier": "climsup",
    "confirmation_token": "ctoken",
    "credit_note": "cn",
    "credit_note_line_item": "cnli",
    "customer": "cus",
    "customer_balance_transaction": "cbtxn",
    "customer_cash_balance_transaction": "ccsbtxn",
    "discount": "di",
    "dispute": "du",
    "entitlements.active_entitlement": "ent",
    "entitlements.feature": "feat",
    "ephemeral_key": "ephkey",
    "event": "evt",
    "fee_refund": "fr",
    "file": "file",
    "file_link": "link",
    "financial_connections.account": "fca",
    "financial_connections.account_owner": "fcaowner",
    "financial_connections.session": "fcsess",
    "financial_connections.transaction": "fctxn",
    "forwarding.request": "fwdreq",
    "identity.verification_report": "vr",
    "identity.verification_session": "vs",
    "invoice": "in",
    "invoice_payment": "inpay",
    "invoice_rendering_template": "inrtem",
    "invoiceitem": "ii",
    "issuing.authorization": "iauth",
    "issuing.card": "ic",
    "issuing.cardholder": "ich",
    "issuing.dispute": "idp",
    "issuing.personalization_design": "ipd",
    "issuing.physical_bundle": "ics",
    "issuing.settlement": "ise",
    "issuing.token": "intok",
    "issuing.transaction": "ipi",
    "item": "li",
    "line_item": "il",
    "mandate": "mandate",
    "payment_attempt_record": "par",
    "payment_intent": "pi",
    "payment_link": "plink",
    "payment_method": "pm",
    "payment_method_configuration": "pmc",
    "payment_method_domain": "pmd",
    "payment_record": "pr",
    "payout": "po",
    "person": "person",
    "plan": "price",
    "price": "price",
    "product": "prod",
    "product_feature": "prodft",
    "promotion_code": "promo",
    "quote": "qt",
    "radar.early_fraud_warning": "issfr",
    "radar.payment_evaluation": "peval",
    "radar.value_list": "rsl",
    "radar.value_list_item": "rsli",
    "refund": "re",
    "reporting.report_run": "frr",
    "review": "prv",
    "scheduled_query_run": "sqr",
    "setup_attempt": "setatt",
    "setup_intent": "seti",
    "shipping_rate": "shr",
    "source": "src",
    "subscription": "sub",
    "subscription_item": "si",
    "subscription_schedule": "sub_sched",
    "tax.calculation": "taxcalc",
    "tax.calculation_line_item": "tax_li",
    "tax.registration": "taxreg",
    "tax.transaction": "tax",
    "tax.transaction_line_item": "tax_li",
    "tax_id": "txi",
    "tax_rate": "txr",
    "terminal.configuration": "tmc",
    "terminal.location": "tml",
    "terminal.reader": "tmr",
    "test_helpers.test_clock": "clock",
    "token": "tok",
    "topup": "tu",
    "transfer": "tr",
    "transfer_reversal": "trr",
    "treasury.credit_reversal": "credrev",
    "treasury.debit_reversal": "debrev",
    "treasury.financial_account": "fa",
    "treasury.inbound_transfer": "ibt",
    "treasury.outbound_payment": "obp",
    "treasury.outbound_transfer": "obt",
    "treasury.received_credit": "rc",
    "treasury.received_debit": "rd",
    "treasury.transaction": "trxn",
    "treasury.transaction_entry": "trxne",
    "v2.billing.meter_event_adjustment": "mtr_event_adj",
    "v2.billing.meter_event_session": "mes",
    "v2.commerce.product_catalog_import": "pcimprt",
    "v2.core.account": "acct",
    "v2.core.account_person": "person",
    "v2.core.account_person_token": "perstok",
    "v2.core.account_token": "accttok",
    "v2.core.event": "evt",
    "v2.core.event_destination": "ed",
    "webhook_endpoint": "we",
}


def _table(alphabet: str) -> bytes:
    """Returns a translation table from bytes to an alphabet; its slight bias does not matter for ids."""
    return (alphabet * (256 // len(alphabet) + 1))[:256].encode("ascii")


_FREE: Final = _table(ALPHABET)


class RandomIds:
    """Generates ids from a random source; the same `seed` gives the same sequence."""

    def __init__(self, seed: int | None = None) -> None:
        self._random = random.Random(seed)

    def new(self, prefix: str, now: int, account: str, digit: str = "1") -> str:
        """Returns `prefix_`, a digit, five characters of the time, ten of the account and eight random ones."""
        return f"{prefix}_{digit}{base62(now, 5)}{account[-10:]:0>10}{self.text(8)}"

    def short(self, prefix: str) -> str:
        """Returns `prefix_` and 14 random characters."""
        return f"{prefix}_{self.text(14)}"

    def account(self, now: int) -> str:
        """Returns `acct_1`, five characters of the time and ten random ones."""
        return f"acct_1{base62(now, 5)}{self.text(10)}"

    def text(self, length: int, alphabet: str = ALPHABET) -> str:
        """Returns random characters."""
        table = _FREE if alphabet is ALPHABET else _table(alphabet)
        return self._random.randbytes(length).translate(table).decode("ascii")


@lru_cache(maxsize=256)
def base62(number: int, length: int) -> str:
    """Returns the last `length` digits of a number in base 62."""
    digits = ""
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits = ALPHABET[digit] + digits
    return digits
