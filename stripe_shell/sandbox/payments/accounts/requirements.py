"""The requirements of an account: which of its information is missing, by country, business type and capabilities.

Pure functions of the account and its persons. The names are those of Stripe's `requirements`: `individual.dob.day`,
`company.tax_id`, `person_….first_name`, `external_account`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from stripe_shell.sandbox.objects.context import Json

from .countries import CountryFacts, facts_of

#: Members that are required but not shown; instead a flag says whether they were provided.
_FLAGS: Final[Mapping[str, str]] = {
    "id_number": "id_number_provided",
    "ssn_last_4": "ssn_last_4_provided",
    "tax_id": "tax_id_provided",
}
_TERMS: Final = ("tos_acceptance.date", "tos_acceptance.ip")
#: What an account with the full dashboard, or one without capabilities, must say about its business too (recorded).
_FULL_PROFILE: Final = ("product_description", "support_phone", "url")
#: What companies must say about the person that represents them.
_REPRESENTATIVE: Final = ("relationship.executive", "relationship.title")
_ROLE_MEMBERS: Final = ("email", "first_name", "last_name")
_ROLES: Final[Mapping[str, str]] = {"directors": "director", "executives": "executive", "owners": "owner"}


def missing(account: Json, persons: Iterable[Json], *, has_external: bool) -> list[str]:
    """Returns the names of the required information that is missing, sorted."""
    return sorted(set(_missing(account, list(persons), has_external)))


def missing_of_person(account: Json, person: Mapping[str, Any]) -> list[str]:
    """Returns the names of a person's required members that are missing, sorted and without a prefix."""
    return sorted(name for name in _person_members(account, person) if not is_given(person, name))


def alternatives(account: Json, due: Iterable[str]) -> list[Json]:
    """Returns what can be given in the place of what is due: in the US a description of the product for the URL."""
    described = "business_profile.product_description"
    if account["country"] != "US" or "business_profile.url" not in due or described in due:
        return []
    return [{"alternative_fields_due": [described], "original_fields_due": ["business_profile.url"]}]


def later(account: Json, person: Mapping[str, Any]) -> list[str]:
    """Returns a person's members that are required once the account has reached a threshold."""
    name = facts_of(account["country"]).id_number
    return [name] if name and _wants_persons(account) and not is_given(person, name) else []


def prefix_of(account: Json, person: Mapping[str, Any]) -> str:
    """Returns how a person is called in an account's requirements: `individual`, or by the id."""
    return "individual" if account["business_type"] == "individual" and is_representative(person) else person["id"]


def is_representative(person: Mapping[str, Any]) -> bool:
    """Whether a person represents the account."""
    return bool((person.get("relationship") or {}).get("representative"))


def is_given(owner: Mapping[str, Any], name: str) -> bool:
    """Whether an object has the member at a dotted path, or the flag that stands for a member that is not shown."""
    if owner.get("id_number_provided") and name == "ssn_last_4":
        return True
    value: Any = owner
    for part in _FLAGS.get(name, name).split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value not in (None, "", False)


def is_company(account: Mapping[str, Any]) -> bool:
    """Whether the account is that of a company, a non-profit or a government."""
    return account["business_type"] not in (None, "individual")


def _missing(account: Json, persons: list[Json], has_external: bool) -> Iterator[str]:
    facts = facts_of(account["country"])
    yield from (name for name in _business(account, facts) if not is_given(account, name))
    yield from (name for name in _TERMS if not is_given(account, name))
    if not has_external:
        yield "external_account"
    if not _wants_persons(account):
        return
    if account["business_type"] is None:
        yield "business_type"
    if is_company(account):
        yield from _company(account, persons, facts)
    representative = next((person for person in persons if is_representative(person)), None)
    if representative is None:
        prefix = "individual" if account["business_type"] == "individual" else "representative"
        yield from (f"{prefix}.{name}" for name in _person_members(account, None))
    for person in persons:
        yield from (f"{prefix_of(account, person)}.{name}" for name in missing_of_person(account, person))


def _business(account: Json, facts: CountryFacts) -> Iterator[str]:
    asked = account["capabilities"]
    full = account["controller"]["stripe_dashboard"]["type"] == "full" or not asked
    names = {*(facts.business_profile if _wants_persons(account) else ()), *(_FULL_PROFILE if full else ())}
    described = account["country"] == "US" and not full and is_given(account, "business_profile.product_description")
    yield from (f"business_profile.{name}" for name in names if not (described and name == "url"))
    if facts.descriptor and "card_payments" in asked:
        yield "settings.payments.statement_descriptor"


def _wants_persons(account: Json) -> bool:
    return bool(account["capabilities"]) or account["business_type"] is not None


def _company(account: Json, persons: list[Json], facts: CountryFacts) -> Iterator[str]:
    company = account.get("company") or {}
    yield from (f"company.{name}" for name in (*facts.address, *facts.company) if not is_given(company, name))
    if account["business_type"] == "government_entity":
        return
    for role in facts.roles:
        if role == "owners" and account["business_type"] == "non_profit":
            continue
        if not company.get(f"{role}_provided"):
            yield f"company.{role}_provided"
            if not any((person.get("relationship") or {}).get(_ROLES[role]) for person in persons):
                yield from (f"{role}.{name}" for name in _ROLE_MEMBERS)


def _person_members(account: Json, person: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Returns the members that are required of a person; None for the representative that is not there yet."""
    facts = facts_of(account["country"])
    if person is not None and not is_representative(person):
        return _ROLE_MEMBERS
    if account["business_type"] is None and facts.unknown_person is not None:
        return facts.unknown_person
    return (*facts.person, *(_REPRESENTATIVE if is_company(account) else ()))
