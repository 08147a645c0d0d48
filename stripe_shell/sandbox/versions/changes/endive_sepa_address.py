"""2026-09-30.endive: SEPA debits from outside the European Economic Area need a whole billing address."""

from __future__ import annotations

from typing import Any, Final

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.versions.change import Json, VersionChange

#: Countries of the EEA, by the first letters of their IBANs.
_EEA: Final = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"
_ADDRESS: Final = ("city", "country", "line1", "postal_code")


class SepaAddress(VersionChange):
    """A SEPA debit from an account outside the EEA needs no `city` and `postal_code` (entry E11).

    Page: require-sepa-direct-debit-address-fields. Newer versions refuse such a payment method, where it is created and
    where an intent brings its data; the words are those of any missing parameter.
    """

    version = "2026-09-30.endive"
    certainty = "B"
    unseen = True
    accepted = ("billing_details",)
    refused = (
        "create payment_method",
        "create payment_intent",
        "update payment_intent",
        "confirm payment_intent",
        "create setup_intent",
        "update setup_intent",
        "confirm setup_intent",
    )

    def refuse_request(self, operation: str, params: Json) -> None:
        """Raises StripeError for a part of the address that is missing."""
        inside = operation != "create payment_method"
        data: Any = params.get("payment_method_data") if inside else params
        if not isinstance(data, dict) or data.get("type") != "sepa_debit":
            return
        iban = _member(_member(data, "sepa_debit"), "iban")
        if not isinstance(iban, str) or iban[:2].upper() in _EEA.split():
            return
        address = _member(_member(data, "billing_details"), "address")
        for name in _ADDRESS:
            if not _member(address, name):
                within = f"billing_details[address][{name}]"
                raise errors.missing_parameter(
                    f"payment_method_data[billing_details][address][{name}]" if inside else within
                )


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None
