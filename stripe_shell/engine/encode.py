"""Encoding of a call as an HTTP request: pure, and the same for a dry run, `@curl`, the journal and sending."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from stripe_shell.engine.paths import DataPath
from stripe_shell.engine.resolve import BlockCall
from stripe_shell.engine.values import Deferred
from stripe_shell.errors import NotSent
from stripe_shell.files import read_below
from stripe_shell.spec.validate import typed
from stripe_shell.wire import Request, form_pairs, form_text

FORM = "application/x-www-form-urlencoded"


def encode(call: BlockCall, *, version: str, account: str | None = None, idempotency_key: str | None = None) -> Request:
    """Returns the request of a call.

    `version` and `account` are those of the connection; the call's directives take precedence. The idempotency key is
    sent with every POST of v1 and every write of v2; Stripe ignores it elsewhere. Raises NotSent if a file to upload
    cannot be read.
    """
    operation = call.operation
    headers = {"Stripe-Version": call.version or version}
    if call.account or account:
        headers["Stripe-Account"] = call.account or account or ""
    query, body = "", b""
    if operation.method != "POST":
        headers["Content-Type"] = FORM  # Sent with every request, GET included, as the source document requires.
        query = call.encode_form()
    elif operation.encoding == "json":
        headers["Content-Type"] = "application/json"
        tree = _json_tree(typed(call.params, operation.params))
        body = json.dumps(tree, ensure_ascii=False).encode(errors="surrogatepass")
    elif operation.encoding == "multipart":
        body, headers["Content-Type"] = _multipart(call)
    else:
        headers["Content-Type"] = FORM
        body = call.encode_form().encode(errors="surrogatepass")
    return Request(
        method=operation.method,
        path=fill_path(call),
        query=query,
        body=body,
        headers=headers,
        idempotency_key=idempotency_key if takes_key(call) else None,
        host=operation.host,
        timeout_ms=call.timeout_ms,
        operation=f"{operation.method} {operation.path}",
    )


def takes_key(call: BlockCall) -> bool:
    """Whether the call sends an idempotency key."""
    operation = call.operation
    return operation.method == "POST" or (operation.version == "v2" and operation.writes)


def fill_path(call: BlockCall) -> str:
    """Returns the path with its parameters filled in, each percent-encoded within its segment.

    Parameters that depend on a response stay as written; such a path is only shown.
    """
    return call.operation.path.format_map({name: _segment(value) for name, value in call.path_params.items()})


def _segment(value: str) -> str:
    from urllib.parse import quote

    if isinstance(value, Deferred):
        return value
    quoted = quote(value, safe="", errors="surrogatepass")
    return quoted.replace(".", "%2E") if value in {".", ".."} else quoted


def _json_tree(value: Any) -> Any:
    """Returns the value as JSON for API v2, where null, not an empty text, unsets a field."""
    if isinstance(value, dict):
        return {key: _json_tree(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_json_tree(item) for item in value]
    return None if value == "" else value


def _multipart(call: BlockCall) -> tuple[bytes, str]:
    """Returns the body and content type of an upload. The boundary is a hash of the content, the same for a resend."""
    import hashlib

    parts = list(_parts(call))
    boundary = hashlib.sha256(b"\0".join(head + content for head, content in parts)).hexdigest()[:32]
    body = b"".join(b"--%b\r\n%b\r\n\r\n%b\r\n" % (boundary.encode(), head, content) for head, content in parts)
    return body + b"--%b--\r\n" % boundary.encode(), f"multipart/form-data; boundary={boundary}"


def _parts(call: BlockCall) -> Iterator[tuple[bytes, bytes]]:
    for name, value in call.params.items():
        field = call.operation.params.fields.get(name)
        if field is not None and field.shape.kind == "file":
            yield _file_part(name, value if isinstance(value, str) else form_text(value))
        else:
            for inner, text in form_pairs({name: value}):
                yield f'Content-Disposition: form-data; name="{inner}"'.encode(), text.encode(errors="surrogatepass")


def _file_part(name: str, path: str) -> tuple[bytes, bytes]:
    import mimetypes
    from pathlib import Path

    file = Path(path)
    try:
        content = (
            read_below(path.folder, file.expanduser()) if isinstance(path, DataPath) else file.expanduser().read_bytes()
        )
    except (OSError, ValueError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise NotSent(f"`{name}`: the file {path} cannot be read ({reason}); nothing was sent") from error
    filename = file.name.replace('"', "%22").replace("\r", "").replace("\n", "")
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    head = f'Content-Disposition: form-data; name="{name}"; filename="{filename}"\r\nContent-Type: {kind}'
    return head.encode(), content
