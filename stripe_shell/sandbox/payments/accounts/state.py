"""The state of connected accounts: requirements, verification, capabilities and what is enabled, with their events.

Every change to an account, its persons or its external accounts ends in `refresh`, which counts everything anew from
what is stored and emits `account.updated`, `capability.updated` and `person.updated` for what changed. Those events are
the connected account's: they have its id as `account`, and go to the platform's Connect endpoints.
"""

from __future__ import annotations

import json
from typing import Final

from stripe_shell.records import record
from stripe_shell.sandbox.objects import jobs
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.private_fields import AccountPrivate, PersonPrivate
from stripe_shell.sandbox.payments.transfers import on_account

from . import requirements, verification
from .forms import empty_list, new_requirements
from .verification import Judgement, TestValues

#: The seconds until charges and payouts are disabled when something becomes due on an active account [?].
DEADLINE: Final = 14 * 86_400

_TRANSFERS_ONLY: Final = "recipient"


@record
class Findings:
    """The requirements of an account: names due now and later, names that wait for verification, and errors."""

    due: list[str]
    later: list[str]
    waiting: list[str]
    errors: list[Json]
    is_listed: bool = False


def refresh(ctx: Context, account: Json) -> None:
    """Mutates `account`: counts its state anew, saves it and emits the events. The context is the platform's."""
    before = dict(account["capabilities"])
    persons = ctx.all("person", account=account["id"], oldest_first=True)
    externals = external_accounts(ctx, account["id"])
    findings = _findings(ctx, account, persons, has_external=bool(externals))
    account["external_accounts"] = empty_list(f"/v1/accounts/{account['id']}/external_accounts", externals)
    _show_individual(account, persons)
    _set_requirements(ctx, account, findings)
    _set_capabilities(account)
    changed = ctx.save(account)
    told = on_account(ctx, account["id"])
    if changed:
        told.emit("account.updated", account, changed)
    for name, status in account["capabilities"].items():
        if before.get(name) != status:
            told.emit("capability.updated", capability(ctx, account, name), {"status": before.get(name, "unrequested")})


def refresh_by_id(ctx: Context, account: str | None) -> None:
    """Counts the state of a connected account anew; does nothing for the key's own account."""
    platform = on_account(ctx, ctx.platform)
    found = platform.find("account", account) if account and account != ctx.platform else None
    if found is not None:
        refresh(platform, found)


def trigger(ctx: Context, account: str, kind: str) -> None:
    """Makes the next requirements of an active connected account due, and with a `kind` of those blocks it.

    `kind` is that of a test card: `requirements`, `charges` or `payouts` (docs.stripe.com/connect/testing).
    """
    platform = on_account(ctx, ctx.platform)
    found = platform.find("account", account) if account != ctx.platform else None
    if found is None:
        return
    private = platform.private(found, AccountPrivate)
    if not private.get("was_active"):
        return
    represented = next(filter(requirements.is_representative, platform.iterate("person", account=account)), None)
    named = requirements.later(found, represented) if represented is not None else []
    private["threshold"] = named or ["verification.document"]
    if kind != "requirements":
        private["blocked"] = [kind]
    refresh(platform, found)


def external_accounts(ctx: Context, account: str) -> list[Json]:
    """Returns copies of the bank accounts and debit cards that receive an account's payouts, oldest first."""
    kinds = ("bank_account", "card")
    return [dict(found) for kind in kinds for found in ctx.iterate(kind, account=account, oldest_first=True)]


def capability(ctx: Context, account: Json, name: str) -> Json:
    """Returns the capability object of an account; one that was not requested is `unrequested`."""
    status = account["capabilities"].get(name)
    asked = ctx.private(account, AccountPrivate).get("requested_at") or {}
    view = ctx.new("capability", account=account["id"], id=name, requested=status is not None)
    view |= {"requested_at": asked.get(name) if status else None, "status": status or "unrequested"}
    lists = account.get("requirements") or new_requirements()
    for member in ("requirements", "future_requirements"):
        view[member] = dict(lists if status and member == "requirements" else new_requirements())
        view[member]["disabled_reason"] = None
    if status == "inactive":
        view["requirements"]["disabled_reason"] = (
            "rejected.other" if str(lists["disabled_reason"]).startswith("rejected.") else "requirements.fields_needed"
        )
    return view


def complete_verification(ctx: Context, account: Json) -> None:
    """Verifies the persons who wait for it, and counts the account anew."""
    for person in ctx.all("person", account=account["id"]):
        private = ctx.private(person, PersonPrivate)
        if private.get("pending"):
            private["passed"] = private.pop("pending")
            ctx.save(person)
    refresh(ctx, account)


# --- inside --------------------------------------------------------------------------------------------------


def _findings(ctx: Context, account: Json, persons: list[Json], *, has_external: bool) -> Findings:
    due = requirements.missing(account, persons, has_external=has_external)
    found = Findings(due, [], [], [], any(map(verification.is_listed, persons)))
    for person in persons:
        prefix = requirements.prefix_of(account, person)
        _judge(ctx, account, person, f"{prefix}.", found)
        if requirements.is_representative(person):
            found.later.extend(f"{prefix}.{name}" for name in _later(ctx, account, person))
    company = account.get("company") or {}
    if requirements.is_company(account) and requirements.is_given(company, "tax_id"):
        private = ctx.private(account, AccountPrivate)
        judgement = verification.judge_company(company, private.get("tax_id"), private.get("document"))
        _note_failure(judgement, "company.", found)
    return found


def _later(ctx: Context, account: Json, person: Json) -> list[str]:
    """Returns the members that become due next: those of the country, and a document once a threshold asked for it."""
    asked = ctx.private(account, AccountPrivate).get("threshold") or []
    given = bool(ctx.private(person, PersonPrivate).get("document"))
    document = [] if given or "verification.document" not in asked else ["verification.document"]
    return [*requirements.later(account, person), *document]


def _judge(ctx: Context, account: Json, person: Json, prefix: str, found: Findings) -> None:
    """Mutates and saves `person`: its requirements and verification. Mutates `found`."""
    missing = requirements.missing_of_person(account, person)
    own = Findings(list(missing), [], [], [])
    status = "unverified"
    if not missing and requirements.is_representative(person):
        status = _status(ctx, account, person, own)
    person["requirements"] = {
        "alternatives": [],
        "currently_due": own.due,
        "errors": own.errors,
        "eventually_due": own.due,
        "past_due": [] if ctx.private(account, AccountPrivate).get("was_active") else own.due,
        "pending_verification": own.waiting,
    }
    person["verification"] |= {
        "details": own.errors[0]["reason"] if own.errors else None,
        "details_code": own.errors[0]["code"].removeprefix("verification_") if own.errors else None,
        "status": status,
    }
    found.due.extend(f"{prefix}{name}" for name in own.due if f"{prefix}{name}" not in found.due)
    found.waiting.extend(f"{prefix}{name}" for name in own.waiting)
    found.errors.extend(error | {"requirement": f"{prefix}{error['requirement']}"} for error in own.errors)
    changed = ctx.save(person)
    if changed:
        on_account(ctx, account["id"]).emit("person.updated", person, changed)


def _status(ctx: Context, account: Json, person: Json, own: Findings) -> str:
    """Returns a complete person's verification status. Mutates `own`; schedules a verification that takes a while."""
    private = ctx.private(person, PersonPrivate)
    values = TestValues(private.get("id_number"), private.get("document"), private.get("additional_document"))
    signature = json.dumps([person["dob"], person["address"], repr(values)])
    judgement = verification.judge_person(person, values)
    if judgement.outcome == "fail" or verification.is_listed(person):
        private.pop("pending", None)
        _note_failure(judgement, "", own)
        return "unverified"
    if judgement.outcome == "now" or private.get("passed") == signature:
        private["passed"] = signature
        private.pop("pending", None)
        return "verified"
    if private.get("pending") != signature:
        private["pending"] = signature
        jobs.schedule(ctx, verification.TAKES, account, "verify")
    own.waiting.append("verification.document")
    return "pending"


def _note_failure(judgement: Judgement, prefix: str, found: Findings) -> None:
    if judgement.code:
        name = f"{prefix}{judgement.requirement}"
        found.due.append(name)
        found.errors.append({"code": judgement.code, "reason": judgement.reason, "requirement": name})


def _show_individual(account: Json, persons: list[Json]) -> None:
    represented = next(filter(requirements.is_representative, persons), None)
    if account["business_type"] == "individual" and represented is not None:
        account["individual"] = dict(represented)
    else:
        account.pop("individual", None)


def _set_requirements(ctx: Context, account: Json, findings: Findings) -> None:
    private = ctx.private(account, AccountPrivate)
    due = sorted({*findings.due, *(findings.later if private.get("threshold") else ())})
    if not due:
        private.pop("threshold", None)
        private.pop("blocked", None)
    overdue = _overdue(ctx, account, due)
    account["requirements"] = new_requirements() | {
        "alternatives": requirements.alternatives(account, due),
        "current_deadline": private.get("deadline") if due and not overdue else None,
        "currently_due": due,
        "disabled_reason": _disabled_reason(ctx, account, findings, overdue=overdue),
        "errors": findings.errors,
        "eventually_due": sorted({*due, *findings.later}),
        "past_due": due if overdue else [],
        "pending_verification": sorted(findings.waiting),
    }
    account["details_submitted"] = account["details_submitted"] or not due
    _enable(ctx, account)


def _overdue(ctx: Context, account: Json, due: list[str]) -> bool:
    """Whether what is due disables the account: at once before it was active, later at the deadline."""
    private = ctx.private(account, AccountPrivate)
    if not due:
        private.pop("deadline", None)
        return False
    if not private.get("was_active") or private.get("blocked"):
        return True
    if private.get("deadline") is None:
        private["deadline"] = ctx.now() + DEADLINE
        jobs.schedule(ctx, DEADLINE, account, "deadline")
    return private["deadline"] <= ctx.now()


def _disabled_reason(ctx: Context, account: Json, findings: Findings, *, overdue: bool) -> str | None:
    private = ctx.private(account, AccountPrivate)
    if private.get("rejected"):
        return f"rejected.{private['rejected']}"
    if findings.is_listed:
        return "listed"
    if overdue:
        return "requirements.past_due"
    waits = findings.waiting and not private.get("was_active")
    return "requirements.pending_verification" if waits else None


def _enable(ctx: Context, account: Json) -> None:
    private = ctx.private(account, AccountPrivate)
    reason = account["requirements"]["disabled_reason"]
    blocked = private.get("blocked") or []
    only_receives = (account.get("tos_acceptance") or {}).get("service_agreement") == _TRANSFERS_ONLY
    open_for = not reason or (bool(blocked) and reason == "requirements.past_due")
    account["charges_enabled"] = open_for and not only_receives and "charges" not in blocked
    account["payouts_enabled"] = (open_for and "payouts" not in blocked) or bool(private.get("keeps_payouts"))
    if not reason:
        private["was_active"] = True


def _set_capabilities(account: Json) -> None:
    reason = account["requirements"]["disabled_reason"]
    waiting = reason == "requirements.pending_verification"
    for name in account["capabilities"]:
        enabled = account["payouts_enabled" if name == "transfers" else "charges_enabled"]
        account["capabilities"][name] = "active" if enabled else "pending" if waiting else "inactive"
