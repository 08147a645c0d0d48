"""Renders a request as a curl command for its connection: to Stripe, or in the form that a proxy expects."""

from __future__ import annotations

from stripe_shell.connections import Connection
from stripe_shell.connections.credentials import split_source
from stripe_shell.connections.factory import credential_source, proxy_form
from stripe_shell.connections.settings.schema import JwtTable, OAuthTable, ProxyProfile
from stripe_shell.records import replace
from stripe_shell.render.curl import render_curl
from stripe_shell.secrets import Credential
from stripe_shell.wire import Request

#: Headers that the transports add and curl does not need.
_OWN = frozenset({"user-agent", "accept", "accept-encoding"})


def curl_for(connection: Connection, request: Request) -> str:
    """Returns the command, with an environment variable in place of the key: the one that holds it, if any."""
    if isinstance(connection.profile, ProxyProfile):
        return _through_proxy(connection, connection.profile, request)
    base = connection.base_url or f"https://{request.host}.stripe.com"
    variable = _variable(connection, "STRIPE_API_KEY")
    return render_curl(request, base, credentials=(f"Authorization: Bearer ${variable}",))


def _through_proxy(connection: Connection, profile: ProxyProfile, request: Request) -> str:
    from stripe_shell.transports.proxy import wrap_request

    made = isinstance(profile.token, OAuthTable | JwtTable)
    variable = "TOKEN" if made else _variable(connection, "TOKEN")
    form = proxy_form(profile)
    secret = {name: value for name, value in form.headers.items() if "{token}" in value}
    public = {name: value for name, value in form.headers.items() if name not in secret}
    wire = wrap_request(replace(form, headers=public), request, Credential(""), as_json=form.body == "json")
    headers = {name: value for name, value in wire.headers.items() if name.lower() not in _OWN}
    credentials = tuple(f"{name}: {value.replace('{token}', f'${variable}')}" for name, value in secret.items())
    return render_curl(replace(wire, headers=headers), "", credentials=credentials)


def _variable(connection: Connection, otherwise: str) -> str:
    source, name = split_source(credential_source(connection.name, connection.profile))
    return name if source == "env" and connection.kind != "sandbox" else otherwise
