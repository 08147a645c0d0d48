"""Accounts: one's own, and those that are connected to it."""

from __future__ import annotations

from typing import ClassVar

from stripe_shell.sandbox.context import Context, Json
from stripe_shell.sandbox.resource import Resource, action


class Account(Resource):
    """`GET /v1/account`, `/v1/accounts`. An account that is made here answers to `Stripe-Account`."""

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
        """`acct_` and 16 characters."""
        return ctx.ids.account(ctx.now())

    def load(self, ctx: Context, key: str) -> Json | None:
        """A connected account, or one's own, which is there without being made."""
        found = ctx.find("account", key)
        return self._own(ctx) if found is None and key == ctx.account else found

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """A new account may do nothing yet, and has things to hand in."""
        obj["requirements"] |= {
            name: ["business_type", "external_account", "tos_acceptance.date", "tos_acceptance.ip"]
            for name in ("currently_due", "eventually_due", "past_due")
        } | {"disabled_reason": "requirements.past_due"}
        self._ask_capabilities(obj, params)

    def on_update(self, ctx: Context, obj: Json, params: Json) -> None:
        """Capabilities that are asked for become inactive ones."""
        if ctx.row("account", obj["id"]) is None:
            ctx.insert(obj)
        self._ask_capabilities(obj, params)

    @action
    def retrieve_current(self, ctx: Context, params: Json) -> Json:
        """One's own account."""
        return ctx.get("account", ctx.account)

    @action
    def reject(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Refuse to work with an account."""
        obj["requirements"]["disabled_reason"] = f"rejected.{params['reason']}"
        obj |= {"charges_enabled": False, "payouts_enabled": False}
        ctx.emit("account.updated", obj, ctx.save(obj))
        return obj

    def before_delete(self, ctx: Context, obj: Json, params: Json) -> None:
        """A standard account leaves the platform."""
        if obj["type"] == "standard":
            ctx.emit("account.application.deauthorized", {"id": f"ca_{ctx.ids.text(24)}", "object": "application"})

    def _own(self, ctx: Context) -> Json:
        own = self.fresh(ctx, {"id": ctx.account})
        own |= {"charges_enabled": True, "payouts_enabled": True, "details_submitted": True}
        return own

    def _ask_capabilities(self, obj: Json, params: Json) -> None:
        for name, asked in (params.get("capabilities") or {}).items():
            wanted = isinstance(asked, dict) and asked.get("requested")
            if wanted:
                obj["capabilities"].setdefault(name, "inactive")
            else:
                obj["capabilities"].pop(name, None)
