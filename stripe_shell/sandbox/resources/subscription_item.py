"""Subscription items: a price and a quantity."""

from __future__ import annotations

from typing import Any

from stripe_shell.sandbox import errors
from stripe_shell.sandbox.billing.calc import rules
from stripe_shell.sandbox.billing.subscriptions import usage_records, validate
from stripe_shell.sandbox.errors import StripeError
from stripe_shell.sandbox.objects import pages
from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.declarations import action
from stripe_shell.sandbox.objects.listing import ListPage
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.spec.model import Operation

_OF_THE_UPDATE = ("off_session", "payment_behavior", "proration_behavior", "proration_date")


class SubscriptionItem(Resource):
    """`/v1/subscription_items`. Each change is an update of the subscription."""

    object = "subscription_item"
    short_ids = True
    indexed = ("subscription",)
    oldest_first = True
    absent = ("billed_until",)

    def missing(self, key: str, *, param: str | None = None, status: int = 404) -> StripeError:
        """Returns the error for an unknown item, which Stripe words differently from others."""
        if status != 404:
            return errors.missing("subscription item", key, param=param or self.id_param, status=status)
        return StripeError(f"Invalid subscription_item id: {key}", status=404, validation=True)

    def take_legacy(self, operation: Operation, params: Json) -> Json:
        """Renames a `plan` to `price`, as a plan is the price of the same id."""
        validate.take_plans([params])
        return super().take_legacy(operation, params)

    def create(self, ctx: Context, params: Json) -> Json:
        """Adds an item to a subscription. Returns the item, also while the update is pending."""
        subscription = self._subscription(ctx, params["subscription"])
        known = {item["id"] for item in subscription["items"]["data"]}
        self._update(ctx, subscription, params, {})
        shown = (subscription["pending_update"] or {}).get("subscription_items") or subscription["items"]["data"]
        made = next(item["id"] for item in shown if item["id"] not in known)
        return ctx.find("subscription_item", made) or next(item for item in shown if item["id"] == made)

    def update(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Updates an item."""
        self._update(ctx, self._subscription(ctx, obj["subscription"]), params, {"id": obj["id"]})
        return ctx.get(self.kind, obj["id"])

    def delete(self, ctx: Context, obj: Json, params: Json) -> Json:
        """Removes an item from its subscription."""
        entry = {"id": obj["id"], "deleted": True}
        self._update(ctx, self._subscription(ctx, obj["subscription"]), params, entry)
        return {"id": obj["id"], "object": self.kind, "deleted": True}

    def list_page(self, ctx: Context, params: Json) -> ListPage:
        """Returns a page of the items of one subscription, oldest first."""
        if not params.get("subscription"):
            raise errors.missing_parameter("subscription")
        ctx.get("subscription", params["subscription"], param="subscription")
        page = super().list_page(ctx, params)
        url = f"{ctx.request.path}?subscription={params['subscription']}"
        return ListPage(page.texts, page.has_more, url, page.total, page.form, page.next_page)

    @action
    def create_usage_record(self, ctx: Context, params: Json) -> Json:
        """Records usage of a metered item, in versions before 2025-03-31.basil."""
        return usage_records.create_record(ctx, ctx.get(self.kind, ctx.path["subscription_item"]), params)

    @action
    def list_usage_record_summaries(self, ctx: Context, params: Json) -> ListPage:
        """Returns a page of the usage by period, newest first, in versions before 2025-03-31.basil."""
        item = ctx.get(self.kind, ctx.path["subscription_item"])
        return pages.page_of(ctx, usage_records.summaries(ctx, item), params)

    def _subscription(self, ctx: Context, key: str) -> Json:
        subscription = ctx.get("subscription", key, param="subscription")
        if subscription["status"] in rules.OVER:
            raise errors.missing("subscription", key, param="subscription", status=404)
        return subscription

    def _update(self, ctx: Context, subscription: Json, params: Json, entry: Json) -> None:
        item: Json = {name: value for name, value in params.items() if name not in (*_OF_THE_UPDATE, "subscription")}
        update: dict[str, Any] = {name: params[name] for name in _OF_THE_UPDATE if name in params}
        ctx.resource("subscription").update(ctx, subscription, {**update, "items": [{**item, **entry}]})
