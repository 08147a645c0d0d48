"""Facts of older versions that the compared sources leave open: members of removed objects, forgotten parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stripe_shell.records import record

_TAXES: Final = {
    "amount": "integer",
    "inclusive": "boolean",
    "tax_rate": "expandable ref:tax_rate",
    "taxability_reason": "string|null",
    "taxable_amount": "integer|null",
}


@record
class Details:
    """The members (types by dotted path) of an object or a request in the versions before `gone`."""

    gone: str
    members: Mapping[str, str]

    def as_change(self) -> dict[str, Any]:
        """Returns the change that removed the members, in the form of the data files."""
        return {"removed": self.members}


def _below(path: str, members: Mapping[str, str]) -> dict[str, str]:
    return {f"{path}.{name}": text for name, text in members.items()}


#: By object.
OBJECTS: Final[Mapping[str, tuple[Details, ...]]] = {
    "invoice": (
        Details("2025-03-31.basil", _below("total_tax_amounts[]", _TAXES)),
        Details("2025-03-31.basil", {"transfer_data.destination": "expandable ref:account"}),
    ),
    "line_item": (Details("2025-03-31.basil", _below("tax_amounts[]", _TAXES)),),
    "credit_note": (Details("2025-03-31.basil", _below("tax_amounts[]", _TAXES)),),
    "credit_note_line_item": (Details("2025-03-31.basil", _below("tax_amounts[]", _TAXES)),),
}

#: By route, without the names of its placeholders.
OPERATIONS: Final[Mapping[str, tuple[Details, ...]]] = {
    "POST /v1/billing/alerts": (
        Details(
            "2024-09-30.acacia",
            {
                "filter.customer": "string?",
                "filter.subscription": "string?",
                "filter.subscription_item": "string?",
                "usage_threshold_config.gte": "integer",
                "usage_threshold_config.meter": "string?",
                "usage_threshold_config.recurrence": "enum(one_time)",
            },
        ),
    ),
    "POST /v1/checkout/sessions": (
        Details(
            "2022-08-01",
            {
                "line_items[].amount": "integer?",
                "line_items[].currency": "string?",
                "line_items[].description": "string?",
                "line_items[].images": "array<string>?",
                "line_items[].name": "string?",
                "shipping_rates": "array<string>?",
                "subscription_data.coupon": "string?",
            },
        ),
    ),
}
