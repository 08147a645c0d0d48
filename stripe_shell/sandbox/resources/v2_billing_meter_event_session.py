"""Meter event sessions: tokens that authenticate meter event streams for fifteen minutes."""

from __future__ import annotations

from typing import Final

from stripe_shell.sandbox.objects.context import Context, Json
from stripe_shell.sandbox.objects.resource import Resource
from stripe_shell.sandbox.objects.template import iso_time

#: Prefix of tokens. The account id follows, by which a server finds the account of a stream.
TOKEN: Final = "mes_test_"  # noqa: S105 - a prefix, not a password
_LASTS: Final = 15 * 60


class MeterEventSession(Resource):
    """`POST /v2/billing/meter_event_session`."""

    object = "v2.billing.meter_event_session"
    indexed = ("authentication_token",)

    def on_create(self, ctx: Context, obj: Json, params: Json) -> None:
        """Mutates `obj`: sets the authentication token and its expiry."""
        obj["authentication_token"] = f"{TOKEN}{ctx.account.removeprefix('acct_')}_{ctx.ids.text(24)}"
        obj["expires_at"] = iso_time(ctx.now() + _LASTS)
