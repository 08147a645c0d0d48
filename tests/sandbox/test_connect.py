"""Connected accounts: isolation, direct and destination charges, fees, transfers, reversals (sheet §22)."""

from __future__ import annotations

import pytest

from .conftest import NOW, Client, Json

PAY = {"amount": 2000, "currency": "usd", "payment_method_types": ["card"], "confirm": True}


def pay(stripe: Client, **more: object) -> Json:
    options = more.pop("options", {})
    assert isinstance(options, dict)
    return stripe.post("/v1/payment_intents", {**PAY, "payment_method": "pm_card_bypassPending", **more}, **options)


def on(account: str) -> Json:
    return {"headers": {"Stripe-Account": account}}


def available(stripe: Client, **options: object) -> int:
    found: int = stripe.get("/v1/balance", **options)["available"][0]["amount"]
    return found


@pytest.fixture
def account(stripe: Client) -> str:
    return str(stripe.post("/v1/accounts")["id"])


def test_each_account_has_its_own_objects(stripe: Client, account: str) -> None:
    """§22: ids of another account are missing; unknown accounts are 403."""
    intent = pay(stripe, options=on(account))
    assert stripe.refused("GET", f"/v1/payment_intents/{intent['id']}")["status"] == 404
    assert stripe.get(f"/v1/payment_intents/{intent['id']}", **on(account))["id"] == intent["id"]
    error = stripe.refused("GET", "/v1/balance", **on("acct_unknown"))
    assert (error["status"], error["code"]) == (403, "account_invalid")
    mine = {event["type"] for event in stripe.events()}
    assert "charge.succeeded" not in mine
    theirs = stripe.get("/v1/events", **on(account))["data"]
    assert {event["account"] for event in theirs} == {account}


def test_direct_charge(stripe: Client, account: str) -> None:
    """§22: on the account, with a fee for the platform."""
    intent = pay(stripe, application_fee_amount=200, options=on(account))
    charge = stripe.get(f"/v1/charges/{intent['latest_charge']}", {"expand": ["balance_transaction"]}, **on(account))
    row = charge["balance_transaction"]
    assert (row["amount"], row["fee"], row["net"]) == (2000, 288, 1712)
    assert {detail["type"]: detail["amount"] for detail in row["fee_details"]} == {
        "application_fee": 200,
        "stripe_fee": 88,
    }
    fee = stripe.get(f"/v1/application_fees/{charge['application_fee']}")
    assert (fee["amount"], fee["account"], fee["charge"]) == (200, account, charge["id"])
    assert available(stripe) == 200
    assert available(stripe, **on(account)) == 1712
    assert "application_fee.created" in stripe.event_types()


def test_destination_charge(stripe: Client, account: str) -> None:
    """§22: the charge is the platform's, the money goes on to the destination, less the fee."""
    intent = pay(stripe, transfer_data={"destination": account}, application_fee_amount=300)
    charge = stripe.get(f"/v1/charges/{intent['latest_charge']}", {"expand": ["transfer"]})
    transfer = charge["transfer"]
    assert (transfer["amount"], transfer["destination"], transfer["source_transaction"]) == (
        2000,
        account,
        charge["id"],
    )
    assert available(stripe) == 2000 - 88 - 2000 + 300
    assert available(stripe, **on(account)) == 1700
    payment = stripe.get(f"/v1/charges/{transfer['destination_payment']}", **on(account))
    assert (payment["amount"], payment["source_transfer"]) == (2000, transfer["id"])
    assert stripe.get("/v1/transfers", {"destination": account})["data"][0]["id"] == transfer["id"]


def test_destination_charge_with_an_amount(stripe: Client, account: str) -> None:
    pay(stripe, transfer_data={"destination": account, "amount": 1500})
    assert (available(stripe), available(stripe, **on(account))) == (2000 - 88 - 1500, 1500)


def test_a_destination_that_is_none(stripe: Client) -> None:
    error = stripe.refused("POST", "/v1/payment_intents", {**PAY, "transfer_data": {"destination": "acct_x"}})
    assert (error["code"], error["param"]) == ("resource_missing", "transfer_data[destination]")
    error = stripe.refused("POST", "/v1/payment_intents", {**PAY, "application_fee_amount": 100})
    assert error["param"] == "application_fee_amount"


def test_refund_of_a_destination_charge(stripe: Client, account: str) -> None:
    """Half of everything comes back: of the transfer, and of the fee."""
    intent = pay(stripe, transfer_data={"destination": account}, application_fee_amount=300)
    refund = stripe.post(
        "/v1/refunds",
        {
            "payment_intent": intent["id"],
            "amount": 1000,
            "reverse_transfer": True,
            "refund_application_fee": True,
        },
    )
    assert refund["transfer_reversal"].startswith("trr_")
    assert available(stripe, **on(account)) == 1700 - 1000 + 150
    fee = stripe.get("/v1/application_fees")["data"][0]
    assert (fee["amount_refunded"], fee["refunded"]) == (150, False)


def test_transfers(stripe: Client, account: str) -> None:
    """§22, §25: from the available balance; more than that is `balance_insufficient`."""
    error = stripe.refused("POST", "/v1/transfers", {"amount": 500, "currency": "usd", "destination": account})
    assert (error["status"], error["code"]) == (400, "balance_insufficient")
    pay(stripe)
    transfer = stripe.post("/v1/transfers", {"amount": 500, "currency": "usd", "destination": account})
    assert transfer["created"] == NOW
    assert (available(stripe), available(stripe, **on(account))) == (1912 - 500, 500)
    changed = stripe.post(f"/v1/transfers/{transfer['id']}", {"metadata": {"a": "1"}})
    assert changed["metadata"] == {"a": "1"}
    error = stripe.refused("POST", "/v1/transfers", {"amount": 5, "currency": "usd", "destination": "acct_x"})
    assert (error["message"], error["param"]) == ("No such destination: 'acct_x'", "destination")
    told = [name for name in stripe.event_types() if name.startswith("transfer")]
    assert told == ["transfer.created", "transfer.updated"]


def test_transfer_of_a_charge(stripe: Client, account: str) -> None:
    """§22: `source_transaction` ties a transfer to a charge, whose money need not be available yet."""
    intent = stripe.post("/v1/payment_intents", {**PAY, "payment_method": "pm_card_visa"})
    params = {"currency": "usd", "destination": account, "source_transaction": intent["latest_charge"]}
    transfer = stripe.post("/v1/transfers", {**params, "amount": 1500})
    row = stripe.get(f"/v1/balance_transactions/{transfer['balance_transaction']}")
    assert (row["amount"], row["status"]) == (-1500, "pending")
    assert transfer["transfer_group"] == f"group_{intent['id']}"
    assert stripe.post("/v1/transfers", {**params, "amount": 100, "transfer_group": "G1"})["transfer_group"] == "G1"
    error = stripe.refused("POST", "/v1/transfers", {**params, "amount": 600})
    assert (error["status"], error["param"]) == (400, "amount")


def test_reversals(stripe: Client, account: str) -> None:
    """§22: partial, then full, then no more."""
    pay(stripe)
    transfer = stripe.post("/v1/transfers", {"amount": 500, "currency": "usd", "destination": account})["id"]
    path = f"/v1/transfers/{transfer}/reversals"
    first = stripe.post(path, {"amount": 200, "metadata": {"a": "1"}})
    assert (first["amount"], first["transfer"], first["metadata"]) == (200, transfer, {"a": "1"})
    shown = stripe.get(f"/v1/transfers/{transfer}")
    assert (shown["amount_reversed"], shown["reversed"]) == (200, False)
    assert "$6.00" in stripe.refused("POST", path, {"amount": 600})["message"]
    stripe.post(path)
    shown = stripe.get(f"/v1/transfers/{transfer}")
    assert (shown["amount_reversed"], shown["reversed"], shown["reversals"]["total_count"]) == (500, True, 2)
    assert (available(stripe), available(stripe, **on(account))) == (1912, 0)
    assert [row["amount"] for row in stripe.get(path)["data"]] == [300, 200]
    assert stripe.get(f"{path}/{first['id']}")["amount"] == 200
    assert stripe.event_types().count("transfer.reversed") == 2


def test_fee_refunds(stripe: Client, account: str) -> None:
    pay(stripe, application_fee_amount=200, options=on(account))
    fee = stripe.get("/v1/application_fees")["data"][0]["id"]
    path = f"/v1/application_fees/{fee}/refunds"
    made = stripe.post(path, {"amount": 50})
    assert (made["object"], made["amount"], made["fee"]) == ("fee_refund", 50, fee)
    assert stripe.post(f"/v1/application_fees/{fee}/refund")["refunded"] is True
    assert stripe.refused("POST", path)["message"].endswith("has already been refunded.")
    assert (available(stripe), available(stripe, **on(account))) == (0, 1912)
    assert [row["id"] for row in stripe.get(path, {"limit": 1, "ending_before": made["id"]})["data"]]


def test_accounts(stripe: Client) -> None:
    """§22: an empty body works; nothing is enabled until what is due was handed in."""
    made = stripe.post("/v1/accounts")
    assert (made["charges_enabled"], made["payouts_enabled"], made["details_submitted"]) == (False, False, False)
    bank = {"object": "bank_account", "country": "US", "currency": "usd", "account_number": "000123456789"}
    full = stripe.post(
        "/v1/accounts",
        {
            "type": "custom",
            "country": "US",
            "business_type": "individual",
            "capabilities": {"transfers": {"requested": True}},
            "external_account": bank,
            "business_profile": {"mcc": "5734", "url": "https://example.com"},
            "individual": {
                "address": {"city": "Reno", "line1": "address_full_match", "postal_code": "89501", "state": "NV"},
                "dob": {"day": 1, "month": 1, "year": 1902},
                "email": "jane@example.com",
                "first_name": "Jane",
                "last_name": "Doe",
                "phone": "+15555550100",
                "ssn_last_4": "0000",
            },
            "tos_acceptance": {"date": NOW, "ip": "1.2.3.4"},
        },
    )
    assert (full["charges_enabled"], full["requirements"]["currently_due"]) == (True, [])
    assert full["capabilities"] == {"transfers": "active"}
    (external,) = stripe.get(f"/v1/accounts/{full['id']}/external_accounts")["data"]
    assert (external["account"], external["default_for_currency"]) == (full["id"], True)
    assert stripe.get("/v1/account", **on(full["id"]))["id"] == full["id"]
    error = stripe.refused("DELETE", f"/v1/accounts/{full['id']}/external_accounts/{external['id']}")
    assert "default external account" in error["message"]
    path = f"/v1/accounts/{full['id']}/external_accounts"
    other = stripe.post(path, {"external_account": {**bank, "account_number": "000111111116"}})
    assert other["default_for_currency"] is False
    assert stripe.post(f"{path}/{other['id']}", {"default_for_currency": True})["default_for_currency"] is True
    told = stripe.get("/v1/events", {"type": "account.external_account.updated"}, **on(full["id"]))["data"]
    assert told[0]["account"] == full["id"]
    assert stripe.get(f"{path}/{external['id']}")["default_for_currency"] is False
    assert stripe.delete(f"{path}/{external['id']}")["deleted"] is True


def test_links(stripe: Client, account: str) -> None:
    """§22: the link expires in minutes."""
    link = stripe.post(
        "/v1/account_links",
        {"account": account, "type": "account_onboarding", "refresh_url": "https://a.b", "return_url": "https://a.b"},
    )
    assert link["url"].startswith("https://connect.stripe.com/setup/")
    assert NOW < link["expires_at"] <= NOW + 600
    assert stripe.post(f"/v1/accounts/{account}/login_links")["url"].startswith("https://connect.stripe.com/")


def test_links_that_change_details(stripe: Client) -> None:
    """Only for accounts whose requirements the platform collects."""
    for kind, status in (("custom", 200), ("express", 400), ("standard", 400)):
        account = stripe.post("/v1/accounts", {"type": kind})["id"]
        link = {"account": account, "type": "account_update", "return_url": "https://a.b"}
        answer = stripe.send("POST", "/v1/account_links", link)
        assert answer.status == status, kind
        assert status == 200 or answer.json()["error"]["param"] == "type"


@pytest.mark.parametrize(
    ("choices", "param"),
    [
        (("application", "application", "stripe", "none"), "controller[losses][payments]"),
        (("application", "application", "application", "express"), "controller[stripe_dashboard][type]"),
        (("application", "application", "application", "full"), "controller[stripe_dashboard][type]"),
        (("application", "stripe", "application", "none"), "controller[losses][payments]"),
        (("account", "stripe", "stripe", "express"), "controller[stripe_dashboard][type]"),
        (("application", "stripe", "stripe", "express"), "controller[stripe_dashboard][type]"),
        (("application", "application", "application", "none"), None),
        (("account", "stripe", "stripe", "none"), None),
        (("application", "application", "stripe", "express"), None),
        (("application", "application", "stripe", "full"), None),
        (("account", "stripe", "stripe", "full"), None),
    ],
)
def test_controllers(stripe: Client, choices: tuple[str, str, str, str], param: str | None) -> None:
    """Who pays fees, who is liable, who collects requirements, and the dashboard."""
    payer, losses, collection, dashboard = choices
    controller = {
        "fees": {"payer": payer},
        "losses": {"payments": losses},
        "requirement_collection": collection,
        "stripe_dashboard": {"type": dashboard},
    }
    answer = stripe.send("POST", "/v1/accounts", {"controller": controller}).json()
    assert answer.get("error", {}).get("param") == param


def test_persons(stripe: Client, account: str) -> None:
    path = f"/v1/accounts/{account}/persons"
    made = stripe.post(path, {"first_name": "Ann", "ssn_last_4": "0000", "dob": {"day": 1, "month": 2, "year": 1990}})
    assert (made["account"], made["ssn_last_4_provided"], made["dob"]["year"]) == (account, True, 1990)
    assert stripe.post(f"{path}/{made['id']}", {"last_name": "Lee"})["last_name"] == "Lee"
    assert [row["id"] for row in stripe.get(path)["data"]] == [made["id"]]
    assert stripe.delete(f"{path}/{made['id']}")["deleted"] is True


def test_a_method_of_the_platform_is_copied(stripe: Client, account: str) -> None:
    """A platform's customer can pay on a connected account with a copy of the method."""
    owner = stripe.post("/v1/customers")["id"]
    method = stripe.post("/v1/payment_methods/pm_card_mastercard/attach", {"customer": owner})["id"]
    copied = stripe.post("/v1/payment_methods", {"customer": owner, "payment_method": method}, **on(account))
    assert (copied["card"]["last4"], copied["customer"]) == ("4444", None)
    assert copied["id"] != method


def test_the_fee_is_at_most_what_is_captured(stripe: Client, account: str) -> None:
    params = {
        "amount": 2000,
        "currency": "usd",
        "payment_method": "pm_card_visa",
        "payment_method_types": ["card"],
        "confirm": True,
        "capture_method": "manual",
        "application_fee_amount": 1500,
        "transfer_data": {"destination": account},
    }
    intent = stripe.post("/v1/payment_intents", params)
    stripe.post(f"/v1/payment_intents/{intent['id']}/capture", {"amount_to_capture": 1000})
    assert stripe.get("/v1/application_fees")["data"][0]["amount"] == 1000
