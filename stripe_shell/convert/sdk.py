"""The methods of Stripe's Python library by operation: `v1.customers.create`. A test compares them with the library."""

from __future__ import annotations

from stripe_shell.spec.model import Operation

#: Services with names that differ from their paths.
_RENAMED = {
    "account": "accounts",
    "apple_pay_domain": "apple_pay_domains",
    "credit_note.line_item": "credit_notes.line_items",
    "credit_note.preview_line": "credit_notes.preview_lines",
    "customer.payment_source": "customers.payment_sources",
    "invoice.line_item": "invoices.line_items",
    "invoice_item": "invoice_items",
    "source.transaction": "sources.transactions",
}

#: Entities without a service in the library.
_WITHOUT_SERVICE = frozenset(
    {
        "account.bank_account", "account.people", "balance.history", "charge.dispute", "charge.refund",
        "customer.bank_account", "customer.card", "customer.subscription", "external_account", "issuing.settlement",
        "link_account_session", "linked_account", "linked_account.owner", "source.mandate_notification",
        "terminal.refund", "test_helpers.issuing.settlement",
    }
)  # fmt: skip

#: Operations without a method in existing services.
_WITHOUT_METHOD = frozenset(
    {
        "pdf quote", "refund application_fee", "refund charge", "retrieve source.transaction",
        "retrieve_discount customer", "update sigma.saved_query",
    }
)  # fmt: skip


def method_of(operation: Operation) -> str | None:
    """Returns the method of the client (`v1.customers.create`), or None if there is none.

    Its arguments are the path parameters in order, then `params` and `options`.
    """
    if operation.outside or operation.entity in _WITHOUT_SERVICE or operation.name in _WITHOUT_METHOD:
        return None
    return f"{operation.version}.{_service(operation)}.{operation.action}"


def _service(operation: Operation) -> str:
    """Returns the name of the service: as many words of the path as the entity's name has."""
    if operation.entity in _RENAMED:
        return _RENAMED[operation.entity]
    words = [word for word in operation.path.split("/")[2:] if not word.startswith("{")]
    depth = operation.entity.removeprefix("v2.").count(".") + 1
    return ".".join(words[:depth])
