"""Values of required members that neither parameters nor the schema say: texts, and ids of objects behind them.

A template has the empty text for them, which no object of Stripe's has. A kind with a file of its own sets such members
there; these are the members of generic kinds and of embedded objects, by schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

#: Texts as in Stripe's own examples and test mode, by schema and member (a dotted path).
TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "balance_settings_resource_start_of_day": {"timezone": "Etc/UTC"},
    "entitlements.feature": {"lookup_key": "feature", "name": "Feature"},
    "financial_connections.account": {"institution_name": "StripeBank"},
    "issuing_transaction_fuel_data": {"type": "other", "unit": "other"},
    "issuing.settlement": {"network_settlement_identifier": "0000000000", "settlement_service": "domestic"},
    "payment_method_configuration": {"name": "Default"},
    "payments_primitives_payment_records_resource_payment_method_custom_details": {"display_name": "Custom"},
    "payments_primitives_payment_records_resource_payment_method_details": {"type": "custom"},
    "radar.value_list": {"created_by": "jenny@example.com"},
    "radar.value_list_item": {"created_by": "jenny@example.com"},
    "subscriptions_resource_billing_schedules": {"key": "default"},
    "tax_product_resource_tax_transaction_shipping_cost": {"tax_code": "txcd_92010001"},
    "terminal.location": {"display_name": "Location"},
    "terminal.onboarding_link": {"redirect_url": "https://register.apple.com/tap-to-pay"},
    "terminal.reader": {"label": "Reader", "serial_number": "WSC513105011295"},
    "treasury.inbound_transfer": {"statement_descriptor": "transfer"},
    "treasury.outbound_payment": {"statement_descriptor": "payment"},
    "treasury.outbound_transfer": {"statement_descriptor": "transfer"},
    "treasury.received_credit": {"description": "Stripe Test"},
    "treasury.received_debit": {"description": "Stripe Test"},
    "v2.core.vault.gb_bank_account": {"bank_name": "STRIPE TEST BANK", "last4": "2345"},
    "v2.core.vault.us_bank_account": {"bank_name": "STRIPE TEST BANK", "last4": "6789"},
    "v2.money_management.financial_address": {"settlement_currency": "usd"},
    "v2.money_management.financial_address_credit_simulation": {"status": "processing"},
    "v2.money_management.inbound_transfer": {"from.payment_method.type": "us_bank_account"},
    "v2.money_management.outbound_payment": {"statement_descriptor": "payment"},
    "v2.money_management.recipient_verification": {
        "match_result_details.message": "The name matches.",
        "match_result_details.provided_name": "Jenny Rosen",
    },
}

#: Ids of objects that Stripe makes beside one, by kind and member: the kind that the id is of.
IDS: Final[Mapping[str, Mapping[str, str]]] = {
    "issuing.dispute": {"transaction": "issuing.transaction"},
    "three_d_secure.authentication": {"payment_method": "payment_method"},
    "treasury.credit_reversal": {"financial_account": "treasury.financial_account"},
    "treasury.outbound_payment": {"transaction": "treasury.transaction"},
    "treasury.outbound_transfer": {"transaction": "treasury.transaction"},
}

#: Secrets and URLs, by kind and member: the text before 24 random characters.
RANDOM_TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "customer_session": {"client_secret": "cuss_secret_"},
    "financial_connections.session": {"client_secret": "fcsess_client_secret_"},
    "terminal.connection_token": {"secret": "pst_test_"},
    "v2.core.account_link": {"url": "https://accounts.stripe.com/r/acct_link#"},
}
