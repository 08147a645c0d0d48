"""A server like PinkConnect: its address, `auth-token`, token endpoint and wrapped answers; forwards to a sandbox.

Checked as `stripe-facts.md` §4 has it; what differs between sources can be chosen.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from stripe_shell.wire import decode_form, encode_form
from tests.fakes.stripe import FORM, check_stripe_headers
from tests.fakes.web import Backend, Refused, Reply, Seen, wanted

CONNECTION = "conn-8812"
TOKEN = "pink-token-0123456789abcdefghij"
CLIENT_ID, CLIENT_SECRET, SCOPE = "client-77", "pink-client-secret-0123456789", "org:pinkfish"


@dataclass
class FakePinkConnect:
    """`body`: the content that it takes. `wrap`: whether answers stand in `output`. `adds_v1`: paths come without it.

    `token`: `given`, `oauth` (what its endpoint gave out), or `jwt` (verified with `public_key`). A token in `expired`
    is refused.
    """

    backend: Backend
    body: str = "form"
    wrap: bool = False
    adds_v1: bool = False
    token: str = "given"
    header: str = "auth-token"
    prefix: str = ""
    public_key: Any = None
    lifetime: Any = 3600
    given_out: list[str] = field(default_factory=list)
    expired: set[str] = field(default_factory=set)

    def __call__(self, seen: Seen) -> Reply:
        if seen.path == "/oauth/token":
            return self.give_out(seen)
        self.check_token(seen)
        base = f"/connect/stripe/{CONNECTION}"
        wanted(seen.path.startswith(f"{base}/"), 404, {"error": f"no route {seen.path}"})
        path = seen.path.removeprefix(base)
        wanted(path.startswith("/v1/") != self.adds_v1, 404, {"error": f"no upstream path {path}"})
        body = self.read_body(seen)
        reply = self.backend.forward(seen, f"/v1{path}" if self.adds_v1 else path, seen.query, body)
        return Reply(reply.status, b'{ "output" : ' + reply.body + b" }") if self.wrap else reply

    def check_token(self, seen: Seen) -> None:
        value = seen.headers.get(self.header.lower(), "")
        wanted(value.startswith(self.prefix), 401, {"error": "unauthorized"})
        token = value.removeprefix(self.prefix)
        wanted(token not in self.expired, 401, {"error": "token expired"})
        match self.token:
            case "given":
                wanted(token == TOKEN, 401, {"error": "unauthorized"})
            case "oauth":
                wanted(token in self.given_out, 401, {"error": "unauthorized"})
            case _:
                self.check_jwt(token)

    def check_jwt(self, token: str) -> None:
        import jwt

        try:
            claims = jwt.decode(token, self.public_key, algorithms=["RS256"])
        except jwt.PyJWTError as problem:
            raise Refused(401, {"error": str(problem)}) from None
        wanted(claims.get("type") == "user", 401, {"error": "no user token"})
        wanted({"providerId", "selectedOrg", "iat", "exp"} <= set(claims), 401, {"error": "claims are missing"})

    def give_out(self, seen: Seen) -> Reply:
        wanted(seen.method == "POST" and seen.headers["content-type"] == FORM, 400, {"error": "invalid_request"})
        form = decode_form(seen.body.decode())
        expected = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "scope": SCOPE}
        rest = {name: value for name, value in form.items() if name != "client_secret"}
        wanted(rest == expected, 400, {"error": "invalid_request", "error_description": f"{rest}"})
        right = form["client_secret"] == CLIENT_SECRET
        wanted(right, 401, {"error": "invalid_client", "error_description": "the secret is wrong"})
        self.given_out.append(f"pink-oauth-{secrets.token_hex(16)}")
        answer = {"access_token": self.given_out[-1], "token_type": "Bearer", "expires_in": self.lifetime}
        return Reply(200, json.dumps(answer).encode())

    def read_body(self, seen: Seen) -> bytes:
        if not seen.body or self.body == "form":
            wanted(seen.headers["content-type"] == FORM, 415, {"error": "form expected"})
            check_stripe_headers(seen, self.header.lower())
            return seen.body
        wanted(seen.headers["content-type"] == "application/json", 415, {"error": "JSON expected"})
        check_stripe_headers(seen, self.header.lower(), content_type="application/json")
        return encode_form(json.loads(seen.body)).encode()
