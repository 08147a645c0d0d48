"""Indents response bodies for programs that show them as they come: curl, Wget, HTTPie and browsers.

Stripe indents every body. Libraries parse it, so for them the stored text is sent as it is, which takes no time.
"""

from __future__ import annotations

import json
from typing import Final

from stripe_shell.records import replace
from stripe_shell.wire import Request, Response

#: How the `User-Agent` of such a program begins.
_SHOWING: Final = ("curl/", "Wget/", "HTTPie/", "Mozilla/")


def indented_for(request: Request, response: Response) -> Response:
    """Returns the response, with its JSON indented by two spaces if the client shows bodies to a person."""
    agent = request.headers.get("user-agent", "")
    if not agent.startswith(_SHOWING) or not response.body.startswith(b"{"):
        return response
    body = json.dumps(json.loads(response.body), indent=2).encode()
    return replace(response, body=body)
