"""Section 22: connected accounts."""

from __future__ import annotations

from typing import Any

from .conftest import Sdk, stripe


def connected(sdk: Sdk) -> Any:
    """An account that can take payments."""
    return sdk.v1.accounts.create(
        params={
            "type": "custom",
            "country": "US",
            "business_type": "individual",
            "capabilities": {"card_payments": {"requested": True}, "transfers": {"requested": True}},
            "tos_acceptance": {"date": 1_700_000_000, "ip": "127.0.0.1"},
            "external_account": "btok_us_verified",
        }
    )


def on(account: Any) -> dict[str, Any]:
    """The options that run a call on an account."""
    return {"stripe_account": account.id}


def test_a_bare_account(sdk: Sdk) -> None:
    """§22: an empty body works; nothing is enabled yet; links expire; test accounts can be deleted."""
    made = sdk.v1.accounts.create(params={})
    assert (made.id[:5], made.charges_enabled, made.payouts_enabled, made.details_submitted) == (
        "acct_",
        False,
        False,
        False,
    )
    assert made.requirements.currently_due
    params = {
        "account": made.id,
        "type": "account_onboarding",
        "refresh_url": "https://e.co",
        "return_url": "https://e.co",
    }
    link = sdk.v1.account_links.create(params=params)
    assert link.expires_at > link.created
    assert sdk.v1.accounts.delete(made.id).deleted is True


def test_accounts_are_apart(sdk: Sdk) -> None:
    """§22: objects of one account are missing on the other."""
    account = connected(sdk)
    theirs = sdk.v1.customers.create(params={"name": "Theirs"}, options=on(account))
    assert sdk.v1.customers.retrieve(theirs.id, options=on(account)).name == "Theirs"
    assert sdk.refused(sdk.v1.customers.retrieve, theirs.id).code == "resource_missing"
    assert sdk.v1.customers.list().data == []
    (event,) = sdk.v1.events.list(params={"type": "customer.created"}, options=on(account)).data
    assert event.data.object.id == theirs.id
    assert sdk.v1.events.list(params={"type": "customer.created"}).data == []


def test_an_unknown_account(sdk: Sdk) -> None:
    """§22: 403 with the account's id in the message."""
    error = sdk.refused(sdk.v1.customers.list, options={"stripe_account": "acct_nothing"})
    assert isinstance(error, stripe.PermissionError)
    assert (error.http_status, error.error.code) == (403, "account_invalid")
    assert "does not have access to account 'acct_nothing' (or that account does not exist)." in error.user_message


def test_a_direct_charge_with_a_fee(sdk: Sdk) -> None:
    """§22: the charge is the account's, the application fee the platform's."""
    account = connected(sdk)
    params = {
        "amount": 2000,
        "currency": "usd",
        "payment_method": "pm_card_visa",
        "payment_method_types": ["card"],
        "confirm": True,
        "application_fee_amount": 200,
    }
    paid = sdk.v1.payment_intents.create(params=params, options=on(account))
    charge = sdk.v1.charges.retrieve(
        paid.latest_charge, params={"expand": ["balance_transaction"]}, options=on(account)
    )
    row = charge.balance_transaction
    assert (row.amount, row.fee, row.net) == (2000, 288, 1712)
    assert {part.type: part.amount for part in row.fee_details} == {"stripe_fee": 88, "application_fee": 200}
    (fee,) = sdk.v1.application_fees.list().data
    assert (fee.amount, fee.account, fee.charge) == (200, account.id, charge.id)


def test_a_destination_charge(sdk: Sdk) -> None:
    """§22: the platform's charge, with a transfer of the whole amount."""
    account = connected(sdk)
    paid = sdk.pay(transfer_data={"destination": account.id})
    charge = sdk.v1.charges.retrieve(paid.latest_charge, params={"expand": ["transfer"]})
    assert (charge.transfer.amount, charge.transfer.destination) == (2000, account.id)


def test_transfers(sdk: Sdk) -> None:
    """§22: from what is available, and not more; reversed in part."""
    account = connected(sdk)
    params = {"amount": 1500, "currency": "usd", "destination": account.id}
    assert sdk.refused(sdk.v1.transfers.create, params=params).code == "balance_insufficient"
    sdk.pay(card="pm_card_bypassPending")
    made = sdk.v1.transfers.create(params=params)
    assert (made.id[:3], made.amount, made.reversed) == ("tr_", 1500, False)
    assert sdk.v1.balance.retrieve().available[0].amount == 1912 - 1500
    assert sdk.v1.balance.retrieve(options=on(account)).available[0].amount == 1500
    back = sdk.v1.transfers.reversals.create(made.id, params={"amount": 500})
    assert back.amount == 500
    assert sdk.v1.transfers.retrieve(made.id).amount_reversed == 500
    assert sdk.v1.balance.retrieve().available[0].amount == 1912 - 1000
