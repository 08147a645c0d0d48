"""Persons of connected accounts: their form before anything is said about them."""

from __future__ import annotations

from typing import Final

from stripe_shell.sandbox.objects.context import Context, Json

from .forms import new_requirements

_FLAGS: Final = ("authorizer", "director", "executive", "legal_guardian", "owner")
_ADDRESS: Final = ("city", "country", "line1", "line2", "postal_code", "state")
_DOCUMENT: Final = ("back", "details", "details_code", "front")
#: The members that only persons in Japan have.
_JAPANESE: Final = (
    "address_kana",
    "address_kanji",
    "first_name_kana",
    "first_name_kanji",
    "last_name_kana",
    "last_name_kanji",
)
_NOT_OF_A_PERSON: Final = ("current_deadline", "disabled_reason")


def new_person(ctx: Context, account: Json) -> Json:
    """Returns a new person of an account, not stored."""
    lists = {name: value for name, value in new_requirements().items() if name not in _NOT_OF_A_PERSON}
    japanese = dict.fromkeys(_JAPANESE) if account["country"] == "JP" else {}
    terms = dict.fromkeys(("date", "ip", "user_agent"))
    members: Json = {
        "account": account["id"],
        "additional_tos_acceptances": {"account": terms},
        "address": dict.fromkeys(_ADDRESS) | {"country": account["country"]},
        "created": ctx.now(),
        "dob": dict.fromkeys(("day", "month", "year")),
        "email": None,
        "first_name": None,
        "future_requirements": lists,
        "id_number_provided": False,
        "last_name": None,
        "metadata": {},
        "phone": None,
        "relationship": dict.fromkeys(_FLAGS, False)
        | {"percent_ownership": None, "representative": False, "title": None},
        "requirements": {name: list(value) for name, value in lists.items()},
        "verification": {
            "additional_document": dict.fromkeys(_DOCUMENT),
            "details": None,
            "details_code": None,
            "document": dict.fromkeys(_DOCUMENT),
            "status": "unverified",
        },
        **japanese,
    }
    if account["country"] == "US":
        members["ssn_last_4_provided"] = False
    return {"id": ctx.new_id("person"), "object": "person", **dict(sorted(members.items()))}
