"""A server like Paragon's Proxy API: both forms of address, its own token and headers, forwarded to a sandbox.

Checked as `stripe-facts.md` §3 has it: the path with `/v1`, `X-Paragon-Proxy-Url` in the header form, a user token that
is an RS256 JWT with `sub`, `aud`, `iat` and `exp`, `X-Paragon-Use-Raw-Response: 1`.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from stripe_shell.wire import encode_form
from tests.fakes.stripe import FORM, check_stripe_headers
from tests.fakes.web import Backend, Refused, Reply, Seen, wanted

PROJECT = "3f6b9d2c-0000-4000-8000-1a2b3c4d5e6f"
USER_TOKEN = "paragon-user-token-0123456789abcdef"


def own_error(message: Any, code: str = "10001", *, integration: bool = False) -> dict[str, Any]:
    return {"message": message, "code": code, "meta": {"isIntegrationError": integration}}


@dataclass
class FakeParagon:
    """`form`: `path` or `header`. `body`: the content that it takes. `public_key`: tokens are JWTs that it verifies."""

    backend: Backend
    form: str = "path"
    body: str = "form"
    service: str = "stripe"
    public_key: Any = None
    credential: str | None = None

    def __call__(self, seen: Seen) -> Reply:
        self.check_token(seen.headers.get("authorization", ""))
        path, query = self.address(seen)
        raw = seen.headers.get("x-paragon-use-raw-response")
        wanted(raw in ("1", None), 400, own_error("X-Paragon-Use-Raw-Response must be 1"))
        wanted(seen.headers.get("x-paragon-credential") == self.credential, 404, own_error("no such credential"))
        body = self.read_body(seen)
        reply = self.backend.forward(seen, path, query, body)
        if raw is None:
            return Reply(reply.status, b'{"output": ' + reply.body + b"}")
        return reply

    def check_token(self, header: str) -> None:
        kind, _, token = header.partition(" ")
        wanted(kind == "Bearer" and bool(token), 401, own_error("no user token"))
        if self.public_key is None:
            wanted(token == USER_TOKEN, 401, own_error(["Unauthorized", "invalid user token"]))
            return
        import jwt

        try:
            claims = jwt.decode(token, self.public_key, algorithms=["RS256"], audience=f"useparagon.com/{PROJECT}")
        except jwt.PyJWTError as problem:
            raise Refused(401, own_error(str(problem))) from None
        wanted(bool(claims.get("sub")), 401, own_error("no sub"))
        wanted(claims["exp"] - claims["iat"] <= 3600, 401, own_error("lives too long"))
        wanted(claims["iat"] <= time.time(), 401, own_error("from the future"))

    def address(self, seen: Seen) -> tuple[str, str]:
        base = f"/projects/{PROJECT}/sdk/proxy/{self.service}"
        wanted(seen.path.startswith(base), 404, own_error(f"no route {seen.path}"))
        target = seen.target.removeprefix(base)
        if self.form == "header":
            wanted(target == "", 400, own_error("the path belongs into the header"))
            target = seen.headers.get("x-paragon-proxy-url", "")
        else:
            wanted("x-paragon-proxy-url" not in seen.headers, 400, own_error("the path stands in the address"))
        path, _, query = target.partition("?")
        wanted(path.startswith("/v1/"), 404, own_error("the path includes /v1"))
        return path, query

    def read_body(self, seen: Seen) -> bytes:
        own = {"authorization", *(name for name in seen.headers if name.startswith("x-paragon-"))}
        if not seen.body or self.body == "form":
            kind = FORM if self.body == "form" or not seen.body else "application/json"
            wanted(not seen.body or seen.headers["content-type"] == FORM, 415, own_error("form expected"))
            check_stripe_headers(seen, *own, content_type=kind)
            return seen.body
        wanted(seen.headers["content-type"] == "application/json", 415, own_error("JSON expected"))
        check_stripe_headers(seen, *own, content_type="application/json")
        return encode_form(json.loads(seen.body)).encode()
