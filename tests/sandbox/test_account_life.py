"""The life of a connected account: created, onboarded, verified, something due, paid out, rejected; with its events."""

from __future__ import annotations

from itertools import product

import pytest

from stripe_shell.sandbox.payments.accounts.schedules import next_payout
from stripe_shell.sandbox.resources.account import Account

from .conftest import NOW, Client, Json

FORMS: dict[str, Json] = {
    "standard": {"type": "standard"},
    "express": {"type": "express"},
    "custom": {"type": "custom"},
    "controller": {
        "controller": {
            "fees": {"payer": "application"},
            "losses": {"payments": "application"},
            "requirement_collection": "application",
            "stripe_dashboard": {"type": "none"},
        }
    },
}
CURRENCIES = {"US": "usd", "DE": "eur", "GB": "gbp", "AU": "aud", "JP": "jpy"}
BOTH = {"capabilities": {"card_payments": {"requested": True}, "transfers": {"requested": True}}}

#: What recorded Express accounts with both capabilities have due before their business type is known.
RECORDED = {
    "US": """business_profile.mcc business_profile.url business_type external_account representative.dob.day
        representative.dob.month representative.dob.year representative.email representative.first_name
        representative.last_name settings.payments.statement_descriptor tos_acceptance.date tos_acceptance.ip""",
    "DE": """business_profile.mcc business_profile.url business_type external_account representative.address.city
        representative.address.line1 representative.address.postal_code representative.dob.day representative.dob.month
        representative.dob.year representative.email representative.first_name representative.last_name
        representative.phone tos_acceptance.date tos_acceptance.ip""",
    "AU": """business_profile.mcc business_profile.url business_type external_account representative.address.city
        representative.address.line1 representative.address.postal_code representative.address.state
        representative.dob.day representative.dob.month representative.dob.year representative.email
        representative.first_name representative.last_name representative.phone tos_acceptance.date
        tos_acceptance.ip""",
    "JP": """business_profile.mcc business_profile.product_description business_profile.url business_type
        external_account representative.address_kana.city representative.address_kana.line1
        representative.address_kana.postal_code representative.address_kana.state representative.address_kana.town
        representative.address_kanji.city representative.address_kanji.line1 representative.address_kanji.postal_code
        representative.address_kanji.state representative.address_kanji.town representative.dob.day
        representative.dob.month representative.dob.year representative.email representative.first_name_kana
        representative.first_name_kanji representative.last_name_kana representative.last_name_kanji
        representative.phone tos_acceptance.date tos_acceptance.ip""",
}
RECORDED["GB"] = RECORDED["DE"]


def onboard(stripe: Client, account: str, outcome: str = "verified") -> Json:
    """What the holder of an account gives in hosted onboarding."""
    with stripe.sandbox.context() as ctx:
        found = ctx.get("account", account)
        ctx.handler(Account).onboard(ctx, found, outcome)  # type: ignore[arg-type]
    return stripe.get(f"/v1/accounts/{account}")


def on(account: str) -> Json:
    return {"headers": {"Stripe-Account": account}}


def told(stripe: Client, account: str) -> list[str]:
    """The types of the account's events, oldest first."""
    return [event["type"] for event in stripe.get("/v1/events", {"limit": 100}, **on(account))["data"]][::-1]


def funds(stripe: Client, account: str, currency: str, amount: int = 5000) -> None:
    """A payment on the account, whose money is available at once."""
    stripe.post(
        "/v1/payment_intents",
        {
            "amount": amount,
            "currency": currency,
            "payment_method": "pm_card_bypassPending",
            "payment_method_types": ["card"],
            "confirm": True,
        },
        **on(account),
    )


@pytest.mark.parametrize("country", RECORDED)
def test_a_new_account_is_as_recorded(stripe: Client, country: str) -> None:
    made = stripe.post("/v1/accounts", {"type": "express", "country": country, "email": "a@example.com", **BOTH})
    due = RECORDED[country].split()
    requirements = made["requirements"]
    assert requirements["currently_due"] == requirements["eventually_due"] == requirements["past_due"] == due
    assert requirements["disabled_reason"] == "requirements.past_due"
    assert made["capabilities"] == {"card_payments": "inactive", "transfers": "inactive"}
    assert (made["created"], made["default_currency"], made["type"]) == (NOW, CURRENCIES[country], "express")
    assert made["controller"] == {
        "fees": {"payer": "application_express"},
        "is_controller": True,
        "losses": {"payments": "application"},
        "requirement_collection": "stripe",
        "stripe_dashboard": {"type": "express"},
        "type": "application",
    }
    schedules = {"US": {"delay_days": 2, "interval": "daily"}, "AU": {"delay_days": 2, "interval": "daily"}}
    schedules["JP"] = {"delay_days": 4, "interval": "weekly", "weekly_anchor": "friday"}
    payouts = made["settings"]["payouts"]
    assert payouts["schedule"] == schedules.get(country, {"delay_days": 7, "interval": "daily"})
    assert payouts["debit_negative_balances"] is True
    assert made["settings"]["card_payments"]["decline_on"] == {"avs_failure": False, "cvc_failure": False}
    assert made["settings"]["dashboard"] == {"display_name": None, "timezone": "Etc/UTC"}
    assert made["external_accounts"]["total_count"] == made["login_links"]["total_count"] == 0
    assert "individual" not in made


@pytest.mark.parametrize(("form", "country"), list(product(FORMS, CURRENCIES)))
def test_the_life_of_an_account(stripe: Client, form: str, country: str) -> None:
    currency = CURRENCIES[country]
    made = stripe.post("/v1/accounts", {**FORMS[form], **BOTH, "country": country})
    account = made["id"]
    assert (made["charges_enabled"], made["payouts_enabled"], made["details_submitted"]) == (False, False, False)
    assert made["type"] == ("none" if form == "controller" else form)
    assert told(stripe, account) == ["account.updated", "capability.updated", "capability.updated"]

    pending = onboard(stripe, account, "pending")
    assert (pending["business_type"], pending["individual"]["verification"]["status"]) == ("individual", "pending")
    assert pending["individual"]["relationship"]["representative"] is True
    assert pending["requirements"]["disabled_reason"] == "requirements.pending_verification"
    assert pending["requirements"]["currently_due"] == []
    assert pending["requirements"]["pending_verification"] == ["individual.verification.document"]
    assert (pending["capabilities"]["card_payments"], pending["details_submitted"]) == ("pending", True)
    assert [row["id"] for row in stripe.get(f"/v1/accounts/{account}/persons")["data"]] == [pending["individual"]["id"]]
    assert pending["external_accounts"]["data"][0]["currency"] == currency
    happened = told(stripe, account)
    assert {"person.created", "account.external_account.created", "capability.updated"} <= set(happened)

    stripe.clock.advance(5)
    active = stripe.get(f"/v1/accounts/{account}")
    assert active["individual"]["verification"]["status"] == "verified"
    assert active["capabilities"] == {"card_payments": "active", "transfers": "active"}
    assert (active["charges_enabled"], active["payouts_enabled"]) == (True, True)
    assert (active["requirements"]["disabled_reason"], active["requirements"]["past_due"]) == (None, [])
    later = told(stripe, account)[len(happened) :]
    assert sorted(later) == ["account.updated", "capability.updated", "capability.updated", "person.updated"]

    funds(stripe, account, currency)
    payout = stripe.post("/v1/payouts", {"amount": 1000, "currency": currency}, **on(account))
    assert payout["destination"] == active["external_accounts"]["data"][0]["id"]
    stripe.clock.advance(10 * 86_400)
    assert stripe.get(f"/v1/payouts/{payout['id']}", **on(account))["status"] == "paid"
    assert "payout.paid" in told(stripe, account)

    changed = stripe.post(f"/v1/accounts/{account}", {"individual": {"dob": {"day": 2, "month": 3, "year": 1990}}})
    requirements = changed["requirements"]
    assert requirements["currently_due"] == ["individual.verification.document"]
    assert requirements["errors"][0]["code"] == "verification_failed_keyed_identity"
    assert requirements["current_deadline"] > NOW
    assert (requirements["past_due"], changed["charges_enabled"]) == ([], True)
    document = {"individual": {"verification": {"document": {"front": "file_identity_document_success"}}}}
    verified = stripe.post(f"/v1/accounts/{account}", document)
    assert (verified["requirements"]["currently_due"], verified["charges_enabled"]) == ([], True)

    rejected = stripe.post(f"/v1/accounts/{account}/reject", {"reason": "fraud"})
    assert rejected["requirements"]["disabled_reason"] == "rejected.fraud"
    assert (rejected["charges_enabled"], rejected["payouts_enabled"]) == (False, False)
    assert set(rejected["capabilities"].values()) == {"inactive"}
    assert told(stripe, account)[-3:] == ["account.updated", "capability.updated", "capability.updated"]


def test_what_is_overdue_disables_the_account(stripe: Client) -> None:
    account = stripe.post("/v1/accounts", {"type": "custom", **BOTH})["id"]
    onboard(stripe, account)
    stripe.post(f"/v1/accounts/{account}", {"individual": {"id_number": "111111111"}})
    stripe.clock.advance(15 * 86_400)
    late = stripe.get(f"/v1/accounts/{account}")
    assert late["requirements"]["past_due"] == ["individual.verification.document"]
    assert (late["requirements"]["disabled_reason"], late["charges_enabled"]) == ("requirements.past_due", False)


@pytest.mark.parametrize(
    ("given", "status", "due"),
    [
        ({"dob": {"day": 1, "month": 1, "year": 1902}}, "verified", []),
        ({"dob": {"day": 1, "month": 1, "year": 1901}}, "pending", []),
        ({"dob": {"day": 5, "month": 1, "year": 1988}}, "unverified", ["individual.verification.document"]),
        ({"id_number": "222222222"}, "verified", []),
        ({"id_number": "111111111"}, "unverified", ["individual.verification.document"]),
        ({"address": {"line1": "address_no_match"}}, "unverified", ["individual.verification.additional_document"]),
        ({"verification": {"document": {"front": "file_identity_document_success"}}}, "verified", []),
        (
            {"verification": {"document": {"front": "file_identity_document_failure"}}},
            "unverified",
            ["individual.verification.document"],
        ),
        ({"dob": {"day": 1, "month": 1, "year": 1900}}, "unverified", ["individual.verification.document"]),
    ],
)
def test_documented_test_values(stripe: Client, given: Json, status: str, due: list[str]) -> None:
    """docs.stripe.com/connect/testing: dates of birth, numbers, addresses and file tokens."""
    account = stripe.post("/v1/accounts", {"type": "custom", "business_type": "individual", **BOTH})["id"]
    onboard(stripe, account, "pending")
    changed = stripe.post(f"/v1/accounts/{account}", {"individual": given})
    assert changed["individual"]["verification"]["status"] == status
    assert changed["requirements"]["currently_due"] == due


def test_a_company_and_its_persons(stripe: Client) -> None:
    """docs.stripe.com/connect/testing-verification: a company, its representative, an owner, then all owners."""
    bank = {"object": "bank_account", "country": "US", "currency": "usd", "account_number": "000123456789"}
    made = stripe.post(
        "/v1/accounts",
        {
            "type": "custom",
            "country": "US",
            "business_type": "company",
            "business_profile": {"mcc": "5045", "url": "https://bestcookieco.com"},
            "bank_account": bank,
            "tos_acceptance": {"date": NOW, "ip": "1.2.3.4"},
            "settings": {"payments": {"statement_descriptor": "COOKIES"}},
            "company": {
                "name": "The Best Cookie Co",
                "phone": "+15555550100",
                "tax_id": "000000000",
                "address": {"line1": "123 Main St", "city": "San Francisco", "state": "CA", "postal_code": "94111"},
            },
            **BOTH,
        },
    )
    account, company = made["id"], made["company"]
    assert (company["tax_id_provided"], company["owners_provided"], company["name"]) == (
        True,
        False,
        "The Best Cookie Co",
    )
    assert "tax_id" not in company
    assert made["settings"]["payments"]["statement_descriptor"] == "COOKIES"
    assert made["settings"]["payouts"]["schedule"] == {"delay_days": 2, "interval": "daily"}
    assert made["external_accounts"]["data"][0]["account"] == account
    due = made["requirements"]["currently_due"]
    assert {"company.owners_provided", "owners.first_name", "representative.relationship.title"} <= set(due)
    path = f"/v1/accounts/{account}/persons"
    jenny = stripe.post(path, {"first_name": "Jenny", "relationship": {"representative": True, "title": "CEO"}})
    assert jenny["relationship"] == {
        "authorizer": False,
        "director": False,
        "executive": False,
        "legal_guardian": False,
        "owner": False,
        "percent_ownership": None,
        "representative": True,
        "title": "CEO",
    }
    due = stripe.get(f"/v1/accounts/{account}")["requirements"]["currently_due"]
    assert f"{jenny['id']}.last_name" in due
    assert f"{jenny['id']}.first_name" not in due
    assert stripe.get(f"{path}/{jenny['id']}")["requirements"]["currently_due"][0] == "address.city"
    shown = onboard(stripe, account)
    assert (shown["charges_enabled"], shown["company"]["owners_provided"]) == (True, True)
    assert "individual" not in shown
    wrong = stripe.post(f"/v1/accounts/{account}", {"company": {"tax_id": "111111111"}})
    assert wrong["requirements"]["currently_due"] == ["company.verification.document"]
    assert stripe.delete(f"{path}/{jenny['id']}")["deleted"] is True
    assert "person.deleted" in told(stripe, account)


def test_capabilities(stripe: Client) -> None:
    account = stripe.post("/v1/accounts", {"type": "express"})["id"]
    path = f"/v1/accounts/{account}/capabilities"
    assert stripe.get(path)["data"] == []
    unrequested = stripe.get(f"{path}/card_payments")
    assert (unrequested["status"], unrequested["requested"], unrequested["requested_at"]) == (
        "unrequested",
        False,
        None,
    )
    stripe.clock.advance(10)
    asked = stripe.post(f"{path}/card_payments", {"requested": True})
    assert (asked["status"], asked["requested"], asked["requested_at"]) == ("inactive", True, NOW + 10)
    assert "external_account" in asked["requirements"]["currently_due"]
    assert asked["requirements"]["disabled_reason"] == "requirements.fields_needed"
    onboard(stripe, account)
    assert stripe.get(f"{path}/card_payments")["status"] == "active"
    assert stripe.get(f"{path}/card_payments")["requirements"]["currently_due"] == []
    assert stripe.post(f"{path}/card_payments", {"requested": False})["status"] == "unrequested"


def test_the_account_of_the_key(stripe: Client) -> None:
    own = stripe.get("/v1/account")
    assert own["settings"]["dashboard"]["display_name"] == "Sandbox"
    assert (own["charges_enabled"], own["controller"], own["type"]) == (True, {"type": "account"}, "standard")
    assert own["settings"]["payouts"]["schedule"]["interval"] == "daily"
    stripe.post(f"/v1/accounts/{own['id']}", {"settings": {"branding": {"primary_color": "#112233"}}})
    assert stripe.get("/v1/account")["settings"]["branding"]["primary_color"] == "#112233"
    assert stripe.get("/v1/account")["settings"]["dashboard"]["display_name"] == "Sandbox"
    assert stripe.get("/v1/accounts")["data"] == []


def test_what_cannot_be_created(stripe: Client) -> None:
    error = stripe.refused("POST", "/v1/accounts", {"type": "express", **FORMS["controller"]})
    assert error["param"] == "type"
    error = stripe.refused("POST", "/v1/accounts", {"country": "ZZ"})
    assert error["param"] == "country"
    schedule = {"settings": {"payouts": {"schedule": {"interval": "weekly"}}}}
    error = stripe.refused("POST", "/v1/accounts", schedule)
    assert (error["code"], error["param"]) == ("parameter_missing", "settings[payouts][schedule][weekly_anchor]")


def test_the_account_of_the_key_cannot_be_rejected(stripe: Client) -> None:
    own = stripe.get("/v1/account")["id"]
    assert stripe.refused("POST", f"/v1/accounts/{own}/reject", {"reason": "other"})["status"] == 403


def test_account_tokens(stripe: Client) -> None:
    data = {"business_type": "individual", "individual": {"first_name": "Jane"}, "tos_shown_and_accepted": True}
    token = stripe.post("/v1/tokens", {"account": data})["id"]
    made = stripe.post("/v1/accounts", {"type": "custom", "country": "FR", "account_token": token})
    assert (made["individual"]["first_name"], made["tos_acceptance"]["date"]) == ("Jane", NOW)
    token = stripe.post("/v1/tokens", {"person": {"last_name": "Doe"}})["id"]
    person = stripe.post(f"/v1/accounts/{made['id']}/persons", {"person_token": token})
    assert person["last_name"] == "Doe"


@pytest.mark.parametrize(
    ("token", "charges", "payouts", "deadline"),
    [
        ("pm_card_triggerNextRequirements", True, True, True),
        ("pm_card_triggerChargeBlock", False, True, False),
        ("pm_card_triggerPayoutBlock", True, False, False),
    ],
)
def test_trigger_cards(stripe: Client, token: str, charges: bool, payouts: bool, deadline: bool) -> None:
    """docs.stripe.com/connect/testing: cards that make requirements due, or block charges or payouts."""
    account = stripe.post("/v1/accounts", {"type": "custom", **BOTH})["id"]
    onboard(stripe, account)
    params = {"amount": 500, "currency": "usd", "payment_method": token, "payment_method_types": ["card"]}
    stripe.post("/v1/payment_intents", {**params, "confirm": True}, **on(account))
    found = stripe.get(f"/v1/accounts/{account}")
    assert found["requirements"]["currently_due"] == ["individual.id_number"]
    assert (found["charges_enabled"], found["payouts_enabled"]) == (charges, payouts)
    assert (found["requirements"]["current_deadline"] is not None) is deadline
    given = stripe.post(f"/v1/accounts/{account}", {"individual": {"id_number": "000000000"}})
    assert (given["charges_enabled"], given["payouts_enabled"]) == (True, True)
    assert given["requirements"]["currently_due"] == []


def test_automatic_payouts(stripe: Client) -> None:
    """The schedule of the account: its available balance is paid out on the next day, unless it is manual."""
    account = stripe.post("/v1/accounts", {"type": "custom", **BOTH})["id"]
    onboard(stripe, account)
    funds(stripe, account, "usd")
    stripe.clock.advance(2 * 86_400)
    (payout,) = stripe.get("/v1/payouts", **on(account))["data"]
    assert (payout["automatic"], payout["amount"], payout["reconciliation_status"]) == (True, 4825, "in_progress")
    assert stripe.get("/v1/balance", **on(account))["available"][0]["amount"] == 0
    stripe.clock.advance(9 * 86_400)
    (payout,) = stripe.get("/v1/payouts", **on(account))["data"]
    assert (payout["status"], payout["reconciliation_status"]) == ("paid", "completed")
    assert told(stripe, account)[-3:] == ["payout.paid", "payout.updated", "payout.reconciliation_completed"]
    stripe.post(f"/v1/accounts/{account}", {"settings": {"payouts": {"schedule": {"interval": "manual"}}}})
    funds(stripe, account, "usd")
    stripe.clock.advance(5 * 86_400)
    assert len(stripe.get("/v1/payouts", **on(account))["data"]) == 1


def test_the_schedule_of_payouts(stripe: Client) -> None:
    account = stripe.post("/v1/accounts", {"type": "custom", "country": "JP"})["id"]
    path = f"/v1/accounts/{account}"

    def changed(**schedule: object) -> Json:
        found: Json = stripe.post(path, {"settings": {"payouts": {"schedule": schedule}}})
        shown: Json = found["settings"]["payouts"]["schedule"]
        return shown

    monthly = changed(interval="monthly", monthly_anchor=15)
    assert monthly == {"delay_days": 4, "interval": "monthly", "monthly_anchor": 15}
    assert changed(interval="daily", delay_days=9) == {"delay_days": 9, "interval": "daily"}
    assert changed(delay_days="minimum") == {"delay_days": 4, "interval": "daily"}


@pytest.mark.parametrize(
    ("schedule", "days"),
    [
        ({"interval": "daily"}, 1),
        ({"interval": "weekly", "weekly_anchor": "friday"}, 4),
        ({"interval": "monthly", "monthly_anchor": 31}, 29),
        ({"interval": "manual"}, None),
    ],
)
def test_the_next_payout(schedule: Json, days: int | None) -> None:
    """From Monday, 1 June 2026: Tuesday, Friday, the last of June, never."""
    found = next_payout(schedule, NOW)
    assert found == (None if days is None else NOW // 86_400 * 86_400 + days * 86_400)
