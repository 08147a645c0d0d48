"""Discounts: a coupon at work on a customer, a subscription or an invoice; see billing/invoices/redemption.py."""

from __future__ import annotations

from stripe_shell.sandbox.objects.resource import Resource


class Discount(Resource):
    """Made by whoever applies a coupon; each one made is one redemption."""

    object = "discount"
    event_prefix = "customer.discount"
