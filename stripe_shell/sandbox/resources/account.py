"""Accounts: the account of the API key, and connected accounts."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import action, job
from stripe_shell.sandbox.objects.echo import echo
from stripe_shell.sandbox.objects.listing import ListFilters, ListPage
from stripe_shell.sandbox.objects.private_fields import AccountPrivate, TokenPrivate
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.payments import legacy_sources, transfers
from stripe_shell.sandbox.payments.accounts import (
    countries,
    forms,
    onboarding,
    requirements,
    schedules,
    state,
    verification,
)
from stripe_shell.sandbox.payments.accounts.own import own_account
from stripe_shell.sandbox.storage.rows import SqlCondition
from stripe_shell.spec.model import Operation

from .person import Person

#: What an account can be rejected for, as its `disabled_reason` says it (docs.stripe.com/api/account/reject).
_REJECTED: Final = ("fraud", "terms_of_service", "other")
#: How often onboarding asks at most: what is given may make more information due.
_ROUNDS: Final = 5
#: The company's numbers, which are not shown, and the flags that say that they were given.
_NUMBERS: Final = {"registration_number": "tax_id_provided", "tax_id": "tax_id_provided", "vat_id": "vat_id_provided"}


class Account(Resource):
    """`/v1/account`, `/v1/accounts`. Requests run on a created account when `Stripe-Account` names it."""

    object = "account"
    defaults: ClassVar = {
        "business_profile": dict.fromkeys(
            (
                "annual_revenue",
                "estimated_worker_count",
                "mcc",
                "name",
                "product_description",
                "support_address",
                "support_email",
                "support_phone",
                "support_url",
                "url",
            )
        ),
        "capabilities": {},
        "charges_enabled": False,
        "country": "US",
        "default_currency": "usd",
        "details_submitted": False,
        "payouts_enabled": False,
        "type": "standard",
    }
    unechoed = ("account_token", "capabilities", "company", "controller", "individual")
    absent = ("company", "individual", "groups")

    def new_id(self, ctx: Context, prefix: str | None = None) -> str:
        """Returns an id: `acct_` and 16 characters."""
        return ctx.ids.account(ctx.now())

    def take_legacy(self, operation: Operation, params: Json) -> Json:
        """Removes from `params` and returns `external_account` given as data, which the OpenAPI description lacks.

        Mutates `params`: `fraud`, a reason in versions before 2026-09-30.endive, becomes one of today's.
        """
        if operation.action == "reject" and params.get("reason") == "fraud":
            params["reason"] = "fraud_other"
        return super().take_legacy(operation, params) | legacy_sources.take_data(params)

    def load(self, ctx: Context, key: str) -> Json | None:
        """Returns a connected account, or the account of the API key, which exists without being created."""
        found = ctx.find("account", key)
        if found is None and key == ctx.account:
            found = own_account(ctx) if ctx.account == ctx.platform else self._keeper(ctx).find("account", key)
        if found is not None and "controller" not in found:
            _complete(found)
        return found

    # --- create ----------------------------------------------------------------------------------------------

    def validate_create(self, ctx: Context, params: Json) -> None:
        """Raises StripeError for a type beside a controller, an unknown country and an invalid payout schedule."""
        _use_token(ctx, params)
        if params.get("controller") and params.get("type"):
            raise errors.invalid(
                "You may not provide the `type` parameter and `controller` parameters simultaneously. They are "
                "mutually exclusive.",
                param="type",
            )
        if params.get("controller"):
            forms.check_controller(forms.controller_given(params["controller"]))
        if params.get("country") and not countries.is_known(params["country"]):
            raise errors.invalid(f"Country '{params['country']}' is not supported by Stripe.", param="country")
        schedules.check(params)

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: gives it the form of its type or controller, and the country's currency and settings."""
        given = params.get("controller")
        obj["type"] = "none" if given else obj["type"]
        obj["controller"] = forms.controller_given(given) if given else forms.controller_of(obj["type"])
        obj["country"] = params.get("country") or ctx.get("account", ctx.account)["country"]
        obj["default_currency"] = params.get("default_currency") or countries.currency_of(obj["country"])
        obj |= {"created": ctx.now(), "settings": None}
        _complete(obj)
        schedules.take(obj, params)
        self.echo(obj, {"settings": params.get("settings") or {}})
        self._take(ctx, obj, params)
        shown = {"id": obj["id"], "object": "account", **dict(sorted(obj.items()))}
        obj.clear()
        obj.update(shown)

    def after_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Connects the account with its platform, stores its person and external account, and counts its state."""
        ctx.session.connect(transfers.on_account(ctx, obj["id"]).account_number, ctx.account_number)
        self._take_parts(ctx, obj, params)
        state.refresh(ctx, obj)

    # --- update ----------------------------------------------------------------------------------------------

    def update(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Updates an account. A connected account is stored on its platform, whichever account the request runs on."""
        keeper = self._keeper(ctx)
        _use_token(keeper, params)
        schedules.check(params)
        self.check_references(keeper, params)
        schedules.take(obj, params)
        self.echo(obj, params)
        self._take(keeper, obj, params)
        if obj["id"] == ctx.platform:
            if keeper.row("account", obj["id"]) is None:
                keeper.insert(obj)
            self.announce(keeper, "updated", obj, keeper.save(obj))
            return obj
        self._take_parts(keeper, obj, params)
        state.refresh(keeper, obj)
        return obj

    def list_page(self, ctx: Context, params: Json) -> ListPage:
        """Returns one page of the connected accounts."""
        return super().list_page(ctx, {**params, "connected_to": ctx.account})

    def filter_connected_to(self, ctx: Context, value: str, filters: ListFilters) -> None:
        """Leaves out the key's own account."""
        filters.where.append(SqlCondition("o.id != ?", (value,)))

    # --- actions ---------------------------------------------------------------------------------------------

    @action
    def retrieve_current(self, ctx: Context, params: Json) -> Json:
        """Returns the account that the request runs on."""
        return ctx.get("account", ctx.account)

    @action
    def reject(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Rejects an account: disables charges, capabilities and, unless `payouts_action` is `none`, payouts."""
        if obj["id"] == ctx.platform:
            raise errors.invalid("You cannot reject the account that your API key belongs to.", status=403)
        keeper = self._keeper(ctx)
        private = keeper.private(obj, AccountPrivate)
        kind = params["reason"].partition("_")[0] if params["reason"].startswith("fraud") else params["reason"]
        private |= {
            "keeps_payouts": params.get("payouts_action") == "none",
            "rejected": kind if kind in _REJECTED else "other",
        }
        state.refresh(keeper, obj)
        return obj

    def onboard(self, ctx: Context, obj: Json, outcome: onboarding.Verification) -> None:
        """Mutates and saves an account: gives everything that is due, as its holder does in hosted onboarding.

        An account without capabilities gets those for card payments and transfers.
        """
        if not obj["capabilities"]:
            asked = {name: {"requested": True} for name in ("card_payments", "transfers")}
            self.update(ctx, obj, {"capabilities": asked})
        for _ in range(_ROUNDS):
            due = [name for name in obj["requirements"]["currently_due"] if _can_answer(name, outcome)]
            if not due:
                return
            params, people = onboarding.answers(obj, due, outcome, now=ctx.now())
            for key, given in people.items():
                person = ctx.find("person", key)
                if person is None:
                    ctx.handler(Person).make(ctx, obj, given)
                else:
                    ctx.handler(Person).change(ctx, person, given)
            self.update(ctx, obj, params)

    @job
    def verify(self, ctx: Context, obj: Json) -> None:
        """Completes the verification of the account's persons. Runs as a job."""
        state.complete_verification(ctx, obj)

    @job
    def deadline(self, ctx: Context, obj: Json) -> None:
        """Disables what the requirements that are due block by now. Runs as a job at their deadline."""
        state.refresh(ctx, obj)

    def before_delete(self, ctx: Context, obj: Json, params: Json) -> None:
        """Raises StripeError (403) for the account of the API key. A standard account is deauthorized."""
        if obj["id"] in (ctx.account, ctx.platform):
            raise errors.invalid("You cannot delete the account that your API key belongs to.", status=403)
        if obj["type"] == "standard":
            ctx.emit("account.application.deauthorized", {"id": f"ca_{ctx.ids.text(24)}", "object": "application"})

    # --- inside ----------------------------------------------------------------------------------------------

    def _keeper(self, ctx: Context) -> Context:
        return transfers.on_account(ctx, ctx.platform)

    def _take(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets capabilities and company."""
        asked = ctx.private(obj, AccountPrivate).setdefault("requested_at", {})
        for name, given in (params.get("capabilities") or {}).items():
            if isinstance(given, dict) and given.get("requested"):
                asked.setdefault(name, ctx.now())
                obj["capabilities"].setdefault(name, "unrequested")
            else:
                asked.pop(name, None)
                obj["capabilities"].pop(name, None)
        company = params.get("company") or {}
        if company or requirements.is_company(obj):
            of_company = requirements.is_company(obj)
            obj.setdefault("company", forms.new_company(obj["country"], provided=not of_company))
        if company:
            self._take_company(ctx, obj, company)

    def _take_company(self, ctx: Context, obj: Json, company: Json) -> None:
        """Mutates `obj`: copies the company's members; of its numbers, only that they were given."""
        shown = self.table.schema("legal_entity_company")
        echo(self.table, obj["company"], company, shown, tuple(_NUMBERS))
        private = ctx.private(obj, AccountPrivate)
        for name, flag in _NUMBERS.items():
            if company.get(name):
                obj["company"][flag] = True
        if company.get("tax_id"):
            private["tax_id"] = verification.outcome_of_number(company["tax_id"])
        document: Any = (company.get("verification") or {}).get("document") or {}
        if document.get("front"):
            private["document"] = verification.outcome_of_document(document["front"])

    def _take_parts(self, ctx: Context, obj: Json, params: Json) -> None:
        """Stores the person of `individual`, and the external account."""
        if params.get("individual"):
            ctx.handler(Person).take_individual(ctx, obj, params["individual"])
        given = params.get("external_account") or params.get("bank_account")
        if given:
            is_card = str(given).startswith("tok_") or (isinstance(given, dict) and given.get("object") == "card")
            held = ctx.handler(legacy_sources.AttachedSource, "card" if is_card else "bank_account")
            held.make(ctx, given, customer=None, account=obj["id"])


def _complete(obj: Json) -> None:
    """Mutates `obj`: adds the members that accounts have by their form, where they are missing."""
    obj.setdefault("controller", forms.controller_of(obj["type"] if obj["type"] != "none" else "standard"))
    if not obj["controller"].get("fees"):
        obj["controller"] = forms.controller_of(obj["type"] if obj["type"] != "none" else "standard")
    by_platform = obj["controller"]["requirement_collection"] == "application"
    obj["settings"] = obj.get("settings") or {}
    fresh = forms.new_settings(obj["country"], collected_by_platform=by_platform)
    obj["settings"] = fresh | {name: value for name, value in obj["settings"].items() if value}
    obj["external_accounts"] = forms.empty_list(f"/v1/accounts/{obj['id']}/external_accounts")
    obj["future_requirements"] = forms.new_requirements()
    obj["requirements"] = forms.new_requirements()
    obj["tos_acceptance"] = {"date": None, "ip": None, "user_agent": None} | (obj.get("tos_acceptance") or {})
    if obj["controller"]["stripe_dashboard"]["type"] == "express":
        obj["login_links"] = forms.empty_list(f"/v1/accounts/{obj['id']}/login_links")
    if by_platform:
        obj.setdefault("company", forms.new_company(obj["country"], provided=not requirements.is_company(obj)))


def _use_token(ctx: Context, params: Json) -> None:
    """Mutates `params`: adds the data of an account token. Raises StripeError for an unknown one."""
    if params.get("account_token"):
        token = ctx.get("token", params["account_token"], param="account_token")
        params.update(ctx.private(token, TokenPrivate).get("data") or {})


def _can_answer(name: str, outcome: onboarding.Verification) -> bool:
    """Whether onboarding gives what is due: documents only where the verification is to succeed."""
    return outcome == "verified" or ".verification." not in name
