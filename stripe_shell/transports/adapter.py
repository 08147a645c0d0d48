"""The adapter of `requests` that transports use: it watches how far a request has come, and keeps no cookies."""

from __future__ import annotations

from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from stripe_shell.patterns import pattern
from stripe_shell.transports.departure import Departure, watched
from stripe_shell.wire import Request

_POOL = 64  # pooled connections: more than any sensible number of jobs

#: The URLs that `requests` would leave as they are.
_PLAIN_URL = pattern(
    r"https?://[a-z0-9][a-z0-9.-]*(?::[0-9]+)?(?:/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)+(?:\?[A-Za-z0-9_.~&=-]+)?"
)


def prepare(wire: Request) -> requests.PreparedRequest:
    """Returns what `requests.Request(…).prepare()` makes of a request whose `path` is a complete URL.

    Raises what it raises for a URL or a header that cannot be sent.
    """
    url, body = wire.target, wire.body or None
    if not _PLAIN_URL.fullmatch(url):
        return requests.Request(wire.method, url, headers=dict(wire.headers), data=body).prepare()
    prepared = requests.PreparedRequest()
    prepared.method, prepared.url, prepared.body = wire.method, url, body
    prepared.headers = CaseInsensitiveDict(wire.headers)
    if body is not None:
        prepared.headers["Content-Length"] = str(len(body))
    elif wire.method not in {"GET", "HEAD"} and "Content-Length" not in prepared.headers:
        prepared.headers["Content-Length"] = "0"
    return prepared


class WatchedAdapter(HTTPAdapter):
    """An adapter with a large connection pool; its `departure` says how far a request has come."""

    def __init__(self) -> None:
        self.departure = Departure()
        self._pools: dict[tuple[Any, ...], urllib3.HTTPConnectionPool] = {}
        super().__init__(pool_connections=8, pool_maxsize=_POOL)

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> urllib3.HTTPConnectionPool:
        """Returns a pool as `HTTPAdapter` does, and starts to watch the request of this thread.

        The pool of a host is kept for the same TLS settings and proxies.
        """
        self.departure.begun = False
        base = (request.url or "").split("/", 3)[:3]
        key = (*base, str(verify), str(cert), *sorted((proxies or {}).items()))
        if key not in self._pools:
            pool: Any = super().get_connection_with_tls_context(request, verify, proxies, cert)
            pool.ConnectionCls = watched(pool.ConnectionCls, self.departure)
            self._pools[key] = pool
        return self._pools[key]

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:
        """Returns what stands in the request line, as `HTTPAdapter` does."""
        return super().request_url(request, proxies) if proxies else request.path_url

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        """Returns the response without cookies, which nothing here keeps."""
        response = requests.Response.__new__(requests.Response)
        response._content, response._content_consumed = False, False  # type: ignore[assignment,attr-defined]
        response.status_code, response.headers = resp.status, resp.headers
        response.raw, response.request, response.url = resp, req, req.url or ""
        return response

    def close(self) -> None:
        """Closes the pools."""
        self._pools.clear()
        super().close()
