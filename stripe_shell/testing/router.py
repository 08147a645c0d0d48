"""The ASGI application of the tests' server: passes each request to the sandbox whose key it has."""

from __future__ import annotations

from typing import Final

from stripe_shell.sandbox.app import Sandbox
from stripe_shell.sandbox.errors import StripeError
from stripe_shell.server.app import Application, AsgiReceive, AsgiScope, AsgiSend, encoded_headers
from stripe_shell.server.keys import stated_key
from stripe_shell.wire import Request, Response

_UNKNOWN: Final = "This key belongs to no test that is running: a sandbox and its key exist as long as their test."


class Router:
    """Serves the sandboxes of many tests at one address. `spare` words the refusal of keys that none of them has."""

    def __init__(self, spare: Sandbox) -> None:
        self._applications: dict[str, Application] = {}
        self._spare = spare

    def add(self, key: str, sandbox: Sandbox) -> None:
        """Serves the requests with this secret key from the sandbox."""
        self._applications[key] = Application(sandbox)

    def remove(self, key: str) -> None:
        """Refuses further requests with this key."""
        self._applications.pop(key, None)

    def answer_now(self, request: Request) -> Response | None:
        """Returns the response to a request that needs no waiting, None if it must go through `__call__`."""
        application = self._find(request.headers.get("authorization", ""))
        return application.answer_now(request) if application else self._refuse()

    async def __call__(self, scope: AsgiScope, receive: AsgiReceive, send: AsgiSend) -> None:
        """Handles one request, as an ASGI application."""
        stated = next((value for name, value in scope.get("headers", ()) if name == b"authorization"), b"")
        application = self._find(stated.decode("latin-1"))
        if application:
            await application(scope, receive, send)
        elif scope["type"] == "http":
            response = self._refuse()
            headers = list(encoded_headers(response))
            await send({"type": "http.response.start", "status": response.status, "headers": headers})
            await send({"type": "http.response.body", "body": response.body})

    def _find(self, authorization: str) -> Application | None:
        key = stated_key(authorization)
        found = self._applications.get(key)
        if found is None and key.startswith("mes_test_"):
            # The token of a meter event session names its account.
            account = f"acct_{key.removeprefix('mes_test_').partition('_')[0]}"
            return next((each for each in self._applications.values() if each.sandbox.account == account), None)
        return found

    def _refuse(self) -> Response:
        return self._spare.refuse(StripeError(_UNKNOWN, status=401, validation=True))
