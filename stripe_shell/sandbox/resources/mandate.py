"""Mandates: the customer's word that a bank account may be debited; see payments/mandates.py."""

from __future__ import annotations

from stripe_shell.sandbox.objects.resource import Resource


class Mandate(Resource):
    """`GET /v1/mandates/{mandate}`; made when a debit is confirmed with `mandate_data`."""

    object = "mandate"
