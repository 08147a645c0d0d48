"""Tests a connection: what responds, for which account, in which mode and version, and where the credential is from."""

from __future__ import annotations

from typing import Any

from stripe_shell.connections.connection import Connection
from stripe_shell.engine.links import Mode
from stripe_shell.errors import ConfigurationError, TransportError
from stripe_shell.records import record
from stripe_shell.wire import Request, Response


@record
class Probe:
    """The result of a test. `problem` is empty if the connection works; `elapsed` is in milliseconds."""

    reached: str
    elapsed: float | None
    account: str
    mode: Mode
    version: str
    origin: str
    problem: str = ""


def probe(connection: Connection, version: str) -> Probe:
    """Tests a connection with two reads: the account, and the mode if the key does not show it.

    `version` is the table's API version.
    """
    version = connection.api_version or version
    reached = connection.base_url or ("this process" if connection.kind == "sandbox" else "https://api.stripe.com")
    try:
        answer = connection.send(_get("/v1/account", connection, version))
        if connection.mode == "unknown":
            connection.send(_get("/v1/balance", connection, version))
    except (ConfigurationError, TransportError) as error:
        return Probe(reached, None, "", connection.mode, version, connection.origin, str(error))
    body = _json_object(answer)
    return Probe(
        reached,
        answer.elapsed,
        _whose(body),
        connection.mode,
        answer.header("Stripe-Version") or version,
        connection.origin,
        _problem_of(answer, body),
    )


def _get(path: str, connection: Connection, version: str) -> Request:
    headers = {"Stripe-Version": version}
    if connection.account:
        headers["Stripe-Account"] = connection.account
    return Request("GET", path, headers=headers)


def _json_object(answer: Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _whose(account: dict[str, Any]) -> str:
    """Returns `acct_… (name)`."""
    settings, profile = account.get("settings"), account.get("business_profile")
    dashboard = settings.get("dashboard") if isinstance(settings, dict) else None
    names = (
        dashboard.get("display_name") if isinstance(dashboard, dict) else None,
        profile.get("name") if isinstance(profile, dict) else None,
        account.get("email"),
    )
    name = next((name for name in names if isinstance(name, str) and name), "")
    number = account.get("id")
    if not isinstance(number, str):
        return ""
    return f"{number} ({name})" if name else number


def _problem_of(answer: Response, account: dict[str, Any]) -> str:
    if answer.ok:
        return "" if isinstance(account.get("id"), str) else f"answered {answer.status}, but not as Stripe does"
    error = account.get("error")
    words = error.get("message") if isinstance(error, dict) else None
    if answer.status == 403:
        return f"reached, but the key may not read its account: {words or '403'}"
    return f"answered {answer.status}: {words or 'nothing that Stripe would say'}"
