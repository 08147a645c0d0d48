"""Payment method domains: where wallets are offered."""

from __future__ import annotations

from typing import ClassVar

from stripe_shell.sandbox.objects.resource import Resource


class PaymentMethodDomain(Resource):
    """`/v1/payment_method_domains`. A domain is enabled unless it is said otherwise."""

    object = "payment_method_domain"
    defaults: ClassVar = {"enabled": True}
