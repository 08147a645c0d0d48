"""Accounts: the account of the API key, and connected accounts."""

from __future__ import annotations

from typing import ClassVar, Final

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.objects.context import Answer, Context, Json
from stripe_shell.sandbox.objects.declarations import action
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.payments import legacy_sources, transfers
from stripe_shell.spec.model import Operation

#: The reasons for which a platform may reject an account.
REASONS: Final = ("fraud", "terms_of_service", "other")


class Account(Resource):
    """`/v1/account`, `/v1/accounts`. Requests run on a created account when `Stripe-Account` names it."""

    object = "account"
    defaults: ClassVar = {
        "business_profile": {"mcc": None, "name": None, "support_email": None, "support_phone": None, "url": None},
        "capabilities": {},
        "charges_enabled": False,
        "country": "US",
        "default_currency": "usd",
        "details_submitted": False,
        "payouts_enabled": False,
        "type": "standard",
    }
    unechoed = ("capabilities",)
    absent = ("company", "individual", "groups", "future_requirements")

    def new_id(self, ctx: Context, prefix: str | None = None) -> str:
        """Returns an id: `acct_` and 16 characters."""
        return ctx.ids.account(ctx.now())

    def take_legacy(self, operation: Operation, params: Json) -> Json:
        """Removes from `params` and returns `external_account` given as data, which the OpenAPI description lacks."""
        return super().take_legacy(operation, params) | legacy_sources.take_data(params)

    def load(self, ctx: Context, key: str) -> Json | None:
        """Returns a connected account, or the account of the API key, which exists without being created."""
        found = ctx.find("account", key)
        if found is None and key == ctx.account:
            return self._current_account(ctx) if ctx.account == ctx.platform else self._keeper(ctx).find("account", key)
        return found

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets capabilities, external account and requirements, and enables charges if none is due."""
        self._ask_capabilities(obj, params)
        self._take_external_account(ctx, obj, params)
        self._update_requirements(ctx, obj)

    def update(self, ctx: Context, obj: Json, params: Json) -> Answer:
        """Updates an account. A connected account is stored on its platform, whichever account the request runs on."""
        return super().update(self._keeper(ctx), obj, params)

    def on_update(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets capabilities and the external account, then the requirements of a connected account."""
        if ctx.row("account", obj["id"]) is None:
            ctx.insert(obj)
        self._ask_capabilities(obj, params)
        self._take_external_account(ctx, obj, params)
        if obj["id"] != ctx.account:
            self._update_requirements(ctx, obj)

    @action
    def retrieve_current(self, ctx: Context, params: Json) -> Json:
        """Returns the account that the request runs on."""
        return ctx.get("account", ctx.account)

    @action
    def reject(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Rejects an account: disables charges and payouts. Saves the account."""
        if params["reason"] not in REASONS:
            raise errors.bad_enum("reason", REASONS)
        obj["requirements"]["disabled_reason"] = f"rejected.{params['reason']}"
        obj |= {"charges_enabled": False, "payouts_enabled": False}
        ctx.emit("account.updated", obj, ctx.save(obj))
        return obj

    def before_delete(self, ctx: Context, obj: Json, params: Json) -> None:
        """Raises StripeError (403) for the account of the API key. A standard account is deauthorized."""
        if obj["id"] in (ctx.account, ctx.platform):
            raise errors.invalid("You cannot delete the account that your API key belongs to.", status=403)
        if obj["type"] == "standard":
            ctx.emit("account.application.deauthorized", {"id": f"ca_{ctx.ids.text(24)}", "object": "application"})

    def _keeper(self, ctx: Context) -> Context:
        return transfers.on_account(ctx, ctx.platform)

    def _take_external_account(self, ctx: Context, obj: Json, params: Json) -> None:
        given = params.get("external_account") or params.get("bank_account")
        if given:
            is_card = str(given).startswith("tok_") or (isinstance(given, dict) and given.get("object") == "card")
            held = ctx.handler(legacy_sources.AttachedSource, "card" if is_card else "bank_account")
            held.make(ctx, given, customer=None, account=obj["id"])

    def _update_requirements(self, ctx: Context, obj: Json) -> None:
        """Mutates `obj`: lists the missing requirements; without any, charges, payouts and capabilities are enabled."""
        terms = obj["tos_acceptance"] or {}
        given = {
            "business_type": obj["business_type"],
            "external_account": legacy_sources.external_accounts(ctx, obj["id"]),
            "tos_acceptance.date": terms.get("date"),
            "tos_acceptance.ip": terms.get("ip"),
        }
        missing = [name for name, value in given.items() if not value]
        obj["requirements"] |= {name: list(missing) for name in ("currently_due", "eventually_due", "past_due")}
        obj["requirements"]["disabled_reason"] = "requirements.past_due" if missing else None
        obj |= dict.fromkeys(("charges_enabled", "details_submitted", "payouts_enabled"), not missing)
        status = "inactive" if missing else "active"
        obj["capabilities"] = dict.fromkeys(obj["capabilities"], status)

    def _current_account(self, ctx: Context) -> Json:
        own = self.new(ctx, {"id": ctx.account})
        own |= {"charges_enabled": True, "payouts_enabled": True, "details_submitted": True}
        return own

    def _ask_capabilities(self, obj: Json, params: Json) -> None:
        for name, asked in (params.get("capabilities") or {}).items():
            wanted = isinstance(asked, dict) and asked.get("requested")
            if wanted:
                obj["capabilities"].setdefault(name, "inactive")
            else:
                obj["capabilities"].pop(name, None)
