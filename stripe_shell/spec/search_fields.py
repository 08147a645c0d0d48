"""The fields that Stripe's search language knows of each kind of object (https://docs.stripe.com/search)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from stripe_shell.records import record

_CARD = tuple(
    f"payment_method_details.{kind}.{name}"
    for kind in ("card", "card_present", "interac_present")
    for name in ("last4", "exp_month", "exp_year", "brand", "fingerprint")
)


@record
class Searchable:
    """The searchable fields of a kind of object: `tokens` match exactly, `strings` by words, `numbers` by size."""

    tokens: tuple[str, ...] = ()
    strings: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ("created",)


SEARCHABLE: Final[Mapping[str, Searchable]] = {
    "charge": Searchable(
        ("billing_details.address.postal_code", "currency", "customer", "disputed", "refunded", "status", *_CARD),
        (),
        ("amount", "created"),
    ),
    "customer": Searchable((), ("email", "name", "phone")),
    "invoice": Searchable(
        ("currency", "customer", "last_finalization_error_code", "last_finalization_error_type"),
        ("number", "receipt_number", "status", "subscription"),
        ("created", "total"),
    ),
    "payment_intent": Searchable(("currency", "customer", "status"), (), ("amount", "created")),
    "price": Searchable(("active", "currency", "type"), ("lookup_key", "product"), ()),
    "product": Searchable(("active", "shippable"), ("description", "name", "url"), ()),
    "subscription": Searchable(("status",), (), ("created",)),
}
