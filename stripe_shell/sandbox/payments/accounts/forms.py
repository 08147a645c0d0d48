"""The forms of an account: controller and settings of standard, express and custom accounts, and of the key's own.

Shapes and defaults are those of recorded accounts (2025-03-31.basil); the controllers of the three types are documented
in https://docs.stripe.com/connect/migrate-to-controller-properties.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Json
from stripe_shell.sandbox.objects.pages import list_object

from .countries import facts_of

#: The controllers that the account types stand for: who pays fees, who is liable for losses, who collects
#: requirements, and which dashboard there is.
_CONTROLLERS: Final[Mapping[str, tuple[str, str, str, str]]] = {
    "custom": ("application_custom", "application", "application", "none"),
    "express": ("application_express", "application", "stripe", "express"),
    "standard": ("account", "stripe", "stripe", "full"),
}

_REQUIREMENT_LISTS: Final = ("alternatives", "currently_due", "errors", "eventually_due", "past_due")


def controller_of(kind: str) -> Json:
    """Returns the controller that a type of connected account stands for."""
    payer, losses, collection, dashboard = _CONTROLLERS[kind]
    return _controller(payer, losses, collection, dashboard)


def controller_given(given: Mapping[str, Any]) -> Json:
    """Returns the controller for the parameter `controller`; what it leaves out is as in a standard account."""
    return _controller(
        (given.get("fees") or {}).get("payer") or "account",
        (given.get("losses") or {}).get("payments") or "stripe",
        given.get("requirement_collection") or "stripe",
        (given.get("stripe_dashboard") or {}).get("type") or "full",
    )


def check_controller(controller: Json) -> None:
    """Raises StripeError for a combination that Stripe does not offer.

    The first text is Stripe's, as a report of 2026-04 quotes it; the others are worded like it, for what the page names
    (https://docs.stripe.com/connect/migrate-to-controller-properties) and a report of 2026-07 tells of the dashboard of
    Express accounts.
    """
    dashboard = controller["stripe_dashboard"]["type"]
    collection = controller["requirement_collection"]
    payer, losses = controller["fees"]["payer"], controller["losses"]["payments"]
    if dashboard == "none" and collection == "stripe" and losses != "stripe":
        raise errors.invalid(
            "When stripe_dashboard[type]=none and requirement_collection=stripe, Stripe must be liable for negative "
            "balances or refunds and chargebacks.",
            param="controller[losses][payments]",
        )
    if collection == "application" and dashboard != "none":
        raise errors.invalid(
            "When requirement_collection=application, stripe_dashboard[type] must be none.",
            param="controller[stripe_dashboard][type]",
        )
    if collection == "application" and losses != "application":
        raise errors.invalid(
            "When requirement_collection=application, the application must be liable for negative balances or refunds "
            "and chargebacks.",
            param="controller[losses][payments]",
        )
    if dashboard == "express" and (payer, losses) != ("application", "application"):
        raise errors.invalid(
            "When stripe_dashboard[type]=express, the application must pay fees and be liable for negative balances or "
            "refunds and chargebacks.",
            param="controller[stripe_dashboard][type]",
        )


def _controller(payer: str, losses: str, collection: str, dashboard: str) -> Json:
    return {
        "fees": {"payer": payer},
        "is_controller": True,
        "losses": {"payments": losses},
        "requirement_collection": collection,
        "stripe_dashboard": {"type": dashboard},
        "type": "application",
    }


def new_requirements() -> Json:
    """Returns the requirements of an account with nothing due."""
    lists: Json = {name: [] for name in (*_REQUIREMENT_LISTS, "pending_verification")}
    return dict(sorted({**lists, "current_deadline": None, "disabled_reason": None}.items()))


def new_settings(country: str, *, collected_by_platform: bool = False, name: str | None = None) -> Json:
    """Returns the settings of a new account; custom accounts do not have negative balances debited."""
    return {
        "bacs_debit_payments": {"display_name": None, "service_user_number": None},
        "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
        "card_issuing": {"tos_acceptance": {"date": None, "ip": None}},
        "card_payments": {
            "decline_on": {"avs_failure": False, "cvc_failure": False},
            "statement_descriptor_prefix": None,
            "statement_descriptor_prefix_kana": None,
            "statement_descriptor_prefix_kanji": None,
        },
        "dashboard": {"display_name": name, "timezone": "Etc/UTC"},
        "invoices": {"default_account_tax_ids": None, "hosted_payment_method_save": "always"},
        "payments": {
            "statement_descriptor": None,
            "statement_descriptor_kana": None,
            "statement_descriptor_kanji": None,
        },
        "payouts": {
            "debit_negative_balances": not collected_by_platform,
            "schedule": _schedule(country),
            "statement_descriptor": None,
        },
        "sepa_debit_payments": {},
    }


def _schedule(country: str) -> Json:
    facts = facts_of(country)
    weekly = {"weekly_anchor": facts.weekly_anchor} if facts.weekly_anchor else {}
    return {"delay_days": facts.delay_days, "interval": "weekly" if weekly else "daily", **weekly}


def new_company(country: str, *, provided: bool) -> Json:
    """Returns the `company` of an account about which nothing was sent; `provided` is for what only companies give."""
    address = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
    document = dict.fromkeys(("back", "details", "details_code", "front"))
    kana = {"address_kana": None, "address_kanji": None} if country == "JP" else {}
    names = {"name_kana": None, "name_kanji": None} if country == "JP" else {}
    return {
        "address": address | {"country": country},
        **kana,
        "directors_provided": provided,
        "executives_provided": provided,
        "name": None,
        **names,
        "owners_provided": provided,
        "phone": None,
        "tax_id_provided": False,
        "verification": {"document": document},
    }


def empty_list(url: str, rows: list[Json] | None = None) -> Json:
    """Returns an embedded list object of a few rows."""
    return list_object(url, rows or [])
