"""The round trips of changes from 2025-06-30.basil on, each named as its change."""

from __future__ import annotations

from hypothesis import strategies as st

from stripe_shell.sandbox.billing.calc.periods import add_interval
from tests.sandbox.conftest import NOW
from tests.sandbox.shop import DAY

from .trips import CENTS, Life, Trip, intent, intents, method, session, sessions, subscription, subscriptions, text


def writable_payment_method_types(life: Life) -> Trip:
    kinds = life.draw(st.lists(st.sampled_from(("card", "link", "us_bank_account")), min_size=1, unique=True))
    return intents(intent(life, payment_method_types=kinds), lambda made: made["payment_method_types"], kinds)


def anchor_as_word(life: Life) -> Trip:
    made = life.subscribe(backdate_start_date=NOW - 3 * DAY)
    word = life.draw(st.sampled_from(("now", "unchanged")))
    path, anchor = f"/v1/subscriptions/{made['id']}", NOW if word == "now" else made["billing_cycle_anchor"]
    return Trip("POST", path, {"billing_cycle_anchor": word}, lambda made: made["billing_cycle_anchor"], anchor)


def payto_of_payment_method(life: Life) -> Trip:
    return method(life, payto=life.word("update payment_method", "payto"))


def mandate_of_card_payment(life: Life) -> Trip:
    given = intent(life, source="tok_visa")
    said = (given["amount"], None)
    look = lambda made: (made["amount"], made["payment_method_details"]["card"]["mandate"])  # noqa: E731
    return Trip("POST", "/v1/charges", given, look, said)


def session_countries(life: Life) -> Trip:
    country = life.draw(st.sampled_from(("US", "DE", "FR")))
    holder = {"type": "customer", "customer": life.customer}
    given = {"account_holder": holder, "permissions": ["balances"], "filters": {"countries": [country]}}
    return Trip(
        "POST", "/v1/financial_connections/sessions", given, lambda made: made["filters"]["countries"], [country]
    )


def reject_reason(life: Life) -> Trip:
    key = life.stripe.post("/v1/accounts", {"type": "custom", "country": "US"})["id"]
    reason = life.draw(st.sampled_from(("fraud", "terms_of_service", "other")))
    look = lambda made: made["requirements"]["disabled_reason"]  # noqa: E731
    return Trip("POST", f"/v1/accounts/{key}/reject", {"reason": reason}, look, f"rejected.{reason}")


def evaluation_score(life: Life) -> Trip:
    payment = {"payment_method_details": {"payment_method": "pm_card_visa"}}
    given = {"customer_details": {"customer": life.customer}, "payment_details": {**intent(life), **payment}}
    look = lambda made: isinstance(made["signals"]["fraudulent_payment"]["score"], int | float)  # noqa: E731
    return Trip("POST", "/v1/radar/payment_evaluations", given, look, True)


def payment_evaluation(life: Life) -> Trip:
    return evaluation_score(life)._replace(look=lambda made: "insights" in made)


def igic_of_registration(life: Life) -> Trip:
    es = {"type": life.draw(st.sampled_from(("oss_union", "oss_non_union", "ioss"))), "igic": {}}
    given = {"country": "ES", "country_options": {"es": es}, "active_from": "now"}
    look = lambda made: made["country_options"]["es"]["type"]  # noqa: E731
    return Trip("POST", "/v1/tax/registrations", given, look, es["type"])


def linked_configurations(life: Life) -> Trip:
    key = life.stripe.post("/v2/core/accounts", {"contact_email": "a@example.com"})["id"]
    kind = life.draw(st.sampled_from(("account_onboarding", "account_update")))
    said = life.word("create v2.core.account_link", "use_case", kind, "configurations")
    use = {"type": kind, kind: {"refresh_url": "https://x.test", "configurations": said}}
    look = lambda made: made["use_case"][kind]["configurations"]  # noqa: E731
    return Trip("POST", "/v2/core/account_links", {"account": key, "use_case": use}, look, said)


def sepa_address(life: Life) -> Trip:
    country = life.draw(st.sampled_from(("CH", "GB")))
    details = {"name": "A", "email": "a@example.com", "address": {"country": country, "line1": "1 Street"}}
    given = {"type": "sepa_debit", "sepa_debit": {"iban": "CH9300762011623852957"}, "billing_details": details}
    look = lambda made: made["billing_details"]["address"]["country"]  # noqa: E731
    return Trip("POST", "/v1/payment_methods", given, look, country)


def settlement_speed(life: Life) -> Trip:
    name, path = "preferred_settlement_speed", ("payment_method_options", "us_bank_account")
    bank = {name: life.word("create payment_intent", *path, name)}
    given = intent(life, payment_method_types=["us_bank_account"], payment_method_options={"us_bank_account": bank})
    look = lambda made: (made["amount"], (made["payment_method_options"].get("us_bank_account") or {}).get(name))  # noqa: E731
    return intents(given, look, (given["amount"], None))


def risk_level(life: Life) -> Trip:
    risk = {"card_testing_risk": {"risk_level": life.draw(st.sampled_from(("elevated", "highest", "low")))}}
    given = {"card": life.card(), "amount": life.draw(CENTS), "risk_assessment": risk}
    path = "/v1/test_helpers/issuing/authorizations"
    return Trip("POST", path, given, lambda made: made["pending_request"] or made["amount"] >= 0, True)


def canceled_by_retention(life: Life) -> Trip:
    said = {"comment": text(life), "feedback": life.word("update subscription", "cancellation_details", "feedback")}
    look = lambda made: {name: made["cancellation_details"][name] for name in said}  # noqa: E731
    return Trip("POST", f"/v1/subscriptions/{life.subscribe()['id']}", {"cancellation_details": said}, look, said)


def event_times(life: Life) -> Trip:
    edge = life.draw(st.sampled_from(("gt", "gte")))
    return Trip("GET", "/v2/core/events", {edge: "2031-01-01T00:00:00Z"}, lambda made: made["data"], [])


def billing_mode_default(life: Life) -> Trip:
    kind = life.draw(st.sampled_from((None, "classic", "flexible")))
    given = subscription(life, **({"billing_mode": {"type": kind}} if kind else {}))
    return subscriptions(given, lambda made: made["billing_mode"]["type"], kind or "classic")


def billing_mode_shown(life: Life) -> Trip:
    said = {"a": text(life)}
    given = subscription(life, metadata=said)
    return subscriptions(given, lambda made: (made["metadata"], "billing_mode" in made), (said, False))


def discount_coupon(life: Life) -> Trip:
    word = life.draw(st.sampled_from(({"coupon": life.coupon}, {"promotion_code": life.code})))
    given = subscription(life, discounts=[word], expand=["discounts"])
    look = lambda made: (made["discounts"][0]["coupon"]["id"], "source" in made["discounts"][0])  # noqa: E731
    return subscriptions(given, look, (life.coupon, False))


def computed_phase_end(life: Life) -> Trip:
    start, times = NOW + DAY, life.draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
    phases = [{"items": [{"price": life.price}], "iterations": number} for number in times]
    ends, end = [], start
    for number in times:
        end = add_interval(end, "month", number)
        ends.append(end)
    given = {"customer": life.customer, "start_date": start, "phases": phases}
    look = lambda made: [phase["end_date"] for phase in made["phases"]]  # noqa: E731
    return Trip("POST", "/v1/subscription_schedules", given, look, ends)


def phase_iterations(life: Life) -> Trip:
    return computed_phase_end(life)


def removed_parameters(life: Life) -> Trip:
    name = life.draw(st.sampled_from(("link", "pay_by_bank")))
    return method(life, **{name: life.word("update payment_method", name)})


def naver_pay_of_payment_method(life: Life) -> Trip:
    return method(life, naver_pay=life.word("update payment_method", "naver_pay"))


def currency_conversion(life: Life) -> Trip:
    given = session(life, "payment", client_reference_id=text(life))
    look = lambda made: (made["client_reference_id"], made["currency_conversion"])  # noqa: E731
    return sessions(given, look, (given["client_reference_id"], None))


def account_session_reports(life: Life) -> Trip:
    enabled = life.draw(st.booleans())
    given = {"account": life.account, "components": {"account_onboarding": {"enabled": enabled}}}
    look = lambda made: (made["components"]["account_onboarding"]["enabled"], "balance_report" in made["components"])  # noqa: E731  # fmt: skip
    return Trip("POST", "/v1/account_sessions", given, look, (enabled, True))
